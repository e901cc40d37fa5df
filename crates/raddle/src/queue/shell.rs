//! The blocking shell around an order of items: who waits for an item, a place, or the end of the work.

use std::fmt;
use std::mem;
use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ends::{Ends, Refused, Whole};
use super::inside::{Inside, Slot, Status};
use super::order::Order;
use super::{GetError, JoinError, PutError, ShutDown, TooManyDone};
use crate::park::{Deadline, End, Grant, Node, Place, State as NodeState, Thread, Waiter, WakeList, back_off, wait};
use crate::probe::{State as Seen, Subject, Trace, Traced, WaitKind};
use crate::sys::takes_turns;

/// A queue between threads that waits: for an item, for a free place, for all work to be done.
///
/// Use it by the name of its order: [`Queue`](super::Queue).
///
/// # Fairness
///
/// An item goes to the thread that has waited longest for one, a free place to the one that has waited longest with an item:
/// both are handed over, in order, and nobody can barge in.
///
/// A thread that finds nothing looks for two microseconds, then lets others run, at most ten times, for as long as that pays, before it gets in line: so many items are passed on
/// without waking anybody. Until it is in line it has not begun to wait, and who comes meanwhile may be served first.
///
/// # Timeouts
///
/// The `_timeout` and `_until` forms give up at a moment of the monotonic clock. What was to be put comes back.
///
/// # Interruption
///
/// Signals do not end a wait.
///
/// # Fork
///
/// A child that forks while another thread is inside the queue finds it without items; at any other moment with the items
/// of that moment. Items that were handed to a thread that waited are not in it.
///
/// # Differences from CPython
///
/// An item that is handed to a waiting thread is never seen by [`Shell::len`].
///
/// # Examples
///
/// ```
/// use raddle::queue::Queue;
///
/// let tasks = Queue::bounded(2);
/// std::thread::scope(|scope| {
///     scope.spawn(|| {
///         while let Ok(task) = tasks.get() {
///             let _: u32 = task;
///             tasks.task_done().unwrap();
///         }
///     });
///     for task in 0..10 {
///         tasks.put(task).unwrap();
///     }
///     tasks.join();
///     tasks.shutdown();
/// });
/// ```
pub struct Shell<O: Order> {
    /// Dropped before what it lets others look at.
    trace: Trace,
    /// In a place of its own, where others can look at it while the queue moves.
    inside: Arc<Ends<O>>,
}

/// What a queue held when it was retired.
///
/// # Examples
///
/// ```
/// use raddle::queue::{Queue, Retired};
///
/// let queue = Queue::new();
/// queue.put(1).unwrap();
/// let Retired { items, unfinished, is_shut_down } = queue.retire();
/// assert_eq!((items, unfinished, is_shut_down), (vec![1], 1, false));
/// ```
#[derive(Debug)]
pub struct Retired<T> {
    /// The items, in their order.
    pub items: Vec<T>,
    /// How many items were put and not reported as done.
    pub unfinished: usize,
    /// Whether the queue was shut down.
    pub is_shut_down: bool,
}

impl<O: Order> Shell<O> {
    /// A queue for any number of items.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::Queue;
    ///
    /// let queue = Queue::<u32>::new();
    /// assert_eq!((queue.len(), queue.capacity()), (0, 0));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        Self::bounded(0)
    }

    /// A queue for at most `capacity` items; for any number if that is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::Queue;
    ///
    /// let queue = Queue::bounded(1);
    /// queue.put(1).unwrap();
    /// assert!(queue.try_put(2).is_err());
    /// ```
    #[must_use]
    #[track_caller]
    pub fn bounded(capacity: usize) -> Self {
        Self { trace: Trace::new(), inside: Arc::new(Ends::new(Inside::new(capacity, true, Location::caller()))) }
    }

    /// A queue for any number of items, for threads that take turns: see [`RawLock::in_turn`](crate::sync::RawLock::in_turn).
    ///
    /// # Safety
    ///
    /// As there, until somebody calls [`Shell::share`].
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::{Fifo, Shell};
    ///
    /// // SAFETY: only this thread knows the queue.
    /// let queue = unsafe { Shell::<Fifo<u32>>::in_turn() };
    /// queue.put(1).unwrap();
    /// assert_eq!(queue.get(), Ok(1));
    /// ```
    #[must_use]
    #[cfg(feature = "turns")]
    #[track_caller]
    pub unsafe fn in_turn() -> Self {
        // Those who take turns do nothing at the same time.
        let inside = Inside::new(0, false, Location::caller());
        // SAFETY: the caller's promise. Whoever looks at it in other ways comes from a thread that waits, or has waited, for it.
        Self { trace: Trace::new(), inside: Arc::new(unsafe { Ends::in_turn(inside) }) }
    }

    /// From now on threads may use the queue that do not take turns: see [`Shell::in_turn`].
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::{Fifo, Shell};
    ///
    /// // SAFETY: only this thread knows the queue until it is shared.
    /// let queue = unsafe { Shell::<Fifo<u32>>::in_turn() };
    /// queue.share();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| queue.put(1).unwrap());
    ///     assert_eq!(queue.get(), Ok(1));
    /// });
    /// ```
    #[cfg(feature = "turns")]
    pub fn share(&self) {
        self.inside.enter().share();
    }

    /// Puts an item, and waits for a free place as long as it takes.
    ///
    /// # Errors
    ///
    /// [`ShutDown`] with the item if the queue is or gets shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::Queue;
    ///
    /// let queue = Queue::bounded(1);
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| {
    ///         for number in 0..3 {
    ///             // Waits while the one place is taken.
    ///             queue.put(number).unwrap();
    ///         }
    ///     });
    ///     assert_eq!((queue.get(), queue.get(), queue.get()), (Ok(0), Ok(1), Ok(2)));
    /// });
    /// ```
    pub fn put(&self, item: O::Item) -> Result<(), ShutDown<O::Item>> {
        match self.put_with(item, Deadline::NEVER, &mut Thread) {
            Ok(()) | Err(PutError::Aborted(None)) => Ok(()),
            // A plain thread's wait without a deadline ends in no other way.
            Err(
                PutError::Full(item)
                | PutError::ShutDown(item)
                | PutError::Aborted(Some(item))
                | PutError::Retired(item),
            ) => Err(ShutDown(item)),
        }
    }

    /// Puts an item if there is a free place.
    ///
    /// # Errors
    ///
    /// [`PutError::Full`] or [`PutError::ShutDown`] with the item.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::{PutError, Queue};
    ///
    /// let queue = Queue::bounded(1);
    /// assert_eq!(queue.try_put(1), Ok(()));
    /// assert_eq!(queue.try_put(2), Err(PutError::Full(2)));
    /// ```
    #[inline]
    pub fn try_put(&self, item: O::Item) -> Result<(), PutError<O::Item>> {
        self.put_with(item, Deadline::PASSED, &mut Thread)
    }

    /// Puts an item, and waits for a free place for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`PutError::Full`] or [`PutError::ShutDown`] with the item.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::{PutError, Queue};
    /// use std::time::Duration;
    ///
    /// let queue = Queue::bounded(1);
    /// queue.put(1).unwrap();
    /// assert_eq!(queue.put_timeout(2, Duration::from_millis(1)), Err(PutError::Full(2)));
    /// ```
    pub fn put_timeout(&self, item: O::Item, timeout: Duration) -> Result<(), PutError<O::Item>> {
        self.put_with(item, Deadline::after(timeout), &mut Thread)
    }

    /// Puts an item, and waits for a free place until `instant` at most.
    ///
    /// # Errors
    ///
    /// [`PutError::Full`] or [`PutError::ShutDown`] with the item.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::Queue;
    /// use std::time::Instant;
    ///
    /// let queue = Queue::bounded(1);
    /// assert!(queue.put_until(1, Instant::now()).is_ok());
    /// assert!(queue.put_until(2, Instant::now()).is_err());
    /// ```
    pub fn put_until(&self, item: O::Item, instant: Instant) -> Result<(), PutError<O::Item>> {
        self.put_with(item, Deadline::at(instant), &mut Thread)
    }

    /// Gets the next item, and waits for one as long as it takes.
    ///
    /// # Errors
    ///
    /// [`ShutDown`] if the queue is or gets shut down and holds no items any more.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::Queue;
    ///
    /// let queue = Queue::new();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| queue.put(5).unwrap());
    ///     assert_eq!(queue.get(), Ok(5));
    /// });
    /// ```
    pub fn get(&self) -> Result<O::Item, ShutDown> {
        // A plain thread's wait without a deadline ends in no other way.
        self.get_with(Deadline::NEVER, &mut Thread).map_err(|_| ShutDown(()))
    }

    /// Gets the next item if there is one.
    ///
    /// # Errors
    ///
    /// [`GetError::Empty`], or [`GetError::ShutDown`] if there will never be one.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::{GetError, Queue};
    ///
    /// let queue = Queue::new();
    /// assert_eq!(queue.try_get(), Err(GetError::Empty));
    /// queue.put(1).unwrap();
    /// assert_eq!(queue.try_get(), Ok(1));
    /// ```
    #[inline]
    pub fn try_get(&self) -> Result<O::Item, GetError> {
        self.get_with(Deadline::PASSED, &mut Thread)
    }

    /// Gets the next item, and waits for one for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`GetError::Empty`], or [`GetError::ShutDown`] if there will never be one.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::{GetError, Queue};
    /// use std::time::Duration;
    ///
    /// let queue = Queue::<u32>::new();
    /// assert_eq!(queue.get_timeout(Duration::from_millis(1)), Err(GetError::Empty));
    /// ```
    pub fn get_timeout(&self, timeout: Duration) -> Result<O::Item, GetError> {
        self.get_with(Deadline::after(timeout), &mut Thread)
    }

    /// Gets the next item, and waits for one until `instant` at most.
    ///
    /// # Errors
    ///
    /// [`GetError::Empty`], or [`GetError::ShutDown`] if there will never be one.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::Queue;
    /// use std::time::Instant;
    ///
    /// let queue = Queue::new();
    /// queue.put(1).unwrap();
    /// assert_eq!(queue.get_until(Instant::now()), Ok(1));
    /// ```
    pub fn get_until(&self, instant: Instant) -> Result<O::Item, GetError> {
        self.get_with(Deadline::at(instant), &mut Thread)
    }

    /// Puts an item in the way of `waiter`.
    ///
    /// # Errors
    ///
    /// [`PutError`], with the item unless it has been taken.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Deadline, Thread};
    /// use raddle::queue::{PutError, Queue};
    ///
    /// let queue = Queue::bounded(1);
    /// assert_eq!(queue.put_with(1, Deadline::NEVER, &mut Thread), Ok(()));
    /// assert_eq!(queue.put_with(2, Deadline::PASSED, &mut Thread), Err(PutError::Full(2)));
    /// ```
    #[inline]
    pub fn put_with<W: Waiter>(
        &self,
        item: O::Item,
        deadline: Deadline,
        waiter: &mut W,
    ) -> Result<(), PutError<O::Item>> {
        match self.inside.put(item) {
            Ok(()) => Ok(()),
            // Where nobody is in line and the queue is open, that is all there is to know.
            Err((item, Refused::Nothing)) if deadline == Deadline::PASSED => Err(PutError::Full(item)),
            Err((item, refused)) => self.put_among_others(item, refused, deadline, waiter),
        }
    }

    /// The rest of [`Shell::put_with`]: somebody waits for the item, or there is no place for it, or the queue takes no more.
    #[inline(never)]
    fn put_among_others<'a, W: Waiter>(
        &'a self,
        mut item: O::Item,
        mut refused: Refused<'a, O>,
        deadline: Deadline,
        waiter: &mut W,
    ) -> Result<(), PutError<O::Item>> {
        let has_to_wait = match &refused {
            Refused::Nothing => true,
            Refused::Whole(inside) => inside.status == Status::Open && inside.is_full(),
        };
        if has_to_wait && lets_others_run::<W>(deadline) {
            drop(refused);
            self.let_others_run(deadline, waiter, || self.inside.is_over_for_putters());
            match self.inside.put(item) {
                Ok(()) => return Ok(()),
                Err(again) => (item, refused) = again,
            }
        }
        let mut inside = self.whole_of(refused);
        if inside.status != Status::Open {
            let status = inside.status;
            drop(inside);
            return Err(refused_put(status, item));
        }
        if inside.is_full() {
            if deadline == Deadline::PASSED {
                drop(inside);
                return Err(PutError::Full(item));
            }
            return self.wait_for_place(inside, item, deadline, waiter);
        }
        inside.expect(1);
        let mut wakes = WakeList::new();
        inside.accept(item, &mut wakes);
        drop(inside);
        wakes.wake_all();
        Ok(())
    }

    /// Hands an item to the thread that has waited longest for one.
    ///
    /// # Errors
    ///
    /// The item comes back if nobody waits, or the queue is shut down or retired.
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = raddle::queue::Queue::new();
    /// // Nobody waits for it, and it is not kept.
    /// assert_eq!(queue.try_hand(1), Err(1));
    /// assert!(queue.is_empty());
    /// ```
    pub fn try_hand(&self, item: O::Item) -> Result<(), O::Item> {
        let mut inside = self.inside.enter();
        if inside.status != Status::Open {
            drop(inside);
            return Err(item);
        }
        let mut wakes = WakeList::new();
        inside.hand_over(item, &mut wakes)?;
        inside.expect(1);
        drop(inside);
        wakes.wake_all();
        Ok(())
    }

    /// Before the current thread gets in line, others may bring what it wants, and it looks for that.
    fn let_others_run<W: Waiter>(&self, deadline: Deadline, waiter: &mut W, is_over: impl Fn() -> bool) {
        if takes_turns() {
            // It is looked at by one that is about to wait.
            self.inside.enter().share();
        }
        if let Some(slice) = back_off(deadline, waiter, is_over) {
            self.inside.enter().patience.charge(slice);
        }
    }

    fn whole_of<'a>(&'a self, refused: Refused<'a, O>) -> Whole<'a, O> {
        match refused {
            Refused::Nothing => self.inside.enter(),
            Refused::Whole(inside) => inside,
        }
    }

    #[cold]
    fn wait_for_place<W: Waiter>(
        &self,
        mut inside: Whole<'_, O>,
        item: O::Item,
        deadline: Deadline,
        waiter: &mut W,
    ) -> Result<(), PutError<O::Item>> {
        let slot = Slot::new(Some(item));
        let node = Node::with_slot(self, WaitKind::QueuePut, slot.get().cast());
        // SAFETY: the node is new, and stays here, with its slot, until its wait is over.
        unsafe { inside.putters.push_back(&node) };
        inside.share();
        drop(inside);
        let end = wait(&node, deadline, waiter);
        match (end, slot.into_inner()) {
            (End::Aborted { .. }, item) => Err(PutError::Aborted(item)),
            // Whoever took it has granted the place.
            (_, None) => Ok(()),
            // A fork has changed what it waits for.
            (End::Granted, Some(item)) if node.granted() == Grant::Nothing => self.put_with(item, deadline, waiter),
            (End::Granted, Some(item)) => Err(refused_put(self.inside.enter().status, item)),
            (End::TimedOut, Some(item)) => Err(PutError::Full(item)),
        }
    }

    /// Gets the next item in the way of `waiter`.
    ///
    /// # Errors
    ///
    /// [`GetError`]. An item that comes to a waiter that is told to stop goes back to where it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Deadline, Thread};
    /// use raddle::queue::{GetError, Queue};
    ///
    /// let queue = Queue::<u32>::new();
    /// assert_eq!(queue.get_with(Deadline::PASSED, &mut Thread), Err(GetError::Empty));
    /// ```
    #[inline]
    pub fn get_with<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<O::Item, GetError> {
        match self.inside.get() {
            Ok(item) => Ok(item),
            // As there.
            Err(Refused::Nothing) if deadline == Deadline::PASSED => Err(GetError::Empty),
            Err(refused) => self.get_among_others(refused, deadline, waiter),
        }
    }

    /// The rest of [`Shell::get_with`]: somebody waits for the place, or there is no item.
    #[inline(never)]
    fn get_among_others<'a, W: Waiter>(
        &'a self,
        mut refused: Refused<'a, O>,
        deadline: Deadline,
        waiter: &mut W,
    ) -> Result<O::Item, GetError> {
        let has_to_wait = match &refused {
            Refused::Nothing => true,
            Refused::Whole(inside) => inside.status == Status::Open && inside.items.is_empty(),
        };
        if has_to_wait && lets_others_run::<W>(deadline) {
            drop(refused);
            self.let_others_run(deadline, waiter, || self.inside.is_over_for_getters());
            match self.inside.get() {
                Ok(item) => return Ok(item),
                Err(again) => refused = again,
            }
        }
        let mut inside = self.whole_of(refused);
        if let Some(item) = inside.items.pop() {
            if !inside.putters.is_empty() {
                self.admit_putters(inside);
            }
            return Ok(item);
        }
        if inside.status != Status::Open {
            return Err(refused_get(inside.status));
        }
        if deadline == Deadline::PASSED {
            return Err(GetError::Empty);
        }
        self.wait_for_item(inside, deadline, waiter)
    }

    #[cold]
    fn wait_for_item<W: Waiter>(
        &self,
        mut inside: Whole<'_, O>,
        deadline: Deadline,
        waiter: &mut W,
    ) -> Result<O::Item, GetError> {
        let slot = Slot::new(None);
        let node = Node::with_slot(self, WaitKind::QueueGet, slot.get().cast());
        // SAFETY: the node is new, and stays here, with its slot, until its wait is over.
        unsafe { inside.getters.push_back(&node) };
        inside.share();
        drop(inside);
        let end = wait(&node, deadline, waiter);
        match (end, slot.into_inner()) {
            (End::Aborted { .. }, Some(item)) => {
                self.give_back(item);
                Err(GetError::Aborted)
            }
            (End::Aborted { .. }, None) => Err(GetError::Aborted),
            (_, Some(item)) => Ok(item),
            // A fork has changed what it waits for.
            (End::Granted, None) if node.granted() == Grant::Nothing => self.get_with(deadline, waiter),
            (End::Granted, None) => Err(refused_get(self.inside.enter().status)),
            (End::TimedOut, None) => Err(GetError::Empty),
        }
    }

    /// An item that was handed to a waiter that does not want it any more goes to the next one, or back to where it was.
    fn give_back(&self, item: O::Item) {
        let mut wakes = WakeList::new();
        let mut inside = self.inside.enter();
        if inside.status == Status::ShutDownNow {
            // It would have been taken out with the others.
            inside.unfinished = inside.unfinished.saturating_sub(1);
            if inside.unfinished == 0 {
                self.let_joiners_go(inside);
            } else {
                drop(inside);
            }
            drop(item);
            return;
        }
        // In a retired queue it waits for `drain`.
        if let Err(item) = inside.hand_over(item, &mut wakes) {
            inside.items.unpop(item);
        }
        drop(inside);
        wakes.wake_all();
    }

    /// Lets those in who wait with an item, as long as there is room.
    fn admit_putters<'a>(&'a self, mut inside: Whole<'a, O>) {
        let mut wakes = WakeList::new();
        while inside.status == Status::Open && !inside.is_full() {
            if wakes.is_full() {
                drop(inside);
                wakes.wake_all();
                inside = self.inside.enter();
                continue;
            }
            let Some(item) = inside.putters.front().and_then(|node| {
                // SAFETY: every node in `putters` has a slot of this type, and we are inside.
                unsafe { (*node.slot().cast::<Option<O::Item>>()).take() }
            }) else {
                break;
            };
            inside.putters.grant_one(Grant::Handed, &mut wakes);
            inside.expect(1);
            inside.accept(item, &mut wakes);
        }
        drop(inside);
        wakes.wake_all();
    }

    /// Reports that the work on an item is done.
    ///
    /// # Errors
    ///
    /// [`TooManyDone`] if that has been reported for all items already.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::{Queue, TooManyDone};
    ///
    /// let queue = Queue::new();
    /// queue.put(1).unwrap();
    /// assert_eq!(queue.task_done(), Ok(()));
    /// assert_eq!(queue.task_done(), Err(TooManyDone));
    /// ```
    pub fn task_done(&self) -> Result<(), TooManyDone> {
        let mut inside = self.inside.enter();
        inside.unfinished = inside.unfinished.checked_sub(1).ok_or(TooManyDone)?;
        if inside.unfinished == 0 {
            self.let_joiners_go(inside);
        }
        Ok(())
    }

    fn let_joiners_go<'a>(&'a self, mut inside: Whole<'a, O>) {
        let mut wakes = WakeList::new();
        let ticket = inside.next_joiner;
        while inside.joiners.grant_until(ticket, Grant::Handed, &mut wakes) {
            drop(inside);
            wakes.wake_all();
            inside = self.inside.enter();
        }
        drop(inside);
        wakes.wake_all();
    }

    /// Waits until the work on all items is done, as long as it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::Queue;
    ///
    /// let queue = Queue::new();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| {
    ///         for _number in &queue {
    ///             queue.task_done().unwrap();
    ///         }
    ///     });
    ///     for number in 0..3 {
    ///         queue.put(number).unwrap();
    ///     }
    ///     queue.join();
    ///     assert_eq!(queue.unfinished(), 0);
    ///     queue.shutdown();
    /// });
    /// ```
    pub fn join(&self) {
        // A plain thread's wait without a deadline ends with the work.
        let _ = self.join_with(Deadline::NEVER, &mut Thread);
    }

    /// Whether the work on all items is done.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::Queue;
    ///
    /// let queue = Queue::new();
    /// assert!(queue.try_join());
    /// queue.put(1).unwrap();
    /// assert!(!queue.try_join());
    /// ```
    pub fn try_join(&self) -> bool {
        self.unfinished() == 0
    }

    /// Waits until the work on all items is done, for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`TimedOut`](crate::sync::TimedOut) if there was work left all that time.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::Queue;
    /// use raddle::sync::TimedOut;
    /// use std::time::Duration;
    ///
    /// let queue = Queue::new();
    /// queue.put(1).unwrap();
    /// assert_eq!(queue.join_timeout(Duration::from_millis(1)), Err(TimedOut));
    /// ```
    pub fn join_timeout(&self, timeout: Duration) -> Result<(), crate::sync::TimedOut> {
        self.join_with(Deadline::after(timeout), &mut Thread).map_err(|_| crate::sync::TimedOut)
    }

    /// Waits until the work on all items is done, until `instant` at most.
    ///
    /// # Errors
    ///
    /// [`TimedOut`](crate::sync::TimedOut) if there was work left all that time.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::Queue;
    /// use std::time::Instant;
    ///
    /// assert!(Queue::<u32>::new().join_until(Instant::now()).is_ok());
    /// ```
    pub fn join_until(&self, instant: Instant) -> Result<(), crate::sync::TimedOut> {
        self.join_with(Deadline::at(instant), &mut Thread).map_err(|_| crate::sync::TimedOut)
    }

    /// Waits until the work on all items is done, in the way of `waiter`.
    ///
    /// # Errors
    ///
    /// [`JoinError`] if the deadline passed, or the waiter was told to stop, before that.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Deadline, Thread};
    /// use raddle::queue::Queue;
    ///
    /// assert!(Queue::<u32>::new().join_with(Deadline::PASSED, &mut Thread).is_ok());
    /// ```
    pub fn join_with<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<(), JoinError> {
        let mut inside = self.inside.enter();
        if inside.status == Status::Retired {
            return Err(JoinError::Retired);
        }
        if inside.unfinished == 0 {
            return Ok(());
        }
        if deadline == Deadline::PASSED {
            return Err(JoinError::TimedOut);
        }
        let node = Node::staying(self, WaitKind::QueueJoin);
        let ticket = inside.next_joiner;
        inside.next_joiner = ticket + 1;
        // SAFETY: the node is new, and stays here until its wait is over.
        unsafe { inside.joiners.push_back_with_ticket(&node, ticket) };
        inside.share();
        drop(inside);
        match wait(&node, deadline, waiter) {
            // `Nothing`: a fork has changed what it waits for.
            End::Granted if node.granted() == Grant::Nothing => self.join_with(deadline, waiter),
            End::Granted if node.granted() == Grant::Refused => Err(JoinError::Retired),
            End::Granted => Ok(()),
            End::TimedOut => Err(JoinError::TimedOut),
            // Nothing to pass on: everybody was granted.
            End::Aborted { .. } => Err(JoinError::Aborted),
        }
    }

    /// Shuts the queue down: nothing can be put any more, and those who wait for a place get their item back. What is in the queue
    /// can still be got; when it is empty, getting fails.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::{Queue, ShutDown};
    ///
    /// let queue = Queue::new();
    /// queue.put(1).unwrap();
    /// queue.shutdown();
    /// assert_eq!(queue.put(2), Err(ShutDown(2)));
    /// assert_eq!(queue.get(), Ok(1));
    /// assert_eq!(queue.get(), Err(ShutDown(())));
    /// ```
    pub fn shutdown(&self) {
        let mut inside = self.inside.enter();
        inside.shut_down(Status::ShutDown);
        self.refuse_waiters(inside);
    }

    /// Shuts the queue down, and takes all items out, which count as done. They are returned in their order, and so
    /// are dropped where the caller wants it.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::Queue;
    ///
    /// let queue = Queue::new();
    /// queue.put(1).unwrap();
    /// queue.put(2).unwrap();
    /// assert_eq!(queue.shutdown_now(), [1, 2]);
    /// assert_eq!(queue.unfinished(), 0);
    /// ```
    pub fn shutdown_now(&self) -> Vec<O::Item> {
        let mut inside = self.inside.enter();
        let mut items = inside.take_items();
        inside.unfinished = inside.unfinished.saturating_sub(items.len());
        inside.shut_down(Status::ShutDownNow);
        self.refuse_waiters(inside);
        let inside = self.inside.enter();
        if inside.unfinished == 0 {
            self.let_joiners_go(inside);
        }
        std::iter::from_fn(|| items.pop()).collect()
    }

    /// Moves the content to a successor, for good: everything that is called later, and everybody who waits, is told so.
    ///
    /// An item that was handed to a waiter before, and comes back because the waiter was told to stop, is found by [`Shell::drain`].
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::{GetError, Queue};
    ///
    /// let (old, new) = (Queue::new(), Queue::new());
    /// old.put(1).unwrap();
    /// for item in old.retire().items {
    ///     new.put(item).unwrap();
    /// }
    /// assert_eq!(old.try_get(), Err(GetError::Retired));
    /// assert_eq!(new.try_get(), Ok(1));
    /// ```
    pub fn retire(&self) -> Retired<O::Item> {
        let mut inside = self.inside.enter();
        let mut items = inside.take_items();
        let unfinished = mem::take(&mut inside.unfinished);
        let is_shut_down = inside.is_shut_down();
        inside.status = Status::Retired;
        self.refuse_waiters(inside);
        let mut wakes = WakeList::new();
        let mut inside = self.inside.enter();
        while inside.joiners.grant_one(Grant::Refused, &mut wakes) {
            if wakes.is_full() {
                drop(inside);
                wakes.wake_all();
                inside = self.inside.enter();
            }
        }
        drop(inside);
        wakes.wake_all();
        Retired { items: std::iter::from_fn(|| items.pop()).collect(), unfinished, is_shut_down }
    }

    /// Whether the queue was retired.
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = raddle::queue::Queue::<u32>::new();
    /// assert!(!queue.is_retired());
    /// queue.retire();
    /// assert!(queue.is_retired());
    /// ```
    pub fn is_retired(&self) -> bool {
        self.inside.enter().status == Status::Retired
    }

    /// Ends the waits of all who wait for an item or a place. Nobody can come any more: the status says so.
    fn refuse_waiters<'a>(&'a self, mut inside: Whole<'a, O>) {
        let mut wakes = WakeList::new();
        while inside.getters.grant_one(Grant::Refused, &mut wakes)
            || inside.putters.grant_one(Grant::Refused, &mut wakes)
        {
            if wakes.is_full() {
                drop(inside);
                wakes.wake_all();
                inside = self.inside.enter();
            }
        }
        drop(inside);
        wakes.wake_all();
    }

    /// Whether the queue was shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = raddle::queue::Queue::<u32>::new();
    /// queue.shutdown();
    /// assert!(queue.is_shut_down());
    /// ```
    pub fn is_shut_down(&self) -> bool {
        self.inside.enter().is_shut_down()
    }

    /// How many items are in the queue.
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = raddle::queue::Queue::new();
    /// queue.put(1).unwrap();
    /// assert_eq!(queue.len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        self.inside.look().len()
    }

    /// Whether no item is in the queue.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(raddle::queue::Queue::<u32>::new().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the queue holds as many items as it may.
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = raddle::queue::Queue::bounded(1);
    /// queue.put(1).unwrap();
    /// assert!(queue.is_full());
    /// ```
    pub fn is_full(&self) -> bool {
        self.inside.enter().is_full()
    }

    /// How many items there may be; 0: any number.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(raddle::queue::Queue::<u32>::bounded(3).capacity(), 3);
    /// ```
    pub fn capacity(&self) -> usize {
        self.inside.enter().capacity
    }

    /// Changes how many items there may be; 0: any number. If that is more than before, those who wait with an item get in.
    /// If it is less, nothing is lost: the queue is full until enough was got.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::Queue;
    ///
    /// let queue = Queue::bounded(1);
    /// queue.put(1).unwrap();
    /// queue.set_capacity(2);
    /// queue.put(2).unwrap();
    /// assert!(queue.is_full());
    /// ```
    pub fn set_capacity(&self, capacity: usize) {
        let mut inside = self.inside.enter();
        inside.capacity = capacity;
        self.admit_putters(inside);
    }

    /// How many items were put and not reported as done.
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = raddle::queue::Queue::new();
    /// queue.put(1).unwrap();
    /// queue.get().unwrap();
    /// assert_eq!(queue.unfinished(), 1);
    /// ```
    pub fn unfinished(&self) -> usize {
        self.inside.enter().unfinished
    }

    /// Changes how many items count as put and not reported as done. With 0, those go on who wait in [`Shell::join`].
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = raddle::queue::Queue::new();
    /// queue.put(1).unwrap();
    /// queue.set_unfinished(0);
    /// queue.join();
    /// ```
    pub fn set_unfinished(&self, unfinished: usize) {
        let mut inside = self.inside.enter();
        inside.unfinished = unfinished;
        if unfinished == 0 {
            self.let_joiners_go(inside);
        }
    }

    /// Begins anew, with `order` and with room for `capacity` items, or for any number if that is 0. The items that were there are
    /// returned, and no item counts as unfinished.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::{Fifo, Order, Queue};
    ///
    /// let queue = Queue::new();
    /// queue.put(1).unwrap();
    /// assert_eq!(queue.restart(Fifo::new(), 5), [1]);
    /// assert_eq!((queue.len(), queue.unfinished(), queue.capacity()), (0, 0, 5));
    /// ```
    pub fn restart(&self, order: O, capacity: usize) -> Vec<O::Item> {
        let mut inside = self.inside.enter();
        let content = inside.items.with(order);
        let mut items = mem::replace(&mut inside.items, content);
        inside.capacity = capacity;
        inside.unfinished = 0;
        self.admit_putters(inside);
        let inside = self.inside.enter();
        if inside.unfinished == 0 {
            self.let_joiners_go(inside);
        }
        std::iter::from_fn(|| items.pop()).collect()
    }

    /// Takes all items out, in their order; they still count as unfinished.
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = raddle::queue::Queue::new();
    /// queue.put(1).unwrap();
    /// queue.put(2).unwrap();
    /// assert_eq!(queue.drain(), [1, 2]);
    /// assert_eq!((queue.len(), queue.unfinished()), (0, 2));
    /// ```
    pub fn drain(&self) -> Vec<O::Item> {
        let mut inside = self.inside.enter();
        let mut items = inside.take_items();
        self.admit_putters(inside);
        std::iter::from_fn(|| items.pop()).collect()
    }

    /// Shows all items that are in the queue, for a collector of garbage. `visit` must not use the queue: it is called inside it.
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = raddle::queue::Queue::new();
    /// queue.put(1).unwrap();
    /// queue.put(2).unwrap();
    /// let mut sum = 0;
    /// queue.for_each(&mut |item| sum += item);
    /// assert_eq!(sum, 3);
    /// ```
    pub fn for_each(&self, visit: &mut dyn FnMut(&O::Item)) {
        self.inside.enter().items.for_each(visit);
    }

    /// How many threads wait in `get`, in `put`, and in `join`.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::Queue;
    ///
    /// let queue = Queue::new();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| queue.get().unwrap());
    ///     while queue.waiting() != (1, 0, 0) {
    ///         std::thread::yield_now();
    ///     }
    ///     queue.put(1).unwrap();
    /// });
    /// ```
    pub fn waiting(&self) -> (usize, usize, usize) {
        let inside = self.inside.enter();
        (inside.getters.len(), inside.putters.len(), inside.joiners.len())
    }
}

/// Whether a thread looks, and lets others run, before it gets in line.
fn lets_others_run<W: Waiter>(deadline: Deadline) -> bool {
    W::LOOKS_BEFORE_SLEEP > 0 && deadline != Deadline::PASSED
}

fn refused_put<T>(status: Status, item: T) -> PutError<T> {
    match status {
        Status::Open | Status::ShutDown | Status::ShutDownNow => PutError::ShutDown(item),
        Status::Retired => PutError::Retired(item),
    }
}

fn refused_get(status: Status) -> GetError {
    match status {
        Status::Open | Status::ShutDown | Status::ShutDownNow => GetError::ShutDown,
        Status::Retired => GetError::Retired,
    }
}

impl<O: Order> Place for Shell<O> {
    fn traced(&self) -> Option<Traced<'_>> {
        /// # Safety
        ///
        /// `inside` is that of a queue that lives.
        unsafe fn look<O: Order>(inside: *const ()) -> Seen {
            // SAFETY: the caller's promise.
            unsafe { &*inside.cast::<Ends<O>>() }.look().state()
        }
        // SAFETY: the trace is dropped before the inside, which stays in its place. It is not touched under the inside's section.
        let subject = unsafe { Subject::new(Arc::as_ptr(&self.inside).cast(), look::<O>) };
        Some(Traced { trace: &self.trace, subject: Some(subject) })
    }

    fn leave(&self, node: &Node<'_>) -> bool {
        let mut inside = self.inside.enter();
        if node.state() != NodeState::Waiting {
            return false;
        }
        // SAFETY: it waits, so it is linked, in the list of its kind.
        unsafe { inside.list(node.kind()).remove(node) };
        true
    }

    fn relink(&self, node: &Node<'_>) -> bool {
        let mut inside = self.inside.enter();
        if inside.is_torn && node.kind() == WaitKind::QueueGet {
            // Whoever vanished may have written half an item: it is forgotten, not dropped.
            // SAFETY: a getter has a slot of this type, and we are inside, in its own thread.
            unsafe { node.slot().cast::<Option<O::Item>>().write(None) };
        }
        // Who brought what the node waits for may have vanished before telling it; or the content has vanished.
        // SAFETY: getters and putters have a slot of this type, and we are inside, in the node's own thread.
        let has_item = || unsafe { (*node.slot().cast::<Option<O::Item>>()).is_some() };
        let goes_on = match node.kind() {
            WaitKind::QueuePut => has_item() && inside.is_full(),
            WaitKind::QueueJoin => inside.unfinished > 0,
            _ => !has_item() && inside.items.is_empty(),
        };
        if goes_on && inside.status == Status::Open {
            let ticket = inside.next_joiner;
            inside.next_joiner = ticket + 1;
            // SAFETY: the fork has emptied the lists, and the node's wait goes on.
            unsafe { inside.list(node.kind()).push_back_with_ticket(node, ticket) };
            inside.share();
            return true;
        }
        false
    }
}

impl<O: Order> Default for Shell<O> {
    fn default() -> Self {
        Self::new()
    }
}

#[allow(clippy::missing_fields_in_debug, reason = "the trace is no part of what a queue is")]
impl<O: Order> fmt::Debug for Shell<O> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inside = self.inside.enter();
        let (len, capacity, unfinished, is_shut_down) =
            (inside.items.len(), inside.capacity, inside.unfinished, inside.is_shut_down());
        drop(inside);
        formatter
            .debug_struct("Queue")
            .field("len", &len)
            .field("capacity", &capacity)
            .field("unfinished", &unfinished)
            .field("is_shut_down", &is_shut_down)
            .finish()
    }
}
