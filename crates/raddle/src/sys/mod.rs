//! Floor 0: the machine.
//!
//! The only place that names atomics, the futex, the clock, thread-local storage, fork and the
//! operating system's threads. Every choice between platforms, and between the real machine and
//! the modelled ones of loom and shuttle, is made in this file, over twin files that offer the same API.

#[cfg(not(any(loom, shuttle)))]
mod crowd;
#[cfg(not(any(loom, shuttle)))]
mod linger;
mod section;
mod spawn;
mod turns;

#[cfg(not(any(loom, shuttle)))]
#[path = "back_off/real.rs"]
mod back_off;
#[cfg(any(loom, shuttle))]
#[path = "back_off/modelled.rs"]
mod back_off;

#[cfg(not(any(loom, shuttle)))]
#[path = "machine/real.rs"]
mod machine;
#[cfg(loom)]
#[path = "machine/loom.rs"]
mod machine;
#[cfg(shuttle)]
#[path = "machine/shuttle.rs"]
mod machine;

#[cfg(all(target_os = "linux", not(raddle_portable), not(any(loom, shuttle))))]
#[path = "sleep/futex.rs"]
mod sleep;
#[cfg(all(any(not(target_os = "linux"), raddle_portable), not(any(loom, shuttle))))]
#[path = "sleep/portable.rs"]
mod sleep;
#[cfg(any(loom, shuttle))]
#[path = "sleep/modelled.rs"]
mod sleep;

#[cfg(all(unix, not(any(loom, shuttle))))]
#[path = "process/unix.rs"]
mod process;
#[cfg(all(not(unix), not(any(loom, shuttle))))]
#[path = "process/other.rs"]
mod process;
#[cfg(any(loom, shuttle))]
#[path = "process/modelled.rs"]
mod process;

#[cfg(not(any(loom, shuttle)))]
#[path = "threads/real.rs"]
mod threads;
#[cfg(any(loom, shuttle))]
#[path = "threads/modelled.rs"]
mod threads;

#[cfg(all(feature = "inspect", unix, not(any(loom, shuttle))))]
#[path = "apart/unix.rs"]
mod apart;
#[cfg(all(feature = "inspect", any(not(unix), loom, shuttle)))]
#[path = "apart/other.rs"]
mod apart;

#[cfg(all(feature = "inspect", unix, not(any(loom, shuttle))))]
#[path = "socket/unix.rs"]
mod socket;
#[cfg(all(feature = "inspect", any(not(unix), loom, shuttle)))]
#[path = "socket/other.rs"]
mod socket;

#[cfg(feature = "inspect")]
pub(crate) use apart::{at_process_exit, spawn_apart};
pub(crate) use back_off::{back_off, pause_backing_off, rest};
#[cfg(not(any(loom, shuttle)))]
use linger::linger;
#[cfg(feature = "probe")]
pub(crate) use machine::array;
#[cfg(any(loom, shuttle))]
pub(crate) use machine::model;
pub(crate) use machine::{
    AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, UnsafeCell, const_fn, global, relax, stand_back,
};
#[cfg(not(any(loom, shuttle)))]
use process::preemptions;
pub(crate) use process::{
    current_ident, current_native_id, fork_epoch, is_main_thread, on_fork_in_child, on_thread_exit, set_os_name,
    thread_count, watch_forks,
};
pub(crate) use section::{AfterFork, Guard, Section, View};
#[cfg(feature = "probe")]
pub(crate) use sleep::coarse_now;
pub(crate) use sleep::{Sleeper, Wake, now};
#[cfg(feature = "inspect")]
pub(crate) use socket::{Connection, Door, Listener};
pub(crate) use spawn::spawn;
pub(crate) use threads::{current_name, panicking};
#[cfg(feature = "turns")]
pub(crate) use turns::begin_turns;
pub(crate) use turns::takes_turns;

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
