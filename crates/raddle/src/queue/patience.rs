//! How long a thread lets others run before it gets in line at a queue, and whether that pays.
//!
//! Who is in line is served one by one: each item, or place, is handed to a thread that has to be woken for it. At a queue of many places a thread that lets the
//! others run instead finds room for many items, or many items, when it comes back; at a queue of few places it finds what it wants without anybody's being woken.
//!
//! Where other programs want the processors, one time in some costs a time slice, in which it gets nothing. So there is an account for each queue: the items that pass earn
//! time, and the slices spend it.

use std::mem;
use std::ops::Range;

use crate::sys::{Nanoseconds, pause_backing_off};

/// How much time an item saves that is not handed over: two threads' calls of the kernel.
const WORTH: Nanoseconds = 2_000;

/// How much time may be spent before any has been earned: two slices or three.
const FIRST_CREDIT: Nanoseconds = 10_000_000;

/// How much time may be saved up, however many items have passed: times change.
const MOST_CREDIT: Nanoseconds = 50_000_000;

/// The account of a queue.
#[derive(Debug)]
pub(super) struct Patience {
    /// How many items have passed since the account was last made up.
    passed: u64,
    credit: Nanoseconds,
    /// The time until here is accounted for: several threads may lose a slice at the same time, and it is lost once.
    charged_until: Nanoseconds,
}

impl Patience {
    pub(super) fn new() -> Self {
        Self { passed: 0, credit: FIRST_CREDIT, charged_until: 0 }
    }

    /// So many items have passed.
    pub(super) fn earn(&mut self, items: usize) {
        self.passed += items as u64;
    }

    /// A thread that let others run has come back late. If that is too much, nobody does it for a while.
    pub(super) fn charge(&mut self, slice: Range<Nanoseconds>) {
        let time = slice.end.saturating_sub(slice.start.max(self.charged_until));
        self.charged_until = self.charged_until.max(slice.end);
        let earned = mem::take(&mut self.passed).saturating_mul(WORTH);
        let credit = self.credit.saturating_add(earned).min(MOST_CREDIT);
        if credit < time {
            pause_backing_off();
        }
        self.credit = credit.saturating_sub(time);
    }
}
