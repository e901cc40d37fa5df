//! The semaphore: permits are neither lost nor doubled among many threads.
//!
//! What these tests have been seen to catch: a release that wakes nobody because somebody else was woken before.

use std::sync::Arc;

use raddle::park::Deadline;
use raddle::sync::Semaphore;
use shuttle::sync::atomic::{AtomicU32, Ordering};

use crate::support::{Patient, below, check, crew, deadline, fickle, join};

#[test]
fn permits_are_kept() {
    const PERMITS: u32 = 2;
    check(|| {
        let semaphore = Arc::new(Semaphore::new(u64::from(PERMITS)));
        let held = Arc::new(AtomicU32::new(0));
        let threads = {
            let semaphore = Arc::clone(&semaphore);
            crew(5, move |_| {
                for _ in 0..3 {
                    if semaphore.acquire_with(deadline(), &mut fickle()).is_ok() {
                        assert!(held.fetch_add(1, Ordering::SeqCst) < PERMITS);
                        held.fetch_sub(1, Ordering::SeqCst);
                        semaphore.release(1).unwrap();
                    }
                }
            })
        };
        join(threads);
        assert_eq!((semaphore.available(), semaphore.waiting()), (u64::from(PERMITS), 0));
    });
}

/// As many permits as there are threads come, in portions; who waits without limit needs one of them.
#[test]
fn permits_that_come_in_portions_reach_all() {
    const WAITERS: u32 = 4;
    check(|| {
        let semaphore = Arc::new(Semaphore::new(0));
        let waiting = {
            let semaphore = Arc::clone(&semaphore);
            crew(WAITERS, move |_| semaphore.acquire_with(Deadline::NEVER, &mut Patient).unwrap())
        };
        let passing = {
            let semaphore = Arc::clone(&semaphore);
            crew(2, move |_| {
                if semaphore.acquire_with(deadline(), &mut fickle()).is_ok() {
                    semaphore.release(1).unwrap();
                }
            })
        };
        let mut left = WAITERS;
        while left > 0 {
            let portion = 1 + below(left);
            semaphore.release(u64::from(portion)).unwrap();
            left -= portion;
        }
        join(waiting);
        // Those who pass have nothing to wait for but a permit that nobody needs.
        semaphore.release(1).unwrap();
        join(passing);
        assert_eq!((semaphore.available(), semaphore.waiting()), (1, 0));
    });
}
