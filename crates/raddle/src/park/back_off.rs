//! What a thread does before it waits, where it may.

use std::ops::Range;

use super::deadline::Deadline;
use super::waiter::Waiter;
use crate::sys::{self, Nanoseconds};

/// Looks for a moment whether something `is_over`, and lets other threads run, a few times, until it is, before the caller looks again whether it has to wait. `is_over` changes nothing.
/// Returns when they did, if that took long in the end.
///
/// Nothing is linked meanwhile, and nothing promised: it is as if the caller came a little later. Not for waiters that never look again
/// before they sleep: what they keep may be what the others need.
pub(crate) fn back_off<W: Waiter>(
    deadline: Deadline,
    waiter: &mut W,
    is_over: impl Fn() -> bool,
) -> Option<Range<Nanoseconds>> {
    debug_assert!(W::LOOKS_BEFORE_SLEEP > 0, "this waiter does not look again");
    waiter.sleep(|| sys::back_off(deadline.nanoseconds(), is_over))
}
