//! The core's futures, for Python.

pub(crate) mod completions;
pub(crate) mod executor;
pub(crate) mod future;
pub(crate) mod task;
pub(crate) mod worker;
