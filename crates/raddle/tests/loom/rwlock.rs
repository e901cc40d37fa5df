//! The reader-writer lock: exclusion, nobody forgotten, deadlines and interrupts at the front of the list, downgrades.
//!
//! What these models have been seen to catch: a writer that gives up and lets nobody in.
//!
//! Where three threads do as they like from the beginning there is one preemption: with two, those models go on for minutes. Three of which one has the lock
//! at first have two, and two threads have four.

use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;
use raddle::model;
use raddle::park::{Deadline, Failed};
use raddle::sync::RawRwLock;
use raddle::thread::ThreadId;

use crate::support::{Patient, check, going_on, limited, stopping};

/// A lock, and what it guards: loom finds a writer beside anybody else.
struct Guarded {
    lock: RawRwLock,
    value: UnsafeCell<u32>,
}

// SAFETY: the cell is touched under the lock only; loom sees to that.
unsafe impl Sync for Guarded {}
// SAFETY: as above.
unsafe impl Send for Guarded {}

impl Guarded {
    fn new() -> Arc<Self> {
        Arc::new(Self { lock: RawRwLock::new(), value: UnsafeCell::new(0) })
    }

    fn value(&self) -> u32 {
        // SAFETY: the caller has the lock.
        self.value.with(|value| unsafe { *value })
    }

    fn count(&self) {
        // SAFETY: the caller has the lock to write.
        self.value.with_mut(|value| unsafe { *value += 1 });
    }

    fn read(&self) -> u32 {
        self.lock.read_with(Deadline::NEVER, &mut Patient).unwrap();
        let value = self.value();
        self.lock.release_read().unwrap();
        value
    }

    fn write(&self) {
        self.lock.write_with(Deadline::NEVER, &mut Patient).unwrap();
        self.count();
        self.lock.release_write().unwrap();
    }

    fn is_left_alone(&self) {
        assert_eq!((self.lock.readers(), self.lock.is_writing(), self.lock.waiting()), (0, false, 0));
    }
}

fn spawn(guarded: &Arc<Guarded>, work: impl FnOnce(&Guarded) + 'static) -> thread::JoinHandle<()> {
    let guarded = Arc::clone(guarded);
    thread::spawn(move || work(&guarded))
}

#[test]
fn one_writes_and_one_reads() {
    check(4, || {
        let guarded = Guarded::new();
        let writing = spawn(&guarded, Guarded::write);
        assert!(guarded.read() <= 1);
        guarded.write();
        writing.join().unwrap();
        assert_eq!(guarded.read(), 2);
        guarded.is_left_alone();
    });
}

#[test]
fn two_write_and_one_reads() {
    check(1, || {
        let guarded = Guarded::new();
        let writing = spawn(&guarded, Guarded::write);
        let reading = spawn(&guarded, |guarded| assert!(guarded.read() <= 2));
        guarded.write();
        writing.join().unwrap();
        reading.join().unwrap();
        assert_eq!(guarded.read(), 2);
        guarded.is_left_alone();
    });
}

#[test]
fn two_read_and_one_writes() {
    check(1, || {
        let guarded = Guarded::new();
        let writing = spawn(&guarded, Guarded::write);
        let reading = spawn(&guarded, |guarded| assert!(guarded.read() <= 1));
        assert!(guarded.read() <= 1);
        writing.join().unwrap();
        reading.join().unwrap();
        assert_eq!(guarded.read(), 1);
        guarded.is_left_alone();
    });
}

/// A writer gives up at the front; the reader behind it goes on, while the first reader stays.
#[test]
fn a_writers_deadline_meets_the_readers_behind_it() {
    check(2, || {
        let guarded = Guarded::new();
        guarded.lock.read_with(Deadline::NEVER, &mut Patient).unwrap();
        let writing = spawn(&guarded, |guarded| {
            let waiting = ThreadId::current();
            let expiring = thread::spawn(move || model::expire(waiting));
            match guarded.lock.write_with(limited(), &mut Patient) {
                Ok(()) => {
                    guarded.count();
                    guarded.lock.release_write().unwrap();
                }
                Err(failed) => assert_eq!(failed, Failed::TimedOut),
            }
            expiring.join().unwrap();
        });
        let reading = spawn(&guarded, |guarded| assert!(guarded.read() <= 1));
        assert_eq!(guarded.value(), 0);
        // While this thread reads: nobody but the writer that gives up can let it in.
        reading.join().unwrap();
        guarded.lock.release_read().unwrap();
        writing.join().unwrap();
        guarded.is_left_alone();
    });
}

#[test]
fn a_release_meets_an_interrupt() {
    for stops in [true, false] {
        check(2, move || {
            let guarded = Guarded::new();
            guarded.lock.write_with(Deadline::NEVER, &mut Patient).unwrap();
            let writer = ThreadId::current();
            let waiting = spawn(&guarded, move |guarded| {
                assert_ne!(ThreadId::current(), writer);
                let own = ThreadId::current();
                let interrupting = thread::spawn(move || model::interrupt(own));
                let mut waiter = if stops { stopping() } else { going_on() };
                match guarded.lock.read_with(Deadline::NEVER, &mut waiter) {
                    Ok(()) => {
                        assert!(guarded.value() <= 2);
                        guarded.lock.release_read().unwrap();
                    }
                    Err(failed) => assert!(stops && failed == Failed::Aborted),
                }
                interrupting.join().unwrap();
            });
            let next = spawn(&guarded, Guarded::write);
            guarded.count();
            guarded.lock.release_write().unwrap();
            waiting.join().unwrap();
            next.join().unwrap();
            assert_eq!(guarded.read(), 2);
            guarded.is_left_alone();
        });
    }
}

#[test]
fn a_downgrade_lets_nobody_write_in_between() {
    check(2, || {
        let guarded = Guarded::new();
        guarded.lock.write_with(Deadline::NEVER, &mut Patient).unwrap();
        let reading = spawn(&guarded, |guarded| assert!((1..=2).contains(&guarded.read())));
        let writing = spawn(&guarded, Guarded::write);
        guarded.count();
        guarded.lock.downgrade().unwrap();
        assert_eq!(guarded.value(), 1);
        guarded.lock.release_read().unwrap();
        reading.join().unwrap();
        writing.join().unwrap();
        assert_eq!(guarded.read(), 2);
        guarded.is_left_alone();
    });
}

#[test]
fn trying_never_waits_and_never_breaks_in() {
    check(1, || {
        let guarded = Guarded::new();
        let writing = spawn(&guarded, Guarded::write);
        let trying = spawn(&guarded, |guarded| {
            if guarded.lock.try_write() {
                guarded.count();
                guarded.lock.release_write().unwrap();
            }
        });
        if guarded.lock.try_read() {
            assert!(guarded.value() <= 2);
            assert!(guarded.lock.try_read(), "again");
            guarded.lock.release_read().unwrap();
            guarded.lock.release_read().unwrap();
        }
        writing.join().unwrap();
        trying.join().unwrap();
        assert!(guarded.read() >= 1);
        guarded.is_left_alone();
    });
}
