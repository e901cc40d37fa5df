//! `queue.SimpleQueue`.

use std::ptr;
use std::sync::OnceLock;

use pyo3::PyTraverseError;
use pyo3::exceptions::PyTypeError;
use pyo3::ffi::{self, PyObject};
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};
use raddle::park::{Crew, Deadline};
use raddle::queue::{GetError, SimpleQueue as RawSimpleQueue};

use crate::boundary::{Attached, Raised, for_attached};
use crate::convert;
use crate::finalize::Holds;
use crate::item::Item;
use crate::raw::{self, Arguments, Function, Method, Reply, method};
use crate::standard::Standard;

/// An unbounded first-in first-out queue.
///
/// It does not count which items are done. `put()` never waits, and may be called at any moment: by finalizers, by
/// callbacks of weak references, and by signal handlers that interrupt a call of the same queue.
///
/// Fairness: an item goes to the thread that has waited longest for one.
///
/// Timeouts: in seconds, None waits without end. `get()` raises Empty when the time is over.
#[pyclass(module = "_queue", frozen, weakref, subclass)]
#[derive(Debug)]
pub(crate) struct SimpleQueue {
    pub(crate) raw: RawSimpleQueue<Item>,
    /// Of an executor's queue: who takes the tasks.
    pub(crate) workers: Crew,
}

impl SimpleQueue {
    #[inline]
    fn put_at_once(&self, arguments: Arguments) -> Option<*mut PyObject> {
        let item = arguments.only()?;
        // SAFETY: an argument of the call, attached.
        self.raw.put(unsafe { Item::from_borrowed(item) });
        Some(raw::none())
    }

    #[inline]
    fn get_at_once(&self, arguments: Arguments) -> Option<*mut PyObject> {
        if arguments.is_empty() { self.raw.try_get().map(Item::into_ptr) } else { None }
    }

    fn put(&self, arguments: Arguments) -> Result<Reply, Raised> {
        let Some([item, block, _timeout]) = arguments.bind(&[c"item", c"block", c"timeout"]) else {
            return Err(convert::wrong_arguments("put(item, block=True, timeout=None)"));
        };
        if item.is_null() {
            return Err(convert::wrong_arguments("put(item, block=True, timeout=None)"));
        }
        // It does not matter, but what has no truth value is an error.
        // SAFETY: an argument of the call, attached.
        unsafe { convert::truth(block, true)? };
        Ok(self.put_item(item))
    }

    #[inline]
    fn put_item(&self, item: *mut PyObject) -> Reply {
        // SAFETY: an argument of the call, attached.
        self.raw.put(unsafe { Item::from_borrowed(item) });
        Reply::none()
    }

    fn get(&self, arguments: Arguments) -> Result<Reply, Raised> {
        let Some([block, timeout]) = arguments.bind(&[c"block", c"timeout"]) else {
            return Err(convert::wrong_arguments("get(block=True, timeout=None)"));
        };
        // SAFETY: arguments of the call, attached.
        self.get_item(unsafe { convert::simple_queue_deadline(block, timeout)? })
    }

    #[inline]
    fn get_item(&self, deadline: Deadline) -> Result<Reply, Raised> {
        match self.raw.get_with(deadline, &mut Attached) {
            Ok(item) => Ok(Reply::Object(item.into_ptr())),
            Err(GetError::Aborted) => Err(Raised),
            // Nobody can shut it down or retire it.
            Err(GetError::Empty | GetError::ShutDown | GetError::Retired) => Err(Standard::Empty.raise()),
        }
    }
}

impl Holds for SimpleQueue {
    fn take_one(&self) -> *mut PyObject {
        self.raw.try_get().map_or(ptr::null_mut(), Item::into_ptr)
    }

    fn deallocation() -> &'static OnceLock<ffi::destructor> {
        static ORIGINAL: OnceLock<ffi::destructor> = OnceLock::new();
        &ORIGINAL
    }
}

#[pymethods]
impl SimpleQueue {
    #[new]
    #[classmethod]
    #[pyo3(signature = (*args, **kwargs), text_signature = "()")]
    fn new(class: &Bound<'_, PyType>, args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let has_arguments = !args.is_empty() || kwargs.is_some_and(|kwargs| !kwargs.is_empty());
        // A subclass with an `__init__` of its own takes what it likes.
        if has_arguments && class.getattr("__init__")?.is(class.py().get_type::<PyAny>().getattr("__init__")?) {
            return Err(PyTypeError::new_err(format!("{}() takes no arguments", class.name()?)));
        }
        Ok(Self { raw: for_attached!(RawSimpleQueue<Item>), workers: Crew::new() })
    }

    #[classmethod]
    #[pyo3(signature = (item, /))]
    fn __class_getitem__(class: &Bound<'_, PyType>, item: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        // SAFETY: valid objects; the function returns an owned reference or raises.
        unsafe {
            Bound::from_owned_ptr_or_err(class.py(), ffi::Py_GenericAlias(class.as_ptr(), item.as_ptr()))
                .map(Bound::unbind)
        }
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
}

method!(put, SimpleQueue, |this, object, arguments| this.put(arguments), at_once: this.put_at_once(arguments));
method!(get, SimpleQueue, |this, object, arguments| this.get(arguments), at_once: this.get_at_once(arguments));
method!(put_nowait, SimpleQueue, |this, object, arguments| {
    match arguments.bind(&[c"item"]) {
        Some([item]) if !item.is_null() => Ok(this.put_item(item)),
        _ => Err(convert::wrong_arguments("put_nowait(item)")),
    }
});
method!(get_nowait, SimpleQueue, |this, object| this.get_item(Deadline::PASSED));
method!(empty, SimpleQueue, |this, object| Reply::bool(this.raw.is_empty()));
method!(qsize, SimpleQueue, |this, object| {
    // SAFETY: attached.
    Reply::Object(unsafe { ffi::PyLong_FromSsize_t(convert::py_size(this.raw.len())) })
});

/// The methods of the class.
pub(crate) const METHODS: &[Method] = &[
    Method {
        name: c"put",
        doc: c"put($self, /, item, block=True, timeout=None)\n--\n\nPut an item.\n\nNever waits: block and timeout are there because the other queues have them, and mean nothing.",
        function: Function::WithArguments(put),
    },
    Method {
        name: c"get",
        doc: c"get($self, /, block=True, timeout=None)\n--\n\nRemove the next item and return it.\n\nIf the queue is empty, waits for an item as long as it takes, or for at most timeout seconds, or not at all if\nblock is false; raises Empty if there was none.",
        function: Function::WithArguments(get),
    },
    Method {
        name: c"put_nowait",
        doc: c"put_nowait($self, /, item)\n--\n\nPut an item, as put() does.",
        function: Function::WithArguments(put_nowait),
    },
    Method {
        name: c"get_nowait",
        doc: c"get_nowait($self, /)\n--\n\nRemove the next item and return it, without waiting. Raises Empty if there is none.",
        function: Function::WithoutArguments(get_nowait),
    },
    Method {
        name: c"empty",
        doc: c"empty($self, /)\n--\n\nReturn whether no item is in the queue.",
        function: Function::WithoutArguments(empty),
    },
    Method {
        name: c"qsize",
        doc: c"qsize($self, /)\n--\n\nReturn the number of items in the queue.",
        function: Function::WithoutArguments(qsize),
    },
];
