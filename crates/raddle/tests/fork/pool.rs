//! Pools and futures in a forked child.

use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
#[cfg(feature = "probe")]
use std::time::Duration;

#[cfg(feature = "probe")]
use raddle::diagnostics::{set_grace, set_reporter};
use raddle::futures::{Ending, Future, FutureError, ReturnWhen, ThreadPoolExecutor, as_completed, promise, wait};
use raddle::sync::Event;

use crate::{TIME_BOX, failure_of, fork, until};

fn pool(workers: usize) -> ThreadPoolExecutor {
    ThreadPoolExecutor::builder().workers(workers).build()
}

/// Says when it is dropped.
struct Witness(Arc<AtomicBool>);

impl Drop for Witness {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn the_parents_tasks_are_the_parents() {
    let (pool, go) = (pool(1), Arc::new(Event::new()));
    let done = pool.submit(|| "done").unwrap();
    done.wait();
    let told = Arc::clone(&go);
    let running = pool.submit(move || {
        told.wait();
        "run"
    });
    let running = running.unwrap();
    let (ran, dropped) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    let (counts, witness) = (Arc::clone(&ran), Witness(Arc::clone(&dropped)));
    let pending = pool
        .submit(move || {
            counts.fetch_add(1, Ordering::SeqCst);
            drop(witness);
            "pending"
        })
        .unwrap();
    let called = Arc::new(AtomicBool::new(false));
    let calls = Arc::clone(&called);
    pending.add_done_callback(move |_| calls.store(true, Ordering::SeqCst));
    until(|| running.is_running());

    let mut owned = Some(pool);
    let child = fork(|| {
        let pool = owned.take().unwrap();
        assert_eq!((pool.workers(), pool.pending()), (0, 0));
        assert_eq!((done.ending(), running.ending(), pending.ending()), endings());
        assert!(!running.is_running() && !pending.cancel());
        // Nobody waits for what does not come.
        running.wait();
        let waited = wait([running, pending], ReturnWhen::AllCompleted);
        assert_eq!(waited.done.len(), 2);
        let mut completed = as_completed(waited.done);
        for _ in 0..2 {
            assert!(matches!(completed.next().unwrap().result(), Err(FutureError::Broken)));
        }
        assert_eq!(done.result().unwrap(), "done");

        // The pool works on, with workers of its own.
        let results = (0..100).map(|number| pool.submit(move || number).unwrap());
        assert_eq!(wait(results, ReturnWhen::AllCompleted).done.len(), 100);
        pool.shutdown();
        drop(pool);
        assert_eq!(ran.load(Ordering::SeqCst), 0, "the parent does it");
        assert!(!dropped.load(Ordering::SeqCst) && !called.load(Ordering::SeqCst), "what it holds is the parent's");
    });
    assert_eq!(failure_of(child), None);
    go.set();
    drop(owned);
    assert_eq!(ran.load(Ordering::SeqCst), 1);
    assert!(dropped.load(Ordering::SeqCst) && called.load(Ordering::SeqCst));
}

fn endings() -> (Option<Ending>, Option<Ending>, Option<Ending>) {
    (Some(Ending::Finished), Some(Ending::Broken), Some(Ending::Broken))
}

#[test]
fn the_parent_goes_on() {
    let (pool, go) = (pool(1), Arc::new(Event::new()));
    let told = Arc::clone(&go);
    let running = pool.submit(move || told.wait()).unwrap();
    let pending = pool.submit(|| 42).unwrap();
    until(|| running.is_running());
    assert_eq!(failure_of(fork(|| assert_eq!(pool.cancel_pending(), 0))), None);
    go.set();
    assert_eq!(pending.result().unwrap(), 42);
}

#[test]
fn a_pool_that_was_shut_down_stays_so() {
    let pool = pool(1);
    pool.submit(|| ()).unwrap().result().unwrap();
    pool.shutdown();
    assert_eq!(failure_of(fork(|| assert!(pool.submit(|| ()).is_err()))), None);
}

#[test]
fn a_scope_does_not_wait_for_the_parents_tasks() {
    let (pool, go) = (pool(2), Event::new());
    let mut child = None;
    pool.scope(|scope| {
        for _ in 0..4 {
            scope.submit(|| go.wait()).unwrap();
        }
        until(|| pool.pending() == 2);
        child = Some(fork(|| {
            // This one is the child's own, and waited for.
            let done = AtomicBool::new(false);
            pool.scope(|inner| {
                inner.submit(|| done.store(true, Ordering::SeqCst)).unwrap();
            });
            assert!(done.into_inner());
        }));
        go.set();
    });
    assert_eq!(failure_of(child.unwrap()), None);
}

/// The child is forked in the scope, and leaves it.
#[test]
fn a_scope_is_left_in_the_child() {
    let (pool, go, parent) = (pool(1), Event::new(), std::process::id());
    let mut child = 0;
    pool.scope(|scope| {
        scope.submit(|| go.wait()).unwrap();
        scope.submit(|| go.wait()).unwrap();
        until(|| pool.pending() == 1);
        // SAFETY: the child goes on with this thread alone, and ends by `_exit`.
        child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: as above.
            unsafe { libc::alarm(TIME_BOX) };
        } else {
            go.set();
        }
    });
    if parent != std::process::id() {
        // SAFETY: as above.
        unsafe { libc::_exit(0) };
    }
    assert_eq!(failure_of(child), None);
}

#[test]
fn a_promise_is_kept_in_both() {
    let (promise, future) = promise();
    let mut both = Some((promise, future));
    let child = fork(|| {
        let (promise, future) = both.take().unwrap();
        promise.finish("the child's").unwrap();
        assert_eq!(future.result().unwrap(), "the child's");
    });
    assert_eq!(failure_of(child), None);
    let (promise, future) = both.take().unwrap();
    assert_eq!(future.ending(), None);
    promise.finish("the parent's").unwrap();
    assert_eq!(future.result().unwrap(), "the parent's");
}

/// The only thread of the child is a worker: after its task it ends, and the child with it.
#[test]
fn a_task_may_fork() {
    let (pool, child) = (pool(2), Arc::new(AtomicI32::new(-1)));
    let told = Arc::clone(&child);
    let future = pool
        .submit(move || {
            // SAFETY: the child runs only what ends its thread.
            let child = unsafe { libc::fork() };
            if child == 0 {
                // SAFETY: as above.
                unsafe { libc::alarm(TIME_BOX) };
            }
            told.store(child, Ordering::SeqCst);
        })
        .unwrap();
    future.result().unwrap();
    assert_eq!(failure_of(child.load(Ordering::SeqCst)), None);
    assert_eq!(pool.submit(|| 1).unwrap().result().unwrap(), 1);
}

/// The worker does not begin in the child, where nobody counts it, and its initializer's failure there is nobody's.
#[test]
fn an_initializer_may_fork() {
    static POOL: OnceLock<ThreadPoolExecutor> = OnceLock::new();
    let child = Arc::new(AtomicI32::new(-1));
    let told = Arc::clone(&child);
    let pool = POOL.get_or_init(|| {
        let builder = ThreadPoolExecutor::builder().workers(1);
        builder
            .initializer(move || {
                if told.load(Ordering::SeqCst) != -1 {
                    return;
                }
                // SAFETY: the child runs only what ends in `_exit`.
                let child = unsafe { libc::fork() };
                told.store(child, Ordering::SeqCst);
                if child == 0 {
                    // SAFETY: as above.
                    unsafe { libc::alarm(TIME_BOX) };
                    let worker = raddle::thread::current();
                    let uses_the_pool = move || {
                        until(|| !worker.is_alive());
                        let pool = POOL.get().unwrap();
                        let works = pool.submit(|| 1).is_ok_and(|future| matches!(future.result(), Ok(1)));
                        // SAFETY: as above.
                        unsafe { libc::_exit(i32::from(!works)) };
                    };
                    raddle::thread::spawn(uses_the_pool).unwrap();
                    panic!("the initializer fails in the child");
                }
            })
            .build()
    });
    assert_eq!(pool.submit(|| 2).unwrap().result().unwrap(), 2);
    assert_eq!(failure_of(child.load(Ordering::SeqCst)), None);
}

/// What a wait runs on the way is the program's: it must not end the scope while a task still borrows from it. In a child, because there all
/// threads are the library's, and can be found asleep.
#[cfg(feature = "probe")]
#[test]
fn a_reporter_that_panics_does_not_end_a_scope() {
    static GO: Event = Event::new();

    let child = fork(|| {
        set_grace(Duration::from_millis(10));
        set_reporter(|_| {
            GO.set();
            panic!("the reporter")
        });
        let (pool, text, has_run) = (pool(1), String::from("borrowed"), AtomicBool::new(false));
        pool.scope(|scope| {
            let task = || {
                GO.wait();
                has_run.store(text == "borrowed", Ordering::SeqCst);
            };
            scope.submit(task).unwrap();
        });
        assert!(has_run.load(Ordering::SeqCst));
    });
    assert_eq!(failure_of(child), None);
}

#[test]
fn children_of_a_busy_parent_can_use_the_pool() {
    let (pool, over) = (pool(3), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let futures: Vec<_> = (0..20).map(|number| pool.submit(move || number).unwrap()).collect();
                    for future in futures.iter().step_by(3) {
                        future.cancel();
                    }
                    wait(futures, ReturnWhen::AllCompleted);
                }
            });
        }
        let mut failed = None;
        for _ in 0..40 {
            failed = failure_of(fork(|| {
                let futures: Vec<Future<u32>> = (0..10).map(|number| pool.submit(move || number).unwrap()).collect();
                let sum: u32 = futures.into_iter().map(|future| future.result().unwrap()).sum();
                assert_eq!(sum, 45);
                pool.shutdown();
            }));
            if failed.is_some() {
                break;
            }
        }
        over.store(true, Ordering::Relaxed);
        assert_eq!(failed, None);
    });
}
