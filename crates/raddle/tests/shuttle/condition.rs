//! Producers and consumers over a lock and two conditions: a notification that is lost leaves somebody asleep for ever.
//!
//! What these tests have been seen to catch: a waiter that goes on when it is only requeued, or whenever its deadline passes; an abort that does not ask whether the notification has come, or does not pass it on; one that
//! is moved to the lock's list while its handler runs;
//! a wait that releases one level of many; one that sleeps again and still counts as woken; a hand-over of the lock that also frees it; `WAITERS` set without another look for
//! a free permit.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;

use raddle::park::{Deadline, Waiter};
use raddle::sync::{Condition, Lock, RLock, RawLock};
use shuttle::sync::atomic::{AtomicU32, Ordering};
use shuttle::thread;

use crate::support::{Interruptible, Patient, below, check, crew, deadline, fickle, join, limited};

const PRODUCERS: u32 = 3;
const CONSUMERS: u32 = 3;
const EACH: u32 = 3;
const PLACES: usize = 2;

struct Buffer {
    inside: Lock<Inside>,
    filled: Condition,
    emptied: Condition,
}

#[derive(Default)]
struct Inside {
    items: VecDeque<u32>,
    /// Nothing more will come.
    is_over: bool,
}

impl Buffer {
    fn new() -> Arc<Self> {
        Arc::new(Self { inside: Lock::new(Inside::default()), filled: Condition::new(), emptied: Condition::new() })
    }

    /// Each item is announced to one, and taken by one: with as many notifications as items, none may be lost.
    fn put(&self, item: u32) {
        let mut inside = self.inside.acquire();
        while inside.items.len() == PLACES {
            // A deadline or a signal is no more than a reason to look again.
            let _ = self.emptied.wait_guarded(&mut inside, limited(), &mut fickle());
        }
        inside.items.push_back(item);
        self.filled.notify_one(&inside);
    }

    fn get(&self) -> u32 {
        self.get_with(Deadline::NEVER, &mut Patient).expect("it is not over yet")
    }

    fn get_with<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Option<u32> {
        let mut inside = self.inside.acquire();
        loop {
            if let Some(item) = inside.items.pop_front() {
                self.emptied.notify_one(&inside);
                return Some(item);
            }
            if inside.is_over || self.filled.wait_guarded(&mut inside, deadline, waiter).is_err() {
                return None;
            }
        }
    }

    fn end(&self) {
        let mut inside = self.inside.acquire();
        inside.is_over = true;
        self.filled.notify_all(&inside);
    }

    fn assert_quiet(&self) {
        assert!(!self.inside.is_locked());
        assert_eq!((self.filled.waiting(), self.emptied.waiting()), (0, 0));
    }
}

#[test]
fn every_item_is_consumed_once() {
    check(|| {
        let buffer = Buffer::new();
        let producers = {
            let buffer = Arc::clone(&buffer);
            crew(PRODUCERS, move |producer| (0..EACH).for_each(|item| buffer.put(producer * EACH + item)))
        };
        let consumers = {
            let buffer = Arc::clone(&buffer);
            crew(CONSUMERS, move |_| (0..EACH).map(|_| buffer.get()).collect::<Vec<_>>())
        };
        join(producers);
        let mut consumed = join(consumers).concat();
        consumed.sort_unstable();
        assert!(consumed.into_iter().eq(0..PRODUCERS * EACH));
        buffer.assert_quiet();
    });
}

/// Some give up, or bring back what they took: what they were notified of is for those who wait on.
#[test]
fn who_gives_up_takes_no_notification_along() {
    check(|| {
        let buffer = Buffer::new();
        let consumers = {
            let buffer = Arc::clone(&buffer);
            crew(CONSUMERS, move |_| buffer.get())
        };
        let fickle = {
            let buffer = Arc::clone(&buffer);
            crew(3, move |_| {
                // Once only: who came again would wake those whom it had let down.
                if let Some(item) = buffer.get_with(Deadline::NEVER, &mut fickle()) {
                    buffer.put(item);
                }
            })
        };
        let producers = {
            let buffer = Arc::clone(&buffer);
            crew(CONSUMERS, move |item| buffer.put(item))
        };
        join(producers);
        let mut consumed = join(consumers);
        consumed.sort_unstable();
        assert!(consumed.into_iter().eq(0..CONSUMERS));
        buffer.end();
        join(fickle);
        buffer.assert_quiet();
    });
}

/// Handlers take the lock that their threads have to take back: a notification that comes meanwhile must not put them in their own way.
#[test]
fn handlers_use_the_lock_too() {
    check(|| {
        let lock = Arc::new(RawLock::new());
        let (changed, tokens) = (Arc::new(Condition::new()), Arc::new(AtomicU32::new(0)));
        let waiting = {
            let (lock, changed, tokens) = (Arc::clone(&lock), Arc::clone(&changed), Arc::clone(&tokens));
            crew(3, move |_| {
                let mut handler = Interruptible(|| {
                    (0..below(8)).for_each(|_| thread::yield_now());
                    lock.acquire();
                    lock.release().unwrap();
                    ControlFlow::Continue(())
                });
                lock.acquire();
                while tokens.load(Ordering::SeqCst) == 0 {
                    changed.wait_with(&*lock, Deadline::NEVER, &mut handler).unwrap();
                }
                tokens.fetch_sub(1, Ordering::SeqCst);
                lock.release().unwrap();
            })
        };
        for _ in 0..3 {
            lock.acquire();
            tokens.fetch_add(1, Ordering::SeqCst);
            changed.notify_with(&*lock, 1);
            lock.release().unwrap();
        }
        join(waiting);
        assert_eq!((lock.is_locked(), lock.waiting(), changed.waiting()), (false, 0, 0));
    });
}

/// A wait over a reentrant lock releases all levels, and takes all back.
#[test]
fn a_wait_releases_all_levels() {
    check(|| {
        let lock = Arc::new(RLock::new(()));
        let (turn, changed) = (Arc::new(Lock::new(0)), Arc::new(Condition::new()));
        let threads = {
            crew(4, move |number| {
                let outer = lock.acquire();
                let mut inner = lock.acquire();
                while *turn.acquire() != number {
                    let _ = changed.wait_guarded(&mut inner, deadline(), &mut fickle());
                }
                *turn.acquire() += 1;
                changed.notify_all(&inner);
                drop(inner);
                drop(outer);
            })
        };
        join(threads);
    });
}
