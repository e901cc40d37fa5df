//! The condition: a notification reaches exactly one waiter, whatever else ends its wait.
//!
//! What these models have been seen to catch: an abort that does not pass the notification on; a waiter that goes on when it is only
//! requeued; one that leaves without asking whether it is notified; one that is moved to the lock's list while its handler runs; a requeue that
//! wakes nobody for a lock that is free.

use std::ops::ControlFlow;
use std::sync::Arc;

use loom::cell::Cell;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use raddle::model;
use raddle::park::{Deadline, Failed, Waiter};
use raddle::sync::{Condition, RawLock};
use raddle::thread::ThreadId;

use crate::support::{Interruptible, Patient, check, limited, stopping};

/// What one thread sets and others wait for.
struct Flag {
    lock: RawLock,
    changed: Condition,
    set: Cell<bool>,
}

impl Flag {
    fn new() -> Arc<Self> {
        Arc::new(Self { lock: RawLock::new(), changed: Condition::new(), set: Cell::new(false) })
    }

    fn acquire(&self) {
        self.lock.acquire_with(Deadline::NEVER, &mut Patient).unwrap();
    }

    fn release(&self) {
        self.lock.release().unwrap();
    }

    /// Sets it, and tells one.
    fn set(&self) {
        self.acquire();
        self.set.set(true);
        self.changed.notify_with(&self.lock, 1);
        self.release();
    }

    /// Waits until it is set.
    fn wait(&self) {
        self.acquire();
        while !self.set.get() {
            self.changed.wait_with(&self.lock, Deadline::NEVER, &mut Patient).unwrap();
        }
        self.release();
    }

    /// Waits for one notification at most, and tells the next if it came.
    fn wait_and_tell<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<(), Failed> {
        self.acquire();
        let ended = if self.set.get() { Ok(()) } else { self.changed.wait_with(&self.lock, deadline, waiter) };
        if ended.is_ok() {
            assert!(self.set.get(), "nobody else notifies");
            self.changed.notify_with(&self.lock, 1);
        }
        self.release();
        ended
    }

    fn assert_quiet(&self) {
        assert!(!self.lock.is_locked());
        assert_eq!((self.lock.waiting(), self.changed.waiting()), (0, 0));
    }
}

// SAFETY: the cell is touched under the lock only; loom sees to that.
unsafe impl Sync for Flag {}
// SAFETY: as above.
unsafe impl Send for Flag {}

fn spawn(flag: &Arc<Flag>, run: impl FnOnce(&Flag) + Send + 'static) -> thread::JoinHandle<()> {
    let flag = Arc::clone(flag);
    thread::spawn(move || run(&flag))
}

#[test]
fn a_notification_is_not_lost() {
    check(2, || {
        let flag = Flag::new();
        let setting = spawn(&flag, Flag::set);
        flag.wait();
        setting.join().unwrap();
        flag.assert_quiet();
    });
}

/// Those who are notified together queue for the lock, beside one who just wants the lock.
#[test]
fn all_are_notified_while_the_lock_is_contended() {
    check(1, || {
        let flag = Flag::new();
        let other = spawn(&flag, Flag::wait);
        let contending = spawn(&flag, |flag| {
            flag.acquire();
            flag.release();
        });
        let setting = spawn(&flag, |flag| {
            flag.acquire();
            flag.set.set(true);
            flag.changed.notify_with(&flag.lock, usize::MAX);
            flag.release();
        });
        flag.wait();
        [other, contending, setting].into_iter().for_each(|thread| thread.join().unwrap());
        flag.assert_quiet();
    });
}

#[test]
fn a_notification_meets_a_deadline() {
    check(1, || {
        let flag = Flag::new();
        let waiting = ThreadId::current();
        let next = spawn(&flag, move |flag| {
            model::expire(waiting);
            flag.wait();
        });
        let setting = spawn(&flag, Flag::set);
        let ended = flag.wait_and_tell(limited(), &mut Patient);
        assert!(matches!(ended, Ok(()) | Err(Failed::TimedOut)));
        next.join().unwrap();
        setting.join().unwrap();
        flag.assert_quiet();
    });
}

#[test]
fn a_notification_meets_an_abort() {
    check(1, || {
        let flag = Flag::new();
        let waiting = ThreadId::current();
        let next = spawn(&flag, move |flag| {
            flag.wait();
        });
        let setting = spawn(&flag, move |flag| {
            model::interrupt(waiting);
            flag.set();
        });
        let ended = flag.wait_and_tell(Deadline::NEVER, &mut stopping());
        assert!(matches!(ended, Ok(()) | Err(Failed::Aborted)));
        next.join().unwrap();
        setting.join().unwrap();
        flag.assert_quiet();
    });
}

/// A handler waits for the condition's lock, and the notification comes meanwhile: its thread must not stand in the lock's
/// list ahead of its own handler.
#[test]
fn a_handler_waits_for_the_lock_of_the_condition() {
    check(2, || {
        let flag = Flag::new();
        let waiting = ThreadId::current();
        let (handling, notified) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let setting = {
            let (handling, notified) = (Arc::clone(&handling), Arc::clone(&notified));
            spawn(&flag, move |flag| {
                while flag.changed.waiting() == 0 {
                    thread::yield_now();
                }
                flag.acquire();
                model::interrupt(waiting);
                while !handling.load(Ordering::Acquire) {
                    thread::yield_now();
                }
                flag.set.set(true);
                flag.changed.notify_with(&flag.lock, 1);
                notified.store(true, Ordering::Release);
                // The handler comes to the lock while it is held.
                thread::yield_now();
                flag.release();
            })
        };
        let mut waiter = Interruptible(|| {
            handling.store(true, Ordering::Release);
            while !notified.load(Ordering::Acquire) {
                thread::yield_now();
            }
            flag.acquire();
            flag.release();
            ControlFlow::Continue(())
        });
        flag.acquire();
        flag.changed.wait_with(&flag.lock, Deadline::NEVER, &mut waiter).unwrap();
        assert!(flag.set.get());
        flag.release();
        setting.join().unwrap();
        flag.assert_quiet();
    });
}

/// Over another lock than the notifier's, waiters are not moved but granted at once.
#[test]
fn a_notification_goes_to_one_with_another_lock() {
    check(2, || {
        let flag = Flag::new();
        let other = Arc::new(RawLock::new());
        let setting = spawn(&flag, |flag| {
            while flag.changed.waiting() == 0 {
                thread::yield_now();
            }
            flag.changed.notify_with(&flag.lock, 1);
        });
        other.acquire_with(Deadline::NEVER, &mut Patient).unwrap();
        flag.changed.wait_with(&*other, Deadline::NEVER, &mut Patient).unwrap();
        assert!(other.is_locked());
        setting.join().unwrap();
        flag.assert_quiet();
    });
}

/// A notifier that does not hold the lock moves the waiter to the list of a free lock: somebody has to wake it.
#[test]
fn a_notification_comes_while_the_lock_is_free() {
    check(2, || {
        let flag = Flag::new();
        let notifying = spawn(&flag, |flag| {
            while flag.changed.waiting() == 0 {
                thread::yield_now();
            }
            flag.changed.notify_with(&flag.lock, 1);
        });
        flag.acquire();
        flag.changed.wait_with(&flag.lock, Deadline::NEVER, &mut Patient).unwrap();
        flag.release();
        notifying.join().unwrap();
        flag.assert_quiet();
    });
}
