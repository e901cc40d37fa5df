//! The pool: every task is done, cancelled, refused or given up, exactly once, and whoever waits for its end learns of it.

use std::panic::resume_unwind;
use std::sync::Arc;

use raddle::futures::{
    Ending, Future, FutureError, NextError, ReturnWhen, SubmitError, ThreadPoolExecutor, as_completed, wait_with,
};
use raddle::park::Deadline;
use raddle::sync::Lock;
use shuttle::sync::atomic::{AtomicU32, Ordering};
use shuttle::thread;

use crate::support::{Patient, below, check, crew, deadline, fickle, join, limited};

const WORKERS: usize = 2;
const SUBMITTERS: u32 = 2;
const EACH: u32 = 3;
const ALL: u32 = SUBMITTERS * EACH;

/// What became of one task. Counted by atomics of std, which are no steps: shuttle's threads are one of the system's, and in the
/// middle of a panic, where what a task holds is dropped, the others must not run, or they would be panicking too.
#[derive(Default)]
struct Fate {
    runs: std::sync::atomic::AtomicU32,
    /// How often what it held was dropped.
    drops: std::sync::atomic::AtomicU32,
    /// How often its callback was called.
    calls: std::sync::atomic::AtomicU32,
}

/// The tasks of one run.
#[derive(Clone)]
struct Tasks(Arc<Vec<Fate>>);

/// What a task holds.
struct Held(Tasks, u32);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.0[self.1 as usize].drops.fetch_add(1, Ordering::SeqCst);
    }
}

impl Tasks {
    fn new() -> Self {
        Self(Arc::new((0..ALL).map(|_| Fate::default()).collect()))
    }

    /// A task that returns its number, or panics with it.
    fn make(&self, number: u32, panics: bool) -> impl FnOnce() -> u32 + Send + use<> {
        let held = Held(self.clone(), number);
        move || {
            let Held(tasks, number) = &held;
            tasks.0[*number as usize].runs.fetch_add(1, Ordering::SeqCst);
            if panics {
                resume_unwind(Box::new(*number));
            }
            *number
        }
    }

    /// Submits it, with a callback. `None` if the pool refuses.
    fn submit(&self, pool: &ThreadPoolExecutor, number: u32) -> Option<Future<u32>> {
        match pool.submit(self.make(number, number % 4 == 3)) {
            Ok(future) => {
                let tasks = self.clone();
                future.add_done_callback(move |_| {
                    tasks.0[number as usize].calls.fetch_add(1, Ordering::SeqCst);
                });
                Some(future)
            }
            Err(SubmitError::ShutDown(_)) => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// Once all is over: the task has come to this end and no other. `None`: it was refused.
    fn assert_ended(&self, number: u32, ending: Option<Ending>) {
        let fate = &self.0[number as usize];
        let counts = [&fate.runs, &fate.drops, &fate.calls].map(|count| count.load(Ordering::SeqCst));
        let expected = match ending {
            Some(Ending::Finished | Ending::Panicked) => [1, 1, 1],
            Some(Ending::Cancelled) => [0, 1, 1],
            None => [0, 1, 0],
            Some(Ending::Broken) => panic!("nobody broke it"),
        };
        assert_eq!(counts, expected, "runs, drops and calls of task {number}, {ending:?}");
    }
}

/// Waits for a future, whatever ends the waits, and says how it has ended.
fn ending_of(future: &Future<u32>) -> Ending {
    while future.wait_with(deadline(), &mut fickle()).is_err() {
        thread::yield_now();
    }
    future.ending().unwrap()
}

fn number_of(submitter: u32, index: u32) -> u32 {
    submitter * EACH + index
}

/// Some cancel while others submit; then all is waited for.
#[test]
fn every_task_is_done_or_cancelled_once() {
    check(|| {
        let (pool, tasks) = (Arc::new(ThreadPoolExecutor::builder().workers(WORKERS).build()), Tasks::new());
        let submitting = {
            let (pool, tasks) = (Arc::clone(&pool), tasks.clone());
            crew(SUBMITTERS, move |submitter| {
                let futures: Vec<_> =
                    (0..EACH).map(|index| tasks.submit(&pool, number_of(submitter, index)).unwrap()).collect();
                let cancelled: Vec<_> = futures.iter().map(|future| below(3) == 0 && future.cancel()).collect();
                let endings: Vec<_> = futures.iter().map(ending_of).collect();
                for (ending, cancelled) in endings.iter().zip(cancelled) {
                    assert!(!cancelled || *ending == Ending::Cancelled);
                }
                endings
            })
        };
        let endings = join(submitting).concat();
        pool.shutdown();
        assert_eq!((pool.workers(), pool.pending()), (0, 0));
        for (number, ending) in (0..).zip(endings) {
            tasks.assert_ended(number, Some(ending));
            if ending != Ending::Cancelled {
                assert_eq!(ending == Ending::Panicked, number % 4 == 3);
            }
        }
    });
}

/// It is shut down in the middle, by two at once, and what nobody has begun may be cancelled.
#[test]
fn shutting_down_leaves_no_task_behind() {
    check(|| {
        let (pool, tasks) = (Arc::new(ThreadPoolExecutor::builder().workers(WORKERS).build()), Tasks::new());
        let submitting = {
            let (pool, tasks) = (Arc::clone(&pool), tasks.clone());
            crew(SUBMITTERS, move |submitter| {
                (0..EACH).map(|index| tasks.submit(&pool, number_of(submitter, index))).collect::<Vec<_>>()
            })
        };
        let closing = {
            let pool = Arc::clone(&pool);
            crew(2, move |number| {
                (0..below(30)).for_each(|_| thread::yield_now());
                if number == 0 {
                    pool.close();
                    let _ = pool.cancel_pending();
                }
                if pool.shutdown_with(deadline(), &mut fickle()).is_ok() {
                    assert_eq!(pool.workers(), 0);
                }
            })
        };
        let futures: Vec<_> = join(submitting).into_iter().flatten().collect();
        join(closing);
        pool.shutdown();
        assert_eq!((pool.workers(), pool.pending()), (0, 0));
        for (number, future) in (0..).zip(futures) {
            // Nobody is left to end it: it has ended.
            tasks.assert_ended(number, future.map(|future| future.ending().expect("it is left behind")));
        }
    });
}

/// Tasks submit tasks to their own pool, and wait for nobody.
#[test]
fn tasks_submit_tasks() {
    check(|| {
        let pool = Arc::new(ThreadPoolExecutor::builder().workers(WORKERS).build());
        let inner = Arc::new(Lock::new(Vec::new()));
        let outer: Vec<_> = (0..3)
            .map(|number| {
                let (own, inner) = (Arc::clone(&pool), Arc::clone(&inner));
                pool.submit(move || {
                    let future = own.submit(move || number).ok();
                    inner.acquire().extend(future);
                })
                .unwrap()
            })
            .collect();
        for future in outer {
            future.result().unwrap();
        }
        let inner = std::mem::take(&mut *inner.acquire());
        let mut numbers: Vec<_> = inner.into_iter().map(|future| future.result().unwrap()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [0, 1, 2]);
        pool.shutdown();
        assert_eq!(pool.workers(), 0);
    });
}

/// Each future comes once, in whatever order, also when the one who asks gives up in between.
#[test]
fn all_futures_come_as_completed() {
    check(|| {
        let (pool, tasks) = (ThreadPoolExecutor::builder().workers(WORKERS).build(), Tasks::new());
        let futures: Vec<_> = (0..ALL).map(|number| tasks.submit(&pool, number).unwrap()).collect();
        for future in &futures {
            if below(4) == 0 {
                future.cancel();
            }
        }
        let mut coming = as_completed(futures);
        let mut seen = 0;
        loop {
            match coming.next_with(deadline(), &mut fickle()) {
                Ok(future) => {
                    assert!(future.is_done());
                    seen += 1;
                }
                Err(NextError::NoneLeft) => break,
                Err(NextError::TimedOut | NextError::Aborted) => thread::yield_now(),
            }
        }
        assert_eq!((seen, coming.left()), (ALL, 0));
    });
}

/// None is lost by a wait, and it is over when it has to be.
#[test]
fn waits_for_many_end_when_they_have_to() {
    check(|| {
        let (pool, tasks) = (ThreadPoolExecutor::builder().workers(WORKERS).build(), Tasks::new());
        let mut pending: Vec<_> = (0..ALL).map(|number| tasks.submit(&pool, number).unwrap()).collect();
        let mut done = 0;
        while !pending.is_empty() {
            let count = pending.len();
            let until = [ReturnWhen::FirstCompleted, ReturnWhen::FirstException, ReturnWhen::AllCompleted];
            let until = until[below(3) as usize];
            let is_limited = below(2) == 0;
            let limit = if is_limited { limited() } else { Deadline::NEVER };
            let waited = wait_with(pending, until, limit, &mut Patient).expect("nobody stops it");
            assert_eq!(waited.done.len() + waited.pending.len(), count);
            if !is_limited {
                let failed = waited.done.iter().any(|future| future.ending() == Some(Ending::Panicked));
                assert!(match until {
                    ReturnWhen::FirstCompleted => !waited.done.is_empty(),
                    ReturnWhen::FirstException => failed || waited.pending.is_empty(),
                    ReturnWhen::AllCompleted => waited.pending.is_empty(),
                });
            }
            done += waited.done.len();
            pending = waited.pending;
        }
        assert_eq!(done, ALL as usize);
    });
}

/// What a scope lends is given back when the scope is left.
#[test]
fn a_scope_outlives_its_tasks() {
    check(|| {
        let pool = ThreadPoolExecutor::builder().workers(WORKERS).build();
        let sum = AtomicU32::new(0);
        let inside = AtomicU32::new(0);
        pool.scope(|scope| {
            for number in 1..=4 {
                let (sum, inside) = (&sum, &inside);
                let future = scope
                    .submit(move || {
                        inside.fetch_add(1, Ordering::SeqCst);
                        thread::yield_now();
                        sum.fetch_add(number, Ordering::SeqCst);
                        inside.fetch_sub(1, Ordering::SeqCst);
                    })
                    .unwrap();
                if below(3) == 0 && future.cancel() {
                    sum.fetch_add(number, Ordering::SeqCst);
                }
            }
        });
        assert_eq!((sum.load(Ordering::SeqCst), inside.load(Ordering::SeqCst)), (10, 0));
    });
}

/// Results come in the order of the items, and no more tasks are under way than the window allows.
#[test]
fn a_map_keeps_the_order() {
    check(|| {
        let pool = ThreadPoolExecutor::builder().workers(WORKERS).build();
        let under_way = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&under_way);
        let items = (0..ALL).inspect(move |_| {
            assert!(counted.fetch_add(1, Ordering::SeqCst) <= 2);
        });
        let mut map = pool.map(items, |number| number * number).window(2);
        let mut results = Vec::new();
        loop {
            match map.next_with(deadline(), &mut fickle()) {
                Ok(Some(result)) => {
                    under_way.fetch_sub(1, Ordering::SeqCst);
                    results.push(result.unwrap());
                }
                Ok(None) => break,
                Err(_) => thread::yield_now(),
            }
        }
        assert!(results.into_iter().eq((0..ALL).map(|number| number * number)));
    });
}

/// A pool whose initializer fails gives up what was submitted, and takes nothing more.
#[test]
fn a_pool_that_breaks_gives_up_all_tasks() {
    check(|| {
        let broken_at = below(3);
        let begun = AtomicU32::new(0);
        let pool = ThreadPoolExecutor::builder()
            .workers(WORKERS)
            .initializer(move || {
                if begun.fetch_add(1, Ordering::SeqCst) == broken_at {
                    resume_unwind(Box::new(()));
                }
            })
            .build();
        let futures: Vec<_> = (0..ALL).map(|number| pool.submit(move || number)).collect();
        for (number, future) in (0..).zip(futures) {
            match future.map(Future::result) {
                Ok(Ok(result)) => assert_eq!(result, number),
                Ok(Err(FutureError::Broken)) | Err(SubmitError::Broken(_)) => assert!(pool.is_broken()),
                Ok(Err(error)) => panic!("{error}"),
                Err(error) => panic!("{error}"),
            }
        }
        pool.shutdown();
        assert_eq!((pool.workers(), pool.pending()), (0, 0));
    });
}
