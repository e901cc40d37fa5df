//! The barrier: all or none.
//!
//! What these models have been seen to catch: a deadline that does not break the round; a party that leaves and stays counted.

use std::sync::Arc;

use loom::thread;
use raddle::model;
use raddle::park::{Deadline, Waiter};
use raddle::sync::{Arrival, Barrier, BarrierError};
use raddle::thread::ThreadId;

use crate::support::{Patient, check, limited, stopping};

fn arrive<W: Waiter>(barrier: &Barrier, deadline: Deadline, waiter: &mut W) -> Result<usize, BarrierError> {
    match barrier.arrive_with(deadline, waiter)? {
        Arrival::Passed(index) => Ok(index),
        Arrival::Last(last) => last.complete().map_err(|_| BarrierError::Broken),
    }
}

#[test]
fn all_come_through_each_round() {
    check(2, || {
        let barrier = Arc::new(Barrier::new(2));
        let other = {
            let barrier = Arc::clone(&barrier);
            thread::spawn(move || [(); 2].map(|()| arrive(&barrier, Deadline::NEVER, &mut Patient).unwrap()))
        };
        let own = [(); 2].map(|()| arrive(&barrier, Deadline::NEVER, &mut Patient).unwrap());
        let other = other.join().unwrap();
        for round in 0..2 {
            assert_eq!(own[round] + other[round], 1);
        }
        assert_eq!(barrier.waiting(), 0);
    });
}

#[test]
fn a_deadline_ends_it_for_all_or_none() {
    check(2, || {
        let barrier = Arc::new(Barrier::new(2));
        let waiting = ThreadId::current();
        let expiring = thread::spawn(move || model::expire(waiting));
        let other = {
            let barrier = Arc::clone(&barrier);
            thread::spawn(move || arrive(&barrier, Deadline::NEVER, &mut Patient))
        };
        let own = arrive(&barrier, limited(), &mut Patient);
        let other = other.join().unwrap();
        expiring.join().unwrap();
        assert_eq!(own.is_ok(), other.is_ok());
        assert_eq!(barrier.is_broken(), own.is_err());
        assert_eq!(barrier.waiting(), 0);
    });
}

#[test]
fn an_abort_leaves_the_round_to_the_others() {
    check(2, || {
        let barrier = Arc::new(Barrier::new(2));
        let waiting = ThreadId::current();
        let interrupting = thread::spawn(move || model::interrupt(waiting));
        assert_eq!(arrive(&barrier, Deadline::NEVER, &mut stopping()), Err(BarrierError::Aborted));
        assert_eq!(barrier.waiting(), 0);
        interrupting.join().unwrap();
        let other = {
            let barrier = Arc::clone(&barrier);
            thread::spawn(move || arrive(&barrier, Deadline::NEVER, &mut Patient).unwrap())
        };
        let own = arrive(&barrier, Deadline::NEVER, &mut Patient).unwrap();
        assert_eq!(own + other.join().unwrap(), 1);
    });
}

#[test]
fn an_abort_meets_the_last_party() {
    check(2, || {
        let barrier = Arc::new(Barrier::new(2));
        let waiting = ThreadId::current();
        let other = {
            let barrier = Arc::clone(&barrier);
            thread::spawn(move || {
                model::interrupt(waiting);
                // If the first one has left, nobody comes any more.
                model::expire(ThreadId::current());
                arrive(&barrier, limited(), &mut Patient)
            })
        };
        let own = arrive(&barrier, Deadline::NEVER, &mut stopping());
        let other = other.join().unwrap();
        // Stopped in time or not: who stops may have been counted, and then the other one has passed.
        assert!(own.is_err() || other.is_ok());
        assert_eq!((barrier.waiting(), barrier.is_broken()), (0, other.is_err()));
    });
}

#[test]
fn resetting_lets_those_go_who_wait() {
    check(3, || {
        let barrier = Arc::new(Barrier::new(2));
        let other = {
            let barrier = Arc::clone(&barrier);
            thread::spawn(move || {
                while barrier.waiting() == 0 {
                    thread::yield_now();
                }
                barrier.reset();
            })
        };
        assert_eq!(arrive(&barrier, Deadline::NEVER, &mut Patient), Err(BarrierError::Broken));
        other.join().unwrap();
        assert_eq!((barrier.waiting(), barrier.is_broken()), (0, false));
    });
}
