//! Floor 1: what the library tells about itself.
//!
//! Each thread publishes what it waits for, and which locks it holds. Readers copy values: they never follow a pointer into
//! an object, except under the section in which the waiting thread keeps what it waits for ([`Published::look`]). With the
//! feature `probe` turned off nothing is published, and nothing else changes.

mod kind;

#[cfg(feature = "probe")]
#[path = "enabled.rs"]
mod publish;
#[cfg(not(feature = "probe"))]
#[path = "disabled.rs"]
mod publish;

mod trace;

pub use kind::WaitKind;
pub(crate) use publish::{ENABLED, Held, Published, Work};
pub(crate) use trace::{Known, Subject, Trace, Traced, for_each};

use std::panic::Location;

use crate::sys::Nanoseconds;

/// One wait, as values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wait {
    pub(crate) kind: WaitKind,
    /// The address of the object: its identity, not to be followed.
    pub(crate) object: usize,
    /// The number of the thread whose end is waited for; 0 if it is not that.
    pub(crate) thread: u64,
    pub(crate) since: Nanoseconds,
    pub(crate) deadline: Option<Nanoseconds>,
    /// Counts the waits of the thread, so that two looks can tell the same wait from the next one.
    pub(crate) number: u64,
    /// Where the source code waits, where that is known.
    pub(crate) site: Option<&'static Location<'static>>,
    /// Whether its thread wants to hear of deadlocks.
    pub(crate) is_watched: bool,
    /// Whether a deadlock that is certain ends it.
    pub(crate) ends_at_deadlocks: bool,
    /// What the floor above has put beside the wait: valid inside of [`Published::look`], and nowhere else.
    pub(crate) source: Source,
}

/// A pointer that means something to the floor above, while its wait is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source(pub(crate) *const ());

// SAFETY: a value, until somebody follows it, who argues for that.
unsafe impl Send for Source {}

/// What an object says of itself, as values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing beyond what its waiters tell.
    Unknown,
    Condition {
        unheard: u64,
    },
    /// Of a semaphore, or of a lock.
    Permits {
        available: u64,
    },
    Event {
        is_set: bool,
    },
    Barrier {
        parties: usize,
        arrived: usize,
        is_broken: bool,
    },
    Queue(QueueState),
    Pool(PoolState),
}

/// What a queue says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QueueState {
    pub(crate) depth: usize,
    /// 0: any number of items.
    pub(crate) capacity: usize,
    pub(crate) unfinished: usize,
    pub(crate) high_water: usize,
    pub(crate) getters: usize,
    pub(crate) putters: usize,
    pub(crate) joiners: usize,
    pub(crate) is_shut_down: bool,
    /// Where the source code made it.
    pub(crate) site: &'static Location<'static>,
}

/// What a pool says of itself: see [`ForeignPool`](crate::futures::ForeignPool).
///
/// # Examples
///
/// ```
/// use raddle::futures::PoolState;
///
/// let state = PoolState { max_workers: 4, backlog: 2, is_shut_down: false };
/// assert_eq!(state.backlog, 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolState {
    /// How many workers there may be.
    pub max_workers: usize,
    /// How many tasks nobody has begun.
    pub backlog: usize,
    /// Whether it takes no more tasks.
    pub is_shut_down: bool,
}

/// What a thread does for a pool, as values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job {
    /// The address of the pool: its identity, not to be followed.
    pub(crate) pool: usize,
    /// What it does, and since when; `None` between two tasks.
    pub(crate) task: Option<(Nanoseconds, Option<&'static str>)>,
}

/// A lock that a thread holds, as values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HeldLock {
    /// The address of the lock: its identity, not to be followed.
    pub(crate) object: usize,
    /// What kind of lock it is.
    pub(crate) kind: WaitKind,
    /// Where the source code acquired it, where that is known.
    pub(crate) site: Option<&'static Location<'static>>,
}
