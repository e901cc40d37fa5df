//! The slot of a future: the outcome comes once, everybody who waits or watches is told once, and a cancelled task does not run.
//!
//! What these models have been seen to catch: a `finish` that forgets those who wait; a stage that is set before the outcome is there; a
//! `cancel` that does not look whether the work has begun; a watcher that comes while the outcome does and is told by nobody; a `retire` that lets go of nobody;
//! a countdown whose last step does not publish the steps before it.

use std::sync::Arc;

use loom::thread;
use raddle::futures::{Begun, Cancelled, Countdown, NotDone, Slot, Stage, Watcher};
use raddle::model;
use raddle::park::{Deadline, Waiter};
use raddle::queue::SimpleQueue;
use raddle::thread::ThreadId;

use crate::support::{Patient, check, limited, stopping};

type Numbers = Slot<u32, u32>;

/// What a wait comes to, with the outcome of a slot that is done.
fn outcome(slot: &Numbers, deadline: Deadline, waiter: &mut impl Waiter) -> Result<u32, NotDone> {
    slot.wait_with(deadline, waiter).map(|()| *slot.outcome().expect("it is done"))
}

#[test]
fn all_who_wait_see_the_outcome() {
    check(1, || {
        let slot = Arc::new(Numbers::new());
        let waiting = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || assert_eq!(outcome(&slot, Deadline::NEVER, &mut Patient), Ok(7)))
        };
        let finishing = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || {
                assert_eq!(slot.begin(), Begun::Run);
                assert_eq!(slot.finish(7), Ok(vec![]));
            })
        };
        assert_eq!(outcome(&slot, Deadline::NEVER, &mut Patient), Ok(7));
        waiting.join().unwrap();
        finishing.join().unwrap();
        assert_eq!(slot.waiting(), 0);
    });
}

#[test]
fn an_outcome_meets_a_deadline_or_an_abort() {
    for aborts in [false, true] {
        check(1, move || {
            let slot = Arc::new(Numbers::new());
            let waiting = ThreadId::current();
            let ending = thread::spawn(move || if aborts { model::interrupt(waiting) } else { model::expire(waiting) });
            let finishing = {
                let slot = Arc::clone(&slot);
                thread::spawn(move || assert_eq!(slot.finish(7), Ok(vec![])))
            };
            match outcome(&slot, limited(), &mut stopping()) {
                Ok(value) => assert_eq!(value, 7),
                Err(error) => assert_eq!(error, if aborts { NotDone::Aborted } else { NotDone::TimedOut }),
            }
            ending.join().unwrap();
            finishing.join().unwrap();
            assert_eq!(slot.waiting(), 0);
        });
    }
}

/// Either it runs, or it was cancelled; whoever waits is told, and the callback comes back to one of the two, or to who adds it late.
#[test]
fn cancelling_meets_beginning() {
    check(1, || {
        let slot = Arc::new(Numbers::new());
        let working = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || match slot.begin() {
                Begun::Run => (true, slot.finish(7).expect("nobody else finishes it").len()),
                Begun::Cancelled => (false, 0),
                // The cancellation comes only now.
                Begun::Misplaced(stage) => panic!("{stage:?}"),
            })
        };
        let adding = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || usize::from(slot.add_callback(1).is_err()))
        };
        let (cancelled, callbacks) = match slot.cancel() {
            Cancelled::Now(callbacks) => (true, callbacks.len()),
            Cancelled::No => (false, 0),
            other => panic!("{other:?}"),
        };
        slot.wait_with(Deadline::NEVER, &mut Patient).unwrap();
        let (ran, called) = working.join().unwrap();
        let called_late = adding.join().unwrap();
        assert_ne!(ran, cancelled);
        assert_eq!(callbacks + called + called_late, 1);
        assert_eq!(slot.outcome().copied(), ran.then_some(7));
    });
}

#[test]
fn a_watcher_is_told_once() {
    check(1, || {
        let settled = Arc::new(SimpleQueue::new());
        let watcher: Arc<dyn Watcher> = settled.clone();
        let slots = Arc::new([Numbers::new(), Numbers::new()]);
        let finishing = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || assert_eq!(slots[0].finish(7), Ok(vec![])))
        };
        let cancelling = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || {
                assert!(matches!(slots[1].cancel(), Cancelled::Now(_)));
                assert_eq!(slots[1].begin(), Begun::Cancelled);
            })
        };
        for (index, slot) in slots.iter().enumerate() {
            slot.watch(&watcher, index);
        }
        let mut told = [
            settled.get_with(Deadline::NEVER, &mut Patient).unwrap(),
            settled.get_with(Deadline::NEVER, &mut Patient).unwrap(),
        ];
        told.sort_unstable();
        assert_eq!(told, [0, 1]);
        finishing.join().unwrap();
        cancelling.join().unwrap();
        assert_eq!(settled.try_get(), None);
    });
}

#[test]
fn when_the_countdown_is_over_all_are_settled() {
    check(2, || {
        let slots = [Arc::new(Numbers::new()), Arc::new(Numbers::new())];
        let countdown = Countdown::new(2, false);
        let watcher: Arc<dyn Watcher> = countdown.clone();
        let finishing: Vec<_> = slots
            .iter()
            .map(|slot| {
                slot.watch(&watcher, 0);
                let slot = Arc::clone(slot);
                thread::spawn(move || assert_eq!(slot.finish(7), Ok(vec![])))
            })
            .collect();
        if countdown.is_over() {
            assert!(slots.iter().all(|slot| slot.stage() == Stage::Finished));
        }
        countdown.wait_with(Deadline::NEVER, &mut Patient).unwrap();
        assert!(slots.iter().all(|slot| slot.stage() == Stage::Finished));
        finishing.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn retiring_meets_finishing_and_waiting() {
    check(1, || {
        let slot = Arc::new(Numbers::new());
        let finishing = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || slot.finish(7))
        };
        let waiting = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || slot.wait_with(Deadline::NEVER, &mut Patient))
        };
        let retired = slot.retire();
        let finished = finishing.join().unwrap();
        match retired.stage {
            Stage::Finished => assert_eq!((retired.outcome, finished), (Some(&7), Ok(vec![]))),
            Stage::Pending => {
                assert_eq!((retired.outcome, finished), (None, Err((Stage::Retired, 7))));
                assert_eq!(waiting.join().unwrap(), Err(NotDone::Retired));
                return;
            }
            stage => panic!("{stage:?}"),
        }
        // It went before or after the retirement.
        let _ = waiting.join().unwrap();
        assert_eq!(slot.waiting(), 0);
    });
}
