//! A pool of threads that do tasks.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Future;
use super::backlog::{Backlog, Queued, Status};
use super::builder::{Builder, Initializer};
use super::ending::contain;
use super::task::{Task, Work};
use crate::park::{self, AnyOf, Crew, Deadline, Failed, Place, Waiter, current};
use crate::probe::{Trace, WaitKind};
use crate::sync::TimedOut;
use crate::sys::fork_epoch;
use crate::thread::{self, AtExit, at_exit};

/// Threads that do tasks, and futures of their results.
///
/// A worker is started when there is a task and no worker to spare, up to the limit; a worker without a task sleeps, and costs its stack. Workers
/// are no daemons. Dropping the pool is [`ThreadPoolExecutor::shutdown`]: it waits for all tasks. A pool that is never dropped is closed when
/// [`raddle::main`](crate::main) begins to wait for the threads.
///
/// # Fairness
///
/// Tasks are begun in the order in which they were submitted.
///
/// # Panics
///
/// A panic of a task becomes the error of its future. The worker goes on with the next task.
///
/// # Fork
///
/// In a forked child the workers do not exist, and the tasks are the parent's, which does them: their futures are
/// [broken](super::Ending::Broken), and what they hold is forgotten, not dropped. The pool starts workers anew for what is submitted in the child.
/// A worker whose task forks ends, in the child, after that task.
///
/// # Differences from CPython
///
/// | Python | here |
/// |---|---|
/// | `with ThreadPoolExecutor() as pool` | the pool is dropped at the end of its block |
/// | `shutdown(wait=False)` | [`ThreadPoolExecutor::close`] |
/// | `shutdown(cancel_futures=True)` | [`close`](ThreadPoolExecutor::close), [`cancel_pending`](ThreadPoolExecutor::cancel_pending), [`shutdown`](ThreadPoolExecutor::shutdown) |
///
/// A pool whose own task shuts it down does not wait, where CPython raises an exception.
///
/// # Examples
///
/// ```
/// use raddle::futures::ThreadPoolExecutor;
///
/// let pool = ThreadPoolExecutor::new();
/// let futures: Vec<_> = (0..3).map(|number| pool.submit(move || number * number).unwrap()).collect();
/// let squares: Vec<u32> = futures.into_iter().map(|future| future.result().unwrap()).collect();
/// assert_eq!(squares, [0, 1, 4]);
/// ```
pub struct ThreadPoolExecutor {
    /// Dropped before what it lets others look at.
    trace: Trace,
    shared: Arc<Shared>,
}

/// What the pool shares with its workers.
struct Shared {
    prefix: String,
    initializer: Option<Initializer>,
    crew: Crew,
    limit: usize,
    backlog: Backlog,
}

/// The pool has not taken a task. It comes back.
///
/// # Examples
///
/// ```
/// use raddle::futures::{SubmitError, ThreadPoolExecutor};
///
/// let pool = ThreadPoolExecutor::new();
/// pool.close();
/// match pool.submit(|| 6 * 7) {
///     // The task comes back, and can be done elsewhere.
///     Err(SubmitError::ShutDown(task)) => assert_eq!(task(), 42),
///     other => unreachable!("{other:?}"),
/// }
/// ```
pub enum SubmitError<F> {
    /// The pool was shut down.
    ShutDown(F),
    /// The pool's initializer has failed.
    Broken(F),
    /// The pool has no worker, and the operating system no thread to give.
    NoThread(F, io::Error),
}

impl ThreadPoolExecutor {
    /// A pool of as many workers as there are processors, and 4, but no more than 32.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new();
    /// assert_eq!(pool.submit(|| 6 * 7).unwrap().result().unwrap(), 42);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Says how a pool is to be made.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::builder().workers(1).build();
    /// assert_eq!(pool.max_workers(), 1);
    /// ```
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(super) fn build(workers: usize, prefix: String, initializer: Option<Initializer>) -> Self {
        let (crew, limit) = (Crew::new(), workers);
        let pool = Self {
            trace: Trace::new(),
            shared: Arc::new(Shared { prefix, initializer, crew, limit, backlog: Backlog::new(limit) }),
        };
        let backlog = &pool.shared.backlog;
        // SAFETY: it is shared, so it stays where it is; and the pool, which shares it, drops the trace first.
        pool.trace.begin(WaitKind::Task, backlog.address(), Some(unsafe { backlog.subject() }));
        pool
    }

    /// Submits a task: some worker will do `work`.
    ///
    /// # Errors
    ///
    /// [`SubmitError`] with the task.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new();
    /// let future = pool.submit(|| "work".len()).unwrap();
    /// // Something else is done meanwhile.
    /// assert_eq!(future.result().unwrap(), 4);
    /// ```
    pub fn submit<F, T>(&self, work: F) -> Result<Future<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let task = Arc::new(self.task(Work::new(work, None)));
        self.enqueue(Queued::new(Arc::clone(&task) as _, None), &task)?;
        Ok(Future::new(task))
    }

    /// A task for the workers of this pool.
    pub(super) fn task<F: Send, T: Send>(&self, work: Work<F>) -> Task<F, T> {
        Task::of_pool(work, &self.shared.crew, self.shared.limit)
    }

    /// Those who do the tasks.
    pub(super) fn workers_of_tasks(&self) -> AnyOf {
        self.shared.crew.any_of(self.shared.limit)
    }

    /// Takes a task in. If it is refused, the work comes back.
    pub(super) fn enqueue<F: Send, T: Send>(&self, queued: Queued, task: &Task<F, T>) -> Result<(), SubmitError<F>> {
        let Err((refusal, left)) = self.shared.push(queued) else { return Ok(()) };
        let withdrawn = task.withdraw();
        left.into_iter().for_each(Queued::give_up);
        // Others may have begun, or cancelled, it in between: then it was not refused.
        let Some(work) = withdrawn.ok().and_then(|withdrawn| withdrawn.work) else { return Ok(()) };
        let work = work.into_inner();
        Err(match refusal {
            Refusal::NoThread(error) => SubmitError::NoThread(work, error),
            Refusal::Status(Status::Broken) => SubmitError::Broken(work),
            Refusal::Status(_) => SubmitError::ShutDown(work),
        })
    }

    /// Takes no more tasks. Those that were submitted are done; does not wait for that.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new();
    /// let last = pool.submit(|| 1).unwrap();
    /// pool.close();
    /// assert!(pool.submit(|| 2).is_err());
    /// assert_eq!(last.result().unwrap(), 1);
    /// ```
    pub fn close(&self) {
        self.shared.backlog.shut_down();
    }

    /// Cancels the futures of all tasks that nobody has begun, as [`Future::cancel`] does. Returns how many.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    /// use raddle::sync::Event;
    /// use std::sync::Arc;
    ///
    /// let pool = ThreadPoolExecutor::builder().workers(1).build();
    /// let (started, finish) = (Arc::new(Event::new()), Arc::new(Event::new()));
    /// let first = pool.submit({
    ///     let (started, finish) = (started.clone(), finish.clone());
    ///     move || {
    ///         started.set();
    ///         finish.wait();
    ///     }
    /// });
    /// started.wait();
    /// let second = pool.submit(|| 2).unwrap();
    /// assert_eq!(pool.cancel_pending(), 1);
    /// assert!(second.is_cancelled());
    /// finish.set();
    /// assert!(first.unwrap().result().is_ok());
    /// ```
    pub fn cancel_pending(&self) -> usize {
        self.shared.backlog.drain().into_iter().map(Queued::cancel).filter(|cancelled| *cancelled).count()
    }

    /// Takes no more tasks, and waits until those that were submitted are done and the workers have ended, as long as it takes. A worker of
    /// this pool does not wait.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new();
    /// let future = pool.submit(|| 1).unwrap();
    /// pool.shutdown();
    /// assert!(future.is_done());
    /// assert_eq!(pool.workers(), 0);
    /// ```
    pub fn shutdown(&self) {
        // A plain thread's wait without a deadline ends with the workers.
        let _ = self.shutdown_with(Deadline::NEVER, &mut park::Thread);
    }

    /// As [`ThreadPoolExecutor::shutdown`], but waits for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if there were workers left all that time. They go on with what was submitted.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    /// use std::time::Duration;
    ///
    /// let pool = ThreadPoolExecutor::new();
    /// pool.submit(|| 1).unwrap();
    /// pool.shutdown_timeout(Duration::from_secs(60))?;
    /// # Ok::<(), raddle::sync::TimedOut>(())
    /// ```
    pub fn shutdown_timeout(&self, timeout: Duration) -> Result<(), TimedOut> {
        self.shutdown_with(Deadline::after(timeout), &mut park::Thread).map_err(|_| TimedOut)
    }

    /// As [`ThreadPoolExecutor::shutdown`], but waits until `instant` at most.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if there were workers left all that time. They go on with what was submitted.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    /// use std::time::{Duration, Instant};
    ///
    /// let pool = ThreadPoolExecutor::new();
    /// pool.shutdown_until(Instant::now() + Duration::from_secs(60))?;
    /// # Ok::<(), raddle::sync::TimedOut>(())
    /// ```
    pub fn shutdown_until(&self, instant: Instant) -> Result<(), TimedOut> {
        self.shutdown_with(Deadline::at(instant), &mut park::Thread).map_err(|_| TimedOut)
    }

    /// As [`ThreadPoolExecutor::shutdown`], but waits in the way of `waiter`.
    ///
    /// # Errors
    ///
    /// [`Failed`] if the deadline passed, or the waiter was told to stop, before the workers had ended. They go on with what was submitted.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    /// use raddle::park::{Deadline, Failed, Thread};
    /// use raddle::sync::Event;
    /// use std::sync::Arc;
    ///
    /// let (pool, finish) = (ThreadPoolExecutor::new(), Arc::new(Event::new()));
    /// let waiting = finish.clone();
    /// pool.submit(move || waiting.wait()).unwrap();
    /// assert_eq!(pool.shutdown_with(Deadline::PASSED, &mut Thread), Err(Failed::TimedOut));
    /// finish.set();
    /// ```
    pub fn shutdown_with<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<(), Failed> {
        let backlog = &self.shared.backlog;
        backlog.shut_down();
        if backlog.employs_current_thread() {
            return Ok(());
        }
        backlog.join_with(deadline, waiter)?;
        // They have left the pool; what is left is the way out of their threads.
        for thread in backlog.threads() {
            match thread.join_with(deadline, waiter) {
                Err(thread::NotJoined::TimedOut) => return Err(Failed::TimedOut),
                Err(thread::NotJoined::Aborted) => return Err(Failed::Aborted),
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether the pool takes no more tasks.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new();
    /// assert!(!pool.is_shut_down());
    /// pool.close();
    /// assert!(pool.is_shut_down());
    /// ```
    #[must_use]
    pub fn is_shut_down(&self) -> bool {
        self.shared.backlog.status() != Status::Open
    }

    /// Whether the pool's initializer has failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::builder().initializer(|| panic!("no connection")).build();
    /// assert!(pool.submit(|| 1).unwrap().result().is_err());
    /// assert!(pool.is_broken());
    /// ```
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.shared.backlog.status() == Status::Broken
    }

    /// How many workers there may be.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    ///
    /// assert_eq!(ThreadPoolExecutor::builder().workers(5).build().max_workers(), 5);
    /// ```
    #[must_use]
    pub fn max_workers(&self) -> usize {
        self.shared.limit
    }

    /// How many workers there are.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new();
    /// assert_eq!(pool.workers(), 0);
    /// pool.submit(|| 1).unwrap().wait();
    /// assert_eq!(pool.workers(), 1);
    /// ```
    #[must_use]
    pub fn workers(&self) -> usize {
        self.shared.backlog.workers().0
    }

    /// How many workers sleep, for want of tasks.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new();
    /// pool.submit(|| 1).unwrap().wait();
    /// while pool.idle() < 1 {
    ///     std::thread::yield_now();
    /// }
    /// ```
    #[must_use]
    pub fn idle(&self) -> usize {
        self.shared.backlog.workers().1
    }

    /// How many tasks nobody has begun, cancelled ones included.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    ///
    /// assert_eq!(ThreadPoolExecutor::new().pending(), 0);
    /// ```
    #[must_use]
    pub fn pending(&self) -> usize {
        self.shared.backlog.len()
    }
}

enum Refusal {
    Status(Status),
    NoThread(io::Error),
}

impl Shared {
    /// Takes a task in, and starts a worker for it if need be. If that is refused, the tasks come back that nobody will do.
    fn push(self: &Arc<Self>, task: Queued) -> Result<(), (Refusal, VecDeque<Queued>)> {
        match self.backlog.push(task) {
            Ok(None) => Ok(()),
            // The first one, at the end of the process: no worker would be waited for.
            Ok(Some(0)) if !at_exit(Arc::downgrade(self) as _) => {
                self.backlog.shut_down();
                Err((Refusal::Status(Status::ShutDown), self.backlog.not_started()))
            }
            Ok(Some(number)) => self.start(number).or_else(|error| {
                let left = self.backlog.not_started();
                // If none is left, other workers do them.
                if left.is_empty() { Ok(()) } else { Err((Refusal::NoThread(error), left)) }
            }),
            Err((status, task)) => Err((Refusal::Status(status), [task].into())),
        }
    }

    fn start(self: &Arc<Self>, number: usize) -> io::Result<()> {
        let shared = Arc::clone(self);
        let builder = thread::Builder::new().name(format!("{}_{number}", self.prefix)).daemon(false);
        builder.spawn(move || shared.work()).map(drop)
    }

    /// The life of a worker.
    fn work(&self) {
        let process = fork_epoch();
        self.backlog.enrol(thread::current());
        let work = &current().work;
        work.set_pool(self.backlog.address());
        let is_ready = self.initializer.as_ref().is_none_or(|initializer| contain(|| initializer()));
        if !self.backlog.started(process) {
            return;
        }
        if is_ready {
            self.crew.join();
            while let Some(task) = self.backlog.next(process) {
                work.begin(Some(task.name()));
                task.run();
                work.end();
            }
            self.crew.leave();
        } else {
            self.backlog.break_down().into_iter().for_each(Queued::give_up);
        }
        work.set_pool(0);
        self.backlog.leave(process);
    }
}

impl AtExit for Shared {
    fn exit_begins(&self) {
        self.backlog.shut_down();
    }
}

impl Drop for ThreadPoolExecutor {
    fn drop(&mut self) {
        self.shutdown();
    }
}

impl Default for ThreadPoolExecutor {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ThreadPoolExecutor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ThreadPoolExecutor")
            .field("name_prefix", &self.shared.prefix)
            .field("workers", &self.workers())
            .field("pending", &self.pending())
            .finish_non_exhaustive()
    }
}

impl<F> SubmitError<F> {
    /// The task.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new();
    /// pool.close();
    /// let task = pool.submit(|| 6 * 7).unwrap_err().into_inner();
    /// assert_eq!(task(), 42);
    /// ```
    pub fn into_inner(self) -> F {
        match self {
            Self::ShutDown(work) | Self::Broken(work) | Self::NoThread(work, _) => work,
        }
    }
}

impl<F> fmt::Debug for SubmitError<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ShutDown(_) => formatter.write_str("ShutDown(..)"),
            Self::Broken(_) => formatter.write_str("Broken(..)"),
            Self::NoThread(_, error) => write!(formatter, "NoThread(.., {error:?})"),
        }
    }
}

impl<F> fmt::Display for SubmitError<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ShutDown(_) => formatter.write_str("the pool is shut down"),
            Self::Broken(_) => formatter.write_str("the pool is broken: its initializer has failed"),
            Self::NoThread(_, error) => write!(formatter, "the pool has no worker, and none could be started: {error}"),
        }
    }
}

impl<F> std::error::Error for SubmitError<F> {}
