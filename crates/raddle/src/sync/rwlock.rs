//! A reader-writer lock: many threads that read, or one that writes, in the order of their arrival.
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

use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::time::{Duration, Instant};

use super::TimedOut;
use super::poison::Calm;
use crate::park::{
    Blocker, Deadline, End, Failed, Grant, Infallible, Node, Place, State, Thread, ThreadId, WaitList, Waiter,
    WakeList, Wanted, Whom, current, for_each_record, wait,
};
use crate::probe::{self, Trace, Traced, WaitKind};
use crate::sys::{AfterFork, AtomicU64, Guard, Ordering, Section, UnsafeCell, const_fn, global, now, relax};

/// A lock that guards a `T`: many threads read it, or one writes it.
///
/// A thread that reads may read again, also while a writer waits. It cannot go on to write, and one that writes can do neither: such a thread waits for itself for ever, or
/// for the deadline, and the [diagnosis](crate::diagnostics) says so. [`RwLockWriteGuard::downgrade`] is the way from writing to reading.
///
/// # Fairness
///
/// Threads get the lock in the order of their arrival; readers that stand next to each other share it. Nobody passes those who wait, not even a reader that
/// could share the lock with those who have it. So nobody starves, and under contention each grant waits for a thread to be scheduled: a [`Lock`](super::Lock)
/// lets more threads through, and is the better choice for sections that are short or mostly write.
///
/// # Timeouts
///
/// The forms with `_timeout` and `_until` give up at a moment of the monotonic clock. A writer that gives up lets the readers behind it go on.
///
/// # Interruption
///
/// Signals do not end a wait.
///
/// # Panics
///
/// A guard that writes, and is dropped by a panic, poisons the lock, as a guard of a [`Lock`](super::Lock#panics) does. A reader's panic does not.
///
/// # Differences from CPython
///
/// CPython has no such lock.
///
/// # Examples
///
/// ```
/// use raddle::sync::RwLock;
/// use std::collections::HashMap;
///
/// static PRICES: RwLock<Option<HashMap<&str, u32>>> = RwLock::new(None);
///
/// PRICES.write().get_or_insert_default().insert("tea", 3);
/// std::thread::scope(|scope| {
///     for _ in 0..3 {
///         scope.spawn(|| assert_eq!(PRICES.read().as_ref().and_then(|prices| prices.get("tea")), Some(&3)));
///     }
/// });
/// ```
pub struct RwLock<T> {
    raw: RawRwLock,
    value: UnsafeCell<T>,
}

// SAFETY: guards are the only way to the value: one that writes, or any number that read.
unsafe impl<T: Send> Send for RwLock<T> {}
// SAFETY: as above: readers share the value between threads, writers hand it from thread to thread.
unsafe impl<T: Send + Sync> Sync for RwLock<T> {}

// What a panic leaves half changed is poisoned.
impl<T> UnwindSafe for RwLock<T> {}
impl<T> RefUnwindSafe for RwLock<T> {}

impl<T> RwLock<T> {
    const_fn! {
        /// A free lock around `value`.
        ///
        /// # Examples
        ///
        /// ```
        /// use raddle::sync::RwLock;
        ///
        /// static NAMES: RwLock<Vec<&str>> = RwLock::new(Vec::new());
        /// NAMES.write().push("first");
        /// assert_eq!(NAMES.read().len(), 1);
        /// ```
        pub fn new(value: T) -> Self {
            Self { raw: RawRwLock::new(), value: UnsafeCell::new(value) }
        }
    }

    /// The value of a lock that nobody else can reach any more.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(raddle::sync::RwLock::new(5).into_inner(), 5);
    /// ```
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }

    /// Acquires the lock to read, and waits for it as long as it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RwLock;
    ///
    /// let lock = RwLock::new(1);
    /// let (one, another) = (lock.read(), lock.read());
    /// assert_eq!(*one + *another, 2);
    /// ```
    #[inline]
    #[track_caller]
    pub fn read(&self) -> RwLockReadGuard<'_, T> {
        self.raw.read();
        RwLockReadGuard::new(self)
    }

    /// Acquires the lock to read if that is possible without waiting: nobody writes, and nobody waits.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RwLock;
    ///
    /// let lock = RwLock::new(1);
    /// assert!(lock.try_read().is_some());
    /// let _writes = lock.write();
    /// assert!(lock.try_read().is_none());
    /// ```
    #[inline]
    #[track_caller]
    pub fn try_read(&self) -> Option<RwLockReadGuard<'_, T>> {
        if self.raw.try_read() { Some(RwLockReadGuard::new(self)) } else { None }
    }

    /// Acquires the lock to read, and waits for it for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if it was not this thread's turn in that time.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::{RwLock, TimedOut};
    /// use std::time::Duration;
    ///
    /// let lock = RwLock::new(1);
    /// let writes = lock.write();
    /// assert_eq!(lock.read_timeout(Duration::from_millis(1)).err(), Some(TimedOut));
    /// ```
    #[track_caller]
    pub fn read_timeout(&self, timeout: Duration) -> Result<RwLockReadGuard<'_, T>, TimedOut> {
        self.read_with(Deadline::after(timeout), &mut Thread).map_err(|_| TimedOut)
    }

    /// Acquires the lock to read, and waits for it until `instant` at most.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if it was not this thread's turn until then.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RwLock;
    /// use std::time::Instant;
    ///
    /// assert_eq!(*RwLock::new(1).read_until(Instant::now())?, 1);
    /// # Ok::<(), raddle::sync::TimedOut>(())
    /// ```
    #[track_caller]
    pub fn read_until(&self, instant: Instant) -> Result<RwLockReadGuard<'_, T>, TimedOut> {
        self.read_with(Deadline::at(instant), &mut Thread).map_err(|_| TimedOut)
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
    /// use raddle::sync::RwLock;
    ///
    /// assert!(RwLock::new(1).read_with(Deadline::NEVER, &mut Thread).is_ok());
    /// ```
    #[track_caller]
    pub fn read_with<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<RwLockReadGuard<'_, T>, Failed> {
        self.raw.read_with(deadline, waiter)?;
        Ok(RwLockReadGuard::new(self))
    }

    /// Acquires the lock to write, and waits for it as long as it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RwLock;
    ///
    /// let lock = RwLock::new(1);
    /// *lock.write() += 1;
    /// assert_eq!(lock.into_inner(), 2);
    /// ```
    #[inline]
    #[track_caller]
    pub fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.raw.write();
        RwLockWriteGuard::new(self)
    }

    /// Acquires the lock to write if it is free.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RwLock;
    ///
    /// let lock = RwLock::new(1);
    /// assert!(lock.try_write().is_some());
    /// let _reads = lock.read();
    /// assert!(lock.try_write().is_none());
    /// ```
    #[inline]
    #[track_caller]
    pub fn try_write(&self) -> Option<RwLockWriteGuard<'_, T>> {
        if self.raw.try_write() { Some(RwLockWriteGuard::new(self)) } else { None }
    }

    /// Acquires the lock to write, and waits for it for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if it was not this thread's turn in that time.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::{RwLock, TimedOut};
    /// use std::time::Duration;
    ///
    /// let lock = RwLock::new(1);
    /// let reads = lock.read();
    /// assert_eq!(lock.write_timeout(Duration::from_millis(1)).err(), Some(TimedOut));
    /// ```
    #[track_caller]
    pub fn write_timeout(&self, timeout: Duration) -> Result<RwLockWriteGuard<'_, T>, TimedOut> {
        self.write_with(Deadline::after(timeout), &mut Thread).map_err(|_| TimedOut)
    }

    /// Acquires the lock to write, and waits for it until `instant` at most.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if it was not this thread's turn until then.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RwLock;
    /// use std::time::Instant;
    ///
    /// *RwLock::new(1).write_until(Instant::now())? = 2;
    /// # Ok::<(), raddle::sync::TimedOut>(())
    /// ```
    #[track_caller]
    pub fn write_until(&self, instant: Instant) -> Result<RwLockWriteGuard<'_, T>, TimedOut> {
        self.write_with(Deadline::at(instant), &mut Thread).map_err(|_| TimedOut)
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
    /// use raddle::park::{Deadline, Failed, Thread};
    /// use raddle::sync::RwLock;
    ///
    /// let lock = RwLock::new(1);
    /// let reads = lock.read();
    /// assert_eq!(lock.write_with(Deadline::PASSED, &mut Thread).err(), Some(Failed::TimedOut));
    /// ```
    #[track_caller]
    pub fn write_with<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<RwLockWriteGuard<'_, T>, Failed> {
        self.raw.write_with(deadline, waiter)?;
        Ok(RwLockWriteGuard::new(self))
    }

    /// Whether a panic has dropped a guard that wrote: see above under *Panics*.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RwLock;
    ///
    /// let lock = RwLock::new(());
    /// let failed = std::panic::catch_unwind(|| {
    ///     let _writes = lock.write();
    ///     panic!("in the middle of a change");
    /// });
    /// assert!(failed.is_err() && lock.is_poisoned());
    /// ```
    pub fn is_poisoned(&self) -> bool {
        self.raw.word.load(Ordering::Relaxed) & POISONED != 0
    }

    /// Says that the value is well again, or that it does not matter: the lock can be acquired as before.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RwLock;
    ///
    /// let lock = RwLock::new(());
    /// let failed = std::panic::catch_unwind(|| {
    ///     let _writes = lock.write();
    ///     panic!("in the middle of a change");
    /// });
    /// assert!(failed.is_err());
    /// lock.clear_poison();
    /// drop(lock.read());
    /// ```
    pub fn clear_poison(&self) {
        self.raw.word.fetch_and(!POISONED, Ordering::Relaxed);
    }
}

impl<T: Default> Default for RwLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("RwLock");
        if self.raw.try_read() {
            let guard = RwLockReadGuard { lock: self, not_send: PhantomData };
            debug.field("value", &*guard);
        } else {
            debug.field("value", &format_args!("<locked>"));
        }
        if self.is_poisoned() {
            debug.field("poisoned", &true);
        }
        debug.finish()
    }
}

/// The right to read the value of an [`RwLock`]; dropping it releases that.
///
/// # Examples
///
/// ```
/// use raddle::sync::RwLock;
///
/// let lock = RwLock::new(1);
/// let reads = lock.read();
/// assert!(lock.try_write().is_none());
/// drop(reads);
/// assert!(lock.try_write().is_some());
/// ```
#[must_use = "the lock is released at once if the guard is dropped"]
pub struct RwLockReadGuard<'a, T> {
    lock: &'a RwLock<T>,
    // Only the thread that reads may release.
    not_send: PhantomData<*const ()>,
}

// SAFETY: a shared guard gives shared access to the value, and cannot be dropped through a reference.
unsafe impl<T: Sync> Sync for RwLockReadGuard<'_, T> {}

impl<'a, T> RwLockReadGuard<'a, T> {
    /// The guard of a lock that has just been acquired. If that is refused, it is released again.
    #[inline]
    #[track_caller]
    fn new(lock: &'a RwLock<T>) -> Self {
        if lock.is_poisoned() {
            Calm::let_in(true, || lock.raw.release_read());
        }
        Self { lock, not_send: PhantomData }
    }
}

impl<T> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this thread reads as long as the guard lives, and nobody writes.
        self.lock.value.with(|value| unsafe { &*value })
    }
}

impl<T> Drop for RwLockReadGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        let released = self.lock.raw.release_read();
        debug_assert!(released.is_some(), "a guard's thread reads");
    }
}

impl<T: fmt::Debug> fmt::Debug for RwLockReadGuard<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

/// The right to write the value of an [`RwLock`]; dropping it releases the lock.
///
/// # Examples
///
/// ```
/// use raddle::sync::RwLock;
///
/// let lock = RwLock::new(vec![1]);
/// let mut writes = lock.write();
/// writes.push(2);
/// assert_eq!(writes.len(), 2);
/// ```
#[must_use = "the lock is released at once if the guard is dropped"]
pub struct RwLockWriteGuard<'a, T> {
    lock: &'a RwLock<T>,
    calm: Calm,
    // Only the thread that writes may release.
    not_send: PhantomData<*const ()>,
}

// SAFETY: a shared guard gives shared access to the value, and cannot be dropped through a reference.
unsafe impl<T: Sync> Sync for RwLockWriteGuard<'_, T> {}

impl<'a, T> RwLockWriteGuard<'a, T> {
    /// The guard of a lock that has just been acquired. If that is refused, it is released again.
    #[inline]
    #[track_caller]
    fn new(lock: &'a RwLock<T>) -> Self {
        let calm = Calm::let_in(lock.is_poisoned(), || lock.raw.release_write());
        Self { lock, calm, not_send: PhantomData }
    }

    #[inline]
    fn poison_if_panicking(&self) {
        if self.calm.is_over() {
            self.lock.raw.word.fetch_or(POISONED, Ordering::Relaxed);
        }
    }

    /// Goes on to read what was written: nobody writes in between. Readers that are next in turn are let in.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RwLock;
    ///
    /// let lock = RwLock::new(1);
    /// let mut writes = lock.write();
    /// *writes = 2;
    /// let reads = writes.downgrade();
    /// assert!(lock.try_read().is_some());
    /// assert_eq!(*reads, 2);
    /// ```
    #[track_caller]
    pub fn downgrade(self) -> RwLockReadGuard<'a, T> {
        let lock = self.lock;
        self.poison_if_panicking();
        mem::forget(self);
        let downgraded = lock.raw.downgrade();
        debug_assert!(downgraded.is_some(), "a guard's thread writes");
        RwLockReadGuard { lock, not_send: PhantomData }
    }
}

impl<T> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this thread alone has the lock as long as the guard lives.
        self.lock.value.with(|value| unsafe { &*value })
    }
}

impl<T> DerefMut for RwLockWriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and the guard is borrowed mutably.
        self.lock.value.with_mut(|value| unsafe { &mut *value })
    }
}

impl<T> Drop for RwLockWriteGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.poison_if_panicking();
        let released = self.lock.raw.release_write();
        debug_assert!(released.is_some(), "a guard's thread writes");
    }
}

impl<T: fmt::Debug> fmt::Debug for RwLockWriteGuard<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

const WAITERS: u64 = 1 << 0;
const WRITER: u64 = 1 << 1;
const POISONED: u64 = 1 << 2;
const ONE_READER: u64 = 1 << 3;

fn readers(word: u64) -> u64 {
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
/// Only the thread that reads or writes may release that. Fairness is that of [`RwLock`].
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
    word: AtomicU64,
    /// The thread that writes. The truth, as for a reentrant lock: only that thread writes its own number, and clears it.
    writer: AtomicU64,
    /// Tells the lock from others that were or will be at its address; 0 until a thread reads.
    number: AtomicU64,
    /// For the diagnosis: what the numbers of the threads that read come to, by `mix` and added up.
    sum: AtomicU64,
    /// For the diagnosis: the thread of the oldest waiter, if that wants to write.
    front: AtomicU64,
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
        let record = current();
        if record.shares.remove(self.number.load(Ordering::Relaxed))? > 0 {
            return Some(());
        }
        record.held.remove(self.address());
        if probe::ENABLED {
            // ORDERING: Relaxed, and told by the Release below: who finds this thread gone from the word finds it gone from the sum.
            self.sum.fetch_sub(mix(record.owner()), Ordering::Relaxed);
        }
        self.leave_reading();
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
        self.disown()?;
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
        self.disown()?;
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

    /// Makes the lock free and forgets its waiters: see [`RawLock::reset_after_fork`](super::RawLock::reset_after_fork).
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

    /// One level more for a thread that reads.
    #[inline]
    fn read_again(&self) -> bool {
        let (number, shares) = (self.number.load(Ordering::Relaxed), &current().shares);
        let reads = number != 0 && shares.levels(number) > 0;
        if reads {
            shares.add(number);
        }
        reads
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

    /// The current thread has the lock.
    #[inline]
    fn own(&self, kind: WaitKind, site: &'static Location<'static>) {
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

    /// The current thread writes no more, as far as anybody can see; `None` if it did not.
    #[inline]
    fn disown(&self) -> Option<()> {
        let record = current();
        if self.writer.load(Ordering::Relaxed) != record.owner() {
            return None;
        }
        // Before the lock is free: afterwards the word belongs to the next one.
        self.writer.store(0, Ordering::Relaxed);
        record.held.remove(self.address());
        Some(())
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

    fn forget_holders(&self) {
        for_each_record(|record| {
            let mut holds = false;
            record.held.for_each(|held| holds |= held.object == self.address());
            if holds {
                record.held.remove_foreign(self.address());
            }
        });
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

/// Spreads a number over 64 bits, so that no sum of some is the sum of others.
fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number ^ (number >> 32)
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

/// What a thread wants of a lock, and without whom it does not get it.
#[derive(Debug)]
struct Wants<'a> {
    lock: &'a RawRwLock,
    thread: u64,
    kind: WaitKind,
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
