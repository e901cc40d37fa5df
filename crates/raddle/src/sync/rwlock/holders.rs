//! Who has the lock: the truth for those who read again, release or go on to read, and advice for the diagnosis.
//!
//! What a thread reads is in its own record, under the number of the lock. All that read are known by nothing but a sum of their numbers, which the lists
//! of held locks have to come to before they are believed.

use std::panic::Location;

use super::RawRwLock;
use super::raw::readers;
use crate::park::{Blocker, Whom, current, for_each_record};
use crate::probe::{self, WaitKind};
use crate::sys::{AtomicU64, Ordering, const_fn, global};

impl RawRwLock {
    /// The current thread has the lock.
    #[inline]
    pub(super) fn own(&self, kind: WaitKind, site: &'static Location<'static>) {
        let record = current();
        if kind == WaitKind::RwLockRead {
            record.shares.add(self.number());
            if probe::ENABLED {
                // ORDERING: Relaxed: until it is seen, the sum is not that of those who read, and nothing is concluded.
                self.sum.fetch_add(mix(record.owner()), Ordering::Relaxed);
            }
        } else {
            // ORDERING: Relaxed: it says who, and guards nothing.
            self.writer.store(record.owner(), Ordering::Relaxed);
        }
        record.held.add(self.address(), kind, site);
    }

    /// One level more for a thread that reads.
    #[inline]
    pub(super) fn read_again(&self) -> bool {
        let (number, shares) = (self.number.load(Ordering::Relaxed), &current().shares);
        let reads = number != 0 && shares.levels(number) > 0;
        if reads {
            shares.add(number);
        }
        reads
    }

    /// One level less of the thread that reads, which reads no more, as far as anybody can see, if none is left; how many are, `None` if it did not read.
    #[inline]
    pub(super) fn disown_read(&self) -> Option<u64> {
        let record = current();
        let left = record.shares.remove(self.number.load(Ordering::Relaxed))?;
        if left == 0 {
            record.held.remove(self.address());
            if probe::ENABLED {
                // ORDERING: Relaxed, and told by the Release with which the thread leaves: who finds it gone from the word finds it gone from the sum.
                self.sum.fetch_sub(mix(record.owner()), Ordering::Relaxed);
            }
        }
        Some(left)
    }

    /// The current thread writes no more, as far as anybody can see; `None` if it did not.
    #[inline]
    pub(super) fn disown_write(&self) -> Option<()> {
        let record = current();
        if self.writer.load(Ordering::Relaxed) != record.owner() {
            return None;
        }
        // Before the lock is free: afterwards the word belongs to the next one.
        self.writer.store(0, Ordering::Relaxed);
        record.held.remove(self.address());
        Some(())
    }

    /// One of the threads that read: `thread`, if it is one, or else one that waits for something, if there is one. 0 if it is not known who they are.
    fn a_reader(&self, thread: u64) -> u64 {
        // ORDERING: Acquire meets the Release of those who have left: they are gone from the sum and from the lists.
        let count = readers(self.word.load(Ordering::Acquire));
        let (mut found, mut sum, mut chosen) = (0, 0_u64, (0, 0));
        for_each_record(|record| {
            let owner = record.owner();
            let mut reads = false;
            record.held.for_each(|held| reads |= held.object == self.address() && held.kind == WaitKind::RwLockRead);
            if owner != 0 && reads {
                found += 1;
                sum = sum.wrapping_add(mix(owner));
                let rank = if owner == thread { 3 } else { 1 + u8::from(record.is_waiting()) };
                chosen = chosen.max((rank, owner));
            }
        });
        // The lists are advice. But if what they say comes to the same sum, it is those, and all of those.
        if found == count && sum == self.sum.load(Ordering::Relaxed) { chosen.1 } else { 0 }
    }

    pub(super) fn forget_holders(&self) {
        for_each_record(|record| {
            let mut holds = false;
            record.held.for_each(|held| holds |= held.object == self.address());
            if holds {
                record.held.remove_foreign(self.address());
            }
        });
    }

    #[inline]
    fn number(&self) -> u64 {
        match self.number.load(Ordering::Relaxed) {
            0 => self.choose_number(),
            number => number,
        }
    }

    #[cold]
    fn choose_number(&self) -> u64 {
        // ORDERING: Relaxed, all of it: a number of its own is all that is wanted.
        let number = NUMBERS.last.fetch_add(1, Ordering::Relaxed) + 1;
        match self.number.compare_exchange(0, number, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => number,
            Err(other) => other,
        }
    }
}

/// What a thread wants of a lock, and without whom it does not get it.
#[derive(Debug)]
pub(super) struct Wants<'a> {
    pub(super) lock: &'a RawRwLock,
    pub(super) thread: u64,
    pub(super) kind: WaitKind,
}

impl Blocker for Wants<'_> {
    /// Of several without whom the wait does not end, any will do. Who waits to read while nobody writes waits behind the writer that is next.
    fn whom(&self) -> Whom {
        Whom::thread(if self.lock.is_writing() {
            self.lock.writer.load(Ordering::Relaxed)
        } else if self.kind == WaitKind::RwLockRead {
            self.lock.front.load(Ordering::Relaxed)
        } else {
            self.lock.a_reader(self.thread)
        })
    }

    fn is_certain(&self) -> bool {
        true
    }

    fn kind(&self) -> WaitKind {
        self.kind
    }

    fn address(&self) -> usize {
        self.lock.address()
    }
}

global! {
    static NUMBERS: Numbers = Numbers::new();
}

/// The numbers of locks that were read.
struct Numbers {
    last: AtomicU64,
}

impl Numbers {
    const_fn! {
        fn new() -> Self {
            Self { last: AtomicU64::new(0) }
        }
    }
}

/// Spreads a number over 64 bits, so that no sum of some is the sum of others.
fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number ^ (number >> 32)
}
