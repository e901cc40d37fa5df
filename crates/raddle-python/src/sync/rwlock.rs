//! `raddle.RWLock`.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use raddle::park::{Deadline, Failed};
use raddle::sync::RawRwLock;
use raddle::thread;

use super::lock::acquired;
use crate::boundary::{Patient, Raised, Watchful, raise};
use crate::convert;
use crate::raw::{Arguments, Function, Method, Reply, method};

/// A reader-writer lock: many threads that read, or one that writes, in the order of their arrival.
///
/// Its two sides are locks of their own, with the methods of a threading.Lock: `with lock.reader:` and `with lock.writer:`.
/// Nobody passes those who wait; readers that stand next to each other share the lock. A thread that reads may read again, also while a writer waits; it cannot
/// go on to write.
#[pyclass(name = "RWLock", module = "raddle", frozen, weakref)]
#[derive(Debug)]
pub(crate) struct RwLock {
    raw: RawRwLock,
}

/// The side of a reader-writer lock that many threads can have at a time.
#[pyclass(name = "Reader", module = "raddle._native", frozen, weakref)]
#[derive(Debug)]
pub(crate) struct Reader {
    lock: Py<RwLock>,
}

/// The side of a reader-writer lock that one thread has alone.
#[pyclass(name = "Writer", module = "raddle._native", frozen, weakref)]
#[derive(Debug)]
pub(crate) struct Writer {
    lock: Py<RwLock>,
}

const NOT_ACQUIRED: &str = "cannot release un-acquired lock";

#[pymethods]
impl RwLock {
    #[new]
    fn new() -> Self {
        Self { raw: RawRwLock::new() }
    }

    /// The side to read by.
    #[getter]
    fn reader(slf: &Bound<'_, Self>) -> Reader {
        Reader { lock: slf.clone().unbind() }
    }

    /// The side to write by.
    #[getter]
    fn writer(slf: &Bound<'_, Self>) -> Writer {
        Writer { lock: slf.clone().unbind() }
    }

    fn __repr__(slf: &Bound<'_, Self>) -> String {
        let raw = &slf.get().raw;
        let address = slf.as_ptr().addr();
        if raw.is_writing() {
            let writer = raw.writer();
            let ident =
                thread::snapshot().iter().find(|thread| Some(thread.id) == writer).map_or(0, |thread| thread.ident);
            return format!("<locked raddle.RWLock object writer={ident} at {address:#x}>");
        }
        match raw.readers() {
            0 => format!("<unlocked raddle.RWLock object at {address:#x}>"),
            readers => format!("<locked raddle.RWLock object readers={readers} at {address:#x}>"),
        }
    }

    fn _at_fork_reinit(&self) {
        self.raw.reset_after_fork();
    }
}

impl Reader {
    #[inline]
    fn raw(&self) -> &RawRwLock {
        &self.lock.get().raw
    }

    #[inline]
    fn acquire(&self, arguments: Arguments) -> Result<Reply, Raised> {
        if arguments.is_empty() && self.raw().try_read() {
            return Ok(Reply::bool(true));
        }
        let mut waiter = Watchful::default();
        let result = self.raw().read_with(convert::lock_deadline(arguments)?, &mut waiter);
        Ok(waiter.reply(acquired(result)))
    }
}

#[pymethods]
impl Reader {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<reader of {}>", self.lock.bind(py).repr()?))
    }

    /// Acquire the lock, whatever deadlock this thread is part of.
    fn _patiently(&self, py: Python<'_>) -> PyResult<bool> {
        patiently(py, |waiter| self.raw().read_with(Deadline::NEVER, waiter))
    }
}

impl Writer {
    #[inline]
    fn raw(&self) -> &RawRwLock {
        &self.lock.get().raw
    }

    #[inline]
    fn acquire(&self, arguments: Arguments) -> Result<Reply, Raised> {
        if arguments.is_empty() && self.raw().try_write() {
            return Ok(Reply::bool(true));
        }
        let mut waiter = Watchful::default();
        let result = self.raw().write_with(convert::lock_deadline(arguments)?, &mut waiter);
        Ok(waiter.reply(acquired(result)))
    }
}

#[pymethods]
impl Writer {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<writer of {}>", self.lock.bind(py).repr()?))
    }

    /// Go on to read what this thread writes: nobody writes in between. From now on it is the reader that is to be released.
    ///
    /// Raises `RuntimeError` if this thread does not write.
    fn downgrade(&self) -> PyResult<()> {
        self.raw().downgrade().ok_or_else(|| PyRuntimeError::new_err("cannot downgrade un-acquired lock"))
    }

    /// Acquire the lock, whatever deadlock this thread is part of.
    fn _patiently(&self, py: Python<'_>) -> PyResult<bool> {
        patiently(py, |waiter| self.raw().write_with(Deadline::NEVER, waiter))
    }
}

fn patiently(py: Python<'_>, acquire: impl FnOnce(&mut Patient) -> Result<(), Failed>) -> PyResult<bool> {
    match acquire(&mut Patient) {
        Ok(()) => Ok(true),
        Err(_) => Err(PyErr::fetch(py)),
    }
}

fn released(result: Option<()>) -> Result<Reply, Raised> {
    match result {
        Some(()) => Ok(Reply::none()),
        None => Err(raise::<PyRuntimeError>(NOT_ACQUIRED)),
    }
}

method!(acquire_reader, Reader, |this, object, arguments| this.acquire(arguments));
method!(release_reader, Reader, |this, object| released(this.raw().release_read()));
method!(exit_reader, Reader, |this, object, _arguments| released(this.raw().release_read()));
method!(locked_reader, Reader, |this, object| Reply::bool(this.raw().readers() > 0));
method!(acquire_writer, Writer, |this, object, arguments| this.acquire(arguments));
method!(release_writer, Writer, |this, object| released(this.raw().release_write()));
method!(exit_writer, Writer, |this, object, _arguments| released(this.raw().release_write()));
method!(locked_writer, Writer, |this, object| Reply::bool(this.raw().is_writing()));

/// The methods of the side to read by.
pub(crate) const READER_METHODS: &[Method] = &[
    Method {
        name: c"acquire",
        doc: c"acquire($self, /, blocking=True, timeout=-1)\n--\n\nAcquire the lock to read, again if this thread reads. Return whether it was acquired.\n\nWaits as long as it takes, or for at most timeout seconds, or not at all if blocking is false.\nThe wait ends when a signal handler raises an exception.",
        function: Function::WithArguments(acquire_reader),
    },
    Method {
        name: c"release",
        doc: c"release($self, /)\n--\n\nRelease what this thread reads, once.\n\nRaises RuntimeError if it does not read.",
        function: Function::WithoutArguments(release_reader),
    },
    Method {
        name: c"locked",
        doc: c"locked($self, /)\n--\n\nReturn whether any thread reads.",
        function: Function::WithoutArguments(locked_reader),
    },
    Method {
        name: c"__enter__",
        doc: c"__enter__($self, /, blocking=True, timeout=-1)\n--\n\nAcquire the lock to read.",
        function: Function::WithArguments(acquire_reader),
    },
    Method {
        name: c"__exit__",
        doc: c"__exit__($self, /, *exc_info)\n--\n\nRelease what this thread reads, once.",
        function: Function::WithArguments(exit_reader),
    },
];

/// The methods of the side to write by.
pub(crate) const WRITER_METHODS: &[Method] = &[
    Method {
        name: c"acquire",
        doc: c"acquire($self, /, blocking=True, timeout=-1)\n--\n\nAcquire the lock to write. Return whether it was acquired.\n\nWaits as long as it takes, or for at most timeout seconds, or not at all if blocking is false.\nThe wait ends when a signal handler raises an exception.",
        function: Function::WithArguments(acquire_writer),
    },
    Method {
        name: c"release",
        doc: c"release($self, /)\n--\n\nRelease what this thread writes.\n\nRaises RuntimeError if it does not write.",
        function: Function::WithoutArguments(release_writer),
    },
    Method {
        name: c"locked",
        doc: c"locked($self, /)\n--\n\nReturn whether a thread writes.",
        function: Function::WithoutArguments(locked_writer),
    },
    Method {
        name: c"__enter__",
        doc: c"__enter__($self, /, blocking=True, timeout=-1)\n--\n\nAcquire the lock to write.",
        function: Function::WithArguments(acquire_writer),
    },
    Method {
        name: c"__exit__",
        doc: c"__exit__($self, /, *exc_info)\n--\n\nRelease what this thread writes.",
        function: Function::WithArguments(exit_writer),
    },
];
