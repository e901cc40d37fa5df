//! Floor 7: what the library knows of its threads, for people: deadlocks and snapshots.
//!
//! While a thread waits for something without a limit, it looks from time to time whether that can come at all. What it finds is
//! reported: by default in words, on standard error.
//!
//! | certainty | what was found |
//! |---|---|
//! | [`Certainty::Certain`] | a cycle of threads that wait for [`RLock`](crate::sync::RLock)s or [`RwLock`](crate::sync::RwLock)s of each other; a thread that waits for an `RwLock` that it has itself; or the owner of one has ended |
//! | [`Certainty::Probable`] | a cycle with a [`Lock`](crate::sync::Lock), which any thread may release, or with a [future](crate::futures), which somebody may cancel; it has lasted for the grace time, or for twenty times that if all workers of a pool wait for a task that nobody has begun |
//! | [`Certainty::AllAsleep`] | every thread of the process is in a wait of this library without a limit (Linux only) |
//!
//! Timed waits are no part of a deadlock, and neither is a lock that was ever released by another thread than the one that acquired it.
//! Nothing is found with the feature `probe` turned off.
//!
//! With the feature `inspect`, `serve` lets `raddle ps`, `raddle locks` and `raddle dump` look at the process from outside.
//!
//! # Examples
//!
//! ```
//! use raddle::diagnostics::{self, Deadlocks};
//! use std::time::Duration;
//!
//! diagnostics::set_deadlocks(Deadlocks::Report);
//! diagnostics::set_grace(Duration::from_secs(2));
//! ```

mod configure;
#[cfg(feature = "inspect")]
mod serve;
mod snapshot;

pub use configure::{deadlocks, grace, set_deadlocks, set_grace, set_reporter};
#[cfg(feature = "inspect")]
pub use serve::{Server, serve};
pub use snapshot::{
    Details, HeldLock, LockSnapshot, PoolSnapshot, QueueSnapshot, Snapshot, ThreadSnapshot, WorkerSnapshot, snapshot,
};

pub use crate::park::{BlockerState, Certainty, Deadlock, Deadlocks, Party};
