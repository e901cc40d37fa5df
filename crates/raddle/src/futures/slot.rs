//! The slot of a future: one outcome, which comes once, and everybody who wants to know.

use std::fmt;
use std::mem;
use std::ptr;
use std::sync::Arc;

use crate::park::{
    AnyOf, Blocker, Crew, Deadline, End, Grant, Node, Place, State as NodeState, WaitList, Waiter, WakeList, Whom,
    current, wait,
};
use crate::probe::WaitKind;
use crate::queue::SimpleQueue;
use crate::sys::{AfterFork, AtomicU32, AtomicU64, Guard, Ordering, Section, UnsafeCell};

/// Where a future is in its life.
///
/// | from | by | to |
/// |---|---|---|
/// | `Pending` | [`Slot::begin`] | `Running` |
/// | `Pending` | [`Slot::cancel`] | `Cancelled` |
/// | `Cancelled` | [`Slot::begin`] | `CancelledAndNotified` |
/// | `Pending`, `Running` | [`Slot::finish`] | `Finished` |
/// | `Pending`, `Running` | [`Slot::fail`] | `Failed` |
/// | any | [`Slot::retire`] | `Retired` |
///
/// # Examples
///
/// ```
/// use raddle::futures::{Slot, Stage};
///
/// let slot = Slot::<u32, ()>::new();
/// assert_eq!(slot.stage(), Stage::Pending);
/// slot.begin();
/// assert_eq!(slot.stage(), Stage::Running);
/// slot.finish(1).unwrap();
/// assert_eq!(slot.stage(), Stage::Finished);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Stage {
    /// Nobody works on it.
    Pending = 0,
    /// Somebody works on it.
    Running = 1,
    /// It was cancelled; whoever was to work on it does not know that yet.
    Cancelled = 2,
    /// It was cancelled, and whoever was to work on it knows.
    CancelledAndNotified = 3,
    /// The outcome is there, and is what was hoped for.
    Finished = 4,
    /// The outcome is there, and is an error.
    Failed = 5,
    /// What was here is elsewhere, for good.
    Retired = 6,
}

impl Stage {
    fn from_word(word: u32) -> Self {
        match word {
            0 => Self::Pending,
            1 => Self::Running,
            2 => Self::Cancelled,
            3 => Self::CancelledAndNotified,
            4 => Self::Finished,
            5 => Self::Failed,
            _ => Self::Retired,
        }
    }

    /// Whether nothing more will come: the outcome is there, or it was cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::Stage;
    ///
    /// assert!(Stage::Finished.is_done() && Stage::Cancelled.is_done());
    /// assert!(!Stage::Running.is_done());
    /// ```
    #[must_use]
    pub fn is_done(self) -> bool {
        matches!(self, Self::Cancelled | Self::CancelledAndNotified | Self::Finished | Self::Failed)
    }

    /// Whether the outcome is there.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::Stage;
    ///
    /// assert!(Stage::Finished.has_outcome() && Stage::Failed.has_outcome());
    /// assert!(!Stage::Cancelled.has_outcome());
    /// ```
    #[must_use]
    pub fn has_outcome(self) -> bool {
        matches!(self, Self::Finished | Self::Failed)
    }

    /// What a wait comes to that need not begin.
    fn wait_is_over(self) -> Option<Result<(), NotDone>> {
        match self {
            Self::Pending | Self::Running => None,
            Self::Retired => Some(Err(NotDone::Retired)),
            _ => Some(Ok(())),
        }
    }

    /// Whether the watchers have been told.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::Stage;
    ///
    /// assert!(Stage::CancelledAndNotified.is_settled());
    /// assert!(!Stage::Cancelled.is_settled());
    /// ```
    #[must_use]
    pub fn is_settled(self) -> bool {
        self.has_outcome() || self == Self::CancelledAndNotified
    }
}

/// What [`Slot::begin`] found.
///
/// # Examples
///
/// ```
/// use raddle::futures::{Begun, Slot};
///
/// let slot = Slot::<u32, ()>::new();
/// assert_eq!(slot.begin(), Begun::Run);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// The work may begin.
    Run,
    /// It was cancelled, and is not to be done.
    Cancelled,
    /// It has begun, or is over, or was retired, already.
    Misplaced(Stage),
}

/// What [`Slot::cancel`] did.
///
/// # Examples
///
/// ```
/// use raddle::futures::{Cancelled, Slot};
///
/// let slot = Slot::<u32, &str>::new();
/// slot.add_callback("tell them").unwrap();
/// let Cancelled::Now(callbacks) = slot.cancel() else { unreachable!() };
/// assert_eq!(callbacks, ["tell them"]);
/// ```
#[derive(Debug)]
pub enum Cancelled<C> {
    /// It is cancelled now. The callbacks are for the caller to call.
    Now(Vec<C>),
    /// It was cancelled before.
    Before,
    /// Too late: it runs, or is finished.
    No,
    /// It was retired.
    Retired,
}

/// Why [`Slot::wait_with`] ended without an outcome.
///
/// # Examples
///
/// ```
/// use raddle::futures::{NotDone, Slot};
/// use raddle::park::{Deadline, Thread};
///
/// let slot = Slot::<u32, ()>::new();
/// assert_eq!(slot.wait_with(Deadline::PASSED, &mut Thread), Err(NotDone::TimedOut));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotDone {
    /// The deadline passed.
    TimedOut,
    /// The waiter was told to stop.
    Aborted,
    /// It was retired.
    Retired,
}

/// What [`Slot::retire`] found.
///
/// # Examples
///
/// ```
/// use raddle::futures::{Slot, Stage};
///
/// let slot = Slot::<u32, ()>::new();
/// slot.finish(1).unwrap();
/// let retired = slot.retire();
/// assert_eq!((retired.stage, retired.outcome), (Stage::Finished, Some(&1)));
/// ```
#[derive(Debug)]
pub struct RetiredSlot<'a, T, C> {
    /// The stage before. `Retired`, if somebody else has done it.
    pub stage: Stage,
    /// The outcome, if it was there.
    pub outcome: Option<&'a T>,
    /// The callbacks, if it was not.
    pub callbacks: Vec<C>,
}

/// Somebody who watches several slots.
///
/// # Examples
///
/// ```
/// use raddle::futures::{Slot, Stage, Watcher};
/// use raddle::queue::SimpleQueue;
/// use std::sync::Arc;
///
/// struct Log(SimpleQueue<(usize, Stage)>);
///
/// impl Watcher for Log {
///     fn settled(&self, index: usize, stage: Stage) {
///         self.0.put((index, stage));
///     }
/// }
///
/// let (slot, log) = (Slot::<u32, ()>::new(), Arc::new(Log(SimpleQueue::new())));
/// let watcher: Arc<dyn Watcher> = log.clone();
/// slot.watch(&watcher, 7);
/// slot.finish(1).unwrap();
/// assert_eq!(log.0.get(), (7, Stage::Finished));
/// ```
pub trait Watcher: Send + Sync {
    /// The slot with this index is settled or retired, as its stage says by now. Called once, and not inside any slot.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{Stage, Watcher};
    /// use raddle::queue::SimpleQueue;
    ///
    /// // A queue of numbers watches, and keeps the indices.
    /// let queue = SimpleQueue::new();
    /// queue.settled(3, Stage::Finished);
    /// assert_eq!(queue.get(), 3);
    /// ```
    fn settled(&self, index: usize, stage: Stage);
}

/// Who asks which slots are settled, one after the other.
impl Watcher for SimpleQueue<usize> {
    fn settled(&self, index: usize, _stage: Stage) {
        self.put(index);
    }
}

/// One outcome `T`, which comes at most once, with those who wait for it, those who watch it among others, and callbacks `C`, which
/// the slot keeps, but never calls.
///
/// # Fairness
///
/// All who wait go on when the outcome comes, in the order of their arrival.
///
/// # Examples
///
/// ```
/// use raddle::futures::Slot;
/// use raddle::park::{Deadline, Thread};
///
/// let slot = Slot::<&str, ()>::new();
/// std::thread::scope(|scope| {
///     scope.spawn(|| slot.finish("here").unwrap());
///     slot.wait_with(Deadline::NEVER, &mut Thread).unwrap();
///     assert_eq!(slot.outcome(), Some(&"here"));
/// });
/// ```
pub struct Slot<T, C> {
    /// A [`Stage`]. Changes under the section only.
    stage: AtomicU32,
    /// Written once, under the section, before the stage says `Finished` or `Failed`; read by anybody after that.
    outcome: UnsafeCell<Option<T>>,
    /// Whom it depends on: the number of the thread that works on it; while nobody does, the word of [`AnyOf`] for those who may begin; 0
    /// if that is not known. One word, so that it is never of two moments.
    workers: AtomicU64,
    inside: Section<Inside<C>>,
}

struct Inside<C> {
    waiters: WaitList,
    next_ticket: u64,
    watchers: Vec<Watch>,
    callbacks: Vec<C>,
}

struct Watch {
    watcher: Arc<dyn Watcher>,
    index: usize,
}

impl<C> AfterFork for Inside<C> {
    fn after_fork(&mut self, torn: bool) {
        self.waiters.forget_all();
        if torn {
            // Not dropped, but forgotten: they may be half changed.
            mem::forget(mem::take(&mut self.watchers));
            mem::forget(mem::take(&mut self.callbacks));
        }
    }
}

// SAFETY: the outcome is moved in by one thread, and shared by all after that (`T: Send + Sync`); callbacks are moved (`C: Send`).
unsafe impl<T: Send + Sync, C: Send> Sync for Slot<T, C> {}

impl<T: Send + Sync, C: Send> Slot<T, C> {
    /// A slot that is pending.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{Slot, Stage};
    ///
    /// assert_eq!(Slot::<u32, ()>::new().stage(), Stage::Pending);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self {
            stage: AtomicU32::new(Stage::Pending as u32),
            outcome: UnsafeCell::new(None),
            workers: AtomicU64::new(0),
            inside: Section::new(Inside::new()),
        }
    }

    /// A slot that is pending, for threads that take turns: see [`RawLock::in_turn`](crate::sync::RawLock::in_turn).
    ///
    /// # Safety
    ///
    /// As there; but anybody may ask for the stage and the outcome.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::Slot;
    ///
    /// // SAFETY: only this thread knows the slot.
    /// let slot = unsafe { Slot::<u32, ()>::in_turn() };
    /// slot.finish(1).unwrap();
    /// assert_eq!(slot.outcome(), Some(&1));
    /// ```
    #[must_use]
    #[cfg(feature = "turns")]
    pub unsafe fn in_turn() -> Self {
        Self {
            stage: AtomicU32::new(Stage::Pending as u32),
            outcome: UnsafeCell::new(None),
            workers: AtomicU64::new(0),
            // SAFETY: the caller's promise. Whoever looks at it in other ways comes from a thread that waits for it, whose node is linked.
            inside: unsafe { Section::in_turn(Inside::new(), ()) },
        }
    }

    /// Where it is in its life.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{Slot, Stage};
    ///
    /// let slot = Slot::<u32, ()>::new();
    /// slot.cancel();
    /// assert_eq!(slot.stage(), Stage::Cancelled);
    /// ```
    #[inline]
    pub fn stage(&self) -> Stage {
        // ORDERING: Acquire meets the Release in `set_stage`: who sees `Finished` or `Failed` sees the outcome.
        Stage::from_word(self.stage.load(Ordering::Acquire))
    }

    /// The outcome, once it is there.
    ///
    /// # Examples
    ///
    /// ```
    /// let slot = raddle::futures::Slot::<u32, ()>::new();
    /// assert_eq!(slot.outcome(), None);
    /// slot.finish(1).unwrap();
    /// assert_eq!(slot.outcome(), Some(&1));
    /// ```
    #[inline]
    pub fn outcome(&self) -> Option<&T> {
        self.ending().map(|(_, outcome)| outcome)
    }

    /// The outcome, once it is there, with the stage that says whether it is an error: read in one step, for the slot may be retired
    /// between two.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{Slot, Stage};
    ///
    /// let slot = Slot::<&str, ()>::new();
    /// slot.fail("no paper").unwrap();
    /// assert_eq!(slot.ending(), Some((Stage::Failed, &"no paper")));
    /// ```
    #[inline]
    pub fn ending(&self) -> Option<(Stage, &T)> {
        let stage = self.stage();
        if !stage.has_outcome() {
            return None;
        }
        // SAFETY: it is there, and never written again.
        unsafe { self.outcome_unchecked() }.map(|outcome| (stage, outcome))
    }

    /// # Safety
    ///
    /// The stage says, or has said, that the outcome is there; or this is under the section.
    unsafe fn outcome_unchecked(&self) -> Option<&T> {
        // SAFETY: the caller's promise; it is never written again.
        self.outcome.with(|outcome| unsafe { (*outcome).as_ref() })
    }

    /// Takes the outcome out of a slot that nobody will ask any more, for a collector of garbage.
    ///
    /// # Safety
    ///
    /// Nobody else uses the slot now, and nobody holds what [`Slot::outcome`] or [`Slot::retire`] returned.
    ///
    /// # Examples
    ///
    /// ```
    /// let slot = raddle::futures::Slot::<u32, ()>::new();
    /// slot.finish(1).unwrap();
    /// // SAFETY: nobody else knows the slot, and nothing was borrowed of it.
    /// assert_eq!(unsafe { slot.take_outcome() }, Some(1));
    /// ```
    pub unsafe fn take_outcome(&self) -> Option<T> {
        // SAFETY: the caller's promise.
        self.outcome.with_mut(|outcome| unsafe { (*outcome).take() })
    }

    /// The outcome of a slot that nobody else can reach any more.
    ///
    /// # Examples
    ///
    /// ```
    /// let slot = raddle::futures::Slot::<u32, ()>::new();
    /// slot.finish(1).unwrap();
    /// assert_eq!(slot.into_outcome(), Some(1));
    /// ```
    pub fn into_outcome(self) -> Option<T> {
        self.outcome.into_inner()
    }

    /// The work is for the workers of a pool, of which there may be `limit`. To be said before anybody knows the slot.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::Slot;
    /// use raddle::park::Crew;
    ///
    /// let workers = Crew::new();
    /// let outcome: Slot<u32, ()> = Slot::new();
    /// outcome.leave_to(&workers, 4);
    /// ```
    #[inline]
    pub fn leave_to(&self, crew: &Crew, limit: usize) {
        // ORDERING: Relaxed, here and below: it says who, and guards nothing.
        self.workers.store(crew.any_of(limit).to_word(), Ordering::Relaxed);
    }

    /// Whoever is to do the work asks whether to begin.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{Begun, Slot};
    ///
    /// let slot = Slot::<u32, ()>::new();
    /// slot.cancel();
    /// assert_eq!(slot.begin(), Begun::Cancelled);
    /// ```
    pub fn begin(&self) -> Begun {
        // It may be anybody who brings the outcome.
        self.begin_as(0)
    }

    /// As [`Slot::begin`], for a thread that does the work itself, and brings the outcome.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{Begun, Slot};
    ///
    /// let outcome: Slot<u32, ()> = Slot::new();
    /// assert_eq!(outcome.begin_here(), Begun::Run);
    /// outcome.finish(6 * 7).unwrap();
    /// ```
    pub fn begin_here(&self) -> Begun {
        self.begin_as(current().owner())
    }

    fn begin_as(&self, worker: u64) -> Begun {
        let mut inside = self.inside.enter();
        match self.stage() {
            Stage::Pending => {
                self.workers.store(worker, Ordering::Relaxed);
                self.set_stage(Stage::Running);
                Begun::Run
            }
            Stage::Cancelled => {
                self.set_stage(Stage::CancelledAndNotified);
                let watches = mem::take(&mut inside.watchers);
                drop(inside);
                tell(watches, Stage::CancelledAndNotified);
                Begun::Cancelled
            }
            stage => Begun::Misplaced(stage),
        }
    }

    /// Cancels it, unless the work has begun. All who wait go on.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{Cancelled, Slot};
    ///
    /// let slot = Slot::<u32, ()>::new();
    /// slot.begin();
    /// assert!(matches!(slot.cancel(), Cancelled::No));
    /// ```
    pub fn cancel(&self) -> Cancelled<C> {
        let mut inside = self.inside.enter();
        match self.stage() {
            Stage::Pending => {
                self.set_stage(Stage::Cancelled);
                let callbacks = mem::take(&mut inside.callbacks);
                self.let_go(inside, Grant::Handed);
                Cancelled::Now(callbacks)
            }
            Stage::Cancelled | Stage::CancelledAndNotified => Cancelled::Before,
            Stage::Running | Stage::Finished | Stage::Failed => Cancelled::No,
            Stage::Retired => Cancelled::Retired,
        }
    }

    /// The outcome comes. All who wait go on; the callbacks are for the caller to call.
    ///
    /// # Errors
    ///
    /// The outcome comes back, with the stage, if there is one already, or it was cancelled or retired.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{Slot, Stage};
    ///
    /// let slot = Slot::<u32, ()>::new();
    /// assert!(slot.finish(1).unwrap().is_empty());
    /// assert_eq!(slot.finish(2), Err((Stage::Finished, 2)));
    /// ```
    pub fn finish(&self, outcome: T) -> Result<Vec<C>, (Stage, T)> {
        self.settle(outcome, Stage::Finished)
    }

    /// The outcome comes, and is an error. All who wait go on; the callbacks are for the caller to call.
    ///
    /// # Errors
    ///
    /// The outcome comes back, with the stage, if there is one already, or it was cancelled or retired.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{Slot, Stage};
    ///
    /// let slot = Slot::<&str, ()>::new();
    /// slot.fail("no paper").unwrap();
    /// assert_eq!(slot.stage(), Stage::Failed);
    /// ```
    pub fn fail(&self, outcome: T) -> Result<Vec<C>, (Stage, T)> {
        self.settle(outcome, Stage::Failed)
    }

    fn settle(&self, outcome: T, stage: Stage) -> Result<Vec<C>, (Stage, T)> {
        let mut inside = self.inside.enter();
        let before = self.stage();
        if !matches!(before, Stage::Pending | Stage::Running) {
            drop(inside);
            return Err((before, outcome));
        }
        // SAFETY: nobody reads it before the stage says so, and it is written only here, under the section, once. There was
        // nothing, so nothing is dropped.
        self.outcome.with_mut(|slot| unsafe { slot.write(Some(outcome)) });
        self.set_stage(stage);
        let callbacks = mem::take(&mut inside.callbacks);
        let watches = mem::take(&mut inside.watchers);
        self.let_go(inside, Grant::Handed);
        tell(watches, stage);
        Ok(callbacks)
    }

    /// Hands everything over to a successor, for good: everything that is called later, and everybody who waits or watches, is told so.
    ///
    /// The outcome stays where it is: somebody may be reading it.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{Slot, Stage};
    ///
    /// let slot = Slot::<u32, ()>::new();
    /// assert_eq!(slot.retire().stage, Stage::Pending);
    /// assert_eq!(slot.stage(), Stage::Retired);
    /// ```
    pub fn retire(&self) -> RetiredSlot<'_, T, C> {
        let mut inside = self.inside.enter();
        let stage = self.stage();
        // SAFETY: the stage says that it is there.
        let outcome = if stage.has_outcome() { unsafe { self.outcome_unchecked() } } else { None };
        self.set_stage(Stage::Retired);
        let callbacks = mem::take(&mut inside.callbacks);
        let watches = mem::take(&mut inside.watchers);
        self.let_go(inside, Grant::Refused);
        tell(watches, Stage::Retired);
        RetiredSlot { stage, outcome, callbacks }
    }

    /// Keeps a callback for whoever finishes or cancels it.
    ///
    /// # Errors
    ///
    /// The callback comes back if it is done already, and the caller calls it; or if it was retired.
    ///
    /// # Examples
    ///
    /// ```
    /// let slot = raddle::futures::Slot::<u32, &str>::new();
    /// assert_eq!(slot.add_callback("first"), Ok(()));
    /// assert_eq!(slot.finish(1).unwrap(), ["first"]);
    /// assert_eq!(slot.add_callback("too late"), Err("too late"));
    /// ```
    pub fn add_callback(&self, callback: C) -> Result<(), C> {
        let mut inside = self.inside.enter();
        if !matches!(self.stage(), Stage::Pending | Stage::Running) {
            return Err(callback);
        }
        inside.callbacks.push(callback);
        Ok(())
    }

    /// Tells `watcher` when it is settled or retired; at once, if it is.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{Slot, Watcher};
    /// use raddle::queue::SimpleQueue;
    /// use std::sync::Arc;
    ///
    /// let (slot, settled) = (Slot::<u32, ()>::new(), Arc::new(SimpleQueue::<usize>::new()));
    /// let watcher: Arc<dyn Watcher> = settled.clone();
    /// slot.watch(&watcher, 5);
    /// slot.finish(1).unwrap();
    /// assert_eq!(settled.get(), 5);
    /// ```
    pub fn watch(&self, watcher: &Arc<dyn Watcher>, index: usize) {
        let mut inside = self.inside.enter();
        let stage = self.stage();
        if stage.is_settled() || stage == Stage::Retired {
            drop(inside);
            watcher.settled(index, stage);
        } else {
            inside.watchers.push(Watch { watcher: Arc::clone(watcher), index });
        }
    }

    /// Ends what [`Slot::watch`] began.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{Slot, Watcher};
    /// use raddle::queue::SimpleQueue;
    /// use std::sync::Arc;
    ///
    /// let (slot, settled) = (Slot::<u32, ()>::new(), Arc::new(SimpleQueue::<usize>::new()));
    /// let watcher: Arc<dyn Watcher> = settled.clone();
    /// slot.watch(&watcher, 5);
    /// slot.unwatch(&watcher);
    /// slot.finish(1).unwrap();
    /// assert!(settled.is_empty());
    /// ```
    pub fn unwatch(&self, watcher: &Arc<dyn Watcher>) {
        let mut inside = self.inside.enter();
        let watches = mem::take(&mut inside.watchers);
        let (own, others): (Vec<_>, Vec<_>) =
            watches.into_iter().partition(|watch| ptr::addr_eq(Arc::as_ptr(&watch.watcher), Arc::as_ptr(watcher)));
        inside.watchers = others;
        drop(inside);
        drop(own);
    }

    /// Waits until it is done, in the way of `waiter`.
    ///
    /// # Errors
    ///
    /// [`NotDone`] if the deadline passed, the waiter was told to stop, or it was retired before that.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::Slot;
    /// use raddle::park::{Deadline, Thread};
    ///
    /// let slot = Slot::<u32, ()>::new();
    /// slot.finish(1).unwrap();
    /// assert_eq!(slot.wait_with(Deadline::NEVER, &mut Thread), Ok(()));
    /// ```
    pub fn wait_with<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<(), NotDone> {
        if let Some(known) = self.stage().wait_is_over() {
            return known;
        }
        if deadline == Deadline::PASSED {
            return Err(NotDone::TimedOut);
        }
        let node = Node::staying(self, WaitKind::Future).depending_on(self);
        let mut inside = self.inside.enter();
        if let Some(known) = self.stage().wait_is_over() {
            return known;
        }
        inside.share();
        let ticket = inside.ticket();
        // SAFETY: the node is new, and stays here until its wait is over.
        unsafe { inside.waiters.push_back_with_ticket(&node, ticket) };
        drop(inside);
        match wait(&node, deadline, waiter) {
            End::Granted if node.granted() == Grant::Refused => Err(NotDone::Retired),
            // A fork has changed what it waits for.
            End::Granted if node.granted() == Grant::Nothing => self.wait_with(deadline, waiter),
            End::Granted => Ok(()),
            End::TimedOut => Err(NotDone::TimedOut),
            // Nothing to pass on: everybody was granted.
            End::Aborted { .. } => Err(NotDone::Aborted),
        }
    }

    /// How many threads wait for it.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(raddle::futures::Slot::<u32, ()>::new().waiting(), 0);
    /// ```
    pub fn waiting(&self) -> usize {
        self.inside.enter().waiters.len()
    }

    /// Shows the outcome, also of a retired slot, and the callbacks, for a collector of garbage. The functions must not use the slot:
    /// they are called inside it.
    ///
    /// # Examples
    ///
    /// ```
    /// let slot = raddle::futures::Slot::<u32, &str>::new();
    /// slot.add_callback("tell them").unwrap();
    /// let mut callbacks = Vec::new();
    /// slot.for_each_held(&mut |_outcome| unreachable!(), &mut |callback| callbacks.push(*callback));
    /// assert_eq!(callbacks, ["tell them"]);
    /// ```
    pub fn for_each_held(&self, visit_outcome: &mut dyn FnMut(&T), visit_callback: &mut dyn FnMut(&C)) {
        let inside = self.inside.enter();
        // SAFETY: it is written under the section only, where we are.
        if let Some(outcome) = unsafe { self.outcome_unchecked() } {
            visit_outcome(outcome);
        }
        inside.callbacks.iter().for_each(visit_callback);
    }

    /// Takes one of the callbacks out, for a collector of garbage: it is not called any more.
    ///
    /// # Examples
    ///
    /// ```
    /// let slot = raddle::futures::Slot::<u32, &str>::new();
    /// slot.add_callback("tell them").unwrap();
    /// assert_eq!((slot.take_callback(), slot.take_callback()), (Some("tell them"), None));
    /// ```
    pub fn take_callback(&self) -> Option<C> {
        self.inside.enter().callbacks.pop()
    }

    fn set_stage(&self, stage: Stage) {
        // ORDERING: Release meets the Acquire in `stage`.
        self.stage.store(stage as u32, Ordering::Release);
    }

    /// Ends the waits of all who wait. Nobody can come any more: the stage says so.
    fn let_go<'a>(&'a self, mut inside: Guard<'a, Inside<C>>, grant: Grant) {
        let mut wakes = WakeList::new();
        let ticket = inside.next_ticket;
        while inside.waiters.grant_until(ticket, grant, &mut wakes) {
            drop(inside);
            wakes.wake_all();
            inside = self.inside.enter();
        }
        drop(inside);
        wakes.wake_all();
    }
}

fn tell(watches: Vec<Watch>, stage: Stage) {
    for watch in watches {
        watch.watcher.settled(watch.index, stage);
    }
}

impl<C> Inside<C> {
    fn new() -> Self {
        Self { waiters: WaitList::new(), next_ticket: 0, watchers: Vec::new(), callbacks: Vec::new() }
    }

    fn ticket(&mut self) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket = ticket + 1;
        ticket
    }
}

impl<T: Send + Sync, C: Send> Blocker for Slot<T, C> {
    fn whom(&self) -> Whom {
        // Once it is over, those who waited are being told.
        if self.stage().wait_is_over().is_some() {
            return Whom::Unknown;
        }
        let word = self.workers.load(Ordering::Relaxed);
        AnyOf::from_word(word).map_or_else(|| Whom::thread(word), Whom::AnyOf)
    }

    /// Anybody may cancel it, or bring an outcome.
    fn is_certain(&self) -> bool {
        false
    }

    fn kind(&self) -> WaitKind {
        WaitKind::Future
    }
}

impl<T: Send + Sync, C: Send> Place for Slot<T, C> {
    fn leave(&self, node: &Node<'_>) -> bool {
        let mut inside = self.inside.enter();
        let waits = node.state() == NodeState::Waiting;
        if waits {
            // SAFETY: it waits, so it is linked, here: a node of this place is pushed to this list only.
            unsafe { inside.waiters.remove(node) };
        }
        waits
    }

    fn relink(&self, node: &Node<'_>) -> bool {
        let mut inside = self.inside.enter();
        if self.stage().wait_is_over().is_some() {
            return false;
        }
        inside.share();
        let ticket = inside.ticket();
        // SAFETY: the fork has emptied the list, and the node's wait goes on.
        unsafe { inside.waiters.push_back_with_ticket(node, ticket) };
        true
    }
}

impl<T: Send + Sync, C: Send> Default for Slot<T, C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, C> fmt::Debug for Slot<T, C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Slot")
            .field("stage", &Stage::from_word(self.stage.load(Ordering::Relaxed)))
            .finish_non_exhaustive()
    }
}
