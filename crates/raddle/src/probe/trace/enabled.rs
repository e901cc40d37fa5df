//! Remembering, turned on.
//!
//! # Where it lies
//!
//! In entries of a table, which are never freed, but used again. An object has the number of its entry from its first wait on, and gives
//! the entry back when it is dropped. So what is remembered of two objects never mixes, wherever they lie. There are 4096 entries; of
//! objects that find none free it is only counted how often they would have needed one.
//!
//! # Why a subject may be followed
//!
//! An entry's subject is followed under the section of the entry, which the object enters to give the entry back, before it is gone. So the section
//! of an object is entered under that of its entry, never the other way round.

use std::ptr;

use super::{Known, Subject};
use crate::probe::{State, WaitKind};
use crate::sys::{AfterFork, AtomicPtr, AtomicU32, AtomicU64, Nanoseconds, Ordering, Section, array, const_fn, global};

/// How many entries are made at a time, and how often.
const CHUNK: usize = 64;
const CHUNKS: usize = 64;

/// An object's part: the number of its entry, which it gives back when it is dropped.
#[derive(Debug)]
pub(crate) struct Trace {
    /// 0: it has none. Set once.
    number: AtomicU32,
}

struct Entry {
    remembered: Section<Remembered>,
    /// The number of the next free entry. Changes under the section of [`Free`] only.
    next_free: AtomicU32,
}

struct Remembered(Option<Known>, Option<Subject>);

impl AfterFork for Remembered {
    fn after_fork(&mut self, torn: bool) {
        // Objects come along to the child, and stay where they are. Who vanished in here may have left half a pointer.
        if torn {
            self.1 = None;
        }
    }
}

struct Table {
    chunks: [AtomicPtr<[Entry; CHUNK]>; CHUNKS],
    free: Section<Free>,
    /// How many entries were ever used, hence can be found. Changes under the section of `free` only.
    used: AtomicU32,
    missed: AtomicU64,
}

/// The number of the first free entry; 0 if none is.
struct Free(u32);

impl AfterFork for Free {
    fn after_fork(&mut self, _torn: bool) {
        // Each change of the list is one of this number: there is nothing half done. An entry that was on its way is lost.
    }
}

impl Table {
    const_fn! {
        fn new() -> Self {
            Self {
                chunks: array![AtomicPtr::new(ptr::null_mut()); CHUNKS],
                free: Section::new(Free(0)),
                used: AtomicU32::new(0),
                missed: AtomicU64::new(0),
            }
        }
    }

    /// The entry with this number.
    fn entry(&self, number: u32) -> Option<&'static Entry> {
        let index = number.checked_sub(1)? as usize;
        // ORDERING: Acquire meets the Release in `take`: the chunk is complete.
        let chunk = self.chunks.get(index / CHUNK)?.load(Ordering::Acquire);
        // SAFETY: null, or a chunk, which is never freed.
        let chunk: Option<&'static [Entry; CHUNK]> = unsafe { chunk.as_ref() };
        chunk.map(|chunk| &chunk[index % CHUNK])
    }

    /// The number of an entry that is nobody else's.
    fn take(&self) -> Option<u32> {
        let mut free = self.free.enter();
        if let Some(entry) = self.entry(free.0) {
            let number = free.0;
            free.0 = entry.next_free.load(Ordering::Relaxed);
            return Some(number);
        }
        let used = self.used.load(Ordering::Relaxed);
        let chunk = self.chunks.get(used as usize / CHUNK)?;
        if chunk.load(Ordering::Relaxed).is_null() {
            let entries = Box::leak(Box::new(std::array::from_fn(|_| Entry::new())));
            // ORDERING: Release publishes the chunk to `entry`.
            chunk.store(ptr::from_mut(entries), Ordering::Release);
        }
        // ORDERING: Release meets the Acquire in `for_each`: the chunk is found.
        self.used.store(used + 1, Ordering::Release);
        Some(used + 1)
    }

    fn give_back(&self, number: u32) {
        let Some(entry) = self.entry(number) else { return };
        let mut free = self.free.enter();
        entry.next_free.store(free.0, Ordering::Relaxed);
        free.0 = number;
    }
}

global! {
    static TABLE: Table = Table::new();
}

impl Entry {
    fn new() -> Self {
        Self { remembered: Section::new(Remembered(None, None)), next_free: AtomicU32::new(0) }
    }
}

impl Trace {
    const_fn! {
        pub(crate) fn new() -> Self {
            Self { number: AtomicU32::new(0) }
        }
    }

    /// The object is remembered from now on, and looked at by way of `subject` if there is one.
    pub(crate) fn begin(&self, kind: WaitKind, object: usize, subject: Option<Subject>) {
        // ORDERING: Relaxed: nothing is concluded but that there is an entry.
        if self.number.load(Ordering::Relaxed) == 0 {
            self.find_entry(kind, object, subject);
        }
    }

    #[cold]
    fn find_entry(&self, kind: WaitKind, object: usize, subject: Option<Subject>) {
        let Some((number, entry)) = TABLE.take().and_then(|number| Some((number, TABLE.entry(number)?))) else {
            TABLE.missed.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let known = Known { kind, object, waits: 0, longest: 0, state: State::Unknown };
        // Before anybody else can find it by the object, whose first waiter may not be alone.
        *entry.remembered.enter() = Remembered(Some(known), None);
        // ORDERING: Release meets the Acquire in `ended`: the entry is this object's by then.
        if self.number.compare_exchange(0, number, Ordering::Release, Ordering::Relaxed).is_err() {
            *entry.remembered.enter() = Remembered(None, None);
            TABLE.give_back(number);
            return;
        }
        // Not before the object knows its entry, or a child that was forked in between would have an entry that nobody gives back. The object
        // is being waited for, so it has not been dropped meanwhile.
        entry.remembered.enter().1 = subject;
    }

    /// A wait for the object is over.
    pub(crate) fn ended(&self, kind: WaitKind, object: usize, waited: Nanoseconds) {
        self.begin(kind, object, None);
        // ORDERING: Acquire meets the Release in `find_entry`.
        let Some(entry) = TABLE.entry(self.number.load(Ordering::Acquire)) else { return };
        if let Some(known) = &mut entry.remembered.enter().0 {
            // It may have been moved, while nobody waited.
            known.object = object;
            known.kind = kind;
            known.waits += 1;
            known.longest = known.longest.max(waited);
        }
    }
}

impl Drop for Trace {
    #[inline]
    fn drop(&mut self) {
        // ORDERING: Relaxed: whoever drops the object has met everybody who has used it.
        let number = self.number.load(Ordering::Relaxed);
        if number != 0 {
            forget(number);
        }
    }
}

#[cold]
fn forget(number: u32) {
    if let Some(entry) = TABLE.entry(number) {
        *entry.remembered.enter() = Remembered(None, None);
        TABLE.give_back(number);
    }
}

/// Shows all objects that are remembered, one at a time. Returns how often there was no entry for one.
pub(crate) fn for_each(mut visit: impl FnMut(Known)) -> u64 {
    // ORDERING: Acquire meets the Release in `take`.
    for number in 1..=TABLE.used.load(Ordering::Acquire) {
        let Some(entry) = TABLE.entry(number) else { continue };
        let remembered = entry.remembered.look();
        let Remembered(Some(known), subject) = &*remembered else { continue };
        // SAFETY: the entry is the object's, and stays so while we are under its section: see the head of this file.
        let state = subject.as_ref().map_or(State::Unknown, |subject| unsafe { subject.look() });
        let known = Known { state, ..*known };
        drop(remembered);
        visit(known);
    }
    TABLE.missed.load(Ordering::Relaxed)
}
