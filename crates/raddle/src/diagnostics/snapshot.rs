//! All threads and locks, at one look.
#![allow(clippy::ref_option_ref, reason = "serde hands over a reference to the field, whatever that is")]

use std::collections::BTreeMap;
use std::panic::Location;
use std::time::Duration;

#[cfg(feature = "serde")]
use crate::park::words;
use crate::park::{Deadlock, Look, Party, Phase, ThreadId, cycles, for_each_record, look_at, state_seen_by};
use crate::probe::{Job, Known, PoolState, QueueState, State, WaitKind, for_each};
use crate::sys::{Nanoseconds, now};
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
    /// What is held or waited for, or ever was waited for.
    pub locks: Vec<LockSnapshot>,
    /// The queues that were ever waited for.
    pub queues: Vec<QueueSnapshot>,
    /// The pools.
    pub pools: Vec<PoolSnapshot>,
    /// How many waits were for objects that could not be remembered: there is room for 4096 at a time.
    pub missed: u64,
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

/// Something that is held or waited for, or ever was waited for.
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
    /// The thread that has it, if it is one that somebody has; of those that read a reader-writer lock, one.
    pub owner: Option<ThreadId>,
    /// The threads that read, of a reader-writer lock.
    pub readers: Vec<ThreadId>,
    /// Who waits for it, the longest first.
    pub waiters: Vec<ThreadId>,
    /// How many waits for it are over.
    pub contended: u64,
    /// How long the longest wait was, those that go on included.
    #[cfg_attr(feature = "serde", serde(serialize_with = "words::seconds"))]
    pub longest_wait: Duration,
    /// What more there is to know, by its kind. Of conditions, semaphores and events only while somebody waits for them.
    pub details: Option<Details>,
}

/// What there is to know of an object, by its kind.
///
/// # Examples
///
/// ```
/// use raddle::diagnostics::{Details, snapshot};
/// use raddle::sync::Barrier;
/// use std::time::Duration;
///
/// let barrier = Barrier::new(2);
/// assert!(barrier.wait_timeout(Duration::from_millis(1)).is_err());
/// for lock in snapshot().locks {
///     if let Some(Details::Barrier { parties, broken, .. }) = lock.details {
///         println!("a barrier for {parties} threads{}", if broken { ", which is broken" } else { "" });
///         assert!(broken);
///     }
/// }
/// ```
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Details {
    /// Of a [`Condition`](crate::sync::Condition).
    #[non_exhaustive]
    Condition {
        /// How often it was notified while nobody waited; such notifications are lost.
        unheard: u64,
    },
    /// Of a [`Semaphore`](crate::sync::Semaphore).
    #[non_exhaustive]
    Semaphore {
        /// How many permits are free.
        value: u64,
    },
    /// Of an [`Event`](crate::sync::Event).
    #[non_exhaustive]
    Event {
        /// Whether it is set.
        is_set: bool,
    },
    /// Of a [`Barrier`](crate::sync::Barrier).
    #[non_exhaustive]
    Barrier {
        /// How many threads it takes.
        parties: usize,
        /// How many threads have arrived and wait.
        waiting: usize,
        /// Whether it is broken.
        broken: bool,
    },
}

/// A queue.
///
/// # Examples
///
/// ```
/// use raddle::diagnostics::snapshot;
/// use raddle::queue::Queue;
/// use std::time::Duration;
///
/// let tasks: Queue<u32> = Queue::bounded(8);
/// assert!(tasks.get_timeout(Duration::from_millis(1)).is_err());
/// tasks.put(1).unwrap();
/// for queue in snapshot().queues {
///     println!("{} of {} items, at most {}; {} threads wait", queue.depth, queue.maxsize, queue.high_water, queue.getters);
///     assert_eq!((queue.depth, queue.contended), (1, 1));
/// }
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct QueueSnapshot {
    /// The address of the queue: its identity.
    pub object: usize,
    /// Where the source code made it.
    #[cfg_attr(feature = "serde", serde(serialize_with = "words::site"))]
    pub site: Option<&'static Location<'static>>,
    /// How many items are in it.
    pub depth: usize,
    /// How many items there may be; 0: any number.
    pub maxsize: usize,
    /// How many items were put and not reported as done.
    pub unfinished: usize,
    /// The most items that were in it at a time.
    pub high_water: usize,
    /// How many threads wait for an item.
    pub getters: usize,
    /// How many threads wait for a free place.
    pub putters: usize,
    /// How many threads wait for all tasks to be done.
    pub joiners: usize,
    /// Whether it was shut down.
    pub is_shut_down: bool,
    /// How many waits for it are over.
    pub contended: u64,
    /// How long the longest wait was, those that go on included.
    #[cfg_attr(feature = "serde", serde(serialize_with = "words::seconds"))]
    pub longest_wait: Duration,
}

/// A pool of threads.
///
/// # Examples
///
/// ```
/// use raddle::diagnostics::snapshot;
/// use raddle::futures::ThreadPoolExecutor;
///
/// let pool = ThreadPoolExecutor::builder().workers(2).build();
/// pool.submit(|| 1).unwrap().result().unwrap();
/// for pool in snapshot().pools {
///     println!("{} of {} workers, {} tasks wait", pool.workers.len(), pool.max_workers, pool.backlog);
///     assert_eq!((pool.max_workers, pool.backlog), (2, 0));
/// }
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PoolSnapshot {
    /// The address of the pool: its identity.
    pub object: usize,
    /// How many workers there may be.
    pub max_workers: usize,
    /// Its workers: those that have begun to look for tasks.
    pub workers: Vec<WorkerSnapshot>,
    /// How many of the workers have no task.
    pub idle: usize,
    /// How many tasks nobody has begun.
    pub backlog: usize,
    /// Whether it takes no more tasks.
    pub is_shut_down: bool,
}

/// A thread of a pool.
///
/// # Examples
///
/// ```
/// use raddle::diagnostics::snapshot;
/// use raddle::futures::ThreadPoolExecutor;
///
/// fn report() {
///     // This is run by a worker.
///     for worker in snapshot().pools.iter().flat_map(|pool| &pool.workers) {
///         println!("{:?} has run {} for {:?}", worker.thread, worker.task.unwrap_or("nothing"), worker.busy_for);
///         assert!(worker.task.unwrap().ends_with("report"));
///     }
/// }
///
/// ThreadPoolExecutor::new().submit(report).unwrap().result().unwrap();
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct WorkerSnapshot {
    /// The thread.
    pub thread: ThreadId,
    /// The type of what it runs, if it does and that is known.
    pub task: Option<&'static str>,
    /// How long it has run that; `None` if it is idle. Some milliseconds more or less.
    #[cfg_attr(feature = "serde", serde(serialize_with = "words::optional_seconds"))]
    pub busy_for: Option<Duration>,
}

/// Looks at all threads, and at all objects that were ever waited for. Stops nobody for longer than the look at one of them.
///
/// # Examples
///
/// ```
/// use raddle::diagnostics::snapshot;
/// use raddle::sync::Lock;
/// use std::time::Duration;
///
/// let lock = Lock::new(());
/// let guard = lock.acquire();
/// assert!(lock.acquire_timeout(Duration::from_millis(1)).is_err());
/// drop(guard);
/// for lock in snapshot().locks {
///     println!("{:?} at {:#x}: {} waits, the longest {:?}", lock.kind, lock.object, lock.contended, lock.longest_wait);
///     assert_eq!(lock.contended, 1);
/// }
/// ```
#[must_use]
pub fn snapshot() -> Snapshot {
    let mut threads = Vec::new();
    let mut looks: Vec<Look> = Vec::new();
    let mut objects = Objects::default();
    let mut jobs: Vec<(ThreadId, Job)> = Vec::new();
    let time = now();
    for_each_record(|record| {
        let Some(id) = ThreadId::from_number(record.owner()) else { return };
        let identity = record.identity();
        if identity.as_ref().is_some_and(|identity| identity.phase() != Phase::Started) && !record.is_waiting() {
            // What is left of it is the operating system's.
            return;
        }
        let look = look_at(record);
        if let (Some(look), Some((number, state))) = (&look, state_seen_by(record)) {
            if look.number == number {
                objects.states.insert(look.object, state);
            }
        }
        let mut holds = Vec::new();
        let holds_more = record.held.for_each(|held| {
            holds.push(HeldLock { object: held.object, kind: held.kind, site: held.site });
        });
        jobs.extend(record.work.look().map(|job| (id, job)));
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
    objects.add_held(&threads);
    objects.add_awaited(&looks, time);
    let missed = for_each(|known| objects.add_known(&known, &jobs, time));
    Snapshot {
        threads,
        locks: objects.locks.into_values().collect(),
        queues: objects.queues,
        pools: objects.pools,
        missed,
        deadlocks: cycles(),
    }
}

#[derive(Default)]
struct Objects {
    locks: BTreeMap<usize, LockSnapshot>,
    queues: Vec<QueueSnapshot>,
    pools: Vec<PoolSnapshot>,
    /// What those say of themselves that are waited for.
    states: BTreeMap<usize, State>,
}

impl Objects {
    fn add_held(&mut self, threads: &[ThreadSnapshot]) {
        for thread in threads {
            for held in &thread.holds {
                let lock = self.lock(held.object, held.kind);
                lock.owner = Some(thread.id);
                if held.kind == WaitKind::RwLockRead {
                    lock.readers.push(thread.id);
                }
            }
        }
    }

    fn add_awaited(&mut self, looks: &[Look], time: Nanoseconds) {
        for look in looks {
            let details = self.states.get(&look.object).and_then(|state| details(look.kind, *state));
            let lock = self.lock(look.object, look.kind);
            lock.owner = lock.owner.or(ThreadId::from_number(look.blocker()));
            lock.waiters.extend(ThreadId::from_number(look.thread));
            lock.longest_wait = lock.longest_wait.max(Duration::from_nanos(time.saturating_sub(look.since)));
            lock.details = details;
        }
    }

    fn add_known(&mut self, known: &Known, jobs: &[(ThreadId, Job)], time: Nanoseconds) {
        if let State::Pool(pool) = known.state {
            self.pools.push(pool_of(known, pool, jobs, time));
            return;
        }
        let lock = self.lock(known.object, known.kind);
        lock.contended = known.waits;
        lock.longest_wait = lock.longest_wait.max(Duration::from_nanos(known.longest));
        lock.details = lock.details.or(details(known.kind, known.state));
        let longest_wait = lock.longest_wait;
        if let State::Queue(queue) = known.state {
            self.queues.push(queue_of(known, queue, longest_wait));
        }
    }

    /// By its address. A lock that was waited for may have moved since, and another lie in its place: then what is told of the two is mixed.
    fn lock(&mut self, object: usize, kind: WaitKind) -> &mut LockSnapshot {
        self.locks.entry(object).or_insert_with(|| LockSnapshot {
            object,
            kind,
            owner: None,
            readers: Vec::new(),
            waiters: Vec::new(),
            contended: 0,
            longest_wait: Duration::ZERO,
            details: None,
        })
    }
}

fn details(kind: WaitKind, state: State) -> Option<Details> {
    match state {
        State::Condition { unheard } => Some(Details::Condition { unheard }),
        State::Permits { available } if kind == WaitKind::Semaphore => Some(Details::Semaphore { value: available }),
        State::Event { is_set } => Some(Details::Event { is_set }),
        State::Barrier { parties, arrived, is_broken } => {
            Some(Details::Barrier { parties, waiting: arrived, broken: is_broken })
        }
        State::Permits { .. } | State::Unknown | State::Queue(_) | State::Pool(_) => None,
    }
}

fn queue_of(known: &Known, queue: QueueState, longest_wait: Duration) -> QueueSnapshot {
    QueueSnapshot {
        object: known.object,
        site: Some(queue.site),
        depth: queue.depth,
        maxsize: queue.capacity,
        unfinished: queue.unfinished,
        high_water: queue.high_water,
        getters: queue.getters,
        putters: queue.putters,
        joiners: queue.joiners,
        is_shut_down: queue.is_shut_down,
        contended: known.waits,
        longest_wait,
    }
}

fn pool_of(known: &Known, pool: PoolState, jobs: &[(ThreadId, Job)], time: Nanoseconds) -> PoolSnapshot {
    let workers: Vec<_> = jobs
        .iter()
        .filter(|(_, job)| job.pool == known.object)
        .map(|(thread, job)| WorkerSnapshot {
            thread: *thread,
            task: job.task.and_then(|(_, name)| name),
            busy_for: job.task.map(|(since, _)| Duration::from_nanos(time.saturating_sub(since))),
        })
        .collect();
    PoolSnapshot {
        object: known.object,
        max_workers: pool.max_workers,
        idle: workers.iter().filter(|worker| worker.busy_for.is_none()).count(),
        workers,
        backlog: pool.backlog,
        is_shut_down: pool.is_shut_down,
    }
}
