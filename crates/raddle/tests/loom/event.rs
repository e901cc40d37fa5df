//! The event: whoever waits when it is set goes on, and sees what was done before.
//!
//! What these models have been seen to catch: a `set` that forgets those who wait; a waiter that looks at the flag without announcing
//! itself in the same step; one that leaves without asking whether it is granted; a grant that is not Release.

use std::sync::Arc;

use loom::cell::Cell;
use loom::thread;
use raddle::model;
use raddle::park::{Deadline, Failed};
use raddle::sync::Event;
use raddle::thread::ThreadId;

use crate::support::{Patient, check, limited, stopping};

#[derive(Default)]
struct Told {
    event: Event,
    value: Cell<u32>,
}

// SAFETY: the cell is written before the event is set, and read after; loom sees to that.
unsafe impl Sync for Told {}
// SAFETY: as above.
unsafe impl Send for Told {}

#[test]
fn all_go_on_and_see_what_was_done_before() {
    check(1, || {
        let told = Arc::new(Told::default());
        let waiting = {
            let told = Arc::clone(&told);
            thread::spawn(move || {
                told.event.wait_with(Deadline::NEVER, &mut Patient).unwrap();
                assert_eq!(told.value.get(), 7);
            })
        };
        let setting = {
            let told = Arc::clone(&told);
            thread::spawn(move || {
                told.value.set(7);
                told.event.set();
            })
        };
        told.event.wait_with(Deadline::NEVER, &mut Patient).unwrap();
        assert_eq!(told.value.get(), 7);
        waiting.join().unwrap();
        setting.join().unwrap();
        assert_eq!(told.event.waiting(), 0);
    });
}

#[test]
fn clearing_it_at_once_takes_nothing_from_those_who_waited() {
    check(3, || {
        let told = Arc::new(Told::default());
        let setting = {
            let told = Arc::clone(&told);
            thread::spawn(move || {
                while told.event.waiting() == 0 {
                    thread::yield_now();
                }
                told.value.set(7);
                told.event.set();
                told.event.clear();
            })
        };
        told.event.wait_with(Deadline::NEVER, &mut Patient).unwrap();
        assert_eq!(told.value.get(), 7);
        setting.join().unwrap();
        assert!(!told.event.is_set());
    });
}

/// One clears while another sets again: the last `set` counts.
#[test]
fn clearing_meets_setting() {
    check(3, || {
        let event = Arc::new(Event::new());
        let clearing = {
            let event = Arc::clone(&event);
            thread::spawn(move || {
                event.set();
                event.clear();
                event.set();
            })
        };
        event.wait_with(Deadline::NEVER, &mut Patient).unwrap();
        clearing.join().unwrap();
        assert!(event.is_set());
        assert_eq!(event.waiting(), 0);
    });
}

#[test]
fn setting_meets_deadlines_and_aborts() {
    for aborts in [false, true] {
        check(1, move || {
            let event = Arc::new(Event::new());
            let waiting = ThreadId::current();
            let next = {
                let event = Arc::clone(&event);
                thread::spawn(move || {
                    if aborts {
                        model::interrupt(waiting)
                    } else {
                        model::expire(waiting)
                    }
                    event.wait_with(Deadline::NEVER, &mut Patient).unwrap();
                })
            };
            let setting = {
                let event = Arc::clone(&event);
                thread::spawn(move || event.set())
            };
            match event.wait_with(limited(), &mut stopping()) {
                Ok(()) => assert!(event.is_set()),
                Err(failed) => assert_eq!(failed, if aborts { Failed::Aborted } else { Failed::TimedOut }),
            }
            next.join().unwrap();
            setting.join().unwrap();
            assert_eq!(event.waiting(), 0);
        });
    }
}
