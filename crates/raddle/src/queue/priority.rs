//! The smallest first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::time::{Duration, Instant};

use super::{GetError, PutError, ShutDown, TooManyDone};
use crate::park::{Deadline, Failed, Thread, Waiter};
use crate::sync::{Condition, Lock, LockGuard, TimedOut};

/// A queue that gives the smallest item out first.
///
/// Comparing items runs the user's code, so this queue is built on a [`Lock`] and [`Condition`]s, which may be held while such
/// code runs, and not on the internal lock of the other queues.
///
/// # Fairness
///
/// Threads are notified in the order in which they began to wait, but a thread that runs may take an item, or a place, ahead of one that was
/// notified and does not run yet. Items that compare equal come out in any order.
///
/// # Timeouts
///
/// The `_timeout` and `_until` forms give up at a moment of the monotonic clock. What was to be put comes back.
///
/// # Interruption
///
/// Signals do not end a wait.
///
/// # Panics
///
/// Where comparing two items panics. The item that was being put is in the queue, at any place.
///
/// # Differences from CPython
///
/// None.
///
/// # Examples
///
/// ```
/// use raddle::queue::PriorityQueue;
///
/// let tasks = PriorityQueue::new();
/// tasks.put((2, "write")).unwrap();
/// tasks.put((1, "read")).unwrap();
/// assert_eq!(tasks.get().unwrap(), (1, "read"));
/// ```
pub struct PriorityQueue<T: Ord> {
    inside: Lock<Inside<T>>,
    not_empty: Condition,
    not_full: Condition,
    all_done: Condition,
}

struct Inside<T> {
    items: BinaryHeap<Reverse<T>>,
    capacity: usize,
    unfinished: usize,
    is_shut_down: bool,
}

impl<T: Ord + Send> PriorityQueue<T> {
    /// A queue for any number of items.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::PriorityQueue;
    ///
    /// let queue = PriorityQueue::<u32>::new();
    /// assert_eq!((queue.len(), queue.capacity()), (0, 0));
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::bounded(0)
    }

    /// A queue for at most `capacity` items; for any number if that is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::PriorityQueue;
    ///
    /// let queue = PriorityQueue::bounded(1);
    /// queue.put(1).unwrap();
    /// assert!(queue.try_put(2).is_err());
    /// ```
    #[must_use]
    pub fn bounded(capacity: usize) -> Self {
        Self {
            inside: Lock::new(Inside { items: BinaryHeap::new(), capacity, unfinished: 0, is_shut_down: false }),
            not_empty: Condition::new(),
            not_full: Condition::new(),
            all_done: Condition::new(),
        }
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
    /// use raddle::queue::PriorityQueue;
    /// use std::cmp::Reverse;
    ///
    /// // The largest first.
    /// let queue = PriorityQueue::new();
    /// for number in [2, 3, 1] {
    ///     queue.put(Reverse(number)).unwrap();
    /// }
    /// assert_eq!(queue.get(), Ok(Reverse(3)));
    /// ```
    pub fn put(&self, item: T) -> Result<(), ShutDown<T>> {
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
    /// use raddle::queue::{PriorityQueue, PutError};
    ///
    /// let queue = PriorityQueue::bounded(1);
    /// assert_eq!(queue.try_put(1), Ok(()));
    /// assert_eq!(queue.try_put(2), Err(PutError::Full(2)));
    /// ```
    pub fn try_put(&self, item: T) -> Result<(), PutError<T>> {
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
    /// use raddle::queue::{PriorityQueue, PutError};
    /// use std::time::Duration;
    ///
    /// let queue = PriorityQueue::bounded(1);
    /// queue.put(1).unwrap();
    /// assert_eq!(queue.put_timeout(2, Duration::from_millis(1)), Err(PutError::Full(2)));
    /// ```
    pub fn put_timeout(&self, item: T, timeout: Duration) -> Result<(), PutError<T>> {
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
    /// use raddle::queue::PriorityQueue;
    /// use std::time::Instant;
    ///
    /// let queue = PriorityQueue::bounded(1);
    /// assert!(queue.put_until(1, Instant::now()).is_ok());
    /// assert!(queue.put_until(2, Instant::now()).is_err());
    /// ```
    pub fn put_until(&self, item: T, instant: Instant) -> Result<(), PutError<T>> {
        self.put_with(item, Deadline::at(instant), &mut Thread)
    }

    /// Gets the smallest item, and waits for one as long as it takes.
    ///
    /// # Errors
    ///
    /// [`ShutDown`] if the queue is or gets shut down and holds no items any more.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::PriorityQueue;
    ///
    /// let queue = PriorityQueue::new();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| queue.put(5).unwrap());
    ///     assert_eq!(queue.get(), Ok(5));
    /// });
    /// ```
    pub fn get(&self) -> Result<T, ShutDown> {
        // A plain thread's wait without a deadline ends in no other way.
        self.get_with(Deadline::NEVER, &mut Thread).map_err(|_| ShutDown(()))
    }

    /// Gets the smallest item if there is one.
    ///
    /// # Errors
    ///
    /// [`GetError::Empty`], or [`GetError::ShutDown`] if there will never be one.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::{GetError, PriorityQueue};
    ///
    /// let queue = PriorityQueue::new();
    /// assert_eq!(queue.try_get(), Err(GetError::Empty));
    /// queue.put(1).unwrap();
    /// assert_eq!(queue.try_get(), Ok(1));
    /// ```
    pub fn try_get(&self) -> Result<T, GetError> {
        self.get_with(Deadline::PASSED, &mut Thread)
    }

    /// Gets the smallest item, and waits for one for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`GetError::Empty`], or [`GetError::ShutDown`] if there will never be one.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::{GetError, PriorityQueue};
    /// use std::time::Duration;
    ///
    /// let queue = PriorityQueue::<u32>::new();
    /// assert_eq!(queue.get_timeout(Duration::from_millis(1)), Err(GetError::Empty));
    /// ```
    pub fn get_timeout(&self, timeout: Duration) -> Result<T, GetError> {
        self.get_with(Deadline::after(timeout), &mut Thread)
    }

    /// Gets the smallest item, and waits for one until `instant` at most.
    ///
    /// # Errors
    ///
    /// [`GetError::Empty`], or [`GetError::ShutDown`] if there will never be one.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::PriorityQueue;
    /// use std::time::Instant;
    ///
    /// let queue = PriorityQueue::new();
    /// queue.put(1).unwrap();
    /// assert_eq!(queue.get_until(Instant::now()), Ok(1));
    /// ```
    pub fn get_until(&self, instant: Instant) -> Result<T, GetError> {
        self.get_with(Deadline::at(instant), &mut Thread)
    }

    /// Puts an item in the way of `waiter`.
    ///
    /// # Errors
    ///
    /// [`PutError`], with the item.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Deadline, Thread};
    /// use raddle::queue::PriorityQueue;
    ///
    /// let queue = PriorityQueue::new();
    /// assert!(queue.put_with(1, Deadline::NEVER, &mut Thread).is_ok());
    /// ```
    pub fn put_with<W: Waiter>(&self, item: T, deadline: Deadline, waiter: &mut W) -> Result<(), PutError<T>> {
        let mut inside = match self.enter(deadline, waiter) {
            Ok(inside) => inside,
            Err(Failed::TimedOut) => return Err(PutError::Full(item)),
            Err(Failed::Aborted) => return Err(PutError::Aborted(Some(item))),
        };
        loop {
            if inside.is_shut_down {
                return Err(PutError::ShutDown(item));
            }
            if !inside.is_full() {
                break;
            }
            match self.not_full.wait_guarded(&mut inside, deadline, waiter) {
                Err(Failed::TimedOut) if inside.is_full() && !inside.is_shut_down => return Err(PutError::Full(item)),
                Ok(()) | Err(Failed::TimedOut) => {}
                Err(Failed::Aborted) => return Err(PutError::Aborted(Some(item))),
            }
        }
        inside.unfinished += 1;
        self.not_empty.notify_one(&inside);
        inside.items.push(Reverse(item));
        Ok(())
    }

    /// Gets the smallest item in the way of `waiter`.
    ///
    /// # Errors
    ///
    /// [`GetError`].
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Deadline, Thread};
    /// use raddle::queue::{GetError, PriorityQueue};
    ///
    /// let queue = PriorityQueue::<u32>::new();
    /// assert_eq!(queue.get_with(Deadline::PASSED, &mut Thread), Err(GetError::Empty));
    /// ```
    pub fn get_with<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<T, GetError> {
        let mut inside = match self.enter(deadline, waiter) {
            Ok(inside) => inside,
            Err(Failed::TimedOut) => return Err(GetError::Empty),
            Err(Failed::Aborted) => return Err(GetError::Aborted),
        };
        loop {
            if !inside.items.is_empty() {
                break;
            }
            if inside.is_shut_down {
                return Err(GetError::ShutDown);
            }
            match self.not_empty.wait_guarded(&mut inside, deadline, waiter) {
                Err(Failed::TimedOut) if inside.items.is_empty() && !inside.is_shut_down => {
                    return Err(GetError::Empty);
                }
                Ok(()) | Err(Failed::TimedOut) => {}
                Err(Failed::Aborted) => return Err(GetError::Aborted),
            }
        }
        self.not_full.notify_one(&inside);
        inside.items.pop().map(|Reverse(item)| item).ok_or(GetError::Empty)
    }

    /// Locks the inside. A call that does not wait still waits for others that are inside, for they leave soon.
    fn enter<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<LockGuard<'_, Inside<T>>, Failed> {
        let deadline = if deadline == Deadline::PASSED { Deadline::NEVER } else { deadline };
        self.inside.acquire_unpoisoned_with(deadline, waiter)
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
    /// use raddle::queue::{PriorityQueue, TooManyDone};
    ///
    /// let queue = PriorityQueue::new();
    /// queue.put(1).unwrap();
    /// assert_eq!(queue.task_done(), Ok(()));
    /// assert_eq!(queue.task_done(), Err(TooManyDone));
    /// ```
    pub fn task_done(&self) -> Result<(), TooManyDone> {
        let mut inside = self.inside.acquire_unpoisoned();
        inside.unfinished = inside.unfinished.checked_sub(1).ok_or(TooManyDone)?;
        if inside.unfinished == 0 {
            self.all_done.notify_all(&inside);
        }
        Ok(())
    }

    /// Waits until the work on all items is done, as long as it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::PriorityQueue;
    ///
    /// let queue = PriorityQueue::new();
    /// queue.put(1).unwrap();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| {
    ///         queue.get().unwrap();
    ///         queue.task_done().unwrap();
    ///     });
    ///     queue.join();
    /// });
    /// assert_eq!(queue.unfinished(), 0);
    /// ```
    pub fn join(&self) {
        let mut inside = self.inside.acquire_unpoisoned();
        self.all_done.wait_for(&mut inside, |inside| inside.unfinished == 0);
    }

    /// Whether the work on all items is done.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::PriorityQueue;
    ///
    /// let queue = PriorityQueue::new();
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
    /// [`TimedOut`] if there was work left when the time was over.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::PriorityQueue;
    /// use raddle::sync::TimedOut;
    /// use std::time::Duration;
    ///
    /// let queue = PriorityQueue::new();
    /// queue.put(1).unwrap();
    /// assert_eq!(queue.join_timeout(Duration::from_millis(1)), Err(TimedOut));
    /// ```
    pub fn join_timeout(&self, timeout: Duration) -> Result<(), TimedOut> {
        let mut inside = self.inside.acquire_unpoisoned();
        self.all_done.wait_for_timeout(&mut inside, timeout, |inside| inside.unfinished == 0)
    }

    /// Waits until the work on all items is done, until `instant` at most.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if there was work left when the time was over.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::PriorityQueue;
    /// use std::time::Instant;
    ///
    /// assert!(PriorityQueue::<u32>::new().join_until(Instant::now()).is_ok());
    /// ```
    pub fn join_until(&self, instant: Instant) -> Result<(), TimedOut> {
        self.join_timeout(crate::sys::time_until(instant))
    }

    /// Shuts the queue down: nothing can be put any more. What is in the queue can still be got; when it is empty, getting fails.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::{PriorityQueue, ShutDown};
    ///
    /// let queue = PriorityQueue::new();
    /// queue.put(1).unwrap();
    /// queue.shutdown();
    /// assert_eq!(queue.put(2), Err(ShutDown(2)));
    /// assert_eq!(queue.get(), Ok(1));
    /// assert_eq!(queue.get(), Err(ShutDown(())));
    /// ```
    pub fn shutdown(&self) {
        let mut inside = self.inside.acquire_unpoisoned();
        inside.is_shut_down = true;
        self.not_empty.notify_all(&inside);
        self.not_full.notify_all(&inside);
    }

    /// Shuts the queue down, and takes all items out, which count as done. They are returned in any order.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::PriorityQueue;
    ///
    /// let queue = PriorityQueue::new();
    /// queue.put(1).unwrap();
    /// assert_eq!(queue.shutdown_now(), [1]);
    /// assert_eq!(queue.unfinished(), 0);
    /// ```
    pub fn shutdown_now(&self) -> Vec<T> {
        let mut inside = self.inside.acquire_unpoisoned();
        inside.is_shut_down = true;
        let items = std::mem::take(&mut inside.items);
        inside.unfinished = inside.unfinished.saturating_sub(items.len());
        self.not_empty.notify_all(&inside);
        self.not_full.notify_all(&inside);
        if inside.unfinished == 0 {
            self.all_done.notify_all(&inside);
        }
        drop(inside);
        items.into_iter().map(|Reverse(item)| item).collect()
    }

    /// Whether the queue was shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = raddle::queue::PriorityQueue::<u32>::new();
    /// queue.shutdown();
    /// assert!(queue.is_shut_down());
    /// ```
    pub fn is_shut_down(&self) -> bool {
        self.inside.acquire_unpoisoned().is_shut_down
    }

    /// How many items are in the queue.
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = raddle::queue::PriorityQueue::new();
    /// queue.put(1).unwrap();
    /// assert_eq!(queue.len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        self.inside.acquire_unpoisoned().items.len()
    }

    /// Whether no item is in the queue.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(raddle::queue::PriorityQueue::<u32>::new().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the queue holds as many items as it may.
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = raddle::queue::PriorityQueue::bounded(1);
    /// queue.put(1).unwrap();
    /// assert!(queue.is_full());
    /// ```
    pub fn is_full(&self) -> bool {
        self.inside.acquire_unpoisoned().is_full()
    }

    /// How many items there may be; 0: any number.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(raddle::queue::PriorityQueue::<u32>::bounded(3).capacity(), 3);
    /// ```
    pub fn capacity(&self) -> usize {
        self.inside.acquire_unpoisoned().capacity
    }

    /// How many items were put and not reported as done.
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = raddle::queue::PriorityQueue::new();
    /// queue.put(1).unwrap();
    /// queue.get().unwrap();
    /// assert_eq!(queue.unfinished(), 1);
    /// ```
    pub fn unfinished(&self) -> usize {
        self.inside.acquire_unpoisoned().unfinished
    }
}

impl<T> Inside<T> {
    fn is_full(&self) -> bool {
        self.capacity != 0 && self.items.len() >= self.capacity
    }
}

impl<T: Ord + Send> Default for PriorityQueue<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Ord> fmt::Debug for PriorityQueue<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("PriorityQueue");
        if let Some(inside) = self.inside.try_acquire() {
            debug
                .field("len", &inside.items.len())
                .field("capacity", &inside.capacity)
                .field("unfinished", &inside.unfinished)
                .field("is_shut_down", &inside.is_shut_down);
        }
        debug.finish_non_exhaustive()
    }
}
