//! What is told of a deadlock.
#![allow(clippy::ref_option_ref, reason = "serde hands over a reference to the field, whatever that is")]

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use super::node::Whom;
use super::record::{Record, ThreadId, by_owner, existed_before_fork};
use super::walk::{self, Look};
use crate::probe::WaitKind;
use crate::sys::now;

/// Threads that wait for each other, or for something that cannot come any more.
///
/// # Examples
///
/// ```
/// use raddle::diagnostics::{set_reporter, Certainty, Deadlock};
///
/// set_reporter(|deadlock: &Deadlock| {
///     if deadlock.certainty == Certainty::Certain {
///         eprintln!("{deadlock}");
///     }
/// });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Deadlock {
    /// How sure it is.
    pub certainty: Certainty,
    /// The threads. Of a cycle each waits for what the next one has, and the last for what the first has.
    pub parties: Vec<Party>,
}

/// How sure a deadlock is.
///
/// # Examples
///
/// ```
/// use raddle::diagnostics::Certainty;
///
/// fn is_worth_a_page(certainty: Certainty) -> bool {
///     matches!(certainty, Certainty::Certain | Certainty::AllAsleep)
/// }
///
/// assert!(!is_worth_a_page(Certainty::Probable));
/// ```
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Certainty {
    /// Nobody can end it: each of the threads waits, without a limit, for an act of the next one.
    Certain,
    /// Only a thread outside could end it, by releasing a lock that it has not acquired. It has lasted for the grace time.
    Probable,
    /// Every thread of the process sleeps in a wait without a limit, for the grace time.
    AllAsleep,
}

/// One thread that waits.
///
/// # Examples
///
/// ```
/// use raddle::diagnostics::{set_reporter, Deadlock};
///
/// set_reporter(|deadlock: &Deadlock| {
///     for party in &deadlock.parties {
///         eprintln!("{:?} waits for a {:?} that {:?} has", party.name, party.kind, party.blocker);
///     }
/// });
/// ```
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Party {
    /// The thread.
    pub thread: ThreadId,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// The operating system's number of the thread.
    pub native_id: u64,
    /// The number by which the thread library knows the thread.
    pub ident: u64,
    /// What kind of thing it waits for.
    pub kind: WaitKind,
    /// The address of the object: its identity.
    pub object: usize,
    /// How long it has waited.
    #[cfg_attr(feature = "serde", serde(serialize_with = "words::seconds"))]
    pub waited: Duration,
    /// Which of its waits it is: two looks can tell the same wait from the next one.
    pub number: u64,
    /// Where the source code waits, where that is known.
    #[cfg_attr(feature = "serde", serde(serialize_with = "words::site"))]
    pub site: Option<&'static Location<'static>>,
    /// How many notifications the condition that it waits for had while nobody waited: those are lost.
    pub unheard: u64,
    /// The thread that it waits for, where that is known.
    pub blocker: Option<ThreadId>,
    /// What has become of that thread.
    pub blocker_state: BlockerState,
    /// Where that thread has acquired what this one waits for, where that is known.
    #[cfg_attr(feature = "serde", serde(serialize_with = "words::site"))]
    pub blocker_site: Option<&'static Location<'static>>,
    /// How many workers the pool has that it waits for, whichever of them; 0 if it is not that.
    pub workers: usize,
}

/// What has become of the thread that another one waits for.
///
/// # Examples
///
/// ```
/// use raddle::diagnostics::{snapshot, BlockerState};
///
/// let abandoned = snapshot().deadlocks.iter().flat_map(|deadlock| &deadlock.parties)
///     .filter(|party| party.blocker_state == BlockerState::Ended)
///     .count();
/// assert_eq!(abandoned, 0);
/// ```
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BlockerState {
    /// It lives; or it is not known which thread it is.
    Alive,
    /// It has ended.
    Ended,
    /// It does not exist in this process, which is a forked child.
    LeftInParent,
}

impl Deadlock {
    pub(super) fn new(certainty: Certainty, steps: &[Look]) -> Self {
        let time = now();
        let parties = steps.iter().filter_map(|step| Party::new(step, time)).collect();
        Self { certainty, parties }
    }

    pub(super) fn of_all_asleep() -> Self {
        Self::new(Certainty::AllAsleep, &walk::every_wait())
    }
}

/// The deadlocks of this moment, each once.
pub(crate) fn cycles() -> Vec<Deadlock> {
    let certainty = |is_certain| if is_certain { Certainty::Certain } else { Certainty::Probable };
    walk::every_deadlock(false).iter().map(|found| Deadlock::new(certainty(found.is_certain), &found.steps)).collect()
}

impl Party {
    pub(crate) fn new(step: &Look, time: u64) -> Option<Self> {
        let record = by_owner(step.thread)?;
        let number = step.blocker();
        let blocker = by_owner(number);
        let mut blocker_site = None;
        if let Some(blocker) = blocker {
            blocker.held.for_each(|held| {
                if held.object == step.object {
                    blocker_site = held.site;
                }
            });
        }
        Some(Self {
            thread: ThreadId::from_number(step.thread)?,
            name: name_of(record),
            native_id: record.native_id(),
            ident: record.ident(),
            kind: step.kind,
            object: step.object,
            waited: Duration::from_nanos(time.saturating_sub(step.since)),
            number: step.number,
            site: step.site,
            unheard: step.unheard,
            blocker: ThreadId::from_number(number),
            blocker_state: match blocker {
                None if existed_before_fork(number) => BlockerState::LeftInParent,
                None if number != 0 => BlockerState::Ended,
                _ => BlockerState::Alive,
            },
            blocker_site,
            workers: match step.whom {
                Whom::AnyOf(any) => any.if_all_there().map_or(0, |workers| workers.len()),
                _ => 0,
            },
        })
    }
}

impl fmt::Display for Deadlock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lost = self.parties.iter().any(|party| party.blocker_state != BlockerState::Alive);
        let is_of_a_pool = self.parties.iter().any(|party| party.workers > 0);
        formatter.write_str(match (self.certainty, self.parties.len()) {
            (Certainty::AllAsleep, _) => "all threads are asleep, and nothing is left that could wake one:",
            (Certainty::Certain, 1) if lost => "a lock will never be released:",
            (Certainty::Probable, 1) if lost => "a lock will probably never be released:",
            (Certainty::Certain, 1) => "deadlock: this thread waits for itself:",
            (Certainty::Probable, _) if is_of_a_pool => {
                "probable deadlock: these threads wait for a free worker of a pool, and none can become free:"
            }
            (Certainty::Certain, _) => "deadlock: these threads wait for each other:",
            (Certainty::Probable, _) => "probable deadlock: these threads wait for each other:",
        })?;
        self.parties.iter().try_for_each(|party| write!(formatter, "\n  {party}"))
    }
}

impl fmt::Display for Party {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_thread(formatter, self.name.as_deref(), self.native_id)?;
        write!(formatter, " waits {}", self.kind.aim())?;
        if self.kind == WaitKind::Join {
            if let Some(target) = self.blocker.and_then(|blocker| by_owner(blocker.get())) {
                formatter.write_str(" ")?;
                write_thread(formatter, name_of(target).as_deref(), target.native_id())?;
            }
        } else {
            write!(formatter, " at {:#x}", self.object)?;
        }
        write!(formatter, ", for {:.1} s", self.waited.as_secs_f64())?;
        if let Some(site) = self.site {
            write!(formatter, ", in {site}")?;
        }
        match self.unheard {
            0 => {}
            1 => formatter.write_str("; it was notified once while nobody waited, which is lost")?,
            count => write!(formatter, "; it was notified {count} times while nobody waited, which is lost")?,
        }
        match self.workers {
            0 => {}
            1 => formatter
                .write_str("; nobody has begun its task, and the only worker of the pool is among these threads")?,
            count => {
                write!(
                    formatter,
                    "; nobody has begun its task, and all {count} workers of the pool are among these threads"
                )?;
            }
        }
        let Some(blocker) = self.blocker else { return Ok(()) };
        match (self.blocker_state, by_owner(blocker.get())) {
            (BlockerState::Ended, _) => write!(formatter, "; a thread has it that has ended")?,
            (BlockerState::LeftInParent, _) => {
                write!(formatter, "; a thread has it that does not exist in this forked child")?;
            }
            (BlockerState::Alive, Some(record)) if self.kind != WaitKind::Join => {
                formatter.write_str("; ")?;
                write_thread(formatter, name_of(record).as_deref(), record.native_id())?;
                // Another thread may be the one that is to release it.
                formatter.write_str(match self.kind {
                    WaitKind::Lock => " acquired it",
                    WaitKind::Future => " works on it",
                    _ => " has it",
                })?;
            }
            (BlockerState::Alive, _) => {}
        }
        self.blocker_site.map_or(Ok(()), |site| write!(formatter, " at {site}"))
    }
}

pub(crate) fn name_of(record: &Record) -> Option<String> {
    record.identity().map(|identity| identity.name().as_ref().to_owned())
}

fn write_thread(formatter: &mut fmt::Formatter<'_>, name: Option<&str>, native_id: u64) -> fmt::Result {
    match name {
        Some(name) => write!(formatter, "thread {name} ({native_id})"),
        None => write!(formatter, "thread {native_id}"),
    }
}

/// How values that other crates have made are serialised.
#[cfg(feature = "serde")]
pub(crate) mod words {
    use std::panic::Location;
    use std::time::Duration;

    use serde::Serializer;

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub(crate) fn site<S: Serializer>(
        site: &Option<&'static Location<'static>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match site {
            Some(site) => serializer.collect_str(site),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(duration.as_secs_f64())
    }

    #[allow(clippy::ref_option, reason = "serde calls it so")]
    pub(crate) fn optional_seconds<S: Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => seconds(duration, serializer),
            None => serializer.serialize_none(),
        }
    }
}
