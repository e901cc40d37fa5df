//! Making threads.

use std::io;
use std::sync::Arc;

use super::handle::{JoinHandle, Unstarted};
use super::object::Thread;
use super::packet::Packet;
use super::run::launch;
use crate::park::{Identity, current};
use crate::sys::{AtomicU64, Ordering, global};

/// How a thread is to be made.
///
/// # Examples
///
/// ```
/// use raddle::thread::Builder;
///
/// let thread = Builder::new().name("adder").daemon(true).stack_size(256 * 1024).spawn(|| 1 + 1)?;
/// assert_eq!(thread.join().unwrap(), 2);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a builder makes no thread before `spawn` or `build`"]
pub struct Builder {
    name: Option<String>,
    daemon: Option<bool>,
    stack_size: Option<usize>,
}

global! {
    /// How many threads have got a name of ours.
    static NAMED: AtomicU64 = AtomicU64::new(0);
}

global! {
    static STACK_SIZE: AtomicU64 = AtomicU64::new(0);
}

impl Builder {
    /// A thread with a name of the form `Thread-1`, that is a daemon if the current thread is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::Builder;
    ///
    /// let thread = Builder::new().build(|| ());
    /// assert!(thread.name().starts_with("Thread-"));
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// The name of the thread. The operating system sees as much of it as it can: 15 bytes on Linux.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::{self, Builder};
    ///
    /// let thread = Builder::new().name("reader").spawn(|| thread::current().name())?;
    /// assert_eq!(thread.join().unwrap(), "reader");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Whether [`main`](crate::main) leaves the thread behind when it returns. Unless told, it is a daemon if the thread is one that makes it.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::Builder;
    ///
    /// let thread = Builder::new().daemon(true).build(|| ());
    /// assert!(thread.is_daemon());
    /// ```
    pub fn daemon(mut self, daemon: bool) -> Self {
        self.daemon = Some(daemon);
        self
    }

    /// The size of the thread's stack, in bytes; the operating system may round it up. Unless told, it is [`stack_size`].
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::Builder;
    ///
    /// let thread = Builder::new().stack_size(4 << 20).spawn(|| {
    ///     let large = [1_u8; 3 << 20];
    ///     large.iter().map(|byte| usize::from(*byte)).sum::<usize>()
    /// })?;
    /// assert_eq!(thread.join().unwrap(), 3 << 20);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = Some(bytes);
        self
    }

    /// Makes a thread that calls `task`, and starts it.
    ///
    /// # Errors
    ///
    /// The operating system's, if it has no thread to give. To keep the task in that case, use [`Builder::build`].
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::Builder;
    ///
    /// let text = String::from("moved there, and back");
    /// let thread = Builder::new().spawn(move || text.to_uppercase())?;
    /// assert_eq!(thread.join().unwrap(), "MOVED THERE, AND BACK");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn spawn<F, T>(self, task: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (thread, stack_size) = self.thread();
        let packet = Arc::new(Packet::new());
        // SAFETY: the task borrows nothing.
        unsafe { launch(&thread, &packet, stack_size, task) }.map_err(|(error, _)| error)?;
        Ok(JoinHandle::started(thread, packet))
    }

    /// Makes a thread that will call `task` once it is [started](JoinHandle::start).
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::{Builder, ThreadState};
    ///
    /// let mut thread = Builder::new().build(|| 6 * 7);
    /// assert_eq!(thread.state(), ThreadState::New);
    /// thread.start()?;
    /// assert_eq!(thread.join().unwrap(), 42);
    /// # Ok::<(), raddle::thread::StartError>(())
    /// ```
    pub fn build<F, T>(self, task: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (thread, stack_size) = self.thread();
        JoinHandle::unstarted(thread, Unstarted { task: Box::new(task), stack_size })
    }

    pub(super) fn thread(self) -> (Thread, Option<usize>) {
        let name = self.name.unwrap_or_else(|| {
            // ORDERING: Relaxed: a number of its own is all that is wanted.
            format!("Thread-{}", NAMED.fetch_add(1, Ordering::Relaxed) + 1)
        });
        let daemon = self.daemon.unwrap_or_else(inherits_daemon);
        let stack_size = self.stack_size.or_else(|| Some(stack_size()).filter(|bytes| *bytes != 0));
        (Thread::new(Identity::new(&name, daemon)), stack_size)
    }
}

/// Starts a thread that calls `task`, with a name of the form `Thread-1`.
///
/// # Errors
///
/// The operating system's, if it has no thread to give.
///
/// # Examples
///
/// ```
/// let thread = raddle::thread::spawn(|| 6 * 7)?;
/// assert_eq!(thread.join().unwrap(), 42);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn spawn<F, T>(task: F) -> io::Result<JoinHandle<T>>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    Builder::new().spawn(task)
}

/// The size of the stack, in bytes, that threads have whose [`Builder`] does not say; 0 if std chooses: 2 MiB, or `RUST_MIN_STACK`.
///
/// # Examples
///
/// ```
/// use raddle::thread;
///
/// let before = thread::set_stack_size(512 * 1024);
/// assert_eq!((before, thread::stack_size()), (0, 512 * 1024));
/// ```
#[must_use]
pub fn stack_size() -> usize {
    usize::try_from(STACK_SIZE.load(Ordering::Relaxed)).unwrap_or(usize::MAX)
}

/// Sets what [`stack_size`] says, for threads that are made from now on. Returns what it said before.
///
/// # Examples
///
/// ```
/// use raddle::thread::{set_stack_size, stack_size};
///
/// let before = set_stack_size(1 << 20);
/// assert_eq!(stack_size(), 1 << 20);
/// set_stack_size(before);
/// ```
pub fn set_stack_size(bytes: usize) -> usize {
    usize::try_from(STACK_SIZE.swap(bytes as u64, Ordering::Relaxed)).unwrap_or(usize::MAX)
}

/// Only threads of ours pass it on: the others are daemons because nobody knows when they end.
fn inherits_daemon() -> bool {
    current().identity().is_some_and(|identity| !identity.is_adopted() && identity.is_daemon())
}
