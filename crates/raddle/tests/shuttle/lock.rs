//! Locks: one inside at a time, and nobody forgotten, whatever ends the waits of others.
//!
//! What these tests have been seen to catch: a section that is entered without asking whether somebody is inside; a waiter that leaves without asking whether it is granted; one that
//! gives up and still counts as woken.

use std::sync::Arc;

use raddle::sync::{RawLock, RawRLock};
use shuttle::sync::atomic::{AtomicU32, Ordering};

use crate::support::{Patient, check, crew, deadline, fickle, join};

const ROUNDS: u32 = 3;

#[test]
fn one_is_inside_at_a_time_and_nobody_is_forgotten() {
    check(|| {
        let lock = Arc::new(RawLock::new());
        let inside = Arc::new(AtomicU32::new(0));
        let threads = {
            let lock = Arc::clone(&lock);
            crew(4, move |number| {
                for _ in 0..ROUNDS {
                    let deadline = deadline();
                    // Some wait whatever comes, so that somebody is left whom the others must wake.
                    let taken = if number == 0 {
                        lock.acquire_with(deadline, &mut Patient)
                    } else {
                        lock.acquire_with(deadline, &mut fickle())
                    };
                    if taken.is_ok() {
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        assert_eq!(inside.fetch_sub(1, Ordering::SeqCst), 1);
                        lock.release().unwrap();
                    }
                }
            })
        };
        join(threads);
        assert_eq!((lock.is_locked(), lock.waiting()), (false, 0));
    });
}

#[test]
fn all_levels_of_an_rlock_are_one_lock() {
    check(|| {
        let lock = Arc::new(RawRLock::new());
        let inside = Arc::new(AtomicU32::new(0));
        let threads = {
            let lock = Arc::clone(&lock);
            crew(4, move |_| {
                for round in 1..=ROUNDS {
                    if lock.acquire_with(deadline(), &mut fickle()).is_err() {
                        continue;
                    }
                    for _ in 1..round {
                        assert!(lock.try_acquire());
                    }
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                    assert_eq!(u64::from(round), lock.levels());
                    assert_eq!(inside.fetch_sub(1, Ordering::SeqCst), 1);
                    for _ in 0..round {
                        lock.release().unwrap();
                    }
                }
            })
        };
        join(threads);
        assert_eq!((lock.is_locked(), lock.waiting()), (false, 0));
    });
}
