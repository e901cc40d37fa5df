//! Letting go of Python objects that an object of ours holds, with no native frame that matters below their finalizers.
//!
//! Dropping the last reference to an object runs its finalizer, which is Python code. On a daemon thread, while the process ends, that code may be
//! unwound by force before 3.13.8 (see [`raw`](crate::raw)), so it must not run below a frame of PyO3's deallocation, which
//! cleans up and catches. The classes that hold objects have their deallocation and their collection preceded by the functions here:
//! these take the objects out one by one, and nothing is left in their frames to be dropped.

use std::ffi::c_int;
use std::sync::OnceLock;

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::PyType;
use pyo3::{PyClass, PyTypeInfo};

use crate::raw::this;

/// A class whose objects hold Python objects.
pub(crate) trait Holds: PyClass<Frozen = pyo3::pyclass::boolean_struct::True> + PyTypeInfo + Sync {
    /// Takes one of the objects out: an owned reference, or null if there is none. Runs no Python code.
    fn take_one(&self) -> *mut PyObject;

    /// PyO3's deallocation of the class.
    fn deallocation() -> &'static OnceLock<ffi::destructor>;
}

unsafe extern "C-unwind" {
    // Declared here because Python code may be unwound by force: see above.
    fn Py_DecRef(object: *mut PyObject);
}

/// Puts the functions of this file ahead of PyO3's. Before any object of the class, and any subclass, exists.
pub(crate) fn precede<T: Holds>(class: &Bound<'_, PyType>) {
    let class = class.as_type_ptr();
    // SAFETY: a type of ours that nobody uses yet. The casts change nothing but whether unwinding may pass.
    unsafe {
        if let Some(original) = (*class).tp_dealloc {
            let _ = T::deallocation().set(original);
        }
        (*class).tp_dealloc =
            Some(std::mem::transmute::<unsafe extern "C-unwind" fn(*mut PyObject), ffi::destructor>(deallocate::<T>));
        (*class).tp_clear =
            Some(std::mem::transmute::<unsafe extern "C-unwind" fn(*mut PyObject) -> c_int, ffi::inquiry>(clear::<T>));
        ffi::PyType_Modified(class);
    }
}

unsafe extern "C-unwind" fn deallocate<T: Holds>(object: *mut PyObject) {
    // SAFETY: the interpreter deallocates an object of the class; what is taken out of it is ours to give up. A collection
    // that a finalizer starts must not find it any more.
    unsafe {
        ffi::PyObject_GC_UnTrack(object.cast());
        let_go::<T>(object);
        if let Some(original) = T::deallocation().get() {
            original(object);
        }
    }
}

unsafe extern "C-unwind" fn clear<T: Holds>(object: *mut PyObject) -> c_int {
    // SAFETY: the collector clears an object of the class.
    unsafe { let_go::<T>(object) };
    0
}

/// # Safety
///
/// `object` is of the class, and the thread is attached. The caller's frame holds nothing that is to be dropped.
unsafe fn let_go<T: Holds>(object: *mut PyObject) {
    loop {
        // SAFETY: the caller's promise.
        let held = unsafe { this::<T>(object) }.take_one();
        if held.is_null() {
            return;
        }
        // SAFETY: an owned reference.
        unsafe { Py_DecRef(held) };
    }
}

/// Gives up a reference, as the last act of a method.
///
/// # Safety
///
/// An owned reference. The caller's frame holds nothing that is to be dropped.
pub(crate) unsafe fn give_up(object: *mut PyObject) {
    // SAFETY: the caller's promise.
    unsafe { Py_DecRef(object) };
}
