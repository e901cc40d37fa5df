//! The registry of threads, for Python.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use raddle::thread::{self, ThreadState, WaitKind};

/// The living threads that have used raddle, each as a dict. Stops nobody.
#[pyfunction]
pub(crate) fn threads(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    for known in thread::snapshot() {
        let dict = PyDict::new(py);
        dict.set_item("owner", known.id.get())?;
        dict.set_item("native_id", known.native_id)?;
        dict.set_item("ident", known.ident)?;
        dict.set_item("state", if known.state == ThreadState::Blocked { "blocked" } else { "runnable" })?;
        let wait = known.waits_for;
        dict.set_item("waits_for", wait.as_ref().map(|wait| kind(wait.kind)))?;
        dict.set_item("address", wait.as_ref().map(|wait| wait.object))?;
        dict.set_item("since", wait.as_ref().map(|wait| wait.waited.as_secs_f64()))?;
        dict.set_item(
            "deadline",
            wait.as_ref().and_then(|wait| wait.remaining).map(|remaining| remaining.as_secs_f64()),
        )?;
        list.append(dict)?;
    }
    Ok(list)
}

fn kind(kind: WaitKind) -> &'static str {
    match kind {
        WaitKind::Lock => "lock",
        WaitKind::RLock => "rlock",
        WaitKind::Condition => "condition",
        WaitKind::Event => "event",
        WaitKind::Semaphore => "semaphore",
        WaitKind::Barrier => "barrier",
        WaitKind::QueueGet => "queue.get",
        WaitKind::QueuePut => "queue.put",
        WaitKind::QueueJoin => "queue.join",
        WaitKind::Future => "future",
        WaitKind::Join => "join",
        WaitKind::Task => "task",
        WaitKind::TasksDone => "tasks",
        _ => "other",
    }
}
