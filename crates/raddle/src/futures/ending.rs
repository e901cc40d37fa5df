//! How a future ends, and what its owner is told if that is not with a result.

use std::any::Any;
use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::Future;

/// How a future has ended.
///
/// # Examples
///
/// ```
/// use raddle::futures::{promise, Ending};
///
/// let (promise, future) = promise::<u32>();
/// drop(promise);
/// assert_eq!(future.ending(), Some(Ending::Broken));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// The result is there.
    Finished,
    /// The work panicked.
    Panicked,
    /// It was cancelled before anybody had begun the work.
    Cancelled,
    /// Whoever was to bring the result is gone, and has not brought it.
    Broken,
}

/// A future has no result, and never will.
///
/// # Examples
///
/// ```
/// use raddle::futures::{promise, FutureError};
///
/// let (_promise, future) = promise::<u32>();
/// future.cancel();
/// assert!(matches!(future.result(), Err(FutureError::Cancelled)));
/// ```
#[derive(Debug)]
pub enum FutureError {
    /// It was cancelled before anybody had begun the work.
    Cancelled,
    /// The work panicked.
    Panicked(Panic),
    /// Whoever was to bring the result is gone, and has not brought it: the [`Promise`](super::Promise) was dropped, the
    /// pool's initializer failed, or this is a forked child and the work is the parent's.
    Broken,
}

/// No result, or none in time.
///
/// # Examples
///
/// ```
/// use raddle::futures::{promise, ResultError};
///
/// let (promise, future) = promise();
/// // Too early: the future comes back.
/// let Err(ResultError::TimedOut(future)) = future.try_result() else { unreachable!() };
/// promise.finish(1).unwrap();
/// assert_eq!(future.try_result().unwrap(), 1);
/// ```
pub enum ResultError<T: Send> {
    /// It was not done: at once, or until the deadline. The future comes back.
    TimedOut(Future<T>),
    /// The waiter was told to stop. The future comes back.
    Aborted(Future<T>),
    /// There will never be a result.
    Failed(FutureError),
}

/// What a panic has thrown.
///
/// # Examples
///
/// ```
/// use raddle::futures::{FutureError, ThreadPoolExecutor};
///
/// let pool = ThreadPoolExecutor::new();
/// let future = pool.submit(|| -> u32 { panic!("out of paper") }).unwrap();
/// let Err(FutureError::Panicked(panic)) = future.result() else { unreachable!() };
/// assert_eq!(panic.to_string(), "the work panicked: out of paper");
/// ```
pub struct Panic {
    payload: Box<dyn Any + Send>,
}

// SAFETY: through a shared reference nothing of the payload is reached but its type, and, if it is a string, that; strings are `Sync`.
unsafe impl Sync for Panic {}

impl Panic {
    pub(super) fn new(payload: Box<dyn Any + Send>) -> Self {
        Self { payload }
    }

    /// The message, if what was thrown is one, as it is with `panic!`.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{FutureError, ThreadPoolExecutor};
    /// use std::panic;
    ///
    /// let pool = ThreadPoolExecutor::new();
    /// let future = pool.submit(|| panic::panic_any(5)).unwrap();
    /// let Err(FutureError::Panicked(panic)) = future.result() else { unreachable!() };
    /// assert_eq!(panic.message(), None);
    /// ```
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        let literal = self.payload.downcast_ref::<&'static str>().copied();
        literal.or_else(|| self.payload.downcast_ref::<String>().map(String::as_str))
    }

    /// What was thrown.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{FutureError, ThreadPoolExecutor};
    /// use std::panic;
    ///
    /// let pool = ThreadPoolExecutor::new();
    /// let future = pool.submit(|| panic::panic_any(5_i32)).unwrap();
    /// let Err(FutureError::Panicked(panic)) = future.result() else { unreachable!() };
    /// assert_eq!(*panic.into_payload().downcast::<i32>().unwrap(), 5);
    /// ```
    #[must_use]
    pub fn into_payload(self) -> Box<dyn Any + Send> {
        self.payload
    }

    /// Panics on, in this thread.
    ///
    /// # Panics
    ///
    /// Always, with what was thrown before; the panic hook is not called again.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{FutureError, ThreadPoolExecutor};
    ///
    /// let pool = ThreadPoolExecutor::new();
    /// let future = pool.submit(|| panic!("out of paper")).unwrap();
    /// let Err(FutureError::Panicked(panic)) = future.result() else { unreachable!() };
    /// let thrown = std::thread::spawn(move || panic.resume()).join();
    /// assert!(thrown.is_err_and(|thrown| thrown.is::<&str>()));
    /// ```
    pub fn resume(self) -> ! {
        resume_unwind(self.payload)
    }
}

impl fmt::Debug for Panic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Panic").field(&self.message()).finish()
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message() {
            Some(message) => write!(formatter, "the work panicked: {message}"),
            None => formatter.write_str("the work panicked"),
        }
    }
}

impl std::error::Error for Panic {}

impl fmt::Display for FutureError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled => formatter.write_str("the future was cancelled"),
            Self::Panicked(panic) => panic.fmt(formatter),
            Self::Broken => formatter.write_str("whoever was to bring the result is gone"),
        }
    }
}

impl std::error::Error for FutureError {}

impl<T: Send> From<FutureError> for ResultError<T> {
    fn from(error: FutureError) -> Self {
        Self::Failed(error)
    }
}

impl<T: Send> fmt::Debug for ResultError<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut(_) => formatter.write_str("TimedOut(..)"),
            Self::Aborted(_) => formatter.write_str("Aborted(..)"),
            Self::Failed(error) => formatter.debug_tuple("Failed").field(error).finish(),
        }
    }
}

impl<T: Send> fmt::Display for ResultError<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut(_) => formatter.write_str("the future was not done in time"),
            Self::Aborted(_) => formatter.write_str("the wait was aborted"),
            Self::Failed(error) => error.fmt(formatter),
        }
    }
}

impl<T: Send> std::error::Error for ResultError<T> {}

/// Runs foreign code, and lets no panic out: the panic hook has reported it. False if there was one.
pub(super) fn contain(foreign: impl FnOnce()) -> bool {
    let Err(thrown) = catch_unwind(AssertUnwindSafe(foreign)) else { return true };
    // What was thrown is foreign too, and may throw again when it is dropped.
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(thrown))) {
        mem::forget(again);
    }
    false
}
