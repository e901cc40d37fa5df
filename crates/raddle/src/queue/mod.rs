//! Floor 5: queues.

mod content;
mod ends;
mod fifo;
mod inside;
mod iter;
mod lifo;
mod order;
mod patience;
mod priority;
mod ring;
mod shell;
mod simple;

use std::fmt;

pub use fifo::Fifo;
pub use iter::Iter;
pub use lifo::Lifo;
pub use order::Order;
pub use priority::PriorityQueue;
pub use shell::{Retired, Shell};
pub use simple::SimpleQueue;

/// A queue that gives the items back in the order in which they came.
///
/// # Examples
///
/// ```
/// use raddle::queue::Queue;
///
/// let queue = Queue::new();
/// queue.put("first").unwrap();
/// queue.put("second").unwrap();
/// assert_eq!(queue.get(), Ok("first"));
/// ```
pub type Queue<T> = Shell<Fifo<T>>;

/// A queue that gives the item out that came last.
///
/// # Examples
///
/// ```
/// use raddle::queue::LifoQueue;
///
/// let stack = LifoQueue::new();
/// stack.put("first").unwrap();
/// stack.put("second").unwrap();
/// assert_eq!(stack.get(), Ok("second"));
/// ```
pub type LifoQueue<T> = Shell<Lifo<T>>;

/// An item was not put. It comes back.
///
/// # Examples
///
/// ```
/// use raddle::queue::{PutError, Queue};
///
/// let queue = Queue::bounded(1);
/// queue.put("first").unwrap();
/// match queue.try_put("second") {
///     Err(PutError::Full(item)) => assert_eq!(item, "second"),
///     other => unreachable!("{other:?}"),
/// }
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PutError<T> {
    /// There was no free place: at once, or until the deadline.
    Full(T),
    /// The queue was shut down.
    ShutDown(T),
    /// The waiter was told to stop; `None` if the item had been taken by then.
    Aborted(Option<T>),
    /// The queue was retired: the item belongs into its successor.
    Retired(T),
}

/// No item was got.
///
/// # Examples
///
/// ```
/// use raddle::queue::{GetError, Queue};
///
/// let queue = Queue::<u32>::new();
/// assert_eq!(queue.try_get(), Err(GetError::Empty));
/// queue.shutdown();
/// assert_eq!(queue.try_get(), Err(GetError::ShutDown));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GetError {
    /// There was none: at once, or until the deadline.
    Empty,
    /// The queue was shut down, and is empty.
    ShutDown,
    /// The waiter was told to stop.
    Aborted,
    /// The queue was retired: its successor has the items.
    Retired,
}

/// The work was not seen done.
///
/// # Examples
///
/// ```
/// use raddle::park::{Deadline, Thread};
/// use raddle::queue::{JoinError, Queue};
///
/// let queue = Queue::new();
/// queue.put("work").unwrap();
/// assert_eq!(queue.join_with(Deadline::PASSED, &mut Thread), Err(JoinError::TimedOut));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinError {
    /// There was work left when the deadline passed.
    TimedOut,
    /// The waiter was told to stop.
    Aborted,
    /// The queue was retired: its successor counts the work.
    Retired,
}

/// The queue was shut down. What was to be put comes back.
///
/// # Examples
///
/// ```
/// use raddle::queue::{Queue, ShutDown};
///
/// let queue = Queue::new();
/// queue.shutdown();
/// assert_eq!(queue.put("late"), Err(ShutDown("late")));
/// assert_eq!(queue.get(), Err(ShutDown(())));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ShutDown<T = ()>(pub T);

/// [`task_done`](Shell::task_done) was called more often than items were put.
///
/// # Examples
///
/// ```
/// use raddle::queue::{Queue, TooManyDone};
///
/// assert_eq!(Queue::<u32>::new().task_done(), Err(TooManyDone));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyDone;

impl<T> fmt::Display for PutError<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Full(_) => "the queue is full",
            Self::ShutDown(_) => "the queue is shut down",
            Self::Aborted(_) => "the wait was aborted",
            Self::Retired(_) => "the queue is retired",
        })
    }
}

impl<T> fmt::Debug for PutError<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Full(_) => "Full(..)",
            Self::ShutDown(_) => "ShutDown(..)",
            Self::Aborted(_) => "Aborted(..)",
            Self::Retired(_) => "Retired(..)",
        })
    }
}

impl<T> std::error::Error for PutError<T> {}

impl fmt::Display for GetError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Empty => "the queue is empty",
            Self::ShutDown => "the queue is shut down",
            Self::Aborted => "the wait was aborted",
            Self::Retired => "the queue is retired",
        })
    }
}

impl std::error::Error for GetError {}

impl fmt::Display for JoinError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::TimedOut => "there is work left",
            Self::Aborted => "the wait was aborted",
            Self::Retired => "the queue is retired",
        })
    }
}

impl std::error::Error for JoinError {}

impl<T> fmt::Display for ShutDown<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the queue is shut down")
    }
}

impl<T> fmt::Debug for ShutDown<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ShutDown(..)")
    }
}

impl<T> std::error::Error for ShutDown<T> {}

impl fmt::Display for TooManyDone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("task_done() called too many times")
    }
}

impl std::error::Error for TooManyDone {}
