//! Floor 5: queues.

mod fifo;
mod lifo;
mod priority;
mod shell;
mod simple;

use std::fmt;

pub use fifo::Fifo;
pub use lifo::Lifo;
pub use priority::PriorityQueue;
pub use shell::{Iter, Order, Retired, Shell};
pub use simple::SimpleQueue;

/// A queue that gives the items back in the order in which they came.
pub type Queue<T> = Shell<Fifo<T>>;

/// A queue that gives the item out that came last.
pub type LifoQueue<T> = Shell<Lifo<T>>;

/// An item was not put. It comes back.
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
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ShutDown<T = ()>(pub T);

/// [`task_done`](Shell::task_done) was called more often than items were put.
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
