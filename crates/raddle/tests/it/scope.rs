//! Tasks that borrow.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use raddle::futures::{Future, FutureError, SubmitError, ThreadPoolExecutor};
use raddle::sync::Event;
use raddle::thread::WaitKind;

use crate::support::{Crew, until};

fn pool(workers: usize) -> ThreadPoolExecutor {
    ThreadPoolExecutor::builder().workers(workers).build()
}

#[test]
fn tasks_borrow_and_their_results_do_too() {
    let pool = pool(2);
    let words = ["one".to_owned(), "two".to_owned(), "three".to_owned()];
    let longest = pool.scope(|scope| {
        let halves: Vec<Future<&String>> = words
            .chunks(2)
            .map(|half| scope.submit(|| half.iter().max_by_key(|word| word.len()).unwrap()).unwrap())
            .collect();
        halves.into_iter().map(|half| half.result().unwrap()).max_by_key(|word| word.len()).unwrap()
    });
    assert_eq!(longest, "three");
}

#[test]
fn all_tasks_are_over_when_the_scope_is_left() {
    let pool = pool(2);
    for _ in 0..50 {
        let done = AtomicUsize::new(0);
        pool.scope(|scope| {
            for _ in 0..20 {
                scope.submit(|| done.fetch_add(1, Ordering::Relaxed)).unwrap();
            }
        });
        assert_eq!(done.into_inner(), 20);
    }
}

#[test]
fn the_scope_waits() {
    let (pool, go, crew) = (pool(1), Event::new(), Crew::new());
    std::thread::scope(|threads| {
        let waiting = threads.spawn(|| {
            crew.join();
            pool.scope(|scope| {
                scope.submit(|| go.wait()).unwrap();
                scope.submit(|| ()).unwrap();
            });
        });
        crew.until_blocked(1, WaitKind::TasksDone);
        go.set();
        waiting.join().unwrap();
    });
}

#[test]
fn tasks_submit_tasks_of_the_scope() {
    let (pool, done) = (pool(2), AtomicUsize::new(0));
    pool.scope(|scope| {
        for _ in 0..10 {
            scope
                .submit(|| {
                    for _ in 0..10 {
                        scope.submit(|| done.fetch_add(1, Ordering::Relaxed)).unwrap();
                    }
                })
                .unwrap();
        }
    });
    assert_eq!(done.into_inner(), 100);
}

#[test]
fn a_panic_of_the_body_waits_for_the_tasks() {
    let (pool, go, done) = (pool(1), Event::new(), AtomicUsize::new(0));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        pool.scope(|scope| {
            scope
                .submit(|| {
                    go.wait();
                    done.fetch_add(1, Ordering::SeqCst);
                })
                .unwrap();
            go.set();
            panic!("the body");
        })
    }));
    assert_eq!(*panicked.unwrap_err().downcast::<&str>().unwrap(), "the body");
    assert_eq!(done.into_inner(), 1);
}

#[test]
fn a_panic_of_a_task_is_in_its_future() {
    let pool = pool(1);
    let future = pool.scope(|scope| {
        scope.submit(|| panic!("lost")).unwrap();
        scope.submit(|| -> u32 { panic!("kept") }).unwrap()
    });
    assert!(matches!(future.result(), Err(FutureError::Panicked(panic)) if panic.message() == Some("kept")));
}

#[test]
fn a_future_may_leave_the_scope() {
    let pool = pool(2);
    let text = "six letters".to_owned();
    let (length, cancelled) = pool.scope(|scope| {
        let go = Arc::new(Event::new());
        let held: Vec<_> = (0..2)
            .map(|_| {
                let go = Arc::clone(&go);
                scope.submit(move || go.wait()).unwrap()
            })
            .collect();
        until("all are held", || held.iter().all(Future::is_running));
        let length = scope.submit(|| text.len()).unwrap();
        let cancelled = scope.submit(|| text.len()).unwrap();
        assert!(cancelled.cancel());
        go.set();
        (length, cancelled)
    });
    drop(text);
    assert_eq!(length.result().unwrap(), 11);
    assert!(!cancelled.is_running() && cancelled.cancel());
}

/// Cancelled in a thread that knows nothing of the scope: the borrowing work is dropped before the scope is left.
#[test]
fn a_future_is_cancelled_from_outside() {
    struct Borrower<'a>(&'a AtomicUsize);
    impl Drop for Borrower<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let pool = pool(1);
    for _ in 0..200 {
        let drops = AtomicUsize::new(0);
        let canceller = pool.scope(|scope| {
            let borrower = Borrower(&drops);
            let future = scope.submit(move || drop(borrower)).unwrap();
            std::thread::spawn(move || future.cancel())
        });
        assert_eq!(drops.into_inner(), 1);
        canceller.join().unwrap();
    }
}

#[test]
fn a_refused_task_comes_back() {
    let pool = pool(1);
    let text = "borrowed".to_owned();
    pool.scope(|scope| {
        pool.shutdown();
        let Err(SubmitError::ShutDown(task)) = scope.submit(|| text.len()) else { panic!("it is shut down") };
        assert_eq!(task(), 8);
    });
}

#[test]
fn what_is_pending_in_a_broken_pool_is_over() {
    let pool = ThreadPoolExecutor::builder().workers(1).initializer(|| panic!("fails")).build();
    let text = "borrowed".to_owned();
    let future = pool.scope(|scope| (0..5).map_while(|_| scope.submit(|| text.len()).ok()).last());
    assert!(future.is_none_or(|future| matches!(future.result(), Err(FutureError::Broken))));
}
