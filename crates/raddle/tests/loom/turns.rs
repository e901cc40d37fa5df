//! Objects for threads that take turns, under a lock that stands for an interpreter's: those who wait, and those who look, are without it.
//!
//! What these models have been seen to catch: a word that is changed by a store while somebody competes for the lock; a node that is linked in a section which
//! stays unshared.

use std::ops::ControlFlow;
use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::sync::{Mutex, MutexGuard};
use loom::thread;
use raddle::futures::Slot;
use raddle::model;
use raddle::park::{Deadline, Waiter};
use raddle::queue::{Fifo, Shell};
use raddle::sync::{Condition, Event, RawLock, Semaphore};
use raddle::thread::ThreadId;

use crate::support::{Patient, check, limited};

/// A thread's turn, which it lets others have while it sleeps.
struct Turn<'a> {
    interpreter: &'a Mutex<()>,
    held: Option<MutexGuard<'a, ()>>,
    /// Whether an interrupt stops its wait; `None`: it takes none.
    stops: Option<bool>,
}

impl<'a> Turn<'a> {
    fn take(interpreter: &'a Mutex<()>) -> Self {
        Self { interpreter, held: Some(interpreter.lock().unwrap()), stops: None }
    }

    /// Lets others have theirs.
    fn pass(&mut self) {
        self.sleep(|| {});
    }
}

impl Waiter for Turn<'_> {
    const LOOKS_BEFORE_SLEEP: u32 = 0;

    fn sleep<R>(&mut self, sleep: impl FnOnce() -> R) -> R {
        self.held = None;
        let result = sleep();
        self.held = Some(self.interpreter.lock().unwrap());
        result
    }

    fn is_interruptible(&self) -> bool {
        self.stops.is_some()
    }

    fn handles_signals(&self) -> bool {
        // A signal of a model ends a sleep, and at no other time does one come.
        false
    }

    fn interrupted(&mut self) -> ControlFlow<()> {
        // A handler may let others have their turns, too.
        self.pass();
        if self.stops == Some(true) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// A lock, and whether a thread is inside, which is for the lock alone to guard: who is inside passes its turn on.
struct Guarded {
    interpreter: Mutex<()>,
    lock: RawLock,
    is_inside: UnsafeCell<bool>,
}

// SAFETY: the cell is touched under both locks only; loom sees to that.
unsafe impl Sync for Guarded {}
// SAFETY: as above.
unsafe impl Send for Guarded {}

impl Guarded {
    fn visit(&self) {
        let mut turn = Turn::take(&self.interpreter);
        self.lock.acquire_with(Deadline::NEVER, &mut turn).unwrap();
        assert!(!self.swap(true), "two threads are inside");
        turn.pass();
        assert!(self.swap(false));
        self.lock.release().unwrap();
    }

    fn swap(&self, new: bool) -> bool {
        // SAFETY: it is this thread's turn.
        self.is_inside.with_mut(|is_inside| unsafe { std::mem::replace(&mut *is_inside, new) })
    }
}

#[test]
fn a_lock_lets_one_in_at_a_time_and_forgets_nobody() {
    check(2, || {
        // SAFETY: used in turn only.
        let lock = unsafe { RawLock::in_turn() };
        let guarded = Arc::new(Guarded { interpreter: Mutex::new(()), lock, is_inside: UnsafeCell::new(false) });
        let other = {
            let guarded = Arc::clone(&guarded);
            thread::spawn(move || guarded.visit())
        };
        guarded.visit();
        other.join().unwrap();
        assert!(!guarded.lock.is_locked());
    });
}

#[test]
fn three_threads_and_a_lock() {
    check(1, || {
        // SAFETY: used in turn only.
        let lock = unsafe { RawLock::in_turn() };
        let guarded = Arc::new(Guarded { interpreter: Mutex::new(()), lock, is_inside: UnsafeCell::new(false) });
        let others: Vec<_> = (0..2)
            .map(|_| {
                let guarded = Arc::clone(&guarded);
                thread::spawn(move || guarded.visit())
            })
            .collect();
        guarded.visit();
        others.into_iter().for_each(|other| other.join().unwrap());
        assert!(!guarded.lock.is_locked());
    });
}

/// Runs a model of a thread that waits for a lock as it is told, while the lock's owner does something to it.
fn against_the_owner(stops: Option<bool>, limit: fn() -> Deadline, act: fn(ThreadId)) {
    check(2, move || {
        // SAFETY: used in turn only.
        let lock = Arc::new((Mutex::new(()), unsafe { RawLock::in_turn() }));
        let waiting = ThreadId::current();
        let owning = {
            let lock = Arc::clone(&lock);
            thread::spawn(move || {
                let mut turn = Turn::take(&lock.0);
                lock.1.acquire_with(Deadline::NEVER, &mut turn).unwrap();
                act(waiting);
                turn.pass();
                lock.1.release().unwrap();
            })
        };
        let mut turn = Turn { stops, ..Turn::take(&lock.0) };
        if lock.1.acquire_with(limit(), &mut turn).is_ok() {
            turn.pass();
            lock.1.release().unwrap();
        }
        drop(turn);
        owning.join().unwrap();
        assert!(!lock.1.is_locked());
        assert_eq!(lock.1.waiting(), 0);
    });
}

#[test]
fn a_release_meets_a_deadline() {
    against_the_owner(None, limited, model::expire);
}

#[test]
fn a_release_meets_an_interrupt() {
    against_the_owner(Some(true), || Deadline::NEVER, model::interrupt);
    against_the_owner(Some(false), || Deadline::NEVER, model::interrupt);
}

#[test]
fn two_wait_for_permits_and_one_barges() {
    check(2, || {
        // SAFETY: used in turn only.
        let semaphore = Arc::new((Mutex::new(()), unsafe { Semaphore::in_turn(0) }));
        let waiting: Vec<_> = (0..2)
            .map(|_| {
                let semaphore = Arc::clone(&semaphore);
                thread::spawn(move || semaphore.1.acquire_with(Deadline::NEVER, &mut Turn::take(&semaphore.0)).unwrap())
            })
            .collect();
        let mut turn = Turn::take(&semaphore.0);
        semaphore.1.release(2).unwrap();
        if semaphore.1.try_acquire() {
            turn.pass();
            semaphore.1.release(1).unwrap();
        }
        drop(turn);
        waiting.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!((semaphore.1.available(), semaphore.1.waiting()), (0, 0));
    });
}

#[test]
fn who_looks_at_a_queue_without_a_turn_finds_it_whole() {
    check(2, || {
        // SAFETY: used in turn until somebody waits.
        let queue = Arc::new((Mutex::new(()), unsafe { Shell::<Fifo<u32>>::in_turn() }));
        let getting = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.1.get_with(Deadline::NEVER, &mut Turn::take(&queue.0)).unwrap())
        };
        let looking = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                let turn = Turn::take(&queue.0);
                let somebody_waits = queue.1.waiting().0 > 0;
                drop(turn);
                if somebody_waits {
                    assert!(queue.1.len() <= 1);
                }
            })
        };
        let mut turn = Turn::take(&queue.0);
        for item in 1..=2 {
            queue.1.put_with(item, Deadline::NEVER, &mut turn).unwrap();
        }
        drop(turn);
        assert_eq!(getting.join().unwrap(), 1);
        looking.join().unwrap();
        assert_eq!(queue.1.drain(), [2]);
    });
}

#[test]
fn a_queue_that_was_shared_is_everybodys() {
    check(2, || {
        let interpreter = Mutex::new(());
        let turn = Turn::take(&interpreter);
        // SAFETY: this thread alone knows it, and shares it before any other one does.
        let queue = Arc::new(unsafe { Shell::<Fifo<u32>>::in_turn() });
        queue.put(1).unwrap();
        queue.share();
        drop(turn);
        let putting = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.put_with(2, Deadline::NEVER, &mut Patient).unwrap())
        };
        let mut turn = Turn::take(&interpreter);
        let sum = (0..2).map(|_| queue.get_with(Deadline::NEVER, &mut turn).unwrap()).sum::<u32>();
        putting.join().unwrap();
        assert_eq!((sum, queue.len()), (3, 0));
    });
}

#[test]
fn an_event_is_not_missed() {
    check(2, || {
        // SAFETY: used in turn only.
        let event = Arc::new((Mutex::new(()), unsafe { Event::in_turn() }));
        let waiting = {
            let event = Arc::clone(&event);
            thread::spawn(move || event.1.wait_with(Deadline::NEVER, &mut Turn::take(&event.0)).unwrap())
        };
        let turn = Turn::take(&event.0);
        event.1.clear();
        event.1.set();
        drop(turn);
        waiting.join().unwrap();
        assert!(event.1.is_set());
    });
}

#[test]
fn a_notification_is_not_missed() {
    check(1, || {
        // SAFETY: used in turn only.
        let parts = Arc::new((Mutex::new(()), unsafe { RawLock::in_turn() }, unsafe { Condition::in_turn() }));
        let waiting = {
            let parts = Arc::clone(&parts);
            thread::spawn(move || {
                let (interpreter, lock, condition) = &*parts;
                let mut turn = Turn::take(interpreter);
                lock.acquire_with(Deadline::NEVER, &mut turn).unwrap();
                condition.wait_with(lock, Deadline::NEVER, &mut turn).unwrap();
                lock.release().unwrap();
            })
        };
        let (interpreter, lock, condition) = &*parts;
        loop {
            let mut turn = Turn::take(interpreter);
            lock.acquire_with(Deadline::NEVER, &mut turn).unwrap();
            let waits = condition.waiting() > 0;
            condition.notify_with(lock, 1);
            lock.release().unwrap();
            drop(turn);
            if waits {
                break;
            }
            thread::yield_now();
        }
        waiting.join().unwrap();
        assert!(!lock.is_locked());
    });
}

#[test]
fn an_outcome_is_not_missed() {
    check(2, || {
        // SAFETY: used in turn only.
        let slot = Arc::new((Mutex::new(()), unsafe { Slot::<u32, ()>::in_turn() }));
        let waiting = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || {
                slot.1.wait_with(Deadline::NEVER, &mut Turn::take(&slot.0)).unwrap();
                assert_eq!(slot.1.outcome(), Some(&1));
            })
        };
        let turn = Turn::take(&slot.0);
        slot.1.begin();
        slot.1.finish(1).unwrap();
        drop(turn);
        waiting.join().unwrap();
    });
}
