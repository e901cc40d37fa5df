//! Floor 3: locks, reader-writer locks, conditions, semaphores, events, barriers.

mod barrier;
mod condition;
mod event;
mod lock;
mod permits;
mod poison;
mod rlock;
mod rwlock;
mod semaphore;

pub use barrier::{Arrival, Barrier, BarrierError, BrokenBarrier, LastParty};
pub use condition::{Condition, ConditionGuard, ConditionLock};
pub use event::Event;
pub use lock::{Lock, LockGuard, RawLock};
pub use rlock::{RLock, RLockGuard, RawRLock};
pub use rwlock::{RawRwLock, RwLock, RwLockReadGuard, RwLockWriteGuard};
pub use semaphore::{BoundedSemaphore, OverRelease, Semaphore, SemaphoreGuard};

use std::fmt;

/// The deadline passed before the call had what it waited for.
///
/// # Examples
///
/// ```
/// use raddle::sync::{Event, TimedOut};
/// use std::time::Duration;
///
/// fn both(first: &Event, second: &Event) -> Result<(), TimedOut> {
///     first.wait_timeout(Duration::from_millis(1))?;
///     second.wait_timeout(Duration::from_millis(1))
/// }
///
/// assert_eq!(both(&Event::new(), &Event::new()), Err(TimedOut));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOut;

impl fmt::Display for TimedOut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the deadline passed before the wait was over")
    }
}

impl std::error::Error for TimedOut {}
