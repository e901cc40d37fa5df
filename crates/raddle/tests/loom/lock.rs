//! The lock: exclusion, deadlines, aborts, and the hand-off to one who has waited for long.
//!
//! What these models have been seen to catch: a waiter that is woken and sleeps again without giving its right to compete back; a
//! hand-off that frees the permit as well; `WAITERS` set without another look for a free permit; a release that is not Release; a waiter
//! that leaves without asking whether it is granted; one that was woken and got the lock, but does not see to the next.

use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;
use raddle::model;
use raddle::park::{Deadline, Failed};
use raddle::sync::RawLock;
use raddle::thread::ThreadId;

use crate::support::{Patient, check, going_on, limited, stopping};

/// A lock, and what it guards: loom finds two threads inside.
struct Guarded {
    lock: RawLock,
    count: UnsafeCell<u32>,
}

impl Guarded {
    fn new() -> Arc<Self> {
        Arc::new(Self { lock: RawLock::new(), count: UnsafeCell::new(0) })
    }

    fn acquire(&self) {
        self.lock.acquire_with(Deadline::NEVER, &mut Patient).unwrap();
    }

    /// Counts once, holding the lock.
    fn count(&self) {
        // SAFETY: the lock is held.
        self.count.with_mut(|count| unsafe { *count += 1 });
    }

    fn count_once(&self) {
        self.acquire();
        self.count();
        self.lock.release().unwrap();
    }

    fn total(&self) -> u32 {
        // SAFETY: the model is over, or the lock is held.
        self.count.with(|count| unsafe { *count })
    }
}

// SAFETY: the cell is touched under the lock only; loom sees to that.
unsafe impl Sync for Guarded {}
// SAFETY: as above.
unsafe impl Send for Guarded {}

#[test]
fn lets_one_in_at_a_time_and_forgets_nobody() {
    check(1, || {
        let guarded = Guarded::new();
        let others: Vec<_> = (0..2)
            .map(|_| {
                let guarded = Arc::clone(&guarded);
                thread::spawn(move || guarded.count_once())
            })
            .collect();
        guarded.count_once();
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!(guarded.total(), 3);
        assert!(!guarded.lock.is_locked());
        assert_eq!(guarded.lock.waiting(), 0);
    });
}

#[test]
fn a_release_meets_a_deadline() {
    check(1, || {
        let guarded = Guarded::new();
        guarded.acquire();
        let waiting = ThreadId::current();
        let releasing = {
            let guarded = Arc::clone(&guarded);
            thread::spawn(move || {
                guarded.count();
                guarded.lock.release().unwrap();
            })
        };
        let next = {
            let guarded = Arc::clone(&guarded);
            thread::spawn(move || {
                model::expire(waiting);
                // Whatever the deadline has ended, this one gets the lock.
                guarded.count_once();
            })
        };
        match guarded.lock.acquire_with(limited(), &mut Patient) {
            Ok(()) => {
                guarded.count();
                guarded.lock.release().unwrap();
            }
            Err(failed) => assert_eq!(failed, Failed::TimedOut),
        }
        releasing.join().unwrap();
        next.join().unwrap();
        assert!(guarded.total() >= 2);
        assert!(!guarded.lock.is_locked());
        assert_eq!(guarded.lock.waiting(), 0);
    });
}

#[test]
fn a_release_meets_an_interrupt() {
    for stops in [true, false] {
        check(1, move || {
            let guarded = Guarded::new();
            guarded.acquire();
            let waiting = ThreadId::current();
            let releasing = {
                let guarded = Arc::clone(&guarded);
                thread::spawn(move || guarded.lock.release().unwrap())
            };
            let next = {
                let guarded = Arc::clone(&guarded);
                thread::spawn(move || {
                    model::interrupt(waiting);
                    guarded.count_once();
                })
            };
            let mut waiter = if stops { stopping() } else { going_on() };
            match guarded.lock.acquire_with(Deadline::NEVER, &mut waiter) {
                Ok(()) => {
                    guarded.count();
                    guarded.lock.release().unwrap();
                }
                Err(failed) => assert!(stops && failed == Failed::Aborted),
            }
            releasing.join().unwrap();
            next.join().unwrap();
            assert!(!guarded.lock.is_locked());
            assert_eq!(guarded.lock.waiting(), 0);
        });
    }
}

/// One waits, another barges in again and again; when time has passed, the lock is handed over.
#[test]
fn is_handed_to_one_who_has_waited_for_long() {
    check(2, || {
        let guarded = Guarded::new();
        guarded.acquire();
        let barging = {
            let guarded = Arc::clone(&guarded);
            thread::spawn(move || {
                model::let_time_pass();
                for _ in 0..2 {
                    if guarded.lock.try_acquire() {
                        guarded.count();
                        guarded.lock.release().unwrap();
                    }
                }
            })
        };
        let waiting = {
            let guarded = Arc::clone(&guarded);
            thread::spawn(move || guarded.count_once())
        };
        guarded.count();
        guarded.lock.release().unwrap();
        barging.join().unwrap();
        waiting.join().unwrap();
        assert!(guarded.total() >= 2);
        assert!(!guarded.lock.is_locked());
        assert_eq!(guarded.lock.waiting(), 0);
    });
}

/// One that finds the lock taken when it has waited for long gets it next, whoever tries to take it.
#[test]
fn one_who_has_lost_after_a_long_wait_is_next() {
    // Not a model's: it outlives the runs.
    static WAS_NEXT: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
    check(3, || {
        let guarded = Guarded::new();
        guarded.acquire();
        let waiting = {
            let guarded = Arc::clone(&guarded);
            thread::spawn(move || guarded.count_once())
        };
        let lock = &guarded.lock;
        let is_old = lock.waiting() == 1;
        model::let_time_pass();
        lock.release().unwrap();
        if lock.try_acquire() {
            // It was in the list, was woken, and is in the list again.
            let has_lost = is_old && lock.waiting() == 1;
            lock.release().unwrap();
            if has_lost {
                WAS_NEXT.store(true, std::sync::atomic::Ordering::Relaxed);
                if lock.try_acquire() {
                    assert_eq!(guarded.total(), 1, "it was next");
                    lock.release().unwrap();
                }
            }
        }
        waiting.join().unwrap();
        assert!(!lock.is_locked());
    });
    assert!(WAS_NEXT.load(std::sync::atomic::Ordering::Relaxed), "no run has come to the point");
}

/// As above, while the one who asked for the hand-off may give up: it goes to the next, or nobody.
#[test]
fn a_hand_off_meets_a_deadline() {
    check(1, || {
        let guarded = Guarded::new();
        guarded.acquire();
        let waiting = ThreadId::current();
        let barging = {
            let guarded = Arc::clone(&guarded);
            thread::spawn(move || {
                guarded.lock.release().unwrap();
                if guarded.lock.try_acquire() {
                    // From here on, who waits is old, and at last out of time.
                    model::let_time_pass();
                    guarded.count();
                    guarded.lock.release().unwrap();
                }
                model::expire(waiting);
            })
        };
        let next = {
            let guarded = Arc::clone(&guarded);
            thread::spawn(move || guarded.count_once())
        };
        if guarded.lock.acquire_with(limited(), &mut Patient).is_ok() {
            guarded.count();
            guarded.lock.release().unwrap();
        }
        barging.join().unwrap();
        next.join().unwrap();
        assert!(!guarded.lock.is_locked());
        assert_eq!(guarded.lock.waiting(), 0);
    });
}

/// The lock is held, and two threads wait for it, to do this.
fn two_that_wait(guarded: &Arc<Guarded>, act: fn(&Guarded)) -> Vec<thread::JoinHandle<()>> {
    guarded.acquire();
    let waiting = (0..2)
        .map(|_| {
            let guarded = Arc::clone(guarded);
            thread::spawn(move || act(&guarded))
        })
        .collect();
    while guarded.lock.waiting() < 2 {
        thread::yield_now();
    }
    waiting
}

/// Two wait, and one is woken: it sees to it that the other one is, whether it gets the lock or another thread is quicker.
#[test]
fn one_who_was_woken_sees_to_the_next() {
    check(1, || {
        let guarded = Guarded::new();
        let waiting = two_that_wait(&guarded, Guarded::count_once);
        let lock = &guarded.lock;
        lock.release().unwrap();
        if lock.try_acquire() {
            lock.release().unwrap();
        }
        waiting.into_iter().for_each(|waiting| waiting.join().unwrap());
        assert_eq!(guarded.total(), 2);
        assert!(!lock.is_locked());
        assert_eq!(lock.waiting(), 0);
    });
}

/// As above, while a third thread releases what the one that was woken has just acquired.
#[test]
fn one_who_was_woken_sees_to_the_next_whoever_releases() {
    check(1, || {
        let guarded = Guarded::new();
        let waiting = two_that_wait(&guarded, Guarded::acquire);
        let lock = &guarded.lock;
        lock.release().unwrap();
        while !lock.is_locked() {
            thread::yield_now();
        }
        lock.release().unwrap();
        waiting.into_iter().for_each(|waiting| waiting.join().unwrap());
        assert!(lock.is_locked());
        assert_eq!(lock.waiting(), 0);
    });
}
