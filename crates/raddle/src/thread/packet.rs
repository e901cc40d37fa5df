//! What a thread brings back.

use std::any::Any;
use std::fmt;

use crate::sys::UnsafeCell;

/// What a thread has panicked with.
pub(super) type Payload = Box<dyn Any + Send + 'static>;

/// The outcome of a thread, on the way to its handle.
///
/// Written once by the thread, before its end; taken by its only handle, after that.
pub(super) struct Packet<T> {
    outcome: UnsafeCell<Option<Result<T, Payload>>>,
}

// SAFETY: the outcome is handed from the thread to the handle, never shared: see `put` and `take`.
unsafe impl<T: Send> Sync for Packet<T> {}

impl<T> Packet<T> {
    pub(super) fn new() -> Self {
        Self { outcome: UnsafeCell::new(None) }
    }

    /// # Safety
    ///
    /// Called once, by the thread that the packet belongs to, before its identity says that it has ended.
    pub(super) unsafe fn put(&self, outcome: Result<T, Payload>) {
        // SAFETY: the handle does not look before the thread has ended. There was nothing, so nothing is dropped.
        self.outcome.with_mut(|slot| unsafe { slot.write(Some(outcome)) });
    }

    /// # Safety
    ///
    /// Called by the thread's only handle, after it has seen the thread's end.
    pub(super) unsafe fn take(&self) -> Option<Result<T, Payload>> {
        // SAFETY: the thread wrote it before its end, and does not come back.
        self.outcome.with_mut(|slot| unsafe { (*slot).take() })
    }
}

impl<T> fmt::Debug for Packet<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Packet").finish_non_exhaustive()
    }
}
