//! The slot of a future.

use std::ops::ControlFlow;
use std::sync::Arc;

use raddle::futures::{Begun, Cancelled, NotDone, Slot, Stage, Watcher};
use raddle::park::{Deadline, Thread};
use raddle::queue::SimpleQueue;
use raddle::sync::Lock;
use raddle::thread::WaitKind;

use crate::support::{Crew, LONG, SHORT, assert_send, assert_sync};

type Words = Slot<String, &'static str>;

#[test]
fn an_outcome_comes_once() {
    let slot = Words::new();
    assert_eq!((slot.stage(), slot.outcome()), (Stage::Pending, None));
    assert_eq!(slot.begin(), Begun::Run);
    assert_eq!(slot.begin(), Begun::Misplaced(Stage::Running));
    assert_eq!(slot.finish("first".into()), Ok(vec![]));
    assert_eq!(slot.finish("second".into()), Err((Stage::Finished, "second".into())));
    assert_eq!(slot.outcome().map(String::as_str), Some("first"));
    assert!(matches!(slot.cancel(), Cancelled::No));
    assert_eq!(slot.into_outcome().as_deref(), Some("first"));
}

#[test]
fn what_was_cancelled_is_not_begun() {
    let slot = Words::new();
    assert!(matches!(slot.cancel(), Cancelled::Now(callbacks) if callbacks.is_empty()));
    assert!(matches!(slot.cancel(), Cancelled::Before));
    assert_eq!(slot.finish("late".into()), Err((Stage::Cancelled, "late".into())));
    assert_eq!(slot.begin(), Begun::Cancelled);
    assert_eq!(slot.begin(), Begun::Misplaced(Stage::CancelledAndNotified));
    assert_eq!(slot.outcome(), None);
}

#[test]
fn what_runs_is_not_cancelled() {
    let slot = Words::new();
    assert_eq!(slot.begin(), Begun::Run);
    assert!(matches!(slot.cancel(), Cancelled::No));
}

#[test]
fn callbacks_come_back_to_whoever_calls_them() {
    let slot = Words::new();
    assert_eq!(slot.add_callback("one"), Ok(()));
    assert_eq!(slot.add_callback("two"), Ok(()));
    assert_eq!(slot.finish("done".into()), Ok(vec!["one", "two"]));
    assert_eq!(slot.add_callback("three"), Err("three"));
    let slot = Words::new();
    assert_eq!(slot.add_callback("one"), Ok(()));
    assert!(matches!(slot.cancel(), Cancelled::Now(callbacks) if callbacks == ["one"]));
}

#[test]
fn all_who_wait_go_on() {
    // More than are woken in one batch.
    const WAITING: usize = 20;
    let (slot, crew) = (Words::new(), Crew::new());
    std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..WAITING)
            .map(|_| {
                scope.spawn(|| {
                    crew.join();
                    slot.wait_with(Deadline::after(LONG), &mut Thread)
                })
            })
            .collect();
        crew.until_blocked(WAITING, WaitKind::Future);
        assert_eq!(slot.waiting(), WAITING);
        slot.finish("done".into()).unwrap();
        assert!(waiting.into_iter().all(|thread| thread.join().unwrap() == Ok(())));
    });
    assert_eq!(slot.waiting(), 0);
}

#[test]
fn a_wait_ends_by_deadline_and_by_abort() {
    let (slot, crew) = (Words::new(), Crew::new());
    assert_eq!(slot.wait_with(Deadline::PASSED, &mut Thread), Err(NotDone::TimedOut));
    assert_eq!(slot.wait_with(Deadline::after(SHORT), &mut Thread), Err(NotDone::TimedOut));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            slot.wait_with(Deadline::after(LONG), &mut crew.interruptible(|| ControlFlow::Break(())))
        });
        crew.until_blocked(1, WaitKind::Future);
        crew.interrupt(0, || waiting.is_finished());
        assert_eq!(waiting.join().unwrap(), Err(NotDone::Aborted));
    });
    assert_eq!(slot.waiting(), 0);
}

#[test]
fn watchers_hear_of_the_settled() {
    let settled = Arc::new(SimpleQueue::new());
    let watcher: Arc<dyn Watcher> = settled.clone();
    let slots: Vec<Words> = (0..4).map(|_| Slot::new()).collect();
    slots[0].finish("before".into()).unwrap();
    for (index, slot) in slots.iter().enumerate() {
        slot.watch(&watcher, index);
    }
    assert_eq!(settled.try_get(), Some(0));
    slots[2].finish("after".into()).unwrap();
    assert_eq!(settled.get(), 2);
    // Cancelled is not settled: whoever was to work on it does not know yet.
    let _ = slots[1].cancel();
    assert_eq!(settled.try_get(), None);
    assert_eq!(slots[1].begin(), Begun::Cancelled);
    assert_eq!(settled.get(), 1);
    slots[3].unwatch(&watcher);
    slots[3].finish("unwatched".into()).unwrap();
    assert_eq!(settled.try_get(), None);
}

#[test]
fn watchers_hear_how_it_ended() {
    struct Stages(Lock<Vec<(usize, Stage)>>);
    impl Watcher for Stages {
        fn settled(&self, index: usize, stage: Stage) {
            self.0.acquire().push((index, stage));
        }
    }
    let stages = Arc::new(Stages(Lock::new(vec![])));
    let watcher: Arc<dyn Watcher> = stages.clone();
    let slots: Vec<Words> = (0..5).map(|_| Slot::new()).collect();
    slots[4].fail("before".into()).unwrap();
    for (index, slot) in slots.iter().enumerate() {
        slot.watch(&watcher, index);
    }
    slots[0].finish("well".into()).unwrap();
    slots[1].fail("badly".into()).unwrap();
    let _ = slots[2].cancel();
    slots[2].begin();
    slots[3].retire();
    assert_eq!(
        *stages.0.acquire(),
        [
            (4, Stage::Failed),
            (0, Stage::Finished),
            (1, Stage::Failed),
            (2, Stage::CancelledAndNotified),
            (3, Stage::Retired)
        ]
    );
    assert_eq!(slots[1].outcome().map(String::as_str), Some("badly"));
}

#[test]
fn a_retired_slot_sends_everybody_away() {
    let (slot, crew) = (Words::new(), Crew::new());
    slot.add_callback("callback").unwrap();
    assert_eq!(slot.begin(), Begun::Run);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            slot.wait_with(Deadline::after(LONG), &mut Thread)
        });
        crew.until_blocked(1, WaitKind::Future);
        let retired = slot.retire();
        assert_eq!((retired.stage, retired.outcome, retired.callbacks), (Stage::Running, None, vec!["callback"]));
        assert_eq!(waiting.join().unwrap(), Err(NotDone::Retired));
    });
    assert_eq!(slot.wait_with(Deadline::NEVER, &mut Thread), Err(NotDone::Retired));
    assert_eq!(slot.begin(), Begun::Misplaced(Stage::Retired));
    assert!(matches!(slot.cancel(), Cancelled::Retired));
    assert_eq!(slot.finish("late".into()), Err((Stage::Retired, "late".into())));
    assert_eq!(slot.add_callback("late"), Err("late"));
    assert_eq!(slot.retire().stage, Stage::Retired);
}

#[test]
fn a_retired_slot_gives_its_outcome_away() {
    let slot = Words::new();
    slot.finish("done".into()).unwrap();
    let retired = slot.retire();
    assert_eq!((retired.stage, retired.outcome.map(String::as_str)), (Stage::Finished, Some("done")));
    assert_eq!(slot.outcome(), None);
    // SAFETY: nobody else has the slot, and what it returned is used no more.
    assert_eq!(unsafe { slot.take_outcome() }.as_deref(), Some("done"));
}

#[test]
fn shows_itself_and_is_shared() {
    let slot = Words::new();
    assert_eq!(format!("{slot:?}"), "Slot { stage: Pending, .. }");
    assert_send::<Words>();
    assert_sync::<Words>();
}
