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
///
/// # Examples
///
/// ```
/// use raddle::park::{Deadline, Failed, Waiter};
/// use raddle::sync::Event;
/// use std::ops::ControlFlow;
/// use std::sync::atomic::{AtomicBool, Ordering};
///
/// /// Set by a signal handler.
/// static INTERRUPTED: AtomicBool = AtomicBool::new(false);
///
/// /// A signal ends the wait if its handler says so.
/// struct Interruptible;
///
/// impl Waiter for Interruptible {
///     const LOOKS_BEFORE_SLEEP: u32 = 0;
///
///     fn sleep<R>(&mut self, sleep: impl FnOnce() -> R) -> R {
///         sleep()
///     }
///
///     fn is_interruptible(&self) -> bool {
///         true
///     }
///
///     fn interrupted(&mut self) -> ControlFlow<()> {
///         if INTERRUPTED.swap(false, Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
///     }
/// }
///
/// let event = Event::new();
/// assert_eq!(event.wait_with(Deadline::PASSED, &mut Interruptible), Err(Failed::TimedOut));
/// event.set();
/// assert_eq!(event.wait_with(Deadline::NEVER, &mut Interruptible), Ok(()));
/// ```
pub trait Waiter {
    /// How often to look again before going to sleep; at a lock or a semaphore, how often the processor pauses between the looks, in all. With 0, for waiters that keep
    /// what others need to bring what is waited for, a thread gets in line at a queue at once, and does not look before it lets others run.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Thread, Waiter};
    ///
    /// let looks: u32 = Thread::LOOKS_BEFORE_SLEEP;
    /// println!("a thread looks {looks} times before it sleeps");
    /// ```
    const LOOKS_BEFORE_SLEEP: u32;

    /// Calls `sleep`, which blocks in the operating system or lets other threads run, and returns what it returns. It touches nothing but the threads' records and the lock that is
    /// waited for, and takes that if it is free: whatever the caller lets go of around it, an interpreter for example, need not be had for that.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Thread, Waiter};
    ///
    /// assert_eq!(Thread.sleep(|| "woken"), "woken");
    /// ```
    fn sleep<R>(&mut self, sleep: impl FnOnce() -> R) -> R;

    /// Whether this thread wants [`Waiter::interrupted`] to be called.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Thread, Waiter};
    ///
    /// assert!(!Thread.is_interruptible());
    /// ```
    fn is_interruptible(&self) -> bool;

    /// Whether this thread handles the signals of the process. One that comes while the thread is awake for a moment, on its way to sleep or to look for a
    /// deadlock, ends no sleep: for such a thread [`Waiter::interrupted`] is called ten milliseconds after the wait has begun, and after each look.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Thread, Waiter};
    ///
    /// let handles: bool = Thread.handles_signals();
    /// println!("a signal may bring what a thread waits for: {handles}");
    /// ```
    fn handles_signals(&self) -> bool {
        self.is_interruptible()
    }

    /// A signal has ended the sleep, or may have. Runs what is to run; [`ControlFlow::Break`] ends the wait as aborted.
    /// May itself wait, on anything, including the same object.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Thread, Waiter};
    /// use std::ops::ControlFlow;
    ///
    /// assert_eq!(Thread.interrupted(), ControlFlow::Continue(()));
    /// ```
    fn interrupted(&mut self) -> ControlFlow<()>;

    /// Whether this thread wants to hear of deadlocks that it is part of. Others do not hear of those either.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Thread, Waiter};
    ///
    /// assert!(Thread.is_watched());
    /// ```
    fn is_watched(&self) -> bool {
        true
    }

    /// Whether [`Waiter::suspects`] says [`ControlFlow::Break`] to a deadlock that is certain. Then those of its other threads that do not
    /// leave the deadlock to this one.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Thread, Waiter};
    ///
    /// // It reports, and waits on.
    /// assert!(!Thread.ends_at_deadlocks());
    /// ```
    fn ends_at_deadlocks(&self) -> bool {
        false
    }

    /// The wait has lasted, and looks as if it would not end. [`ControlFlow::Break`] ends it as aborted, if it is the wait for
    /// a lock and the deadlock is certain. Called like [`Waiter::interrupted`], once for each deadlock.
    ///
    /// Unless a waiter has something better to do, the deadlock is reported: see [`diagnostics`](crate::diagnostics).
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::diagnostics::Deadlock;
    /// use raddle::park::Waiter;
    /// use std::ops::ControlFlow;
    ///
    /// /// Gives up a lock that would never come, and says nothing.
    /// struct Yielding;
    ///
    /// impl Waiter for Yielding {
    ///     const LOOKS_BEFORE_SLEEP: u32 = 0;
    ///
    ///     fn sleep<R>(&mut self, sleep: impl FnOnce() -> R) -> R {
    ///         sleep()
    ///     }
    ///
    ///     fn is_interruptible(&self) -> bool {
    ///         false
    ///     }
    ///
    ///     fn interrupted(&mut self) -> ControlFlow<()> {
    ///         ControlFlow::Continue(())
    ///     }
    ///
    ///     fn suspects(&mut self, _deadlock: &Deadlock) -> ControlFlow<()> {
    ///         ControlFlow::Break(())
    ///     }
    /// }
    /// # let _ = Yielding;
    /// ```
    fn suspects(&mut self, deadlock: &Deadlock) -> ControlFlow<()> {
        report(deadlock);
        ControlFlow::Continue(())
    }
}

/// The waiter of plain Rust threads: sleeps through signals.
///
/// # Examples
///
/// ```
/// use raddle::park::{Deadline, Thread};
/// use raddle::sync::Lock;
///
/// let lock = Lock::new(1);
/// assert_eq!(*lock.acquire_with(Deadline::NEVER, &mut Thread).unwrap(), 1);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Thread;

impl Waiter for Thread {
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

    fn ends_at_deadlocks(&self) -> bool {
        deadlocks() == Deadlocks::Raise
    }

    fn suspects(&mut self, deadlock: &Deadlock) -> ControlFlow<()> {
        if deadlock.certainty == Certainty::Certain && self.ends_at_deadlocks() {
            self.deadlock = Some(deadlock.clone());
            return ControlFlow::Break(());
        }
        report(deadlock);
        ControlFlow::Continue(())
    }
}

/// Another waiter, without its interrupts: to take a lock back before anything else may happen.
///
/// # Examples
///
/// ```
/// use raddle::park::{Deadline, Thread, Uninterruptible};
/// use raddle::sync::RawLock;
///
/// let (lock, mut waiter) = (RawLock::new(), Thread);
/// lock.acquire_with(Deadline::NEVER, &mut Uninterruptible(&mut waiter)).unwrap();
/// ```
#[derive(Debug)]
pub struct Uninterruptible<'a, W>(pub &'a mut W);

impl<W: Waiter> Waiter for Uninterruptible<'_, W> {
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
///
/// # Examples
///
/// ```
/// use raddle::park::{Deadline, Failed, Thread};
/// use raddle::sync::Event;
///
/// match Event::new().wait_with(Deadline::PASSED, &mut Thread) {
///     Ok(()) => unreachable!("nobody has set it"),
///     Err(Failed::TimedOut) => {}
///     Err(Failed::Aborted) => unreachable!("a plain thread is never told to stop"),
/// }
/// ```
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
