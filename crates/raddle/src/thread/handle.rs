//! The handle of a thread: its start, its end, its outcome.

use std::any::Any;
use std::fmt;
use std::io;
use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::object::{NotJoined, Thread};
use super::packet::Packet;
use super::run::launch;
use crate::park::{self, Deadline, Phase, Waiter};

/// A thread that may be started once, and what it brings back. Dropping it lets the thread go on by itself.
///
/// It is its [`Thread`], and can do all that one can.
///
/// # Differences from CPython
///
/// Joining gives the thread's outcome, to one who joins. `Thread::join` of the [`Thread`] inside gives none, to anybody.
///
/// # Examples
///
/// ```
/// use raddle::thread::{Builder, JoinError, NotJoined, ThreadState};
///
/// let mut thread = Builder::new().build(|| "done");
/// assert_eq!(thread.state(), ThreadState::New);
/// let Err(JoinError::NotJoined(why, mut thread)) = thread.join() else { unreachable!() };
/// assert_eq!(why, NotJoined::NotStarted);
///
/// thread.start()?;
/// assert_eq!(thread.join().unwrap(), "done");
/// # Ok::<(), raddle::thread::StartError>(())
/// ```
pub struct JoinHandle<T> {
    thread: Thread,
    packet: Arc<Packet<T>>,
    unstarted: Option<Unstarted<T>>,
}

pub(super) struct Unstarted<T> {
    pub(super) task: Box<dyn FnOnce() -> T + Send>,
    pub(super) stack_size: Option<usize>,
}

// SAFETY: a shared handle does not touch the task, and the packet is `Sync` by itself.
unsafe impl<T: Send> Sync for JoinHandle<T> {}

/// Why a handle has no outcome to give.
///
/// # Examples
///
/// ```
/// use raddle::thread::{self, JoinError};
///
/// match thread::spawn(|| panic!("out of paper"))?.join() {
///     Err(JoinError::Panicked(thrown)) => assert_eq!(thrown.downcast_ref(), Some(&"out of paper")),
///     other => unreachable!("{other:?}"),
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
pub enum JoinError<T> {
    /// The thread has panicked, with this.
    Panicked(Box<dyn Any + Send + 'static>),
    /// The thread does not exist in this process, which was forked by another one.
    Vanished,
    /// The thread was not joined; the handle comes back.
    NotJoined(NotJoined, JoinHandle<T>),
}

/// Why a thread did not start.
///
/// # Examples
///
/// ```
/// use raddle::thread::{Builder, StartError};
///
/// let mut thread = Builder::new().build(|| ());
/// thread.start()?;
/// assert!(matches!(thread.start(), Err(StartError::AlreadyStarted)));
/// # Ok::<(), StartError>(())
/// ```
#[derive(Debug)]
pub enum StartError {
    /// A thread can be started once.
    AlreadyStarted,
    /// The operating system refuses. The thread is as it was, and may be started later.
    Refused(io::Error),
}

impl<T> JoinHandle<T> {
    pub(super) fn started(thread: Thread, packet: Arc<Packet<T>>) -> Self {
        Self { thread, packet, unstarted: None }
    }

    pub(super) fn unstarted(thread: Thread, unstarted: Unstarted<T>) -> Self {
        Self { thread, packet: Arc::new(Packet::new()), unstarted: Some(unstarted) }
    }

    /// The thread itself, for others to keep.
    ///
    /// # Examples
    ///
    /// ```
    /// let handle = raddle::thread::spawn(|| 5)?;
    /// let thread = handle.thread().clone();
    /// assert_eq!(handle.join().unwrap(), 5);
    /// assert!(!thread.is_alive());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn thread(&self) -> &Thread {
        &self.thread
    }

    /// Waits for the end of the thread, as long as it takes, and returns what it brings back.
    ///
    /// Everything that the thread did before is seen after that.
    ///
    /// # Errors
    ///
    /// [`JoinError`] if the thread has panicked, or if it is not started, or is the current one.
    ///
    /// # Examples
    ///
    /// ```
    /// let thread = raddle::thread::spawn(|| "brought back")?;
    /// assert_eq!(thread.join().unwrap(), "brought back");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn join(self) -> Result<T, JoinError<T>> {
        self.join_with(Deadline::NEVER, &mut park::Thread)
    }

    /// What the thread brings back, if it has ended; does not wait.
    ///
    /// # Errors
    ///
    /// As for [`JoinHandle::join_timeout`].
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Event;
    /// use std::sync::Arc;
    ///
    /// let finish = Arc::new(Event::new());
    /// let waiting = finish.clone();
    /// let thread = raddle::thread::spawn(move || waiting.wait())?;
    /// // It still runs: the handle comes back.
    /// let thread = thread.try_join().unwrap_err().into_handle().unwrap();
    /// finish.set();
    /// thread.join().unwrap();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn try_join(self) -> Result<T, JoinError<T>> {
        self.join_with(Deadline::PASSED, &mut park::Thread)
    }

    /// Waits for the end of the thread, for at most `timeout`, and returns what it brings back.
    ///
    /// # Errors
    ///
    /// [`JoinError`], with the handle if the thread has not ended in that time.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Event;
    /// use raddle::thread::{self, JoinError, NotJoined};
    /// use std::sync::Arc;
    /// use std::time::Duration;
    ///
    /// let finish = Arc::new(Event::new());
    /// let waiting = finish.clone();
    /// let thread = thread::spawn(move || waiting.wait())?;
    /// let Err(JoinError::NotJoined(why, thread)) = thread.join_timeout(Duration::from_millis(1)) else { unreachable!() };
    /// assert_eq!(why, NotJoined::TimedOut);
    /// finish.set();
    /// thread.join().unwrap();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn join_timeout(self, timeout: Duration) -> Result<T, JoinError<T>> {
        self.join_with(Deadline::after(timeout), &mut park::Thread)
    }

    /// Waits for the end of the thread, until `instant` at most, and returns what it brings back.
    ///
    /// # Errors
    ///
    /// As for [`JoinHandle::join_timeout`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    ///
    /// // One limit for several threads.
    /// let limit = Instant::now() + Duration::from_secs(60);
    /// for thread in [raddle::thread::spawn(|| 1)?, raddle::thread::spawn(|| 2)?] {
    ///     assert!(thread.join_until(limit).is_ok());
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn join_until(self, instant: Instant) -> Result<T, JoinError<T>> {
        self.join_with(Deadline::at(instant), &mut park::Thread)
    }

    /// Waits for the end of the thread, in the way of `waiter`, and returns what it brings back.
    ///
    /// # Errors
    ///
    /// As for [`JoinHandle::join_timeout`]; the handle comes back, too, if the waiter was told to stop.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Deadline, Thread};
    ///
    /// let thread = raddle::thread::spawn(|| 5)?;
    /// assert_eq!(thread.join_with(Deadline::NEVER, &mut Thread).unwrap(), 5);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn join_with<W: Waiter>(self, deadline: Deadline, waiter: &mut W) -> Result<T, JoinError<T>> {
        if let Err(why) = self.thread.join_with(deadline, waiter) {
            return Err(JoinError::NotJoined(why, self));
        }
        if self.thread.identity().phase() != Phase::Ended {
            // It may have been copied in the middle of writing its outcome. That is never dropped: the thread's share of the packet stays.
            return Err(JoinError::Vanished);
        }
        // SAFETY: this is the only handle, and the thread has ended.
        match unsafe { self.packet.take() } {
            Some(Ok(value)) => Ok(value),
            Some(Err(payload)) => Err(JoinError::Panicked(payload)),
            // The outcome is taken once, with the handle.
            None => Err(JoinError::Vanished),
        }
    }
}

impl<T: Send + 'static> JoinHandle<T> {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// [`StartError`] if it was started before, or if the operating system has no thread to give.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::Builder;
    ///
    /// let mut thread = Builder::new().build(|| 5);
    /// thread.start()?;
    /// assert_eq!(thread.join().unwrap(), 5);
    /// # Ok::<(), raddle::thread::StartError>(())
    /// ```
    pub fn start(&mut self) -> Result<(), StartError> {
        let Some(Unstarted { task, stack_size }) = self.unstarted.take() else {
            return Err(StartError::AlreadyStarted);
        };
        // SAFETY: the task borrows nothing.
        unsafe { launch(&self.thread, &self.packet, stack_size, task) }.map_err(|(error, task)| {
            self.unstarted = Some(Unstarted { task, stack_size });
            StartError::Refused(error)
        })
    }
}

impl<T> Deref for JoinHandle<T> {
    type Target = Thread;

    fn deref(&self) -> &Thread {
        &self.thread
    }
}

impl<T> JoinError<T> {
    /// What the thread has panicked with, if it has.
    ///
    /// # Examples
    ///
    /// ```
    /// let thrown = raddle::thread::spawn(|| panic!("out of paper"))?.join().unwrap_err().into_panic().unwrap();
    /// assert_eq!(thrown.downcast_ref(), Some(&"out of paper"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn into_panic(self) -> Option<Box<dyn Any + Send + 'static>> {
        match self {
            Self::Panicked(payload) => Some(payload),
            _ => None,
        }
    }

    /// The handle, if the thread was not joined.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::Builder;
    ///
    /// let thread = Builder::new().build(|| 5);
    /// // It was never started, so nobody can join it.
    /// let mut thread = thread.join().unwrap_err().into_handle().unwrap();
    /// thread.start()?;
    /// assert_eq!(thread.join().unwrap(), 5);
    /// # Ok::<(), raddle::thread::StartError>(())
    /// ```
    #[must_use]
    pub fn into_handle(self) -> Option<JoinHandle<T>> {
        match self {
            Self::NotJoined(_, handle) => Some(handle),
            _ => None,
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("JoinHandle").field(&self.thread).finish()
    }
}

impl<T> fmt::Debug for JoinError<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(payload) => formatter.debug_tuple("Panicked").field(&message(&**payload)).finish(),
            Self::Vanished => formatter.write_str("Vanished"),
            Self::NotJoined(why, handle) => formatter.debug_tuple("NotJoined").field(why).field(handle).finish(),
        }
    }
}

impl<T> fmt::Display for JoinError<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(payload) => write!(formatter, "the thread panicked: {}", message(&**payload)),
            Self::Vanished => formatter.write_str("the thread does not exist in this process"),
            Self::NotJoined(why, _) => why.fmt(formatter),
        }
    }
}

impl<T> std::error::Error for JoinError<T> {}

impl fmt::Display for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyStarted => formatter.write_str("threads can only be started once"),
            Self::Refused(error) => write!(formatter, "the thread was not started: {error}"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::AlreadyStarted => None,
            Self::Refused(error) => Some(error),
        }
    }
}

/// The text of a panic, if it has one.
pub(super) fn message(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "a value that is not a text"
    }
}
