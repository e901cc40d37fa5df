//! The registry of threads, for Python.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};
use raddle::thread::{self, NotJoined, ThreadId, ThreadState};

use crate::boundary::{Patient, Raised, Watchful};
use crate::convert;

/// The living threads that have used raddle, each as a dict. Stops nobody.
#[pyfunction]
pub(crate) fn threads(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    for known in thread::snapshot() {
        let dict = PyDict::new(py);
        dict.set_item("owner", known.id.get())?;
        dict.set_item("native_id", known.native_id)?;
        dict.set_item("ident", known.ident)?;
        dict.set_item("name", &known.name)?;
        dict.set_item("state", if known.state == ThreadState::Blocked { "blocked" } else { "runnable" })?;
        let wait = known.waits_for;
        dict.set_item("waits_for", wait.as_ref().map(|wait| wait.kind.name().replace("queue_", "queue.")))?;
        dict.set_item("address", wait.as_ref().map(|wait| wait.object))?;
        dict.set_item("thread", wait.as_ref().and_then(|wait| wait.thread).map(ThreadId::get))?;
        dict.set_item("since", wait.as_ref().map(|wait| wait.waited.as_secs_f64()))?;
        dict.set_item(
            "deadline",
            wait.as_ref().and_then(|wait| wait.remaining).map(|remaining| remaining.as_secs_f64()),
        )?;
        list.append(dict)?;
    }
    Ok(list)
}

/// Tells the registry about the current thread: its name, and whether it is a daemon. Return the thread's number, which no
/// other thread gets.
///
/// Never raises: a thread that is being started has nobody to tell.
#[pyfunction]
pub(crate) fn _adopt(name: &Bound<'_, PyAny>, daemon: &Bound<'_, PyAny>) -> u64 {
    let name = name.cast::<PyString>().map(|name| name.to_string_lossy()).unwrap_or_default();
    thread::adopt(&name, daemon.is_truthy().unwrap_or(true)).id().map_or(0, ThreadId::get)
}

/// Wait until the thread with this number has ended, for at most `timeout` seconds unless that is None. Return whether it has.
///
/// A thread that the registry does not know, or not any more, has ended. If it cannot end, because this thread and others wait for each other,
/// return that deadlock in JSON, unless the wait is to be `patient`.
#[pyfunction]
#[pyo3(signature = (number, timeout, patient = false))]
pub(crate) fn _join(py: Python<'_>, number: u64, timeout: &Bound<'_, PyAny>, patient: bool) -> PyResult<Joined> {
    // SAFETY: a valid object, attached.
    let deadline = unsafe { convert::deadline(timeout.as_ptr()) }.map_err(|Raised| PyErr::fetch(py))?;
    let Some(thread) = thread::find(number) else { return Ok(Joined::Ended(true)) };
    let mut watchful = Watchful::default();
    let result =
        if patient { thread.join_with(deadline, &mut Patient) } else { thread.join_with(deadline, &mut watchful) };
    match (result, watchful.take_deadlock()) {
        (Ok(()), _) => Ok(Joined::Ended(true)),
        (Err(NotJoined::Aborted), Some(deadlock)) => Ok(Joined::Deadlock(deadlock)),
        (Err(NotJoined::Aborted), None) => Err(PyErr::fetch(py)),
        (Err(_), _) => Ok(Joined::Ended(false)),
    }
}

/// What [`_join`] returns.
#[derive(IntoPyObject)]
pub(crate) enum Joined {
    Ended(bool),
    Deadlock(String),
}
