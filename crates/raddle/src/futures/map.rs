//! The results of one function over many items, in their order.

use std::collections::VecDeque;
use std::fmt;
use std::iter::Fuse;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Future;
use super::ending::FutureError;
use super::pool::ThreadPoolExecutor;
use crate::park::{Deadline, Failed, Thread, Waiter};
use crate::sync::TimedOut;

impl ThreadPoolExecutor {
    /// Calls `function` with each of `items`, in the workers, and gives the results back in the order of the items.
    ///
    /// It is lazy: nothing is submitted before the first result is asked for, and then so many tasks at a time as the [window](Map::window) has room for. So
    /// the items may be without end. Dropping the iterator cancels the tasks that nobody has begun.
    ///
    /// # Differences from CPython
    ///
    /// There, all items are taken, and submitted, at once, unless a `buffersize` is given, and the first exception ends the iteration; here it goes on.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new();
    /// let squares: Result<Vec<u64>, _> = pool.map(1.., |number| number * number).take(4).collect();
    /// assert_eq!(squares.unwrap(), [1, 4, 9, 16]);
    /// ```
    pub fn map<I, F, T>(&self, items: I, function: F) -> Map<'_, I::IntoIter, F, T>
    where
        I: IntoIterator,
        I::Item: Send + 'static,
        F: Fn(I::Item) -> T + Send + Sync + 'static,
        T: Send + 'static,
    {
        Map {
            pool: self,
            items: items.into_iter().fuse(),
            function: Arc::new(function),
            window: self.max_workers().saturating_mul(2),
            submitted: VecDeque::new(),
        }
    }
}

/// See [`ThreadPoolExecutor::map`].
///
/// # Examples
///
/// ```
/// use raddle::futures::ThreadPoolExecutor;
///
/// let pool = ThreadPoolExecutor::new();
/// let mut lengths = pool.map(["one", "three"], str::len);
/// assert_eq!(lengths.next().unwrap().unwrap(), 3);
/// assert_eq!(lengths.next().unwrap().unwrap(), 5);
/// assert!(lengths.next().is_none());
/// ```
pub struct Map<'pool, I: Iterator, F, T: Send> {
    pool: &'pool ThreadPoolExecutor,
    items: Fuse<I>,
    function: Arc<F>,
    window: usize,
    /// In the order of the items; `None` for one that the pool has not taken.
    submitted: VecDeque<Option<Future<T>>>,
}

impl<I, F, T> Map<'_, I, F, T>
where
    I: Iterator,
    I::Item: Send + 'static,
    F: Fn(I::Item) -> T + Send + Sync + 'static,
    T: Send + 'static,
{
    /// How many items may be under work, or done and not given back, at a time: at least 1, and twice the workers unless told.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::builder().workers(2).build();
    /// // No more than one item at a time, whatever the number of workers.
    /// let sum: u32 = pool.map(0..10, |number| number).window(1).map(Result::unwrap).sum();
    /// assert_eq!(sum, 45);
    /// ```
    #[must_use]
    pub fn window(mut self, window: usize) -> Self {
        self.window = window.max(1);
        self
    }

    /// The next result; waits for at most `timeout`. `None` at the end.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if it was not there in that time. It is the next one still.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    /// use std::time::Duration;
    ///
    /// let pool = ThreadPoolExecutor::new();
    /// let mut squares = pool.map([2, 3], |number| number * number);
    /// let minute = Duration::from_secs(60);
    /// assert_eq!(squares.next_timeout(minute)?.unwrap().unwrap(), 4);
    /// assert_eq!(squares.next_timeout(minute)?.unwrap().unwrap(), 9);
    /// assert!(squares.next_timeout(minute)?.is_none());
    /// # Ok::<(), raddle::sync::TimedOut>(())
    /// ```
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Option<Result<T, FutureError>>, TimedOut> {
        self.next_with(Deadline::after(timeout), &mut Thread).map_err(|_| TimedOut)
    }

    /// The next result; waits until `instant` at most. `None` at the end.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if it was not there until then. It is the next one still.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    /// use std::time::{Duration, Instant};
    ///
    /// let pool = ThreadPoolExecutor::new();
    /// let mut squares = pool.map([2, 3], |number| number * number);
    /// let limit = Instant::now() + Duration::from_secs(60);
    /// assert_eq!(squares.next_until(limit)?.unwrap().unwrap(), 4);
    /// # Ok::<(), raddle::sync::TimedOut>(())
    /// ```
    pub fn next_until(&mut self, instant: Instant) -> Result<Option<Result<T, FutureError>>, TimedOut> {
        self.next_with(Deadline::at(instant), &mut Thread).map_err(|_| TimedOut)
    }

    /// The next result; waits in the way of `waiter`. `None` at the end.
    ///
    /// # Errors
    ///
    /// [`Failed`] if the deadline passed, or the waiter was told to stop, before it was there. It is the next one still.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    /// use raddle::park::{Deadline, Thread};
    ///
    /// let pool = ThreadPoolExecutor::new();
    /// let mut squares = pool.map([2, 3], |number| number * number);
    /// assert_eq!(squares.next_with(Deadline::NEVER, &mut Thread).unwrap().unwrap().unwrap(), 4);
    /// ```
    pub fn next_with<W: Waiter>(
        &mut self,
        deadline: Deadline,
        waiter: &mut W,
    ) -> Result<Option<Result<T, FutureError>>, Failed> {
        self.submit();
        if let Some(Some(next)) = self.submitted.front() {
            next.wait_with(deadline, waiter)?;
        }
        let next = self.submitted.pop_front();
        Ok(next.map(|taken| taken.map_or(Err(FutureError::Broken), Future::result)))
    }

    /// Submits as many items as there is room for. An item that the pool does not take any more has no result, and is the last.
    fn submit(&mut self) {
        while self.submitted.len() < self.window && !matches!(self.submitted.back(), Some(None)) {
            let Some(item) = self.items.next() else { break };
            let function = Arc::clone(&self.function);
            self.submitted.push_back(self.pool.submit(move || function(item)).ok());
        }
    }
}

impl<I, F, T> Iterator for Map<'_, I, F, T>
where
    I: Iterator,
    I::Item: Send + 'static,
    F: Fn(I::Item) -> T + Send + Sync + 'static,
    T: Send + 'static,
{
    type Item = Result<T, FutureError>;

    fn next(&mut self) -> Option<Self::Item> {
        // A plain thread's wait without a deadline ends with the work.
        self.next_with(Deadline::NEVER, &mut Thread).ok().flatten()
    }
}

impl<I: Iterator, F, T: Send> Drop for Map<'_, I, F, T> {
    fn drop(&mut self) {
        self.submitted.iter().flatten().for_each(|future| {
            future.cancel();
        });
    }
}

impl<I: Iterator, F, T: Send> fmt::Debug for Map<'_, I, F, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Map")
            .field("window", &self.window)
            .field("submitted", &self.submitted.len())
            .finish_non_exhaustive()
    }
}
