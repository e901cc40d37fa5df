//! How a thread waits: the policy that a face of the library brings along.

use std::fmt;
use std::ops::ControlFlow;

use super::deadlock::{Certainty, Deadlock};
use super::watch::{Deadlocks, deadlocks, report};

/// What the thread that waits does around its sleep.
///
/// Rust threads use [`Thread`]. The binding of an interpreter brings its own: it lets go of the interpreter
/// around the sleep, and runs signal handlers when one is interrupted.
///
/// None of these functions is called while a lock of the library is held; none of them may panic.
pub trait Waiter {
    /// Whether a waiter that has waited for a lock longer than a millisecond may be handed it, ahead of
    /// threads that run. Not sensible where a thread needs a second, global lock before it can run.
    const HANDS_OFF: bool;

    /// How often to look again before going to sleep.
    const LOOKS_BEFORE_SLEEP: u32;

    /// Calls `sleep`, which blocks in the operating system and touches nothing else, and returns what it returns.
    fn sleep<R>(&mut self, sleep: impl FnOnce() -> R) -> R;

    /// Whether this thread wants [`Waiter::interrupted`] to be called.
    fn is_interruptible(&self) -> bool;

    /// A signal has ended the sleep, or may have. Runs what is to run; [`ControlFlow::Break`] ends the wait as aborted.
    /// May itself wait, on anything, including the same object.
    fn interrupted(&mut self) -> ControlFlow<()>;

    /// Whether this thread wants to hear of deadlocks that it is part of. Others do not hear of those either.
    fn is_watched(&self) -> bool {
        true
    }

    /// The wait has lasted, and looks as if it would not end. [`ControlFlow::Break`] ends it as aborted, if it is the wait for
    /// a lock and the deadlock is certain. Called like [`Waiter::interrupted`], once for each deadlock.
    ///
    /// Unless a waiter has something better to do, the deadlock is reported: see [`diagnostics`](crate::diagnostics).
    fn suspects(&mut self, deadlock: &Deadlock) -> ControlFlow<()> {
        report(deadlock);
        ControlFlow::Continue(())
    }
}

/// The waiter of plain Rust threads: sleeps through signals.
#[derive(Clone, Copy, Debug, Default)]
pub struct Thread;

impl Waiter for Thread {
    const HANDS_OFF: bool = true;
    const LOOKS_BEFORE_SLEEP: u32 = 100;

    fn sleep<R>(&mut self, sleep: impl FnOnce() -> R) -> R {
        sleep()
    }

    fn is_interruptible(&self) -> bool {
        false
    }

    fn interrupted(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// The waiter of a call that has no way to fail: a deadlock that is certain ends it in a panic, where that is asked for.
#[derive(Debug, Default)]
pub(crate) struct Infallible {
    deadlock: Option<Deadlock>,
}

impl Infallible {
    /// The wait has ended without what it was for.
    #[track_caller]
    pub(crate) fn fail(self) -> ! {
        match self.deadlock {
            Some(deadlock) => panic!("{deadlock}"),
            None => unreachable!("a wait without a limit has ended"),
        }
    }
}

impl Waiter for Infallible {
    const HANDS_OFF: bool = Thread::HANDS_OFF;
    const LOOKS_BEFORE_SLEEP: u32 = Thread::LOOKS_BEFORE_SLEEP;

    fn sleep<R>(&mut self, sleep: impl FnOnce() -> R) -> R {
        sleep()
    }

    fn is_interruptible(&self) -> bool {
        false
    }

    fn interrupted(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn suspects(&mut self, deadlock: &Deadlock) -> ControlFlow<()> {
        if deadlock.certainty == Certainty::Certain && deadlocks() == Deadlocks::Raise {
            self.deadlock = Some(deadlock.clone());
            return ControlFlow::Break(());
        }
        report(deadlock);
        ControlFlow::Continue(())
    }
}

/// Another waiter, without its interrupts: to take a lock back before anything else may happen.
#[derive(Debug)]
pub struct Uninterruptible<'a, W>(pub &'a mut W);

impl<W: Waiter> Waiter for Uninterruptible<'_, W> {
    const HANDS_OFF: bool = W::HANDS_OFF;
    const LOOKS_BEFORE_SLEEP: u32 = W::LOOKS_BEFORE_SLEEP;

    fn sleep<R>(&mut self, sleep: impl FnOnce() -> R) -> R {
        self.0.sleep(sleep)
    }

    fn is_interruptible(&self) -> bool {
        false
    }

    fn interrupted(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn is_watched(&self) -> bool {
        self.0.is_watched()
    }

    fn suspects(&mut self, deadlock: &Deadlock) -> ControlFlow<()> {
        report(deadlock);
        ControlFlow::Continue(())
    }
}

/// Why a wait ended without what it was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// The deadline passed.
    TimedOut,
    /// [`Waiter::interrupted`] said stop.
    Aborted,
}

impl fmt::Display for Failed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::TimedOut => "the deadline passed before the wait was over",
            Self::Aborted => "the wait was aborted",
        })
    }
}

impl std::error::Error for Failed {}
