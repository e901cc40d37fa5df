//! Methods without PyO3's trampolines, for the hottest calls.
//!
//! PyO3's trampoline counts attachments, catches panics and parses arguments for each call, which costs about as much as
//! an uncontended lock. The functions here are called by the interpreter directly.
//!
//! # Safety
//!
//! - The interpreter calls a method's function with a `self` that is an instance of the class whose method it is: method
//!   descriptors check that. So the cast to the class's Rust type is sound ([`this`]).
//! - The thread is attached, as in every call from the interpreter.
//! - No panic leaves a function: [`guarded`] turns it into an exception, and what is done before that, at once, has none.
//! - The functions are `extern "C-unwind"`, and when they call Python code ([`Reply::Standard`]) nothing is left in
//!   their frame to be dropped: before 3.13.8 the interpreter ends daemon threads by unwinding them by force, and a
//!   frame that catches or cleans up would abort the process.

use std::ffi::CStr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use pyo3::PyClass;
use pyo3::exceptions::PySystemError;
use pyo3::ffi::{self, Py_ssize_t, PyMethodDef, PyObject};
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::boundary::{Raised, raise};
use crate::finalize;
use crate::standard::Standard;

/// A function that takes positional and keyword arguments.
pub(crate) type WithArguments =
    unsafe extern "C-unwind" fn(*mut PyObject, *const *mut PyObject, Py_ssize_t, *mut PyObject) -> *mut PyObject;

/// A function without arguments.
pub(crate) type WithoutArguments = unsafe extern "C-unwind" fn(*mut PyObject, *mut PyObject) -> *mut PyObject;

/// What a method comes to.
#[derive(Clone, Copy)]
pub(crate) enum Reply {
    /// An owned reference.
    Object(*mut PyObject),
    /// An exception is set.
    Raised,
    /// `None`, after an owned reference was given up.
    #[cfg_attr(not(Py_3_13), allow(dead_code, reason = "queues cannot be shut down there"))]
    NoneWithout(*mut PyObject),
    /// Python's own function is to do it, with these arguments.
    Standard(Standard),
    /// Python's own function is to do it, with other arguments: owned references.
    StandardWith(Standard, [*mut PyObject; 3]),
}

impl Reply {
    pub(crate) fn none() -> Self {
        Self::Object(none())
    }

    pub(crate) fn bool(value: bool) -> Self {
        Self::Object(boolean(value))
    }
}

/// An owned reference to `None`.
#[inline]
pub(crate) fn none() -> *mut PyObject {
    // SAFETY: attached; a new reference to an object that never dies.
    unsafe { ffi::Py_NewRef(ffi::Py_None()) }
}

/// An owned reference to `True` or `False`.
#[inline]
pub(crate) fn boolean(value: bool) -> *mut PyObject {
    // SAFETY: as above.
    unsafe { ffi::Py_NewRef(if value { ffi::Py_True() } else { ffi::Py_False() }) }
}

impl From<Raised> for Reply {
    fn from(_: Raised) -> Self {
        Self::Raised
    }
}

impl<T: Into<Reply>> From<Result<Reply, T>> for Reply {
    fn from(result: Result<Reply, T>) -> Self {
        result.unwrap_or_else(Into::into)
    }
}

/// The arguments of a call, borrowed.
#[derive(Clone, Copy)]
pub(crate) struct Arguments {
    pub(crate) values: *const *mut PyObject,
    pub(crate) positional: usize,
    pub(crate) names: *mut PyObject,
}

impl Arguments {
    pub(crate) const NONE: Self = Self { values: ptr::null(), positional: 0, names: ptr::null_mut() };

    /// No argument at all: the common case.
    #[inline]
    pub(crate) fn is_empty(self) -> bool {
        self.positional == 0 && self.names.is_null()
    }

    /// The only argument, if it is positional.
    #[inline]
    pub(crate) fn only(self) -> Option<*mut PyObject> {
        // SAFETY: the interpreter passes that many.
        (self.positional == 1 && self.names.is_null()).then(|| unsafe { *self.values })
    }

    /// The arguments by the names of the parameters; a parameter without an argument is null. `None` if they do not fit.
    #[inline]
    pub(crate) fn bind<const N: usize>(self, parameters: &[&CStr; N]) -> Option<[*mut PyObject; N]> {
        let mut bound = [ptr::null_mut(); N];
        if self.positional > N {
            return None;
        }
        for (index, slot) in bound.iter_mut().enumerate().take(self.positional) {
            // SAFETY: the interpreter passes that many.
            *slot = unsafe { *self.values.add(index) };
        }
        if self.names.is_null() { Some(bound) } else { self.bind_names(parameters, bound) }
    }

    fn bind_names<const N: usize>(
        self,
        parameters: &[&CStr; N],
        mut bound: [*mut PyObject; N],
    ) -> Option<[*mut PyObject; N]> {
        // SAFETY: `names` is a tuple of strings, and behind the positional arguments comes one for each.
        unsafe {
            for index in 0..ffi::PyTuple_Size(self.names) {
                let name = ffi::PyTuple_GetItem(self.names, index);
                let at = parameters
                    .iter()
                    .position(|parameter| ffi::PyUnicode_CompareWithASCIIString(name, parameter.as_ptr()) == 0)?;
                if !bound[at].is_null() {
                    return None;
                }
                bound[at] = *self.values.add(self.positional + index.unsigned_abs());
            }
        }
        Some(bound)
    }
}

/// The Rust value of `object`.
///
/// # Safety
///
/// `object` is an instance of `T` or a subclass, and lives as long as the result is used.
#[inline]
pub(crate) unsafe fn this<'a, T>(object: *mut PyObject) -> &'a T
where
    T: PyClass<Frozen = pyo3::pyclass::boolean_struct::True> + Sync,
{
    // SAFETY: the caller's promise; a borrowed reference is all that `get` needs, and it is not dropped.
    unsafe {
        let borrowed = Borrowed::<PyAny>::from_ptr(Python::assume_attached(), object);
        let value: *const T = ptr::from_ref(borrowed.cast_unchecked::<T>().get());
        &*value
    }
}

/// Runs the body of a method; a panic in it becomes an exception.
#[inline]
pub(crate) fn guarded(body: impl FnOnce() -> Reply) -> Reply {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        raise::<PySystemError>(&format!("internal error of raddle: {text}")).into()
    })
}

/// The result of a method for the interpreter.
///
/// # Safety
///
/// `object` and `arguments` are those of the call. The caller's frame holds nothing that is to be dropped.
#[inline]
pub(crate) unsafe fn finish(object: *mut PyObject, arguments: Arguments, reply: Reply) -> *mut PyObject {
    match reply {
        Reply::Object(result) => result,
        Reply::Raised => ptr::null_mut(),
        Reply::NoneWithout(object) => {
            // SAFETY: the caller's promise; `None` never dies.
            unsafe {
                finalize::give_up(object);
                ffi::Py_NewRef(ffi::Py_None())
            }
        }
        // SAFETY: the caller's promise.
        Reply::Standard(function) => unsafe { function.call(object, arguments) },
        // SAFETY: as above.
        Reply::StandardWith(function, values) => unsafe { function.call_with(object, values) },
    }
}

/// A function for [`Function`], from `(this, arguments) -> Reply`.
///
/// What most calls ask for may be tried `at_once`, before anything else: `Some` is the result, an owned reference, and `None` leaves the call to the rest. It calls no foreign
/// code, and does not panic, so it needs no guard, and hardly a frame.
macro_rules! method {
    ($name:ident, $class:ty, |$this:ident| at_once: $at_once:expr) => {
        pub(crate) unsafe extern "C-unwind" fn $name(
            object: *mut pyo3::ffi::PyObject,
            _: *mut pyo3::ffi::PyObject,
        ) -> *mut pyo3::ffi::PyObject {
            // SAFETY: the interpreter calls with an instance of the class.
            let $this = unsafe { $crate::raw::this::<$class>(object) };
            $at_once
        }
    };
    ($name:ident, $class:ty, |$this:ident, $object:ident, $arguments:ident| $body:expr, at_once: $at_once:expr) => {
        pub(crate) unsafe extern "C-unwind" fn $name(
            object: *mut pyo3::ffi::PyObject,
            values: *const *mut pyo3::ffi::PyObject,
            count: pyo3::ffi::Py_ssize_t,
            names: *mut pyo3::ffi::PyObject,
        ) -> *mut pyo3::ffi::PyObject {
            $crate::raw::method!(
                #[inline(never)]
                in_full,
                $class,
                |$this, $object, $arguments| {
                    let _ = $this;
                    $body
                }
            );
            let $arguments = $crate::raw::Arguments { values, positional: count.unsigned_abs(), names };
            // SAFETY: the interpreter calls with an instance of the class.
            let $this = unsafe { $crate::raw::this::<$class>(object) };
            // Nothing of this is left when the rest begins: see above.
            let result: Option<*mut pyo3::ffi::PyObject> = $at_once;
            match result {
                Some(result) => result,
                // SAFETY: the arguments of the call.
                None => unsafe { in_full(object, values, count, names) },
            }
        }
    };
    ($name:ident, $class:ty, |$this:ident, $object:ident| $body:expr, at_once: $at_once:expr) => {
        pub(crate) unsafe extern "C-unwind" fn $name(
            object: *mut pyo3::ffi::PyObject,
            unused: *mut pyo3::ffi::PyObject,
        ) -> *mut pyo3::ffi::PyObject {
            $crate::raw::method!(
                #[inline(never)]
                in_full,
                $class,
                |$this, $object| {
                    let _ = $this;
                    $body
                }
            );
            // SAFETY: the interpreter calls with an instance of the class.
            let $this = unsafe { $crate::raw::this::<$class>(object) };
            // Nothing of this is left when the rest begins: see above.
            let result: Option<*mut pyo3::ffi::PyObject> = $at_once;
            match result {
                Some(result) => result,
                // SAFETY: the arguments of the call.
                None => unsafe { in_full(object, unused) },
            }
        }
    };
    ($(#[$attribute:meta])* $name:ident, $class:ty, |$this:ident, $object:ident, $arguments:ident| $body:expr) => {
        $(#[$attribute])*
        pub(crate) unsafe extern "C-unwind" fn $name(
            $object: *mut pyo3::ffi::PyObject,
            values: *const *mut pyo3::ffi::PyObject,
            count: pyo3::ffi::Py_ssize_t,
            names: *mut pyo3::ffi::PyObject,
        ) -> *mut pyo3::ffi::PyObject {
            let $arguments = $crate::raw::Arguments { values, positional: count.unsigned_abs(), names };
            let reply = $crate::raw::guarded(|| {
                // SAFETY: the interpreter calls with an instance of the class.
                let $this = unsafe { $crate::raw::this::<$class>($object) };
                $crate::raw::Reply::from($body)
            });
            // SAFETY: those of the call; the frame holds nothing else.
            unsafe { $crate::raw::finish($object, $arguments, reply) }
        }
    };
    ($(#[$attribute:meta])* $name:ident, $class:ty, |$this:ident, $object:ident| $body:expr) => {
        $(#[$attribute])*
        pub(crate) unsafe extern "C-unwind" fn $name(
            $object: *mut pyo3::ffi::PyObject,
            _: *mut pyo3::ffi::PyObject,
        ) -> *mut pyo3::ffi::PyObject {
            let reply = $crate::raw::guarded(|| {
                // SAFETY: the interpreter calls with an instance of the class.
                let $this = unsafe { $crate::raw::this::<$class>($object) };
                $crate::raw::Reply::from($body)
            });
            // SAFETY: those of the call; the frame holds nothing else.
            unsafe { $crate::raw::finish($object, $crate::raw::Arguments::NONE, reply) }
        }
    };
}
pub(crate) use method;

/// A method to be: name, docstring with its text signature, function.
#[derive(Clone, Copy)]
pub(crate) struct Method {
    pub(crate) name: &'static CStr,
    pub(crate) doc: &'static CStr,
    pub(crate) function: Function,
}

#[derive(Clone, Copy)]
pub(crate) enum Function {
    WithArguments(WithArguments),
    WithoutArguments(WithoutArguments),
}

/// Makes the class one whose attributes cannot be set, as those are that it stands for.
pub(crate) fn seal(class: &Bound<'_, PyType>) {
    let class = class.as_type_ptr();
    // SAFETY: the class is a type of ours, which nobody else uses yet: the module is being made.
    unsafe {
        #[cfg(not(Py_GIL_DISABLED))]
        {
            (*class).tp_flags |= ffi::Py_TPFLAGS_IMMUTABLETYPE;
        }
        #[cfg(Py_GIL_DISABLED)]
        (*class).tp_flags.fetch_or(ffi::Py_TPFLAGS_IMMUTABLETYPE, std::sync::atomic::Ordering::Relaxed);
        ffi::PyType_Modified(class);
    }
}

/// Gives the class its methods.
pub(crate) fn add_methods(class: &Bound<'_, PyType>, methods: &[Method]) -> PyResult<()> {
    for method in methods {
        let (function, flags) = match method.function {
            Function::WithArguments(function) => (
                ffi::PyMethodDefPointer {
                    // SAFETY: the same ABI; "C-unwind" says in addition that unwinding may pass.
                    PyCFunctionFastWithKeywords: unsafe {
                        std::mem::transmute::<WithArguments, ffi::PyCFunctionFastWithKeywords>(function)
                    },
                },
                ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
            ),
            Function::WithoutArguments(function) => (
                ffi::PyMethodDefPointer {
                    // SAFETY: as above.
                    PyCFunction: unsafe { std::mem::transmute::<WithoutArguments, ffi::PyCFunction>(function) },
                },
                ffi::METH_NOARGS,
            ),
        };
        // Lives as long as the class: for ever.
        let definition = Box::leak(Box::new(PyMethodDef {
            ml_name: method.name.as_ptr(),
            ml_meth: function,
            ml_flags: flags,
            ml_doc: method.doc.as_ptr(),
        }));
        // SAFETY: the class is a type, the definition is complete and never freed.
        let descriptor = unsafe {
            Bound::from_owned_ptr_or_err(class.py(), ffi::PyDescr_NewMethod(class.as_type_ptr(), definition))?
        };
        class.setattr(method.name.to_string_lossy(), descriptor)?;
    }
    Ok(())
}
