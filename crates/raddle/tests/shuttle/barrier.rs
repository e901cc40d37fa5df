//! The barrier: all or none, round after round.
//!
//! What these tests have been seen to catch: a deadline that does not break the round; a barrier that breaks and tells nobody.

use std::sync::Arc;

use raddle::park::{Deadline, Waiter};
use raddle::sync::{Arrival, Barrier, BarrierError};
use shuttle::sync::atomic::{AtomicU32, Ordering};

use crate::support::{Patient, below, check, crew, fickle, join, limited};

const PARTIES: u32 = 4;
const ROUNDS: u32 = 5;

fn arrive<W: Waiter>(barrier: &Barrier, deadline: Deadline, waiter: &mut W) -> Result<usize, BarrierError> {
    match barrier.arrive_with(deadline, waiter)? {
        Arrival::Passed(index) => Ok(index),
        Arrival::Last(last) => last.complete().map_err(|_| BarrierError::Broken),
    }
}

/// Arrives again whenever a signal stops it.
fn arrive_at_last(barrier: &Barrier) -> Result<usize, BarrierError> {
    loop {
        match arrive(barrier, Deadline::NEVER, &mut fickle()) {
            Err(BarrierError::Aborted) => {}
            ended => return ended,
        }
    }
}

#[test]
fn each_round_takes_all_and_gives_each_its_place() {
    check(|| {
        let barrier = Arc::new(Barrier::new(PARTIES as usize));
        let arrived = Arc::new(AtomicU32::new(0));
        let threads = {
            let barrier = Arc::clone(&barrier);
            crew(PARTIES, move |_| {
                (1..=ROUNDS)
                    .map(|round| {
                        arrived.fetch_add(1, Ordering::SeqCst);
                        let index = arrive(&barrier, Deadline::NEVER, &mut Patient).unwrap();
                        // Nobody passes before all have come.
                        assert!(arrived.load(Ordering::SeqCst) >= round * PARTIES);
                        index
                    })
                    .collect::<Vec<_>>()
            })
        };
        let places = join(threads);
        for round in 0..ROUNDS as usize {
            let mut indexes: Vec<_> = places.iter().map(|places| places[round]).collect();
            indexes.sort_unstable();
            assert!(indexes.into_iter().eq(0..PARTIES as usize));
        }
        assert_eq!((barrier.waiting(), barrier.is_broken()), (0, false));
    });
}

#[test]
fn a_deadline_ends_a_round_for_all_or_none() {
    check(|| {
        let barrier = Arc::new(Barrier::new(PARTIES as usize));
        let threads = {
            let barrier = Arc::clone(&barrier);
            crew(PARTIES, move |_| {
                (0..ROUNDS).take_while(|_| arrive(&barrier, limited(), &mut Patient).is_ok()).count()
            })
        };
        let passed = join(threads);
        assert!(passed.iter().all(|rounds| *rounds == passed[0]), "{passed:?}");
        assert_eq!((barrier.waiting(), barrier.is_broken()), (0, passed[0] < ROUNDS as usize));
    });
}

/// What the last party does before it completes the round comes before what all do after it.
#[test]
fn nobody_passes_before_the_action_is_done() {
    check(|| {
        let barrier = Arc::new(Barrier::new(PARTIES as usize));
        let done = Arc::new(AtomicU32::new(0));
        let threads = {
            let barrier = Arc::clone(&barrier);
            crew(PARTIES, move |_| {
                for round in 1..=ROUNDS {
                    match barrier.arrive_with(Deadline::NEVER, &mut Patient).unwrap() {
                        Arrival::Passed(_) => {}
                        Arrival::Last(last) => {
                            done.fetch_add(1, Ordering::SeqCst);
                            last.complete().unwrap();
                        }
                    }
                    assert_eq!(done.load(Ordering::SeqCst), round);
                }
            })
        };
        join(threads);
        assert_eq!((barrier.waiting(), barrier.is_broken()), (0, false));
    });
}

/// Breaking and resetting in the middle of rounds: everybody comes to an end.
#[test]
fn breaking_and_resetting_let_everybody_go() {
    check(|| {
        let barrier = Arc::new(Barrier::new(PARTIES as usize));
        let threads = {
            let barrier = Arc::clone(&barrier);
            // One more than there are parties, so that rounds come in each other's way.
            crew(PARTIES + 1, move |_| {
                for _ in 0..ROUNDS {
                    arrive_at_last(&barrier)?;
                }
                Ok(())
            })
        };
        if below(2) == 0 {
            barrier.reset();
        }
        // Nobody can wait for those who have gone.
        barrier.abort();
        assert!(join(threads).into_iter().all(|end| matches!(end, Ok(()) | Err(BarrierError::Broken))));
        assert_eq!((barrier.waiting(), barrier.is_broken()), (0, true));
    });
}
