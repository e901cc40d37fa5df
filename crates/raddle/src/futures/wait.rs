//! Waiting for several futures.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Future;
use super::countdown::Countdown;
use super::ending::Ending;
use super::slot::Watcher;
use crate::park::{Deadline, Failed, Thread, Waiter};

/// When [`wait`] is over.
///
/// # Examples
///
/// ```
/// use raddle::futures::{promise, wait, ReturnWhen};
///
/// let (first, second) = (promise(), promise::<u32>());
/// first.0.finish(1).unwrap();
/// let waited = wait([first.1, second.1], ReturnWhen::FirstCompleted);
/// assert_eq!((waited.done.len(), waited.pending.len()), (1, 1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReturnWhen {
    /// When one is done.
    FirstCompleted,
    /// When one has panicked or is broken, or all are done. A task that returns an `Err` has a result like any other.
    FirstException,
    /// When all are done.
    AllCompleted,
}

/// What [`wait`] has found: the futures that were given, in their order, in two parts.
///
/// # Examples
///
/// ```
/// use raddle::futures::{promise, wait_timeout, ReturnWhen, Waited};
/// use std::time::Duration;
///
/// let (_promise, future) = promise::<u32>();
/// let Waited { done, pending } = wait_timeout([future], ReturnWhen::AllCompleted, Duration::from_millis(1));
/// assert!(done.is_empty());
/// assert!(pending[0].cancel());
/// ```
pub struct Waited<T: Send> {
    /// Those that are done.
    pub done: Vec<Future<T>>,
    /// The others.
    pub pending: Vec<Future<T>>,
}

/// Waits until the first, or all, of `futures` are done, as long as it takes. None at all are done at once.
///
/// # Fairness
///
/// The thread is woken once, when it is over, not for each future. It costs one step for each future.
///
/// # Interruption
///
/// Signals do not end a wait.
///
/// # Differences from CPython
///
/// A future that is cancelled counts as done at once, and not when a worker comes across it.
///
/// # Examples
///
/// ```
/// use raddle::futures::{wait, ReturnWhen, ThreadPoolExecutor};
///
/// let pool = ThreadPoolExecutor::new();
/// let squares = (0..10).map(|number| pool.submit(move || number * number).unwrap());
/// let waited = wait(squares, ReturnWhen::AllCompleted);
/// assert_eq!(waited.done.into_iter().map(|square| square.result().unwrap()).sum::<u32>(), 285);
/// assert!(waited.pending.is_empty());
/// ```
pub fn wait<T: Send>(futures: impl IntoIterator<Item = Future<T>>, until: ReturnWhen) -> Waited<T> {
    wait_with(futures, until, Deadline::NEVER, &mut Thread).unwrap_or_else(|aborted| aborted)
}

/// As [`wait`], for at most `timeout`: then it returns what is done until then.
///
/// # Examples
///
/// ```
/// use raddle::futures::{promise, wait_timeout, ReturnWhen};
/// use std::time::Duration;
///
/// let (_promise, future) = promise::<u32>();
/// let waited = wait_timeout([future], ReturnWhen::AllCompleted, Duration::from_millis(1));
/// assert_eq!(waited.pending.len(), 1);
/// ```
pub fn wait_timeout<T: Send>(
    futures: impl IntoIterator<Item = Future<T>>,
    until: ReturnWhen,
    timeout: Duration,
) -> Waited<T> {
    wait_with(futures, until, Deadline::after(timeout), &mut Thread).unwrap_or_else(|aborted| aborted)
}

/// As [`wait`], until `instant` at most: then it returns what is done until then.
///
/// # Examples
///
/// ```
/// use raddle::futures::{promise, wait_until, ReturnWhen};
/// use std::time::Instant;
///
/// let (promise, future) = promise();
/// promise.finish(1).unwrap();
/// assert_eq!(wait_until([future], ReturnWhen::AllCompleted, Instant::now()).done.len(), 1);
/// ```
pub fn wait_until<T: Send>(
    futures: impl IntoIterator<Item = Future<T>>,
    until: ReturnWhen,
    instant: Instant,
) -> Waited<T> {
    wait_with(futures, until, Deadline::at(instant), &mut Thread).unwrap_or_else(|aborted| aborted)
}

/// As [`wait`], until `deadline` at most, in the way of `waiter`.
///
/// # Errors
///
/// The futures come back all the same if the waiter was told to stop.
///
/// # Examples
///
/// ```
/// use raddle::futures::{promise, wait_with, ReturnWhen};
/// use raddle::park::{Deadline, Thread};
///
/// let (_promise, future) = promise::<u32>();
/// let waited = wait_with([future], ReturnWhen::AllCompleted, Deadline::PASSED, &mut Thread).unwrap();
/// assert_eq!(waited.pending.len(), 1);
/// ```
pub fn wait_with<T: Send, W: Waiter>(
    futures: impl IntoIterator<Item = Future<T>>,
    until: ReturnWhen,
    deadline: Deadline,
    waiter: &mut W,
) -> Result<Waited<T>, Waited<T>> {
    let futures: Vec<_> = futures.into_iter().collect();
    let ended = if is_over(&futures, until) { Ok(()) } else { watch(&futures, until, deadline, waiter) };
    let (done, pending) = futures.into_iter().partition(Future::is_done);
    let waited = Waited { done, pending };
    if ended == Err(Failed::Aborted) { Err(waited) } else { Ok(waited) }
}

fn is_over<T: Send>(futures: &[Future<T>], until: ReturnWhen) -> bool {
    let mut endings = futures.iter().map(Future::ending);
    match until {
        ReturnWhen::FirstCompleted => futures.is_empty() || endings.any(|ending| ending.is_some()),
        ReturnWhen::FirstException => {
            let mut all = true;
            endings.any(|ending| {
                all &= ending.is_some();
                matches!(ending, Some(Ending::Panicked | Ending::Broken))
            }) || all
        }
        ReturnWhen::AllCompleted => endings.all(|ending| ending.is_some()),
    }
}

fn watch<T: Send, W: Waiter>(
    futures: &[Future<T>],
    until: ReturnWhen,
    deadline: Deadline,
    waiter: &mut W,
) -> Result<(), Failed> {
    if deadline == Deadline::PASSED {
        return Err(Failed::TimedOut);
    }
    let count = if until == ReturnWhen::FirstCompleted { 1 } else { futures.len() };
    let countdown = Countdown::new(count, until == ReturnWhen::FirstException);
    let watcher: Arc<dyn Watcher> = countdown.clone();
    let mut watched = 0;
    for future in futures {
        future.watch(&watcher, watched);
        watched += 1;
        if countdown.is_over() {
            break;
        }
    }
    let ended = countdown.wait_with(deadline, waiter);
    futures[..watched].iter().filter(|future| !future.is_done()).for_each(|future| future.unwatch(&watcher));
    ended
}

impl<T: Send> fmt::Debug for Waited<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Waited").field("done", &self.done).field("pending", &self.pending).finish()
    }
}
