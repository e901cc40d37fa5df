use std::time::{Duration, Instant};

use raddle::park::Deadline;

use crate::support::{LONG, SHORT, until};

#[test]
fn never_passes() {
    assert!(!Deadline::NEVER.has_passed());
    assert_eq!(Deadline::NEVER.remaining(), None);
    assert_eq!(Deadline::after(Duration::MAX), Deadline::NEVER);
}

#[test]
fn no_time_has_passed_at_once() {
    assert_eq!(Deadline::after(Duration::ZERO), Deadline::PASSED);
    assert_eq!(Deadline::at(Instant::now()), Deadline::PASSED);
    assert!(Deadline::PASSED.has_passed());
    assert_eq!(Deadline::PASSED.remaining(), Some(Duration::ZERO));
}

#[test]
fn passes_when_its_time_has_come() {
    let deadline = Deadline::after(SHORT);
    until("the deadline passes", || deadline.has_passed());
    assert_eq!(deadline.remaining(), Some(Duration::ZERO));
    let far = Deadline::after(LONG);
    assert!(!far.has_passed());
    assert!(far.remaining().unwrap() <= LONG);
    assert!(far > deadline && deadline > Deadline::PASSED && far < Deadline::NEVER);
    assert!(Deadline::at(Instant::now() + LONG).remaining().unwrap() <= LONG);
}
