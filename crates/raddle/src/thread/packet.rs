//! What a thread brings back.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::scope;
use crate::sys::UnsafeCell;

/// What a thread has panicked with.
pub(super) type Payload = Box<dyn Any + Send + 'static>;

/// The outcome of a thread, on the way to its handle.
///
/// Written once by the thread, before its end; taken by its only handle, after that.
pub(super) struct Packet<T> {
    outcome: UnsafeCell<Option<Result<T, Payload>>>,
    /// Who is told of a panic that nobody takes.
    scope: Option<Arc<scope::Shared>>,
}

// SAFETY: the outcome is handed from the thread to the handle, never shared: see `put` and `take`.
unsafe impl<T: Send> Sync for Packet<T> {}

impl<T> Packet<T> {
    pub(super) fn new() -> Self {
        Self { outcome: UnsafeCell::new(None), scope: None }
    }

    pub(super) fn of_scope(scope: Arc<scope::Shared>) -> Self {
        Self { outcome: UnsafeCell::new(None), scope: Some(scope) }
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

impl<T> Drop for Packet<T> {
    fn drop(&mut self) {
        // SAFETY: nobody else has it any more: not the thread, which gives it up after it has put the outcome there, nor a handle.
        let outcome = self.outcome.with_mut(|slot| unsafe { (*slot).take() });
        if let (Some(Err(payload)), Some(scope)) = (outcome, &self.scope) {
            scope.panicked(payload);
        }
    }
}

impl<T> fmt::Debug for Packet<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Packet").finish_non_exhaustive()
    }
}
