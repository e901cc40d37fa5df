//! Whether a thread that lets others run has others to let run.
//!
//! If it gets its processor back late, another thread may have had it meanwhile: then processors are scarce, and letting others run costs a
//! time slice each time. Or nobody had it: the host of a virtual machine took it away, some hundred times a second if the host is busy, and this says nothing of what is
//! to be done here. The kernel knows which, for it counts how often it has given the processor of a thread to another one. To ask costs a third of what a yield
//! costs, so it is asked only for a while after a thread was late.

use std::mem;
use std::ops::Range;

use super::{AtomicU64, Nanoseconds, Ordering, now, preemptions};

/// Who is that late was so for others, whatever the kernel counts: it may not count at all.
const FOR_SURE: Nanoseconds = 2_000_000;

/// How long the kernel is asked after a thread was late.
const ASKING: Nanoseconds = 1_000_000_000;

/// Until when it is asked.
static ASKED: AtomicU64 = AtomicU64::new(0);

/// A thread that lets others run, a few times.
pub(super) struct Yields {
    time: Nanoseconds,
    /// How often the thread's processor was given to another one, if that was asked.
    preemptions: Option<u64>,
}

impl Yields {
    pub(super) fn begin(time: Nanoseconds) -> Self {
        // ORDERING: Relaxed, here and below: it is a hint, and any value of it is right.
        let asks = time < ASKED.load(Ordering::Relaxed);
        Self { time, preemptions: if asks { preemptions() } else { None } }
    }

    /// The time at which the thread last got its processor back.
    pub(super) fn time(&self) -> Nanoseconds {
        self.time
    }

    /// Lets others run once. Returns when they did, if that was for longer than `late` says afterwards. The first time that a thread is late it is not
    /// known whether they did.
    pub(super) fn let_others_run(&mut self, late: impl FnOnce() -> Nanoseconds) -> Option<Range<Nanoseconds>> {
        std::thread::yield_now();
        let since = mem::replace(&mut self.time, now());
        let length = self.time.saturating_sub(since);
        let is_late = length > late();
        if !is_late && self.preemptions.is_none() {
            return None;
        }
        if is_late {
            ASKED.store(self.time + ASKING, Ordering::Relaxed);
        }
        let now = preemptions();
        let before = mem::replace(&mut self.preemptions, now);
        let others_ran = length > FOR_SURE || now.is_none() || before.is_some_and(|before| now > Some(before));
        (is_late && others_ran).then_some(since..self.time)
    }
}
