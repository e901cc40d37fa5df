//! What the models share: the bound, and waiters.

use std::ops::ControlFlow;

use raddle::park::{Deadline, Waiter};

/// Runs `model` in all interleavings with at most `preemptions` involuntary switches of a thread.
pub(crate) fn check(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    // `LOOM_MAX_PREEMPTIONS` goes deeper, for those who have the time.
    builder.preemption_bound = builder.preemption_bound.or(Some(preemptions));
    builder.max_branches = 20_000;
    builder.check(model);
}

/// A limit that passes when the model says so.
pub(crate) fn limited() -> Deadline {
    Deadline::after(std::time::Duration::from_secs(60))
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

/// As [`Patient`], and lets others run before it gets in line.
#[derive(Debug)]
pub(crate) struct Obliging;

impl Waiter for Obliging {
    const LOOKS_BEFORE_SLEEP: u32 = 1;

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

/// Does what it was made with when it is interrupted.
#[derive(Debug)]
pub(crate) struct Interruptible<F>(pub(crate) F);

impl<F: FnMut() -> ControlFlow<()>> Waiter for Interruptible<F> {
    const LOOKS_BEFORE_SLEEP: u32 = 0;

    fn sleep<R>(&mut self, sleep: impl FnOnce() -> R) -> R {
        sleep()
    }

    fn is_interruptible(&self) -> bool {
        true
    }

    fn handles_signals(&self) -> bool {
        // A signal of a model ends a sleep, and at no other time does one come.
        false
    }

    fn interrupted(&mut self) -> ControlFlow<()> {
        (self.0)()
    }
}

/// Stops at the first interrupt.
pub(crate) fn stopping() -> Interruptible<fn() -> ControlFlow<()>> {
    Interruptible(|| ControlFlow::Break(()))
}

/// Goes on after each interrupt.
pub(crate) fn going_on() -> Interruptible<fn() -> ControlFlow<()>> {
    Interruptible(|| ControlFlow::Continue(()))
}
