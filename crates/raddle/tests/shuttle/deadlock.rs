//! Deadlocks: one that is there is found by those who are in it, and none is found that is not there, however the looks and
//! the locks come in each other's way.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use raddle::diagnostics::{Certainty, Deadlock, set_grace, set_reporter};
use raddle::futures::ThreadPoolExecutor;
use raddle::park::{Deadline, Failed, Thread, Waiter};
use raddle::sync::RawRLock;
use raddle::thread::Builder;
use shuttle::thread;

use crate::support::{below, check_watched, crew, join};

thread_local! {
    /// How many deadlocks were reported: shuttle's threads are one of the system's.
    static REPORTED: Cell<u32> = const { Cell::new(0) };
}

fn reported() -> u32 {
    REPORTED.take()
}

/// Looks are due with every leap of the clock, and each report counts.
fn look_often() {
    reported();
    set_grace(Duration::ZERO);
    set_reporter(|_| REPORTED.set(REPORTED.get() + 1));
}

/// Reentrant locks that are always taken in one order, and threads that are joined by those who have taken none: nobody ever waits for himself.
#[test]
fn none_is_found_that_is_not_there() {
    const LOCKS: usize = 3;
    check_watched(|| {
        look_often();
        let locks: Arc<Vec<_>> = Arc::new((0..LOCKS).map(|_| RawRLock::new()).collect());
        let threads = {
            let locks = Arc::clone(&locks);
            crew(3, move |_| {
                for _ in 0..2 {
                    let (low, high) = (below(2) as usize, 2);
                    for lock in &locks[low..=high] {
                        lock.acquire_with(Deadline::NEVER, &mut Thread).unwrap();
                    }
                    thread::yield_now();
                    for lock in locks[low..=high].iter().rev() {
                        lock.release().unwrap();
                    }
                }
            })
        };
        let own = {
            let locks = Arc::clone(&locks);
            Builder::new().spawn(move || {
                locks[0].acquire();
                locks[0].release().unwrap();
            })
        };
        own.unwrap().join().unwrap();
        join(threads);
        assert_eq!(reported(), 0);
    });
}

/// Gives up when it hears that it is in a deadlock for certain.
struct Prudent;

impl Waiter for Prudent {
    const LOOKS_BEFORE_SLEEP: u32 = 0;

    fn sleep<R>(&mut self, sleep: impl FnOnce() -> R) -> R {
        sleep()
    }

    fn is_interruptible(&self) -> bool {
        false
    }

    fn interrupted(&mut self) -> ControlFlow<()> {
        unreachable!("it takes no interrupts")
    }

    fn suspects(&mut self, deadlock: &Deadlock) -> ControlFlow<()> {
        assert_eq!(deadlock.certainty, Certainty::Certain);
        ControlFlow::Break(())
    }
}

/// Each has one lock and wants the next one's: in each run, those in the circle end it by themselves, and never more of them than it takes.
#[test]
fn one_that_is_there_is_found_and_ended() {
    const CIRCLE: usize = 3;
    check_watched(|| {
        look_often();
        let locks: Arc<Vec<_>> = Arc::new((0..CIRCLE).map(|_| RawRLock::new()).collect());
        let ready = Arc::new(raddle::sync::Barrier::new(CIRCLE));
        let threads = crew(3, move |number| {
            let own = &locks[number as usize];
            let next = &locks[(number as usize + 1) % CIRCLE];
            own.acquire_with(Deadline::NEVER, &mut Prudent).unwrap();
            ready.wait().unwrap();
            let got = next.acquire_with(Deadline::NEVER, &mut Prudent);
            if got.is_ok() {
                next.release().unwrap();
            }
            own.release().unwrap();
            got
        });
        let gave_up = join(threads).into_iter().filter(|got| *got == Err(Failed::Aborted)).count();
        assert_eq!(gave_up, 1);
    });
}

/// Tasks that wait for tasks of their own pool, never so many that no worker is left: they are done.
#[test]
fn none_is_found_in_a_pool_that_has_a_free_worker() {
    const WORKERS: usize = 3;
    check_watched(|| {
        look_often();
        let pool = Arc::new(ThreadPoolExecutor::builder().workers(WORKERS).build());
        let outers: Vec<_> = (0..WORKERS - 1)
            .map(|_| {
                let inside = Arc::clone(&pool);
                pool.submit(move || inside.submit(|| 1).unwrap().result().unwrap()).unwrap()
            })
            .collect();
        for outer in outers {
            assert_eq!(outer.result().unwrap(), 1);
        }
        // The last one to have the pool waits for its workers, and is not one of them.
        while Arc::strong_count(&pool) > 1 {
            thread::yield_now();
        }
        drop(pool);
        assert_eq!(reported(), 0);
    });
}
