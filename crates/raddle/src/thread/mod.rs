//! Floor 4: threads: so far, the registry of those that have used the library.

use std::time::Duration;

pub use crate::park::ThreadId;
use crate::park::for_each_record;
pub use crate::probe::WaitKind;
use crate::sys::{Nanoseconds, now};

/// What the registry knows of one thread, at the moment of the call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThreadSnapshot {
    /// The thread's number, never used for another one.
    pub id: ThreadId,
    /// The operating system's number of the thread.
    pub native_id: u64,
    /// The number by which the thread library knows the thread (`pthread_self`); used again after its end.
    pub ident: u64,
    /// What the thread does.
    pub state: ThreadState,
    /// What it waits for, if it is blocked and the feature `probe` is on.
    pub waits_for: Option<WaitSnapshot>,
}

/// Where a thread is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ThreadState {
    /// It runs, or sleeps somewhere else than in this library.
    Runnable,
    /// It waits for something of this library.
    Blocked,
}

/// One wait.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WaitSnapshot {
    /// What kind of thing the thread waits for.
    pub kind: WaitKind,
    /// The address of the object: its identity. The object may be gone by now.
    pub object: usize,
    /// How long it has waited.
    pub waited: Duration,
    /// How long it will wait at most from now on, if there is a limit.
    pub remaining: Option<Duration>,
    /// Counts the waits of the thread, so that two looks can tell the same wait from the next one.
    pub number: u64,
}

/// All living threads that have used the library, in no particular order. Stops nobody.
#[must_use]
pub fn snapshot() -> Vec<ThreadSnapshot> {
    let mut threads = Vec::new();
    let time = now();
    for_each_record(|record| {
        let Some(id) = ThreadId::from_number(record.owner()) else { return };
        let wait = record.published.waiting();
        threads.push(ThreadSnapshot {
            id,
            native_id: record.native_id(),
            ident: record.ident(),
            state: if record.is_waiting() { ThreadState::Blocked } else { ThreadState::Runnable },
            waits_for: wait.map(|wait| WaitSnapshot {
                kind: wait.kind,
                object: wait.object,
                waited: nanoseconds(time.saturating_sub(wait.since)),
                remaining: wait.deadline.map(|deadline| nanoseconds(deadline.saturating_sub(time))),
                number: wait.number,
            }),
        });
    });
    threads
}

fn nanoseconds(count: Nanoseconds) -> Duration {
    Duration::from_nanos(count)
}
