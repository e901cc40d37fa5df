//! The slot of a future: one outcome, and everybody learns of it once.
//!
//! What these tests have been seen to catch: an end that tells no watcher; a watch, or a callback, that is kept without another look at the stage; a retirement that lets those sleep on who wait.

use std::sync::Arc;

use raddle::futures::{Begun, Cancelled, NotDone, Slot, Stage, Watcher};
use raddle::park::Deadline;
use raddle::queue::SimpleQueue;
use shuttle::sync::atomic::{AtomicU32, Ordering};
use shuttle::thread;

use crate::support::{Patient, below, check, crew, deadline, fickle, join};

type Future = Slot<u32, u32>;

const WATCHING: u32 = 2;

/// One works, two cancel, many wait and watch: it is done once, one way or the other, and each callback is called once.
#[test]
fn the_end_comes_once_and_reaches_all() {
    check(|| {
        let slot = Arc::new(Future::new());
        let called = Arc::new(AtomicU32::new(0));
        let settled = Arc::new(SimpleQueue::new());
        let waiting = {
            let slot = Arc::clone(&slot);
            crew(3, move |number| {
                if number > 0 {
                    let _ = slot.wait_with(deadline(), &mut fickle());
                }
                slot.wait_with(Deadline::NEVER, &mut Patient).unwrap();
                assert!(slot.stage().is_done());
                slot.outcome().copied()
            })
        };
        let watching = {
            let (slot, settled, called) = (Arc::clone(&slot), Arc::clone(&settled), Arc::clone(&called));
            crew(WATCHING, move |number| {
                let watcher: Arc<dyn Watcher> = settled.clone();
                slot.watch(&watcher, number as usize);
                if slot.add_callback(number).is_err() {
                    called.fetch_add(1, Ordering::SeqCst);
                }
            })
        };
        let cancelling = {
            let (slot, called) = (Arc::clone(&slot), Arc::clone(&called));
            crew(2, move |_| match slot.cancel() {
                Cancelled::Now(callbacks) => {
                    called.fetch_add(u32::try_from(callbacks.len()).unwrap(), Ordering::SeqCst);
                    true
                }
                Cancelled::Before | Cancelled::No => false,
                Cancelled::Retired => unreachable!("nobody retires it"),
            })
        };
        let working = {
            let (slot, called) = (Arc::clone(&slot), Arc::clone(&called));
            thread::spawn(move || match slot.begin() {
                Begun::Run => {
                    let callbacks = slot.finish(7).expect("nobody else finishes it, and it runs");
                    called.fetch_add(u32::try_from(callbacks.len()).unwrap(), Ordering::SeqCst);
                    true
                }
                Begun::Cancelled => false,
                Begun::Misplaced(stage) => panic!("{stage:?}"),
            })
        };
        let ran = working.join().unwrap();
        let cancelled = join(cancelling).into_iter().filter(|now| *now).count();
        assert_eq!(usize::from(ran) + cancelled, 1);
        let outcome = ran.then_some(7);
        assert!(join(waiting).into_iter().all(|seen| seen == outcome));
        join(watching);
        assert_eq!(called.load(Ordering::SeqCst), WATCHING);
        let mut told = settled.drain();
        told.sort_unstable();
        assert!(told.into_iter().eq(0..WATCHING as usize));
        assert_eq!(slot.stage(), if ran { Stage::Finished } else { Stage::CancelledAndNotified });
        assert_eq!(slot.waiting(), 0);
    });
}

/// As `as_completed` does: one who watches many hears of each exactly once, in any order, whatever happens to them.
#[test]
fn one_who_watches_many_hears_of_each() {
    const FUTURES: u32 = 5;
    check(|| {
        let slots: Arc<Vec<_>> = Arc::new((0..FUTURES).map(|_| Future::new()).collect());
        let settled = Arc::new(SimpleQueue::new());
        let working = {
            let slots = Arc::clone(&slots);
            crew(2, move |worker| {
                for number in (worker..FUTURES).step_by(2) {
                    let slot = &slots[number as usize];
                    if below(3) == 0 {
                        let _ = slot.cancel();
                    }
                    if slot.begin() == Begun::Run {
                        slot.finish(number).unwrap();
                    }
                }
            })
        };
        let watcher: Arc<dyn Watcher> = settled.clone();
        for (index, slot) in slots.iter().enumerate() {
            slot.watch(&watcher, index);
        }
        let mut heard: Vec<_> =
            slots.iter().map(|_| settled.get_with(Deadline::NEVER, &mut Patient).unwrap()).collect();
        heard.sort_unstable();
        assert!(heard.into_iter().eq(0..FUTURES as usize));
        join(working);
        assert!(slots.iter().all(|slot| slot.stage().is_settled()));
        assert!(settled.is_empty());
    });
}

/// It is retired in the middle of everything: the outcome is given out or handed over, and so is each callback, and all who
/// wait or watch are told.
#[test]
fn retiring_leaves_nobody_behind() {
    check(|| {
        let slot = Arc::new(Future::new());
        let settled = Arc::new(SimpleQueue::new());
        let waiting = {
            let slot = Arc::clone(&slot);
            crew(3, move |_| {
                let _ = slot.wait_with(deadline(), &mut fickle());
                let ended = slot.wait_with(Deadline::NEVER, &mut Patient);
                assert!(matches!(ended, Ok(()) | Err(NotDone::Retired)));
            })
        };
        let watching = {
            let (slot, settled) = (Arc::clone(&slot), Arc::clone(&settled));
            crew(WATCHING, move |number| {
                let watcher: Arc<dyn Watcher> = settled.clone();
                slot.watch(&watcher, number as usize);
                // Refused, it is for the caller to call.
                u32::from(slot.add_callback(number).is_err())
            })
        };
        let working = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || match slot.begin() {
                Begun::Run => slot.finish(7).map_or((false, 0), |callbacks| (true, callbacks.len())),
                Begun::Misplaced(Stage::Retired) => (false, 0),
                begun => panic!("{begun:?}"),
            })
        };
        let retired = slot.retire();
        let (finished, called) = working.join().unwrap();
        assert_eq!(retired.outcome.copied(), finished.then_some(7));
        assert_eq!(retired.stage.has_outcome(), finished);
        let refused: u32 = join(watching).into_iter().sum();
        assert_eq!(called + retired.callbacks.len() + refused as usize, WATCHING as usize);
        join(waiting);
        let mut told = settled.drain();
        told.sort_unstable();
        assert!(told.into_iter().eq(0..WATCHING as usize));
        assert_eq!((slot.stage(), slot.waiting()), (Stage::Retired, 0));
    });
}
