//! Waiting for several futures, and taking them as they are done.

use std::ops::ControlFlow;
use std::time::Instant;

use raddle::futures::{
    Future, NextError, Promise, ReturnWhen, as_completed, promise, wait, wait_timeout, wait_until, wait_with,
};
use raddle::park::{Deadline, Thread};
use raddle::thread::WaitKind;

use crate::support::{Crew, LONG, SHORT};

fn promises(count: usize) -> (Vec<Promise<usize>>, Vec<Future<usize>>) {
    (0..count).map(|_| promise()).unzip()
}

fn results(futures: Vec<Future<usize>>) -> Vec<usize> {
    futures.into_iter().map(|future| future.result().unwrap()).collect()
}

#[test]
fn nothing_to_wait_for() {
    for until in [ReturnWhen::FirstCompleted, ReturnWhen::FirstException, ReturnWhen::AllCompleted] {
        let waited = wait(Vec::<Future<()>>::new(), until);
        assert_eq!((waited.done.len(), waited.pending.len()), (0, 0));
    }
    assert_eq!(as_completed(Vec::<Future<()>>::new()).try_next().unwrap_err(), NextError::NoneLeft);
}

#[test]
fn what_is_done_already() {
    let (promises, futures) = promises(3);
    promises.into_iter().enumerate().for_each(|(number, promise)| promise.finish(number).unwrap());
    for until in [ReturnWhen::FirstCompleted, ReturnWhen::FirstException] {
        let (promise, future) = promise();
        promise.finish(0).unwrap();
        assert_eq!(results(wait([future], until).done), [0]);
    }
    let waited = wait_with(futures, ReturnWhen::AllCompleted, Deadline::PASSED, &mut Thread).unwrap();
    assert_eq!(results(waited.done), [0, 1, 2]);
}

/// One thread waits for three futures; `act` gets their promises when it is blocked.
fn while_waiting(
    until: ReturnWhen,
    act: impl FnOnce(Vec<Promise<usize>>) -> Vec<Promise<usize>>,
) -> (Vec<Future<usize>>, usize) {
    let (promises, futures) = promises(3);
    let crew = Crew::new();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            wait(futures, until)
        });
        crew.until_blocked(1, WaitKind::Event);
        let kept = act(promises);
        let waited = waiting.join().unwrap();
        drop(kept);
        (waited.done, waited.pending.len())
    })
}

#[test]
fn the_first_that_is_done() {
    let (done, pending) = while_waiting(ReturnWhen::FirstCompleted, |mut promises| {
        promises.remove(1).finish(1).unwrap();
        promises
    });
    assert_eq!((results(done), pending), (vec![1], 2));
}

#[test]
fn the_first_that_fails() {
    let (done, pending) = while_waiting(ReturnWhen::FirstException, |mut promises| {
        promises.remove(2).run(|| panic!("fails"));
        promises
    });
    assert_eq!((done.len(), pending), (1, 2));
    assert!(done.into_iter().all(|future| future.result().is_err()));
}

#[test]
fn none_fails() {
    let (done, pending) = while_waiting(ReturnWhen::FirstException, |promises| {
        promises.into_iter().enumerate().for_each(|(number, promise)| promise.finish(number).unwrap());
        vec![]
    });
    assert_eq!((results(done), pending), (vec![0, 1, 2], 0));
}

#[test]
fn one_has_failed_before() {
    let (mut promises, futures) = promises(3);
    promises.remove(0).run(|| panic!("fails"));
    let waited = wait(futures, ReturnWhen::FirstException);
    assert_eq!((waited.done.len(), waited.pending.len()), (1, 2));
}

#[test]
fn a_cancelled_one_is_done_but_has_not_failed() {
    let (promises, futures) = promises(2);
    assert!(futures[0].cancel());
    let waited = wait_timeout(futures, ReturnWhen::FirstException, SHORT);
    assert_eq!((waited.done.len(), waited.pending.len()), (1, 1));
    drop(promises);
    let (_promises, futures) = self::promises(2);
    assert!(futures[1].cancel());
    let waited = wait(futures, ReturnWhen::FirstCompleted);
    assert!(waited.done[0].is_cancelled());
}

#[test]
fn all_of_them() {
    let (done, pending) = while_waiting(ReturnWhen::AllCompleted, |promises| {
        // Backwards: they come back in the order in which they were given.
        promises.into_iter().enumerate().rev().for_each(|(number, promise)| promise.finish(number).unwrap());
        vec![]
    });
    assert_eq!((results(done), pending), (vec![0, 1, 2], 0));
}

#[test]
fn not_in_time() {
    let (mut promises, futures) = promises(3);
    promises.remove(0).finish(0).unwrap();
    let waited = wait_timeout(futures, ReturnWhen::AllCompleted, SHORT);
    assert_eq!((waited.done.len(), waited.pending.len()), (1, 2));
    let waited = wait_until(waited.pending, ReturnWhen::FirstCompleted, Instant::now());
    assert_eq!((waited.done.len(), waited.pending.len()), (0, 2));
    // The same futures can be waited for again.
    for promise in promises {
        promise.finish(1).unwrap();
    }
    assert_eq!(results(wait_timeout(waited.pending, ReturnWhen::AllCompleted, LONG).done), [1, 1]);
}

#[test]
fn an_abort_gives_the_futures_back() {
    let (promises, futures) = promises(2);
    let crew = Crew::new();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            let mut waiter = crew.interruptible(|| ControlFlow::Break(()));
            wait_with(futures, ReturnWhen::AllCompleted, Deadline::after(LONG), &mut waiter)
        });
        crew.until_blocked(1, WaitKind::Event);
        crew.interrupt(0, || waiting.is_finished());
        assert_eq!(waiting.join().unwrap().unwrap_err().pending.len(), 2);
    });
    drop(promises);
}

#[test]
fn very_many() {
    const MANY: usize = 100_000;
    let (promises, futures) = promises(MANY);
    std::thread::scope(|scope| {
        scope.spawn(|| promises.into_iter().enumerate().for_each(|(number, promise)| promise.finish(number).unwrap()));
        let waited = wait(futures, ReturnWhen::AllCompleted);
        assert_eq!(results(waited.done).into_iter().sum::<usize>(), MANY * (MANY - 1) / 2);
    });
    let (promises, futures) = self::promises(MANY);
    std::thread::scope(|scope| {
        scope.spawn(|| promises.into_iter().enumerate().for_each(|(number, promise)| promise.finish(number).unwrap()));
        let sum = as_completed(futures).map(|future| future.result().unwrap()).sum::<usize>();
        assert_eq!(sum, MANY * (MANY - 1) / 2);
    });
}

#[test]
fn as_they_are_done() {
    let (mut promises, futures) = promises(3);
    promises.remove(1).finish(1).unwrap();
    let mut completed = as_completed(futures);
    assert_eq!(completed.len(), 3);
    assert_eq!(completed.try_next().unwrap().result().unwrap(), 1);
    assert_eq!(completed.try_next().unwrap_err(), NextError::TimedOut);
    assert_eq!(completed.next_timeout(SHORT).unwrap_err(), NextError::TimedOut);
    assert_eq!(completed.next_until(Instant::now()).unwrap_err(), NextError::TimedOut);
    promises.remove(1).finish(2).unwrap();
    assert_eq!(completed.next().unwrap().result().unwrap(), 2);
    let crew = Crew::new();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            completed.next().unwrap().result().unwrap()
        });
        crew.until_blocked(1, WaitKind::QueueGet);
        promises.remove(0).finish(0).unwrap();
        assert_eq!(waiting.join().unwrap(), 0);
    });
}

#[test]
fn the_rest_comes_back() {
    let (mut promises, futures) = promises(3);
    let mut completed = as_completed(futures);
    promises.remove(2).finish(2).unwrap();
    assert_eq!(completed.next().unwrap().result().unwrap(), 2);
    assert_eq!(completed.left(), 2);
    let rest = completed.into_rest();
    promises.into_iter().enumerate().for_each(|(number, promise)| promise.finish(number).unwrap());
    assert_eq!(results(rest), [0, 1]);
}

#[test]
fn cancelled_ones_come_at_once() {
    let (_promises, futures) = promises(2);
    futures[1].cancel();
    let mut completed = as_completed(futures);
    assert!(completed.next().unwrap().is_cancelled());
    let crew = Crew::new();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            completed.next_with(Deadline::after(LONG), &mut crew.interruptible(|| ControlFlow::Break(()))).unwrap_err()
        });
        crew.until_blocked(1, WaitKind::QueueGet);
        crew.interrupt(0, || waiting.is_finished());
        assert_eq!(waiting.join().unwrap(), NextError::Aborted);
    });
}
