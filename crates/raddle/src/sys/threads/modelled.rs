//! Threads of a model.

use std::io;

use crate::sys::machine;
use crate::sys::spawn::Carried;

/// Starts a thread for `carried`: in a model that never fails.
#[allow(clippy::unnecessary_wraps, reason = "the API of the real twin")]
pub(in crate::sys) fn start(_name: Option<String>, _stack_size: Option<usize>, carried: Carried) -> io::Result<()> {
    drop(machine::spawn(move || carried.begin()));
    Ok(())
}

/// Whether the current thread panics.
pub(crate) fn panicking() -> bool {
    std::thread::panicking()
}

/// Threads of a model have no names.
pub(crate) fn current_name() -> Option<String> {
    None
}
