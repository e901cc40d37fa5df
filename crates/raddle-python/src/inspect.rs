//! The process seen from outside, for Python: the thread that answers is the core's, and never needs the interpreter.

use std::path::PathBuf;

use pyo3::prelude::*;
use raddle::diagnostics;

/// Let other processes of this user look at this one until it ends.
///
/// If it is served already, that goes on.
#[pyfunction]
pub(crate) fn _serve() -> PyResult<Server> {
    Ok(Server(diagnostics::serve()?))
}

/// What looks at this process from outside is answered by.
#[pyclass(frozen, module = "raddle._native")]
pub(crate) struct Server(diagnostics::Server);

#[pymethods]
impl Server {
    /// Where the socket is, or was.
    #[getter]
    fn path(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    /// Answer no more, and remove the socket. Without effect in a forked child of the process that is served.
    fn stop(&self) {
        self.0.stop();
    }
}
