//! The other side of a future: whoever brings the result.

use std::fmt;
use std::sync::Arc;

use super::Future;
use super::ending::FutureError;
use super::task::{Promised, Task, Work, Workers, attempt};

/// A future, and the promise to bring its result: for work that no pool does.
///
/// # Examples
///
/// ```
/// use raddle::futures::promise;
///
/// let (promise, future) = promise();
/// let worker = std::thread::spawn(move || promise.run(|| 6 * 7));
/// assert_eq!(future.result().unwrap(), 42);
/// worker.join().unwrap();
/// ```
#[must_use]
pub fn promise<T: Send + 'static>() -> (Promise<T>, Future<T>) {
    let task = Arc::new(Task::new(Work::new((), None), Workers::Anybody));
    (Promise { task: Arc::clone(&task) }, Future::new(task))
}

/// The duty to bring a future's result. Dropping it breaks the future: who waits goes on, without a result.
///
/// # Fork
///
/// In a forked child it brings the child's future its result, independently of the parent's.
///
/// # Examples
///
/// ```
/// use raddle::futures::{promise, FutureError, Promise};
///
/// fn answer(promise: Promise<u32>) {
///     if promise.begin() {
///         let _ = promise.finish(42);
///     }
/// }
///
/// let (duty, future) = promise();
/// answer(duty);
/// assert_eq!(future.result().unwrap(), 42);
///
/// let (forgotten, future) = promise::<u32>();
/// drop(forgotten);
/// assert!(matches!(future.result(), Err(FutureError::Broken)));
/// ```
pub struct Promise<T: Send> {
    task: Arc<Task<(), T>>,
}

impl<T: Send> Promise<T> {
    /// Whoever is to do the work says that it begins: from now on the future cannot be cancelled. False if it was cancelled before,
    /// and the work need not be done.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::promise;
    ///
    /// let (promise, future) = promise::<u32>();
    /// assert!(promise.begin());
    /// assert!(!future.cancel());
    /// ```
    #[must_use = "a future that was cancelled needs no result"]
    pub fn begin(&self) -> bool {
        self.task.begin();
        !self.task.slot().stage().is_done()
    }

    /// Brings the result. The callbacks are called here.
    ///
    /// # Errors
    ///
    /// The result comes back if the future was cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::promise;
    ///
    /// let (duty, future) = promise();
    /// assert_eq!(duty.finish(1), Ok(()));
    /// assert_eq!(future.result().unwrap(), 1);
    ///
    /// let (duty, future) = promise();
    /// future.cancel();
    /// assert_eq!(duty.finish(1), Err(1));
    /// ```
    pub fn finish(self, result: T) -> Result<(), T> {
        match self.task.slot().end(Ok(result)) {
            Err(Ok(result)) => Err(result),
            _ => Ok(()),
        }
    }

    /// Does the work, unless the future was cancelled, and brings its result, or its panic. The callbacks are called here.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::promise;
    ///
    /// let (promise, future) = promise();
    /// std::thread::spawn(move || promise.run(|| 6 * 7));
    /// assert_eq!(future.result().unwrap(), 42);
    /// ```
    pub fn run(self, work: impl FnOnce() -> T) {
        if self.begin() {
            // Nobody else brings it, and it cannot be cancelled any more.
            let _ = self.task.slot().end(attempt(work));
        }
    }

    /// Whether the future was cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::promise;
    ///
    /// let (promise, future) = promise::<u32>();
    /// future.cancel();
    /// assert!(promise.is_cancelled());
    /// ```
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.task.slot().stage().is_done()
    }
}

impl<T: Send> Drop for Promise<T> {
    fn drop(&mut self) {
        if !self.task.slot().stage().is_done() {
            // It may be cancelled at this moment: then that is how it ends.
            let _ = self.task.slot().end(Err(FutureError::Broken));
        }
    }
}

impl<T: Send> fmt::Debug for Promise<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Promise").field("stage", &self.task.slot().stage()).finish_non_exhaustive()
    }
}
