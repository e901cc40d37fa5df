//! The end of a thread: whoever joins it goes on, and sees what it did; the end of the process misses nobody.
//!
//! What these models have been seen to catch: a start that is counted before the thread can be found.

use std::sync::Arc;

use loom::cell::Cell;
use loom::thread;
use raddle::model;
use raddle::park::Deadline;
use raddle::thread::{Builder, NotJoined, ThreadId, ThreadState};

use crate::support::{Patient, check, limited, stopping};

#[derive(Default)]
struct Done(Cell<u32>);

// SAFETY: the cell is written by the thread, and read after its end; loom sees to that.
unsafe impl Sync for Done {}
// SAFETY: as above.
unsafe impl Send for Done {}

#[test]
fn all_who_join_go_on_and_see_what_it_did() {
    check(1, || {
        let done = Arc::new(Done::default());
        let handle = Builder::new()
            .spawn({
                let done = Arc::clone(&done);
                move || {
                    done.0.set(7);
                    5
                }
            })
            .unwrap();
        let joining = {
            let (thread, done) = (handle.thread().clone(), Arc::clone(&done));
            thread::spawn(move || {
                thread.join_with(Deadline::NEVER, &mut Patient).unwrap();
                assert_eq!(done.0.get(), 7);
            })
        };
        assert_eq!(handle.join_with(Deadline::NEVER, &mut Patient).unwrap(), 5);
        assert_eq!(done.0.get(), 7);
        joining.join().unwrap();
    });
}

#[test]
fn the_end_meets_deadlines_and_aborts() {
    for aborts in [false, true] {
        check(1, move || {
            let joining = ThreadId::current();
            let handle = Builder::new().spawn(|| ()).unwrap();
            let thread = handle.thread().clone();
            let ending = thread::spawn(move || if aborts { model::interrupt(joining) } else { model::expire(joining) });
            match thread.join_with(limited(), &mut stopping()) {
                Ok(()) => assert_eq!(thread.state(), ThreadState::Terminated),
                Err(why) => assert_eq!(why, if aborts { NotJoined::Aborted } else { NotJoined::TimedOut }),
            }
            ending.join().unwrap();
            handle.join_with(Deadline::NEVER, &mut Patient).unwrap();
        });
    }
}

/// A thread starts another one, and ends.
#[test]
fn the_process_waits_for_those_that_others_start() {
    check(2, || {
        let done = Arc::new(Done::default());
        raddle::main({
            let done = Arc::clone(&done);
            || {
                let start = move || {
                    drop(Builder::new().spawn(move || done.0.set(7)).unwrap());
                };
                drop(Builder::new().spawn(start).unwrap());
            }
        });
        assert_eq!(done.0.get(), 7);
    });
}
