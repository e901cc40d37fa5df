//! A reentrant lock: one thread at a time, as often as it likes.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::time::{Duration, Instant};

use super::TimedOut;
use super::lock::RawLock;
use super::poison::Calm;
use crate::park::{Blocker, Deadline, Failed, Infallible, Thread, ThreadId, Waiter, Wanted, Whom, current};
use crate::probe::WaitKind;
use crate::sys::{AtomicU64, Ordering, const_fn};

/// A lock that its owner may acquire again, and releases as often as it acquired it.
///
/// It guards shared access to a `T`, because several guards of one thread exist at a time; put a cell inside to change it.
///
/// # Fairness
///
/// As for [`Lock`](super::Lock).
///
/// # Timeouts
///
/// [`RLock::acquire_timeout`] and [`RLock::acquire_until`] give up at a moment of the monotonic clock.
///
/// # Interruption
///
/// Signals do not end a wait.
///
/// # Panics
///
/// A guard that is dropped by a panic poisons the lock: what it guards may be half changed, and that must not go unnoticed. To acquire a
/// poisoned lock is a panic, in all forms, until somebody calls [`RLock::clear_poison`]; not in a thread that panics already, whose
/// destructors are let in. It is poisoned by a guard of any level. The [raw form](RawRLock) is never poisoned.
///
/// # Differences from CPython
///
/// A guard cannot be sent to another thread, so only the owner can release.
///
/// # Examples
///
/// ```
/// use raddle::sync::RLock;
/// use std::cell::Cell;
///
/// let depth = RLock::new(Cell::new(0));
/// let outer = depth.acquire();
/// let inner = depth.acquire();
/// inner.set(2);
/// drop(inner);
/// assert_eq!(outer.get(), 2);
/// ```
pub struct RLock<T> {
    raw: RawRLock,
    value: T,
}

// SAFETY: the value is reached through guards, and all guards that exist at a time are one thread's.
unsafe impl<T: Send> Sync for RLock<T> {}

// What a panic leaves half changed is poisoned.
impl<T> UnwindSafe for RLock<T> {}
impl<T> RefUnwindSafe for RLock<T> {}

impl<T> RLock<T> {
    const_fn! {
        /// A free lock around `value`.
        ///
        /// # Examples
        ///
        /// ```
        /// use raddle::sync::RLock;
        /// use std::cell::RefCell;
        ///
        /// static LOG: RLock<RefCell<Vec<&str>>> = RLock::new(RefCell::new(Vec::new()));
        /// LOG.acquire().borrow_mut().push("started");
        /// assert_eq!(*LOG.acquire().borrow(), ["started"]);
        /// ```
        pub fn new(value: T) -> Self {
            Self { raw: RawRLock::new(), value }
        }
    }

    /// The value of a lock that nobody else can reach any more.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(raddle::sync::RLock::new(5).into_inner(), 5);
    /// ```
    pub fn into_inner(self) -> T {
        self.value
    }

    /// Acquires the lock, again if this thread owns it, and waits for it as long as it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RLock;
    /// use std::cell::Cell;
    ///
    /// struct Account {
    ///     balance: RLock<Cell<i64>>,
    /// }
    ///
    /// impl Account {
    ///     fn add(&self, amount: i64) {
    ///         let balance = self.balance.acquire();
    ///         balance.set(balance.get() + amount);
    ///     }
    ///
    ///     /// Calls another method that acquires the lock, while it has it.
    ///     fn exchange(&self, out: i64, back: i64) {
    ///         let _both_or_none = self.balance.acquire();
    ///         self.add(-out);
    ///         self.add(back);
    ///     }
    /// }
    ///
    /// let account = Account { balance: RLock::new(Cell::new(10)) };
    /// account.exchange(5, 7);
    /// assert_eq!(account.balance.acquire().get(), 12);
    /// ```
    #[inline]
    #[track_caller]
    pub fn acquire(&self) -> RLockGuard<'_, T> {
        self.raw.acquire();
        RLockGuard::new(self)
    }

    /// Acquires the lock if it is free or this thread's.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RLock;
    ///
    /// let lock = RLock::new(());
    /// let own = lock.acquire();
    /// assert!(lock.try_acquire().is_some());
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| assert!(lock.try_acquire().is_none()));
    /// });
    /// ```
    #[inline]
    #[track_caller]
    pub fn try_acquire(&self) -> Option<RLockGuard<'_, T>> {
        if self.raw.try_acquire() { Some(RLockGuard::new(self)) } else { None }
    }

    /// Acquires the lock, and waits for it for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if another thread owned it all that time.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::{RLock, TimedOut};
    /// use std::time::Duration;
    ///
    /// let lock = RLock::new(());
    /// let own = lock.acquire();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| assert_eq!(lock.acquire_timeout(Duration::from_millis(1)).err(), Some(TimedOut)));
    /// });
    /// ```
    #[track_caller]
    pub fn acquire_timeout(&self, timeout: Duration) -> Result<RLockGuard<'_, T>, TimedOut> {
        self.acquire_by(Deadline::after(timeout))
    }

    /// Acquires the lock, and waits for it until `instant` at most.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if another thread owned it all that time.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RLock;
    /// use std::time::Instant;
    ///
    /// let lock = RLock::new(1);
    /// assert_eq!(*lock.acquire_until(Instant::now())?, 1);
    /// # Ok::<(), raddle::sync::TimedOut>(())
    /// ```
    #[track_caller]
    pub fn acquire_until(&self, instant: Instant) -> Result<RLockGuard<'_, T>, TimedOut> {
        self.acquire_by(Deadline::at(instant))
    }

    #[track_caller]
    fn acquire_by(&self, deadline: Deadline) -> Result<RLockGuard<'_, T>, TimedOut> {
        match self.raw.acquire_with(deadline, &mut Thread) {
            Ok(()) => Ok(RLockGuard::new(self)),
            Err(_) => Err(TimedOut),
        }
    }
    /// Whether a panic has dropped a guard of this lock: see above under *Panics*.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RLock;
    ///
    /// static LOCK: RLock<()> = RLock::new(());
    ///
    /// let failed = std::thread::spawn(|| {
    ///     let _held = LOCK.acquire();
    ///     panic!("in the middle of a change");
    /// });
    /// assert!(failed.join().is_err());
    /// assert!(LOCK.is_poisoned());
    /// ```
    pub fn is_poisoned(&self) -> bool {
        self.raw.lock.permits().is_poisoned()
    }

    /// Says that the value is well again, or that it does not matter: the lock can be acquired as before.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RLock;
    ///
    /// let lock = RLock::new(());
    /// let failed = std::panic::catch_unwind(|| {
    ///     let _held = lock.acquire();
    ///     panic!("in the middle of a change");
    /// });
    /// assert!(failed.is_err() && lock.is_poisoned());
    /// lock.clear_poison();
    /// drop(lock.acquire());
    /// ```
    pub fn clear_poison(&self) {
        self.raw.lock.permits().set_poisoned(false);
    }
}

impl<T: Default> Default for RLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for RLock<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("RLock");
        if self.raw.try_acquire() {
            let guard = RLockGuard { lock: self, calm: Calm::always(), not_send: PhantomData };
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

/// One level of an [`RLock`]; dropping it releases that level.
///
/// # Examples
///
/// ```
/// use raddle::sync::RLock;
///
/// let lock = RLock::new(1);
/// let outer = lock.acquire();
/// drop(lock.acquire());
/// // One level is left: the lock is held until the last guard is gone.
/// std::thread::scope(|scope| {
///     scope.spawn(|| assert!(lock.try_acquire().is_none()));
/// });
/// assert_eq!(*outer, 1);
/// ```
///
/// It stays in the thread that owns the lock:
///
/// ```compile_fail,E0277
/// use raddle::sync::RLock;
///
/// static TOTAL: RLock<u64> = RLock::new(0);
///
/// let guard = TOTAL.acquire();
/// std::thread::spawn(move || drop(guard));
/// ```
#[must_use = "the lock is released at once if the guard is dropped"]
pub struct RLockGuard<'a, T> {
    lock: &'a RLock<T>,
    calm: Calm,
    // Only the owner may release.
    not_send: PhantomData<*const ()>,
}

// SAFETY: a shared guard gives shared access to the value, and cannot be dropped through a reference.
unsafe impl<T: Sync> Sync for RLockGuard<'_, T> {}

impl<'a, T> RLockGuard<'a, T> {
    /// The guard of a lock that has just been acquired. If that is refused, the level is released again.
    #[inline]
    #[track_caller]
    fn new(lock: &'a RLock<T>) -> Self {
        let calm = Calm::let_in(lock.is_poisoned(), || lock.raw.release());
        Self { lock, calm, not_send: PhantomData }
    }

    #[inline]
    #[track_caller]
    pub(super) fn refuse_if_poisoned(&self) {
        self.calm.refuse_if(self.lock.is_poisoned());
    }

    pub(super) fn raw(&self) -> &'a RawRLock {
        &self.lock.raw
    }
}

impl<T> Deref for RLockGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.lock.value
    }
}

impl<T> Drop for RLockGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if self.calm.is_over() {
            self.lock.raw.lock.permits().set_poisoned(true);
        }
        let released = self.lock.raw.release();
        debug_assert!(released.is_some(), "a guard's lock is this thread's");
    }
}

impl<T: fmt::Debug> fmt::Debug for RLockGuard<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

/// A reentrant lock without a value and without a guard: for [`Condition`](super::Condition)s, and for bindings to other languages.
///
/// Only its owner may release it. Fairness is that of [`Lock`](super::Lock).
///
/// # Examples
///
/// ```
/// use raddle::sync::RawRLock;
///
/// let lock = RawRLock::new();
/// lock.acquire();
/// lock.acquire();
/// assert_eq!(lock.levels(), 2);
/// assert_eq!((lock.release(), lock.release(), lock.release()), (Some(()), Some(()), None));
/// ```
#[derive(Debug)]
#[repr(C)]
pub struct RawRLock {
    /// Its owner word is the truth here: only the owner writes its own number, and clears it.
    lock: RawLock,
    /// How often the owner has acquired it. Written by the owner only.
    levels: AtomicU64,
}

impl RawRLock {
    const_fn! {
        /// A free lock.
        ///
        /// # Examples
        ///
        /// ```
        /// use raddle::sync::RawRLock;
        ///
        /// static LOCK: RawRLock = RawRLock::new();
        /// assert!(!LOCK.is_locked());
        /// ```
        pub fn new() -> Self {
            Self { lock: RawLock::new(), levels: AtomicU64::new(0) }
        }
    }

    /// A free lock for threads that take turns: see [`RawLock::in_turn`].
    ///
    /// # Safety
    ///
    /// As there.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RawRLock;
    ///
    /// // SAFETY: only this thread knows the lock.
    /// let lock = unsafe { RawRLock::in_turn() };
    /// assert!(lock.try_acquire() && lock.try_acquire());
    /// ```
    #[must_use]
    #[cfg(feature = "turns")]
    pub unsafe fn in_turn() -> Self {
        // SAFETY: the caller's promise.
        Self { lock: unsafe { RawLock::in_turn() }, levels: AtomicU64::new(0) }
    }

    /// Acquires the lock, again if this thread owns it, and waits for it as long as it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RawRLock;
    ///
    /// let lock = RawRLock::new();
    /// lock.acquire();
    /// lock.acquire();
    /// assert_eq!(lock.levels(), 2);
    /// ```
    #[inline]
    #[track_caller]
    pub fn acquire(&self) {
        if !self.try_acquire() {
            self.acquire_or_fail();
        }
    }

    #[cold]
    #[track_caller]
    fn acquire_or_fail(&self) {
        let mut waiter = Infallible::default();
        if self.acquire_with(Deadline::NEVER, &mut waiter).is_err() {
            waiter.fail();
        }
    }

    /// Acquires the lock if it is free or this thread's.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RawRLock;
    ///
    /// let lock = RawRLock::new();
    /// assert!(lock.try_acquire() && lock.try_acquire());
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| assert!(!lock.try_acquire()));
    /// });
    /// ```
    #[inline]
    #[track_caller]
    pub fn try_acquire(&self) -> bool {
        if self.is_owned() {
            self.set_levels(self.levels() + 1);
            return true;
        }
        let acquired = self.lock.try_acquire_as(WaitKind::RLock);
        if acquired {
            self.set_levels(1);
        }
        acquired
    }

    /// Acquires the lock in the way of `waiter`.
    ///
    /// # Errors
    ///
    /// [`Failed`] if the deadline passed, or the waiter was told to stop, before the lock was acquired.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Deadline, Failed, Thread};
    /// use raddle::sync::RawRLock;
    ///
    /// let lock = RawRLock::new();
    /// lock.acquire();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| {
    ///         assert_eq!(lock.acquire_with(Deadline::PASSED, &mut Thread), Err(Failed::TimedOut));
    ///     });
    /// });
    /// ```
    #[inline]
    #[track_caller]
    pub fn acquire_with<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<(), Failed> {
        if self.is_owned() {
            self.set_levels(self.levels() + 1);
            return Ok(());
        }
        self.lock.acquire_as(Wanted::from(self, Some(Location::caller())), deadline, waiter)?;
        self.set_levels(1);
        Ok(())
    }

    /// Releases one level; `None` if this thread does not own the lock.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RawRLock;
    ///
    /// let lock = RawRLock::new();
    /// lock.acquire();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| assert_eq!(lock.release(), None));
    /// });
    /// assert_eq!(lock.release(), Some(()));
    /// ```
    #[inline]
    pub fn release(&self) -> Option<()> {
        let record = current();
        if self.lock.owner_number() != record.owner() {
            return None;
        }
        let levels = self.levels() - 1;
        self.set_levels(levels);
        if levels > 0 { Some(()) } else { self.lock.release_own(record) }
    }

    /// Releases all levels and returns how many; `None` if this thread does not own the lock.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RawRLock;
    ///
    /// let lock = RawRLock::new();
    /// lock.acquire();
    /// lock.acquire();
    /// assert_eq!(lock.release_all(), Some(2));
    /// assert!(!lock.is_locked());
    /// ```
    pub fn release_all(&self) -> Option<u64> {
        if !self.is_owned() {
            return None;
        }
        let levels = self.levels();
        self.set_levels(0);
        self.lock.release_own(current()).map(|()| levels)
    }

    /// Takes `levels` back that [`RawRLock::release_all`] gave up, and waits for them as long as it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::Thread;
    /// use raddle::sync::RawRLock;
    ///
    /// let lock = RawRLock::new();
    /// lock.acquire();
    /// lock.acquire();
    /// let levels = lock.release_all().unwrap();
    /// // Meanwhile, others may have it.
    /// lock.restore(levels, &mut Thread);
    /// assert_eq!(lock.levels(), 2);
    /// ```
    #[track_caller]
    pub fn restore<W: Waiter>(&self, levels: u64, waiter: &mut W) {
        let mut waiter = crate::park::Uninterruptible(waiter);
        let wanted = Wanted::from(self, Some(Location::caller()));
        if self.lock.acquire_as(wanted, Deadline::NEVER, &mut waiter).is_ok() {
            self.set_levels(levels.max(1));
        }
    }

    /// Whether the current thread owns the lock.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RawRLock;
    ///
    /// let lock = RawRLock::new();
    /// lock.acquire();
    /// assert!(lock.is_owned());
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| assert!(!lock.is_owned() && lock.is_locked()));
    /// });
    /// ```
    #[inline]
    pub fn is_owned(&self) -> bool {
        self.lock.owner_number() == current().owner()
    }

    /// Whether any thread owns the lock.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RawRLock;
    ///
    /// let lock = RawRLock::new();
    /// lock.acquire();
    /// assert!(lock.is_locked());
    /// ```
    pub fn is_locked(&self) -> bool {
        self.lock.is_locked()
    }

    /// The thread that owns the lock.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RawRLock;
    /// use raddle::thread::ThreadId;
    ///
    /// let lock = RawRLock::new();
    /// lock.acquire();
    /// assert_eq!(lock.owner(), Some(ThreadId::current()));
    /// ```
    pub fn owner(&self) -> Option<ThreadId> {
        self.lock.owner()
    }

    /// How often the owner has acquired the lock: exact for the owner, and 0 for a free lock.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RawRLock;
    ///
    /// let lock = RawRLock::new();
    /// assert_eq!(lock.levels(), 0);
    /// lock.acquire();
    /// assert_eq!(lock.levels(), 1);
    /// ```
    #[inline]
    pub fn levels(&self) -> u64 {
        self.levels.load(Ordering::Relaxed)
    }

    /// How many threads wait for the lock.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(raddle::sync::RawRLock::new().waiting(), 0);
    /// ```
    pub fn waiting(&self) -> usize {
        self.lock.waiting()
    }

    /// Makes the lock free: see [`RawLock::reset_after_fork`].
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RawRLock;
    ///
    /// let lock = RawRLock::new();
    /// lock.acquire();
    /// // In the child, where the thread that held it does not exist.
    /// lock.reset_after_fork();
    /// assert!(!lock.is_locked());
    /// ```
    pub fn reset_after_fork(&self) {
        self.set_levels(0);
        self.lock.reset_after_fork();
    }

    #[inline]
    pub(super) fn set_levels(&self, levels: u64) {
        // ORDERING: Relaxed: the owner's own, handed from owner to owner with the lock.
        self.levels.store(levels, Ordering::Relaxed);
    }

    pub(super) fn lock(&self) -> &RawLock {
        &self.lock
    }
}

impl Blocker for RawRLock {
    fn whom(&self) -> Whom {
        Whom::thread(self.lock.owner_number())
    }

    fn is_certain(&self) -> bool {
        true
    }

    fn kind(&self) -> WaitKind {
        WaitKind::RLock
    }

    fn address(&self) -> usize {
        self.lock.address()
    }
}

impl Default for RawRLock {
    fn default() -> Self {
        Self::new()
    }
}
