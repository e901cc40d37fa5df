//! All threads and locks, at one look.
#![allow(clippy::ref_option_ref, reason = "serde hands over a reference to the field, whatever that is")]

use std::collections::BTreeMap;
use std::panic::Location;

#[cfg(feature = "serde")]
use crate::park::words;
use crate::park::{Deadlock, Look, Party, ThreadId, cycles, for_each_record, look_at};
use crate::probe::WaitKind;
use crate::sys::now;
use crate::thread::ThreadState;

/// What the library knows, at about one moment. Nobody was stopped for it: each thread is seen at a moment of its own.
///
/// # Examples
///
/// ```
/// use raddle::diagnostics::snapshot;
///
/// let seen = snapshot();
/// println!("{} threads, {} locks, {} deadlocks", seen.threads.len(), seen.locks.len(), seen.deadlocks.len());
/// assert!(seen.deadlocks.is_empty());
/// ```
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Snapshot {
    /// The living threads that have used the library.
    pub threads: Vec<ThreadSnapshot>,
    /// What is held or waited for.
    pub locks: Vec<LockSnapshot>,
    /// The cycles of threads that wait for each other at this moment, certain or probable, whether they have been reported or not.
    pub deadlocks: Vec<Deadlock>,
}

/// One thread.
///
/// # Examples
///
/// ```
/// use raddle::diagnostics::snapshot;
/// use raddle::thread;
///
/// let own = thread::adopt("the one who asks", true);
/// let seen = snapshot().threads.into_iter().find(|seen| Some(seen.id) == own.id()).unwrap();
/// assert_eq!(seen.name.as_deref(), Some("the one who asks"));
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ThreadSnapshot {
    /// The thread's number, never used for another one.
    pub id: ThreadId,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Whether [`main`](crate::main) leaves it behind. True for threads that the library has not started.
    pub daemon: bool,
    /// The operating system's number of the thread.
    pub native_id: u64,
    /// The number by which the thread library knows the thread.
    pub ident: u64,
    /// What the thread does.
    pub state: ThreadState,
    /// What it waits for.
    pub waits_for: Option<Party>,
    /// How long it will wait at most from now on, if there is a limit, in nanoseconds.
    pub remaining: Option<u64>,
    /// Which of its waits it is.
    pub wait_number: Option<u64>,
    /// The locks that it holds.
    pub holds: Vec<HeldLock>,
    /// How many more locks it holds than are listed.
    pub holds_more: u64,
}

/// A lock that a thread holds.
///
/// # Examples
///
/// ```
/// use raddle::diagnostics::snapshot;
/// use raddle::sync::Lock;
///
/// let lock = Lock::new(());
/// let _guard = lock.acquire();
/// for held in snapshot().threads.iter().flat_map(|thread| &thread.holds) {
///     println!("a {:?}, acquired at {:?}", held.kind, held.site);
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct HeldLock {
    /// The address of the lock: its identity.
    pub object: usize,
    /// What kind of lock it is.
    pub kind: WaitKind,
    /// Where the source code acquired it, where that is known.
    #[cfg_attr(feature = "serde", serde(serialize_with = "words::site"))]
    pub site: Option<&'static Location<'static>>,
}

/// Something that is held or waited for.
///
/// # Examples
///
/// ```
/// use raddle::diagnostics::snapshot;
///
/// for lock in snapshot().locks {
///     println!("{:#x} is held by {:?}, and {} wait", lock.object, lock.owner, lock.waiters.len());
/// }
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct LockSnapshot {
    /// The address of the object: its identity.
    pub object: usize,
    /// What kind of thing it is.
    pub kind: WaitKind,
    /// The thread that has it, if it is one that somebody has.
    pub owner: Option<ThreadId>,
    /// Who waits for it, the longest first.
    pub waiters: Vec<ThreadId>,
}

/// Looks at all threads. Stops nobody.
///
/// # Examples
///
/// ```
/// use raddle::diagnostics::snapshot;
/// use raddle::thread::ThreadId;
///
/// let own = ThreadId::current();
/// assert!(snapshot().threads.iter().any(|thread| thread.id == own));
/// ```
#[must_use]
pub fn snapshot() -> Snapshot {
    let mut threads = Vec::new();
    let mut looks: Vec<Look> = Vec::new();
    let time = now();
    for_each_record(|record| {
        let Some(id) = ThreadId::from_number(record.owner()) else { return };
        let look = look_at(record);
        let identity = record.identity();
        let mut holds = Vec::new();
        let holds_more = record.held.for_each(|held| {
            holds.push(HeldLock { object: held.object, kind: held.kind, site: held.site });
        });
        threads.push(ThreadSnapshot {
            id,
            name: identity.as_ref().map(|identity| identity.name().as_ref().to_owned()),
            daemon: identity.as_ref().is_none_or(|identity| identity.is_daemon()),
            native_id: record.native_id(),
            ident: record.ident(),
            state: if record.is_waiting() { ThreadState::Blocked } else { ThreadState::Runnable },
            waits_for: look.as_ref().and_then(|look| Party::new(look, time)),
            remaining: look.and_then(|look| look.deadline).map(|deadline| deadline.saturating_sub(time)),
            wait_number: look.map(|look| look.number),
            holds,
            holds_more,
        });
        looks.extend(look);
    });
    looks.sort_by_key(|look| look.since);
    let locks = locks(&threads, &looks);
    Snapshot { threads, locks, deadlocks: cycles() }
}

fn locks(threads: &[ThreadSnapshot], looks: &[Look]) -> Vec<LockSnapshot> {
    let mut locks: BTreeMap<usize, LockSnapshot> = BTreeMap::new();
    for thread in threads {
        for held in &thread.holds {
            locks.insert(
                held.object,
                LockSnapshot { object: held.object, kind: held.kind, owner: Some(thread.id), waiters: Vec::new() },
            );
        }
    }
    for look in looks {
        let lock = locks.entry(look.object).or_insert_with(|| LockSnapshot {
            object: look.object,
            kind: look.kind,
            owner: ThreadId::from_number(look.blocker),
            waiters: Vec::new(),
        });
        lock.waiters.extend(ThreadId::from_number(look.thread));
    }
    locks.into_values().collect()
}
