//! The lock with the value that it guards.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::{Duration, Instant};

use super::{RawRwLock, RwLockReadGuard, RwLockWriteGuard};
use crate::park::{Deadline, Failed, Thread, Waiter};
use crate::sync::TimedOut;
use crate::sys::{UnsafeCell, const_fn};

/// A lock that guards a `T`: many threads read it, or one writes it.
///
/// A thread that reads may read again, also while a writer waits. It cannot go on to write, and one that writes can do neither: such a thread waits for itself for ever, or
/// for the deadline, and the [diagnosis](crate::diagnostics) says so. [`RwLockWriteGuard::downgrade`] is the way from writing to reading.
///
/// # Fairness
///
/// Threads get the lock in the order of their arrival; readers that stand next to each other share it. Nobody passes those who wait, not even a reader that
/// could share the lock with those who have it. So nobody starves, and under contention each grant waits for a thread to be scheduled: a [`Lock`](crate::sync::Lock)
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
/// A guard that writes, and is dropped by a panic, poisons the lock, as a guard of a [`Lock`](crate::sync::Lock#panics) does. A reader's panic does not.
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
    pub(super) raw: RawRwLock,
    pub(super) value: UnsafeCell<T>,
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
        self.raw.is_poisoned()
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
        self.raw.clear_poison();
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
            let guard = RwLockReadGuard::even_if_poisoned(self);
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
