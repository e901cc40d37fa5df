//! The ordered results of one function over many items.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use raddle::futures::{FutureError, ThreadPoolExecutor};
use raddle::park::{Deadline, Failed, Thread};
use raddle::sync::{Event, TimedOut};

use crate::support::SHORT;

fn pool(workers: usize) -> ThreadPoolExecutor {
    ThreadPoolExecutor::builder().workers(workers).build()
}

#[test]
fn results_come_in_the_order_of_the_items() {
    let pool = pool(3);
    let first_may_end = Arc::new(Event::new());
    let told = Arc::clone(&first_may_end);
    // The first ends after the second.
    let results = pool.map(0..10, move |number| {
        match number {
            0 => told.wait(),
            1 => told.set(),
            _ => {}
        }
        number * number
    });
    let results: Vec<u32> = results.map(Result::unwrap).collect();
    assert_eq!(results, (0..10).map(|number| number * number).collect::<Vec<_>>());
    assert!(first_may_end.is_set());
}

#[test]
fn nothing_is_taken_before_it_is_wanted() {
    let pool = pool(2);
    let taken = AtomicUsize::new(0);
    let items = (0..100).inspect(|_| {
        taken.fetch_add(1, Ordering::SeqCst);
    });
    let mut results = pool.map(items, |number| number).window(3);
    assert_eq!(taken.load(Ordering::SeqCst), 0);
    assert_eq!(results.next().unwrap().unwrap(), 0);
    assert_eq!(taken.load(Ordering::SeqCst), 3);
    assert_eq!(results.next().unwrap().unwrap(), 1);
    assert_eq!(taken.load(Ordering::SeqCst), 4);
    drop(results);
    assert_eq!(taken.load(Ordering::SeqCst), 4);
}

#[test]
fn without_end() {
    let pool = pool(2);
    let sum: u64 = pool.map(1.., |number| number * 2).take(1000).map(Result::unwrap).sum();
    assert_eq!(sum, 1000 * 1001);
}

#[test]
fn a_window_has_room_for_one() {
    let pool = pool(2);
    assert_eq!(pool.map(0..5, |number| number).window(0).map(Result::unwrap).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
}

#[test]
fn a_panic_ends_one_result_and_not_the_others() {
    let pool = pool(2);
    let results: Vec<_> = pool
        .map(0..4, |number| {
            assert_ne!(number, 1, "not this one");
            number
        })
        .collect();
    assert_eq!(results.len(), 4);
    assert!(matches!(results[1], Err(FutureError::Panicked(_))));
    assert!([0, 2, 3].into_iter().all(|number| *results[number].as_ref().unwrap() == number));
}

#[test]
fn a_result_that_is_not_there_in_time_is_the_next_one_still() {
    let pool = pool(1);
    let go = Arc::new(Event::new());
    let told = Arc::clone(&go);
    let mut results = pool.map(0..2, move |number| {
        told.wait();
        number
    });
    assert!(matches!(results.next_timeout(SHORT), Err(TimedOut)));
    assert!(matches!(results.next_until(Instant::now()), Err(TimedOut)));
    assert!(matches!(results.next_with(Deadline::PASSED, &mut Thread), Err(Failed::TimedOut)));
    go.set();
    assert_eq!(results.next().unwrap().unwrap(), 0);
    assert_eq!(results.next().unwrap().unwrap(), 1);
    assert!(results.next().is_none());
    assert!(matches!(results.next_timeout(SHORT), Ok(None)));
}

#[test]
fn dropping_it_cancels_what_nobody_has_begun() {
    let pool = pool(1);
    let (go, begun) = (Arc::new(Event::new()), Arc::new(AtomicUsize::new(0)));
    let (told, counts) = (Arc::clone(&go), Arc::clone(&begun));
    let mut results = pool.map(0..10, move |_| {
        counts.fetch_add(1, Ordering::SeqCst);
        told.wait();
    });
    assert!(results.next_timeout(SHORT).is_err());
    drop(results);
    go.set();
    pool.shutdown();
    assert!(begun.load(Ordering::SeqCst) <= 1);
}

#[test]
fn a_pool_that_is_shut_down_says_so_and_ends() {
    let pool = pool(1);
    let mut results = pool.map(0..10, |number| number).window(2);
    assert_eq!(results.next().unwrap().unwrap(), 0);
    pool.shutdown();
    // It was submitted before.
    assert_eq!(results.next().unwrap().unwrap(), 1);
    assert!(matches!(results.next(), Some(Err(FutureError::Broken))));
    assert_eq!(format!("{results:?}"), "Map { window: 2, submitted: 0, .. }");
}
