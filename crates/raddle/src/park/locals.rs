//! The values that one thread keeps for itself.

use std::any::Any;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use super::record::current;
use crate::sys::UnsafeCell;

/// A thread's values, by the places that others have given out for them. Touched by that thread only.
#[derive(Debug)]
pub(crate) struct Locals {
    inside: UnsafeCell<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    values: Vec<Option<Value>>,
    /// How many functions of the thread have one in use.
    in_use: usize,
}

#[derive(Debug)]
struct Value {
    /// Places are used again, numbers are not.
    number: u64,
    value: Box<dyn Any>,
}

impl Locals {
    pub(super) fn new() -> Self {
        Self { inside: UnsafeCell::new(Inside::default()) }
    }

    /// The value with this number. It stays where it is until it is replaced, or taken by [`drop_locals`].
    ///
    /// # Safety
    ///
    /// The current thread is the one that the values belong to.
    #[inline]
    pub(crate) unsafe fn get(&self, place: usize, number: u64) -> Option<NonNull<dyn Any>> {
        // SAFETY: only this thread touches them, and nothing here calls foreign code.
        let inside = self.inside.with(|inside| unsafe { &*inside });
        match inside.values.get(place) {
            Some(Some(value)) if value.number == number => Some(NonNull::from(&*value.value)),
            _ => None,
        }
    }

    /// Keeps a value. Returns where it is, and the one of an earlier number, for the caller to drop.
    ///
    /// # Safety
    ///
    /// As for [`Locals::get`].
    pub(crate) unsafe fn put(
        &self,
        place: usize,
        number: u64,
        value: Box<dyn Any>,
    ) -> (NonNull<dyn Any>, Option<Box<dyn Any>>) {
        // SAFETY: as above.
        let inside = self.inside.with_mut(|inside| unsafe { &mut *inside });
        if inside.values.len() <= place {
            inside.values.resize_with(place + 1, || None);
        }
        let place = &mut inside.values[place];
        let old = place.take().map(|old| old.value);
        // Taken from where it stays: a box that is moved may make older pointers into it invalid.
        (NonNull::from(&*place.insert(Value { number, value }).value), old)
    }

    /// The thread has a value in use, until what is returned is dropped: [`drop_locals`] leaves all of them.
    ///
    /// # Safety
    ///
    /// As for [`Locals::get`].
    #[inline]
    pub(crate) unsafe fn in_use(&self) -> InUse<'_> {
        // SAFETY: as above.
        self.inside.with_mut(|inside| unsafe { (*inside).in_use += 1 });
        InUse(self)
    }

    fn take_all(&self) -> Vec<Option<Value>> {
        self.inside.with_mut(|inside| {
            // SAFETY: `drop_locals` calls it on the current thread's.
            let inside = unsafe { &mut *inside };
            if inside.in_use == 0 { mem::take(&mut inside.values) } else { Vec::new() }
        })
    }

    /// In a forked child, on its only thread: the values of a thread that does not exist are forgotten.
    pub(super) fn forget(&self) {
        // SAFETY: there is one thread. Not dropped: they may be half changed, and they are another thread's.
        self.inside.with_mut(|inside| unsafe { inside.write(Inside::default()) });
    }
}

/// See [`Locals::in_use`].
#[derive(Debug)]
pub(crate) struct InUse<'a>(&'a Locals);

impl Drop for InUse<'_> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: made on the thread that the values belong to, and never sent: it is not `Send`, as `Locals` is not `Sync`.
        self.0.inside.with_mut(|inside| unsafe { (*inside).in_use -= 1 });
    }
}

/// Drops the current thread's values, because the thread ends: those, too, that these drops make. Without effect while one is in use.
pub(crate) fn drop_locals() {
    // A drop that makes another value, whose drop does the same, must not go on for ever; what is left then is not dropped.
    const ROUNDS: usize = 8;

    for _ in 0..ROUNDS {
        let values = current().locals.take_all();
        if values.is_empty() {
            return;
        }
        for value in values {
            quietly(|| drop(value));
        }
    }
}

/// Calls foreign code that may panic, on a thread that has nobody left to tell.
pub(crate) fn quietly(act: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(act)) {
        // Dropping it may panic, too.
        mem::forget(payload);
    }
}
