//! `concurrent.futures.thread._WorkItem`: a call that waits for a worker.

use std::ptr;
use std::sync::OnceLock;

use pyo3::PyTraverseError;
use pyo3::ffi::{self, PyObject};
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::finalize::Holds;
use crate::item::{Held, Item};
use crate::raw::{Function, Method, Reply, method};
use crate::standard::Standard;

/// A call that an executor is to make, with its future.
#[pyclass(name = "_WorkItem", module = "concurrent.futures.thread", frozen)]
#[derive(Debug)]
pub(crate) struct Task {
    future: Held,
    function: Held,
    positional: Held,
    named: Held,
}

impl Task {
    /// The call `function(*positional, **named)`.
    pub(super) fn new(future: Item, function: Item, positional: Item, named: Option<Item>) -> Self {
        Self {
            future: Held::new(Some(future)),
            function: Held::new(Some(function)),
            positional: Held::new(Some(positional)),
            named: Held::new(named),
        }
    }

    pub(super) fn future_pointer(&self) -> *mut PyObject {
        self.future.get()
    }

    /// The function, a tuple, and a dict or null: borrowed.
    pub(super) fn call(&self) -> [*mut PyObject; 3] {
        [self.function.get(), self.positional.get(), self.named.get()]
    }
}

impl Holds for Task {
    fn take_one(&self) -> *mut PyObject {
        [&self.named, &self.positional, &self.function, &self.future]
            .into_iter()
            .map(Held::take)
            .find(|object| !object.is_null())
            .unwrap_or(ptr::null_mut())
    }

    fn deallocation() -> &'static OnceLock<ffi::destructor> {
        static ORIGINAL: OnceLock<ffi::destructor> = OnceLock::new();
        &ORIGINAL
    }
}

#[pymethods]
impl Task {
    #[getter]
    fn future(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.future.to_owned(py)
    }

    #[getter]
    fn r#fn(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.function.to_owned(py)
    }

    #[getter]
    fn args(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.positional.to_owned(py)
    }

    #[getter]
    fn kwargs(&self, py: Python<'_>) -> Py<PyAny> {
        self.named.to_owned(py).unwrap_or_else(|| PyDict::new(py).into_any().unbind())
    }

    /// What a worker's context runs.
    #[getter]
    fn task<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        (self.r#fn(py), self.args(py), self.kwargs(py)).into_pyobject(py)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        for held in [&self.future, &self.function, &self.positional, &self.named] {
            held.visit(&visit)?;
        }
        Ok(())
    }
}

// Python code runs it, for who takes it out of the executor's queue by hand.
method!(run, Task, |_this, object, arguments| Reply::Standard(Standard::TaskRun));

/// The methods of the class.
pub(crate) const METHODS: &[Method] = &[Method {
    name: c"run",
    doc: c"run($self, /, ctx=None)\n--\n\nMake the call, and finish the future with what comes of it.",
    function: Function::WithArguments(run),
}];
