//! Threads as in Python's `threading`, `queue` and `concurrent.futures`, for Rust.
//!
//! Locks, reentrant locks, conditions, semaphores, events, barriers and queues with Python's words and Rust's idioms: RAII guards,
//! timeouts on everything, grants in the order of arrival, and a registry that says which thread waits for what.
//!
//! | Python | here |
//! |---|---|
//! | `threading.Lock`, `RLock` | [`sync::Lock`], [`sync::RLock`] |
//! | `threading.Condition` | [`sync::Condition`] |
//! | `threading.Semaphore`, `BoundedSemaphore` | [`sync::Semaphore`], [`sync::BoundedSemaphore`] |
//! | `threading.Event`, `Barrier` | [`sync::Event`], [`sync::Barrier`] |
//! | `queue.Queue` | [`queue::Queue`] |
//! | `concurrent.futures.Future` | [`futures::Future`], [`futures::promise`] |
//! | `ThreadPoolExecutor`, `wait`, `as_completed` | [`futures::ThreadPoolExecutor`], [`futures::wait`], [`futures::as_completed`] |
//!
//! Every blocking call `x()` has a `try_x()`, an `x_timeout(Duration)` and an `x_until(Instant)`; those with an own way of waiting,
//! such as bindings to other languages, use `x_with` and a [`park::Waiter`].
//!
//! # Fork
//!
//! In a forked child, everything works that no vanished thread held: free locks are free, queues have their items, and who waited in the
//! parent is forgotten. A lock that was held by a thread that does not exist in the child stays held.

pub mod diagnostics;
pub mod futures;
pub mod park;
mod probe;
pub mod queue;
pub mod sync;
mod sys;
pub mod thread;

pub use thread::main;

/// Time and signals as explicit choices, for models of this crate.
#[cfg(any(loom, shuttle))]
#[doc(hidden)]
pub mod model;
