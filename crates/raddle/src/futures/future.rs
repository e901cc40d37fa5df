//! A future: the result of work that somebody else does.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ending::{Ending, FutureError, ResultError, contain};
use super::slot::{NotDone, Stage, Watcher};
use super::task::{Callback, Cancellation, Promised};
use crate::park::{Deadline, Failed, Thread, Waiter};
use crate::sync::TimedOut;

/// The result of work that somebody else does: a pool's task, or whoever has the [`Promise`](super::Promise).
///
/// It has one owner, who in the end takes the result out: so results need be [`Send`], and nothing more. Meanwhile any number of threads
/// may wait for it, and, if the result is [`Sync`], look at it. Dropping the future leaves the work alone.
///
/// # Fairness
///
/// All who wait go on when the result comes, in the order of their arrival.
///
/// # Timeouts
///
/// The `_timeout` and `_until` forms give up at a moment of the monotonic clock. The future comes back.
///
/// # Interruption
///
/// Signals do not end a wait.
///
/// # Fork
///
/// In a forked child, a pool's future whose work the parent had not ended is [`Ending::Broken`]: the parent does the work. Its callbacks are not
/// called in the child. A wait that the fork interrupts does not notice.
///
/// # Differences from CPython
///
/// The result is taken once. A future that is cancelled is done for everybody at once, and not when a worker comes across it.
/// Callbacks are told how the future ended, and not given the future.
///
/// # Examples
///
/// ```
/// use raddle::futures::{FutureError, ThreadPoolExecutor};
///
/// let pool = ThreadPoolExecutor::new();
/// let product = pool.submit(|| 6 * 7).unwrap();
/// let failure = pool.submit(|| -> u32 { panic!("no such product") }).unwrap();
/// assert_eq!(product.result().unwrap(), 42);
/// match failure.result() {
///     Err(FutureError::Panicked(panic)) => assert_eq!(panic.message(), Some("no such product")),
///     other => unreachable!("{other:?}"),
/// }
/// ```
pub struct Future<T: Send> {
    task: Arc<dyn Promised<T>>,
}

impl<T: Send> Future<T> {
    pub(super) fn new(task: Arc<dyn Promised<T>>) -> Self {
        Self { task }
    }

    /// Takes the result, and waits for it as long as it takes.
    ///
    /// # Errors
    ///
    /// [`FutureError`] if there will never be one.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new();
    /// let words = pool.submit(|| "to be or not to be".split(' ').count()).unwrap();
    /// assert_eq!(words.result()?, 6);
    /// # Ok::<(), raddle::futures::FutureError>(())
    /// ```
    pub fn result(self) -> Result<T, FutureError> {
        self.wait();
        self.take()
    }

    /// Takes the result if it is there.
    ///
    /// # Errors
    ///
    /// [`ResultError::TimedOut`] with the future if it is not done; [`ResultError::Failed`] if there will never be a result.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{promise, ResultError};
    ///
    /// let (promise, future) = promise();
    /// let Err(ResultError::TimedOut(future)) = future.try_result() else { unreachable!() };
    /// promise.finish(1).unwrap();
    /// assert_eq!(future.try_result().unwrap(), 1);
    /// ```
    pub fn try_result(self) -> Result<T, ResultError<T>> {
        self.result_with(Deadline::PASSED, &mut Thread)
    }

    /// Takes the result, and waits for it for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`ResultError::TimedOut`] with the future if it was not done in that time; [`ResultError::Failed`] if there will never be a result.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{promise, ResultError};
    /// use std::time::Duration;
    ///
    /// let (promise, future) = promise();
    /// let Err(ResultError::TimedOut(future)) = future.result_timeout(Duration::from_millis(1)) else { unreachable!() };
    /// promise.finish("at last").unwrap();
    /// assert_eq!(future.result().unwrap(), "at last");
    /// ```
    pub fn result_timeout(self, timeout: Duration) -> Result<T, ResultError<T>> {
        self.result_with(Deadline::after(timeout), &mut Thread)
    }

    /// Takes the result, and waits for it until `instant` at most.
    ///
    /// # Errors
    ///
    /// [`ResultError::TimedOut`] with the future if it was not done until then; [`ResultError::Failed`] if there will never be a result.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{promise, ResultError};
    /// use std::time::Instant;
    ///
    /// let (_promise, future) = promise::<u32>();
    /// assert!(matches!(future.result_until(Instant::now()), Err(ResultError::TimedOut(_))));
    /// ```
    pub fn result_until(self, instant: Instant) -> Result<T, ResultError<T>> {
        self.result_with(Deadline::at(instant), &mut Thread)
    }

    /// Takes the result, and waits for it in the way of `waiter`.
    ///
    /// # Errors
    ///
    /// [`ResultError`], with the future unless there will never be a result.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{promise, ResultError};
    /// use raddle::park::{Deadline, Thread};
    ///
    /// let (_promise, future) = promise::<u32>();
    /// assert!(matches!(future.result_with(Deadline::PASSED, &mut Thread), Err(ResultError::TimedOut(_))));
    /// ```
    pub fn result_with<W: Waiter>(self, deadline: Deadline, waiter: &mut W) -> Result<T, ResultError<T>> {
        match self.wait_with(deadline, waiter) {
            Ok(()) => self.take().map_err(ResultError::Failed),
            Err(Failed::TimedOut) => Err(ResultError::TimedOut(self)),
            Err(Failed::Aborted) => Err(ResultError::Aborted(self)),
        }
    }

    /// Waits until it is done, as long as it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new();
    /// let future = pool.submit(|| 1).unwrap();
    /// // Any number of threads may wait.
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| future.wait());
    ///     future.wait();
    /// });
    /// assert_eq!(future.result().unwrap(), 1);
    /// ```
    pub fn wait(&self) {
        // A plain thread's wait without a deadline ends with the work.
        let _ = self.wait_with(Deadline::NEVER, &mut Thread);
    }

    /// Waits until it is done, for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if it was not done in that time.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::promise;
    /// use raddle::sync::TimedOut;
    /// use std::time::Duration;
    ///
    /// let (_promise, future) = promise::<u32>();
    /// assert_eq!(future.wait_timeout(Duration::from_millis(1)), Err(TimedOut));
    /// ```
    pub fn wait_timeout(&self, timeout: Duration) -> Result<(), TimedOut> {
        self.wait_with(Deadline::after(timeout), &mut Thread).map_err(|_| TimedOut)
    }

    /// Waits until it is done, until `instant` at most.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if it was not done until then.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::promise;
    /// use std::time::Instant;
    ///
    /// let (promise, future) = promise();
    /// promise.finish(1).unwrap();
    /// assert!(future.wait_until(Instant::now()).is_ok());
    /// ```
    pub fn wait_until(&self, instant: Instant) -> Result<(), TimedOut> {
        self.wait_with(Deadline::at(instant), &mut Thread).map_err(|_| TimedOut)
    }

    /// Waits until it is done, in the way of `waiter`.
    ///
    /// # Errors
    ///
    /// [`Failed`] if the deadline passed, or the waiter was told to stop, before that.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::promise;
    /// use raddle::park::{Deadline, Failed, Thread};
    ///
    /// let (_promise, future) = promise::<u32>();
    /// assert_eq!(future.wait_with(Deadline::PASSED, &mut Thread), Err(Failed::TimedOut));
    /// ```
    pub fn wait_with<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<(), Failed> {
        if self.is_done() {
            return Ok(());
        }
        match self.task.slot().slot().wait_with(deadline, waiter) {
            Err(NotDone::TimedOut) => Err(Failed::TimedOut),
            Err(NotDone::Aborted) => Err(Failed::Aborted),
            Ok(()) | Err(NotDone::Retired) => Ok(()),
        }
    }

    /// How it has ended; `None` if it has not.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{promise, Ending};
    ///
    /// let (promise, future) = promise();
    /// assert_eq!(future.ending(), None);
    /// promise.finish(1).unwrap();
    /// assert_eq!(future.ending(), Some(Ending::Finished));
    /// ```
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        let ending = self.task.slot().ending();
        if ending.is_none() && self.task.is_orphaned() { Some(Ending::Broken) } else { ending }
    }

    /// Whether it has ended: with a result, by a panic, cancelled or broken.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::promise;
    ///
    /// let (promise, future) = promise();
    /// assert!(!future.is_done());
    /// promise.finish(1).unwrap();
    /// assert!(future.is_done());
    /// ```
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.task.slot().stage().is_done() || self.task.is_orphaned()
    }

    /// Whether somebody does the work now.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::promise;
    ///
    /// let (promise, future) = promise::<u32>();
    /// assert!(!future.is_running());
    /// assert!(promise.begin());
    /// assert!(future.is_running() && !future.cancel());
    /// ```
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.task.slot().stage() == Stage::Running && !self.task.is_orphaned()
    }

    /// Whether it was cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::promise;
    ///
    /// let (_promise, future) = promise::<u32>();
    /// future.cancel();
    /// assert!(future.is_cancelled() && future.is_done());
    /// ```
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.ending() == Some(Ending::Cancelled)
    }

    /// The result, where it lies, or how it has ended without one; `None` if it is not done.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{promise, Ending};
    ///
    /// let (promise, future) = promise();
    /// assert_eq!(future.peek(), None);
    /// promise.finish("here").unwrap();
    /// assert_eq!(future.peek(), Some(Ok(&"here")));
    /// ```
    #[must_use]
    pub fn peek(&self) -> Option<Result<&T, Ending>>
    where
        T: Sync,
    {
        let ending = self.ending()?;
        // SAFETY: the result is taken by whoever owns the future, and so not while it is borrowed here; and it is `Sync`.
        let outcome = unsafe { self.task.slot().look() };
        Some(outcome.and_then(|outcome| outcome.as_ref().ok()).ok_or(ending))
    }

    /// Cancels it, unless somebody has begun the work, which is then dropped here, and the callbacks called. False if it is too late for that;
    /// true if it is, or was, cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::promise;
    ///
    /// let (promise, future) = promise::<u32>();
    /// assert!(future.cancel());
    /// assert!(!promise.begin());
    /// assert!(future.is_cancelled());
    /// ```
    pub fn cancel(&self) -> bool {
        self.task.cancel() != Cancellation::TooLate
    }

    /// Calls `callback` when it is done: in the thread that ends it; here and now, if it is done already. Callbacks are called in the order in which
    /// they were added, after those go on who wait. A panic of a callback is reported by the panic hook, and goes no further.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{promise, Ending};
    /// use raddle::queue::Queue;
    /// use std::sync::Arc;
    ///
    /// let (promise, future) = promise();
    /// let endings = Arc::new(Queue::new());
    /// let seen = Arc::clone(&endings);
    /// future.add_done_callback(move |ending| seen.put(ending).unwrap());
    /// promise.finish(1).unwrap();
    /// assert_eq!(endings.get(), Ok(Ending::Finished));
    /// ```
    pub fn add_done_callback(&self, callback: impl FnOnce(Ending) + Send + 'static) {
        let refused = match self.ending() {
            Some(_) => Err(Box::new(callback) as Callback),
            None => self.task.slot().slot().add_callback(Box::new(callback)),
        };
        if let Err(callback) = refused {
            // It comes back only if the future is done.
            let ending = self.ending().unwrap_or(Ending::Broken);
            contain(|| callback(ending));
        }
    }

    /// Tells `watcher` when it is done; at once, if it is.
    pub(super) fn watch(&self, watcher: &Arc<dyn Watcher>, index: usize) {
        if self.ending() == Some(Ending::Broken) {
            watcher.settled(index, Stage::Failed);
        } else {
            self.task.slot().slot().watch(watcher, index);
        }
    }

    pub(super) fn unwatch(&self, watcher: &Arc<dyn Watcher>) {
        self.task.slot().slot().unwatch(watcher);
    }

    /// The outcome of a future that is done.
    fn take(self) -> Result<T, FutureError> {
        // SAFETY: the future is ours, and is gone after this: nobody looks at the outcome.
        let outcome = unsafe { self.task.slot().take() };
        outcome.unwrap_or_else(|| Err(if self.is_cancelled() { FutureError::Cancelled } else { FutureError::Broken }))
    }
}

impl<T: Send> fmt::Debug for Future<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Future");
        match self.ending() {
            Some(ending) => shown.field("ending", &ending),
            None => shown.field("stage", &self.task.slot().stage()),
        };
        shown.finish_non_exhaustive()
    }
}
