//! Pools of another library's making, such as a binding's, made known to snapshots.

use crate::park::current;
use crate::probe::{State, Subject, Trace, WaitKind};

pub use crate::probe::PoolState;

/// A pool whose workers and whose tasks are not this library's, and that wants to be seen in snapshots.
///
/// It is known by an address, which is also what its [workers](work_for) say that they work for.
///
/// # Examples
///
/// ```
/// use raddle::diagnostics;
/// use raddle::futures::{ForeignPool, LookAtPool, PoolState, begin_task, end_task, work_for};
/// use std::sync::Arc;
///
/// struct Counters {
///     max_workers: usize,
/// }
///
/// // SAFETY: it never changes.
/// unsafe impl LookAtPool for Counters {
///     fn look(&self) -> PoolState {
///         PoolState { max_workers: self.max_workers, backlog: 0, is_shut_down: false }
///     }
/// }
///
/// let known = ForeignPool::new();
/// let counters = Arc::new(Counters { max_workers: 3 });
/// let address = Arc::as_ptr(&counters).addr();
/// // SAFETY: they are shared, so they stay where they are, and live as long as this function.
/// unsafe { known.make_known(address, Arc::as_ptr(&counters)) };
///
/// work_for(address);
/// begin_task();
/// # #[cfg(feature = "probe")]
/// # {
/// let snapshot = diagnostics::snapshot();
/// let pool = snapshot.pools.iter().find(|pool| pool.object == address).unwrap();
/// assert_eq!((pool.max_workers, pool.workers.len(), pool.idle), (3, 1, 0));
/// # }
/// end_task();
/// work_for(0);
/// drop(known);
/// ```
#[derive(Debug)]
pub struct ForeignPool {
    trace: Trace,
}

/// What can be looked at without stopping anybody.
///
/// # Safety
///
/// [`LookAtPool::look`] may be called by any thread at any time while the value lives. It is short, enters no lock that is held for longer than a
/// moment, and runs no foreign code.
///
/// # Examples
///
/// ```
/// use raddle::futures::{LookAtPool, PoolState};
///
/// struct Counters {
///     max_workers: usize,
/// }
///
/// // SAFETY: it never changes.
/// unsafe impl LookAtPool for Counters {
///     fn look(&self) -> PoolState {
///         PoolState { max_workers: self.max_workers, backlog: 0, is_shut_down: false }
///     }
/// }
///
/// assert_eq!(Counters { max_workers: 3 }.look().max_workers, 3);
/// ```
pub unsafe trait LookAtPool: Sync {
    /// What the pool says of itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{LookAtPool, PoolState};
    ///
    /// struct Counters {
    ///     max_workers: usize,
    /// }
    ///
    /// // SAFETY: it never changes.
    /// unsafe impl LookAtPool for Counters {
    ///     fn look(&self) -> PoolState {
    ///         PoolState { max_workers: self.max_workers, backlog: 0, is_shut_down: false }
    ///     }
    /// }
    ///
    /// assert!(!Counters { max_workers: 3 }.look().is_shut_down);
    /// ```
    fn look(&self) -> PoolState;
}

impl ForeignPool {
    /// One that nobody knows yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::diagnostics;
    /// use raddle::futures::ForeignPool;
    ///
    /// let _known = ForeignPool::new();
    /// assert!(diagnostics::snapshot().pools.is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self { trace: Trace::new() }
    }

    /// Makes the pool known by `address`, from now on, until this is dropped. Without effect if that has been done before.
    ///
    /// # Safety
    ///
    /// `pool` stays where it is, and lives until this is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{ForeignPool, LookAtPool, PoolState};
    ///
    /// struct Counters {
    ///     max_workers: usize,
    /// }
    ///
    /// // SAFETY: it never changes.
    /// unsafe impl LookAtPool for Counters {
    ///     fn look(&self) -> PoolState {
    ///         PoolState { max_workers: self.max_workers, backlog: 0, is_shut_down: false }
    ///     }
    /// }
    ///
    /// static COUNTERS: Counters = Counters { max_workers: 3 };
    ///
    /// let known = ForeignPool::new();
    /// // SAFETY: a static stays where it is, for ever.
    /// unsafe { known.make_known(std::ptr::from_ref(&COUNTERS).addr(), &raw const COUNTERS) };
    /// ```
    pub unsafe fn make_known<P: LookAtPool>(&self, address: usize, pool: *const P) {
        /// # Safety
        ///
        /// `pool` is one that lives.
        unsafe fn look<P: LookAtPool>(pool: *const ()) -> State {
            // SAFETY: the caller's promise.
            State::Pool(unsafe { &*pool.cast::<P>() }.look())
        }
        // SAFETY: the caller's promise, and that of `LookAtPool`.
        let subject = unsafe { Subject::new(pool.cast(), look::<P>) };
        self.trace.begin(WaitKind::Task, address, Some(subject));
    }
}

impl Default for ForeignPool {
    fn default() -> Self {
        Self::new()
    }
}

/// The current thread is a worker of the pool with this address from now on; of none if that is 0.
///
/// # Examples
///
/// ```
/// use raddle::futures::{ForeignPool, work_for};
///
/// let known = Box::new(ForeignPool::new());
/// work_for(std::ptr::from_ref(&*known).addr());
/// // And when it leaves:
/// work_for(0);
/// ```
pub fn work_for(pool: usize) {
    current().work.set_pool(pool);
}

/// The current thread, a worker of a [`ForeignPool`], begins a task.
///
/// # Examples
///
/// ```
/// use raddle::futures::{begin_task, end_task};
///
/// let task = || 6 * 7;
/// begin_task();
/// let result = task();
/// end_task();
/// assert_eq!(result, 42);
/// ```
#[inline]
pub fn begin_task() {
    current().work.begin(None);
}

/// The current thread has done the task.
///
/// # Examples
///
/// ```
/// use raddle::futures::{begin_task, end_task};
///
/// let task = || 6 * 7;
/// begin_task();
/// let result = task();
/// end_task();
/// assert_eq!(result, 42);
/// ```
#[inline]
pub fn end_task() {
    current().work.end();
}
