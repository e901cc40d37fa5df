//! A queue without bound, and without counting what is done.

use std::fmt;
use std::ptr;
use std::time::{Duration, Instant};

use super::{GetError, Queue};
use crate::park::{Deadline, Waiter};

/// A queue for any number of items that does not count which are done: `put` never waits and never fails.
///
/// # Fairness
///
/// An item goes to the thread that has waited longest for one.
///
/// # Timeouts
///
/// [`SimpleQueue::get_timeout`] and [`SimpleQueue::get_until`] give up at a moment of the monotonic clock.
///
/// # Interruption
///
/// Signals do not end a wait.
///
/// # Differences from CPython
///
/// An item that is handed to a waiting thread is never seen by [`SimpleQueue::len`].
///
/// # Examples
///
/// ```
/// use raddle::queue::SimpleQueue;
///
/// let results = SimpleQueue::new();
/// std::thread::scope(|scope| {
///     scope.spawn(|| results.put(6 * 7));
///     assert_eq!(results.get(), 42);
/// });
/// ```
pub struct SimpleQueue<T: Send> {
    queue: Queue<T>,
}

impl<T: Send> SimpleQueue<T> {
    /// A queue without items.
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = raddle::queue::SimpleQueue::<u32>::new();
    /// assert!(queue.is_empty());
    /// ```
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        Self { queue: Queue::new() }
    }

    /// A queue for threads that take turns: see [`RawLock::in_turn`](crate::sync::RawLock::in_turn).
    ///
    /// # Safety
    ///
    /// As there, until somebody calls [`SimpleQueue::share`].
    ///
    /// # Examples
    ///
    /// ```
    /// // SAFETY: only this thread knows the queue.
    /// let queue = unsafe { raddle::queue::SimpleQueue::in_turn() };
    /// queue.put(1);
    /// assert_eq!(queue.get(), 1);
    /// ```
    #[must_use]
    #[cfg(feature = "turns")]
    #[track_caller]
    pub unsafe fn in_turn() -> Self {
        // SAFETY: the caller's promise.
        Self { queue: unsafe { Queue::in_turn() } }
    }

    /// From now on threads may use the queue that do not take turns: see [`SimpleQueue::in_turn`].
    ///
    /// # Examples
    ///
    /// ```
    /// // SAFETY: only this thread knows the queue until it is shared.
    /// let queue = unsafe { raddle::queue::SimpleQueue::in_turn() };
    /// queue.share();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| queue.put(1));
    ///     assert_eq!(queue.get(), 1);
    /// });
    /// ```
    #[cfg(feature = "turns")]
    pub fn share(&self) {
        self.queue.share();
    }

    /// Puts an item.
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = raddle::queue::SimpleQueue::new();
    /// queue.put(1);
    /// assert_eq!(queue.len(), 1);
    /// ```
    #[inline]
    pub fn put(&self, item: T) {
        // It has no bound, and nobody can shut it down.
        let _ = self.queue.try_put(item);
    }

    /// Hands an item to the thread that has waited longest for one.
    ///
    /// # Errors
    ///
    /// The item comes back if nobody waits.
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = raddle::queue::SimpleQueue::new();
    /// assert_eq!(queue.try_hand(1), Err(1));
    /// assert!(queue.is_empty());
    /// ```
    #[inline]
    pub fn try_hand(&self, item: T) -> Result<(), T> {
        self.queue.try_hand(item)
    }

    /// Gets the next item, and waits for one as long as it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::SimpleQueue;
    ///
    /// let queue = SimpleQueue::new();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| queue.put("hello"));
    ///     assert_eq!(queue.get(), "hello");
    /// });
    /// ```
    pub fn get(&self) -> T {
        loop {
            // Fails only for a queue that is shut down, which nobody can do to this one.
            if let Ok(item) = self.queue.get() {
                return item;
            }
        }
    }

    /// Gets the next item if there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = raddle::queue::SimpleQueue::new();
    /// assert_eq!(queue.try_get(), None);
    /// queue.put(1);
    /// assert_eq!(queue.try_get(), Some(1));
    /// ```
    #[inline]
    pub fn try_get(&self) -> Option<T> {
        self.queue.try_get().ok()
    }

    /// Gets the next item, and waits for one for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`GetError::Empty`] if there was none in that time.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::{GetError, SimpleQueue};
    /// use std::time::Duration;
    ///
    /// let queue = SimpleQueue::<u32>::new();
    /// assert_eq!(queue.get_timeout(Duration::from_millis(1)), Err(GetError::Empty));
    /// ```
    pub fn get_timeout(&self, timeout: Duration) -> Result<T, GetError> {
        self.queue.get_timeout(timeout)
    }

    /// Gets the next item, and waits for one until `instant` at most.
    ///
    /// # Errors
    ///
    /// [`GetError::Empty`] if there was none until then.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::SimpleQueue;
    /// use std::time::Instant;
    ///
    /// let queue = SimpleQueue::new();
    /// queue.put(1);
    /// assert_eq!(queue.get_until(Instant::now()), Ok(1));
    /// ```
    pub fn get_until(&self, instant: Instant) -> Result<T, GetError> {
        self.queue.get_until(instant)
    }

    /// Gets the next item in the way of `waiter`.
    ///
    /// # Errors
    ///
    /// [`GetError::Empty`] at the deadline, [`GetError::Aborted`] if the waiter was told to stop.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Deadline, Thread};
    /// use raddle::queue::{GetError, SimpleQueue};
    ///
    /// let queue = SimpleQueue::<u32>::new();
    /// assert_eq!(queue.get_with(Deadline::PASSED, &mut Thread), Err(GetError::Empty));
    /// ```
    #[inline]
    pub fn get_with<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<T, GetError> {
        self.queue.get_with(deadline, waiter)
    }

    /// The address by which the queue is known to others.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::SimpleQueue;
    ///
    /// let queue: SimpleQueue<u32> = SimpleQueue::new();
    /// assert_eq!(queue.address(), std::ptr::from_ref(&queue).addr());
    /// ```
    #[must_use]
    pub fn address(&self) -> usize {
        ptr::from_ref(&self.queue).addr()
    }

    /// How many items are in the queue.
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = raddle::queue::SimpleQueue::new();
    /// queue.put(1);
    /// assert_eq!(queue.len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether no item is in the queue.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(raddle::queue::SimpleQueue::<u32>::new().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Takes all items out, in their order.
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = raddle::queue::SimpleQueue::new();
    /// queue.put(1);
    /// queue.put(2);
    /// assert_eq!(queue.drain(), [1, 2]);
    /// ```
    pub fn drain(&self) -> Vec<T> {
        self.queue.drain()
    }

    /// Shows all items that are in the queue, for a collector of garbage. `visit` must not use the queue: it is called inside it.
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = raddle::queue::SimpleQueue::new();
    /// queue.put(1);
    /// queue.put(2);
    /// let mut sum = 0;
    /// queue.for_each(&mut |item| sum += item);
    /// assert_eq!(sum, 3);
    /// ```
    pub fn for_each(&self, visit: &mut dyn FnMut(&T)) {
        self.queue.for_each(visit);
    }
}

impl<T: Send> Default for SimpleQueue<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Send> fmt::Debug for SimpleQueue<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SimpleQueue").field("len", &self.len()).finish()
    }
}
