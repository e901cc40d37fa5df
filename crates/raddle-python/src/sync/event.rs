//! `threading.Event`.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use raddle::sync::Event as RawEvent;

use super::lock::acquired;
use crate::boundary::{Attached, Raised, for_attached};
use crate::convert;
use crate::raw::{self, Arguments, Function, Method, Reply, method};

/// The native part of `raddle.threading.Event`.
#[pyclass(module = "raddle._native", frozen, weakref, subclass)]
#[derive(Debug)]
pub(crate) struct Event {
    raw: RawEvent,
}

impl Event {
    fn wait(&self, arguments: Arguments) -> Result<Reply, Raised> {
        let Some([timeout]) = arguments.bind(&[c"timeout"]) else {
            return Err(convert::wrong_arguments("wait(timeout=None)"));
        };
        // Set is set, whatever the timeout is.
        if self.raw.is_set() {
            return Ok(Reply::bool(true));
        }
        // SAFETY: an argument of the call, attached.
        let deadline = unsafe { convert::deadline(timeout)? };
        acquired(self.raw.wait_with(deadline, &mut Attached))
    }
}

#[pymethods]
impl Event {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "()")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self { raw: for_attached!(RawEvent) }
    }

    /// Make the event unset.
    fn __init__(&self) {
        self.raw.clear();
    }

    #[getter]
    fn _flag(&self) -> bool {
        self.raw.is_set()
    }

    fn _forget_waiters(&self) {
        self.raw.reset_after_fork();
    }
}

method!(is_set, Event, |this| at_once: raw::boolean(this.raw.is_set()));
method!(set, Event, |this| at_once: {
    this.raw.set();
    raw::none()
});
method!(clear, Event, |this| at_once: {
    this.raw.clear();
    raw::none()
});
method!(wait, Event, |this, object, arguments| this.wait(arguments));

/// The methods of the class.
pub(crate) const METHODS: &[Method] = &[
    Method {
        name: c"is_set",
        doc: c"is_set($self, /)\n--\n\nReturn whether the event is set.",
        function: Function::WithoutArguments(is_set),
    },
    Method {
        name: c"set",
        doc: c"set($self, /)\n--\n\nSet the event. All threads that wait for it go on, even if it is cleared at once.",
        function: Function::WithoutArguments(set),
    },
    Method {
        name: c"clear",
        doc: c"clear($self, /)\n--\n\nMake the event unset.",
        function: Function::WithoutArguments(clear),
    },
    Method {
        name: c"wait",
        doc: c"wait($self, /, timeout=None)\n--\n\nWait until the event is set, for at most timeout seconds. Return whether it was set.",
        function: Function::WithArguments(wait),
    },
];
