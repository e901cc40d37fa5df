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
//! | `threading.Thread`, a subclass with `run` | [`thread::Builder`] and [`thread::JoinHandle`], [`thread::Run`] |
//! | `daemon`, the end of the program | [`thread::Builder::daemon`], [`main`] |
//! | `current_thread`, `main_thread`, `enumerate`, `active_count` | [`thread::current`], [`thread::main_thread`], [`thread::enumerate`], [`thread::active_count`] |
//! | `excepthook`, `stack_size`, `get_ident`, `get_native_id` | [`thread::set_excepthook`], [`thread::stack_size`], [`thread::get_ident`], [`thread::get_native_id`] |
//! | `threading.Timer`, `local` | [`thread::Timer`], [`thread::Local`] |
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
//! parent is forgotten. A lock that was held by a thread that does not exist in the child stays held. Threads of the parent have terminated; the one that
//! forked is the main thread. A child should start its threads by [`thread`]: those that std starts may hang in a child whose parent was just starting or ending one.

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
