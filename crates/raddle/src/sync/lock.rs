//! A lock: one thread at a time.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::time::{Duration, Instant};

use super::TimedOut;
use super::permits::Permits;
use super::poison::Calm;
use crate::park::{
    Blocker, Deadline, Failed, Infallible, Record, Thread, ThreadId, Waiter, Wanted, Whom, by_owner, current,
};
use crate::probe::WaitKind;
use crate::sys::{AtomicU64, Ordering, UnsafeCell, const_fn};

/// A mutual exclusion lock that guards a `T`.
///
/// What `threading.Lock` is to Python, and not reentrant. A thread that acquires a lock that it holds already waits for ever (or for the deadline).
///
/// # Fairness
///
/// Threads that run may take a free lock ahead of threads that wait. Those are woken in the order of their arrival,
/// and one that has competed in vain for a millisecond is handed the lock.
///
/// # Timeouts
///
/// [`Lock::acquire_timeout`] and [`Lock::acquire_until`] give up at a moment of the monotonic clock.
///
/// # Interruption
///
/// Signals do not end a wait.
///
/// # Panics
///
/// A guard that is dropped by a panic poisons the lock: what it guards may be half changed, and that must not go unnoticed. To acquire a
/// poisoned lock is a panic, in all forms, until somebody calls [`Lock::clear_poison`]; not in a thread that panics already, whose
/// destructors are let in. The [raw form](RawLock) is never poisoned.
///
/// # Differences from CPython
///
/// Releasing is dropping the guard, so a lock that is not held cannot be released, and only the thread that acquired it releases it: a guard cannot be sent to
/// another one. Where that is wanted, use a [`Semaphore`](super::Semaphore) of one permit, or a [`RawLock`].
///
/// # Examples
///
/// ```
/// use raddle::sync::Lock;
///
/// static TOTAL: Lock<u64> = Lock::new(0);
///
/// std::thread::scope(|scope| {
///     for _ in 0..3 {
///         scope.spawn(|| *TOTAL.acquire() += 1);
///     }
/// });
/// assert_eq!(*TOTAL.acquire(), 3);
/// ```
pub struct Lock<T> {
    raw: RawLock,
    value: UnsafeCell<T>,
}

// SAFETY: the guard is the only way to the value, and there is at most one at a time.
unsafe impl<T: Send> Send for Lock<T> {}
// SAFETY: as above: sharing the lock hands the value from thread to thread, never shares it.
unsafe impl<T: Send> Sync for Lock<T> {}

// What a panic leaves half changed is poisoned.
impl<T> UnwindSafe for Lock<T> {}
impl<T> RefUnwindSafe for Lock<T> {}

impl<T> Lock<T> {
    const_fn! {
        /// A free lock around `value`.
        ///
        /// # Examples
        ///
        /// ```
        /// use raddle::sync::Lock;
        ///
        /// static NAMES: Lock<Vec<String>> = Lock::new(Vec::new());
        /// NAMES.acquire().push("first".to_owned());
        /// assert_eq!(NAMES.acquire().len(), 1);
        /// ```
        pub fn new(value: T) -> Self {
            Self { raw: RawLock::new(), value: UnsafeCell::new(value) }
        }
    }

    /// The value of a lock that nobody else can reach any more.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Lock;
    ///
    /// let names = Lock::new(vec!["first"]);
    /// names.acquire().push("second");
    /// assert_eq!(names.into_inner(), ["first", "second"]);
    /// ```
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }

    /// Acquires the lock, and waits for it as long as it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Lock;
    ///
    /// let balance = Lock::new(100);
    /// std::thread::scope(|scope| {
    ///     for _ in 0..4 {
    ///         scope.spawn(|| {
    ///             let mut balance = balance.acquire();
    ///             *balance += 10;
    ///         });
    ///     }
    /// });
    /// assert_eq!(*balance.acquire(), 140);
    /// ```
    #[inline]
    #[track_caller]
    pub fn acquire(&self) -> LockGuard<'_, T> {
        // A lock that is acquired so is not poisoned. To look nevertheless would cost a tenth: a load from the word that has just been changed.
        if self.raw.try_acquire_only(WaitKind::Lock, Location::caller()) {
            LockGuard::of_healthy(self)
        } else {
            self.acquire_slow()
        }
    }

    #[cold]
    #[track_caller]
    fn acquire_slow(&self) -> LockGuard<'_, T> {
        self.raw.acquire_or_fail();
        LockGuard::new(self)
    }

    /// Acquires the lock if it is free.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Lock;
    ///
    /// let lock = Lock::new(1);
    /// let guard = lock.try_acquire().expect("nobody has it");
    /// assert!(lock.try_acquire().is_none());
    /// drop(guard);
    /// assert!(lock.try_acquire().is_some());
    /// ```
    #[inline]
    #[track_caller]
    pub fn try_acquire(&self) -> Option<LockGuard<'_, T>> {
        if self.raw.try_acquire() { Some(LockGuard::new(self)) } else { None }
    }

    /// Acquires the lock, and waits for it for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if somebody else held it all that time.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::{Lock, TimedOut};
    /// use std::time::Duration;
    ///
    /// let lock = Lock::new(1);
    /// let guard = lock.acquire();
    /// assert_eq!(lock.acquire_timeout(Duration::from_millis(1)).err(), Some(TimedOut));
    /// drop(guard);
    /// assert_eq!(*lock.acquire_timeout(Duration::from_secs(1))?, 1);
    /// # Ok::<(), TimedOut>(())
    /// ```
    #[track_caller]
    pub fn acquire_timeout(&self, timeout: Duration) -> Result<LockGuard<'_, T>, TimedOut> {
        self.acquire_by(Deadline::after(timeout))
    }

    /// Acquires the lock, and waits for it until `instant` at most.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if somebody else held it all that time.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Lock;
    /// use std::time::{Duration, Instant};
    ///
    /// // One limit for several waits.
    /// let limit = Instant::now() + Duration::from_secs(1);
    /// let (first, second) = (Lock::new(1), Lock::new(2));
    /// let sum = *first.acquire_until(limit)? + *second.acquire_until(limit)?;
    /// assert_eq!(sum, 3);
    /// # Ok::<(), raddle::sync::TimedOut>(())
    /// ```
    #[track_caller]
    pub fn acquire_until(&self, instant: Instant) -> Result<LockGuard<'_, T>, TimedOut> {
        self.acquire_by(Deadline::at(instant))
    }

    #[track_caller]
    fn acquire_by(&self, deadline: Deadline) -> Result<LockGuard<'_, T>, TimedOut> {
        self.acquire_with(deadline, &mut Thread).map_err(|_| TimedOut)
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
    /// use raddle::sync::Lock;
    ///
    /// let lock = Lock::new(1);
    /// let guard = lock.acquire();
    /// assert_eq!(lock.acquire_with(Deadline::PASSED, &mut Thread).err(), Some(Failed::TimedOut));
    /// ```
    #[track_caller]
    pub fn acquire_with<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<LockGuard<'_, T>, Failed> {
        self.raw.acquire_with(deadline, waiter).map(|()| LockGuard::new(self))
    }

    /// Whether somebody holds the lock. True or false by the time you look.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Lock;
    ///
    /// let lock = Lock::new(1);
    /// let guard = lock.acquire();
    /// assert!(lock.is_locked());
    /// drop(guard);
    /// assert!(!lock.is_locked());
    /// ```
    pub fn is_locked(&self) -> bool {
        self.raw.is_locked()
    }

    /// Whether a panic has dropped a guard of this lock: see above under *Panics*.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Lock;
    ///
    /// static LOCK: Lock<()> = Lock::new(());
    ///
    /// let failed = std::thread::spawn(|| {
    ///     let _held = LOCK.acquire();
    ///     panic!("in the middle of a change");
    /// });
    /// assert!(failed.join().is_err());
    /// assert!(LOCK.is_poisoned());
    /// ```
    pub fn is_poisoned(&self) -> bool {
        self.raw.permits.is_poisoned()
    }

    /// Says that the value is well again, or that it does not matter: the lock can be acquired as before.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Lock;
    ///
    /// let lock = Lock::new(());
    /// let failed = std::panic::catch_unwind(|| {
    ///     let _held = lock.acquire();
    ///     panic!("in the middle of a change");
    /// });
    /// assert!(failed.is_err() && lock.is_poisoned());
    /// lock.clear_poison();
    /// drop(lock.acquire());
    /// ```
    pub fn clear_poison(&self) {
        self.raw.permits.set_poisoned(false);
    }

    /// Acquires the lock, and waits for it as long as it takes; a panic while the guard lives does not poison it.
    #[track_caller]
    pub(crate) fn acquire_unpoisoned(&self) -> LockGuard<'_, T> {
        self.raw.acquire();
        LockGuard { lock: self, calm: Calm::always(), not_send: PhantomData }
    }

    /// As [`Lock::acquire_unpoisoned`], in the way of `waiter`.
    #[track_caller]
    pub(crate) fn acquire_unpoisoned_with<W: Waiter>(
        &self,
        deadline: Deadline,
        waiter: &mut W,
    ) -> Result<LockGuard<'_, T>, Failed> {
        self.raw.acquire_with(deadline, waiter)?;
        Ok(LockGuard { lock: self, calm: Calm::always(), not_send: PhantomData })
    }
}

impl<T: Default> Default for Lock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Lock<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Lock");
        if self.raw.try_acquire() {
            let guard = LockGuard { lock: self, calm: Calm::always(), not_send: PhantomData };
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

/// The right to the value of a [`Lock`]; dropping it releases the lock.
///
/// It stays in the thread that acquired the lock, for that is the one that others wait for:
///
/// ```compile_fail,E0277
/// use raddle::sync::Lock;
///
/// static TOTAL: Lock<u64> = Lock::new(0);
///
/// let guard = TOTAL.acquire();
/// std::thread::spawn(move || drop(guard));
/// ```
///
/// # Examples
///
/// ```
/// use raddle::sync::{Lock, LockGuard};
///
/// fn double(mut value: LockGuard<'_, u32>) {
///     *value *= 2;
///     // The lock is released here.
/// }
///
/// let lock = Lock::new(21);
/// double(lock.acquire());
/// assert_eq!(*lock.acquire(), 42);
/// ```
#[must_use = "the lock is released at once if the guard is dropped"]
pub struct LockGuard<'a, T> {
    lock: &'a Lock<T>,
    calm: Calm,
    // Not `Send`. It would be sound; but whoever waits for the lock waits for the thread that has the guard, and a guard that moved in silence
    // would make others wait, as far as anybody can tell, for a thread that has nothing of theirs. Reports of deadlocks would be wrong.
    not_send: PhantomData<*mut T>,
}

// SAFETY: a shared guard gives shared access to the value.
unsafe impl<T: Sync> Sync for LockGuard<'_, T> {}

impl<'a, T> LockGuard<'a, T> {
    /// The guard of a lock that has just been acquired. If that is refused, it is released again.
    #[inline]
    #[track_caller]
    fn new(lock: &'a Lock<T>) -> Self {
        let calm = Calm::let_in(lock.is_poisoned(), || lock.raw.release());
        Self { lock, calm, not_send: PhantomData }
    }

    /// The guard of a lock that has just been acquired, and was not poisoned.
    #[inline]
    fn of_healthy(lock: &'a Lock<T>) -> Self {
        Self { lock, calm: Calm::now(), not_send: PhantomData }
    }

    #[inline]
    #[track_caller]
    pub(super) fn refuse_if_poisoned(&self) {
        self.calm.refuse_if(self.lock.is_poisoned());
    }

    pub(super) fn raw(&self) -> &'a RawLock {
        &self.lock.raw
    }
}

impl<T> Deref for LockGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the lock is held as long as the guard lives.
        self.lock.value.with(|value| unsafe { &*value })
    }
}

impl<T> DerefMut for LockGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and the guard is borrowed mutably.
        self.lock.value.with_mut(|value| unsafe { &mut *value })
    }
}

impl<T> Drop for LockGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if self.calm.is_over() {
            self.lock.raw.permits.set_poisoned(true);
        }
        let released = self.lock.raw.release();
        debug_assert!(released.is_some(), "a guard's lock is held");
    }
}

impl<T: fmt::Debug> fmt::Debug for LockGuard<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

/// A lock without a value and without a guard: for [`Condition`](super::Condition)s, and for bindings to other languages.
///
/// Any thread may release it. Fairness is that of [`Lock`].
///
/// # Examples
///
/// ```
/// use raddle::sync::RawLock;
///
/// static LOCK: RawLock = RawLock::new();
///
/// LOCK.acquire();
/// std::thread::spawn(|| LOCK.release()).join().unwrap();
/// assert!(!LOCK.is_locked());
/// ```
#[derive(Debug)]
#[repr(C)]
pub struct RawLock {
    permits: Permits,
    /// Who acquired it: advice, for another thread may release it. 0 while it is free, and for an
    /// instant after it was acquired.
    owner: AtomicU64,
}

impl RawLock {
    const_fn! {
        /// A free lock.
        ///
        /// # Examples
        ///
        /// ```
        /// use raddle::sync::RawLock;
        ///
        /// static LOCK: RawLock = RawLock::new();
        /// assert!(!LOCK.is_locked());
        /// ```
        pub fn new() -> Self {
            Self { permits: Permits::one(), owner: AtomicU64::new(0) }
        }
    }

    /// A free lock for threads that take turns, such as those that are attached to an interpreter with a global lock. As long as nobody waits for it, it costs
    /// no atomic exchange. Needs the feature `turns`.
    ///
    /// # Safety
    ///
    /// All who call functions of this lock hold one and the same other lock meanwhile. They let go of that, if at all, in functions of their
    /// [`Waiter`], or where a value of theirs is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RawLock;
    ///
    /// // SAFETY: only this thread knows the lock.
    /// let lock = unsafe { RawLock::in_turn() };
    /// assert!(lock.try_acquire());
    /// ```
    #[must_use]
    #[cfg(feature = "turns")]
    pub unsafe fn in_turn() -> Self {
        // SAFETY: the caller's promise.
        Self { permits: unsafe { Permits::in_turn(1) }, owner: AtomicU64::new(0) }
    }

    /// Acquires the lock, and waits for it as long as it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RawLock;
    ///
    /// let lock = RawLock::new();
    /// lock.acquire();
    /// assert!(lock.is_locked());
    /// lock.release();
    /// ```
    #[inline]
    #[track_caller]
    pub fn acquire(&self) {
        if !self.try_acquire_only(WaitKind::Lock, Location::caller()) {
            self.acquire_or_fail();
        }
    }

    #[cold]
    #[track_caller]
    fn acquire_or_fail(&self) {
        let mut waiter = Infallible::default();
        let site = Location::caller();
        if self.acquire_slow(Wanted::from(self, Some(site)), site, Deadline::NEVER, &mut waiter).is_err() {
            waiter.fail();
        }
    }

    /// Acquires the lock if it is free.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RawLock;
    ///
    /// let lock = RawLock::new();
    /// assert!(lock.try_acquire());
    /// assert!(!lock.try_acquire());
    /// ```
    #[inline]
    #[track_caller]
    pub fn try_acquire(&self) -> bool {
        self.try_acquire_as(WaitKind::Lock)
    }

    /// Acquires the lock if it is free, nobody waits, and it is neither a signal nor poisoned.
    #[inline]
    fn try_acquire_only(&self, kind: WaitKind, site: &'static Location<'static>) -> bool {
        let acquired = self.permits.try_acquire_only();
        if acquired {
            self.own(kind, site);
        }
        acquired
    }

    #[inline]
    #[track_caller]
    pub(super) fn try_acquire_as(&self, kind: WaitKind) -> bool {
        let site = Location::caller();
        self.try_acquire_only(kind, site) || self.try_acquire_slow(kind, site)
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
    /// use raddle::sync::RawLock;
    /// use std::time::Duration;
    ///
    /// let lock = RawLock::new();
    /// lock.acquire();
    /// let soon = Deadline::after(Duration::from_millis(1));
    /// assert_eq!(lock.acquire_with(soon, &mut Thread), Err(Failed::TimedOut));
    /// ```
    #[inline]
    #[track_caller]
    pub fn acquire_with<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<(), Failed> {
        self.acquire_as(Wanted::from(self, Some(Location::caller())), deadline, waiter)
    }

    #[inline]
    #[track_caller]
    pub(super) fn acquire_as<W: Waiter>(
        &self,
        wanted: Wanted<'_>,
        deadline: Deadline,
        waiter: &mut W,
    ) -> Result<(), Failed> {
        let site = Location::caller();
        if self.try_acquire_only(wanted.kind, site) {
            return Ok(());
        }
        self.acquire_slow(wanted, site, deadline, waiter)
    }

    /// Acquires a lock that was not free a moment ago, or has something to say. Looks before it tries: each further exchange in vain would take the word away
    /// from the processor of whoever has the lock.
    #[cold]
    fn acquire_slow<W: Waiter>(
        &self,
        wanted: Wanted<'_>,
        site: &'static Location<'static>,
        deadline: Deadline,
        waiter: &mut W,
    ) -> Result<(), Failed> {
        let kind = wanted.kind;
        self.permits.acquire(wanted, deadline, waiter)?;
        self.own_after_a_look(kind, site);
        Ok(())
    }

    #[cold]
    fn try_acquire_slow(&self, kind: WaitKind, site: &'static Location<'static>) -> bool {
        let acquired = self.permits.try_acquire();
        if acquired {
            self.own_after_a_look(kind, site);
        }
        acquired
    }

    /// Releases the lock; `None` if it was not held.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RawLock;
    ///
    /// let lock = RawLock::new();
    /// lock.acquire();
    /// assert_eq!(lock.release(), Some(()));
    /// assert_eq!(lock.release(), None);
    /// ```
    #[inline]
    pub fn release(&self) -> Option<()> {
        let record = current();
        if self.owner_number() == record.owner() { self.release_own(record) } else { self.release_anothers() }
    }

    /// Releases the lock, which the current thread owns.
    #[inline]
    pub(super) fn release_own(&self, record: &Record) -> Option<()> {
        // Before the lock is free: afterwards the word belongs to the next owner.
        self.owner.store(0, Ordering::Relaxed);
        record.held.remove(self.address());
        if self.permits.try_release_only() { Some(()) } else { self.release_slow() }
    }

    #[cold]
    fn release_slow(&self) -> Option<()> {
        self.permits.release(1, 1).ok()
    }

    #[cold]
    fn release_anothers(&self) -> Option<()> {
        self.disown();
        self.permits.release_as_signal(1, 1).ok()
    }

    /// Takes the lock away from whoever is known to own it.
    fn disown(&self) {
        let owner = self.owner_number();
        self.owner.store(0, Ordering::Relaxed);
        if let Some(owner) = by_owner(owner) {
            owner.held.remove_foreign(self.address());
        }
    }

    /// Whether somebody holds the lock.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RawLock;
    ///
    /// let lock = RawLock::new();
    /// lock.acquire();
    /// assert!(lock.is_locked());
    /// ```
    #[inline]
    pub fn is_locked(&self) -> bool {
        self.permits.available() == 0
    }

    /// The thread that acquired the lock, as far as that is known: another one may release it.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RawLock;
    /// use raddle::thread::ThreadId;
    ///
    /// let lock = RawLock::new();
    /// assert_eq!(lock.owner(), None);
    /// lock.acquire();
    /// assert_eq!(lock.owner(), Some(ThreadId::current()));
    /// ```
    pub fn owner(&self) -> Option<ThreadId> {
        ThreadId::from_number(self.owner.load(Ordering::Relaxed))
    }

    /// How many threads wait for the lock.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RawLock;
    ///
    /// let lock = RawLock::new();
    /// lock.acquire();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| lock.acquire());
    ///     while lock.waiting() < 1 {
    ///         std::thread::yield_now();
    ///     }
    ///     lock.release();
    /// });
    /// assert_eq!(lock.waiting(), 0);
    /// ```
    pub fn waiting(&self) -> usize {
        self.permits.waiting()
    }

    /// Makes the lock free, whatever its state.
    ///
    /// For the child of a fork, in which a thread that does not exist may hold it; those of the parent that waited are forgotten. The caller sees to it that
    /// no thread of this process holds it. One that waits for it nevertheless gets it.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RawLock;
    ///
    /// let lock = RawLock::new();
    /// lock.acquire();
    /// // In the child, where the thread that held it does not exist.
    /// lock.reset_after_fork();
    /// assert!(lock.try_acquire());
    /// ```
    pub fn reset_after_fork(&self) {
        self.disown();
        self.permits.reset(1);
    }

    #[inline]
    fn own(&self, kind: WaitKind, site: &'static Location<'static>) {
        let record = current();
        // ORDERING: Relaxed: it says who, and guards nothing.
        self.owner.store(record.owner(), Ordering::Relaxed);
        record.held.add(self.address(), kind, site);
    }

    /// As [`RawLock::own`], for a lock that may be a signal: that is nobody's.
    pub(super) fn own_after_a_look(&self, kind: WaitKind, site: &'static Location<'static>) {
        if self.permits.is_signal() {
            self.owner.store(current().owner(), Ordering::Relaxed);
        } else {
            self.own(kind, site);
        }
    }

    /// The address by which the lock is known to others.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RawLock;
    ///
    /// let (one, other) = (RawLock::new(), RawLock::new());
    /// assert_ne!(one.address(), other.address());
    /// ```
    #[inline]
    pub fn address(&self) -> usize {
        std::ptr::from_ref(&self.permits).addr()
    }

    #[inline]
    pub(super) fn owner_number(&self) -> u64 {
        self.owner.load(Ordering::Relaxed)
    }

    pub(super) fn permits(&self) -> &Permits {
        &self.permits
    }
}

impl Drop for RawLock {
    fn drop(&mut self) {
        // A lock may end while it is held; its address will be another object's.
        if self.owner_number() != 0 {
            self.disown();
        }
    }
}

impl Blocker for RawLock {
    fn whom(&self) -> Whom {
        if self.permits.is_signal() { Whom::Unknown } else { Whom::thread(self.owner_number()) }
    }

    fn is_certain(&self) -> bool {
        false
    }

    fn kind(&self) -> WaitKind {
        WaitKind::Lock
    }

    fn address(&self) -> usize {
        Self::address(self)
    }
}

impl Default for RawLock {
    fn default() -> Self {
        Self::new()
    }
}
