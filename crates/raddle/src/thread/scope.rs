//! Threads that may borrow, because somebody waits for their end.

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use super::builder::Builder;
use super::handle::JoinHandle;
use super::packet::{Packet, Payload};
use super::run::launch;
use crate::park::{self, Deadline, Identity, Phase, quietly};
use crate::sys::{AfterFork, Section};

/// Calls `body` with a scope, in which threads may be started that borrow what is outside of it; waits for the end of all of them, and
/// returns what `body` has returned.
///
/// # Panics
///
/// If `body` panics, or else if a thread has, whose handle was dropped without a join: with what that one has panicked with. In both cases after
/// all threads have ended.
///
/// # Examples
///
/// ```
/// use raddle::thread::{self, Builder};
///
/// let numbers = vec![1, 2, 3];
/// let (sum, longest) = thread::scope(|scope| {
///     let sum = scope.spawn(|| numbers.iter().sum::<i32>()).unwrap();
///     let longest = Builder::new().name("longest").spawn_scoped(scope, || numbers.iter().max()).unwrap();
///     (sum.join().unwrap(), longest.join().unwrap())
/// });
/// assert_eq!((sum, longest), (6, Some(&3)));
/// ```
pub fn scope<'env, F, T>(body: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let scope = Scope { shared: Arc::new(Shared::new()), lifetimes: PhantomData };
    // Unwind safe: a panic goes on below.
    let result = catch_unwind(AssertUnwindSafe(|| body(&scope)));
    scope.shared.wait_for_all();
    match result {
        Err(payload) => resume_unwind(payload),
        Ok(value) => match scope.shared.take_panic() {
            Some(payload) => resume_unwind(payload),
            None => value,
        },
    }
}

/// Where threads may borrow what lives for `'env`: see [`scope`].
///
/// # Examples
///
/// ```
/// use raddle::thread::{self, JoinHandle, Scope};
///
/// fn count<'scope>(scope: &'scope Scope<'scope, '_>, text: &'scope str) -> JoinHandle<usize> {
///     scope.spawn(|| text.len()).unwrap()
/// }
///
/// let text = String::from("borrowed");
/// assert_eq!(thread::scope(|scope| count(scope, &text).join().unwrap()), 8);
/// ```
pub struct Scope<'scope, 'env: 'scope> {
    shared: Arc<Shared>,
    /// Invariant in both: nothing may make either longer or shorter.
    lifetimes: PhantomData<(&'scope mut &'scope (), &'env mut &'env ())>,
}

impl<'scope> Scope<'scope, '_> {
    /// Starts a thread that calls `task`.
    ///
    /// # Errors
    ///
    /// The operating system's, if it has no thread to give.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread;
    ///
    /// let mut numbers = [1, 2, 3];
    /// thread::scope(|scope| {
    ///     for number in &mut numbers {
    ///         scope.spawn(move || *number *= 10).unwrap();
    ///     }
    /// });
    /// assert_eq!(numbers, [10, 20, 30]);
    /// ```
    pub fn spawn<F, T>(&'scope self, task: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        Builder::new().spawn_scoped(self, task)
    }
}

impl Builder {
    /// Makes a thread that calls `task`, and that may borrow what `scope` allows, and starts it.
    ///
    /// # Errors
    ///
    /// The operating system's, if it has no thread to give.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::{self, Builder};
    ///
    /// let text = String::from("borrowed");
    /// thread::scope(|scope| {
    ///     let thread = Builder::new().name("reader").spawn_scoped(scope, || text.len()).unwrap();
    ///     assert_eq!((thread.name().as_str(), thread.join().unwrap()), ("reader", 8));
    /// });
    /// ```
    pub fn spawn_scoped<'scope, F, T>(self, scope: &'scope Scope<'scope, '_>, task: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let (thread, stack_size) = self.thread();
        let packet = Arc::new(Packet::of_scope(Arc::clone(&scope.shared)));
        // SAFETY: `scope` waits for the end of the thread before it returns. It cannot miss it: it begins to wait when `body` has returned, and goes
        // on until all threads it knows of have ended; this function runs in `body` or in one of these, and makes the thread known before it returns.
        unsafe { launch(&thread, &packet, stack_size, task) }.map_err(|(error, _)| error)?;
        scope.shared.add(Arc::clone(thread.identity()));
        Ok(JoinHandle::started(thread, packet))
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Scope").finish_non_exhaustive()
    }
}

/// What a scope and its threads have in common.
pub(super) struct Shared {
    threads: Section<Threads>,
    panic: Section<Panic>,
}

/// Those that are to be waited for. A list, and not a count, because threads that a fork did not copy never count down.
struct Threads(Vec<Arc<Identity>>);

impl AfterFork for Threads {
    fn after_fork(&mut self, torn: bool) {
        if torn {
            // Not dropped, but forgotten: it may be half changed. None of them exists in this process, save the one that forked, and that
            // one's scope is in a thread which does not.
            mem::forget(mem::take(&mut self.0));
        }
    }
}

/// What the first thread has panicked with that nobody has joined.
struct Panic(Option<Payload>);

impl AfterFork for Panic {
    fn after_fork(&mut self, torn: bool) {
        if torn {
            mem::forget(self.0.take());
        }
    }
}

impl Shared {
    fn new() -> Self {
        Self { threads: Section::new(Threads(Vec::new())), panic: Section::new(Panic(None)) }
    }

    fn add(&self, identity: Arc<Identity>) {
        let mut threads = self.threads.enter();
        if threads.0.len() == threads.0.capacity() {
            // So a scope that starts many threads, one after the other, remembers a few.
            threads.0.retain(|identity| identity.phase() == Phase::Started);
        }
        threads.0.push(identity);
    }

    fn wait_for_all(&self) {
        loop {
            // On its own, so that the section is left.
            let next = self.threads.enter().0.pop();
            let Some(identity) = next else { return };
            // Whatever a wait runs on the way, a report of a deadlock for one, and even if that panics: nobody leaves before the end.
            while identity.phase() == Phase::Started {
                quietly(|| _ = identity.wait_for_end(Deadline::NEVER, &mut park::Thread));
            }
        }
    }

    /// A thread has panicked, and its handle is gone.
    pub(super) fn panicked(&self, payload: Payload) {
        let mut panic = self.panic.enter();
        if panic.0.is_none() {
            panic.0 = Some(payload);
            return;
        }
        drop(panic);
        drop(payload);
    }

    fn take_panic(&self) -> Option<Payload> {
        self.panic.enter().0.take()
    }
}
