//! The core's `queue`, for Python.

pub(crate) mod fifo;
mod order;
pub(crate) mod simple;
