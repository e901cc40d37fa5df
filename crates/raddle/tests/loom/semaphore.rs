//! The semaphore: permits are neither lost nor doubled.
//!
//! What these models have been seen to catch: a release that wakes nobody because somebody else was woken before; `WAITERS` set
//! without another look for a free permit; a waiter that leaves without asking whether it is granted.

use std::sync::Arc;

use loom::thread;
use raddle::model;
use raddle::park::Deadline;
use raddle::sync::Semaphore;
use raddle::thread::ThreadId;

use crate::support::{Interruptible, Patient, check, limited, stopping};

#[test]
fn every_permit_finds_its_waiter() {
    check(2, || {
        let semaphore = Arc::new(Semaphore::new(0));
        let others: Vec<_> = (0..2)
            .map(|_| {
                let semaphore = Arc::clone(&semaphore);
                thread::spawn(move || semaphore.acquire_with(Deadline::NEVER, &mut Patient).unwrap())
            })
            .collect();
        semaphore.release(2).unwrap();
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!((semaphore.available(), semaphore.waiting()), (0, 0));
    });
}

#[test]
fn permits_come_one_by_one() {
    check(1, || {
        let semaphore = Arc::new(Semaphore::new(0));
        let others: Vec<_> = (0..2)
            .map(|_| {
                let semaphore = Arc::clone(&semaphore);
                thread::spawn(move || {
                    semaphore.acquire_with(Deadline::NEVER, &mut Patient).unwrap();
                    semaphore.release(1).unwrap();
                })
            })
            .collect();
        semaphore.release(1).unwrap();
        semaphore.acquire_with(Deadline::NEVER, &mut Patient).unwrap();
        semaphore.release(1).unwrap();
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!((semaphore.available(), semaphore.waiting()), (1, 0));
    });
}

#[test]
fn a_permit_meets_a_deadline() {
    check(1, || {
        let semaphore = Arc::new(Semaphore::new(0));
        let waiting = ThreadId::current();
        let next = {
            let semaphore = Arc::clone(&semaphore);
            thread::spawn(move || {
                model::expire(waiting);
                semaphore.acquire_with(Deadline::NEVER, &mut Patient).unwrap();
            })
        };
        let releasing = {
            let semaphore = Arc::clone(&semaphore);
            thread::spawn(move || {
                semaphore.release(1).unwrap();
                semaphore.release(1).unwrap();
            })
        };
        let taken = u64::from(semaphore.acquire_with(limited(), &mut Patient).is_ok());
        next.join().unwrap();
        releasing.join().unwrap();
        assert_eq!((semaphore.available(), semaphore.waiting()), (1 - taken, 0));
    });
}

#[test]
fn a_permit_meets_an_abort() {
    check(1, || {
        let semaphore = Arc::new(Semaphore::new(0));
        let waiting = ThreadId::current();
        let next = {
            let semaphore = Arc::clone(&semaphore);
            thread::spawn(move || {
                model::interrupt(waiting);
                semaphore.acquire_with(Deadline::NEVER, &mut Patient).unwrap();
            })
        };
        let releasing = {
            let semaphore = Arc::clone(&semaphore);
            thread::spawn(move || {
                semaphore.release(1).unwrap();
                semaphore.release(1).unwrap();
            })
        };
        let taken = u64::from(semaphore.acquire_with(Deadline::NEVER, &mut stopping()).is_ok());
        next.join().unwrap();
        releasing.join().unwrap();
        assert_eq!((semaphore.available(), semaphore.waiting()), (1 - taken, 0));
    });
}

/// A handler waits for the same semaphore, inside its thread's wait.
#[test]
fn a_handler_takes_a_permit_too() {
    check(2, || {
        let semaphore = Arc::new(Semaphore::new(0));
        let waiting = ThreadId::current();
        let interrupting = thread::spawn(move || model::interrupt(waiting));
        let releasing = {
            let semaphore = Arc::clone(&semaphore);
            thread::spawn(move || {
                semaphore.release(1).unwrap();
                semaphore.release(1).unwrap();
            })
        };
        let mut taken = 0;
        let mut waiter = Interruptible(|| {
            if taken == 0 {
                semaphore.acquire_with(Deadline::NEVER, &mut Patient).unwrap();
                taken = 1;
            }
            std::ops::ControlFlow::Continue(())
        });
        semaphore.acquire_with(Deadline::NEVER, &mut waiter).unwrap();
        interrupting.join().unwrap();
        releasing.join().unwrap();
        assert_eq!((semaphore.available(), semaphore.waiting()), (1 - taken, 0));
    });
}
