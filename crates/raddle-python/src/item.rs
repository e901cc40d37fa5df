//! A Python object inside the core.

use std::mem::ManuallyDrop;

use pyo3::ffi;
use pyo3::prelude::*;

/// An owned reference to a Python object, for the core to keep and hand on.
///
/// Dropping it may run any code, so the core never drops one under an internal lock; and it is only dropped by threads that are
/// attached to the interpreter, because all users of the core in this module are.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct Item(ManuallyDrop<Py<PyAny>>);

impl Item {
    /// Takes a new reference.
    ///
    /// # Safety
    ///
    /// `object` is a valid object, and the thread is attached.
    pub(crate) unsafe fn from_borrowed(object: *mut ffi::PyObject) -> Self {
        // SAFETY: the caller's promise.
        unsafe {
            let object = Bound::from_borrowed_ptr(Python::assume_attached(), object);
            Self(ManuallyDrop::new(object.unbind()))
        }
    }

    /// Gives the reference away.
    pub(crate) fn into_ptr(self) -> *mut ffi::PyObject {
        let pointer = self.0.as_ptr();
        std::mem::forget(self);
        pointer
    }

    pub(crate) fn as_py(&self) -> &Py<PyAny> {
        &self.0
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        // SAFETY: an owned reference, and the thread is attached: see above.
        unsafe { ffi::Py_DECREF(self.0.as_ptr()) };
    }
}
