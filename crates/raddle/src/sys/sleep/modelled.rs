//! Sleeping under loom: expiry and signals come from the model, as explicit choices.

use loom::sync::{Condvar, Mutex};

use crate::sys::{AtomicU32, Nanoseconds, model};

pub(crate) fn now() -> Nanoseconds {
    model::now()
}

/// Why a sleep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    Woken,
    TimedOut,
    Interrupted,
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

    pub(crate) fn sleep(&self, deadline: Option<Nanoseconds>) -> Wake {
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
            pending = self.condvar.wait(pending).unwrap();
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

    pub(crate) fn after_fork(&self) {}
}

pub(crate) fn pause_on(_word: &AtomicU32, _expected: u32) {
    loom::thread::yield_now();
}

pub(crate) fn resume_one(_word: &AtomicU32) {}
