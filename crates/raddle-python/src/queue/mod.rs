//! The core's `queue`, for Python.

pub(crate) mod fifo;
pub(crate) mod simple;
