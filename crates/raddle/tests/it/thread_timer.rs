use std::time::{Duration, Instant};

use raddle::thread::{Builder, StartError, ThreadState, Timer};

use crate::support::{LONG, SHORT, until};

#[test]
fn calls_its_function_when_the_time_has_passed() {
    let begun = Instant::now();
    let mut timer = Timer::new(SHORT, Instant::now);
    assert_eq!(timer.state(), ThreadState::New);
    timer.start().unwrap();
    assert!(matches!(timer.start(), Err(StartError::AlreadyStarted)));
    let called = timer.join().unwrap().unwrap();
    // Not how long it took, but that the function was not called before.
    assert!(called.duration_since(begun) >= SHORT);
    assert_eq!(
        Timer::new(Duration::ZERO, || ()).join().unwrap_err().into_handle().map(|handle| handle.is_alive()),
        Some(false)
    );
}

#[test]
fn may_be_cancelled_while_it_waits_and_before_it_starts() {
    let mut timer = Timer::with_builder(Builder::new().name("later").daemon(true), LONG, || ());
    assert!(timer.is_daemon());
    timer.start().unwrap();
    until("it waits", || timer.state() == ThreadState::Blocked);
    timer.cancel();
    timer.cancel();
    assert_eq!(timer.join().unwrap(), None);

    let mut timer = Timer::new(LONG, || ());
    timer.cancel();
    timer.start().unwrap();
    assert_eq!(timer.into_handle().join().unwrap(), None);
}

#[test]
fn cancelling_it_afterwards_changes_nothing() {
    let mut timer = Timer::new(Duration::ZERO, || 5);
    timer.start().unwrap();
    timer.thread().join().unwrap();
    timer.cancel();
    assert_eq!(timer.join().unwrap(), Some(5));
}
