//! What the standard library lends us: exceptions, and functions that do what a native method leaves to them.
//!
//! The Python package hands them over when it is imported: this module must not import `threading` or `queue` itself, because
//! it is loaded before them.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::exceptions::{PyKeyError, PyRuntimeError, PyTypeError};
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;

use crate::boundary::{Raised, raise};
use crate::raw::Arguments;

macro_rules! standard {
    ($($variant:ident = $name:literal,)*) => {
        /// An object of the standard library, or of the package's Python side.
        #[derive(Clone, Copy, Debug)]
        #[allow(dead_code, reason = "what an older version of the language does not have, nobody asks for")]
        #[repr(usize)]
        pub(crate) enum Standard { $($variant,)* }

        const NAMES: &[&str] = &[$($name,)*];
    };
}

standard! {
    BrokenBarrierError = "BrokenBarrierError",
    Empty = "Empty",
    Full = "Full",
    ShutDown = "ShutDown",
    StartNewThread = "start_new_thread",
    Deadlocked = "deadlocked",
    Tell = "tell",
    BarrierWait = "Barrier.wait",
    ConditionEnter = "Condition.__enter__",
    ConditionExit = "Condition.__exit__",
    ConditionWait = "Condition.wait",
    ConditionNotify = "Condition.notify",
    ConditionNotifyAll = "Condition.notify_all",
    QueueTakeBack = "Queue._take_back",
    QueuePut = "Queue.put",
    QueueGet = "Queue.get",
    QueuePutNowait = "Queue.put_nowait",
    QueueGetNowait = "Queue.get_nowait",
    QueueTaskDone = "Queue.task_done",
    QueueJoin = "Queue.join",
    QueueQsize = "Queue.qsize",
    QueueEmpty = "Queue.empty",
    QueueFull = "Queue.full",
    QueueShutdown = "Queue.shutdown",
    CancelledError = "CancelledError",
    Future = "Future",
    FutureResult = "Future.result",
    FutureException = "Future.exception",
    FutureCancel = "Future.cancel",
    FutureCancelled = "Future.cancelled",
    FutureRunning = "Future.running",
    FutureDone = "Future.done",
    FutureAddCallback = "Future.add_done_callback",
    FutureBegin = "Future.set_running_or_notify_cancel",
    FutureSetResult = "Future.set_result",
    FutureSetException = "Future.set_exception",
    FutureSetOddException = "Future._set_odd_exception",
    FutureMisplaced = "Future._misplaced",
    FutureInvalidState = "Future._invalid_state",
    FutureCallBack = "Future._call_back",
    FutureSettle = "Future._settle",
    TaskRun = "_WorkItem.run",
    ExecutorSubmit = "ThreadPoolExecutor.submit",
    ExecutorSubmitTask = "ThreadPoolExecutor._submit_task",
}

static OBJECTS: [AtomicPtr<PyObject>; NAMES.len()] = [const { AtomicPtr::new(ptr::null_mut()) }; NAMES.len()];

unsafe extern "C-unwind" {
    // Declared here because Python code may be unwound by force: see `raw`.
    pub(crate) fn PyObject_Vectorcall(
        callable: *mut PyObject,
        arguments: *const *mut PyObject,
        count: usize,
        names: *mut PyObject,
    ) -> *mut PyObject;
}

/// The most arguments that any of the functions takes, with `self`.
const MOST_ARGUMENTS: usize = 8;

impl Standard {
    pub(crate) fn object(self) -> *mut PyObject {
        // ORDERING: Acquire meets the Release in `lend`.
        OBJECTS[self as usize].load(Ordering::Acquire)
    }

    /// Sets this exception in the interpreter.
    #[cold]
    pub(crate) fn raise(self) -> Raised {
        let class = self.object();
        if class.is_null() {
            return self.missing();
        }
        // SAFETY: attached, and an exception class.
        unsafe { ffi::PyErr_SetNone(class) };
        Raised
    }

    fn missing(self) -> Raised {
        raise::<PyRuntimeError>(&format!(
            "{} is not there: use the classes of raddle.threading, raddle.queue and raddle.concurrent.futures",
            NAMES[self as usize]
        ))
    }

    /// Calls this function in place of a method.
    ///
    /// # Safety
    ///
    /// `object` and `arguments` are those of the method call. The caller's frame holds nothing that is to be dropped.
    #[cold]
    pub(crate) unsafe fn call(self, object: *mut PyObject, arguments: Arguments) -> *mut PyObject {
        let function = self.object();
        // SAFETY: a tuple, if there is one.
        let named = if arguments.names.is_null() { 0 } else { unsafe { ffi::PyTuple_Size(arguments.names) } };
        let count = arguments.positional + named.unsigned_abs();
        if function.is_null() || count >= MOST_ARGUMENTS {
            return too_many_or_missing(self, count);
        }
        let mut values = [ptr::null_mut(); MOST_ARGUMENTS];
        values[0] = object;
        // SAFETY: the interpreter passes that many arguments; and nothing in this frame needs dropping.
        unsafe {
            if count > 0 {
                ptr::copy_nonoverlapping(arguments.values, values.as_mut_ptr().add(1), count);
            }
            PyObject_Vectorcall(function, values.as_ptr(), arguments.positional + 1, arguments.names)
        }
    }

    /// Calls this function with these arguments, and gives their references up. A null ends them early.
    ///
    /// # Safety
    ///
    /// As for [`Standard::call`]; the arguments are owned references.
    #[cold]
    pub(crate) unsafe fn call_with(self, object: *mut PyObject, arguments: [*mut PyObject; 3]) -> *mut PyObject {
        let function = self.object();
        let count = arguments.iter().take_while(|argument| !argument.is_null()).count();
        if function.is_null() {
            return too_many_or_missing(self, count);
        }
        let values = [object, arguments[0], arguments[1], arguments[2]];
        // SAFETY: valid references, and nothing in this frame needs dropping.
        unsafe {
            let result = PyObject_Vectorcall(function, values.as_ptr(), count + 1, ptr::null_mut());
            for argument in arguments {
                ffi::Py_XDECREF(argument);
            }
            result
        }
    }
}

fn too_many_or_missing(standard: Standard, count: usize) -> *mut PyObject {
    let Raised = if count >= MOST_ARGUMENTS {
        raise::<PyTypeError>(&format!("{}() got {count} arguments", NAMES[standard as usize]))
    } else {
        standard.missing()
    };
    ptr::null_mut()
}

/// Hands an object of the standard library over, by the name that this module knows it by.
#[pyfunction]
pub(crate) fn _lend(name: &str, object: Bound<'_, PyAny>) -> PyResult<()> {
    let index = NAMES
        .iter()
        .position(|known| *known == name)
        .ok_or_else(|| PyKeyError::new_err(format!("nothing is lent by the name {name}")))?;
    // Kept for ever: a reader may use the old one still.
    // ORDERING: Release meets the Acquire in `object`.
    OBJECTS[index].store(object.into_ptr(), Ordering::Release);
    Ok(())
}
