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
//! A [`Lock`](crate::sync::Lock) may be released by a thread outside of the cycle. That is why a cycle with one is not certain.

use std::panic::Location;

use super::node::{Node, State};
use super::record::{Record, by_owner, for_each_record};
use crate::probe::{Wait, WaitKind};
use crate::sys::{Nanoseconds, thread_count};

/// One waiting thread, at the moment of the look.
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
    /// The thread without which the wait does not end; 0 if that is not known.
    pub(crate) blocker: u64,
    /// Whether nobody else can end it.
    pub(crate) is_certain: bool,
    /// Whether the thread sleeps until something happens: no handler runs, and nothing has been granted.
    pub(crate) is_asleep: bool,
    /// How many notifications were lost where it waits.
    pub(crate) unheard: u64,
    /// Whether the waiter wants to hear of deadlocks.
    pub(crate) is_watched: bool,
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
        blocker: 0,
        is_certain: false,
        is_asleep: matches!(state, State::Waiting | State::Requeued),
        unheard: node.place.unheard(),
        is_watched: wait.is_watched,
    };
    if let Some(blocker) = node.blocker() {
        look.unheard = 0;
        look.kind = blocker.kind();
        look.object = blocker.address();
        look.blocker = blocker.thread();
        look.is_certain = blocker.is_certain();
    }
    look
}

/// What a walk has come to.
#[derive(Debug)]
pub(super) struct Found {
    /// The threads, beginning with the one asked for, each waiting for the next, and the last for the first; or for one that is no more.
    pub(super) steps: Vec<Look>,
    /// Whether nobody outside can end it.
    pub(super) is_certain: bool,
    /// The same for every look at the same waits, and for no others.
    pub(super) fingerprint: u64,
}

/// Follows the waits from `record`'s thread. Found is a cycle that comes back to it, or that the thread it waits for has ended.
///
/// `heeds`: not if one of them does not want to hear of it.
pub(super) fn deadlock_of(record: &Record, heeds: bool) -> Option<Found> {
    let steps = walk(record, heeds)?;
    for _ in 0..2 {
        for step in &steps {
            let again = by_owner(step.thread).and_then(look_at)?;
            if again != *step {
                return None;
            }
        }
    }
    Some(Found {
        is_certain: steps.iter().all(|step| step.is_certain),
        fingerprint: steps.iter().fold(0, fingerprint),
        steps,
    })
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

fn walk(record: &Record, heeds: bool) -> Option<Vec<Look>> {
    let start = record.owner();
    let mut steps: Vec<Look> = Vec::new();
    let mut step = look_at(record)?;
    loop {
        if !step.is_asleep || (heeds && !step.is_watched) || step.deadline.is_some() || step.blocker == 0 {
            return None;
        }
        steps.push(step);
        if step.blocker == start {
            return Some(steps);
        }
        if steps.iter().any(|earlier| earlier.thread == step.blocker) {
            // A cycle further on. Those who are in it find it.
            return None;
        }
        match by_owner(step.blocker) {
            Some(next) => step = look_at(next)?,
            // It has ended, and its end is on the way to those who wait for that.
            None if step.kind == WaitKind::Join => return None,
            // Only who waits for it directly says that a thread has ended with a lock.
            None => return (steps.len() == 1).then_some(steps),
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
