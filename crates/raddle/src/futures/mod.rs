//! Floor 6: futures, and the pool of threads that bring their results.

mod as_completed;
mod backlog;
mod builder;
mod countdown;
mod ending;
mod foreign;
mod future;
mod map;
mod pool;
mod promise;
mod scope;
mod slot;
mod task;
mod wait;

pub use as_completed::{AsCompleted, NextError, as_completed};
pub use builder::Builder;
pub use countdown::Countdown;
pub use ending::{Ending, FutureError, Panic, ResultError};
pub use foreign::{ForeignPool, LookAtPool, PoolState, begin_task, end_task, work_for};
pub use future::Future;
pub use map::Map;
pub use pool::{SubmitError, ThreadPoolExecutor};
pub use promise::{Promise, promise};
pub use scope::Scope;
pub use slot::{Begun, Cancelled, NotDone, RetiredSlot, Slot, Stage, Watcher};
pub use wait::{ReturnWhen, Waited, wait, wait_timeout, wait_until, wait_with};
