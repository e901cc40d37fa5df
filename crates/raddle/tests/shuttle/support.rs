//! What the tests share: the two schedulers, choices, waiters.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use raddle::diagnostics::{Deadlocks, set_deadlocks};
use raddle::park::{Deadline, Waiter};
use shuttle::rand::{Rng, thread_rng};
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::thread::{self, JoinHandle};
use shuttle::{Config, FailurePersistence, MaxSteps, Runner};

/// How often a test runs under each scheduler, unless `RADDLE_SHUTTLE_RUNS` says otherwise.
const RUNS: usize = 200;

/// How many changes of priority PCT makes in a run, plus one.
const DEPTH: usize = 4;

/// Far more than any of these tests needs: a run that takes so many steps goes round in circles.
const MOST_STEPS: usize = 200_000;

/// Runs `test` under both schedulers. Nobody looks for deadlocks: a thread whose wake-up is lost sleeps on, and shuttle sees it.
pub(crate) fn check(test: impl Fn() + Send + Sync + 'static) {
    check_watched(move || {
        set_deadlocks(Deadlocks::Off);
        test();
    });
}

/// As [`check`], with waits that look for deadlocks, as they do by default.
pub(crate) fn check_watched(test: impl Fn() + Send + Sync + 'static) {
    let runs = from_environment("RADDLE_SHUTTLE_RUNS").unwrap_or(RUNS);
    let seed = from_environment("RADDLE_SHUTTLE_SEED").unwrap_or_else(new_seed);
    println!("RADDLE_SHUTTLE_SEED={seed}");
    let test = Arc::new(test);
    run(RandomScheduler::new_from_seed(seed, runs), &test);
    run(PctScheduler::new_from_seed(seed, DEPTH, runs), &test);
}

fn run(scheduler: impl Scheduler + 'static, test: &Arc<impl Fn() + Send + Sync + 'static>) {
    let mut config = Config::new();
    config.stack_size = 256 * 1024;
    config.failure_persistence = FailurePersistence::None;
    config.max_steps = MaxSteps::FailAfter(MOST_STEPS);
    config.silence_warnings = true;
    let test = Arc::clone(test);
    Runner::new(scheduler, config).run(move || test());
}

fn from_environment<T: std::str::FromStr>(name: &str) -> Option<T> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is a number, not {value}")))
}

fn new_seed() -> u64 {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::from(time.subsec_nanos()) << 20 | u64::from(std::process::id())
}

/// A number below `limit`, the scheduler's choice.
pub(crate) fn below(limit: u32) -> u32 {
    thread_rng().r#gen::<u32>() % limit
}

/// Never, at once, or when the scheduler says so.
pub(crate) fn deadline() -> Deadline {
    match below(4) {
        0 | 1 => Deadline::NEVER,
        2 => Deadline::PASSED,
        _ => limited(),
    }
}

/// A limit that passes when the scheduler says so.
pub(crate) fn limited() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}

/// A thread for each of `count` numbers.
pub(crate) fn crew<R: Send + 'static>(
    count: u32,
    work: impl Fn(u32) -> R + Send + Sync + 'static,
) -> Vec<JoinHandle<R>> {
    let work = Arc::new(work);
    (0..count)
        .map(|number| {
            let work = Arc::clone(&work);
            thread::spawn(move || work(number))
        })
        .collect()
}

/// Waits until all have ended; returns what they returned, in the order of their numbers.
pub(crate) fn join<R>(crew: Vec<JoinHandle<R>>) -> Vec<R> {
    crew.into_iter().map(|thread| thread.join().expect("the panic ends the run")).collect()
}

/// Waits without looking again before it sleeps, and takes no interrupts.
#[derive(Debug)]
pub(crate) struct Patient;

impl Waiter for Patient {
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
}

/// Does what it was made with when a signal arrives.
#[derive(Debug)]
pub(crate) struct Interruptible<F>(pub(crate) F);

impl<F: FnMut() -> ControlFlow<()>> Waiter for Interruptible<F> {
    const LOOKS_BEFORE_SLEEP: u32 = 1;

    fn sleep<R>(&mut self, sleep: impl FnOnce() -> R) -> R {
        sleep()
    }

    fn is_interruptible(&self) -> bool {
        true
    }

    fn interrupted(&mut self) -> ControlFlow<()> {
        (self.0)()
    }
}

/// Stops at one signal of a few. Its handler takes its time: what is waited for may come meanwhile.
pub(crate) fn fickle() -> Interruptible<fn() -> ControlFlow<()>> {
    Interruptible(|| {
        (0..below(8)).for_each(|_| thread::yield_now());
        if below(3) == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
}
