//! A semaphore: a number of threads at a time.

use std::fmt;
use std::time::{Duration, Instant};

use super::TimedOut;
use super::permits::{MAX_PERMITS, Permits};
use crate::park::{Deadline, Failed, Thread, Waiter, Wanted};
use crate::probe::WaitKind;
use crate::sys::const_fn;

/// A number of permits: each thread takes one, and gives it back, or leaves that to another.
///
/// # Fairness
///
/// Threads that run may take a free permit ahead of threads that wait. Those are woken in the order of their arrival, and
/// one that has competed in vain for a millisecond is handed the next permit.
///
/// # Timeouts
///
/// [`Semaphore::acquire_timeout`] and [`Semaphore::acquire_until`] give up at a moment of the monotonic clock.
///
/// # Interruption
///
/// Signals do not end a wait.
///
/// # Differences from CPython
///
/// At most [`Semaphore::MAX_PERMITS`] permits exist.
///
/// # Examples
///
/// ```
/// use raddle::sync::Semaphore;
///
/// let connections = Semaphore::new(2);
/// let first = connections.guard();
/// let second = connections.guard();
/// assert!(!connections.try_acquire());
/// drop(first);
/// assert!(connections.try_acquire());
/// ```
#[derive(Debug)]
pub struct Semaphore {
    permits: Permits,
}

impl Semaphore {
    /// The most permits that can be free at a time: 2⁴⁰ − 1.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::{OverRelease, Semaphore};
    ///
    /// let full = Semaphore::new(Semaphore::MAX_PERMITS);
    /// assert_eq!(full.release(1), Err(OverRelease));
    /// ```
    pub const MAX_PERMITS: u64 = MAX_PERMITS;

    const_fn! {
        /// A semaphore with `permits` free permits; with [`Semaphore::MAX_PERMITS`] if that is less.
        ///
        /// # Examples
        ///
        /// ```
        /// use raddle::sync::Semaphore;
        ///
        /// static CONNECTIONS: Semaphore = Semaphore::new(8);
        /// assert_eq!(CONNECTIONS.available(), 8);
        /// ```
        pub fn new(permits: u64) -> Self {
            Self { permits: Permits::new(if permits < MAX_PERMITS { permits } else { MAX_PERMITS }) }
        }
    }

    /// As [`Semaphore::new`], for threads that take turns: see [`RawLock::in_turn`](super::RawLock::in_turn).
    ///
    /// # Safety
    ///
    /// As there.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Semaphore;
    ///
    /// // SAFETY: only this thread knows the semaphore.
    /// let semaphore = unsafe { Semaphore::in_turn(2) };
    /// assert!(semaphore.try_acquire());
    /// ```
    #[must_use]
    #[cfg(feature = "turns")]
    pub unsafe fn in_turn(permits: u64) -> Self {
        // SAFETY: the caller's promise.
        Self { permits: unsafe { Permits::in_turn(permits.min(MAX_PERMITS)) } }
    }

    /// Takes a permit, and waits for one as long as it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Semaphore;
    ///
    /// let items = Semaphore::new(0);
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| items.acquire());
    ///     items.release(1).unwrap();
    /// });
    /// assert_eq!(items.available(), 0);
    /// ```
    pub fn acquire(&self) {
        // A plain thread's wait without a deadline ends with the permit.
        let _ = self.acquire_with(Deadline::NEVER, &mut Thread);
    }

    /// Takes a permit if one is free. True if so.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Semaphore;
    ///
    /// let permits = Semaphore::new(1);
    /// assert!(permits.try_acquire());
    /// assert!(!permits.try_acquire());
    /// ```
    #[inline]
    pub fn try_acquire(&self) -> bool {
        self.permits.try_acquire()
    }

    /// Takes a permit, and waits for one for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if none became free for this thread in that time.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::{Semaphore, TimedOut};
    /// use std::time::Duration;
    ///
    /// let permits = Semaphore::new(0);
    /// assert_eq!(permits.acquire_timeout(Duration::from_millis(1)), Err(TimedOut));
    /// ```
    pub fn acquire_timeout(&self, timeout: Duration) -> Result<(), TimedOut> {
        self.acquire_with(Deadline::after(timeout), &mut Thread).map_err(|_| TimedOut)
    }

    /// Takes a permit, and waits for one until `instant` at most.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if none became free for this thread until then.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Semaphore;
    /// use std::time::Instant;
    ///
    /// let permits = Semaphore::new(1);
    /// assert!(permits.acquire_until(Instant::now()).is_ok());
    /// assert!(permits.acquire_until(Instant::now()).is_err());
    /// ```
    pub fn acquire_until(&self, instant: Instant) -> Result<(), TimedOut> {
        self.acquire_with(Deadline::at(instant), &mut Thread).map_err(|_| TimedOut)
    }

    /// Takes a permit in the way of `waiter`.
    ///
    /// # Errors
    ///
    /// [`Failed`] if the deadline passed, or the waiter was told to stop, before a permit was taken.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Deadline, Failed, Thread};
    /// use raddle::sync::Semaphore;
    ///
    /// let permits = Semaphore::new(0);
    /// assert_eq!(permits.acquire_with(Deadline::PASSED, &mut Thread), Err(Failed::TimedOut));
    /// ```
    #[inline]
    pub fn acquire_with<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<(), Failed> {
        self.permits.acquire(Wanted::anybodys(WaitKind::Semaphore), deadline, waiter)
    }

    /// Takes a permit for as long as the guard lives; waits as long as it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Semaphore;
    ///
    /// let permits = Semaphore::new(2);
    /// {
    ///     let _permit = permits.guard();
    ///     assert_eq!(permits.available(), 1);
    /// }
    /// assert_eq!(permits.available(), 2);
    /// ```
    pub fn guard(&self) -> SemaphoreGuard<'_> {
        self.acquire();
        SemaphoreGuard { semaphore: self }
    }

    /// Gives `count` permits back, or adds them.
    ///
    /// # Errors
    ///
    /// [`OverRelease`], and nothing is added, if there would be more than [`Semaphore::MAX_PERMITS`].
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Semaphore;
    ///
    /// let items = Semaphore::new(0);
    /// items.release(3)?;
    /// assert_eq!(items.available(), 3);
    /// # Ok::<(), raddle::sync::OverRelease>(())
    /// ```
    #[inline]
    pub fn release(&self, count: u64) -> Result<(), OverRelease> {
        self.permits.release(count, MAX_PERMITS).map_err(|_| OverRelease)
    }

    /// Gives `count` permits back if at most `bound` are free after that.
    ///
    /// # Errors
    ///
    /// [`OverRelease`], and nothing is added, if there would be more.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::{OverRelease, Semaphore};
    ///
    /// let permits = Semaphore::new(1);
    /// assert_eq!(permits.release_within(1, 2), Ok(()));
    /// assert_eq!(permits.release_within(1, 2), Err(OverRelease));
    /// ```
    #[inline]
    pub fn release_within(&self, count: u64, bound: u64) -> Result<(), OverRelease> {
        self.permits.release(count, bound.min(MAX_PERMITS)).map_err(|_| OverRelease)
    }

    /// How many permits are free.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(raddle::sync::Semaphore::new(2).available(), 2);
    /// ```
    pub fn available(&self) -> u64 {
        self.permits.available()
    }

    /// How many threads wait for one.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Semaphore;
    ///
    /// let permits = Semaphore::new(0);
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| permits.acquire());
    ///     while permits.waiting() < 1 {
    ///         std::thread::yield_now();
    ///     }
    ///     permits.release(1).unwrap();
    /// });
    /// ```
    pub fn waiting(&self) -> usize {
        self.permits.waiting()
    }

    /// Sets the number of free permits: see [`RawLock::reset_after_fork`](super::RawLock::reset_after_fork).
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Semaphore;
    ///
    /// let permits = Semaphore::new(2);
    /// permits.acquire();
    /// // In the child, where the thread that has the permit does not exist.
    /// permits.reset_after_fork(2);
    /// assert_eq!(permits.available(), 2);
    /// ```
    pub fn reset_after_fork(&self, permits: u64) {
        self.permits.reset(permits.min(MAX_PERMITS));
    }
}

/// A permit of a [`Semaphore`]; dropping it gives the permit back.
///
/// # Examples
///
/// ```
/// use raddle::sync::Semaphore;
///
/// let permits = Semaphore::new(1);
/// let permit = permits.guard();
/// assert!(!permits.try_acquire());
/// drop(permit);
/// assert!(permits.try_acquire());
/// ```
#[derive(Debug)]
#[must_use = "the permit is given back at once if the guard is dropped"]
pub struct SemaphoreGuard<'a> {
    // `Send`: a permit is nobody's, and whoever has it may give it back.
    semaphore: &'a Semaphore,
}

impl Drop for SemaphoreGuard<'_> {
    fn drop(&mut self) {
        // Refused only if others have added permits up to the limit meanwhile, and then this one is not missed.
        let _ = self.semaphore.release(1);
    }
}

/// A [`Semaphore`] that refuses more permits than it began with.
///
/// Fairness, timeouts and interruption are those of [`Semaphore`].
///
/// # Examples
///
/// ```
/// use raddle::sync::BoundedSemaphore;
///
/// let slots = BoundedSemaphore::new(1);
/// assert!(slots.release(1).is_err());
/// slots.acquire();
/// assert!(slots.release(1).is_ok());
/// ```
#[derive(Debug)]
pub struct BoundedSemaphore {
    semaphore: Semaphore,
    bound: u64,
}

impl BoundedSemaphore {
    const_fn! {
        /// A semaphore with `permits` free permits, and never more.
        ///
        /// # Examples
        ///
        /// ```
        /// use raddle::sync::BoundedSemaphore;
        ///
        /// static SLOTS: BoundedSemaphore = BoundedSemaphore::new(4);
        /// assert_eq!((SLOTS.available(), SLOTS.bound()), (4, 4));
        /// ```
        pub fn new(permits: u64) -> Self {
            Self { semaphore: Semaphore::new(permits), bound: if permits < MAX_PERMITS { permits } else { MAX_PERMITS } }
        }
    }

    /// Takes a permit, and waits for one as long as it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::BoundedSemaphore;
    ///
    /// let slots = BoundedSemaphore::new(1);
    /// slots.acquire();
    /// assert_eq!(slots.available(), 0);
    /// ```
    pub fn acquire(&self) {
        self.semaphore.acquire();
    }

    /// Takes a permit if one is free. True if so.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::BoundedSemaphore;
    ///
    /// let slots = BoundedSemaphore::new(1);
    /// assert!(slots.try_acquire());
    /// assert!(!slots.try_acquire());
    /// ```
    #[inline]
    pub fn try_acquire(&self) -> bool {
        self.semaphore.try_acquire()
    }

    /// Takes a permit, and waits for one for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if none became free for this thread in that time.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::{BoundedSemaphore, TimedOut};
    /// use std::time::Duration;
    ///
    /// let slots = BoundedSemaphore::new(0);
    /// assert_eq!(slots.acquire_timeout(Duration::from_millis(1)), Err(TimedOut));
    /// ```
    pub fn acquire_timeout(&self, timeout: Duration) -> Result<(), TimedOut> {
        self.semaphore.acquire_timeout(timeout)
    }

    /// Takes a permit, and waits for one until `instant` at most.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if none became free for this thread until then.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::BoundedSemaphore;
    /// use std::time::Instant;
    ///
    /// let slots = BoundedSemaphore::new(1);
    /// assert!(slots.acquire_until(Instant::now()).is_ok());
    /// assert!(slots.acquire_until(Instant::now()).is_err());
    /// ```
    pub fn acquire_until(&self, instant: Instant) -> Result<(), TimedOut> {
        self.semaphore.acquire_until(instant)
    }

    /// Takes a permit in the way of `waiter`.
    ///
    /// # Errors
    ///
    /// [`Failed`] if the deadline passed, or the waiter was told to stop, before a permit was taken.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Deadline, Failed, Thread};
    /// use raddle::sync::BoundedSemaphore;
    ///
    /// let slots = BoundedSemaphore::new(0);
    /// assert_eq!(slots.acquire_with(Deadline::PASSED, &mut Thread), Err(Failed::TimedOut));
    /// ```
    #[inline]
    pub fn acquire_with<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<(), Failed> {
        self.semaphore.acquire_with(deadline, waiter)
    }

    /// Takes a permit for as long as the guard lives; waits as long as it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::BoundedSemaphore;
    ///
    /// let slots = BoundedSemaphore::new(1);
    /// drop(slots.guard());
    /// assert_eq!(slots.available(), 1);
    /// ```
    pub fn guard(&self) -> SemaphoreGuard<'_> {
        self.semaphore.guard()
    }

    /// Gives `count` permits back.
    ///
    /// # Errors
    ///
    /// [`OverRelease`], and nothing is given back, if there would be more than in the beginning.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::{BoundedSemaphore, OverRelease};
    ///
    /// let slots = BoundedSemaphore::new(1);
    /// slots.acquire();
    /// assert_eq!(slots.release(1), Ok(()));
    /// assert_eq!(slots.release(1), Err(OverRelease));
    /// ```
    #[inline]
    pub fn release(&self, count: u64) -> Result<(), OverRelease> {
        self.semaphore.release_within(count, self.bound)
    }

    /// How many permits are free.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(raddle::sync::BoundedSemaphore::new(2).available(), 2);
    /// ```
    pub fn available(&self) -> u64 {
        self.semaphore.available()
    }

    /// How many permits there were in the beginning.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::BoundedSemaphore;
    ///
    /// let slots = BoundedSemaphore::new(2);
    /// slots.acquire();
    /// assert_eq!(slots.bound(), 2);
    /// ```
    pub fn bound(&self) -> u64 {
        self.bound
    }

    /// How many threads wait for one.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(raddle::sync::BoundedSemaphore::new(2).waiting(), 0);
    /// ```
    pub fn waiting(&self) -> usize {
        self.semaphore.waiting()
    }
}

/// More permits were released than the semaphore may have.
///
/// # Examples
///
/// ```
/// use raddle::sync::{BoundedSemaphore, OverRelease};
///
/// assert_eq!(BoundedSemaphore::new(1).release(1), Err(OverRelease));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverRelease;

impl fmt::Display for OverRelease {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("semaphore released too many times")
    }
}

impl std::error::Error for OverRelease {}
