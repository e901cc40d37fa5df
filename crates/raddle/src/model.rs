//! Time and signals as explicit choices of a model.

use crate::park::by_owner;
use crate::sys::model as machine;
use crate::thread::ThreadId;

/// Every deadline of `thread` passes, and whoever waits is old.
pub fn expire(thread: ThreadId) {
    machine::let_time_pass();
    if let Some(record) = by_owner(thread.get()) {
        record.modelled_sleeper().expire();
    }
}

/// An hour passes, and nobody is told.
pub fn let_time_pass() {
    machine::let_time_pass();
}

/// A signal reaches `thread`.
pub fn interrupt(thread: ThreadId) {
    if let Some(record) = by_owner(thread.get()) {
        record.modelled_sleeper().interrupt();
    }
}
