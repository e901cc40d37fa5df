//! Models of the core under loom, which runs every interleaving of a few threads within a bound of preemptions.
//!
//! Expiry and signals are explicit choices: a thread of the model calls [`raddle::model`]. A wake-up that is lost shows as
//! a deadlock, a grant that is lost or doubled by what is left at the end, a hole in mutual exclusion as a race on a cell.
//!
//! Each file says which mutations of the protocol its models have been seen to catch; each model names its bound.
//! Run with `RUSTFLAGS="--cfg loom" CARGO_PROFILE_TEST_OPT_LEVEL=2 cargo test -p raddle --no-default-features --test loom`: without
//! the probe, whose sections multiply the interleavings. `LOOM_MAX_PREEMPTIONS` goes deeper than the models' own bounds.

#![cfg(loom)]
#![allow(clippy::missing_panics_doc, reason = "tests panic")]

mod barrier;
mod condition;
mod event;
mod lock;
mod pool;
mod queue;
mod rwlock;
mod section;
mod semaphore;
mod slot;
mod support;
mod thread;
#[cfg(feature = "turns")]
mod turns;
