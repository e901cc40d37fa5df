//! A queue without bound, and without counting what is done.

use std::fmt;
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
    #[must_use]
    pub fn new() -> Self {
        Self { queue: Queue::new() }
    }

    /// Puts an item.
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
    #[inline]
    pub fn try_hand(&self, item: T) -> Result<(), T> {
        self.queue.try_hand(item)
    }

    /// Gets the next item, and waits for one as long as it takes.
    pub fn get(&self) -> T {
        loop {
            // Fails only for a queue that is shut down, which nobody can do to this one.
            if let Ok(item) = self.queue.get() {
                return item;
            }
        }
    }

    /// Gets the next item if there is one.
    #[inline]
    pub fn try_get(&self) -> Option<T> {
        self.queue.try_get().ok()
    }

    /// Gets the next item, and waits for one for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`GetError::Empty`] if there was none in that time.
    pub fn get_timeout(&self, timeout: Duration) -> Result<T, GetError> {
        self.queue.get_timeout(timeout)
    }

    /// Gets the next item, and waits for one until `instant` at most.
    ///
    /// # Errors
    ///
    /// [`GetError::Empty`] if there was none until then.
    pub fn get_until(&self, instant: Instant) -> Result<T, GetError> {
        self.queue.get_until(instant)
    }

    /// Gets the next item in the way of `waiter`.
    ///
    /// # Errors
    ///
    /// [`GetError::Empty`] at the deadline, [`GetError::Aborted`] if the waiter was told to stop.
    #[inline]
    pub fn get_with<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<T, GetError> {
        self.queue.get_with(deadline, waiter)
    }

    /// How many items are in the queue.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether no item is in the queue.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Takes all items out, in their order.
    pub fn drain(&self) -> Vec<T> {
        self.queue.drain()
    }

    /// Shows all items that are in the queue, for a collector of garbage. `visit` must not use the queue: it is called inside it.
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
