use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use raddle::park::{Deadline, Failed};
use raddle::sync::{BoundedSemaphore, OverRelease, Semaphore, TimedOut};
use raddle::thread::WaitKind;

use crate::support::{Crew, LONG, SHORT, assert_send, assert_sync};

#[test]
fn lets_in_as_many_as_there_are_permits() {
    let (semaphore, inside) = (Semaphore::new(2), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| {
                for _ in 0..5_000 {
                    let _permit = semaphore.guard();
                    assert!(inside.fetch_add(1, Ordering::SeqCst) < 2);
                    inside.fetch_sub(1, Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!((semaphore.available(), semaphore.waiting()), (2, 0));
}

#[test]
fn every_form_takes_one_permit() {
    let semaphore = Semaphore::new(4);
    semaphore.acquire();
    assert!(semaphore.try_acquire());
    semaphore.acquire_timeout(LONG).unwrap();
    semaphore.acquire_until(Instant::now() + LONG).unwrap();
    assert_eq!(semaphore.available(), 0);
    assert!(!semaphore.try_acquire());
    assert_eq!(semaphore.acquire_timeout(SHORT), Err(TimedOut));
    assert_eq!(semaphore.acquire_until(Instant::now() + SHORT), Err(TimedOut));
    assert_eq!(semaphore.waiting(), 0);
    semaphore.release(4).unwrap();
    semaphore.release(0).unwrap();
    assert_eq!(semaphore.available(), 4);
}

#[test]
fn permits_go_in_the_order_of_arrival() {
    let (semaphore, order, crew) = (Semaphore::new(0), Mutex::new(Vec::new()), Crew::new());
    std::thread::scope(|scope| {
        for number in 0..5 {
            let (semaphore, order, crew) = (&semaphore, &order, &crew);
            scope.spawn(move || {
                crew.join();
                semaphore.acquire();
                order.lock().unwrap().push(number);
                // The next one only now, so that the order in which they come back is the order in which they were let in.
                semaphore.release(1).unwrap();
            });
            crew.until_blocked(number + 1, WaitKind::Semaphore);
        }
        semaphore.release(1).unwrap();
    });
    assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 4]);
}

#[test]
fn many_permits_wake_as_many_threads() {
    const THREADS: usize = 40;
    let (semaphore, crew) = (Semaphore::new(0), Crew::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                crew.join();
                semaphore.acquire();
            });
        }
        crew.until_blocked(THREADS, WaitKind::Semaphore);
        assert_eq!(semaphore.waiting(), THREADS);
        semaphore.release(THREADS as u64 + 2).unwrap();
    });
    assert_eq!(semaphore.available(), 2);
}

#[test]
fn an_abort_takes_no_permit() {
    let (semaphore, crew) = (Semaphore::new(0), Crew::new());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            semaphore.acquire_with(Deadline::NEVER, &mut crew.interruptible(|| ControlFlow::Break(())))
        });
        crew.until_blocked(1, WaitKind::Semaphore);
        crew.interrupt(0, || waiting.is_finished());
        assert_eq!(waiting.join().unwrap(), Err(Failed::Aborted));
    });
    assert_eq!(semaphore.waiting(), 0);
    semaphore.release(1).unwrap();
    assert_eq!(semaphore.available(), 1);
}

#[test]
fn refuses_more_permits_than_it_may_have() {
    let full = Semaphore::new(u64::MAX);
    assert_eq!(full.available(), Semaphore::MAX_PERMITS);
    assert_eq!(full.release(1), Err(OverRelease));
    full.acquire();
    assert_eq!(full.release(2), Err(OverRelease));
    full.release(1).unwrap();

    let bounded = BoundedSemaphore::new(2);
    assert_eq!(bounded.release(1), Err(OverRelease));
    bounded.acquire();
    assert!(bounded.try_acquire());
    assert_eq!(bounded.acquire_timeout(SHORT), Err(TimedOut));
    assert_eq!(bounded.release(3), Err(OverRelease));
    assert_eq!(bounded.available(), 0);
    bounded.release(2).unwrap();
    drop(bounded.guard());
    assert_eq!((bounded.available(), bounded.bound(), bounded.waiting()), (2, 2, 0));

    let within = Semaphore::new(0);
    assert_eq!(within.release_within(2, 1), Err(OverRelease));
    within.release_within(1, 1).unwrap();
    within.reset_after_fork(5);
    assert_eq!(within.available(), 5);
}

#[test]
fn an_over_release_wakes_nobody() {
    let (semaphore, crew) = (BoundedSemaphore::new(1), Crew::new());
    semaphore.acquire();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            crew.join();
            semaphore.acquire();
        });
        crew.until_blocked(1, WaitKind::Semaphore);
        assert_eq!(semaphore.release(2), Err(OverRelease));
        assert_eq!(semaphore.waiting(), 1);
        semaphore.release(1).unwrap();
    });
    assert_eq!(semaphore.available(), 0);
}

#[test]
fn works_in_a_static_and_shows_itself_without_waiting() {
    static SEMAPHORE: Semaphore = Semaphore::new(1);
    static BOUNDED: BoundedSemaphore = BoundedSemaphore::new(1);
    SEMAPHORE.acquire();
    BOUNDED.acquire();
    assert!(format!("{SEMAPHORE:?} {BOUNDED:?}").contains("BoundedSemaphore"));
    assert_send::<Semaphore>();
    assert_sync::<BoundedSemaphore>();
}
