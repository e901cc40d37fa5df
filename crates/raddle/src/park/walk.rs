//! Who waits for whom: the walk from a waiting thread to the one that it waits for, and on.
//!
//! # Why a cycle that is found is one
//!
//! Each step looks at one thread under the section of its record, where its wait cannot end, and copies: the number of the wait, which no other
//! wait of that thread has, and the thread that it depends on. No two such sections are held at once, so the steps are of
//! different moments. A cycle counts only if two more rounds find every step unchanged. Then each wait has lasted from the first round's step to the
//! third's, hence through all of the second. In the second round each owner was seen to own its lock, while it was itself
//! waiting, from before that round until after it. A reentrant lock changes its owner only by acts of its owner, so do the reads and the writer of a reader-writer lock, and a thread that is joined ends only by its own:
//! so at one moment all of these threads waited for each other, without a limit, and none of them can go on.
//!
//! # Sets
//!
//! A thread that waits for a task of a pool, which nobody has begun, goes on when any of the pool's workers does. So the walk gathers threads: each that it
//! comes to has to sleep in a wait without a limit, and all whom that depends on are gathered as well. If no other is left, none of them goes on unless
//! another one of them does. That is told only if they all come back to the one that looks: otherwise it waits for threads that
//! find themselves. A pool's workers are gathered only if there are as many as there may be; those were all seen asleep, with the same
//! number of the pool, in the first round and in the third, so no other one could have begun in the second.
//!
//! That a thread has ended is concluded from not finding it, which no order of memory promises to be recent: so it is told only
//! when a later look comes to the same.
//!
//! # What is not certain
//!
//! A [`Lock`](crate::sync::Lock) may be released by a thread outside of the cycle. That is why a cycle with one is not certain.

use std::panic::Location;

use super::crew::AnyOf;
use super::node::{Node, State, Whom};
use super::record::{Record, by_owner, for_each_record};
use crate::probe::{Wait, WaitKind};
use crate::sys::{Nanoseconds, thread_count};

/// One waiting thread, at the moment of the look.
#[allow(clippy::struct_excessive_bools, reason = "each is one answer about the wait, and any may go with any")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) thread: u64,
    /// Which of the thread's waits it is.
    pub(crate) number: u64,
    pub(crate) kind: WaitKind,
    pub(crate) object: usize,
    pub(crate) since: Nanoseconds,
    pub(crate) deadline: Option<Nanoseconds>,
    pub(crate) site: Option<&'static Location<'static>>,
    /// The threads without which the wait does not end.
    pub(crate) whom: Whom,
    /// Whether nobody else can end it.
    pub(crate) is_certain: bool,
    /// Whether the thread sleeps until something happens: no handler runs, and nothing has been granted.
    pub(crate) is_asleep: bool,
    /// How many notifications were lost where it waits.
    pub(crate) unheard: u64,
    /// Whether the waiter wants to hear of deadlocks.
    pub(crate) is_watched: bool,
    /// Whether a deadlock that is certain ends it.
    pub(crate) ends_at_deadlocks: bool,
}

impl Look {
    /// The number of the one thread without which the wait does not end; 0 if that is not known, or any of several will do.
    pub(crate) fn blocker(&self) -> u64 {
        if let Whom::Thread(thread) = self.whom { thread } else { 0 }
    }
}

/// Looks at what a thread waits for. Stops it for the length of the look at most, if its wait ends meanwhile.
pub(crate) fn look_at(record: &Record) -> Option<Look> {
    let thread = record.owner();
    if thread == 0 || !record.is_waiting() {
        return None;
    }
    record.published.look(|wait| look(thread, wait))
}

fn look(thread: u64, wait: &Wait) -> Look {
    // SAFETY: `wait` has published the node, and takes it back under the section that is held now, before the node is gone. What is
    // read of it never changes, or is atomic; the blocker outlives the node.
    let node: &Node<'_> = unsafe { &*wait.source.0.cast() };
    let state = node.state();
    let mut look = Look {
        thread,
        number: wait.number,
        kind: wait.kind,
        object: wait.object,
        since: wait.since,
        deadline: if state == State::Requeued { None } else { wait.deadline },
        site: wait.site,
        whom: Whom::Unknown,
        is_certain: false,
        is_asleep: matches!(state, State::Waiting | State::Requeued),
        unheard: node.place.unheard(),
        is_watched: wait.is_watched,
        // The way back through the lock is not ended.
        ends_at_deadlocks: wait.ends_at_deadlocks && state != State::Requeued,
    };
    if let Some(blocker) = node.blocker() {
        look.unheard = 0;
        look.kind = blocker.kind();
        look.object = blocker.address();
        look.whom = blocker.whom();
        look.is_certain = blocker.is_certain();
    }
    look
}

/// What a walk has come to.
#[derive(Debug)]
pub(super) struct Found {
    /// The threads, beginning with the one asked for. In a cycle each waits for the next one, and the last for the first.
    pub(super) steps: Vec<Look>,
    /// Whether nobody outside can end it.
    pub(super) is_certain: bool,
    /// Whether it is one thread, which waits for one that is no more.
    pub(super) is_orphan: bool,
    /// The same for every look at the same waits, and for no others.
    pub(super) fingerprint: u64,
}

impl Found {
    /// Whether it is a thread that acquires a lock that it has acquired itself.
    pub(super) fn is_of_one_lock(&self) -> bool {
        let first = &self.steps[0];
        first.kind == WaitKind::Lock && first.whom == Whom::Thread(first.thread)
    }

    /// Whether somebody outside would end it who cancels a future, or sets its result.
    pub(super) fn is_of_futures(&self) -> bool {
        self.steps.iter().any(|step| step.kind == WaitKind::Future || matches!(step.whom, Whom::AnyOf(_)))
    }
}

/// Follows the waits from `record`'s thread. Found are the threads that wait for each other, if this is one of them; or that the thread it waits for has ended.
///
/// `heeds`: not if one of them does not want to hear of it.
pub(super) fn deadlock_of(record: &Record, heeds: bool) -> Option<Found> {
    let (steps, is_orphan) = walk(record, heeds)?;
    for _ in 0..2 {
        for step in &steps {
            let again = by_owner(step.thread).and_then(look_at)?;
            if again != *step || !has_its_workers(step, &steps) {
                return None;
            }
        }
        if is_orphan && !is_of_an_ended_thread(&steps[0]) {
            return None;
        }
    }
    Some(Found {
        is_certain: steps.iter().all(|step| step.is_certain),
        is_orphan,
        fingerprint: steps.iter().fold(0, fingerprint),
        steps,
    })
}

/// Whether the workers that it waits for, if it does for those, are still there, and no others.
fn has_its_workers(step: &Look, steps: &[Look]) -> bool {
    let Whom::AnyOf(any) = step.whom else { return true };
    let is_step = |worker: &u64| steps.iter().any(|step| step.thread == *worker);
    any.if_all_there().is_some_and(|workers| workers.iter().all(is_step))
}

fn is_of_an_ended_thread(step: &Look) -> bool {
    matches!(step.whom, Whom::Thread(blocker) if by_owner(blocker).is_none())
}

/// The deadlocks that there are, each once. `heeds` as for [`deadlock_of`].
pub(super) fn every_deadlock(heeds: bool) -> Vec<Found> {
    let mut every: Vec<Found> = Vec::new();
    for_each_record(|record| {
        let found = deadlock_of(record, heeds);
        every.extend(found.filter(|found| every.iter().all(|other| other.fingerprint != found.fingerprint)));
    });
    every
}

/// The threads that go on only if `record`'s does, and it only if one of them does. Or `record`'s alone, and true, if it waits for one that has ended.
fn walk(record: &Record, heeds: bool) -> Option<(Vec<Look>, bool)> {
    let mut threads = vec![record.owner()];
    let mut pools: Vec<AnyOf> = Vec::new();
    let mut steps: Vec<Look> = Vec::new();
    // Each is looked at once; those that it waits for come behind.
    while let Some(thread) = threads.get(steps.len()) {
        let step = by_owner(*thread).and_then(look_at)?;
        if !step.is_asleep || (heeds && !step.is_watched) || step.deadline.is_some() {
            return None;
        }
        steps.push(step);
        let ahead = match step.whom {
            Whom::Unknown => return None,
            Whom::Thread(_) if is_of_an_ended_thread(&step) => {
                // Only who waits for it directly says so. The end of one that is joined is on the way to those who wait for that.
                let says_so = steps.len() == 1 && step.kind != WaitKind::Join;
                return says_so.then_some((steps, true));
            }
            Whom::Thread(blocker) => vec![blocker],
            Whom::AnyOf(any) if pools.contains(&any) => Vec::new(),
            Whom::AnyOf(any) => {
                pools.push(any);
                any.if_all_there()?
            }
        };
        for thread in ahead {
            if !threads.contains(&thread) {
                threads.push(thread);
            }
        }
    }
    are_one_circle(&steps).then_some((steps, false))
}

/// Whether all of them come back to the first one. Otherwise some are in a circle further on, who find it themselves.
fn are_one_circle(steps: &[Look]) -> bool {
    let mut come_back = vec![false; steps.len()];
    loop {
        let mut has_changed = false;
        for (index, step) in steps.iter().enumerate() {
            let does = |thread: u64| {
                steps.iter().position(|other| other.thread == thread).is_some_and(|at| at == 0 || come_back[at])
            };
            let comes_back = match step.whom {
                Whom::Unknown => false,
                Whom::Thread(blocker) => does(blocker),
                Whom::AnyOf(any) => any.if_all_there().is_some_and(|workers| workers.into_iter().any(does)),
            };
            has_changed |= comes_back && !come_back[index];
            come_back[index] |= comes_back;
        }
        if !has_changed {
            return come_back.iter().all(|comes_back| *comes_back);
        }
    }
}

/// Whether all threads of the process sleep in waits without a limit: then the fingerprint of those waits.
pub(super) fn all_asleep() -> Option<u64> {
    let (mut threads, mut awake, mut sum) = (0, false, 1);
    for_each_record(|record| awake |= record.owner() != 0 && !record.is_waiting());
    if awake {
        return None;
    }
    for_each_record(|record| {
        if record.owner() == 0 || awake {
            return;
        }
        match look_at(record) {
            Some(step) if step.is_asleep && step.deadline.is_none() => {
                threads += 1;
                sum = fingerprint(sum, &step);
            }
            _ => awake = true,
        }
    });
    // A thread that is not in the registry may do anything.
    (!awake && threads > 0 && thread_count() == Some(threads)).then_some(sum)
}

/// Looks at every waiting thread.
pub(super) fn every_wait() -> Vec<Look> {
    let mut looks = Vec::new();
    for_each_record(|record| looks.extend(look_at(record)));
    looks
}

/// Adds a wait to a sum that does not depend on the order.
fn fingerprint(sum: u64, step: &Look) -> u64 {
    // An odd factor and a shift mix the bits of two small numbers.
    let mixed = (step.thread ^ step.number.rotate_left(40)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    sum.wrapping_add(mixed ^ (mixed >> 29))
}
