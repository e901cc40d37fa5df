//! `_thread.RLock`.

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi::PyObject;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use raddle::park::Deadline;
use raddle::sync::RawRLock;
use raddle::thread;

use super::lock::{acquire_at_once, acquired};
use crate::boundary::{Attached, Patient, Raised, Watchful, for_attached, raise};
use crate::convert;
use crate::raw::{self, Arguments, Function, Method, Reply, method};

/// A lock that its owner may acquire again, and releases as often.
///
/// Threads that run may take a free lock ahead of threads that wait; those are woken in the order of their arrival.
#[pyclass(name = "RLock", module = "_thread", frozen, weakref, subclass)]
#[derive(Debug)]
pub(crate) struct RLock {
    raw: RawRLock,
}

impl RLock {
    #[inline]
    pub(crate) fn raw(&self) -> &RawRLock {
        &self.raw
    }

    fn acquire(&self, arguments: Arguments) -> Result<Reply, Raised> {
        let mut waiter = Watchful::default();
        let result = self.raw.acquire_with(convert::lock_deadline(arguments)?, &mut waiter);
        Ok(waiter.reply(acquired(result)))
    }

    #[inline]
    fn release_at_once(&self) -> Option<*mut PyObject> {
        self.raw.release().map(|()| raw::none())
    }

    /// The interpreter's number of the owner; 0 if there is none.
    fn owner_ident(&self) -> u64 {
        let Some(owner) = self.raw.owner() else { return 0 };
        thread::snapshot().iter().find(|thread| thread.id == owner).map_or(0, |thread| thread.ident)
    }
}

const NOT_ACQUIRED: &str = "cannot release un-acquired lock";

pub(super) fn not_acquired() -> Raised {
    raise::<PyRuntimeError>(NOT_ACQUIRED)
}

#[pymethods]
impl RLock {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = None)]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self { raw: for_attached!(RawRLock) }
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let raw = &slf.get().raw;
        let state = if raw.is_locked() { "locked" } else { "unlocked" };
        Ok(format!(
            "<{state} {} object owner={} count={} at {:#x}>",
            slf.get_type().fully_qualified_name()?,
            slf.get().owner_ident(),
            raw.levels(),
            slf.as_ptr().addr()
        ))
    }

    fn _is_owned(&self) -> bool {
        self.raw.is_owned()
    }

    fn _recursion_count(&self) -> u64 {
        if self.raw.is_owned() { self.raw.levels() } else { 0 }
    }

    /// Release all levels. Return what `_acquire_restore` needs to take them back.
    fn _release_save(&self) -> PyResult<(u64, u64)> {
        let owner = self.owner_ident();
        self.raw.release_all().map(|levels| (levels, owner)).ok_or_else(|| PyRuntimeError::new_err(NOT_ACQUIRED))
    }

    /// Take back what `_release_save` has released. Not ended by signals.
    fn _acquire_restore(&self, state: (u64, u64)) {
        self.raw.restore(state.0, &mut Attached);
    }

    /// Acquire the lock, whatever deadlock this thread is part of.
    fn _patiently(slf: &Bound<'_, Self>) -> PyResult<bool> {
        match slf.get().raw.acquire_with(Deadline::NEVER, &mut Patient) {
            Ok(()) => Ok(true),
            Err(_) => Err(PyErr::fetch(slf.py())),
        }
    }

    fn _at_fork_reinit(&self) {
        self.raw.reset_after_fork();
    }
}

method!(acquire, RLock, |this, object, arguments| this.acquire(arguments), at_once: acquire_at_once(arguments, || this.raw.try_acquire()));
method!(release, RLock, |this, object| not_acquired(), at_once: this.release_at_once());
method!(exit, RLock, |this, object, _arguments| not_acquired(), at_once: this.release_at_once());
#[cfg(Py_3_14)]
method!(locked, RLock, |this, object| Reply::bool(this.raw.is_locked()));

/// The methods of the class.
pub(crate) const METHODS: &[Method] = &[
    Method {
        name: c"acquire",
        doc: c"acquire($self, /, blocking=True, timeout=-1)\n--\n\nAcquire the lock, again if this thread owns it. Return whether it was acquired.\n\nWaits as long as it takes, or for at most timeout seconds, or not at all if blocking is false.\nThe wait ends when a signal handler raises an exception.",
        function: Function::WithArguments(acquire),
    },
    Method {
        name: c"release",
        doc: c"release($self, /)\n--\n\nRelease the lock once; it is free when that was done as often as it was acquired.\n\nRaises RuntimeError if this thread does not own it.",
        function: Function::WithoutArguments(release),
    },
    #[cfg(Py_3_14)]
    Method {
        name: c"locked",
        doc: c"locked($self, /)\n--\n\nReturn whether any thread owns the lock.",
        function: Function::WithoutArguments(locked),
    },
    Method {
        name: c"__enter__",
        doc: c"__enter__($self, /, blocking=True, timeout=-1)\n--\n\nAcquire the lock.",
        function: Function::WithArguments(acquire),
    },
    Method {
        name: c"__exit__",
        doc: c"__exit__($self, /, *exc_info)\n--\n\nRelease the lock once.",
        function: Function::WithArguments(exit),
    },
];
