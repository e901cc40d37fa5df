//! What becomes of a lock whose guard a panic drops: it is poisoned, and says so to the next thread.

use crate::sys::panicking;

/// Tells a guard, when it is dropped, whether a panic has begun since it was made.
///
/// A guard that is made and dropped while its thread panics already is a destructor's, which does its work to the end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calm {
    /// Whether a panic that begins from now on is one of the critical section.
    counts: bool,
}

impl Calm {
    #[inline]
    pub(super) fn now() -> Self {
        Self { counts: !panicking() }
    }

    /// For a guard that is let in, unless the lock is poisoned: then `release` gives back what was acquired, and the thread panics.
    /// No guard sees that panic, which is none of the critical section.
    #[inline]
    #[track_caller]
    pub(super) fn let_in<R>(is_poisoned: bool, release: impl FnOnce() -> R) -> Self {
        let calm = Self::now();
        if is_poisoned && calm.counts {
            release();
            refuse();
        }
        calm
    }

    /// For a guard whose section leaves nothing half done, whatever panics in it.
    pub(super) fn always() -> Self {
        Self { counts: false }
    }

    /// Whether a panic has begun since.
    #[inline]
    pub(super) fn is_over(self) -> bool {
        self.counts && panicking()
    }

    /// Refuses what is poisoned. Not to a thread that panics already: a second panic would abort the process.
    #[inline]
    #[track_caller]
    pub(super) fn refuse_if(self, is_poisoned: bool) {
        if is_poisoned && self.counts {
            refuse();
        }
    }
}

#[cold]
#[track_caller]
fn refuse() -> ! {
    panic!("the lock is poisoned: a thread has panicked while it held it");
}
