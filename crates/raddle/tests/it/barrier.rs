use std::ops::ControlFlow;
use std::sync::Mutex;
use std::time::Instant;

use raddle::park::{Deadline, Thread};
use raddle::sync::{Arrival, Barrier, BarrierError, BrokenBarrier};
use raddle::thread::WaitKind;

use crate::support::{Crew, LONG, SHORT, assert_send, assert_sync, until};

#[test]
fn all_parties_go_on_together_again_and_again() {
    const PARTIES: usize = 4;
    const ROUNDS: usize = 300;
    let (barrier, rounds) = (Barrier::new(PARTIES), Mutex::new(vec![Vec::new(); ROUNDS]));
    std::thread::scope(|scope| {
        for _ in 0..PARTIES {
            scope.spawn(|| {
                for round in 0..ROUNDS {
                    let index = barrier.wait().unwrap();
                    rounds.lock().unwrap()[round].push(index);
                    barrier.wait().unwrap();
                    // Between the two waits of a round, all have arrived at the first and none at the next round's.
                    assert_eq!(rounds.lock().unwrap()[round].len(), PARTIES);
                }
            });
        }
    });
    for mut round in rounds.into_inner().unwrap() {
        round.sort_unstable();
        assert_eq!(round, [0, 1, 2, 3]);
    }
    assert_eq!((barrier.parties(), barrier.waiting()), (PARTIES, 0));
}

#[test]
fn places_go_in_the_order_of_arrival() {
    let (barrier, crew) = (Barrier::new(4), Crew::new());
    std::thread::scope(|scope| {
        for number in 0..3 {
            let (barrier, crew) = (&barrier, &crew);
            scope.spawn(move || {
                crew.join();
                assert_eq!(barrier.wait_timeout(LONG), Ok(number));
            });
            crew.until_blocked(number + 1, WaitKind::Barrier);
        }
        assert_eq!(barrier.waiting(), 3);
        assert_eq!(barrier.try_wait(), Ok(Some(3)));
    });
}

#[test]
fn trying_changes_nothing_while_others_are_missing() {
    let barrier = Barrier::new(2);
    assert_eq!(barrier.try_wait(), Ok(None));
    assert_eq!(barrier.waiting(), 0);
    let alone = Barrier::new(1);
    assert_eq!(alone.try_wait(), Ok(Some(0)));
    assert_eq!(alone.wait(), Ok(0));
    assert_eq!(alone.wait_until(Instant::now()), Ok(0));
}

#[test]
fn a_deadline_breaks_it_for_all_until_it_is_reset() {
    let (barrier, crew) = (Barrier::new(3), Crew::new());
    std::thread::scope(|scope| {
        let patient = scope.spawn(|| {
            crew.join();
            barrier.wait()
        });
        crew.until_blocked(1, WaitKind::Barrier);
        assert_eq!(barrier.wait_timeout(SHORT), Err(BrokenBarrier));
        assert_eq!(patient.join().unwrap(), Err(BrokenBarrier));
    });
    assert!(barrier.is_broken());
    assert_eq!(barrier.waiting(), 0);
    assert_eq!(barrier.wait(), Err(BrokenBarrier));
    assert_eq!(barrier.try_wait(), Err(BrokenBarrier));
    barrier.reset();
    assert!(!barrier.is_broken());
    assert_eq!(barrier.wait_until(Instant::now() + SHORT), Err(BrokenBarrier));
}

#[test]
fn aborting_and_resetting_let_those_go_who_wait() {
    let (barrier, crew) = (Barrier::new(30), Crew::new());
    for round in 0..2 {
        std::thread::scope(|scope| {
            // More than are woken in one go.
            let waiting: Vec<_> = (0..29)
                .map(|_| {
                    scope.spawn(|| {
                        crew.join();
                        barrier.wait()
                    })
                })
                .collect();
            crew.until_blocked(29, WaitKind::Barrier);
            if round == 0 {
                barrier.reset();
            } else {
                barrier.abort();
            }
            for thread in waiting {
                assert_eq!(thread.join().unwrap(), Err(BrokenBarrier));
            }
        });
        assert_eq!(barrier.is_broken(), round == 1);
        assert_eq!(barrier.waiting(), 0);
    }
}

/// Deadlines that pass while a completed round is let go, in batches, belong to a round that is over.
#[test]
fn late_deadlines_do_not_disturb_the_next_round() {
    const PARTIES: usize = 40;
    for _ in 0..20 {
        let (barrier, crew) = (Barrier::new(PARTIES), Crew::new());
        std::thread::scope(|scope| {
            let waiting: Vec<_> = (1..PARTIES)
                .map(|_| {
                    scope.spawn(|| {
                        crew.join();
                        barrier.wait_timeout(SHORT * 10)
                    })
                })
                .collect();
            until("all wait or one gave up", || crew.blocked(WaitKind::Barrier) == PARTIES - 1 || barrier.is_broken());
            let last = barrier.wait_timeout(LONG);
            let passed = waiting.into_iter().filter_map(|thread| thread.join().unwrap().ok());
            // All or none: whoever gave up before the last party came broke the round for all.
            assert_eq!(passed.count(), if last.is_ok() { PARTIES - 1 } else { 0 });
            assert_eq!(barrier.is_broken(), last.is_err());
            assert_eq!(barrier.waiting(), 0);
        });
    }
}

#[test]
fn the_last_party_acts_before_the_others_go_on() {
    let (barrier, crew) = (Barrier::new(2), Crew::new());
    std::thread::scope(|scope| {
        let first = scope.spawn(|| {
            crew.join();
            barrier.wait()
        });
        crew.until_blocked(1, WaitKind::Barrier);
        let Ok(Arrival::Last(last)) = barrier.arrive_with(Deadline::NEVER, &mut Thread) else { panic!("not the last") };
        assert_eq!((last.index(), barrier.waiting()), (1, 2));
        // Who comes during the action waits outside, and enters the next round.
        let outside = scope.spawn(|| {
            crew.join();
            barrier.wait()
        });
        crew.until_blocked(2, WaitKind::Barrier);
        assert_eq!(barrier.try_wait(), Ok(None));
        assert!(!first.is_finished());
        let round = last.into_round();
        assert_eq!(barrier.complete_round(round), Ok(()));
        assert_eq!(barrier.complete_round(round), Err(BrokenBarrier));
        assert_eq!(first.join().unwrap(), Ok(0));
        until("the one outside has come in", || barrier.waiting() == 1);
        assert_eq!(barrier.wait(), Ok(1));
        assert_eq!(outside.join().unwrap(), Ok(0));
    });
}

#[test]
fn an_action_that_fails_breaks_it() {
    let (barrier, crew) = (Barrier::new(2), Crew::new());
    std::thread::scope(|scope| {
        let first = scope.spawn(|| {
            crew.join();
            barrier.wait()
        });
        crew.until_blocked(1, WaitKind::Barrier);
        let Ok(Arrival::Last(last)) = barrier.arrive_with(Deadline::NEVER, &mut Thread) else { panic!("not the last") };
        barrier.abort();
        assert_eq!(first.join().unwrap(), Err(BrokenBarrier));
        assert_eq!(last.complete(), Err(BrokenBarrier));
    });
}

#[test]
fn a_last_party_that_gives_up_breaks_it() {
    let (barrier, crew) = (Barrier::new(2), Crew::new());
    std::thread::scope(|scope| {
        let first = scope.spawn(|| {
            crew.join();
            barrier.wait()
        });
        crew.until_blocked(1, WaitKind::Barrier);
        drop(barrier.arrive_with(Deadline::NEVER, &mut Thread));
        assert_eq!(first.join().unwrap(), Err(BrokenBarrier));
        assert!(barrier.is_broken());
    });
}

#[test]
fn a_deadline_during_the_action_does_not_matter() {
    let (barrier, crew) = (Barrier::new(2), Crew::new());
    std::thread::scope(|scope| {
        let first = scope.spawn(|| {
            crew.join();
            barrier.wait_timeout(SHORT)
        });
        let mut arrival = None;
        until("the last party acts, and the first still waits", || {
            if barrier.is_broken() {
                barrier.reset();
            }
            if crew.blocked(WaitKind::Barrier) == 1 || barrier.waiting() == 1 {
                arrival = match barrier.arrive_with(Deadline::PASSED, &mut Thread) {
                    Ok(Arrival::Last(last)) => Some(last),
                    _ => None,
                };
            }
            arrival.is_some() || first.is_finished()
        });
        let Some(last) = arrival else {
            // The first one gave up before the last could come: it broke the barrier, as it should.
            assert_eq!(first.join().unwrap(), Err(BrokenBarrier));
            return;
        };
        let late = std::time::Instant::now() + SHORT * 2;
        until("the deadline is long over", || std::time::Instant::now() > late);
        assert!(!first.is_finished());
        assert_eq!(last.complete(), Ok(1));
        assert_eq!(first.join().unwrap(), Ok(0));
    });
}

#[test]
fn an_abort_leaves_the_round_to_the_others() {
    let (barrier, crew) = (Barrier::new(2), Crew::new());
    std::thread::scope(|scope| {
        let stopped = scope.spawn(|| {
            crew.join();
            barrier.arrive_with(Deadline::NEVER, &mut crew.interruptible(|| ControlFlow::Break(()))).map(|_| ())
        });
        crew.until_blocked(1, WaitKind::Barrier);
        crew.interrupt(0, || stopped.is_finished());
        assert_eq!(stopped.join().unwrap(), Err(BarrierError::Aborted));
        assert_eq!((barrier.waiting(), barrier.is_broken()), (0, false));
        scope.spawn(|| barrier.wait().unwrap());
        barrier.wait().unwrap();
    });
}

#[test]
fn shows_itself_without_waiting_and_is_shared() {
    let barrier = Barrier::new(2);
    assert!(format!("{barrier:?}").starts_with("Barrier"));
    assert_send::<Barrier>();
    assert_sync::<Barrier>();
}
