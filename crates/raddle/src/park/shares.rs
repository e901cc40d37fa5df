//! What the current thread shares: how often it reads each reader-writer lock.

use std::fmt;
use std::mem;

use crate::sys::UnsafeCell;

/// Touched by the record's thread only, so that a lock can ask it on the way.
pub(crate) struct Shares {
    shares: UnsafeCell<Vec<Share>>,
}

/// The number of a lock, never used for another, and how many levels of it the thread has.
#[derive(Clone, Copy, Debug)]
struct Share {
    lock: u64,
    levels: u64,
}

impl Shares {
    pub(crate) fn new() -> Self {
        Self { shares: UnsafeCell::new(Vec::new()) }
    }

    /// How many levels of the lock the current thread, whose shares these are, has.
    #[inline]
    pub(crate) fn levels(&self, lock: u64) -> u64 {
        self.with(|shares| shares.iter().find(|share| share.lock == lock).map_or(0, |share| share.levels))
    }

    /// The current thread has one more.
    #[inline]
    pub(crate) fn add(&self, lock: u64) {
        self.with(|shares| match shares.iter_mut().find(|share| share.lock == lock) {
            Some(share) => share.levels += 1,
            None => shares.push(Share { lock, levels: 1 }),
        });
    }

    /// The current thread has one less. How many are left; `None` if it had none.
    #[inline]
    pub(crate) fn remove(&self, lock: u64) -> Option<u64> {
        self.with(|shares| {
            // What was acquired last is mostly released first.
            let at = shares.iter().rposition(|share| share.lock == lock)?;
            shares[at].levels -= 1;
            let left = shares[at].levels;
            if left == 0 {
                shares.swap_remove(at);
            }
            Some(left)
        })
    }

    /// Its thread has ended, with what it did not release.
    pub(super) fn clear(&self) {
        self.with(Vec::clear);
    }

    /// Its thread does not exist in this child, and may have been inside: nothing of it is touched.
    pub(super) fn forget(&self) {
        self.with(|shares| mem::forget(mem::take(shares)));
    }

    #[inline]
    fn with<R>(&self, inside: impl FnOnce(&mut Vec<Share>) -> R) -> R {
        // SAFETY: only the record's thread comes here, and `inside` calls nothing that could come back. In a forked child there is one thread.
        self.shares.with_mut(|shares| inside(unsafe { &mut *shares }))
    }
}

impl fmt::Debug for Shares {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Shares").finish_non_exhaustive()
    }
}
