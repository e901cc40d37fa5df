//! Floor 0: the machine.
//!
//! The only place that names atomics, the futex, the clock, thread-local storage, fork and the
//! operating system's threads. Every choice between platforms, and between the real machine and
//! loom's modelled one, is made in this file, over twin files that offer the same API.

mod section;
mod spawn;

#[cfg(not(loom))]
#[path = "machine/real.rs"]
mod machine;
#[cfg(loom)]
#[path = "machine/modelled.rs"]
mod machine;

#[cfg(all(target_os = "linux", not(raddle_portable), not(loom)))]
#[path = "sleep/futex.rs"]
mod sleep;
#[cfg(all(any(not(target_os = "linux"), raddle_portable), not(loom)))]
#[path = "sleep/portable.rs"]
mod sleep;
#[cfg(loom)]
#[path = "sleep/modelled.rs"]
mod sleep;

#[cfg(all(unix, not(loom)))]
#[path = "process/unix.rs"]
mod process;
#[cfg(any(not(unix), loom))]
#[path = "process/other.rs"]
mod process;

#[cfg(not(loom))]
#[path = "threads/real.rs"]
mod threads;
#[cfg(loom)]
#[path = "threads/modelled.rs"]
mod threads;

#[cfg(loom)]
pub(crate) use machine::model;
pub(crate) use machine::{AtomicPtr, AtomicU32, AtomicU64, Ordering, UnsafeCell, const_fn, global, relax};
pub(crate) use process::{
    current_ident, current_native_id, fork_epoch, is_main_thread, on_fork_in_child, on_thread_exit, set_os_name,
    thread_count, watch_forks,
};
pub(crate) use section::{AfterFork, Guard, Section};
pub(crate) use sleep::{Sleeper, Wake, now};
pub(crate) use spawn::spawn;
pub(crate) use threads::current_name;

/// The pointer that each thread keeps for the floors above: its record.
pub(crate) mod local {
    pub(crate) use super::machine::{local_get as get, local_set as set};
}

/// Nanoseconds of the monotonic clock, from an arbitrary origin.
pub(crate) type Nanoseconds = u64;

/// How long it is from now to `instant`; zero if that has passed.
pub(crate) fn time_until(instant: std::time::Instant) -> std::time::Duration {
    instant.saturating_duration_since(std::time::Instant::now())
}

/// How many processors this process may use; 1 if that is not known.
pub(crate) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
}
