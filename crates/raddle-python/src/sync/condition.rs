//! `threading.Condition`.

use std::sync::OnceLock;

use pyo3::PyTraverseError;
use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi::PyObject;
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use raddle::sync::Condition as RawCondition;

use super::lock::{Lock, acquired, not_locked};
use super::rlock::{RLock, not_acquired};
use crate::boundary::{Attached, Raised, Watchful, for_attached, raise};
use crate::convert;
use crate::raw::{self, Arguments, Function, Method, Reply, method};
use crate::standard::Standard;

/// The native part of `raddle.threading.Condition`.
///
/// Over a lock of another kind it leaves everything to the standard library's functions.
#[pyclass(module = "raddle._native", frozen, weakref, subclass)]
#[derive(Debug)]
pub(crate) struct Condition {
    raw: RawCondition,
    lock: OnceLock<Home>,
}

/// The lock of a condition.
#[derive(Debug)]
enum Home {
    Lock(Py<Lock>),
    RLock(Py<RLock>),
    Foreign,
}

impl Condition {
    #[inline]
    fn enter_at_once(&self) -> Option<*mut PyObject> {
        let acquired = match self.lock.get()? {
            Home::Lock(lock) => lock.get().raw().try_acquire(),
            Home::RLock(lock) => lock.get().raw().try_acquire(),
            Home::Foreign => false,
        };
        acquired.then(|| raw::boolean(true))
    }

    fn enter(&self) -> Result<Reply, Raised> {
        match self.home()? {
            Home::Lock(lock) => acquired(lock.get().raw().acquire_with(raddle::park::Deadline::NEVER, &mut Attached)),
            Home::RLock(lock) => {
                let mut waiter = Watchful::default();
                let result = lock.get().raw().acquire_with(raddle::park::Deadline::NEVER, &mut waiter);
                Ok(waiter.reply(acquired(result)))
            }
            Home::Foreign => Ok(Reply::Standard(Standard::ConditionEnter)),
        }
    }

    #[inline]
    fn exit_at_once(&self) -> Option<*mut PyObject> {
        let released = match self.lock.get()? {
            Home::Lock(lock) => lock.get().raw().release(),
            Home::RLock(lock) => lock.get().raw().release(),
            Home::Foreign => None,
        };
        released.map(|()| raw::none())
    }

    /// If it could not be done at once.
    fn exit(&self) -> Result<Reply, Raised> {
        match self.home()? {
            Home::Lock(_) => Err(not_locked()),
            Home::RLock(_) => Err(not_acquired()),
            Home::Foreign => Ok(Reply::Standard(Standard::ConditionExit)),
        }
    }

    fn wait(&self, arguments: Arguments) -> Result<Reply, Raised> {
        let home = self.home()?;
        if matches!(home, Home::Foreign) {
            return Ok(Reply::Standard(Standard::ConditionWait));
        }
        let Some([timeout]) = arguments.bind(&[c"timeout"]) else {
            return Err(convert::wrong_arguments("wait(timeout=None)"));
        };
        if !home.is_owned() {
            return Err(raise::<PyRuntimeError>("cannot wait on un-acquired lock"));
        }
        // SAFETY: an argument of the call, attached.
        let deadline = unsafe { convert::deadline(timeout)? };
        acquired(match home {
            Home::Lock(lock) => self.raw.wait_with(lock.get().raw(), deadline, &mut Attached),
            Home::RLock(lock) => self.raw.wait_with(lock.get().raw(), deadline, &mut Attached),
            Home::Foreign => return Ok(Reply::Standard(Standard::ConditionWait)),
        })
    }

    #[inline]
    fn notify_one_at_once(&self) -> Option<*mut PyObject> {
        match self.lock.get().filter(|home| home.is_owned())? {
            Home::Lock(lock) => self.raw.notify_with(lock.get().raw(), 1),
            Home::RLock(lock) => self.raw.notify_with(lock.get().raw(), 1),
            Home::Foreign => return None,
        }
        Some(raw::none())
    }

    fn notify(&self, count: usize, foreign: Standard) -> Result<Reply, Raised> {
        let home = self.home()?;
        if !home.is_owned() {
            return Err(raise::<PyRuntimeError>("cannot notify on un-acquired lock"));
        }
        match home {
            Home::Lock(lock) => self.raw.notify_with(lock.get().raw(), count),
            Home::RLock(lock) => self.raw.notify_with(lock.get().raw(), count),
            Home::Foreign => return Ok(Reply::Standard(foreign)),
        }
        Ok(Reply::none())
    }

    fn notify_some(&self, arguments: Arguments) -> Result<Reply, Raised> {
        let Some([count]) = arguments.bind(&[c"n"]) else {
            return Err(convert::wrong_arguments("notify(n=1)"));
        };
        let count = if count.is_null() {
            1
        } else {
            // SAFETY: an argument of the call, attached.
            match unsafe { convert::integer(count)? } {
                Ok(count) => usize::try_from(count).unwrap_or(0),
                // More than there can be; or less than none.
                Err(sign) => {
                    if sign > 0 {
                        usize::MAX
                    } else {
                        0
                    }
                }
            }
        };
        self.notify(count, Standard::ConditionNotify)
    }

    fn home(&self) -> Result<&Home, Raised> {
        self.lock.get().ok_or_else(|| raise::<PyRuntimeError>("Condition.__init__() not called"))
    }
}

impl Home {
    /// Whether the current thread may wait and notify. A lock without owner counts as everybody's while it is locked.
    fn is_owned(&self) -> bool {
        match self {
            Self::Lock(lock) => lock.get().raw().is_locked(),
            Self::RLock(lock) => lock.get().raw().is_owned(),
            Self::Foreign => true,
        }
    }
}

#[pymethods]
impl Condition {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self { raw: for_attached!(RawCondition), lock: OnceLock::new() }
    }

    /// Use `lock`: natively if it is a native one. Return whether that is so.
    fn _use(&self, lock: &Bound<'_, PyAny>) -> bool {
        let home = if let Ok(lock) = lock.cast_exact::<Lock>() {
            Home::Lock(lock.clone().unbind())
        } else if let Ok(lock) = lock.cast_exact::<RLock>() {
            Home::RLock(lock.clone().unbind())
        } else {
            Home::Foreign
        };
        let _ = self.lock.set(home);
        !matches!(self.lock.get(), Some(Home::Foreign))
    }

    /// The number of threads that wait natively.
    fn _waiting(&self) -> usize {
        self.raw.waiting()
    }

    fn _forget_waiters(&self) {
        self.raw.reset_after_fork();
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self.lock.get() {
            Some(Home::Lock(lock)) => visit.call(lock),
            Some(Home::RLock(lock)) => visit.call(lock),
            Some(Home::Foreign) | None => Ok(()),
        }
    }
}

method!(enter, Condition, |this, object| this.enter(), at_once: this.enter_at_once());
method!(exit, Condition, |this, object, _arguments| this.exit(), at_once: this.exit_at_once());
method!(wait, Condition, |this, object, arguments| this.wait(arguments));
method!(
    notify,
    Condition,
    |this, object, arguments| this.notify_some(arguments),
    at_once: if arguments.is_empty() { this.notify_one_at_once() } else { None }
);
method!(notify_all, Condition, |this, object| this.notify(usize::MAX, Standard::ConditionNotifyAll));

/// The methods of the class.
pub(crate) const METHODS: &[Method] = &[
    Method {
        name: c"__enter__",
        doc: c"__enter__($self, /)\n--\n\nAcquire the lock.",
        function: Function::WithoutArguments(enter),
    },
    Method {
        name: c"__exit__",
        doc: c"__exit__($self, /, *exc_info)\n--\n\nRelease the lock.",
        function: Function::WithArguments(exit),
    },
    Method {
        name: c"wait",
        doc: c"wait($self, /, timeout=None)\n--\n\nRelease the lock, wait for a notification, for at most timeout seconds, and take the lock back.\n\nReturn whether a notification came. Raises RuntimeError if the lock is not acquired.",
        function: Function::WithArguments(wait),
    },
    Method {
        name: c"notify",
        doc: c"notify($self, /, n=1)\n--\n\nNotify up to n of the threads that wait, those that came first.\n\nRaises RuntimeError if the lock is not acquired.",
        function: Function::WithArguments(notify),
    },
    Method {
        name: c"notify_all",
        doc: c"notify_all($self, /)\n--\n\nNotify all threads that wait.\n\nRaises RuntimeError if the lock is not acquired.",
        function: Function::WithoutArguments(notify_all),
    },
];
