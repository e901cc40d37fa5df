//! The lock without a value: its word, and the list of those who wait.
//!
//! # The word
//!
//! | bits | name | meaning |
//! |---|---|---|
//! | 0 | `WAITERS` | the list of waiters is not empty |
//! | 1 | `WRITER` | a thread writes |
//! | 2 | `POISONED` | a guard that writes was dropped by a panic; decides nothing here |
//! | 3–63 | readers | how many threads read |
//!
//! `WAITERS` changes under the section only. While it is set, nobody but whoever is inside makes a thread a reader or a writer; readers may still go.
//!
//! # Invariants, whenever nobody is inside the section
//!
//! 1. A thread writes, or any number read, or neither.
//! 2. **While the list is not empty, somebody has the lock who keeps the oldest waiter from it**: a writer, or readers if the oldest waiter wants to write.
//!
//! Who breaks the second admits waiters until it holds again: the writer or the last reader that leaves, a waiter that gives up its place at the front, and
//! who links itself. Each reads `WAITERS` in the change of the word by which it leaves, so it comes here, or nobody was linked before that. What is admitted has the lock when it is
//! granted: no wake-up is lost, for nobody is woken to look again.
//!
//! # Fairness
//!
//! Grants are handed over in the order of arrival, and readers that stand next to each other are admitted together. A newcomer that finds the list not empty goes to its
//! end, even if it could share the lock. So a writer waits for the readers that came before it and for no others, and a reader for the writers that came before it.

use std::mem;
use std::panic::Location;

use super::holders::Wants;
use crate::park::{
    Deadline, End, Failed, Grant, Infallible, Node, Place, State, ThreadId, WaitList, Waiter, WakeList, Wanted,
    current, wait,
};
use crate::probe::{self, Trace, Traced, WaitKind};
use crate::sys::{AfterFork, AtomicU64, Guard, Ordering, Section, const_fn, now, relax};

const WAITERS: u64 = 1 << 0;
const WRITER: u64 = 1 << 1;
const POISONED: u64 = 1 << 2;
const ONE_READER: u64 = 1 << 3;

pub(super) fn readers(word: u64) -> u64 {
    word / ONE_READER
}

fn is_free(word: u64) -> bool {
    word & WRITER == 0 && readers(word) == 0
}

/// Whether a newcomer that wants to read need not wait.
fn lets_read(word: u64) -> bool {
    word & (WAITERS | WRITER) == 0
}

/// Whether a newcomer that wants to write need not wait.
fn lets_write(word: u64) -> bool {
    word & WAITERS == 0 && is_free(word)
}

/// A reader-writer lock without a value and without guards: for bindings to other languages.
///
/// Only the thread that reads or writes may release that. Fairness is that of [`RwLock`](super::RwLock).
///
/// # Examples
///
/// ```
/// use raddle::sync::RawRwLock;
///
/// let lock = RawRwLock::new();
/// lock.read();
/// lock.read();
/// assert_eq!((lock.readers(), lock.levels()), (1, 2));
/// assert_eq!((lock.release_read(), lock.release_read(), lock.release_read()), (Some(()), Some(()), None));
/// ```
#[derive(Debug)]
#[repr(C)]
pub struct RawRwLock {
    pub(super) word: AtomicU64,
    /// The thread that writes. The truth, as for a reentrant lock: only that thread writes its own number, and clears it.
    pub(super) writer: AtomicU64,
    /// Tells the lock from others that were or will be at its address; 0 until a thread reads.
    pub(super) number: AtomicU64,
    /// For the diagnosis: what the numbers of the threads that read come to, by `holders::mix` and added up.
    pub(super) sum: AtomicU64,
    /// For the diagnosis: the thread of the oldest waiter, if that wants to write.
    pub(super) front: AtomicU64,
    waiters: Section<Waiters, Trace>,
}

#[derive(Debug)]
struct Waiters {
    list: WaitList,
}

impl AfterFork for Waiters {
    fn after_fork(&mut self, _torn: bool) {
        // The word is repaired by `RawRwLock::enter`.
        self.list.forget_all();
    }
}

impl RawRwLock {
    const_fn! {
        /// A free lock.
        ///
        /// # Examples
        ///
        /// ```
        /// use raddle::sync::RawRwLock;
        ///
        /// static LOCK: RawRwLock = RawRwLock::new();
        /// assert!(LOCK.try_write());
        /// ```
        pub fn new() -> Self {
            Self {
                word: AtomicU64::new(0),
                writer: AtomicU64::new(0),
                number: AtomicU64::new(0),
                sum: AtomicU64::new(0),
                front: AtomicU64::new(0),
                waiters: Section::with(Waiters { list: WaitList::new() }, Trace::new()),
            }
        }
    }

    /// Acquires the lock to read, again if this thread reads, and waits for it as long as it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// let lock = raddle::sync::RawRwLock::new();
    /// lock.read();
    /// assert_eq!(lock.readers(), 1);
    /// ```
    #[inline]
    #[track_caller]
    pub fn read(&self) {
        if !self.try_read() {
            self.acquire_or_fail(WaitKind::RwLockRead);
        }
    }

    /// Acquires the lock to write, and waits for it as long as it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// let lock = raddle::sync::RawRwLock::new();
    /// lock.write();
    /// assert!(lock.is_writing());
    /// ```
    #[inline]
    #[track_caller]
    pub fn write(&self) {
        if !self.try_write() {
            self.acquire_or_fail(WaitKind::RwLockWrite);
        }
    }

    #[cold]
    #[track_caller]
    fn acquire_or_fail(&self, kind: WaitKind) {
        let mut waiter = Infallible::default();
        if self.acquire_slow(kind, Deadline::NEVER, &mut waiter, Location::caller()).is_err() {
            waiter.fail();
        }
    }

    /// Acquires the lock to read if that is possible without waiting.
    ///
    /// # Examples
    ///
    /// ```
    /// let lock = raddle::sync::RawRwLock::new();
    /// assert!(lock.try_read() && lock.try_read() && !lock.try_write());
    /// ```
    #[inline]
    #[track_caller]
    pub fn try_read(&self) -> bool {
        self.try_acquire(WaitKind::RwLockRead, Location::caller())
    }

    /// Acquires the lock to write if it is free.
    ///
    /// # Examples
    ///
    /// ```
    /// let lock = raddle::sync::RawRwLock::new();
    /// assert!(lock.try_write() && !lock.try_write() && !lock.try_read());
    /// ```
    #[inline]
    #[track_caller]
    pub fn try_write(&self) -> bool {
        self.try_acquire(WaitKind::RwLockWrite, Location::caller())
    }

    /// Acquires the lock to read in the way of `waiter`.
    ///
    /// # Errors
    ///
    /// [`Failed`] if the deadline passed, or the waiter was told to stop, before it was this thread's turn.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Deadline, Thread};
    /// use raddle::sync::RawRwLock;
    ///
    /// assert!(RawRwLock::new().read_with(Deadline::PASSED, &mut Thread).is_ok());
    /// ```
    #[inline]
    #[track_caller]
    pub fn read_with<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<(), Failed> {
        if self.try_read() {
            return Ok(());
        }
        self.acquire_slow(WaitKind::RwLockRead, deadline, waiter, Location::caller())
    }

    /// Acquires the lock to write in the way of `waiter`.
    ///
    /// # Errors
    ///
    /// [`Failed`] if the deadline passed, or the waiter was told to stop, before it was this thread's turn.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Deadline, Thread};
    /// use raddle::sync::RawRwLock;
    ///
    /// assert!(RawRwLock::new().write_with(Deadline::PASSED, &mut Thread).is_ok());
    /// ```
    #[inline]
    #[track_caller]
    pub fn write_with<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<(), Failed> {
        if self.try_write() {
            return Ok(());
        }
        self.acquire_slow(WaitKind::RwLockWrite, deadline, waiter, Location::caller())
    }

    /// Releases what this thread reads, once; `None` if it does not read.
    ///
    /// # Examples
    ///
    /// ```
    /// let lock = raddle::sync::RawRwLock::new();
    /// assert_eq!(lock.release_read(), None);
    /// lock.read();
    /// assert_eq!(lock.release_read(), Some(()));
    /// ```
    #[inline]
    pub fn release_read(&self) -> Option<()> {
        if self.disown_read()? == 0 {
            self.leave_reading();
        }
        Some(())
    }

    /// Releases what this thread writes; `None` if it does not write.
    ///
    /// # Examples
    ///
    /// ```
    /// let lock = raddle::sync::RawRwLock::new();
    /// assert_eq!(lock.release_write(), None);
    /// lock.write();
    /// assert_eq!(lock.release_write(), Some(()));
    /// ```
    #[inline]
    pub fn release_write(&self) -> Option<()> {
        self.disown_write()?;
        self.leave_writing(0);
        Some(())
    }

    /// Goes on to read what this thread writes; `None` if it does not write.
    ///
    /// # Examples
    ///
    /// ```
    /// let lock = raddle::sync::RawRwLock::new();
    /// lock.write();
    /// assert_eq!(lock.downgrade(), Some(()));
    /// assert_eq!((lock.is_writing(), lock.readers()), (false, 1));
    /// ```
    #[track_caller]
    pub fn downgrade(&self) -> Option<()> {
        self.disown_write()?;
        self.leave_writing(ONE_READER);
        self.own(WaitKind::RwLockRead, Location::caller());
        Some(())
    }

    /// Whether a thread writes.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(!raddle::sync::RawRwLock::new().is_writing());
    /// ```
    #[inline]
    pub fn is_writing(&self) -> bool {
        self.word.load(Ordering::Relaxed) & WRITER != 0
    }

    /// How many threads read.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(raddle::sync::RawRwLock::new().readers(), 0);
    /// ```
    #[inline]
    pub fn readers(&self) -> u64 {
        readers(self.word.load(Ordering::Relaxed))
    }

    /// How often the current thread reads.
    ///
    /// # Examples
    ///
    /// ```
    /// let lock = raddle::sync::RawRwLock::new();
    /// lock.read();
    /// lock.read();
    /// assert_eq!(lock.levels(), 2);
    /// ```
    pub fn levels(&self) -> u64 {
        current().shares.levels(self.number.load(Ordering::Relaxed))
    }

    /// The thread that writes.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RawRwLock;
    /// use raddle::thread::ThreadId;
    ///
    /// let lock = RawRwLock::new();
    /// lock.write();
    /// assert_eq!(lock.writer(), Some(ThreadId::current()));
    /// ```
    pub fn writer(&self) -> Option<ThreadId> {
        ThreadId::from_number(self.writer.load(Ordering::Relaxed))
    }

    /// How many threads wait.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(raddle::sync::RawRwLock::new().waiting(), 0);
    /// ```
    pub fn waiting(&self) -> usize {
        self.enter().list.len()
    }

    /// Makes the lock free and forgets its waiters: see [`RawLock::reset_after_fork`](crate::sync::RawLock::reset_after_fork).
    ///
    /// # Examples
    ///
    /// ```
    /// let lock = raddle::sync::RawRwLock::new();
    /// lock.read();
    /// // In the child, where nobody else can have it.
    /// lock.reset_after_fork();
    /// assert!(lock.try_write());
    /// ```
    pub fn reset_after_fork(&self) {
        self.forget_holders();
        let mut waiters = self.enter();
        waiters.list.forget_all();
        // Who has read under the old number has released nothing of the new one.
        self.number.store(0, Ordering::Relaxed);
        self.sum.store(0, Ordering::Relaxed);
        self.front.store(0, Ordering::Relaxed);
        self.writer.store(0, Ordering::Relaxed);
        // ORDERING: the caller is the only thread that uses this object.
        self.word.store(0, Ordering::Release);
    }

    #[inline]
    pub(super) fn is_poisoned(&self) -> bool {
        self.word.load(Ordering::Relaxed) & POISONED != 0
    }

    #[inline]
    pub(super) fn poison(&self) {
        self.word.fetch_or(POISONED, Ordering::Relaxed);
    }

    pub(super) fn clear_poison(&self) {
        self.word.fetch_and(!POISONED, Ordering::Relaxed);
    }

    #[inline]
    fn try_acquire(&self, kind: WaitKind, site: &'static Location<'static>) -> bool {
        let reads = kind == WaitKind::RwLockRead;
        if reads && self.read_again() {
            return true;
        }
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let next = match reads {
                true if lets_read(word) => word + ONE_READER,
                false if lets_write(word) => word | WRITER,
                _ if word & WAITERS != 0 && self.forgets_waiters() => {
                    word = self.word.load(Ordering::Relaxed);
                    continue;
                }
                _ => return false,
            };
            // ORDERING: Acquire meets the Release of whoever left, and of all before: all changes of the word are read-modify-writes.
            match self.word.compare_exchange_weak(word, next, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => word = now,
            }
        }
        self.own(kind, site);
        true
    }

    /// Whether the waiters that the word speaks of do not exist: this is a forked child.
    #[cold]
    fn forgets_waiters(&self) -> bool {
        self.enter().is_inherited()
    }

    #[cold]
    fn acquire_slow<W: Waiter>(
        &self,
        kind: WaitKind,
        deadline: Deadline,
        waiter: &mut W,
        site: &'static Location<'static>,
    ) -> Result<(), Failed> {
        if deadline == Deadline::PASSED {
            return Err(Failed::TimedOut);
        }
        for _ in 0..W::LOOKS_BEFORE_SLEEP {
            // Behind others it is a long way to the front.
            if self.word.load(Ordering::Relaxed) & WAITERS != 0 {
                break;
            }
            relax();
            if self.try_acquire(kind, site) {
                return Ok(());
            }
        }
        let wants = Wants { lock: self, thread: current().owner(), kind };
        let since = now();
        loop {
            let node = Node::leaving_since(self, Wanted::from(&wants, Some(site)), since);
            self.link(&node);
            let unwinding = Unwinding { lock: self, node: &node };
            let end = wait(&node, deadline, waiter);
            mem::forget(unwinding);
            match end {
                End::Granted if node.granted() == Grant::Handed => break,
                // After a fork, or a handler.
                End::Granted => {}
                End::TimedOut => return Err(Failed::TimedOut),
                // A node of this place leaves before a handler runs, so that nothing can be granted to one that is told to stop.
                End::Aborted { .. } => return Err(Failed::Aborted),
            }
        }
        self.own(kind, site);
        Ok(())
    }

    /// Puts the node where it belongs, and admits whose turn it is: that may be the node.
    fn link(&self, node: &Node<'_>) {
        let mut waiters = self.enter();
        // ORDERING: Relaxed: whoever leaves later reads it in its own change of the word.
        self.word.fetch_or(WAITERS, Ordering::Relaxed);
        // SAFETY: the node is in no list, and its waiter keeps it in place until its wait is over.
        unsafe { waiters.list.push_by_age(node) };
        self.admit(waiters);
    }

    #[inline]
    fn leave_reading(&self) {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            if word & WAITERS != 0 && readers(word) == 1 {
                return self.leave_slow(ONE_READER, 0);
            }
            // ORDERING: Release meets the Acquire of the next writer.
            match self.word.compare_exchange_weak(word, word - ONE_READER, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => word = now,
            }
        }
    }

    /// `instead`: what this thread has afterwards.
    #[inline]
    fn leave_writing(&self, instead: u64) {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            if word & WAITERS != 0 {
                return self.leave_slow(WRITER, instead);
            }
            // ORDERING: Release meets the Acquire of the next ones.
            match self.word.compare_exchange_weak(word, word - WRITER + instead, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => word = now,
            }
        }
    }

    #[cold]
    fn leave_slow(&self, given_up: u64, instead: u64) {
        let waiters = self.enter();
        // What is given up is in the word, so this is one addition.
        // ORDERING: Release for those who come by themselves later, as above. Those who are admitted here meet the Release of their grant, and with it the
        // Acquire in `admit`.
        self.word.fetch_add(instead.wrapping_sub(given_up), Ordering::Release);
        self.admit(waiters);
    }

    /// Restores invariant 2, leaves the section and wakes those who were admitted.
    fn admit<'a>(&'a self, mut waiters: Guard<'a, Waiters, Trace>) {
        let mut wakes = WakeList::new();
        loop {
            while !wakes.is_full() && self.admit_oldest(&mut waiters.list, &mut wakes) {}
            let is_complete = !wakes.is_full();
            self.tell_front(&waiters.list);
            drop(waiters);
            wakes.wake_all();
            if is_complete {
                return;
            }
            // There may be more readers. Whoever of those that were admitted leaves meanwhile goes on in our place.
            waiters = self.enter();
        }
    }

    fn admit_oldest(&self, list: &mut WaitList, wakes: &mut WakeList) -> bool {
        let word = self.word.load(Ordering::Relaxed);
        let Some(oldest) = list.front() else {
            if word & WAITERS != 0 {
                self.word.fetch_and(!WAITERS, Ordering::Relaxed);
            }
            return false;
        };
        let more = match oldest.kind() {
            WaitKind::RwLockRead if word & WRITER == 0 => ONE_READER,
            WaitKind::RwLockWrite if is_free(word) => WRITER,
            _ => return false,
        };
        // Nobody else takes the lock while WAITERS is set; readers may leave, which hinders neither.
        // ORDERING: Acquire meets the Release of all who have left; the grant hands on what they did.
        self.word.fetch_add(more, Ordering::Acquire);
        list.grant_one(Grant::Handed, wakes)
    }

    fn tell_front(&self, list: &WaitList) {
        if probe::ENABLED {
            let front = list.front().filter(|node| node.kind() == WaitKind::RwLockWrite).map_or(0, Node::thread);
            // ORDERING: Relaxed: for people.
            self.front.store(front, Ordering::Relaxed);
        }
    }

    fn enter(&self) -> Guard<'_, Waiters, Trace> {
        let waiters = self.waiters.enter();
        if waiters.is_inherited() {
            // They do not exist in this child.
            self.word.fetch_and(!WAITERS, Ordering::Relaxed);
            self.front.store(0, Ordering::Relaxed);
        }
        waiters
    }

    /// The address by which the lock is known to others.
    ///
    /// # Examples
    ///
    /// ```
    /// let lock = raddle::sync::RawRwLock::new();
    /// assert_eq!(lock.address(), std::ptr::from_ref(&lock).addr());
    /// ```
    #[inline]
    pub fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}

impl Default for RawRwLock {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for RawRwLock {
    fn drop(&mut self) {
        // A lock may end while it is held, by guards that were leaked; its address will be another object's.
        if !is_free(self.word.load(Ordering::Relaxed)) {
            self.forget_holders();
        }
    }
}

impl Place for RawRwLock {
    fn traced(&self) -> Option<Traced<'_>> {
        Some(Traced { trace: self.waiters.beside(), subject: None })
    }

    fn leave(&self, node: &Node<'_>) -> bool {
        let mut waiters = self.enter();
        if node.state() != State::Waiting {
            return false;
        }
        // SAFETY: it waits, so it is linked, here: a node of this place is pushed to this list only.
        unsafe { waiters.list.remove(node) };
        // Who gives up may have kept readers from the lock.
        self.admit(waiters);
        true
    }

    fn relink(&self, node: &Node<'_>) -> bool {
        self.link(node);
        true
    }
}

/// A waiter has panicked, against its contract: what it was granted is not lost.
struct Unwinding<'a> {
    lock: &'a RawRwLock,
    node: &'a Node<'a>,
}

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        if self.node.granted() != Grant::Handed {
            return;
        }
        if self.node.kind() == WaitKind::RwLockRead {
            self.lock.leave_reading();
        } else {
            self.lock.leave_writing(0);
        }
    }
}
