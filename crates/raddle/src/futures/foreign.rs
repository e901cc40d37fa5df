//! Pools of another library's making, such as a binding's, made known to snapshots.

use crate::park::current;
use crate::probe::{State, Subject, Trace, WaitKind};

pub use crate::probe::PoolState;

/// A pool whose workers and whose tasks are not this library's, and that wants to be seen in snapshots.
///
/// It is known by an address, which is also what its [workers](work_for) say that they work for.
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
pub unsafe trait LookAtPool: Sync {
    /// What the pool says of itself.
    fn look(&self) -> PoolState;
}

impl ForeignPool {
    /// One that nobody knows yet.
    #[must_use]
    pub fn new() -> Self {
        Self { trace: Trace::new() }
    }

    /// Makes the pool known by `address`, from now on, until this is dropped. Without effect if that has been done before.
    ///
    /// # Safety
    ///
    /// `pool` stays where it is, and lives until this is dropped.
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
pub fn work_for(pool: usize) {
    current().work.set_pool(pool);
}

/// The current thread, a worker of a [`ForeignPool`], begins a task.
#[inline]
pub fn begin_task() {
    current().work.begin(None);
}

/// The current thread has done the task.
#[inline]
pub fn end_task() {
    current().work.end();
}
