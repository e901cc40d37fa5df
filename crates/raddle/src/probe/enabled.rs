//! Publishing, turned on.

use super::{Wait, WaitKind};
use crate::sys::{AfterFork, Nanoseconds, Section, const_fn};

/// What one thread has published. Written by that thread, read by any.
#[derive(Debug)]
pub(crate) struct Published {
    waits: Section<Waits>,
}

#[derive(Debug)]
struct Waits {
    innermost: Option<Wait>,
    begun: u64,
}

impl AfterFork for Waits {
    fn after_fork(&mut self, _torn: bool) {
        // Copies of values, written by the thread itself: true for the thread that forked, and the
        // records of the others are used again only after `clear`.
    }
}

impl Published {
    const_fn! {
        pub(crate) fn new() -> Self {
            Self { waits: Section::new(Waits { innermost: None, begun: 0 }) }
        }
    }

    /// A wait begins; returns the one that it interrupts, for [`Published::ended`].
    pub(crate) fn began(
        &self,
        kind: WaitKind,
        object: usize,
        thread: u64,
        since: Nanoseconds,
        deadline: Option<Nanoseconds>,
    ) -> Option<Wait> {
        let mut waits = self.waits.enter();
        waits.begun += 1;
        let number = waits.begun;
        waits.innermost.replace(Wait { kind, object, thread, since, deadline, number })
    }

    /// The innermost wait is over, and `outer` goes on.
    pub(crate) fn ended(&self, outer: Option<Wait>) {
        self.waits.enter().innermost = outer;
    }

    /// What the thread waits for, if it does.
    pub(crate) fn waiting(&self) -> Option<Wait> {
        self.waits.enter().innermost
    }
}
