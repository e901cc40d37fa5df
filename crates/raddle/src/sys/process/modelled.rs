//! Processes and threads under loom and shuttle: one process, which does not fork.

pub(crate) use crate::sys::machine::on_thread_exit;

/// There is no fork.
pub(crate) fn fork_epoch() -> u32 {
    0
}

/// There is no fork.
pub(crate) fn watch_forks() {}

/// There is no fork.
pub(crate) fn on_fork_in_child(_repair: fn()) {}

/// Unknown here.
pub(crate) fn current_native_id() -> u64 {
    0
}

/// Unknown here.
pub(crate) fn current_ident() -> u64 {
    0
}

/// Not known here.
pub(crate) fn is_main_thread(_native_id: u64) -> bool {
    false
}

/// The names of threads are not told to anybody.
pub(crate) fn set_os_name(_native_id: u64, _name: &str) {}

/// A model says nothing of how many threads there are.
pub(crate) fn thread_count() -> Option<usize> {
    None
}
