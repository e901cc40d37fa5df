//! The library under shuttle, which runs the threads of a test by chance, step by step: more threads and longer stories than
//! loom can exhaust, with every expiry and every signal a choice of the scheduler.
//!
//! Each test runs under two schedulers: one that picks any thread at each step, and one that runs the thread of the highest
//! priority and changes priorities at a few random steps (PCT), which finds what takes few but ill-timed switches. A wake-up that is lost
//! shows as a deadlock, a hand-over that is lost or doubled by what is left at the end, an internal cell that two threads touch
//! with nothing between them as a race.
//!
//! Run with `RUSTFLAGS="--cfg shuttle" CARGO_PROFILE_TEST_OPT_LEVEL=2 cargo test -p raddle --test shuttle`. A test that fails prints its
//! seed: `RADDLE_SHUTTLE_SEED` takes it back and repeats the same runs. `RADDLE_SHUTTLE_RUNS` says how many there are under
//! each scheduler.
//!
//! Most files say which mutations of the library their tests have been seen to catch.

#![cfg(shuttle)]
#![allow(clippy::missing_panics_doc, reason = "tests panic")]
#![allow(clippy::print_stdout, reason = "the seed is for whoever repeats the run")]

mod barrier;
mod condition;
mod deadlock;
mod event;
mod lock;
mod pool;
mod queue;
mod registry;
mod rwlock;
mod semaphore;
mod slot;
mod support;
mod thread;
