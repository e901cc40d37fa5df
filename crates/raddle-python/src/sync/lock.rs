//! `_thread.lock`.

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi::PyObject;
use pyo3::prelude::*;
use raddle::park::Failed;
use raddle::sync::RawLock;

use crate::boundary::{Attached, Raised, for_attached, raise};
use crate::convert;
use crate::raw::{self, Arguments, Function, Method, Reply, method};

/// A lock: one thread at a time.
///
/// Any thread may release it. Threads that run may take a free lock ahead of threads that wait; those are woken in
/// the order of their arrival.
#[pyclass(name = "lock", module = "_thread", frozen, weakref)]
#[derive(Debug)]
pub(crate) struct Lock {
    raw: RawLock,
}

impl Lock {
    #[inline]
    pub(crate) fn raw(&self) -> &RawLock {
        &self.raw
    }

    fn acquire(&self, arguments: Arguments) -> Result<Reply, Raised> {
        acquired(self.raw.acquire_with(convert::lock_deadline(arguments)?, &mut Attached))
    }

    #[inline]
    fn release_at_once(&self) -> Option<*mut PyObject> {
        self.raw.release().map(|()| raw::none())
    }
}

/// What most calls of `acquire` ask for: it is had, and no argument says anything else.
#[inline]
pub(crate) fn acquire_at_once(arguments: Arguments, try_acquire: impl FnOnce() -> bool) -> Option<*mut PyObject> {
    (arguments.is_empty() && try_acquire()).then(|| raw::boolean(true))
}

pub(super) fn not_locked() -> Raised {
    raise::<PyRuntimeError>("release unlocked lock")
}

/// What `acquire` returns.
pub(crate) fn acquired(result: Result<(), Failed>) -> Result<Reply, Raised> {
    match result {
        Ok(()) => Ok(Reply::bool(true)),
        Err(Failed::TimedOut) => Ok(Reply::bool(false)),
        Err(Failed::Aborted) => Err(Raised),
    }
}

/// A new lock.
// It tells a signature where the standard library's does.
#[cfg_attr(Py_3_13, pyfunction)]
#[cfg_attr(not(Py_3_13), pyfunction(text_signature = None))]
pub(crate) fn allocate_lock() -> Lock {
    Lock { raw: for_attached!(RawLock) }
}

#[pymethods]
impl Lock {
    // Before 3.13 the class cannot be called.
    #[cfg(Py_3_13)]
    #[new]
    fn new() -> Self {
        allocate_lock()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> String {
        let state = if slf.get().raw.is_locked() { "locked" } else { "unlocked" };
        format!("<{state} _thread.lock object at {:#x}>", slf.as_ptr().addr())
    }

    fn _at_fork_reinit(&self) {
        self.raw.reset_after_fork();
    }

    #[cfg(feature = "plain")]
    #[pyo3(signature = (blocking=true, timeout=-1.0))]
    fn plain_acquire(&self, blocking: bool, timeout: f64) -> PyResult<bool> {
        let deadline = match (blocking, timeout) {
            (false, _) => raddle::park::Deadline::PASSED,
            (true, timeout) if timeout < 0.0 => raddle::park::Deadline::NEVER,
            (true, timeout) => raddle::park::Deadline::after(std::time::Duration::from_secs_f64(timeout)),
        };
        match self.raw.acquire_with(deadline, &mut Attached) {
            Ok(()) => Ok(true),
            Err(Failed::TimedOut) => Ok(false),
            Err(Failed::Aborted) => Err(PyErr::fetch(unsafe { Python::assume_attached() })),
        }
    }

    #[cfg(feature = "plain")]
    fn plain_release(&self) -> PyResult<()> {
        self.raw.release().ok_or_else(|| PyRuntimeError::new_err("release unlocked lock"))
    }
}

method!(acquire, Lock, |this, object, arguments| this.acquire(arguments), at_once: acquire_at_once(arguments, || this.raw.try_acquire()));
method!(release, Lock, |this, object| not_locked(), at_once: this.release_at_once());
method!(exit, Lock, |this, object, _arguments| not_locked(), at_once: this.release_at_once());
method!(locked, Lock, |this, object| Reply::bool(this.raw.is_locked()));

/// The methods of the class.
pub(crate) const METHODS: &[Method] = &[
    Method {
        name: c"acquire",
        doc: c"acquire($self, /, blocking=True, timeout=-1)\n--\n\nAcquire the lock. Return whether it was acquired.\n\nWaits as long as it takes, or for at most timeout seconds, or not at all if blocking is false.\nThe wait ends when a signal handler raises an exception.",
        function: Function::WithArguments(acquire),
    },
    Method {
        name: c"release",
        doc: c"release($self, /)\n--\n\nRelease the lock, which another thread may have acquired.\n\nRaises RuntimeError if it is not locked.",
        function: Function::WithoutArguments(release),
    },
    Method {
        name: c"locked",
        doc: c"locked($self, /)\n--\n\nReturn whether the lock is locked.",
        function: Function::WithoutArguments(locked),
    },
    Method {
        name: c"__enter__",
        doc: c"__enter__($self, /, blocking=True, timeout=-1)\n--\n\nAcquire the lock.",
        function: Function::WithArguments(acquire),
    },
    Method {
        name: c"__exit__",
        doc: c"__exit__($self, /, *exc_info)\n--\n\nRelease the lock.",
        function: Function::WithArguments(exit),
    },
    Method {
        name: c"acquire_lock",
        doc: c"acquire_lock($self, /, blocking=True, timeout=-1)\n--\n\nAn obsolete synonym of acquire().",
        function: Function::WithArguments(acquire),
    },
    Method {
        name: c"release_lock",
        doc: c"release_lock($self, /)\n--\n\nAn obsolete synonym of release().",
        function: Function::WithoutArguments(release),
    },
    Method {
        name: c"locked_lock",
        doc: c"locked_lock($self, /)\n--\n\nAn obsolete synonym of locked().",
        function: Function::WithoutArguments(locked),
    },
];
