//! The tasks of a pool and its workers: no task waits while a worker sleeps for good, and who waits for the last worker learns that it has left.
//!
//! What these models have been seen to catch: a `push` that wakes nobody; a woken worker that stays counted as searching; a
//! last worker that leaves and tells nobody; a shut-down that lets the workers sleep.

use std::sync::Arc;

use loom::thread;
use raddle::futures::{Future, FutureError, SubmitError, ThreadPoolExecutor};
use raddle::park::Deadline;

use crate::support::{Patient, check};

fn pool(workers: usize) -> ThreadPoolExecutor {
    ThreadPoolExecutor::builder().workers(workers).build()
}

fn result(future: Future<u32>) -> u32 {
    future.result_with(Deadline::NEVER, &mut Patient).unwrap()
}

/// The next task comes while the only worker looks for one, goes to sleep, or sleeps; the third finds it as the second has left it.
#[test]
fn a_task_meets_a_worker_that_goes_to_sleep() {
    check(1, || {
        let pool = pool(1);
        assert_eq!(result(pool.submit(|| 1).unwrap()), 1);
        assert_eq!(result(pool.submit(|| 2).unwrap()), 2);
        assert_eq!(result(pool.submit(|| 3).unwrap()), 3);
        pool.shutdown_with(Deadline::NEVER, &mut Patient).unwrap();
        assert_eq!((pool.workers(), pool.pending()), (0, 0));
    });
}

#[test]
fn two_who_submit_share_one_worker() {
    check(1, || {
        let pool = Arc::new(pool(1));
        let other = {
            let pool = Arc::clone(&pool);
            thread::spawn(move || result(pool.submit(|| 1).unwrap()))
        };
        assert_eq!(result(pool.submit(|| 2).unwrap()), 2);
        assert_eq!(other.join().unwrap(), 1);
        pool.shutdown_with(Deadline::NEVER, &mut Patient).unwrap();
    });
}

/// Who was woken wakes the next: two tasks that wait for each other need both workers.
#[test]
fn a_burst_wakes_as_many_as_it_needs() {
    check(1, || {
        let pool = pool(2);
        let (promise, future) = raddle::futures::promise();
        let second = pool.submit(move || result(future)).unwrap();
        let first = pool.submit(move || promise.finish(7)).unwrap();
        assert_eq!(result(second), 7);
        assert!(first.result_with(Deadline::NEVER, &mut Patient).unwrap().is_ok());
        pool.shutdown_with(Deadline::NEVER, &mut Patient).unwrap();
    });
}

/// What was taken is done, what was refused comes back, and both who wait for the end go on.
#[test]
fn closing_meets_submitting() {
    check(1, || {
        let pool = Arc::new(pool(1));
        let closing = {
            let pool = Arc::clone(&pool);
            thread::spawn(move || pool.shutdown_with(Deadline::NEVER, &mut Patient).unwrap())
        };
        match pool.submit(|| 1) {
            Ok(future) => assert_eq!(result(future), 1),
            Err(SubmitError::ShutDown(task)) => assert_eq!(task(), 1),
            Err(error) => panic!("{error}"),
        }
        pool.shutdown_with(Deadline::NEVER, &mut Patient).unwrap();
        closing.join().unwrap();
        assert_eq!((pool.workers(), pool.pending()), (0, 0));
    });
}

/// Cancelled or done, never both and never neither.
#[test]
fn cancelling_meets_a_worker() {
    check(1, || {
        let pool = pool(1);
        let future = pool.submit(|| 1).unwrap();
        let cancelled = pool.cancel_pending();
        match future.result_with(Deadline::NEVER, &mut Patient) {
            Ok(result) => assert_eq!((result, cancelled), (1, 0)),
            Err(raddle::futures::ResultError::Failed(FutureError::Cancelled)) => assert_eq!(cancelled, 1),
            Err(error) => panic!("{error}"),
        }
        pool.shutdown_with(Deadline::NEVER, &mut Patient).unwrap();
    });
}
