//! Tasks that borrow: all are over before the scope is left.

use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use super::Future;
use super::backlog::Queued;
use super::pool::{SubmitError, ThreadPoolExecutor};
use super::task::{Job, Promised, Work};
use crate::park::{
    AnyOf, Blocker, Deadline, Grant, Node, Place, State as NodeState, Thread, WaitList, WakeList, Whom, quietly, wait,
};
use crate::probe::WaitKind;
use crate::sys::{AfterFork, Section, fork_epoch};

impl ThreadPoolExecutor {
    /// Runs `body`, which may submit tasks that borrow what lives outside of it, and waits until all of them are over.
    ///
    /// A task of the same pool that opens a scope keeps its worker while it waits: if all workers do that, and the tasks that they wait
    /// for have none, they wait for ever.
    ///
    /// # Panics
    ///
    /// If `body` does, after all tasks are over. A panic of a task is in its future, and is lost with it.
    ///
    /// # Interruption
    ///
    /// Signals do not end the wait.
    ///
    /// # Fork
    ///
    /// A child that is forked inside `body` does not wait for the parent's tasks.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new();
    /// let mut numbers = [1, 2, 3, 4];
    /// let (left, right) = numbers.split_at_mut(2);
    /// pool.scope(|scope| {
    ///     for half in [left, right] {
    ///         scope.submit(move || half.iter_mut().for_each(|number| *number *= 10)).unwrap();
    ///     }
    /// });
    /// assert_eq!(numbers, [10, 20, 30, 40]);
    /// ```
    pub fn scope<'env, R>(&'env self, body: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R) -> R {
        let scope = Scope {
            pool: self,
            open: Arc::new(Open::new(self.workers_of_tasks())),
            lives: PhantomData,
            borrows: PhantomData,
        };
        let result = catch_unwind(AssertUnwindSafe(|| body(&scope)));
        scope.open.wait_until_closed();
        result.unwrap_or_else(|thrown| resume_unwind(thrown))
    }
}

/// Where tasks are submitted that borrow: see [`ThreadPoolExecutor::scope`].
///
/// # Examples
///
/// ```
/// use raddle::futures::{Future, Scope, ThreadPoolExecutor};
///
/// fn count<'scope>(scope: &'scope Scope<'scope, '_>, text: &'scope str) -> Future<usize> {
///     scope.submit(|| text.len()).unwrap()
/// }
///
/// let pool = ThreadPoolExecutor::new();
/// let text = String::from("borrowed");
/// assert_eq!(pool.scope(|scope| count(scope, &text).result().unwrap()), 8);
/// ```
pub struct Scope<'scope, 'env: 'scope> {
    pool: &'env ThreadPoolExecutor,
    open: Arc<Open>,
    // Invariant, so that the compiler takes neither for longer or shorter than it is.
    lives: PhantomData<&'scope mut &'scope ()>,
    borrows: PhantomData<&'env mut &'env ()>,
}

impl<'scope> Scope<'scope, '_> {
    /// Submits a task, as [`ThreadPoolExecutor::submit`] does. The future may leave the scope if the result borrows nothing of it.
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
    /// let numbers = vec![1, 2, 3];
    /// let sum = pool.scope(|scope| scope.submit(|| numbers.iter().sum::<i32>()).unwrap());
    /// assert_eq!(sum.result().unwrap(), 6);
    /// ```
    pub fn submit<F, T>(&'scope self, work: F) -> Result<Future<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let work = Work::new(work, Some(Token::new(&self.open)));
        let task = Arc::new(self.pool.task(work));
        let job: Arc<dyn Job + 'scope> = Arc::clone(&task) as _;
        // SAFETY: only the lifetime is changed. What borrows for 'scope is the work and the result. Each is kept together with a token, and the
        // scope is not left while there are tokens: the work until it is consumed or dropped (`Work`), the result until the
        // worker has dropped the task (`Queued`). In a forked child the scope is left earlier, but there neither is touched any more: the
        // backlog forgets the job, and `Task::withdraw` refuses.
        let job = unsafe { mem::transmute::<Arc<dyn Job + 'scope>, Arc<dyn Job>>(job) };
        self.pool.enqueue(Queued::new(job, Some(Token::new(&self.open))), &task)?;
        let promised: Arc<dyn Promised<T> + 'scope> = task;
        // SAFETY: as above. A result that borrows keeps the future itself inside its lifetime, by the type `T`; without a result, what is left of
        // the task is an empty place for the work.
        Ok(Future::new(unsafe { mem::transmute::<Arc<dyn Promised<T> + 'scope>, Arc<dyn Promised<T>>>(promised) }))
    }
}

/// As long as there is one, the scope is not left.
pub(super) struct Token {
    open: Arc<Open>,
    process: u32,
}

impl Token {
    fn new(open: &Arc<Open>) -> Self {
        open.inside.enter().tokens += 1;
        Self { open: Arc::clone(open), process: fork_epoch() }
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        // In a forked child the parent's tokens do not count.
        if self.process == fork_epoch() {
            self.open.one_less();
        }
    }
}

/// What keeps a scope open, and who waits for it to close: one thread.
struct Open {
    /// Who ends the tasks.
    workers: AnyOf,
    inside: Section<Inside>,
}

struct Inside {
    tokens: usize,
    waiter: WaitList,
}

impl AfterFork for Inside {
    fn after_fork(&mut self, _torn: bool) {
        self.tokens = 0;
        self.waiter.forget_all();
    }
}

impl Open {
    fn new(workers: AnyOf) -> Self {
        Self { workers, inside: Section::new(Inside { tokens: 0, waiter: WaitList::new() }) }
    }

    fn one_less(&self) {
        let mut wakes = WakeList::new();
        let mut inside = self.inside.enter();
        inside.tokens -= 1;
        if inside.tokens == 0 {
            inside.waiter.grant_one(Grant::Handed, &mut wakes);
        }
        drop(inside);
        wakes.wake_all();
    }

    /// Waits until there are no tokens. None comes any more: the body is over, and tasks can submit to the scope only while they keep it open.
    fn wait_until_closed(&self) {
        loop {
            let node = Node::staying(self, WaitKind::TasksDone).depending_on(self);
            let mut inside = self.inside.enter();
            if inside.tokens == 0 {
                return;
            }
            // SAFETY: the node is new, and stays here until its wait is over.
            unsafe { inside.waiter.push_back(&node) };
            drop(inside);
            // Even if what a wait runs on the way panics: nobody leaves before the end.
            quietly(|| _ = wait(&node, Deadline::NEVER, &mut Thread));
        }
    }
}

impl Blocker for Open {
    /// Each task that is not over is one that a worker does, or that one has yet to begin.
    fn whom(&self) -> Whom {
        Whom::AnyOf(self.workers)
    }

    /// Futures may be cancelled.
    fn is_certain(&self) -> bool {
        false
    }

    fn kind(&self) -> WaitKind {
        WaitKind::TasksDone
    }
}

impl Place for Open {
    fn leave(&self, node: &Node<'_>) -> bool {
        let mut inside = self.inside.enter();
        if node.state() != NodeState::Waiting {
            return false;
        }
        // SAFETY: it waits, so it is linked, here: a node of this place is pushed to this list only.
        unsafe { inside.waiter.remove(node) };
        true
    }

    /// The parent's tasks are not waited for in a forked child.
    fn relink(&self, _node: &Node<'_>) -> bool {
        false
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Scope").field("pool", &self.pool).finish_non_exhaustive()
    }
}
