//! Deadlocks and snapshots, for Python: as JSON, which the package's Python side makes objects and words of.

use std::collections::HashMap;
use std::time::Duration;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use raddle::diagnostics::{self, Deadlock, Deadlocks};
use raddle::thread::WaitKind;

use crate::boundary::new_string;
use crate::standard::Standard;

/// Before anybody waits. Nothing is looked for until Python's side, which tells of it, is there.
pub(crate) fn prepare() {
    diagnostics::set_deadlocks(Deadlocks::Off);
    diagnostics::set_reporter(tell);
}

/// Say what is done about deadlocks, "raise", "report" or "off", and how many seconds one that is not certain has to last.
#[pyfunction]
pub(crate) fn _watch(deadlocks: &str, grace: f64) -> PyResult<()> {
    let deadlocks = match deadlocks {
        "raise" => Deadlocks::Raise,
        "report" => Deadlocks::Report,
        "off" => Deadlocks::Off,
        _ => return Err(PyValueError::new_err("deadlocks must be 'raise', 'report' or 'off'")),
    };
    let grace = Duration::try_from_secs_f64(grace)
        .map_err(|_| PyValueError::new_err("grace must be a number of seconds that is not negative"))?;
    diagnostics::set_grace(grace);
    diagnostics::set_deadlocks(deadlocks);
    Ok(())
}

/// What is known of threads, of what they hold and of what they wait for, in JSON. Stops nobody.
#[pyfunction]
pub(crate) fn _snapshot() -> PyResult<String> {
    serde_json::to_string(&diagnostics::snapshot()).map_err(|error| PyRuntimeError::new_err(error.to_string()))
}

/// What threads wait for, in words, by the names of the kinds. The last word says what kind of object it is.
#[pyfunction]
pub(crate) fn _aims() -> HashMap<&'static str, String> {
    // The one class that has another name here.
    WaitKind::ALL.iter().map(|kind| (kind.name(), kind.aim().replace("RwLock", "RWLock"))).collect()
}

/// Tells of a deadlock, in a thread of its own: this one is in the middle of its wait, and no Python code may run above it.
fn tell(deadlock: &Deadlock) {
    let (start, tell) = (Standard::StartNewThread.object(), Standard::Tell.object());
    let Ok(text) = serde_json::to_string(deadlock) else { return };
    if start.is_null() || tell.is_null() {
        return;
    }
    // SAFETY: attached, as every thread that waits is when it calls this; the references are valid, and those that are made here are given up.
    // `start_new_thread` is the interpreter's own function, which runs nothing on this thread.
    unsafe {
        let text = new_string(&text);
        let arguments = ffi::PyTuple_Pack(1, text);
        let call = ffi::PyTuple_Pack(2, tell, arguments);
        ffi::Py_XDECREF(text);
        ffi::Py_XDECREF(arguments);
        if !call.is_null() {
            ffi::Py_XDECREF(ffi::PyObject_CallObject(start, call));
            ffi::Py_DECREF(call);
        }
        // No thread to be had, as while the interpreter shuts down: then there is nobody to tell.
        ffi::PyErr_Clear();
    }
}
