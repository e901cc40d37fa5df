//! What is remembered of each object that was ever waited for, as long as it lives.

#[cfg(not(feature = "probe"))]
#[path = "disabled.rs"]
mod remember;
#[cfg(feature = "probe")]
#[path = "enabled.rs"]
mod remember;

pub(crate) use remember::{Trace, for_each};

use super::{State, WaitKind};
use crate::sys::Nanoseconds;

/// What is known of one object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) kind: WaitKind,
    /// The address of the object at its last wait: its identity, not to be followed.
    pub(crate) object: usize,
    /// How many waits for it are over.
    pub(crate) waits: u64,
    /// How long the longest of them was.
    pub(crate) longest: Nanoseconds,
    /// What the object says of itself now, if it can be asked.
    pub(crate) state: State,
}

/// How an object can be asked that nobody waits for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject {
    object: *const (),
    look: unsafe fn(*const ()) -> State,
}

// SAFETY: a value, until somebody follows it, who argues for that.
unsafe impl Send for Subject {}

impl Subject {
    /// # Safety
    ///
    /// As long as the trace that this is given to lives, any thread may call `look` with `object`. It is short, and enters no section but the
    /// object's own, under which nobody touches the trace.
    pub(crate) unsafe fn new(object: *const (), look: unsafe fn(*const ()) -> State) -> Self {
        Self { object, look }
    }

    /// # Safety
    ///
    /// The trace that it was given to lives.
    #[allow(dead_code, reason = "nobody looks with the feature `probe` turned off")]
    unsafe fn look(&self) -> State {
        // SAFETY: the promises of the caller, and of who made it.
        unsafe { (self.look)(self.object) }
    }
}

/// An object's trace, and how the object can be asked if it stays where it is.
#[derive(Debug)]
pub(crate) struct Traced<'a> {
    pub(crate) trace: &'a Trace,
    pub(crate) subject: Option<Subject>,
}
