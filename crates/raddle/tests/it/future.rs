//! Futures, and the promises that bring their results.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use raddle::futures::{Ending, Future, FutureError, Promise, ResultError, promise};
use raddle::park::{Deadline, Thread};
use raddle::sync::TimedOut;
use raddle::thread::WaitKind;

use crate::support::{Crew, LONG, SHORT, assert_not, assert_send, assert_sync, until};

#[test]
fn a_result_comes_once_and_is_taken_out() {
    let (promise, future) = promise();
    assert_eq!((future.ending(), future.is_done(), future.is_running()), (None, false, false));
    assert!(promise.begin());
    assert!(future.is_running());
    // Still begun.
    assert!(promise.begin());
    promise.finish(Box::new(42)).unwrap();
    assert_eq!((future.ending(), future.is_done(), future.is_running()), (Some(Ending::Finished), true, false));
    assert!(matches!(future.peek(), Some(Ok(number)) if **number == 42));
    assert_eq!(*future.result().unwrap(), 42);
}

#[test]
fn a_result_need_not_be_sync() {
    let (promise, future) = promise();
    promise.finish(Cell::new(1)).unwrap();
    assert_eq!(future.result().unwrap().get(), 1);
    assert_send::<Future<Cell<u8>>>();
    assert_sync::<Future<Cell<u8>>>();
    assert_send::<Promise<Cell<u8>>>();
    assert_sync::<FutureError>();
    assert_not!(Rc<u8>: Send);
}

#[test]
fn a_future_that_is_not_done_comes_back() {
    let (promise, future) = promise();
    let Err(ResultError::TimedOut(future)) = future.try_result() else { panic!("not yet") };
    let Err(ResultError::TimedOut(future)) = future.result_timeout(SHORT) else { panic!("not yet") };
    let Err(ResultError::TimedOut(future)) = future.result_until(Instant::now()) else { panic!("not yet") };
    assert_eq!(future.wait_timeout(SHORT), Err(TimedOut));
    assert_eq!(future.wait_until(Instant::now()), Err(TimedOut));
    promise.finish("done").unwrap();
    assert_eq!(future.wait_timeout(LONG), Ok(()));
    assert_eq!(future.try_result().unwrap(), "done");
}

#[test]
fn an_aborted_wait_gives_the_future_back() {
    let (promise, future) = promise();
    let crew = Crew::new();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            future.result_with(Deadline::after(LONG), &mut crew.interruptible(|| ControlFlow::Break(())))
        });
        crew.until_blocked(1, WaitKind::Future);
        crew.interrupt(0, || waiting.is_finished());
        let Err(ResultError::Aborted(future)) = waiting.join().unwrap() else { panic!("it was aborted") };
        promise.finish(7).unwrap();
        assert_eq!(future.result().unwrap(), 7);
    });
}

#[test]
fn any_number_of_threads_wait_for_it_and_look_at_it() {
    const WAITING: usize = 20;
    let (promise, future) = promise::<String>();
    let crew = Crew::new();
    std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..WAITING)
            .map(|_| {
                scope.spawn(|| {
                    crew.join();
                    future.wait();
                    future.peek().unwrap().unwrap().len()
                })
            })
            .collect();
        crew.until_blocked(WAITING, WaitKind::Future);
        promise.finish("four".to_owned()).unwrap();
        assert!(waiting.into_iter().all(|thread| thread.join().unwrap() == 4));
    });
    assert_eq!(future.result().unwrap(), "four");
}

#[test]
fn a_cancelled_future_has_no_result_and_wants_none() {
    let (promise, future) = promise();
    assert!(future.cancel());
    assert!(future.cancel(), "it is cancelled");
    assert_eq!((future.ending(), future.is_cancelled()), (Some(Ending::Cancelled), true));
    assert!(matches!(future.peek(), Some(Err(Ending::Cancelled))));
    assert!(promise.is_cancelled());
    assert!(!promise.begin());
    assert_eq!(promise.finish(1), Err(1));
    assert!(matches!(future.result(), Err(FutureError::Cancelled)));
}

#[test]
fn what_has_begun_is_not_cancelled() {
    let (promise, future) = promise();
    assert!(promise.begin());
    assert!(!future.cancel());
    promise.finish(1).unwrap();
    assert!(!future.cancel());
    assert_eq!(future.result().unwrap(), 1);
}

#[test]
fn cancelling_wakes_who_waits() {
    let (promise, future) = promise::<()>();
    let crew = Crew::new();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            future.wait();
        });
        crew.until_blocked(1, WaitKind::Future);
        assert!(future.cancel());
        waiting.join().unwrap();
    });
    assert!(promise.is_cancelled());
}

#[test]
fn a_panic_is_the_error() {
    let (promise, future) = promise();
    let number = future.ending().map_or(7, |_| 8);
    promise.run(|| -> u32 { panic!("number {number}") });
    assert_eq!(future.ending(), Some(Ending::Panicked));
    assert!(matches!(future.peek(), Some(Err(Ending::Panicked))));
    let Err(FutureError::Panicked(panic)) = future.result() else { panic!("it has panicked") };
    assert_eq!(panic.message(), Some("number 7"));
    assert_eq!(panic.to_string(), "the work panicked: number 7");
    assert_eq!(*panic.into_payload().downcast::<String>().unwrap(), "number 7");
}

#[test]
fn what_is_thrown_comes_through() {
    let (promise, future) = promise::<()>();
    promise.run(|| std::panic::panic_any(7_u8));
    let Err(FutureError::Panicked(panic)) = future.result() else { panic!("it has panicked") };
    assert_eq!(panic.message(), None);
    let resumed = std::panic::catch_unwind(AssertUnwindSafe(|| panic.resume()));
    assert_eq!(*resumed.unwrap_err().downcast::<u8>().unwrap(), 7);
}

#[test]
fn a_promise_that_is_dropped_breaks_its_future() {
    let (promise, future) = promise::<u32>();
    let endings = Endings::default();
    endings.listen(&future);
    drop(promise);
    assert_eq!(future.ending(), Some(Ending::Broken));
    assert_eq!(endings.seen(), [Ending::Broken]);
    assert!(matches!(future.result(), Err(FutureError::Broken)));
}

#[test]
fn a_promise_outlives_its_future() {
    let (promise, future) = promise();
    drop(future);
    let drops = Arc::new(());
    promise.finish(Arc::clone(&drops)).unwrap();
    assert_eq!(Arc::strong_count(&drops), 1, "nobody wants the result: it is gone");
}

#[derive(Clone, Default)]
struct Endings(Arc<Mutex<Vec<Ending>>>);

impl Endings {
    fn listen<T: Send>(&self, future: &Future<T>) {
        let seen = Arc::clone(&self.0);
        future.add_done_callback(move |ending| seen.lock().unwrap().push(ending));
    }

    fn seen(&self) -> Vec<Ending> {
        self.0.lock().unwrap().clone()
    }
}

#[test]
fn callbacks_hear_of_every_ending() {
    let endings = Endings::default();
    let (finished, first) = promise();
    let (_cancelled, second) = promise::<()>();
    endings.listen(&first);
    endings.listen(&second);
    finished.finish(1).unwrap();
    second.cancel();
    assert_eq!(endings.seen(), [Ending::Finished, Ending::Cancelled]);
    // At once, as it is done.
    endings.listen(&first);
    endings.listen(&second);
    assert_eq!(endings.seen()[2..], [Ending::Finished, Ending::Cancelled]);
}

#[test]
fn callbacks_run_in_the_thread_that_ends_it_and_in_order() {
    let (promise, future) = promise();
    let calls = Arc::new(Mutex::new(Vec::new()));
    for number in 0..3 {
        let calls = Arc::clone(&calls);
        future.add_done_callback(move |_| calls.lock().unwrap().push((number, std::thread::current().id())));
    }
    let thread = std::thread::spawn(move || {
        promise.finish(()).unwrap();
        std::thread::current().id()
    });
    let finisher = thread.join().unwrap();
    assert_eq!(*calls.lock().unwrap(), [(0, finisher), (1, finisher), (2, finisher)]);
}

#[test]
fn a_callback_that_panics_stops_nobody() {
    let (promise, future) = promise();
    let endings = Endings::default();
    future.add_done_callback(|_| panic!("in a callback"));
    endings.listen(&future);
    promise.finish(1).unwrap();
    future.add_done_callback(|_| panic!("in a late callback"));
    assert_eq!(endings.seen(), [Ending::Finished]);
    assert_eq!(future.result().unwrap(), 1);
}

#[test]
fn a_callback_may_use_other_futures() {
    let (first_promise, first) = promise();
    let (second_promise, second) = promise();
    first.add_done_callback(move |ending| second_promise.finish(ending).unwrap());
    first_promise.finish(()).unwrap();
    assert_eq!(second.result().unwrap(), Ending::Finished);
}

#[test]
fn a_result_is_dropped_once_whoever_is_last() {
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let drops = Arc::new(AtomicUsize::new(0));
    let taken = {
        let (promise, future) = promise();
        assert!(promise.finish(Counted(Arc::clone(&drops))).is_ok());
        future.result().unwrap()
    };
    assert_eq!(drops.load(Ordering::SeqCst), 0);
    drop(taken);
    assert_eq!(drops.load(Ordering::SeqCst), 1);
    let (promise, future) = promise();
    assert!(promise.finish(Counted(Arc::clone(&drops))).is_ok());
    drop(future);
    assert_eq!(drops.load(Ordering::SeqCst), 2);
}

#[test]
fn cancel_and_begin_agree() {
    for _ in 0..200 {
        let (promise, future) = promise();
        std::thread::scope(|scope| {
            let begun = scope.spawn(move || {
                let begun = promise.begin();
                assert_eq!(promise.finish(1).is_ok(), begun);
                begun
            });
            let cancelled = future.cancel();
            assert_ne!(begun.join().unwrap(), cancelled);
        });
        until("it is done", || future.is_done());
    }
}

#[test]
fn a_wait_in_the_way_of_a_waiter() {
    let (promise, future) = promise();
    assert!(future.wait_with(Deadline::PASSED, &mut Thread).is_err());
    promise.finish(1).unwrap();
    assert_eq!(future.wait_with(Deadline::PASSED, &mut Thread), Ok(()));
}

#[test]
fn shows_itself() {
    let (promise, future) = promise();
    assert_eq!(format!("{future:?}"), "Future { stage: Pending, .. }");
    assert_eq!(format!("{promise:?}"), "Promise { stage: Pending, .. }");
    promise.finish(1).unwrap();
    assert_eq!(format!("{future:?}"), "Future { ending: Finished, .. }");
    assert_eq!(FutureError::Broken.to_string(), "whoever was to bring the result is gone");
    assert_eq!(ResultError::<()>::from(FutureError::Cancelled).to_string(), "the future was cancelled");
}
