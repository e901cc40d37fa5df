//! What the registry knows of all threads, as values.

use std::time::Duration;

use crate::park::{Phase, ThreadId, for_each_record};
use crate::probe::WaitKind;
use crate::sys::{Nanoseconds, now};

/// What the registry knows of one thread, at the moment of the call.
///
/// # Examples
///
/// ```
/// use raddle::thread::{self, ThreadId};
///
/// let own = ThreadId::current();
/// let seen = thread::snapshot().into_iter().find(|seen| seen.id == own).unwrap();
/// assert_eq!(seen.native_id, thread::get_native_id());
/// assert_eq!(seen.waits_for, None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThreadSnapshot {
    /// The thread's number, never used for another one.
    pub id: ThreadId,
    /// The operating system's number of the thread.
    pub native_id: u64,
    /// The number by which the thread library knows the thread (`pthread_self`); used again after its end.
    pub ident: u64,
    /// Its name, if it has one: threads that the library has not started have none until they are asked who they are.
    pub name: Option<String>,
    /// Whether [`main`](crate::main) leaves it behind. True for threads that the library has not started.
    pub daemon: bool,
    /// What the thread does.
    pub state: ThreadState,
    /// What it waits for, if it is blocked and the feature `probe` is on.
    pub waits_for: Option<WaitSnapshot>,
}

/// Where a thread is in its life.
///
/// # Examples
///
/// ```
/// use raddle::thread::{self, Builder, ThreadState};
///
/// assert_eq!(thread::current().state(), ThreadState::Runnable);
/// assert_eq!(Builder::new().build(|| ()).state(), ThreadState::New);
/// ```
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ThreadState {
    /// It is not started.
    New,
    /// It runs, or sleeps somewhere else than in this library.
    Runnable,
    /// It waits for something of this library.
    Blocked,
    /// What it ran is over; or it does not exist in this process, which was forked by another thread.
    Terminated,
}

/// One wait.
///
/// # Examples
///
/// ```
/// use raddle::thread::snapshot;
///
/// for thread in snapshot() {
///     if let Some(wait) = thread.waits_for {
///         println!("{:?} has waited for a {:?} since {:?}", thread.name, wait.kind, wait.waited);
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WaitSnapshot {
    /// What kind of thing the thread waits for.
    pub kind: WaitKind,
    /// The address of the object: its identity. The object may be gone by now.
    pub object: usize,
    /// The thread whose end is waited for, if the kind is [`WaitKind::Join`].
    pub thread: Option<ThreadId>,
    /// How long it has waited.
    pub waited: Duration,
    /// How long it will wait at most from now on, if there is a limit.
    pub remaining: Option<Duration>,
    /// Counts the waits of the thread, so that two looks can tell the same wait from the next one.
    pub number: u64,
}

/// All living threads that have used the library, in no particular order. Stops nobody.
///
/// # Examples
///
/// ```
/// use raddle::thread::{snapshot, ThreadId};
///
/// let own = ThreadId::current();
/// assert!(snapshot().iter().any(|thread| thread.id == own));
/// ```
#[must_use]
pub fn snapshot() -> Vec<ThreadSnapshot> {
    let mut threads = Vec::new();
    let time = now();
    for_each_record(|record| {
        let Some(id) = ThreadId::from_number(record.owner()) else { return };
        let identity = record.identity();
        let is_over = identity.as_ref().is_some_and(|identity| identity.phase() != Phase::Started);
        if is_over && !record.is_waiting() {
            // What is left of it is the operating system's.
            return;
        }
        let wait = record.published.waiting();
        threads.push(ThreadSnapshot {
            id,
            native_id: record.native_id(),
            ident: record.ident(),
            name: identity.as_ref().map(|identity| identity.name().as_ref().to_owned()),
            daemon: identity.as_ref().is_none_or(|identity| identity.is_daemon()),
            state: if record.is_waiting() { ThreadState::Blocked } else { ThreadState::Runnable },
            waits_for: wait.map(|wait| WaitSnapshot {
                kind: wait.kind,
                object: wait.object,
                thread: ThreadId::from_number(wait.thread),
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
