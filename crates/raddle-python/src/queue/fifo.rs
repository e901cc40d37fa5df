//! `queue.Queue` and `queue.LifoQueue`.

use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};

use pyo3::PyTraverseError;
use pyo3::exceptions::{PyAttributeError, PyValueError};
use pyo3::ffi::{self, PyObject};
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use raddle::park::Deadline;
use raddle::queue::{GetError, JoinError, PutError, Shell};

use crate::boundary::{Attached, Raised, for_attached, raise};
use crate::convert;
use crate::finalize::Holds;
use crate::item::Item;
use crate::queue::order::Items;
use crate::raw::{self, Arguments, Function, Method, Reply, method};
use crate::standard::Standard;

/// The native part of `raddle.queue.Queue`, and of `LifoQueue`, its subclass.
///
/// It is native until somebody needs what only the standard library's algorithm has: its lock, its conditions, its deque, or hooks. Then
/// it is retired: the Python part moves the content, and from then on every method leaves everything to
/// the standard library's functions. Threads that wait at that moment go over with the time that they have left.
#[pyclass(module = "raddle._native", frozen, weakref, subclass)]
#[derive(Debug)]
pub(crate) struct Queue {
    raw: Shell<Items>,
    /// As the user gave it: not positive for any number of items.
    maxsize: AtomicI64,
}

impl Queue {
    #[inline]
    fn put_at_once(&self, arguments: Arguments) -> Option<*mut PyObject> {
        let item = arguments.only()?;
        // SAFETY: an argument of the call, attached.
        self.raw.try_put(unsafe { Item::from_borrowed(item) }).is_ok().then(raw::none)
    }

    #[inline]
    fn get_at_once(&self, arguments: Arguments) -> Option<*mut PyObject> {
        if arguments.is_empty() { self.raw.try_get().ok().map(Item::into_ptr) } else { None }
    }

    fn put(&self, arguments: Arguments) -> Result<Reply, Raised> {
        let Some([item, block, timeout]) = arguments.bind(&[c"item", c"block", c"timeout"]) else {
            return Err(convert::wrong_arguments("put(item, block=True, timeout=None)"));
        };
        if item.is_null() {
            return Err(convert::wrong_arguments("put(item, block=True, timeout=None)"));
        }
        let deadline = if block.is_null() && timeout.is_null() {
            Deadline::NEVER
        } else if self.maxsize.load(Ordering::Relaxed) <= 0 {
            // There is always a place, so the limit does not matter, nor whether it makes sense.
            Deadline::NEVER
        } else {
            // SAFETY: arguments of the call, attached.
            unsafe { convert::queue_deadline(block, timeout)? }
        };
        self.put_item(item, deadline, Standard::QueuePut)
    }

    #[inline]
    fn put_item(&self, item: *mut PyObject, deadline: Deadline, standard: Standard) -> Result<Reply, Raised> {
        // SAFETY: an argument of the call, attached.
        let item = unsafe { Item::from_borrowed(item) };
        match self.raw.put_with(item, deadline, &mut Attached) {
            Ok(()) => Ok(Reply::none()),
            Err(PutError::Full(_)) => Err(Standard::Full.raise()),
            Err(PutError::ShutDown(_)) => Err(Standard::ShutDown.raise()),
            Err(PutError::Aborted(_)) => Err(Raised),
            Err(PutError::Retired(item)) => Ok(match rest(deadline) {
                // SAFETY: attached; a new reference to an object that never dies.
                Some(rest) => Reply::StandardWith(Standard::QueuePut, unsafe {
                    [item.into_ptr(), ffi::Py_NewRef(ffi::Py_True()), rest]
                }),
                None => Reply::Standard(standard),
            }),
        }
    }

    #[inline]
    fn get(&self, arguments: Arguments) -> Result<Reply, Raised> {
        let deadline = if arguments.is_empty() {
            Deadline::NEVER
        } else {
            let Some([block, timeout]) = arguments.bind(&[c"block", c"timeout"]) else {
                return Err(convert::wrong_arguments("get(block=True, timeout=None)"));
            };
            // SAFETY: arguments of the call, attached.
            unsafe { convert::queue_deadline(block, timeout)? }
        };
        self.get_item(deadline, Standard::QueueGet)
    }

    #[inline]
    fn get_item(&self, deadline: Deadline, standard: Standard) -> Result<Reply, Raised> {
        match self.raw.get_with(deadline, &mut Attached) {
            Ok(item) => Ok(Reply::Object(item.into_ptr())),
            Err(GetError::Empty) => Err(Standard::Empty.raise()),
            Err(GetError::ShutDown) => Err(Standard::ShutDown.raise()),
            Err(GetError::Aborted) => Ok(self.give_back()),
            Err(GetError::Retired) => Ok(match rest(deadline) {
                // SAFETY: attached; a new reference to an object that never dies.
                Some(rest) => Reply::StandardWith(Standard::QueueGet, unsafe {
                    [ffi::Py_NewRef(ffi::Py_True()), rest, ptr::null_mut()]
                }),
                None => Reply::Standard(standard),
            }),
        }
    }

    /// A getter was told to stop, and an exception is set. An item that it had got by then goes to the successor of a queue that was
    /// retired meanwhile.
    fn give_back(&self) -> Reply {
        if !self.raw.is_retired() {
            return Reply::Raised;
        }
        let items = self.raw.drain();
        if items.is_empty() {
            return Reply::Raised;
        }
        // SAFETY: attached, as in every method. Nothing below drops a `Py`, which would need PyO3 to know that.
        let py = unsafe { Python::assume_attached() };
        let error = PyErr::fetch(py).into_value(py).into_ptr();
        match list_of(&items) {
            Ok(list) => Reply::StandardWith(Standard::QueueTakeBack, [list, error, ptr::null_mut()]),
            Err(Raised) => Reply::Raised,
        }
    }

    fn task_done(&self) -> Result<Reply, Raised> {
        match self.raw.task_done() {
            Ok(()) => Ok(Reply::none()),
            Err(_) if self.raw.is_retired() => Ok(Reply::Standard(Standard::QueueTaskDone)),
            Err(_) => Err(raise::<PyValueError>("task_done() called too many times")),
        }
    }

    fn join(&self) -> Result<Reply, Raised> {
        match self.raw.join_with(Deadline::NEVER, &mut Attached) {
            Ok(()) => Ok(Reply::none()),
            Err(JoinError::Retired) => Ok(Reply::Standard(Standard::QueueJoin)),
            Err(JoinError::TimedOut | JoinError::Aborted) => Err(Raised),
        }
    }

    #[cfg(Py_3_13)]
    fn shutdown(&self, arguments: Arguments) -> Result<Reply, Raised> {
        let Some([immediate]) = arguments.bind(&[c"immediate"]) else {
            return Err(convert::wrong_arguments("shutdown(immediate=False)"));
        };
        if self.raw.is_retired() {
            return Ok(Reply::Standard(Standard::QueueShutdown));
        }
        // SAFETY: an argument of the call, attached.
        if unsafe { convert::truth(immediate, false)? } {
            let items = self.raw.shutdown_now();
            // In a list, for the items to be given up where their finalizers may run.
            return list_of(&items).map(Reply::NoneWithout);
        }
        self.raw.shutdown();
        Ok(Reply::none())
    }

    /// Answers a question about the content, or leaves it to the standard library's function.
    #[inline]
    fn ask(&self, standard: Standard, answer: impl FnOnce(&Shell<Items>) -> Reply) -> Reply {
        if self.raw.is_retired() { Reply::Standard(standard) } else { answer(&self.raw) }
    }

    fn set_capacity(&self, maxsize: i64) {
        self.maxsize.store(maxsize, Ordering::Relaxed);
        self.raw.set_capacity(usize::try_from(maxsize).unwrap_or(0));
    }
}

/// The time that is left, if there is a limit that has not been a refusal to wait: an owned reference.
pub(crate) fn rest(deadline: Deadline) -> Option<*mut PyObject> {
    (deadline != Deadline::NEVER && deadline != Deadline::PASSED).then(|| convert::remaining_seconds(deadline))
}

/// A new list of the items: an owned reference. The items keep their own.
pub(crate) fn list_of(items: &[Item]) -> Result<*mut PyObject, Raised> {
    // SAFETY: attached; a new list that is filled with new references.
    unsafe {
        let list = ffi::PyList_New(0);
        for item in items {
            if list.is_null() || ffi::PyList_Append(list, item.as_py().as_ptr()) < 0 {
                return Err(Raised);
            }
        }
        Ok(list)
    }
}

impl Holds for Queue {
    fn take_one(&self) -> *mut PyObject {
        // Items can be got in any state, as long as there are any.
        self.raw.try_get().map_or(ptr::null_mut(), Item::into_ptr)
    }

    fn deallocation() -> &'static OnceLock<ffi::destructor> {
        static ORIGINAL: OnceLock<ffi::destructor> = OnceLock::new();
        &ORIGINAL
    }
}

#[pymethods]
impl Queue {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self { raw: for_attached!(Shell<Items>), maxsize: AtomicI64::new(0) }
    }

    /// Begin with room for `maxsize` items, in the order that is said. Return false if `maxsize` is not an integer, or the
    /// queue was retired, and nothing was done.
    fn _begin(&self, maxsize: &Bound<'_, PyAny>, last_in_first_out: bool) -> bool {
        let Ok(maxsize) = maxsize.extract::<i64>() else { return false };
        if self.raw.is_retired() {
            return false;
        }
        self.maxsize.store(maxsize, Ordering::Relaxed);
        // Begun a second time, it begins anew, without the items.
        drop(self.raw.restart(Items::in_order(last_in_first_out), usize::try_from(maxsize).unwrap_or(0)));
        true
    }

    /// Retire the native queue. Return its items, the number of unfinished tasks, maxsize, and whether it was shut down.
    fn _retire(&self, py: Python<'_>) -> PyResult<(Py<PyList>, usize, i64, bool)> {
        let retired = self.raw.retire();
        let items = PyList::empty(py);
        for item in retired.items {
            items.append(item.as_py())?;
        }
        Ok((items.unbind(), retired.unfinished, self.maxsize.load(Ordering::Relaxed), retired.is_shut_down))
    }

    /// Whether the native queue was retired.
    fn _is_retired(&self) -> bool {
        self.raw.is_retired()
    }

    /// The number of items from which `put` waits; any number if it is not positive.
    #[getter]
    fn maxsize(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        let this = slf.get();
        if this.raw.is_retired() {
            return retired_attribute(slf, "maxsize");
        }
        Ok(this.maxsize.load(Ordering::Relaxed).into_pyobject(slf.py())?.into_any().unbind())
    }

    #[setter]
    fn set_maxsize(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let this = slf.get();
        if this.raw.is_retired() {
            return set_retired_attribute(slf, "maxsize", value);
        }
        this.set_capacity(value.extract()?);
        Ok(())
    }

    /// The number of items that were put and not reported as done.
    #[getter]
    fn unfinished_tasks(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        let this = slf.get();
        if this.raw.is_retired() {
            return retired_attribute(slf, "unfinished_tasks");
        }
        Ok(this.raw.unfinished().into_pyobject(slf.py())?.into_any().unbind())
    }

    #[setter]
    fn set_unfinished_tasks(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let this = slf.get();
        if this.raw.is_retired() {
            return set_retired_attribute(slf, "unfinished_tasks", value);
        }
        this.raw.set_unfinished(value.extract()?);
        Ok(())
    }

    /// Whether the queue was shut down.
    #[cfg(Py_3_13)]
    #[getter]
    fn is_shutdown(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        let this = slf.get();
        if this.raw.is_retired() {
            return retired_attribute(slf, "is_shutdown");
        }
        Ok(pyo3::types::PyBool::new(slf.py(), this.raw.is_shut_down()).to_owned().into_any().unbind())
    }

    #[cfg(Py_3_13)]
    #[setter]
    fn set_is_shutdown(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let this = slf.get();
        if this.raw.is_retired() {
            return set_retired_attribute(slf, "is_shutdown", value);
        }
        if value.is_truthy()? {
            this.raw.shutdown();
            return Ok(());
        }
        if this.raw.is_shut_down() {
            return Err(PyAttributeError::new_err("a queue that was shut down cannot be opened again"));
        }
        Ok(())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let mut result = Ok(());
        self.raw.for_each(&mut |item| {
            if result.is_ok() {
                result = visit.call(item.as_py());
            }
        });
        result
    }

    #[cfg(feature = "plain")]
    #[pyo3(signature = (item, block=true, timeout=None))]
    fn plain_put(&self, item: &Bound<'_, PyAny>, block: bool, timeout: Option<f64>) -> PyResult<()> {
        let deadline = match (block, timeout) {
            (false, _) => Deadline::PASSED,
            (true, None) => Deadline::NEVER,
            (true, Some(timeout)) => Deadline::after(std::time::Duration::from_secs_f64(timeout)),
        };
        let item = unsafe { Item::from_borrowed(item.as_ptr()) };
        self.raw.put_with(item, deadline, &mut Attached).map_err(|_| PyValueError::new_err("full"))
    }

    #[cfg(feature = "plain")]
    #[pyo3(signature = (block=true, timeout=None))]
    fn plain_get(&self, py: Python<'_>, block: bool, timeout: Option<f64>) -> PyResult<Py<PyAny>> {
        let deadline = match (block, timeout) {
            (false, _) => Deadline::PASSED,
            (true, None) => Deadline::NEVER,
            (true, Some(timeout)) => Deadline::after(std::time::Duration::from_secs_f64(timeout)),
        };
        match self.raw.get_with(deadline, &mut Attached) {
            Ok(item) => Ok(unsafe { Bound::from_owned_ptr(py, item.into_ptr()).unbind() }),
            Err(_) => Err(PyValueError::new_err("empty")),
        }
    }
}

fn instance_dict<'py>(slf: &Bound<'py, Queue>) -> PyResult<Bound<'py, PyDict>> {
    // SAFETY: a valid object; the function returns an owned reference or raises.
    let dict =
        unsafe { Bound::from_owned_ptr_or_err(slf.py(), ffi::PyObject_GenericGetDict(slf.as_ptr(), ptr::null_mut()))? };
    Ok(dict.cast_into::<PyDict>()?)
}

fn retired_attribute(slf: &Bound<'_, Queue>, name: &'static str) -> PyResult<Py<PyAny>> {
    instance_dict(slf)?.get_item(name)?.map(Bound::unbind).ok_or_else(|| PyAttributeError::new_err(name))
}

fn set_retired_attribute(slf: &Bound<'_, Queue>, name: &'static str, value: &Bound<'_, PyAny>) -> PyResult<()> {
    instance_dict(slf)?.set_item(name, value)
}

method!(put, Queue, |this, object, arguments| this.put(arguments), at_once: this.put_at_once(arguments));
method!(get, Queue, |this, object, arguments| this.get(arguments), at_once: this.get_at_once(arguments));
method!(put_nowait, Queue, |this, object, arguments| {
    match arguments.bind(&[c"item"]) {
        Some([item]) if !item.is_null() => this.put_item(item, Deadline::PASSED, Standard::QueuePutNowait),
        _ => Err(convert::wrong_arguments("put_nowait(item)")),
    }
});
method!(get_nowait, Queue, |this, object| this.get_item(Deadline::PASSED, Standard::QueueGetNowait));
method!(task_done, Queue, |this, object| this.task_done());
method!(join, Queue, |this, object| this.join());
method!(qsize, Queue, |this, object| {
    // SAFETY: attached.
    this.ask(Standard::QueueQsize, |raw| Reply::Object(unsafe { ffi::PyLong_FromSsize_t(convert::py_size(raw.len())) }))
});
method!(empty, Queue, |this, object| this.ask(Standard::QueueEmpty, |raw| Reply::bool(raw.is_empty())));
method!(full, Queue, |this, object| this.ask(Standard::QueueFull, |raw| Reply::bool(raw.is_full())));
#[cfg(Py_3_13)]
method!(shutdown, Queue, |this, object, arguments| this.shutdown(arguments));

/// The methods of the class.
pub(crate) const METHODS: &[Method] = &[
    Method {
        name: c"put",
        doc: c"put($self, /, item, block=True, timeout=None)\n--\n\nPut an item.\n\nIf the queue is full, waits for a free place as long as it takes, or for at most timeout seconds, or not at all if\nblock is false; raises Full if there was none. Raises ShutDown if the queue is shut down.",
        function: Function::WithArguments(put),
    },
    Method {
        name: c"get",
        doc: c"get($self, /, block=True, timeout=None)\n--\n\nRemove the next item and return it.\n\nIf the queue is empty, waits for an item as long as it takes, or for at most timeout seconds, or not at all if\nblock is false; raises Empty if there was none. Raises ShutDown if the queue is shut down and empty.",
        function: Function::WithArguments(get),
    },
    Method {
        name: c"put_nowait",
        doc: c"put_nowait($self, /, item)\n--\n\nPut an item without waiting. Raises Full if there is no free place.",
        function: Function::WithArguments(put_nowait),
    },
    Method {
        name: c"get_nowait",
        doc: c"get_nowait($self, /)\n--\n\nRemove the next item and return it, without waiting. Raises Empty if there is none.",
        function: Function::WithoutArguments(get_nowait),
    },
    Method {
        name: c"task_done",
        doc: c"task_done($self, /)\n--\n\nReport that the work on an item is done.\n\nRaises ValueError if that was reported for all items already.",
        function: Function::WithoutArguments(task_done),
    },
    Method {
        name: c"join",
        doc: c"join($self, /)\n--\n\nWait until the work on all items is done.",
        function: Function::WithoutArguments(join),
    },
    Method {
        name: c"qsize",
        doc: c"qsize($self, /)\n--\n\nReturn the number of items in the queue.",
        function: Function::WithoutArguments(qsize),
    },
    Method {
        name: c"empty",
        doc: c"empty($self, /)\n--\n\nReturn whether no item is in the queue.",
        function: Function::WithoutArguments(empty),
    },
    Method {
        name: c"full",
        doc: c"full($self, /)\n--\n\nReturn whether the queue holds as many items as it may.",
        function: Function::WithoutArguments(full),
    },
    #[cfg(Py_3_13)]
    Method {
        name: c"shutdown",
        doc: c"shutdown($self, /, immediate=False)\n--\n\nShut the queue down: put() raises ShutDown, and so does get() once the queue is empty.\n\nIf immediate is true, the queue is emptied, and its items count as done.",
        function: Function::WithArguments(shutdown),
    },
];
