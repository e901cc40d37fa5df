//! The one door: how every wait begins, goes on and ends.

use std::ops::ControlFlow;
use std::{mem, ptr};

use super::deadline::Deadline;
use super::node::{Node, State};
use super::waiter::Waiter;
use crate::sys::Wake;

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

/// Waits until `node` is granted, `deadline` passes, or the waiter is told to stop.
///
/// The caller has linked the node, in the section of the object, and has left that section. A node that does
/// not stay linked while a handler runs ends as granted with nothing when the handler says go on: the
/// caller looks again, and waits again.
pub(crate) fn wait<W: Waiter>(node: &Node<'_>, deadline: Deadline, waiter: &mut W) -> End {
    let record = node.record;
    record.during(node, || {
        let outer = record.published.began(
            node.kind,
            ptr::from_ref(node.place).cast::<()>().addr(),
            node.since,
            deadline.nanoseconds(),
        );
        let unwinding = Unwinding { node };
        let end = sleep_until_ended(node, deadline, waiter);
        mem::forget(unwinding);
        record.published.ended(outer);
        end
    })
}

/// A waiter has panicked, against its contract: the node leaves its list before its stack frame is gone.
struct Unwinding<'a> {
    node: &'a Node<'a>,
}

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        if !self.node.place.leave(self.node) {
            while self.node.state() != State::Granted {
                self.node.record.sleeper().sleep(None);
            }
        }
    }
}

fn sleep_until_ended<W: Waiter>(node: &Node<'_>, deadline: Deadline, waiter: &mut W) -> End {
    let sleeper = node.record.sleeper();
    let mut stopped = false;
    loop {
        let limit = match node.state() {
            State::Granted if stopped => return End::Aborted { granted: true },
            State::Granted => return End::Granted,
            State::Requeued => None,
            State::Waiting if stopped => None,
            State::Waiting => deadline.nanoseconds(),
        };
        match waiter.sleep(|| sleeper.sleep(limit)) {
            Wake::Woken => {}
            // A grant may have come in between: then `leave` says no, and the next look finds it.
            Wake::TimedOut => {
                if node.place.leave(node) {
                    return End::TimedOut;
                }
            }
            Wake::Interrupted => {
                if !waiter.is_interruptible() || node.state() != State::Waiting {
                    continue;
                }
                if node.stays {
                    if waiter.interrupted().is_break() {
                        if node.place.leave(node) {
                            return End::Aborted { granted: false };
                        }
                        stopped = true;
                    }
                } else if node.place.leave(node) {
                    return match waiter.interrupted() {
                        ControlFlow::Continue(()) => End::Granted,
                        ControlFlow::Break(()) => End::Aborted { granted: false },
                    };
                }
            }
        }
    }
}
