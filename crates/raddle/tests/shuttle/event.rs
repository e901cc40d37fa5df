//! The event: nobody who waits when it is set stays behind.
//!
//! What these tests have been seen to catch: a `set` that forgets those who wait; a waiter that looks at the flag without announcing itself in the same step; one that leaves without
//! asking whether it is granted; a `set` that forgets the rest of a crowd after its first batch; a grant that is written after the state that announces it.

use std::sync::Arc;

use raddle::park::Deadline;
use raddle::sync::Event;
use shuttle::sync::atomic::{AtomicU32, Ordering};

use crate::support::{Patient, check, crew, deadline, fickle, join};

/// It is set and cleared all the time, and set at last.
#[test]
fn setting_reaches_all_who_wait() {
    check(|| {
        let event = Arc::new(Event::new());
        let patient = {
            let event = Arc::clone(&event);
            crew(3, move |_| event.wait_with(Deadline::NEVER, &mut Patient).unwrap())
        };
        let fickle = {
            let event = Arc::clone(&event);
            crew(2, move |_| {
                for _ in 0..3 {
                    let _ = event.wait_with(deadline(), &mut fickle());
                }
            })
        };
        for _ in 0..2 {
            event.set();
            event.clear();
        }
        event.set();
        join(patient);
        join(fickle);
        assert_eq!((event.is_set(), event.waiting()), (true, 0));
    });
}

/// More waiters than one call wakes at once, and each sees what was done before.
#[test]
fn a_crowd_goes_on_and_sees_what_was_done_before() {
    const CROWD: u32 = 20;
    check(|| {
        let event = Arc::new(Event::new());
        let told = Arc::new(AtomicU32::new(0));
        let crowd = {
            let (event, told) = (Arc::clone(&event), Arc::clone(&told));
            crew(CROWD, move |_| {
                event.wait_with(Deadline::NEVER, &mut Patient).unwrap();
                assert_eq!(told.load(Ordering::Relaxed), 7);
            })
        };
        told.store(7, Ordering::Relaxed);
        event.set();
        event.clear();
        // Those who come after that need another one.
        event.set();
        join(crowd);
        assert_eq!(event.waiting(), 0);
    });
}
