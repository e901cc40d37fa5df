//! The one door: how every wait begins, goes on and ends.

use std::mem;
use std::ops::ControlFlow;
use std::ptr;

use super::deadline::Deadline;
use super::node::{Grant, Node, State};
use super::waiter::Waiter;
use super::watch::{self, Watch};
use crate::probe::{self, Source};
use crate::sys::{Nanoseconds, Wake, now};

/// How a wait ended. The node is in no list any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// What was waited for has come: see [`Node::granted`].
    Granted,
    /// The deadline passed before it came.
    TimedOut,
    /// The waiter was told to stop. If it is `granted` nevertheless, the caller passes that on.
    Aborted { granted: bool },
}

/// Waits until `node` is granted, `deadline` passes, or the waiter is told to stop. One that is granted the right to compete is so until it has got what it
/// competes for.
///
/// The caller has linked the node, in the section of the object, and has left that section. A node that does
/// not stay linked while a handler runs is linked again when the handler says go on. If there is no need for that any more, it ends as granted
/// with nothing: the caller looks again.
pub(crate) fn wait<W: Waiter>(node: &Node<'_>, deadline: Deadline, waiter: &mut W) -> End {
    let record = node.record;
    let traced = if probe::ENABLED { node.place.traced() } else { None };
    if let Some(traced) = &traced {
        traced.trace.begin(node.kind, node.place.address(), traced.subject);
    }
    let end = record.during(node, || {
        let outer = record.published.began(probe::Wait {
            kind: node.kind,
            object: node.place.address(),
            thread: node.place.thread(),
            since: node.since,
            deadline: deadline.nanoseconds(),
            number: 0,
            site: node.site,
            is_watched: waiter.is_watched(),
            ends_at_deadlocks: waiter.ends_at_deadlocks(),
            source: Source(ptr::from_ref(node).cast()),
        });
        let _published = Published { node, outer };
        let unwinding = Unwinding { node };
        let end = sleep_until_ended(node, deadline, waiter);
        mem::forget(unwinding);
        end
    });
    if let Some(traced) = traced {
        traced.trace.ended(node.kind, node.place.address(), now().saturating_sub(node.since));
    }
    end
}

/// What the thread has published, until the wait is over.
struct Published<'a> {
    node: &'a Node<'a>,
    outer: Option<probe::Wait>,
}

impl Drop for Published<'_> {
    fn drop(&mut self) {
        self.node.record.published.ended(self.outer);
    }
}

/// A waiter has panicked, against its contract: the node leaves its list before its stack frame is gone.
struct Unwinding<'a> {
    node: &'a Node<'a>,
}

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        let node = self.node;
        if node.state() == State::Handling {
            if !node.stays {
                // It has left before the handler ran.
                return;
            }
            node.end_handling();
        }
        if !node.place.leave(node) {
            while node.state() != State::Granted {
                node.record.sleeper().sleep(None);
            }
        }
    }
}

fn sleep_until_ended<W: Waiter>(node: &Node<'_>, deadline: Deadline, waiter: &mut W) -> End {
    let sleeper = node.record.sleeper();
    let mut stopped = false;
    let mut limit = deadline.nanoseconds();
    let (is_watched, handles_signals) = (waiter.is_watched(), waiter.handles_signals());
    let begin_watch = |limit: Option<_>| Watch::new(node, is_watched && limit.is_none(), handles_signals);
    let mut watch = begin_watch(limit);
    // After a competition that was lost. A deadline that has passed meanwhile ends the wait, unless its notification has come.
    let begin_again = || {
        let limit = if node.home.is_some() { None } else { deadline.nanoseconds() };
        (limit, begin_watch(limit))
    };
    let mut lingers = true;
    let mut competition = Competition::default();
    loop {
        match node.state() {
            // Not with an interpreter in hand: it does not rest.
            State::Granted if competition.is_lost(node, 0) => (limit, watch) = begin_again(),
            State::Granted if stopped => return End::Aborted { granted: true },
            State::Granted => return End::Granted,
            State::Requeued => limit = None,
            State::Waiting | State::Handling => {}
        }
        let wake = waiter.sleep(|| {
            if mem::take(&mut lingers) {
                sleeper.linger(W::LOOKS_BEFORE_SLEEP > 0, limit);
            }
            loop {
                let wake = sleeper.sleep(watch.limit(limit));
                let is_due = wake == Wake::TimedOut && watch.is_due(limit);
                // Before the waiter takes back what it lets go of around a sleep, an interpreter for example: afterwards it would find the lock
                // taken again, time after time, by a thread that has the interpreter and hardly ever lets go of the lock.
                let sleeps_on =
                    !competition.begins_later(node) && competition.is_lost(node, limit.unwrap_or(Nanoseconds::MAX));
                if sleeps_on {
                    (limit, watch) = begin_again();
                }
                let was_asked = probe::ENABLED && wake == Wake::Woken && node.record.was_asked_to_look();
                if was_asked {
                    watch.look_at_once(node);
                }
                match wake {
                    Wake::TimedOut if is_due && watch.look(node).is_continue() => {}
                    Wake::TimedOut if is_due => return Wake::Woken,
                    Wake::Woken if sleeps_on && !was_asked => {}
                    wake => return wake,
                }
            }
        });
        if let Some(deadlock) = watch.take() {
            match handle(node, || watch::answer(node, &deadlock, waiter)) {
                Handled::Stopped => return End::Aborted { granted: false },
                Handled::Over => return End::Granted,
                // It cannot stop there, but it can tell.
                Handled::Not if node.state() == State::Requeued => _ = watch::answer(node, &deadlock, waiter),
                Handled::Not | Handled::GoesOn | Handled::TooLate => {}
            }
        }
        match wake {
            Wake::Woken if node.state() != State::Waiting => {}
            Wake::TimedOut => {
                if node.place.expire(node) {
                    return End::TimedOut;
                }
                // It is granted, or will be at once: the deadline has lost.
                limit = None;
            }
            // A signal ends no sleep if it comes before, with a wake-up that was meant for an earlier wait, or during a look. It is not told again.
            Wake::Woken | Wake::Interrupted => {
                if stopped || !waiter.is_interruptible() {
                    continue;
                }
                match handle(node, || waiter.interrupted()) {
                    Handled::Stopped => return End::Aborted { granted: false },
                    Handled::Over => return End::Granted,
                    Handled::TooLate => {
                        stopped = true;
                        limit = None;
                    }
                    Handled::Not | Handled::GoesOn => {}
                }
            }
        }
    }
}

/// What has come of a handler.
enum Handled {
    /// It has not run: what is waited for has come, or is on its way.
    Not,
    GoesOn,
    /// It has said stop, and the node is in no list any more.
    Stopped,
    /// It has said stop, but what is waited for has come, or is on its way.
    TooLate,
    /// There may be nothing to wait for any more.
    Over,
}

/// Calls the waiter, which may do as it likes, and wait itself.
fn handle(node: &Node<'_>, handler: impl FnOnce() -> ControlFlow<()>) -> Handled {
    if node.stays {
        if !node.begin_handling() {
            return Handled::Not;
        }
        let answer = handler();
        node.end_handling();
        match answer {
            ControlFlow::Continue(()) => Handled::GoesOn,
            ControlFlow::Break(()) if node.place.leave(node) => Handled::Stopped,
            ControlFlow::Break(()) => Handled::TooLate,
        }
    } else {
        if !node.place.leave(node) {
            return Handled::Not;
        }
        node.begin_handling();
        if handler().is_break() {
            return Handled::Stopped;
        }
        node.end_handling();
        if node.place.relink(node) { Handled::GoesOn } else { Handled::Over }
    }
}

/// What becomes of the right to compete.
#[derive(Default)]
struct Competition {
    since: Option<Nanoseconds>,
}

impl Competition {
    /// Whether the node comes back from a notification, and has not competed yet. Then it takes back first what it lets go of around a sleep: whoever has notified
    /// it may go on and acquire the lock many times, and would have to let go of an interpreter for each if the lock were taken meanwhile.
    fn begins_later(&self, node: &Node<'_>) -> bool {
        node.home.is_some() && self.since.is_none()
    }

    /// Whether the node was granted the right to compete, has found nothing to take, and waits again.
    fn is_lost(&mut self, node: &Node<'_>, limit: Nanoseconds) -> bool {
        if node.granted() != Grant::Compete {
            return false;
        }
        // One that comes back from a notification may have waited for that as long as you like. It does not rest: whoever has notified it is about to release
        // the lock.
        let (since, limit) = match node.home {
            Some(_) => (*self.since.get_or_insert_with(now), 0),
            None => (node.since, limit),
        };
        !node.arena().take(node, since, limit)
    }
}
