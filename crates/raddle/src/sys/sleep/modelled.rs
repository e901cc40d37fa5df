//! Sleeping under loom and shuttle: expiry and signals are choices, of the model or of the scheduler.

use crate::sys::machine::{Condvar, Mutex, yield_now};
use crate::sys::{AtomicU32, Nanoseconds, model};

pub(crate) fn now() -> Nanoseconds {
    model::now()
}

/// The same time.
#[cfg(feature = "probe")]
pub(crate) fn coarse_now() -> Nanoseconds {
    now()
}

/// Why a sleep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    Woken,
    TimedOut,
    Interrupted,
}

/// What becomes of a thread that is about to sleep, because nothing has woken it yet.
#[allow(dead_code, reason = "a loom model ends sleeps from outside: it makes the first choice only")]
pub(crate) enum Choice {
    /// It sleeps until somebody ends that.
    Sleep,
    /// Others run first.
    LookAgain,
    /// Its time is over.
    Expire,
    /// A signal arrives.
    Interrupt,
}

/// What one thread sleeps on; a model may also [`expire`](Sleeper::expire) or
/// [`interrupt`](Sleeper::interrupt) it.
#[derive(Debug)]
pub(crate) struct Sleeper {
    pending: Mutex<Pending>,
    condvar: Condvar,
}

#[derive(Debug, Default)]
struct Pending {
    notified: bool,
    expired: bool,
    interrupted: bool,
}

impl Sleeper {
    pub(crate) fn new() -> Self {
        Self { pending: Mutex::new(Pending::default()), condvar: Condvar::new() }
    }

    /// Other threads run whenever the scheduler says so.
    #[allow(clippy::unused_self, reason = "the API of the real twins")]
    pub(crate) fn linger(&self, _looks: bool, _limit: Option<Nanoseconds>) {}

    pub(crate) fn sleep(&self, deadline: Option<Nanoseconds>) -> Wake {
        let mut plan = model::Plan::new(deadline);
        let mut pending = self.pending.lock().unwrap();
        loop {
            if std::mem::take(&mut pending.notified) {
                return Wake::Woken;
            }
            if deadline.is_some() && pending.expired {
                return Wake::TimedOut;
            }
            if std::mem::take(&mut pending.interrupted) {
                return Wake::Interrupted;
            }
            pending = match plan.next() {
                Choice::Sleep => self.condvar.wait(pending).unwrap(),
                Choice::LookAgain => {
                    drop(pending);
                    yield_now();
                    self.pending.lock().unwrap()
                }
                Choice::Expire => return Wake::TimedOut,
                Choice::Interrupt => return Wake::Interrupted,
            };
        }
    }

    pub(crate) fn wake(&self) {
        self.pending.lock().unwrap().notified = true;
        self.condvar.notify_one();
    }

    /// Every deadline of the owner is over.
    pub(crate) fn expire(&self) {
        self.pending.lock().unwrap().expired = true;
        self.condvar.notify_one();
    }

    /// A signal reaches the owner.
    pub(crate) fn interrupt(&self) {
        self.pending.lock().unwrap().interrupted = true;
        self.condvar.notify_one();
    }

    #[allow(clippy::unused_self, reason = "the API of the real twins")]
    pub(crate) fn after_fork(&self) {}
}

pub(crate) fn pause_on(_word: &AtomicU32, _expected: u32) {
    yield_now();
}

pub(crate) fn resume_one(_word: &AtomicU32) {}
