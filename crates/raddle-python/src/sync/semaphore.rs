//! `threading.Semaphore` and `threading.BoundedSemaphore`.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::ffi::PyObject;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use raddle::park::Deadline;
use raddle::sync::Semaphore as RawSemaphore;

use super::lock::{acquire_at_once, acquired};
use crate::boundary::{Attached, Raised, for_attached, raise};
use crate::convert;
use crate::raw::{self, Arguments, Function, Method, Reply, method};

/// The native part of `raddle.threading.Semaphore`.
#[pyclass(module = "raddle._native", frozen, weakref, subclass)]
#[derive(Debug)]
pub(crate) struct Semaphore {
    raw: RawSemaphore,
    /// The most permits; the core's own limit for a semaphore without bound. Changes in `__init__` only.
    bound: AtomicU64,
}

impl Semaphore {
    fn unbounded() -> Self {
        Self { raw: for_attached!(RawSemaphore, 1), bound: AtomicU64::new(RawSemaphore::MAX_PERMITS) }
    }

    /// Begins with `value` permits, and forgets what was.
    fn begin(&self, value: Given<'_>) -> PyResult<u64> {
        let value = value.0.map_or(Ok(1), |value| {
            // SAFETY: a valid object, attached.
            unsafe { convert::count(value.as_ptr(), 0, "semaphore initial value must be >= 0") }
                .map_err(|Raised| PyErr::fetch(value.py()))
        })?;
        if value > RawSemaphore::MAX_PERMITS {
            return Err(PyOverflowError::new_err("semaphore initial value must be less than 2**40"));
        }
        self.raw.reset_after_fork(value);
        Ok(value)
    }

    fn acquire(&self, arguments: Arguments) -> Result<Reply, Raised> {
        acquired(self.raw.acquire_with(Self::deadline(arguments)?, &mut Attached))
    }

    fn deadline(arguments: Arguments) -> Result<Deadline, Raised> {
        let Some([blocking, timeout]) = arguments.bind(&[c"blocking", c"timeout"]) else {
            return Err(convert::wrong_arguments("acquire(blocking=True, timeout=None)"));
        };
        // SAFETY: arguments of the call, attached.
        unsafe {
            if convert::truth(blocking, true)? {
                return convert::deadline(timeout);
            }
            if convert::is_none(timeout) {
                return Ok(Deadline::PASSED);
            }
        }
        Err(raise::<PyValueError>("can't specify timeout for non-blocking acquire"))
    }

    fn release(&self, arguments: Arguments) -> Result<Reply, Raised> {
        let count = if arguments.is_empty() {
            1
        } else {
            let Some([count]) = arguments.bind(&[c"n"]) else {
                return Err(convert::wrong_arguments("release(n=1)"));
            };
            // SAFETY: an argument of the call, attached.
            unsafe { convert::count(count, 1, "n must be one or more")? }
        };
        self.release_count(count)
    }

    #[inline]
    fn release_one_at_once(&self) -> Option<*mut PyObject> {
        self.raw.release_within(1, self.bound()).is_ok().then(raw::none)
    }

    fn release_count(&self, count: u64) -> Result<Reply, Raised> {
        match self.raw.release_within(count, self.bound()) {
            Ok(()) => Ok(Reply::none()),
            Err(_) => Err(raise::<PyValueError>("Semaphore released too many times")),
        }
    }

    #[inline]
    fn bound(&self) -> u64 {
        // ORDERING: Relaxed: whoever may use the semaphore got it after `__init__`.
        self.bound.load(Ordering::Relaxed)
    }
}

/// An argument, which may be `None`; nothing if none was given.
struct Given<'py>(Option<Bound<'py, PyAny>>);

impl<'py> FromPyObject<'_, 'py> for Given<'py> {
    type Error = Infallible;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> Result<Self, Infallible> {
        Ok(Self(Some(object.to_owned())))
    }
}

#[pymethods]
impl Semaphore {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(value=1)")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::unbounded()
    }

    #[pyo3(signature = (value=Given(None)))]
    fn __init__(&self, value: Given<'_>) -> PyResult<()> {
        self.begin(value).map(|_| ())
    }

    #[getter]
    fn _value(&self) -> u64 {
        self.raw.available()
    }

    fn _at_fork_reinit(&self, value: Option<u64>) {
        self.raw.reset_after_fork(value.unwrap_or_else(|| self.raw.available()));
    }
}

/// The native part of `raddle.threading.BoundedSemaphore`.
#[pyclass(module = "raddle._native", frozen, subclass, extends = Semaphore)]
#[derive(Debug)]
pub(crate) struct BoundedSemaphore;

#[pymethods]
impl BoundedSemaphore {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(value=1)")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> PyClassInitializer<Self> {
        let semaphore = Semaphore::unbounded();
        semaphore.bound.store(1, Ordering::Relaxed);
        PyClassInitializer::from(semaphore).add_subclass(Self)
    }

    #[pyo3(signature = (value=Given(None)))]
    fn __init__(slf: &Bound<'_, Self>, value: Given<'_>) -> PyResult<()> {
        let semaphore = slf.as_super().get();
        let value = semaphore.begin(value)?;
        semaphore.bound.store(value, Ordering::Relaxed);
        Ok(())
    }

    #[getter]
    fn _initial_value(slf: &Bound<'_, Self>) -> u64 {
        slf.as_super().get().bound.load(Ordering::Relaxed)
    }
}

method!(acquire, Semaphore, |this, object, arguments| this.acquire(arguments), at_once: acquire_at_once(arguments, || this.raw.try_acquire()));
method!(
    release,
    Semaphore,
    |this, object, arguments| this.release(arguments),
    at_once: if arguments.is_empty() { this.release_one_at_once() } else { None }
);
method!(exit, Semaphore, |this, object, _arguments| this.release_count(1), at_once: this.release_one_at_once());

/// The methods of the class.
pub(crate) const METHODS: &[Method] = &[
    Method {
        name: c"acquire",
        doc: c"acquire($self, /, blocking=True, timeout=None)\n--\n\nTake a permit. Return whether one was taken.\n\nWaits as long as it takes, or for at most timeout seconds, or not at all if blocking is false.\nThe wait ends when a signal handler raises an exception.",
        function: Function::WithArguments(acquire),
    },
    Method {
        name: c"release",
        doc: c"release($self, /, n=1)\n--\n\nGive n permits back, or add them.\n\nRaises ValueError if n is less than one, or if a bounded semaphore would have more permits than in the beginning.",
        function: Function::WithArguments(release),
    },
    Method {
        name: c"__enter__",
        doc: c"__enter__($self, /, blocking=True, timeout=None)\n--\n\nTake a permit.",
        function: Function::WithArguments(acquire),
    },
    Method {
        name: c"__exit__",
        doc: c"__exit__($self, /, *exc_info)\n--\n\nGive a permit back.",
        function: Function::WithArguments(exit),
    },
];
