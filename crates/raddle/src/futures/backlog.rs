//! The tasks of a pool that nobody has begun, and the workers that look for them.
//!
//! # States of a worker
//!
//! | state | what it does | counted in |
//! |---|---|---|
//! | starting | the thread is being made, or runs the initializer | `starting` |
//! | asleep | linked in `sleepers` | `asleep` |
//! | searching | it was woken, and will look for a task before it sleeps again or ends; who wakes it counts it | `searching` |
//! | busy | it does a task | nothing else |
//!
//! All are counted in `workers`, from the decision to start one until it has left.
//!
//! **While there are tasks and a worker sleeps, another one searches**, whenever nobody is under the section. Whoever puts a task
//! in, or takes one out and leaves others, restores that by waking one; a worker goes to sleep only when it has seen, under the section, that there
//! are no tasks. So no task waits while a worker sleeps for good, and a burst of tasks costs one wake-up, not one each: who was woken wakes the
//! next.
//!
//! Nobody looks again and again before it sleeps: measured on two processors, that made both a round trip and a burst slower.
//!
//! The worker that went to sleep last is woken first: its stack and its caches are warm.

use std::collections::VecDeque;
use std::mem;
use std::ptr;
use std::sync::Arc;

use super::ending::contain;
use super::scope::Token;
use super::task::{Cancellation, Job};
use crate::park::{
    self, Deadline, End, Failed, Grant, Node, Place, State as NodeState, ThreadId, WaitList, Waiter, WakeList, wait,
};
use crate::probe::{PoolState, State as Seen, Subject, WaitKind};
use crate::sys::{AfterFork, Guard, Section, fork_epoch};
use crate::thread::Thread;

/// See the head of this file.
pub(super) struct Backlog {
    inside: Section<Inside>,
}

struct Inside {
    tasks: VecDeque<Queued>,
    status: Status,
    /// How many workers there may be.
    limit: usize,
    workers: usize,
    starting: usize,
    searching: usize,
    asleep: usize,
    /// How many workers there have ever been: each has a number of its own in its name.
    numbered: usize,
    sleepers: WaitList,
    /// The workers that have started, also those that have left.
    threads: Vec<Thread>,
    /// Who waits for the last worker to leave.
    joiners: WaitList,
    next_joiner: u64,
}

/// What a pool still takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Open,
    /// Nothing more; what is there is done.
    ShutDown,
    /// Nothing more; the initializer has failed, and what was there is given up.
    Broken,
}

/// A task that waits for its turn.
pub(super) struct Queued {
    job: Arc<dyn Job>,
    /// Keeps the scope open that the task may borrow from.
    token: Option<Token>,
}

impl Queued {
    pub(super) fn new(job: Arc<dyn Job>, token: Option<Token>) -> Self {
        Self { job, token }
    }

    /// A function that says what the task is called.
    pub(super) fn name(&self) -> fn() -> &'static str {
        self.job.name()
    }

    pub(super) fn run(self) {
        self.end(|job| job.run());
    }

    pub(super) fn give_up(self) {
        self.end(|job| job.give_up());
    }

    /// Whether it is cancelled now, and was not before.
    pub(super) fn cancel(self) -> bool {
        let mut cancelled = false;
        self.end(|job| cancelled = job.cancel() == Cancellation::Now);
        cancelled
    }

    fn end(self, how: impl FnOnce(&dyn Job)) {
        let Self { job, token } = self;
        how(&*job);
        // If nobody wants the result, it is dropped here, and may panic.
        contain(|| drop(job));
        // The task, and all that it borrowed, is gone.
        drop(token);
    }
}

impl AfterFork for Inside {
    /// The workers do not exist in the child, and the tasks are the parent's, which does them.
    fn after_fork(&mut self, _torn: bool) {
        // Not dropped, but forgotten: what the tasks hold is the parent's, and may be half changed.
        mem::forget(mem::take(&mut self.tasks));
        mem::forget(mem::take(&mut self.threads));
        self.sleepers.forget_all();
        self.joiners.forget_all();
        (self.workers, self.starting, self.searching, self.asleep) = (0, 0, 0, 0);
    }
}

impl Backlog {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            inside: Section::new(Inside {
                tasks: VecDeque::new(),
                status: Status::Open,
                limit,
                workers: 0,
                starting: 0,
                searching: 0,
                asleep: 0,
                numbered: 0,
                sleepers: WaitList::new(),
                threads: Vec::new(),
                joiners: WaitList::new(),
                next_joiner: 0,
            }),
        }
    }

    /// Takes a task in. Returns the number of the worker to start, if there is none to spare for the task and one more is allowed.
    ///
    /// # Errors
    ///
    /// The task comes back, and the reason, if nothing is taken any more.
    pub(super) fn push(&self, task: Queued) -> Result<Option<usize>, (Status, Queued)> {
        let mut wakes = WakeList::new();
        let mut inside = self.inside.enter();
        if inside.status != Status::Open {
            let status = inside.status;
            drop(inside);
            return Err((status, task));
        }
        inside.tasks.push_back(task);
        let to_spare = inside.asleep + inside.searching + inside.starting;
        let starts = inside.tasks.len() > to_spare && inside.workers < inside.limit;
        let number = starts.then(|| {
            inside.workers += 1;
            inside.starting += 1;
            inside.numbered += 1;
            inside.numbered - 1
        });
        inside.rouse(&mut wakes);
        drop(inside);
        wakes.wake_all();
        Ok(number)
    }

    /// A worker could not be started. If there is no other one, all tasks come back.
    pub(super) fn not_started(&self) -> VecDeque<Queued> {
        let mut inside = self.inside.enter();
        inside.starting -= 1;
        let orphans = if inside.workers == 1 { mem::take(&mut inside.tasks) } else { VecDeque::new() };
        self.one_less(inside);
        orphans
    }

    /// The current thread is a worker that starts.
    pub(super) fn enrol(&self, thread: Thread) {
        self.inside.enter().threads.push(thread);
    }

    /// The current thread, a worker that was started in `process`, has run its initializer. False if that has forked, and this is the child,
    /// where the worker is not counted.
    pub(super) fn started(&self, process: u32) -> bool {
        let mut inside = self.inside.enter();
        let is_counted = process == fork_epoch();
        if is_counted {
            inside.starting -= 1;
        }
        is_counted
    }

    /// The next task for the current thread, a worker that was started in `process`; waits until there is one. `None` if it is to leave.
    pub(super) fn next(&self, process: u32) -> Option<Queued> {
        let mut inside = self.inside.enter();
        loop {
            // A task has forked, and this is the child: what is here is not for this thread, and it is not counted.
            if process != fork_epoch() {
                return None;
            }
            if let Some(task) = inside.tasks.pop_front() {
                let mut wakes = WakeList::new();
                inside.rouse(&mut wakes);
                drop(inside);
                wakes.wake_all();
                return Some(task);
            }
            if inside.status != Status::Open {
                return None;
            }
            inside = self.sleep(inside);
        }
    }

    fn sleep<'a>(&'a self, mut inside: Guard<'a, Inside>) -> Guard<'a, Inside> {
        let node = Node::staying(self, WaitKind::Task);
        // SAFETY: the node is new, and stays here until its wait is over.
        unsafe { inside.sleepers.push_front(&node) };
        inside.asleep += 1;
        drop(inside);
        wait(&node, Deadline::NEVER, &mut park::Thread);
        let mut inside = self.inside.enter();
        // Not so in a forked child, which has forgotten the counts.
        if node.granted() == Grant::Handed {
            inside.searching -= 1;
        }
        inside
    }

    /// The current thread, a worker that was started in `process`, is done.
    pub(super) fn leave(&self, process: u32) {
        let inside = self.inside.enter();
        if process == fork_epoch() {
            self.one_less(inside);
        }
    }

    fn one_less<'a>(&'a self, mut inside: Guard<'a, Inside>) {
        inside.workers -= 1;
        if inside.workers > 0 {
            return;
        }
        let mut wakes = WakeList::new();
        let ticket = inside.next_joiner;
        while inside.joiners.grant_until(ticket, Grant::Handed, &mut wakes) {
            drop(inside);
            wakes.wake_all();
            inside = self.inside.enter();
        }
        drop(inside);
        wakes.wake_all();
    }

    /// Takes no more tasks. The workers do what is there, and leave.
    pub(super) fn shut_down(&self) {
        let mut inside = self.inside.enter();
        if inside.status == Status::Open {
            inside.status = Status::ShutDown;
        }
        self.rouse_all(inside);
    }

    /// Takes no more tasks, and gives back what is there. The workers leave.
    pub(super) fn break_down(&self) -> VecDeque<Queued> {
        let mut inside = self.inside.enter();
        inside.status = Status::Broken;
        let tasks = mem::take(&mut inside.tasks);
        self.rouse_all(inside);
        tasks
    }

    /// Gives back what is there.
    pub(super) fn drain(&self) -> VecDeque<Queued> {
        mem::take(&mut self.inside.enter().tasks)
    }

    fn rouse_all<'a>(&'a self, mut inside: Guard<'a, Inside>) {
        let mut wakes = WakeList::new();
        while inside.rouse_one(&mut wakes) {
            if wakes.is_full() {
                drop(inside);
                wakes.wake_all();
                inside = self.inside.enter();
            }
        }
        drop(inside);
        wakes.wake_all();
    }

    /// Waits until there are no workers, in the way of `waiter`.
    pub(super) fn join_with<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<(), Failed> {
        let node = Node::staying(self, WaitKind::TasksDone);
        let mut inside = self.inside.enter();
        if inside.workers == 0 {
            return Ok(());
        }
        if deadline == Deadline::PASSED {
            return Err(Failed::TimedOut);
        }
        let ticket = inside.next_joiner;
        inside.next_joiner = ticket + 1;
        // SAFETY: the node is new, and stays here until its wait is over.
        unsafe { inside.joiners.push_back_with_ticket(&node, ticket) };
        drop(inside);
        match wait(&node, deadline, waiter) {
            End::Granted => Ok(()),
            End::TimedOut => Err(Failed::TimedOut),
            // Nothing to pass on: everybody was granted.
            End::Aborted { .. } => Err(Failed::Aborted),
        }
    }

    /// The threads of all workers that have started.
    pub(super) fn threads(&self) -> Vec<Thread> {
        self.inside.enter().threads.clone()
    }

    /// Whether the current thread is a worker.
    pub(super) fn employs_current_thread(&self) -> bool {
        let current = Some(ThreadId::current());
        self.inside.enter().threads.iter().any(|thread| thread.id() == current)
    }

    /// How others can look at it.
    ///
    /// # Safety
    ///
    /// It stays where it is, and lives longer than the trace that this is given to.
    pub(super) unsafe fn subject(&self) -> Subject {
        /// # Safety
        ///
        /// `backlog` is one that lives.
        unsafe fn look(backlog: *const ()) -> Seen {
            // SAFETY: the caller's promise.
            let inside = unsafe { &*backlog.cast::<Backlog>() }.inside.look();
            let (max_workers, backlog) = (inside.limit, inside.tasks.len());
            Seen::Pool(PoolState { max_workers, backlog, is_shut_down: inside.status != Status::Open })
        }
        // SAFETY: the caller's promise. No trace is touched under the section.
        unsafe { Subject::new(ptr::from_ref(self).cast(), look) }
    }

    pub(super) fn status(&self) -> Status {
        self.inside.enter().status
    }

    pub(super) fn len(&self) -> usize {
        self.inside.enter().tasks.len()
    }

    /// How many workers there are, and how many of them sleep.
    pub(super) fn workers(&self) -> (usize, usize) {
        let inside = self.inside.enter();
        (inside.workers, inside.asleep)
    }
}

impl Inside {
    /// Restores what the head of the file says always holds.
    fn rouse(&mut self, wakes: &mut WakeList) {
        if self.searching == 0 && !self.tasks.is_empty() {
            self.rouse_one(wakes);
        }
    }

    fn rouse_one(&mut self, wakes: &mut WakeList) -> bool {
        let roused = self.sleepers.grant_one(Grant::Handed, wakes);
        if roused {
            self.asleep -= 1;
            self.searching += 1;
        }
        roused
    }

    fn list(&mut self, kind: WaitKind) -> &mut WaitList {
        if kind == WaitKind::Task { &mut self.sleepers } else { &mut self.joiners }
    }
}

impl Place for Backlog {
    fn leave(&self, node: &Node<'_>) -> bool {
        let mut inside = self.inside.enter();
        if node.state() != NodeState::Waiting {
            return false;
        }
        // SAFETY: it waits, so it is linked, in the list of its kind.
        unsafe { inside.list(node.kind()).remove(node) };
        true
    }

    /// There are no workers in a forked child: nobody is waited for, and no worker waits.
    fn relink(&self, _node: &Node<'_>) -> bool {
        false
    }
}
