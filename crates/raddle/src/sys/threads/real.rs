//! The operating system's threads, through std.

use std::io;
use std::thread;

use crate::sys::process::{is_forked, start_without_std};
use crate::sys::spawn::Carried;

/// Starts a thread for `carried`, which is not begun if that fails. The name has no NUL.
pub(in crate::sys) fn start(name: Option<String>, stack_size: Option<usize>, carried: Carried) -> io::Result<()> {
    if is_forked() {
        // std keeps a table of threads behind a lock, which each takes when it begins and ends. If one did so in the parent when the process forked,
        // it is never free in the child, and no thread that std starts there would ever get to run.
        return start_without_std(name, stack_size, carried);
    }
    let mut builder = thread::Builder::new();
    if let Some(name) = name {
        builder = builder.name(name);
    }
    if let Some(size) = stack_size {
        builder = builder.stack_size(size);
    }
    // The handle is dropped: threads are joined by the library, not by the operating system.
    builder.spawn(move || carried.begin()).map(drop)
}

/// Whether the current thread panics.
#[inline]
pub(crate) fn panicking() -> bool {
    thread::panicking()
}

/// The name that std knows the current thread by.
pub(crate) fn current_name() -> Option<String> {
    thread::current().name().map(str::to_owned)
}
