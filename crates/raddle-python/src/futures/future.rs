//! `concurrent.futures.Future`.

use std::ptr;
use std::sync::OnceLock;

use pyo3::PyTraverseError;
use pyo3::exceptions::PyTimeoutError;
use pyo3::ffi::{self, PyObject};
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use raddle::futures::{Begun, Cancelled, NotDone, Slot, Stage};
use raddle::park::Deadline;

use crate::boundary::{Attached, Raised, for_attached, raise_type};
use crate::convert;
use crate::finalize::Holds;
use crate::item::Item;
use crate::queue::fifo::{list_of, rest};
use crate::raw::{Arguments, Function, Method, Reply, method};
use crate::standard::Standard;

/// The native part of `raddle.concurrent.futures.Future`.
///
/// It is native until somebody needs what only the standard library's algorithm has: its condition, its lists, or states that are set by
/// hand. Then it is retired: the Python part moves what is there, and from then on every method leaves everything to the
/// standard library's functions. Threads that wait at that moment go over with the time that they have left.
#[pyclass(module = "raddle._native", frozen, weakref, subclass)]
#[derive(Debug)]
pub(crate) struct Future {
    /// The outcome is the result or, if the slot failed, the exception.
    pub(super) raw: Slot<Item, Item>,
}

impl Future {
    fn result(&self, arguments: Arguments) -> Result<Reply, Raised> {
        match self.wait(arguments, "result(timeout=None)", Standard::FutureResult)? {
            Waited::Ended(Stage::Failed, exception) => {
                // SAFETY: attached; the exception is an instance of its class, and keeps the traceback that it has. The function takes
                // its own references, and the future holds one still, so that this one is not the last.
                unsafe {
                    ffi::PyErr_SetObject(ffi::Py_TYPE(exception).cast(), exception);
                    ffi::Py_DECREF(exception);
                }
                Err(Raised)
            }
            Waited::Ended(_, result) => Ok(Reply::Object(result)),
            Waited::Elsewhere(reply) => Ok(reply),
        }
    }

    fn exception(&self, arguments: Arguments) -> Result<Reply, Raised> {
        match self.wait(arguments, "exception(timeout=None)", Standard::FutureException)? {
            Waited::Ended(Stage::Failed, exception) => Ok(Reply::Object(exception)),
            Waited::Ended(_, result) => {
                // SAFETY: a new reference, which is not the last: the future holds one.
                unsafe { ffi::Py_DECREF(result) };
                Ok(Reply::none())
            }
            Waited::Elsewhere(reply) => Ok(reply),
        }
    }

    /// Waits for the outcome.
    #[inline]
    fn wait(&self, arguments: Arguments, signature: &str, standard: Standard) -> Result<Waited, Raised> {
        if arguments.is_empty() {
            if let Some(ended) = self.ended() {
                return Ok(ended);
            }
        }
        let Some([timeout]) = arguments.bind(&[c"timeout"]) else {
            return Err(convert::wrong_arguments(signature));
        };
        // Done is done, whatever the timeout is.
        let deadline = if self.raw.stage().is_done() {
            Deadline::NEVER
        } else {
            // SAFETY: an argument of the call, attached.
            unsafe { convert::deadline(timeout)? }
        };
        match self.raw.wait_with(deadline, &mut Attached) {
            Ok(()) => {
                if let Some(ended) = self.ended() {
                    return Ok(ended);
                }
                if self.raw.stage().is_done() {
                    return Err(Standard::CancelledError.raise());
                }
                // It was retired after the wait was over.
            }
            Err(NotDone::Retired) => {}
            Err(NotDone::TimedOut) => return Err(raise_type::<PyTimeoutError>()),
            Err(NotDone::Aborted) => return Err(Raised),
        }
        Ok(Waited::Elsewhere(match rest(deadline) {
            Some(rest) => Reply::StandardWith(standard, [rest, ptr::null_mut(), ptr::null_mut()]),
            None => Reply::Standard(standard),
        }))
    }

    /// The outcome as a new reference, if it is there.
    #[inline]
    fn ended(&self) -> Option<Waited> {
        // SAFETY: attached; a valid object, which the future holds.
        self.raw
            .ending()
            .map(|(stage, outcome)| Waited::Ended(stage, unsafe { ffi::Py_NewRef(outcome.as_py().as_ptr()) }))
    }

    fn cancel(&self) -> Result<Reply, Raised> {
        match self.raw.cancel() {
            Cancelled::Now(callbacks) => call_back(&callbacks, Reply::bool(true)),
            Cancelled::Before => Ok(Reply::bool(true)),
            Cancelled::No => Ok(Reply::bool(false)),
            Cancelled::Retired => Ok(Reply::Standard(Standard::FutureCancel)),
        }
    }

    fn begin(&self) -> Reply {
        match self.raw.begin() {
            Begun::Run => Reply::bool(true),
            Begun::Cancelled => Reply::bool(false),
            Begun::Misplaced(Stage::Retired) => Reply::Standard(Standard::FutureBegin),
            Begun::Misplaced(_) => Reply::Standard(Standard::FutureMisplaced),
        }
    }

    fn set_result(&self, arguments: Arguments) -> Result<Reply, Raised> {
        match arguments.bind(&[c"result"]) {
            Some([result]) if !result.is_null() => {
                // SAFETY: an argument of the call, attached.
                let settled = self.raw.finish(unsafe { Item::from_borrowed(result) });
                Self::settled(settled, Standard::FutureSetResult)
            }
            _ => Err(convert::wrong_arguments("set_result(result)")),
        }
    }

    fn set_exception(&self, arguments: Arguments) -> Result<Reply, Raised> {
        match arguments.bind(&[c"exception"]) {
            Some([exception]) if !exception.is_null() => {
                // SAFETY: an argument of the call, attached.
                if !unsafe { is_plain_exception(exception) } {
                    return Ok(Reply::Standard(Standard::FutureSetOddException));
                }
                // SAFETY: as above.
                let settled = self.raw.fail(unsafe { Item::from_borrowed(exception) });
                Self::settled(settled, Standard::FutureSetException)
            }
            _ => Err(convert::wrong_arguments("set_exception(exception)")),
        }
    }

    #[inline]
    fn settled(settled: Result<Vec<Item>, (Stage, Item)>, standard: Standard) -> Result<Reply, Raised> {
        match settled {
            Ok(callbacks) => call_back(&callbacks, Reply::none()),
            Err((Stage::Retired, _)) => Ok(Reply::Standard(standard)),
            Err(_) => Ok(Reply::StandardWith(Standard::FutureInvalidState, [ptr::null_mut(); 3])),
        }
    }

    fn add_done_callback(&self, arguments: Arguments) -> Result<Reply, Raised> {
        match arguments.bind(&[c"fn"]) {
            Some([callback]) if !callback.is_null() => {
                // SAFETY: an argument of the call, attached.
                match self.raw.add_callback(unsafe { Item::from_borrowed(callback) }) {
                    Ok(()) => Ok(Reply::none()),
                    Err(_) if self.raw.stage() == Stage::Retired => Ok(Reply::Standard(Standard::FutureAddCallback)),
                    Err(callback) => call_back(&[callback], Reply::none()),
                }
            }
            _ => Err(convert::wrong_arguments("add_done_callback(fn)")),
        }
    }

    /// Answers a question about the stage, or leaves it to the standard library's function.
    #[inline]
    fn ask(&self, standard: Standard, answer: impl FnOnce(Stage) -> bool) -> Reply {
        match self.raw.stage() {
            Stage::Retired => Reply::Standard(standard),
            stage => Reply::bool(answer(stage)),
        }
    }
}

/// What a wait has come to.
enum Waited {
    /// The outcome: an owned reference, and an exception if the stage is `Failed`.
    Ended(Stage, *mut PyObject),
    /// The standard library's function has to look for it.
    Elsewhere(Reply),
}

/// Leaves the callbacks to Python code, which calls them and returns what is in `reply`.
pub(super) fn call_back(callbacks: &[Item], reply: Reply) -> Result<Reply, Raised> {
    match reply {
        Reply::Object(result) if !callbacks.is_empty() => match list_of(callbacks) {
            Ok(list) => Ok(Reply::StandardWith(Standard::FutureCallBack, [list, result, ptr::null_mut()])),
            Err(raised) => Err(raised),
        },
        reply => Ok(reply),
    }
}

/// Whether it can be raised as it is, and counts as true for the versions of the language that ask it.
///
/// # Safety
///
/// A valid object, and the thread is attached.
pub(super) unsafe fn is_plain_exception(object: *mut PyObject) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        let class = ffi::Py_TYPE(object);
        let has = |slot| !ffi::PyType_GetSlot(class, slot).is_null();
        ffi::PyExceptionInstance_Check(object) != 0
            && (cfg!(Py_3_14) || !(has(ffi::Py_nb_bool) || has(ffi::Py_mp_length) || has(ffi::Py_sq_length)))
    }
}

/// The word for a state, the result, the exception.
type Look = (&'static str, Option<Py<PyAny>>, Option<Py<PyAny>>);

fn look(py: Python<'_>, stage: Stage, outcome: Option<&Item>) -> Look {
    let outcome = outcome.map(|outcome| outcome.as_py().clone_ref(py));
    let (result, exception) = if stage == Stage::Failed { (None, outcome) } else { (outcome, None) };
    (word(stage), result, exception)
}

/// The standard library's word for a stage.
fn word(stage: Stage) -> &'static str {
    match stage {
        Stage::Pending => "PENDING",
        Stage::Running => "RUNNING",
        Stage::Cancelled => "CANCELLED",
        Stage::CancelledAndNotified => "CANCELLED_AND_NOTIFIED",
        Stage::Finished | Stage::Failed => "FINISHED",
        Stage::Retired => "RETIRED",
    }
}

impl Holds for Future {
    fn take_one(&self) -> *mut PyObject {
        self.raw
            .take_callback()
            // SAFETY: the object is being deallocated, or is garbage: nobody can reach it, and what its methods returned are new references.
            .or_else(|| unsafe { self.raw.take_outcome() })
            .map_or(ptr::null_mut(), Item::into_ptr)
    }

    fn deallocation() -> &'static OnceLock<ffi::destructor> {
        static ORIGINAL: OnceLock<ffi::destructor> = OnceLock::new();
        &ORIGINAL
    }
}

#[pymethods]
impl Future {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "()")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self { raw: for_attached!(Slot<Item, Item>) }
    }

    /// A future that is pending.
    #[allow(clippy::unused_self, reason = "it is there to be called instead of the standard library's")]
    fn __init__(&self) {}

    /// Retire the native future, and put what was in it into the dict of the object. Do nothing if that was done before.
    ///
    /// No other code of this thread runs in between, a signal handler's least of all: it would find a future without its parts.
    fn _retire(&self, parts: &Bound<'_, PyDict>) -> PyResult<()> {
        let py = parts.py();
        let (waiters, callbacks) = (PyList::empty(py), PyList::empty(py));
        let retired = self.raw.retire();
        if retired.stage == Stage::Retired {
            return Ok(());
        }
        for callback in retired.callbacks {
            callbacks.append(callback.as_py())?;
        }
        let (state, result, exception) = look(py, retired.stage, retired.outcome);
        parts.set_item("_waiters", waiters)?;
        parts.set_item("_done_callbacks", callbacks)?;
        parts.set_item("_result", result)?;
        parts.set_item("_exception", exception)?;
        parts.set_item("_state", state)
    }

    /// Whether the native future was retired.
    fn _is_retired(&self) -> bool {
        self.raw.stage() == Stage::Retired
    }

    /// Return the word for the state, the result and the exception.
    fn _look(&self, py: Python<'_>) -> Look {
        match self.raw.ending() {
            Some((stage, outcome)) => look(py, stage, Some(outcome)),
            None => look(py, self.raw.stage(), None),
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let result = std::cell::Cell::new(Ok(()));
        let show = |item: &Item| {
            let before = result.replace(Ok(()));
            result.set(before.and_then(|()| visit.call(item.as_py())));
        };
        self.raw.for_each_held(&mut |outcome| show(outcome), &mut |callback| show(callback));
        result.into_inner()
    }
}

method!(result, Future, |this, object, arguments| this.result(arguments));
method!(exception, Future, |this, object, arguments| this.exception(arguments));
method!(cancel, Future, |this, object| this.cancel());
method!(cancelled, Future, |this, object| {
    this.ask(Standard::FutureCancelled, |stage| matches!(stage, Stage::Cancelled | Stage::CancelledAndNotified))
});
method!(running, Future, |this, object| this.ask(Standard::FutureRunning, |stage| stage == Stage::Running));
method!(done, Future, |this, object| this.ask(Standard::FutureDone, Stage::is_done));
method!(add_done_callback, Future, |this, object, arguments| this.add_done_callback(arguments));
method!(set_running_or_notify_cancel, Future, |this, object| this.begin());
method!(set_result, Future, |this, object, arguments| this.set_result(arguments));
method!(set_exception, Future, |this, object, arguments| this.set_exception(arguments));

/// The methods of the class.
pub(crate) const METHODS: &[Method] = &[
    Method {
        name: c"result",
        doc: c"result($self, /, timeout=None)\n--\n\nReturn the result, and wait for it if it is not there, for at most timeout seconds.\n\nRaises the exception if that is the outcome, CancelledError if the future was cancelled, and TimeoutError if there was\nno outcome in that time.",
        function: Function::WithArguments(result),
    },
    Method {
        name: c"exception",
        doc: c"exception($self, /, timeout=None)\n--\n\nReturn the exception, or None if there is a result, and wait for the outcome for at most timeout seconds.\n\nRaises CancelledError if the future was cancelled, and TimeoutError if there was no outcome in that time.",
        function: Function::WithArguments(exception),
    },
    Method {
        name: c"cancel",
        doc: c"cancel($self, /)\n--\n\nCancel the future unless it runs or is finished. Return whether it is cancelled.",
        function: Function::WithoutArguments(cancel),
    },
    Method {
        name: c"cancelled",
        doc: c"cancelled($self, /)\n--\n\nReturn whether the future was cancelled.",
        function: Function::WithoutArguments(cancelled),
    },
    Method {
        name: c"running",
        doc: c"running($self, /)\n--\n\nReturn whether somebody works on it.",
        function: Function::WithoutArguments(running),
    },
    Method {
        name: c"done",
        doc: c"done($self, /)\n--\n\nReturn whether the future is finished or was cancelled.",
        function: Function::WithoutArguments(done),
    },
    Method {
        name: c"add_done_callback",
        doc: c"add_done_callback($self, /, fn)\n--\n\nCall fn with the future when it is done; at once if it is.\n\nThe thread that finishes or cancels the future calls its callbacks, in the order in which they were added. What they\nraise is logged.",
        function: Function::WithArguments(add_done_callback),
    },
    Method {
        name: c"set_running_or_notify_cancel",
        doc: c"set_running_or_notify_cancel($self, /)\n--\n\nBegin the work. Return False if the future was cancelled, and tell those who wait for it among others.\n\nFor executors and tests. Raises RuntimeError if that was done before.",
        function: Function::WithoutArguments(set_running_or_notify_cancel),
    },
    Method {
        name: c"set_result",
        doc: c"set_result($self, /, result)\n--\n\nFinish the future with a result. For executors and tests.\n\nRaises InvalidStateError if it is done.",
        function: Function::WithArguments(set_result),
    },
    Method {
        name: c"set_exception",
        doc: c"set_exception($self, /, exception)\n--\n\nFinish the future with an exception. For executors and tests.\n\nRaises InvalidStateError if it is done.",
        function: Function::WithArguments(set_exception),
    },
];
