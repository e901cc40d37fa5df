//! What a worker of an executor does: get a task, run it, settle its future, call its callbacks.
//!
//! The user's function and the callbacks are Python code, called from a native frame in the middle of its work, and not as its last act. So the
//! frame that is below them ([`run_next`]) holds nothing but plain pointers, and everything that could have something to
//! drop happens in functions that have returned by then: see [`raw`](crate::raw).

use std::ptr;

use pyo3::PyTypeInfo;
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use raddle::futures::{Begun, Stage, begin_task, end_task, work_for};
use raddle::park::Deadline;
use raddle::queue::GetError;

use super::future::{Future, is_plain_exception};
use super::task::Task;
use crate::boundary::Attached;
use crate::finalize::give_up;
use crate::item::Item;
use crate::queue::fifo::list_of;
use crate::queue::simple::SimpleQueue;
use crate::raw::{Function, Method, Reply, guarded, method, this};
use crate::standard::{PyObject_Vectorcall, Standard};

unsafe extern "C-unwind" {
    // Declared here because Python code may be unwound by force: see above.
    fn PyObject_Call(function: *mut PyObject, positional: *mut PyObject, named: *mut PyObject) -> *mut PyObject;
}

const NO_POOL: usize = 0;

/// Gets the next item, and makes the call if it is a task. Returns `True` then, and the item itself if it is
/// something else, or a task whose future is not as it should be.
///
/// One task a call: between two of them, the interpreter has to look whether another thread wants to run.
unsafe extern "C-unwind" fn run_next(queue: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    // SAFETY: the interpreter calls with a queue, attached; each function is given what the one before it has returned.
    unsafe {
        let task = next(queue);
        if task.is_null() {
            return ptr::null_mut();
        }
        match begin(task) {
            Beginning::Run => {}
            Beginning::Skip => {
                give_up(task);
                return ffi::Py_NewRef(ffi::Py_True());
            }
            Beginning::Return => {
                // It may be told to end, and whoever waits for that end is not to find it at work any more.
                work_for(NO_POOL);
                return task;
            }
        }
        let [function, positional, named] = this::<Task>(task).call();
        let outcome = PyObject_Call(function, positional, named);
        let settled = settle(task, outcome);
        let went_well = match settled.then {
            Then::Nothing => true,
            Then::Call(function) => {
                let arguments = [this::<Task>(task).future_pointer(), settled.arguments[0], settled.arguments[1]];
                let result = PyObject_Vectorcall(function.object(), arguments.as_ptr(), 3, ptr::null_mut());
                for argument in settled.arguments {
                    give_up(argument);
                }
                let went_well = !result.is_null();
                ffi::Py_XDECREF(result);
                went_well
            }
            Then::Raise => false,
        };
        give_up(task);
        if went_well { ffi::Py_NewRef(ffi::Py_True()) } else { ptr::null_mut() }
    }
}

/// The next item: an owned reference, or null with an exception set.
///
/// # Safety
///
/// `queue` is a `SimpleQueue`, and the thread is attached.
unsafe fn next(queue: *mut PyObject) -> *mut PyObject {
    let reply = guarded(|| {
        // SAFETY: the caller's promise.
        let queue = unsafe { this::<SimpleQueue>(queue) };
        queue.workers.join();
        // The executor is known by its queue.
        work_for(queue.raw.address());
        match queue.raw.get_with(Deadline::NEVER, &mut Attached) {
            Ok(item) => Reply::Object(item.into_ptr()),
            Err(GetError::Aborted) => Reply::Raised,
            // Without a limit, and with nobody who could shut it down, it ends in no other way.
            Err(GetError::Empty | GetError::ShutDown | GetError::Retired) => Standard::Empty.raise().into(),
        }
    });
    if let Reply::Object(item) = reply { item } else { ptr::null_mut() }
}

enum Beginning {
    Run,
    Skip,
    Return,
}

/// # Safety
///
/// A valid object, and the thread is attached.
unsafe fn begin(item: *mut PyObject) -> Beginning {
    // SAFETY: the caller's promise; a task's future is one of ours, for nothing else makes tasks.
    unsafe {
        if ffi::Py_TYPE(item) != Task::type_object_raw(Python::assume_attached()) {
            return Beginning::Return;
        }
        match this::<Future>(this::<Task>(item).future_pointer()).raw.begin_here() {
            Begun::Run => {
                begin_task();
                Beginning::Run
            }
            Begun::Cancelled => Beginning::Skip,
            // Python code says what the standard library says.
            Begun::Misplaced(_) => Beginning::Return,
        }
    }
}

/// What is left to do when a future is settled.
struct Settled {
    then: Then,
    arguments: [*mut PyObject; 2],
}

enum Then {
    Nothing,
    /// Call this with the future and the arguments, which are owned references.
    Call(Standard),
    Raise,
}

/// Settles the future of a task with its outcome: an owned reference, or null with an exception set.
///
/// # Safety
///
/// `task` is a [`Task`], and the thread is attached.
unsafe fn settle(task: *mut PyObject, outcome: *mut PyObject) -> Settled {
    end_task();
    let mut settled = Settled { then: Then::Raise, arguments: [ptr::null_mut(); 2] };
    // A panic becomes an exception, and `Raise` stands.
    let _ = guarded(|| {
        // SAFETY: the caller's promise; the outcome is an owned reference.
        unsafe {
            let failed = outcome.is_null();
            let outcome = if failed { raised() } else { outcome };
            let future = &this::<Future>(this::<Task>(task).future_pointer()).raw;
            let is_odd = failed && !is_plain_exception(outcome);
            let result = if is_odd {
                Err((Stage::Running, Item::from_owned(outcome)))
            } else if failed {
                future.fail(Item::from_owned(outcome))
            } else {
                future.finish(Item::from_owned(outcome))
            };
            match result {
                Ok(callbacks) if callbacks.is_empty() => settled.then = Then::Nothing,
                Ok(callbacks) => {
                    if let Ok(list) = list_of(&callbacks) {
                        settled.then = Then::Call(Standard::FutureCallBack);
                        settled.arguments = [list, ffi::Py_NewRef(ffi::Py_None())];
                    }
                }
                // Somebody else was quicker, or it was retired.
                Err((_, outcome)) => {
                    settled.then = Then::Call(Standard::FutureSettle);
                    settled.arguments = [outcome.into_ptr(), ffi::PyBool_FromLong(failed.into())];
                }
            }
        }
        Reply::none()
    });
    settled
}

/// The exception that is set, with its traceback: an owned reference. None is set any more.
unsafe fn raised() -> *mut PyObject {
    // SAFETY: attached, and an exception is set.
    unsafe {
        #[cfg(Py_3_12)]
        return ffi::PyErr_GetRaisedException();
        #[cfg(not(Py_3_12))]
        {
            let (mut class, mut exception, mut traceback) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
            ffi::PyErr_Fetch(&raw mut class, &raw mut exception, &raw mut traceback);
            ffi::PyErr_NormalizeException(&raw mut class, &raw mut exception, &raw mut traceback);
            if !traceback.is_null() {
                ffi::PyException_SetTraceback(exception, traceback);
            }
            ffi::Py_XDECREF(traceback);
            ffi::Py_XDECREF(class);
            exception
        }
    }
}

method!(try_hand, SimpleQueue, |this, object, arguments| match arguments.bind(&[c"item"]) {
    Some([item]) if !item.is_null() => {
        // SAFETY: an argument of the call, attached.
        Reply::bool(this.raw.try_hand(unsafe { Item::from_borrowed(item) }).is_ok())
    }
    _ => crate::convert::wrong_arguments("_try_hand(item)").into(),
});

/// What the class of queues has beyond what users see.
pub(crate) const METHODS: &[Method] = &[
    Method {
        name: c"_run_next",
        doc: c"_run_next($self, /)\n--\n\nGet the next item and run it if it is a task. Return True then, and else the item.",
        function: Function::WithoutArguments(run_next),
    },
    Method {
        name: c"_try_hand",
        doc: c"_try_hand($self, /, item)\n--\n\nHand an item to a thread that waits for one. Return False if there is none.",
        function: Function::WithArguments(try_hand),
    },
];
