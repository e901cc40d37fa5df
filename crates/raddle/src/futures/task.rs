//! What a future shares with whoever works for it: one allocation.

use std::any::type_name;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::ending::{Ending, FutureError, Panic, contain};
use super::scope::Token;
use super::slot::{Begun, Cancelled, Slot, Stage};
use crate::park::Crew;
use crate::sys::{UnsafeCell, fork_epoch, watch_forks};

/// Who is called when a future is done.
pub(super) type Callback = Box<dyn FnOnce(Ending) + Send>;

/// What comes at the end of the work.
pub(super) type Outcome<T> = Result<T, FutureError>;

/// Work, and the slot for its outcome.
///
/// The work belongs to whoever moves the slot out of `Pending`: by [`Slot::begin`], to do it or to give it up, or by
/// [`Slot::cancel`]. There is one such thread, and it takes the work out, and consumes or drops it.
pub(super) struct Task<F, T> {
    slot: FutureSlot<T>,
    work: UnsafeCell<Option<Work<F>>>,
    workers: Workers,
}

/// What is to be done, and, if it may borrow from a scope, what keeps that open until it is consumed or dropped.
pub(super) struct Work<F> {
    // The order matters: fields are dropped from the top.
    work: F,
    token: Option<Token>,
}

impl<F> Work<F> {
    pub(super) fn new(work: F, token: Option<Token>) -> Self {
        Self { work, token }
    }

    pub(super) fn into_inner(self) -> F {
        self.work
    }

    fn run<T>(self) -> Outcome<T>
    where
        F: FnOnce() -> T,
    {
        let Self { work, token } = self;
        let outcome = attempt(work);
        drop(token);
        outcome
    }
}

/// The slot of a future.
pub(super) struct FutureSlot<T>(Slot<Handed<Outcome<T>>, Callback>);

/// Whose threads do the work.
#[derive(Clone, Copy, Debug)]
pub(super) enum Workers {
    /// Any thread's that has the promise.
    Anybody,
    /// Those of a pool, in the process with this fork epoch: in its children they do not exist.
    OfProcess(u32),
}

impl Workers {
    fn of_this_process() -> Self {
        watch_forks();
        Self::OfProcess(fork_epoch())
    }

    fn are_gone(self) -> bool {
        matches!(self, Self::OfProcess(epoch) if epoch != fork_epoch())
    }
}

// SAFETY: the slot is `Sync`; the work is moved by the one thread that may take it, as described above.
unsafe impl<F: Send, T: Send> Sync for Task<F, T> {}

/// A task as a future sees it.
pub(super) trait Promised<T: Send>: Send + Sync {
    fn slot(&self) -> &FutureSlot<T>;
    /// Whether those are gone who were to do the work.
    fn is_orphaned(&self) -> bool;
    /// Cancels it, unless somebody has begun the work, which is dropped; calls the callbacks. No panic comes out.
    fn cancel(&self) -> Cancellation;
}

/// What is left of a task that was cancelled.
pub(super) struct Withdrawn<F> {
    pub(super) work: Option<Work<F>>,
    callbacks: Vec<Callback>,
}

/// What came of an attempt to cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cancellation {
    /// It is cancelled now.
    Now,
    /// It was cancelled before.
    Before,
    /// Somebody has begun it.
    TooLate,
}

/// A task as a worker sees it.
pub(super) trait Job: Send + Sync {
    /// A function that says what the work is called.
    fn name(&self) -> fn() -> &'static str;
    /// Does the work, unless it was cancelled, and calls the callbacks. No panic comes out.
    fn run(&self);
    /// Breaks the future, unless somebody has begun the work or cancelled it, and calls the callbacks. No panic comes out.
    fn give_up(&self);
    /// As [`Promised::cancel`].
    fn cancel(&self) -> Cancellation;
}

impl<F: Send, T: Send> Task<F, T> {
    /// For the workers of a pool, of which there may be `limit`.
    pub(super) fn of_pool(work: Work<F>, crew: &Crew, limit: usize) -> Self {
        let task = Self::new(work, Workers::of_this_process());
        task.slot.0.leave_to(crew, limit);
        task
    }

    pub(super) fn new(work: Work<F>, workers: Workers) -> Self {
        Self { slot: FutureSlot(Slot::new()), work: UnsafeCell::new(Some(work)), workers }
    }

    /// Begins the work: whoever gets it has to end the future. `None` if it was cancelled, or has begun.
    pub(super) fn begin(&self) -> Option<Work<F>> {
        self.take_work_if(self.slot.0.begin())
    }

    fn take_work_if(&self, begun: Begun) -> Option<Work<F>> {
        // SAFETY: the slot says that this thread is the one.
        (begun == Begun::Run).then(|| unsafe { self.take_work() }).flatten()
    }

    /// Cancels it, unless somebody has begun the work, which comes back with the callbacks. In a forked child, what the parent's threads
    /// were to do is not touched: it may have borrowed what is gone.
    pub(super) fn withdraw(&self) -> Result<Withdrawn<F>, Cancelled<Callback>> {
        if self.workers.are_gone() {
            return Err(Cancelled::No);
        }
        match self.slot.0.cancel() {
            Cancelled::Now(callbacks) => {
                // The watchers of a future hear at once, not when a worker comes across it.
                self.slot.0.begin();
                // SAFETY: the slot says that this thread is the one.
                Ok(Withdrawn { work: unsafe { self.take_work() }, callbacks })
            }
            refused => Err(refused),
        }
    }

    /// # Safety
    ///
    /// This thread has moved the slot out of `Pending`.
    unsafe fn take_work(&self) -> Option<Work<F>> {
        // SAFETY: nobody else touches it, by the caller's promise.
        self.work.with_mut(|work| unsafe { (*work).take() })
    }
}

impl<T: Send> FutureSlot<T> {
    pub(super) fn slot(&self) -> &Slot<impl Send + Sync + use<T>, Callback> {
        &self.0
    }

    pub(super) fn stage(&self) -> Stage {
        self.0.stage()
    }

    /// The outcome comes. The callbacks are called; no panic of theirs comes out. If it was cancelled, the outcome comes back.
    pub(super) fn end(&self, outcome: Outcome<T>) -> Result<(), Outcome<T>> {
        let ending = ending_of(&outcome);
        let outcome = Handed(UnsafeCell::new(Some(outcome)));
        let ended = if ending == Ending::Finished { self.0.finish(outcome) } else { self.0.fail(outcome) };
        match ended {
            Ok(callbacks) => {
                call_back(callbacks, ending);
                Ok(())
            }
            Err((_, Handed(outcome))) => outcome.into_inner().map_or(Ok(()), Err),
        }
    }

    /// How it has ended, if it has.
    pub(super) fn ending(&self) -> Option<Ending> {
        match self.stage() {
            Stage::Pending | Stage::Running => None,
            Stage::Cancelled | Stage::CancelledAndNotified => Some(Ending::Cancelled),
            Stage::Finished => Some(Ending::Finished),
            // SAFETY: nobody takes the outcome while somebody has the future to ask it. An error is `Sync`.
            Stage::Failed => unsafe { self.look() }.map(ending_of),
            Stage::Retired => Some(Ending::Broken),
        }
    }

    /// The outcome, where it lies.
    ///
    /// # Safety
    ///
    /// It is not taken while the reference lives; and the result is looked at by several threads only if it is `Sync`.
    pub(super) unsafe fn look(&self) -> Option<&Outcome<T>> {
        // SAFETY: the caller's promise.
        self.0.outcome()?.0.with(|outcome| unsafe { (*outcome).as_ref() })
    }

    /// Moves the outcome out.
    ///
    /// # Safety
    ///
    /// Nobody looks at it now or later: the caller owns the future.
    pub(super) unsafe fn take(&self) -> Option<Outcome<T>> {
        // SAFETY: the caller's promise.
        self.0.outcome()?.0.with_mut(|outcome| unsafe { (*outcome).take() })
    }
}

fn ending_of<T>(outcome: &Outcome<T>) -> Ending {
    match outcome {
        Ok(_) => Ending::Finished,
        Err(FutureError::Panicked(_)) => Ending::Panicked,
        Err(FutureError::Cancelled) => Ending::Cancelled,
        Err(FutureError::Broken) => Ending::Broken,
    }
}

pub(super) fn call_back(callbacks: Vec<Callback>, ending: Ending) {
    for callback in callbacks {
        contain(|| callback(ending));
    }
}

/// Runs `work`, and catches its panic.
pub(super) fn attempt<T>(work: impl FnOnce() -> T) -> Outcome<T> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| FutureError::Panicked(Panic::new(payload)))
}

impl<F: Send, T: Send> Promised<T> for Task<F, T> {
    fn slot(&self) -> &FutureSlot<T> {
        &self.slot
    }

    fn is_orphaned(&self) -> bool {
        self.workers.are_gone()
    }

    fn cancel(&self) -> Cancellation {
        match self.withdraw() {
            Ok(Withdrawn { work, callbacks }) => {
                contain(|| drop(work));
                call_back(callbacks, Ending::Cancelled);
                Cancellation::Now
            }
            Err(Cancelled::Before) => Cancellation::Before,
            Err(_) => Cancellation::TooLate,
        }
    }
}

impl<F: FnOnce() -> T + Send, T: Send> Job for Task<F, T> {
    fn name(&self) -> fn() -> &'static str {
        type_name::<F>
    }

    fn run(&self) {
        if let Some(work) = self.take_work_if(self.slot.0.begin_here()) {
            // Who has begun the work is the only one who ends it.
            let _ = self.slot.end(work.run());
        }
    }

    fn give_up(&self) {
        if let Some(work) = self.begin() {
            contain(|| drop(work));
            let _ = self.slot.end(Err(FutureError::Broken));
        }
    }

    fn cancel(&self) -> Cancellation {
        Promised::cancel(self)
    }
}

/// An outcome that one thread brings and one takes away: it need not be `Sync` to lie in a slot that all can reach.
struct Handed<T>(UnsafeCell<Option<T>>);

// SAFETY: what is inside is reached only by `look` and `take` above, whose callers promise what `T: Sync` would.
unsafe impl<T: Send> Sync for Handed<T> {}
