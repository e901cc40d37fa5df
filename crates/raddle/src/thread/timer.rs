//! A thread that does something later, unless it is told not to.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use super::builder::Builder;
use super::handle::{JoinError, JoinHandle, StartError};
use super::object::Thread;
use crate::sync::Event;

/// A thread that waits for a while, and then calls a function, unless it has been cancelled. Dropping it lets it go on by itself.
///
/// # Timeouts
///
/// The time is counted on the monotonic clock from the moment when the thread runs.
///
/// # Examples
///
/// ```
/// use raddle::thread::Timer;
/// use std::time::Duration;
///
/// let mut soon = Timer::new(Duration::from_millis(1), || "now");
/// let mut never = Timer::new(Duration::from_secs(3600), || "later");
/// soon.start()?;
/// never.start()?;
/// never.cancel();
/// assert_eq!(soon.join().unwrap(), Some("now"));
/// assert_eq!(never.join().unwrap(), None);
/// # Ok::<(), raddle::thread::StartError>(())
/// ```
#[derive(Debug)]
pub struct Timer<T> {
    handle: JoinHandle<Option<T>>,
    cancelled: Arc<Event>,
}

impl<T: Send + 'static> Timer<T> {
    /// A timer that calls `task` when `interval` has passed after its start.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::Timer;
    /// use std::time::Duration;
    ///
    /// let mut timer = Timer::new(Duration::from_millis(1), || "called");
    /// timer.start()?;
    /// assert_eq!(timer.join().unwrap(), Some("called"));
    /// # Ok::<(), raddle::thread::StartError>(())
    /// ```
    pub fn new(interval: Duration, task: impl FnOnce() -> T + Send + 'static) -> Self {
        Self::with_builder(Builder::new(), interval, task)
    }

    /// The same, in a thread that is made by `builder`.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::{Builder, Timer};
    /// use std::time::Duration;
    ///
    /// let mut watchdog = Timer::with_builder(Builder::new().name("watchdog").daemon(true), Duration::from_secs(60), || std::process::abort());
    /// watchdog.start()?;
    /// assert!(watchdog.is_daemon());
    /// watchdog.cancel();
    /// # Ok::<(), raddle::thread::StartError>(())
    /// ```
    pub fn with_builder(builder: Builder, interval: Duration, task: impl FnOnce() -> T + Send + 'static) -> Self {
        let cancelled = Arc::new(Event::new());
        let event = Arc::clone(&cancelled);
        let handle = builder.build(move || match event.wait_timeout(interval) {
            Ok(()) => None,
            Err(_) => Some(task()),
        });
        Self { handle, cancelled }
    }

    /// Starts the timer.
    ///
    /// # Errors
    ///
    /// As for [`JoinHandle::start`].
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::{StartError, Timer};
    /// use std::time::Duration;
    ///
    /// let mut timer = Timer::new(Duration::ZERO, || ());
    /// timer.start()?;
    /// assert!(matches!(timer.start(), Err(StartError::AlreadyStarted)));
    /// # Ok::<(), StartError>(())
    /// ```
    pub fn start(&mut self) -> Result<(), StartError> {
        self.handle.start()
    }
}

impl<T> Timer<T> {
    /// The thread itself, for others to keep.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::Timer;
    /// use std::time::Duration;
    ///
    /// let mut timer = Timer::new(Duration::ZERO, || ());
    /// timer.start()?;
    /// let thread = timer.thread().clone();
    /// thread.join().unwrap();
    /// # Ok::<(), raddle::thread::StartError>(())
    /// ```
    #[must_use]
    pub fn thread(&self) -> &Thread {
        self.handle.thread()
    }

    /// The function will not be called, if that has not begun yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::Timer;
    /// use std::time::Duration;
    ///
    /// let mut timer = Timer::new(Duration::from_secs(3600), || ());
    /// timer.start()?;
    /// timer.cancel();
    /// assert_eq!(timer.join().unwrap(), None);
    /// # Ok::<(), raddle::thread::StartError>(())
    /// ```
    pub fn cancel(&self) {
        self.cancelled.set();
    }

    /// Waits for the end of the thread, and returns what the function has; `None` if it was cancelled.
    ///
    /// # Errors
    ///
    /// As for [`JoinHandle::join`].
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::Timer;
    /// use std::time::Duration;
    ///
    /// let mut timer = Timer::new(Duration::ZERO, || 5);
    /// timer.start()?;
    /// assert_eq!(timer.join().unwrap(), Some(5));
    /// # Ok::<(), raddle::thread::StartError>(())
    /// ```
    pub fn join(self) -> Result<Option<T>, JoinError<Option<T>>> {
        self.handle.join()
    }

    /// The handle of the thread, for the other ways to join. Nobody can cancel it after that.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::Timer;
    /// use std::time::Duration;
    ///
    /// let mut timer = Timer::new(Duration::ZERO, || 5);
    /// timer.start()?;
    /// assert_eq!(timer.into_handle().join_timeout(Duration::from_secs(60)).unwrap(), Some(5));
    /// # Ok::<(), raddle::thread::StartError>(())
    /// ```
    #[must_use]
    pub fn into_handle(self) -> JoinHandle<Option<T>> {
        self.handle
    }
}

impl<T> Deref for Timer<T> {
    type Target = Thread;

    fn deref(&self) -> &Thread {
        self.handle.thread()
    }
}
