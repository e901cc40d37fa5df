//! loom's machine, and what a model needs to steer it.

use std::cell::Cell;

pub(crate) use loom::cell::UnsafeCell;
pub(crate) use loom::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
pub(crate) use loom::sync::{Condvar, Mutex};
pub(crate) use loom::thread::{spawn, yield_now};

macro_rules! const_fn {
    ($(#[$attribute:meta])* $visibility:vis fn $($rest:tt)*) => {
        $(#[$attribute])* $visibility fn $($rest)*
    };
}
pub(crate) use const_fn;

macro_rules! global {
    ($(#[$attribute:meta])* static $name:ident: $type:ty = $value:expr;) => {
        loom::lazy_static! { $(#[$attribute])* static ref $name: $type = $value; }
    };
}
pub(crate) use global;

#[cfg(feature = "probe")]
macro_rules! array {
    ($value:expr; $length:expr) => {
        std::array::from_fn::<_, { $length }, _>(|_| $value)
    };
}
#[cfg(feature = "probe")]
pub(crate) use array;

loom::thread_local! {
    static LOCAL: Cell<*const ()> = Cell::new(std::ptr::null());
}

pub(crate) fn local_get() -> *const () {
    LOCAL.with(Cell::get)
}

pub(crate) fn local_set(value: *const ()) {
    LOCAL.with(|cell| cell.set(value));
}

pub(crate) fn relax() {
    yield_now();
}

pub(crate) fn stand_back() {
    relax();
}

/// A model is too short for records to be used again.
pub(crate) fn on_thread_exit(_exit: fn(*const ()), _value: *const ()) {}

/// Time and signals as explicit choices of a model.
pub(crate) mod model {
    use super::{AtomicU64, Ordering};
    use crate::sys::Nanoseconds;
    use crate::sys::sleep::Choice;

    loom::lazy_static! {
        static ref CLOCK: AtomicU64 = AtomicU64::new(0);
    }

    pub(crate) fn now() -> Nanoseconds {
        CLOCK.load(Ordering::Relaxed)
    }

    /// Lets an hour pass: every deadline has expired, every waiter is old.
    pub(crate) fn let_time_pass() {
        CLOCK.store(3_600_000_000_000, Ordering::Relaxed);
    }

    /// Sleeps end when the model says so, never by themselves.
    pub(crate) struct Plan;

    impl Plan {
        pub(crate) fn new(_deadline: Option<Nanoseconds>) -> Self {
            Self
        }

        #[allow(clippy::unused_self, reason = "the API of the twin that chooses by itself")]
        pub(crate) fn next(&mut self) -> Choice {
            Choice::Sleep
        }
    }
}
