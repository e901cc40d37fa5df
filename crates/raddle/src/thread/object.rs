//! A thread, as others see it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::snapshot::ThreadState;
use crate::park::{self, Deadline, Failed, Identity, Phase, ThreadId, Waiter};
use crate::sys::set_os_name;

/// A thread: who it is, where it is in its life, and how to wait for its end.
///
/// It may be cloned, compared and sent anywhere, and outlives the thread that it stands for.
///
/// # Fork
///
/// In a forked child, threads other than the one that forked do not exist: they count as terminated.
///
/// # Examples
///
/// ```
/// use raddle::thread::{self, ThreadState};
///
/// let worker = thread::Builder::new().name("worker").spawn(|| 6 * 7)?;
/// let thread = worker.thread().clone();
/// assert_eq!(thread.name(), "worker");
/// assert_eq!(worker.join().unwrap(), 42);
/// assert_eq!(thread.state(), ThreadState::Terminated);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Thread {
    identity: Arc<Identity>,
}

/// Why a thread was not joined.
///
/// # Examples
///
/// ```
/// use raddle::thread::{self, NotJoined};
///
/// assert_eq!(thread::current().join(), Err(NotJoined::Current));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotJoined {
    /// The deadline passed, and the thread has not ended.
    TimedOut,
    /// [`Waiter::interrupted`] said stop.
    Aborted,
    /// The thread is not started: nothing would ever end the wait.
    NotStarted,
    /// The current thread would wait for itself.
    Current,
}

impl Thread {
    pub(super) fn new(identity: Arc<Identity>) -> Self {
        Self { identity }
    }

    pub(super) fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    /// The thread's number, never used for another one; `None` until it is started.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::{self, Builder, ThreadId};
    ///
    /// assert_eq!(thread::current().id(), Some(ThreadId::current()));
    /// assert_eq!(Builder::new().build(|| ()).id(), None);
    /// ```
    #[must_use]
    pub fn id(&self) -> Option<ThreadId> {
        ThreadId::from_number(self.identity.owner())
    }

    /// The thread's name. Names need not be unique.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::Builder;
    ///
    /// assert_eq!(Builder::new().name("reader").build(|| ()).name(), "reader");
    /// ```
    #[must_use]
    pub fn name(&self) -> String {
        self.identity.name().as_ref().to_owned()
    }

    /// Gives the thread another name. The operating system is told as well, as much of it as it can keep, on Linux, and not of threads that
    /// the library has not started.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread;
    ///
    /// let worker = thread::spawn(|| {
    ///     thread::current().set_name("busy");
    ///     thread::current().name()
    /// })?;
    /// assert_eq!(worker.join().unwrap(), "busy");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_name(&self, name: &str) {
        self.identity.set_name(name);
        if let Some(native_id) = self.native_id().filter(|_| self.is_alive() && !self.identity.is_adopted()) {
            set_os_name(native_id, name);
        }
    }

    /// The number by which the thread library knows the thread (`pthread_self`); used again after its end. `None` until it runs.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread;
    ///
    /// assert_eq!(thread::current().ident(), Some(thread::get_ident()));
    /// ```
    #[must_use]
    pub fn ident(&self) -> Option<u64> {
        Some(self.identity.ident()).filter(|ident| *ident != 0)
    }

    /// The operating system's number of the thread, as its tools show it; used again after its end. `None` until it runs.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread;
    ///
    /// assert_eq!(thread::current().native_id(), Some(thread::get_native_id()));
    /// ```
    #[must_use]
    pub fn native_id(&self) -> Option<u64> {
        Some(self.identity.native_id()).filter(|id| *id != 0)
    }

    /// Whether [`main`](crate::main) leaves the thread behind when it returns. True for threads that the library has not started.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::Builder;
    ///
    /// assert!(Builder::new().daemon(true).build(|| ()).is_daemon());
    /// ```
    #[must_use]
    pub fn is_daemon(&self) -> bool {
        self.identity.is_daemon()
    }

    /// Where the thread is in its life, at the moment of the call.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Event;
    /// use raddle::thread::{self, ThreadState};
    /// use std::sync::Arc;
    ///
    /// let finish = Arc::new(Event::new());
    /// let waiting = finish.clone();
    /// let worker = thread::spawn(move || waiting.wait())?;
    /// while worker.state() != ThreadState::Blocked {
    ///     std::thread::yield_now();
    /// }
    /// finish.set();
    /// let thread = worker.thread().clone();
    /// worker.join().unwrap();
    /// assert_eq!(thread.state(), ThreadState::Terminated);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn state(&self) -> ThreadState {
        match self.identity.phase() {
            Phase::New => ThreadState::New,
            Phase::Started if self.identity.is_waiting() => ThreadState::Blocked,
            Phase::Started => ThreadState::Runnable,
            Phase::Ended | Phase::Vanished => ThreadState::Terminated,
        }
    }

    /// Whether the thread is started and has not ended.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(raddle::thread::current().is_alive());
    /// ```
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.identity.phase() == Phase::Started
    }

    /// Waits for the end of the thread, as long as it takes. Anybody may, any number of times.
    ///
    /// # Errors
    ///
    /// [`NotJoined`] if the thread is not started, or is the current one.
    ///
    /// # Examples
    ///
    /// ```
    /// let worker = raddle::thread::spawn(|| ())?;
    /// let thread = worker.thread().clone();
    /// // Others may wait for it as well, and again.
    /// assert_eq!(thread.join(), Ok(()));
    /// assert_eq!(thread.join(), Ok(()));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn join(&self) -> Result<(), NotJoined> {
        self.join_with(Deadline::NEVER, &mut park::Thread)
    }

    /// Whether the thread has ended; does not wait.
    ///
    /// # Errors
    ///
    /// [`NotJoined`] if it has not.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::{Builder, NotJoined};
    ///
    /// assert_eq!(Builder::new().build(|| ()).thread().try_join(), Err(NotJoined::NotStarted));
    /// ```
    pub fn try_join(&self) -> Result<(), NotJoined> {
        self.join_with(Deadline::PASSED, &mut park::Thread)
    }

    /// Waits for the end of the thread, for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`NotJoined`] if the thread has not ended in that time, is not started, or is the current one.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let worker = raddle::thread::spawn(|| ())?;
    /// assert_eq!(worker.thread().join_timeout(Duration::from_secs(60)), Ok(()));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn join_timeout(&self, timeout: Duration) -> Result<(), NotJoined> {
        self.join_with(Deadline::after(timeout), &mut park::Thread)
    }

    /// Waits for the end of the thread, until `instant` at most.
    ///
    /// # Errors
    ///
    /// As for [`Thread::join_timeout`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    ///
    /// let worker = raddle::thread::spawn(|| ())?;
    /// assert_eq!(worker.thread().join_until(Instant::now() + Duration::from_secs(60)), Ok(()));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn join_until(&self, instant: Instant) -> Result<(), NotJoined> {
        self.join_with(Deadline::at(instant), &mut park::Thread)
    }

    /// Waits for the end of the thread, in the way of `waiter`.
    ///
    /// # Errors
    ///
    /// As for [`Thread::join_timeout`], and if the waiter was told to stop.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Deadline, Thread};
    ///
    /// let worker = raddle::thread::spawn(|| ())?;
    /// assert_eq!(worker.thread().join_with(Deadline::NEVER, &mut Thread), Ok(()));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn join_with<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<(), NotJoined> {
        if self.identity.phase() == Phase::New {
            return Err(NotJoined::NotStarted);
        }
        if self.id() == Some(ThreadId::current()) {
            return Err(NotJoined::Current);
        }
        match self.identity.wait_for_end(deadline, waiter) {
            // The operating system has refused to start it.
            Ok(Phase::New) => Err(NotJoined::NotStarted),
            Ok(_) => Ok(()),
            Err(Failed::TimedOut) => Err(NotJoined::TimedOut),
            Err(Failed::Aborted) => Err(NotJoined::Aborted),
        }
    }
}

impl PartialEq for Thread {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.identity, &other.identity)
    }
}

impl Eq for Thread {}

impl fmt::Debug for Thread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Thread")
            .field("name", &self.name())
            .field("id", &self.id())
            .field("state", &self.state())
            .field("daemon", &self.is_daemon())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for NotJoined {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::TimedOut => "the deadline passed before the thread ended",
            Self::Aborted => "the wait for the thread was aborted",
            Self::NotStarted => "a thread cannot be joined before it is started",
            Self::Current => "a thread cannot join itself",
        })
    }
}

impl std::error::Error for NotJoined {}
