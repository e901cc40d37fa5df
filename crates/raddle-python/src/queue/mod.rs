//! The core's `queue`, for Python.

pub(crate) mod fifo;
