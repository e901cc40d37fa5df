//! Every task that a pool takes is done or cancelled exactly once, whatever cancels, waits and shuts down meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use raddle::futures::{
    Ending, Future, FutureError, NextError, ResultError, ReturnWhen, ThreadPoolExecutor, as_completed, wait_with,
};
use raddle::sync::Lock;

use crate::{Choices, Fickle, torment};

/// What became of the tasks.
#[derive(Default)]
struct Tally {
    made: AtomicU64,
    dropped: AtomicU64,
    refused: AtomicU64,
    run: AtomicU64,
    finished: AtomicU64,
    panicked: AtomicU64,
    cancelled: AtomicU64,
    broken: AtomicU64,
}

fn one_more(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

fn total(count: &AtomicU64) -> u64 {
    count.load(Ordering::SeqCst)
}

/// What a task holds: made once, dropped once.
struct Load(Arc<Tally>);

impl Load {
    fn new(tally: &Arc<Tally>) -> Self {
        one_more(&tally.made);
        Self(Arc::clone(tally))
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        one_more(&self.0.dropped);
    }
}

fn submit(choices: &mut Choices, pool: &ThreadPoolExecutor, tally: &Arc<Tally>) -> Option<Future<u64>> {
    let (load, number, panics) = (Load::new(tally), choices.below(1000), choices.below(50) == 0);
    let work = move || {
        one_more(&load.0.run);
        if panics {
            // Quietly: the panic hook is not called.
            std::panic::resume_unwind(Box::new(number));
        }
        number
    };
    let Ok(future) = pool.submit(work) else {
        one_more(&tally.refused);
        return None;
    };
    let seen = Arc::clone(tally);
    future.add_done_callback(move |ending| {
        one_more(match ending {
            Ending::Finished => &seen.finished,
            Ending::Panicked => &seen.panicked,
            Ending::Cancelled => &seen.cancelled,
            Ending::Broken => &seen.broken,
        });
    });
    Some(future)
}

fn use_up(choices: &mut Choices, futures: Vec<Future<u64>>) {
    if choices.below(2) == 0 {
        futures.iter().filter(|_| choices.below(3) == 0).for_each(|future| {
            future.cancel();
        });
    }
    match choices.below(4) {
        // Nobody wants the results.
        0 => {}
        1 => {
            for future in futures {
                let deadline = choices.deadline();
                match future.result_with(deadline, &mut Fickle(choices)) {
                    Ok(number) => assert!(number < 1000),
                    Err(ResultError::Failed(FutureError::Broken)) => panic!("no initializer has failed"),
                    Err(ResultError::TimedOut(future) | ResultError::Aborted(future)) => drop(future),
                    Err(ResultError::Failed(_)) => {}
                }
            }
        }
        2 => {
            let until = [ReturnWhen::FirstCompleted, ReturnWhen::FirstException, ReturnWhen::AllCompleted];
            let (until, deadline) = (until[choices.below(3) as usize], choices.deadline());
            let given = futures.len();
            let (Ok(waited) | Err(waited)) = wait_with(futures, until, deadline, &mut Fickle(choices));
            assert_eq!(waited.done.len() + waited.pending.len(), given);
            assert!(waited.done.iter().all(Future::is_done));
        }
        _ => {
            let (given, mut got, mut completed) = (futures.len(), 0, as_completed(futures));
            loop {
                let deadline = choices.deadline();
                match completed.next_with(deadline, &mut Fickle(choices)) {
                    Ok(future) => {
                        assert!(future.is_done());
                        got += 1;
                    }
                    Err(NextError::NoneLeft) => break assert_eq!(got, given),
                    Err(NextError::TimedOut | NextError::Aborted) => {
                        break assert_eq!(got + completed.into_rest().len(), given);
                    }
                }
            }
        }
    }
}

fn shut_down(choices: &mut Choices, pool: &ThreadPoolExecutor) {
    match choices.below(4) {
        0 => pool.close(),
        1 => {
            pool.close();
            pool.cancel_pending();
        }
        2 => {
            let deadline = choices.deadline();
            let _ = pool.shutdown_with(deadline, &mut Fickle(choices));
        }
        _ => drop(pool.shutdown_timeout(Duration::from_micros(choices.below(200)))),
    }
}

#[test]
fn a_pool_does_or_cancels_every_task_once() {
    let tally = Arc::new(Tally::default());
    let make = |choices: &mut Choices| {
        let workers = 1 + choices.below(4) as usize;
        Arc::new(ThreadPoolExecutor::builder().workers(workers).build())
    };
    let current = Lock::new(make(&mut Choices::new(1, 1)));
    // Both happen by chance, and a round may be short.
    for _ in 0..100 {
        torment(
            |choices, _| {
                let pool = Arc::clone(&current.acquire());
                let count = choices.below(30);
                let futures: Vec<_> = (0..count).filter_map(|_| submit(choices, &pool, &tally)).collect();
                if choices.below(20) == 0 {
                    let next = make(choices);
                    let last = std::mem::replace(&mut *current.acquire(), next);
                    shut_down(choices, &last);
                }
                use_up(choices, futures);
            },
            || {},
        );
        if total(&tally.run) > 0 && total(&tally.cancelled) > 0 {
            break;
        }
    }
    // The last one waits for the tasks that are left; whoever replaced an earlier one has waited for its own.
    drop(current);
    let [made, refused, run] = [&tally.made, &tally.refused, &tally.run].map(total);
    let [finished, panicked, cancelled] = [&tally.finished, &tally.panicked, &tally.cancelled].map(total);
    assert!(run > 0 && cancelled > 0);
    assert_eq!(total(&tally.broken), 0);
    assert_eq!(finished + panicked, run);
    assert_eq!(run + cancelled + refused, made);
    assert_eq!(total(&tally.dropped), made);
}

#[test]
fn a_scope_leaves_no_task_behind() {
    let pool = ThreadPoolExecutor::builder().workers(3).build();
    torment(
        |choices, _| {
            let (count, cancels) = (choices.below(20), choices.below(3) == 0);
            let (done, submitted) = (AtomicU64::new(0), AtomicU64::new(0));
            let cancelled = pool.scope(|scope| {
                let mut cancelled = 0;
                for _ in 0..count {
                    let task = scope.submit(|| {
                        one_more(&done);
                        // A task of a task.
                        if scope.submit(|| one_more(&done)).is_ok() {
                            one_more(&submitted);
                        }
                    });
                    one_more(&submitted);
                    cancelled += u64::from(cancels && task.unwrap().cancel());
                }
                cancelled
            });
            assert_eq!(done.into_inner() + cancelled, submitted.into_inner());
        },
        || {},
    );
    pool.shutdown();
    assert_eq!(pool.pending(), 0);
}
