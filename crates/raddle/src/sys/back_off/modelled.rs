//! Letting others run before getting in line, in a model: its scheduler chooses who, and there is no time. Once is as much as many times, and may be in vain.

use std::ops::Range;

use crate::sys::{Nanoseconds, relax};

/// Lets other threads run, and looks whether there is anything more to back off for.
pub(crate) fn back_off(_limit: Option<Nanoseconds>, is_over: impl Fn() -> bool) -> Option<Range<Nanoseconds>> {
    relax();
    is_over();
    None
}

/// A model has no time to rest.
pub(crate) fn rest(_pause: Nanoseconds, _limit: Nanoseconds) -> bool {
    false
}

/// There is nothing to pause.
pub(crate) fn pause_backing_off() {}
