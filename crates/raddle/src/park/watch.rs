//! Looking for deadlocks from inside of a wait that lasts: when, and what is done with what is found.
//!
//! There is no thread that watches: a fork, an exit and a program that counts its threads would all notice it. The waiting thread itself wakes
//! from time to time, rarer and rarer, while it waits for something without a limit. It looks before it takes anything back that
//! its [`Waiter`](super::Waiter) lets go of around a sleep, so a look disturbs nobody; only a thread that handles signals goes on to ask for them. The last thread of a cycle begins its wait when all others are in theirs; so it is
//! enough that everybody looks at his own.

use std::io::Write;
use std::ops::ControlFlow;
use std::ptr;

use super::deadlock::{Certainty, Deadlock};
use super::locals::quietly;
use super::node::{Node, State};
use super::record::by_owner;
use super::waiter::Waiter;
use super::walk::{self, Found};
use crate::probe;
use crate::sys::{AfterFork, AtomicPtr, AtomicU64, Nanoseconds, Ordering, Section, const_fn, global, now};

/// When the first look comes. Most waits for a lock are over by then.
const FIRST_LOOK: Nanoseconds = 10_000_000;

/// The longest time between two looks.
const RAREST: Nanoseconds = 60_000_000_000;

/// How many times the grace time has to be over, before it is said that the owner of a lock has ended, for nobody else is stuck; or that a pool is stuck,
/// for whoever has the future of a task that nobody has begun may well be about to cancel it.
const PATIENCE: u64 = 20;

/// What is done about deadlocks.
///
/// # Examples
///
/// ```
/// use raddle::diagnostics::{deadlocks, set_deadlocks, Deadlocks};
///
/// set_deadlocks(Deadlocks::Off);
/// assert_eq!(deadlocks(), Deadlocks::Off);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u64)]
pub enum Deadlocks {
    /// Nobody looks for them.
    Off = 0,
    /// They are reported.
    Report = 1,
    /// Those that are certain end the wait of the thread that finds them; others are reported.
    Raise = 2,
}

/// A function that reports a deadlock. Called by a thread that is part of it, and waits on when it returns; no section is held.
pub(crate) type Reporter = fn(&Deadlock);

struct Policy {
    deadlocks: AtomicU64,
    grace: AtomicU64,
    /// A [`Reporter`]; null: the one in this file.
    reporter: AtomicPtr<()>,
    told: Section<Told>,
}

/// The deadlocks that were told last, so that each is told once.
struct Told {
    fingerprints: [u64; Told::KEPT],
    next: usize,
}

impl Told {
    const KEPT: usize = 32;
}

impl AfterFork for Told {
    fn after_fork(&mut self, _torn: bool) {
        // Numbers of threads and of waits are never used again, so what the parent has told stays told.
        self.next %= Self::KEPT;
    }
}

impl Policy {
    const_fn! {
        fn new() -> Self {
            Self {
                deadlocks: AtomicU64::new(Deadlocks::Report as u64),
                grace: AtomicU64::new(500_000_000),
                reporter: AtomicPtr::new(ptr::null_mut()),
                told: Section::new(Told { fingerprints: [0; Told::KEPT], next: 0 }),
            }
        }
    }
}

global! {
    static POLICY: Policy = Policy::new();
}

pub(crate) fn set_deadlocks(deadlocks: Deadlocks) {
    // ORDERING: Relaxed, as all of the policy: each value stands for itself, and counts from the next wait on.
    POLICY.deadlocks.store(deadlocks as u64, Ordering::Relaxed);
}

pub(crate) fn deadlocks() -> Deadlocks {
    match POLICY.deadlocks.load(Ordering::Relaxed) {
        0 => Deadlocks::Off,
        1 => Deadlocks::Report,
        _ => Deadlocks::Raise,
    }
}

pub(crate) fn set_grace(grace: Nanoseconds) {
    POLICY.grace.store(grace.max(FIRST_LOOK), Ordering::Relaxed);
}

pub(crate) fn grace() -> Nanoseconds {
    POLICY.grace.load(Ordering::Relaxed)
}

pub(crate) fn set_reporter(reporter: Reporter) {
    // ORDERING: Relaxed: a function is there from the start.
    POLICY.reporter.store(reporter as *mut (), Ordering::Relaxed);
}

/// Tells of a deadlock: what a waiter does that has nothing better to do. A reporter that panics has told; the wait goes on.
pub(super) fn report(deadlock: &Deadlock) {
    let reporter = POLICY.reporter.load(Ordering::Relaxed);
    if reporter.is_null() {
        // Where nobody can read it, it is not told.
        let _ = writeln!(std::io::stderr(), "raddle: {deadlock}");
    } else {
        // SAFETY: the pointer was made from a `Reporter` in `set_reporter`.
        quietly(|| unsafe { std::mem::transmute::<*mut (), Reporter>(reporter)(deadlock) });
    }
}

/// The looks of one wait.
#[derive(Debug)]
pub(super) struct Watch {
    /// When the next look is due; `None`: never.
    next: Option<Nanoseconds>,
    /// How long after that the one after it is.
    pause: Nanoseconds,
    is_watched: bool,
    handles_signals: bool,
    /// What was seen before.
    cycle: Seen,
    asleep: Seen,
    found: Option<Deadlock>,
}

/// Something that has to last.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    fingerprint: u64,
    /// When it will have lasted.
    ripe: Nanoseconds,
}

impl Seen {
    /// Whether it is the same for `patience` by now.
    fn lasts(&mut self, fingerprint: Option<u64>, time: Nanoseconds, patience: Nanoseconds) -> bool {
        let fingerprint = fingerprint.unwrap_or(0);
        if fingerprint == 0 {
            *self = Self::default();
            return false;
        }
        if fingerprint != self.fingerprint {
            *self = Self { fingerprint, ripe: time.saturating_add(patience) };
            return false;
        }
        time >= self.ripe
    }
}

impl Watch {
    /// For a wait that begins now. `is_watched`: looks for deadlocks. `handles_signals`: is awake soon after it has begun, and after each
    /// look, to ask for signals.
    pub(super) fn new(node: &Node<'_>, is_watched: bool, handles_signals: bool) -> Self {
        let is_watched = probe::ENABLED && is_watched && deadlocks() != Deadlocks::Off;
        let pause = if handles_signals || node.blocker().is_some() { FIRST_LOOK } else { grace() };
        Self {
            next: (is_watched || handles_signals).then(|| now().saturating_add(pause)),
            pause,
            is_watched,
            handles_signals,
            cycle: Seen::default(),
            asleep: Seen::default(),
            found: None,
        }
    }

    /// Until when to sleep.
    pub(super) fn limit(&self, limit: Option<Nanoseconds>) -> Option<Nanoseconds> {
        match (self.next, limit) {
            (Some(next), Some(limit)) => Some(next.min(limit)),
            (next, limit) => next.or(limit),
        }
    }

    /// Whether a sleep until [`limit`](Self::limit) has ended for a look.
    pub(super) fn is_due(&self, limit: Option<Nanoseconds>) -> bool {
        self.next.is_some_and(|next| limit.is_none_or(|limit| next < limit))
    }

    /// It is time for a look. `Break`: the thread must wake, to [`take`](Self::take) what was found or to ask for signals.
    pub(super) fn look(&mut self, node: &Node<'_>) -> ControlFlow<()> {
        let time = now();
        let grace = grace();
        self.next = None;
        if self.is_watched {
            self.found = self.find(node, time, grace);
            self.pause = if self.pause < grace { grace } else { (self.pause * 2).min(RAREST.max(grace)) };
            let next = time.saturating_add(self.pause);
            // Not later than when patience is over.
            self.next = Some(if self.cycle.ripe > time { next.min(self.cycle.ripe) } else { next });
        }
        if self.handles_signals || self.found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Another thread has found what this one is to end.
    pub(super) fn look_at_once(&mut self, node: &Node<'_>) {
        if self.is_watched {
            self.found = self.find(node, now(), grace());
        }
    }

    fn find(&mut self, node: &Node<'_>, time: Nanoseconds, grace: Nanoseconds) -> Option<Deadlock> {
        let cycle = node.blocker().and_then(|_| walk::deadlock_of(node.record, true));
        // That a thread has ended is known by not finding it, so for that one look is not enough.
        if let Some(found) = cycle.as_ref().filter(|found| found.is_certain && !found.is_orphan) {
            return certain(found);
        }
        // Who acquires a lock twice may mean to wait for another thread's release: that is said only when nobody is awake who could.
        let cycle = cycle.filter(|found| !found.is_of_one_lock());
        let lasts =
            self.cycle.lasts(cycle.as_ref().map(|found| found.fingerprint), time, patience(cycle.as_ref(), grace));
        if let Some(found) = cycle.filter(|_| lasts) {
            let certainty = if found.is_certain { Certainty::Certain } else { Certainty::Probable };
            return claim(found.fingerprint).then(|| Deadlock::new(certainty, &found.steps));
        }
        let asleep = walk::all_asleep();
        if !self.asleep.lasts(asleep, time, grace) {
            return None;
        }
        // If some of them wait for each other, that says more, and it is said once. What is certain, its own threads say.
        let mut cycles = walk::every_deadlock(true);
        cycles.retain(|found| !found.is_orphan && !found.is_of_one_lock());
        if cycles.is_empty() {
            return asleep.is_some_and(claim).then(Deadlock::of_all_asleep);
        }
        let found = cycles.iter().find(|found| !found.is_certain && claim(found.fingerprint))?;
        Some(Deadlock::new(Certainty::Probable, &found.steps))
    }

    /// What is to be told, once.
    pub(super) fn take(&mut self) -> Option<Deadlock> {
        self.found.take()
    }
}

/// A deadlock that nobody outside can end is told at once: by a thread whose wait it ends, if there is one.
fn certain(found: &Found) -> Option<Deadlock> {
    if !found.steps[0].ends_at_deadlocks {
        if let Some(step) = found.steps.iter().find(|step| step.ends_at_deadlocks) {
            // Its own next look may be far off. If it has ended meanwhile, so has this.
            if let Some(record) = by_owner(step.thread) {
                record.ask_to_look();
            }
            return None;
        }
    }
    claim(found.fingerprint).then(|| Deadlock::new(Certainty::Certain, &found.steps))
}

/// How long it has to last before it is told.
fn patience(found: Option<&Found>, grace: Nanoseconds) -> Nanoseconds {
    match found {
        Some(found) if found.is_orphan && found.is_certain => grace,
        Some(found) if found.is_orphan || found.is_of_futures() => grace.saturating_mul(PATIENCE),
        _ => grace,
    }
}

/// What a waiter is told, and answers: `Break` ends the wait.
pub(super) fn answer(node: &Node<'_>, deadlock: &Deadlock, waiter: &mut impl Waiter) -> ControlFlow<()> {
    if node.state() == State::Requeued && waiter.ends_at_deadlocks() {
        // It would say so, but on the way back to its lock it cannot.
        report(deadlock);
        return ControlFlow::Continue(());
    }
    match waiter.suspects(deadlock) {
        ControlFlow::Break(()) if deadlock.certainty == Certainty::Certain => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    }
}

/// Whether this deadlock has not been told yet. All threads of it may find it at once.
fn claim(fingerprint: u64) -> bool {
    let mut told = POLICY.told.enter();
    if told.fingerprints.contains(&fingerprint) {
        return false;
    }
    let next = told.next;
    told.fingerprints[next] = fingerprint;
    told.next = (next + 1) % Told::KEPT;
    true
}
