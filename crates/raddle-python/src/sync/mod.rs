//! The core's `sync`, for Python.

pub(crate) mod barrier;
pub(crate) mod condition;
pub(crate) mod event;
pub(crate) mod lock;
pub(crate) mod rlock;
pub(crate) mod rwlock;
pub(crate) mod semaphore;
