//! `threading.Barrier`.

use std::ptr;
use std::sync::OnceLock;

use pyo3::PyTraverseError;
use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi::{self, PyObject};
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use raddle::sync::{Arrival, Barrier as RawBarrier, BarrierError};

use crate::boundary::{Attached, Raised, raise};
use crate::convert;
use crate::finalize::Holds;
use crate::item::{Held, Item};
use crate::raw::{Arguments, Function, Method, Reply, method};
use crate::standard::Standard;

/// The native part of `raddle.threading.Barrier`.
///
/// The Python part runs the action, so that no native frame lies below the user's code.
#[pyclass(module = "raddle._native", frozen, weakref, subclass)]
#[derive(Debug)]
pub(crate) struct Barrier {
    parts: OnceLock<Parts>,
}

#[derive(Debug)]
struct Parts {
    raw: RawBarrier,
    action: Held,
    timeout: Held,
}

const NOT_BEGUN: &str = "Barrier.__init__() not called";

impl Barrier {
    fn parts(&self) -> PyResult<&Parts> {
        self.parts.get().ok_or_else(|| PyRuntimeError::new_err(NOT_BEGUN))
    }

    fn wait(&self, arguments: Arguments) -> Result<Reply, Raised> {
        let Some(parts) = self.parts.get() else { return Err(raise::<PyRuntimeError>(NOT_BEGUN)) };
        if !parts.action.get().is_null() {
            return Ok(Reply::Standard(Standard::BarrierWait));
        }
        let Some([timeout]) = arguments.bind(&[c"timeout"]) else {
            return Err(convert::wrong_arguments("wait(timeout=None)"));
        };
        let index = match arrive(parts, timeout)? {
            Arrival::Passed(index) => index,
            Arrival::Last(last) => last.complete().map_err(|_| Standard::BrokenBarrierError.raise())?,
        };
        // SAFETY: attached.
        Ok(Reply::Object(unsafe { ffi::PyLong_FromSsize_t(convert::py_size(index)) }))
    }
}

fn arrive(parts: &Parts, timeout: *mut PyObject) -> Result<Arrival<'_>, Raised> {
    // SAFETY: an argument of the call or a reference that we own, attached.
    let deadline = unsafe {
        // Null counts as none, too.
        convert::deadline(if convert::is_none(timeout) { parts.timeout.get() } else { timeout })?
    };
    parts.raw.arrive_with(deadline, &mut Attached).map_err(|error| match error {
        BarrierError::Broken => Standard::BrokenBarrierError.raise(),
        BarrierError::Aborted => Raised,
    })
}

impl Holds for Barrier {
    fn take_one(&self) -> *mut PyObject {
        let Some(parts) = self.parts.get() else { return ptr::null_mut() };
        let action = parts.action.take();
        if action.is_null() { parts.timeout.take() } else { action }
    }

    fn deallocation() -> &'static OnceLock<ffi::destructor> {
        static ORIGINAL: OnceLock<ffi::destructor> = OnceLock::new();
        &ORIGINAL
    }
}

#[pymethods]
impl Barrier {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(parties, action=None, timeout=None)")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self { parts: OnceLock::new() }
    }

    #[pyo3(signature = (parties, action=None, timeout=None))]
    fn __init__(
        &self,
        parties: &Bound<'_, PyAny>,
        action: Option<&Bound<'_, PyAny>>,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let least = i64::from(cfg!(Py_3_13));
        let refusal = if cfg!(Py_3_14) { "parties must be >= 1" } else { "parties must be > 0" };
        // SAFETY: a valid object, attached.
        let parties =
            unsafe { convert::count(parties.as_ptr(), least, refusal) }.map_err(|Raised| PyErr::fetch(parties.py()))?;
        let parts = Parts {
            raw: RawBarrier::new(usize::try_from(parties).unwrap_or(usize::MAX)),
            action: Held::new(action.map(Item::from_bound)),
            timeout: Held::new(timeout.map(Item::from_bound)),
        };
        self.parts.set(parts).map_err(|_| PyRuntimeError::new_err("Barrier.__init__() called twice"))
    }

    /// Arrive and wait. Return the place in the order of arrival, and the number of the round if this is its last party, which then has
    /// to call `_complete` or `abort`.
    #[pyo3(signature = (timeout=None))]
    fn _arrive(&self, py: Python<'_>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<(usize, Option<u64>)> {
        let timeout = timeout.map_or(std::ptr::null_mut(), Bound::as_ptr);
        match arrive(self.parts()?, timeout) {
            Ok(Arrival::Passed(index)) => Ok((index, None)),
            Ok(Arrival::Last(last)) => Ok((last.index(), Some(last.into_round()))),
            Err(Raised) => Err(PyErr::fetch(py)),
        }
    }

    /// Let the others of the round go on.
    fn _complete(&self, py: Python<'_>, round: u64) -> PyResult<()> {
        self.parts()?.raw.complete_round(round).map_err(|_| {
            let Raised = Standard::BrokenBarrierError.raise();
            PyErr::fetch(py)
        })
    }

    #[getter]
    fn _action(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        Ok(self.parts()?.action.to_owned(py))
    }

    #[getter]
    fn _timeout(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        Ok(self.parts()?.timeout.to_owned(py))
    }

    /// Begin anew. Threads that wait get `BrokenBarrierError`.
    fn reset(&self) -> PyResult<()> {
        self.parts()?.raw.reset();
        Ok(())
    }

    /// Break the barrier, until it is reset. Threads that wait or arrive get `BrokenBarrierError`.
    fn abort(&self) -> PyResult<()> {
        self.parts()?.raw.abort();
        Ok(())
    }

    /// The number of threads that it takes.
    #[getter]
    fn parties(&self) -> PyResult<usize> {
        Ok(self.parts()?.raw.parties())
    }

    /// The number of threads that have arrived and wait.
    #[getter]
    fn n_waiting(&self) -> PyResult<usize> {
        Ok(self.parts()?.raw.waiting())
    }

    /// Whether the barrier is broken.
    #[getter]
    fn broken(&self) -> PyResult<bool> {
        Ok(self.parts()?.raw.is_broken())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Some(parts) = self.parts.get() {
            for held in [&parts.action, &parts.timeout] {
                held.visit(&visit)?;
            }
        }
        Ok(())
    }
}

method!(wait, Barrier, |this, object, arguments| this.wait(arguments));

/// The methods of the class.
pub(crate) const METHODS: &[Method] = &[Method {
    name: c"wait",
    doc: c"wait($self, /, timeout=None)\n--\n\nArrive, and wait for the other parties. Return the place in the order of arrival, from 0.\n\nIf timeout seconds pass before the others have come, the barrier breaks.\nRaises BrokenBarrierError if it is broken, breaks, or is reset meanwhile.",
    function: Function::WithArguments(wait),
}];
