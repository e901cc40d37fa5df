//! The border to the interpreter: the only place that lets go of it and takes it back, and that looks for signals.
//!
//! # Rules
//!
//! - Every object of this module changes its state only while the thread is attached to the interpreter, and between the
//!   beginning and the end of a change there is no point at which another thread could run instead, a collection start,
//!   or `fork` happen. So the core's internal sections are never seen half way by any of these.
//! - A thread lets go of the interpreter around the futex call, and what it does to make that unnecessary, only ([`Waiter::sleep`]). It may look at an object's state
//!   meanwhile, and changes it in one case only:
//! - Under a global interpreter lock, objects are made for threads that take turns (`for_attached`): what an attached thread does to one that nobody waits for needs no atomic exchange.
//!   Whoever is to look at an object in other ways than by waiting for it, or through one that waits, has to share it first, as an executor does with its queue.
//! - A thread that is woken for a lock takes it before it is attached again, as CPython's own locks do, or queues for it again; one that comes back from a notification does so from the second attempt on. It is inside of the lock's
//!   section for that, which an attached thread may find held for a moment, and a forked child held by nobody: that is repaired there, as for threads without an interpreter. Whose the lock is it says
//!   when it is attached; until then the lock has no owner. A daemon thread that never gets there, because the interpreter shuts down, keeps the lock.
//! - A raised exception stays where the interpreter keeps it: the functions here return [`Raised`].

use std::ops::ControlFlow;
use std::ptr;

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;
use pyo3::{PyTypeInfo, ffi};
use raddle::diagnostics::{self, Certainty, Deadlock, Deadlocks};
use raddle::park::Waiter;
use raddle::thread::ThreadId;

use crate::convert::py_size;
use crate::raw::Reply;
use crate::standard::Standard;

/// An exception is set in the interpreter.
#[derive(Debug)]
pub(crate) struct Raised;

/// Sets an exception of class `E` with `text` in the interpreter.
///
/// By hand, and not through [`PyErr`]: in a raw method PyO3 does not know that the thread is attached. It would keep references that are
/// dropped for later, and refuses to attach once the interpreter shuts down.
#[cold]
pub(crate) fn raise<E: PyTypeInfo>(text: &str) -> Raised {
    // SAFETY: attached; the text is valid for its length; `PyErr_SetObject` takes its own references.
    unsafe {
        let text = ffi::PyUnicode_FromStringAndSize(text.as_ptr().cast(), py_size(text.len()));
        if !text.is_null() {
            ffi::PyErr_SetObject(E::type_object_raw(Python::assume_attached()).cast(), text);
            ffi::Py_DECREF(text);
        }
    }
    Raised
}

/// Sets an exception of class `E` without arguments in the interpreter.
#[cold]
pub(crate) fn raise_type<E: PyTypeInfo>() -> Raised {
    // SAFETY: attached, and an exception class.
    unsafe { ffi::PyErr_SetNone(E::type_object_raw(Python::assume_attached()).cast()) };
    Raised
}

/// A new object of the core, of a type that has `new` and `in_turn`, for threads that are attached to the interpreter. Where that means that they take turns, it is for such.
macro_rules! for_attached {
    ($object:ty $(, $argument:expr)?) => {
        if cfg!(Py_GIL_DISABLED) {
            <$object>::new($($argument)?)
        } else {
            // SAFETY: the rules at the head of `boundary`. With a global interpreter lock a thread is attached while it has that, and there is one:
            // the module serves the main interpreter only.
            unsafe { <$object>::in_turn($($argument)?) }
        }
    };
}
pub(crate) use for_attached;

/// A thread that is attached to the interpreter, and waits.
#[derive(Debug, Default)]
pub(crate) struct Attached;

impl Waiter for Attached {
    // With a global interpreter lock, whoever holds the lock cannot run while we look.
    const LOOKS_BEFORE_SLEEP: u32 = if cfg!(Py_GIL_DISABLED) { 100 } else { 0 };

    fn sleep<R>(&mut self, sleep: impl FnOnce() -> R) -> R {
        // SAFETY: the thread is attached: every method of this module runs so.
        let state = unsafe { ffi::PyEval_SaveThread() };
        let result = sleep();
        // While the interpreter shuts down, a daemon thread does not return from here. Before 3.14 it would be unwound by
        // force; `pyo3_ffi` catches that, and lets it hang, as 3.14 does by itself. Its node stays
        // linked, and its stack stays.
        // SAFETY: `state` is this thread's, from above.
        unsafe { ffi::PyEval_RestoreThread(state) };
        result
    }

    fn is_interruptible(&self) -> bool {
        true
    }

    fn handles_signals(&self) -> bool {
        ThreadId::current().is_main()
    }

    fn interrupted(&mut self) -> ControlFlow<()> {
        // Runs the handlers of signals in the main thread, and pending calls, as CPython's own locks do.
        // SAFETY: attached, and no lock of ours is held.
        if unsafe { ffi::Py_MakePendingCalls() } < 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// As [`Attached`], and a deadlock that is certain ends the wait.
#[derive(Debug, Default)]
pub(crate) struct Watchful {
    /// The deadlock, in JSON.
    deadlock: Option<String>,
}

impl Watchful {
    /// The deadlock that has ended the wait, if that is what has.
    pub(crate) fn take_deadlock(&mut self) -> Option<String> {
        self.deadlock.take()
    }

    /// What a method comes to that has waited so: Python's side says what is to be done about a deadlock.
    pub(crate) fn reply(self, result: Result<Reply, Raised>) -> Reply {
        match self.deadlock {
            Some(deadlock) if result.is_err() => {
                Reply::StandardWith(Standard::Deadlocked, [new_string(&deadlock), ptr::null_mut(), ptr::null_mut()])
            }
            _ => Reply::from(result),
        }
    }
}

impl Waiter for Watchful {
    const LOOKS_BEFORE_SLEEP: u32 = Attached::LOOKS_BEFORE_SLEEP;

    fn sleep<R>(&mut self, sleep: impl FnOnce() -> R) -> R {
        Attached.sleep(sleep)
    }

    fn is_interruptible(&self) -> bool {
        true
    }

    fn handles_signals(&self) -> bool {
        Attached.handles_signals()
    }

    fn interrupted(&mut self) -> ControlFlow<()> {
        Attached.interrupted()
    }

    fn ends_at_deadlocks(&self) -> bool {
        diagnostics::deadlocks() == Deadlocks::Raise
    }

    fn suspects(&mut self, deadlock: &Deadlock) -> ControlFlow<()> {
        if deadlock.certainty == Certainty::Certain && self.ends_at_deadlocks() {
            self.deadlock = serde_json::to_string(deadlock).ok();
            return ControlFlow::Break(());
        }
        Attached.suspects(deadlock)
    }
}

/// As [`Attached`], for a thread that has heard of its deadlock, and waits on.
#[derive(Debug, Default)]
pub(crate) struct Patient;

impl Waiter for Patient {
    const LOOKS_BEFORE_SLEEP: u32 = Attached::LOOKS_BEFORE_SLEEP;

    fn sleep<R>(&mut self, sleep: impl FnOnce() -> R) -> R {
        Attached.sleep(sleep)
    }

    fn is_interruptible(&self) -> bool {
        true
    }

    fn handles_signals(&self) -> bool {
        Attached.handles_signals()
    }

    fn interrupted(&mut self) -> ControlFlow<()> {
        Attached.interrupted()
    }

    fn is_watched(&self) -> bool {
        false
    }
}

/// A new string of the interpreter: an owned reference, or null.
pub(crate) fn new_string(text: &str) -> *mut ffi::PyObject {
    // SAFETY: attached; the text is valid for its length.
    unsafe { ffi::PyUnicode_FromStringAndSize(text.as_ptr().cast(), py_size(text.len())) }
}

/// Refuses to serve any but the main interpreter: types are shared between interpreters, which they must not be.
pub(crate) fn require_main_interpreter() -> PyResult<()> {
    // SAFETY: attached, during the import of the module.
    let id = unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) };
    if id == 0 { Ok(()) } else { Err(PyImportError::new_err("raddle does not support loading in subinterpreters")) }
}
