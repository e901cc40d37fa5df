//! One test binary, one file a primitive. Nothing here sleeps to synchronise, and nothing asserts a time.

#![allow(clippy::missing_panics_doc, reason = "tests panic")]

mod barrier;
mod condition;
mod deadline;
mod diagnostics;
mod documentation;
mod event;
mod floors;
mod future;
mod lock;
mod map;
mod pool;
mod queue;
mod registry;
mod rlock;
mod rwlock;
mod scope;
mod semaphore;
mod sizes;
mod slot;
mod snapshot;
mod support;
mod thread;
mod thread_excepthook;
mod thread_exit;
mod thread_local;
mod thread_registry;
mod thread_scope;
mod thread_timer;
mod wait;
mod waiter;
