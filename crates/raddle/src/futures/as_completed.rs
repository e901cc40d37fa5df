//! Futures in the order in which they are done.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Future;
use super::slot::Watcher;
use crate::park::{Deadline, Thread, Waiter};
use crate::queue::{GetError, SimpleQueue};
use crate::sys::fork_epoch;

/// Gives `futures` back, each when it is done.
///
/// # Timeouts
///
/// The iterator itself waits as long as it takes; [`AsCompleted::next_timeout`] and [`AsCompleted::next_until`] give up at a moment of
/// the monotonic clock, and may be called again.
///
/// # Interruption
///
/// Signals do not end a wait.
///
/// # Differences from CPython
///
/// A future that is cancelled is given back at once, and not when a worker comes across it.
///
/// # Examples
///
/// ```
/// use raddle::futures::{as_completed, ThreadPoolExecutor};
///
/// let pool = ThreadPoolExecutor::new();
/// let squares: Vec<_> = (0..10).map(|number| pool.submit(move || number * number).unwrap()).collect();
/// let sum: u32 = as_completed(squares).map(|square| square.result().unwrap()).sum();
/// assert_eq!(sum, 285);
/// ```
pub fn as_completed<T: Send>(futures: impl IntoIterator<Item = Future<T>>) -> AsCompleted<T> {
    let futures: Vec<_> = futures.into_iter().collect();
    let settled = Arc::new(SimpleQueue::new());
    let watcher: Arc<dyn Watcher> = settled.clone();
    for (index, future) in futures.iter().enumerate() {
        future.watch(&watcher, index);
    }
    let futures: Vec<_> = futures.into_iter().map(Some).collect();
    AsCompleted { left: futures.len(), futures, settled, watcher, process: fork_epoch() }
}

/// See [`as_completed`].
///
/// # Examples
///
/// ```
/// use raddle::futures::{as_completed, promise};
///
/// let (promise, future) = promise();
/// let mut done = as_completed([future]);
/// promise.finish(1).unwrap();
/// assert_eq!(done.next().unwrap().result().unwrap(), 1);
/// assert!(done.next().is_none());
/// ```
pub struct AsCompleted<T: Send> {
    /// Each until it is given back.
    futures: Vec<Option<Future<T>>>,
    left: usize,
    settled: Arc<SimpleQueue<usize>>,
    watcher: Arc<dyn Watcher>,
    process: u32,
}

/// No future was done.
///
/// # Examples
///
/// ```
/// use raddle::futures::{as_completed, promise, NextError};
///
/// let (promise, future) = promise();
/// let mut done = as_completed([future]);
/// assert!(matches!(done.try_next(), Err(NextError::TimedOut)));
/// promise.finish(1).unwrap();
/// assert!(done.try_next().is_ok());
/// assert!(matches!(done.try_next(), Err(NextError::NoneLeft)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextError {
    /// All have been given back.
    NoneLeft,
    /// The deadline passed.
    TimedOut,
    /// The waiter was told to stop.
    Aborted,
}

impl<T: Send> AsCompleted<T> {
    /// The next future, if one is done.
    ///
    /// # Errors
    ///
    /// [`NextError::NoneLeft`], or [`NextError::TimedOut`] if none is done.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{as_completed, promise};
    ///
    /// let (promise, future) = promise();
    /// let mut done = as_completed([future]);
    /// assert!(done.try_next().is_err());
    /// promise.finish(1).unwrap();
    /// assert_eq!(done.try_next().unwrap().result().unwrap(), 1);
    /// ```
    pub fn try_next(&mut self) -> Result<Future<T>, NextError> {
        self.next_with(Deadline::PASSED, &mut Thread)
    }

    /// The next future that is done. Waits for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`NextError::NoneLeft`], or [`NextError::TimedOut`] if none was done in that time.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{as_completed, promise, NextError};
    /// use std::time::Duration;
    ///
    /// let (_promise, future) = promise::<u32>();
    /// let mut done = as_completed([future]);
    /// assert!(matches!(done.next_timeout(Duration::from_millis(1)), Err(NextError::TimedOut)));
    /// ```
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Future<T>, NextError> {
        self.next_with(Deadline::after(timeout), &mut Thread)
    }

    /// The next future that is done. Waits until `instant` at most.
    ///
    /// # Errors
    ///
    /// [`NextError::NoneLeft`], or [`NextError::TimedOut`] if none was done until then.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{as_completed, ThreadPoolExecutor};
    /// use std::time::{Duration, Instant};
    ///
    /// let pool = ThreadPoolExecutor::new();
    /// let mut done = as_completed((0..4).map(|number| pool.submit(move || number).unwrap()));
    /// // One limit for all of them.
    /// let limit = Instant::now() + Duration::from_secs(60);
    /// let mut sum = 0;
    /// while let Ok(future) = done.next_until(limit) {
    ///     sum += future.result().unwrap();
    /// }
    /// assert_eq!((sum, done.left()), (6, 0));
    /// ```
    pub fn next_until(&mut self, instant: Instant) -> Result<Future<T>, NextError> {
        self.next_with(Deadline::at(instant), &mut Thread)
    }

    /// The next future that is done. Waits in the way of `waiter`.
    ///
    /// # Errors
    ///
    /// [`NextError`].
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{as_completed, promise};
    /// use raddle::park::{Deadline, Thread};
    ///
    /// let (promise, future) = promise();
    /// promise.finish(1).unwrap();
    /// assert!(as_completed([future]).next_with(Deadline::NEVER, &mut Thread).is_ok());
    /// ```
    pub fn next_with<W: Waiter>(&mut self, deadline: Deadline, waiter: &mut W) -> Result<Future<T>, NextError> {
        self.notice_fork();
        while self.left > 0 {
            match self.settled.get_with(deadline, waiter) {
                Ok(index) => {
                    // After a fork, an index may come twice.
                    if let Some(future) = self.futures[index].take() {
                        self.left -= 1;
                        return Ok(future);
                    }
                }
                Err(GetError::Aborted) => return Err(NextError::Aborted),
                Err(_) => return Err(NextError::TimedOut),
            }
        }
        Err(NextError::NoneLeft)
    }

    /// Those that have not been given back, in the order in which they were given.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{as_completed, promise};
    ///
    /// let (_promise, future) = promise::<u32>();
    /// let rest = as_completed([future]).into_rest();
    /// assert!(rest[0].cancel());
    /// ```
    #[must_use]
    pub fn into_rest(mut self) -> Vec<Future<T>> {
        self.unwatch();
        self.futures.drain(..).flatten().collect()
    }

    /// How many have not been given back.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{as_completed, promise};
    ///
    /// let (_promise, future) = promise::<u32>();
    /// assert_eq!(as_completed([future]).left(), 1);
    /// ```
    #[must_use]
    pub fn left(&self) -> usize {
        self.left
    }

    /// In a forked child, whoever was to tell that a future is done may not exist.
    fn notice_fork(&mut self) {
        if self.process != fork_epoch() {
            self.process = fork_epoch();
            for (index, future) in self.futures.iter().enumerate() {
                if future.as_ref().is_some_and(Future::is_done) {
                    self.settled.put(index);
                }
            }
        }
    }

    fn unwatch(&self) {
        self.futures
            .iter()
            .flatten()
            .filter(|future| !future.is_done())
            .for_each(|future| future.unwatch(&self.watcher));
    }
}

impl<T: Send> Iterator for AsCompleted<T> {
    type Item = Future<T>;

    fn next(&mut self) -> Option<Future<T>> {
        self.next_with(Deadline::NEVER, &mut Thread).ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T: Send> ExactSizeIterator for AsCompleted<T> {}

impl<T: Send> Drop for AsCompleted<T> {
    fn drop(&mut self) {
        self.unwatch();
    }
}

impl<T: Send> fmt::Debug for AsCompleted<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AsCompleted").field("left", &self.left).finish_non_exhaustive()
    }
}

impl fmt::Display for NextError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoneLeft => "no future is left",
            Self::TimedOut => "no future was done in time",
            Self::Aborted => "the wait was aborted",
        })
    }
}

impl std::error::Error for NextError {}
