//! Letting others run before getting in line, in a model: its scheduler chooses who, and there is no time.

use std::ops::Range;

use crate::sys::{Nanoseconds, relax};

/// Lets other threads run, up to `times` times, until `is_over` says that there is nothing more to back off for.
pub(crate) fn back_off(
    times: u32,
    _limit: Option<Nanoseconds>,
    is_over: impl Fn() -> bool,
) -> Option<Range<Nanoseconds>> {
    for _ in 0..times {
        relax();
        if is_over() {
            break;
        }
    }
    None
}

/// A model has no time to rest.
pub(crate) fn rest(_pause: Nanoseconds, _limit: Nanoseconds) -> bool {
    false
}

/// There is nothing to pause.
pub(crate) fn pause_backing_off() {}
