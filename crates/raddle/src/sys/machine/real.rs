//! The real machine: std's atomics, cells and thread-local storage.

pub(crate) use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// A cell whose accesses go through closures, because those of models do.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }

    #[inline]
    pub(crate) fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
        read(self.0.get())
    }

    #[inline]
    pub(crate) fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
        write(self.0.get())
    }

    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner()
    }
}

/// `const fn` here, a plain `fn` in models, whose cells have no constant constructor.
macro_rules! const_fn {
    ($(#[$attribute:meta])* $visibility:vis fn $($rest:tt)*) => {
        $(#[$attribute])* $visibility const fn $($rest)*
    };
}
pub(crate) use const_fn;

/// A `static` here, one value for each run of a model.
macro_rules! global {
    ($(#[$attribute:meta])* static $name:ident: $type:ty = $value:expr;) => {
        $(#[$attribute])* static $name: $type = $value;
    };
}
pub(crate) use global;

/// `[value; length]`, whose value is made anew for each place: in a constant here, at run time in models.
#[cfg(feature = "probe")]
macro_rules! array {
    ($value:expr; $length:expr) => {
        [const { $value }; $length]
    };
}
#[cfg(feature = "probe")]
pub(crate) use array;

thread_local! {
    // Constant and without a destructor: a read is one load, and it works in the destructors of
    // other thread-local values too.
    static LOCAL: std::cell::Cell<*const ()> = const { std::cell::Cell::new(std::ptr::null()) };
}

#[inline]
pub(crate) fn local_get() -> *const () {
    LOCAL.get()
}

pub(crate) fn local_set(value: *const ()) {
    LOCAL.set(value);
}

#[inline]
pub(crate) fn relax() {
    std::hint::spin_loop();
}

/// Gives the thread inside a section time for many of them: each look takes the cache line from it, and two threads that
/// take turns one by one are three times slower than each of them alone.
pub(crate) fn stand_back() {
    (0..64).for_each(|_| relax());
}
