//! A Python object inside the core.

use std::mem::ManuallyDrop;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::PyTraverseError;
use pyo3::ffi;
use pyo3::gc::PyVisit;
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

    /// Takes a new reference.
    pub(crate) fn from_bound(object: &Bound<'_, PyAny>) -> Self {
        Self(ManuallyDrop::new(object.clone().unbind()))
    }

    /// Takes a reference over.
    ///
    /// # Safety
    ///
    /// `object` is an owned reference, and the thread is attached.
    pub(crate) unsafe fn from_owned(object: *mut ffi::PyObject) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Self(ManuallyDrop::new(Bound::from_owned_ptr(Python::assume_attached(), object).unbind())) }
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

/// A reference that an object of ours owns, or null; set when the object is made, and taken out when it goes, or is garbage.
#[derive(Debug)]
pub(crate) struct Held(AtomicPtr<ffi::PyObject>);

impl Held {
    pub(crate) fn new(item: Option<Item>) -> Self {
        Self(AtomicPtr::new(item.map_or(ptr::null_mut(), Item::into_ptr)))
    }

    /// A borrowed reference, or null.
    #[inline]
    pub(crate) fn get(&self) -> *mut ffi::PyObject {
        // ORDERING: Relaxed: it was published with the object that owns it, and is taken only when nobody can reach that.
        self.0.load(Ordering::Relaxed)
    }

    /// The reference, or null.
    pub(crate) fn take(&self) -> *mut ffi::PyObject {
        self.0.swap(ptr::null_mut(), Ordering::Relaxed)
    }

    /// Shows it to a collector of garbage.
    ///
    /// Takes no reference meanwhile: a collector of a free-threaded build keeps its sums where an object has its owner, so one that is
    /// taken as the owner's would be given back as another thread's.
    pub(crate) fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        // SAFETY: the collector calls attached; null or valid. This object's reference is not dropped here.
        let object = unsafe { Bound::from_owned_ptr_or_opt(Python::assume_attached(), self.get()) };
        visit.call(&*ManuallyDrop::new(object.map(Bound::unbind)))
    }

    pub(crate) fn to_owned(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        // SAFETY: null, or valid as long as the owner lives.
        unsafe { Bound::from_borrowed_ptr_or_opt(py, self.get()) }.map(Bound::unbind)
    }
}
