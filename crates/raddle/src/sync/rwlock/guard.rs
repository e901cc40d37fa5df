//! The right to read or to write the value of a lock.

use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::ops::{Deref, DerefMut};

use super::RwLock;
use crate::sync::poison::Calm;

/// The right to read the value of an [`RwLock`]; dropping it releases that.
///
/// It stays in the thread that reads:
///
/// ```compile_fail,E0277
/// use raddle::sync::RwLock;
///
/// static TOTAL: RwLock<u64> = RwLock::new(0);
///
/// let guard = TOTAL.read();
/// std::thread::spawn(move || drop(guard));
/// ```
///
/// # Examples
///
/// ```
/// use raddle::sync::RwLock;
///
/// let lock = RwLock::new(1);
/// let reads = lock.read();
/// assert!(lock.try_write().is_none());
/// drop(reads);
/// assert!(lock.try_write().is_some());
/// ```
#[must_use = "the lock is released at once if the guard is dropped"]
pub struct RwLockReadGuard<'a, T> {
    lock: &'a RwLock<T>,
    // Only the thread that reads may release.
    not_send: PhantomData<*const ()>,
}

// SAFETY: a shared guard gives shared access to the value, and cannot be dropped through a reference.
unsafe impl<T: Sync> Sync for RwLockReadGuard<'_, T> {}

impl<'a, T> RwLockReadGuard<'a, T> {
    /// The guard of a lock that has just been acquired. If that is refused, it is released again.
    #[inline]
    #[track_caller]
    pub(super) fn new(lock: &'a RwLock<T>) -> Self {
        if lock.is_poisoned() {
            Calm::let_in(true, || lock.raw.release_read());
        }
        Self::even_if_poisoned(lock)
    }

    #[inline]
    pub(super) fn even_if_poisoned(lock: &'a RwLock<T>) -> Self {
        Self { lock, not_send: PhantomData }
    }
}

impl<T> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this thread reads as long as the guard lives, and nobody writes.
        self.lock.value.with(|value| unsafe { &*value })
    }
}

impl<T> Drop for RwLockReadGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        let released = self.lock.raw.release_read();
        debug_assert!(released.is_some(), "a guard's thread reads");
    }
}

impl<T: fmt::Debug> fmt::Debug for RwLockReadGuard<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

/// The right to write the value of an [`RwLock`]; dropping it releases the lock.
///
/// It stays in the thread that writes:
///
/// ```compile_fail,E0277
/// use raddle::sync::RwLock;
///
/// static TOTAL: RwLock<u64> = RwLock::new(0);
///
/// let guard = TOTAL.write();
/// std::thread::spawn(move || drop(guard));
/// ```
///
/// # Examples
///
/// ```
/// use raddle::sync::RwLock;
///
/// let lock = RwLock::new(vec![1]);
/// let mut writes = lock.write();
/// writes.push(2);
/// assert_eq!(writes.len(), 2);
/// ```
#[must_use = "the lock is released at once if the guard is dropped"]
pub struct RwLockWriteGuard<'a, T> {
    lock: &'a RwLock<T>,
    calm: Calm,
    // Only the thread that writes may release.
    not_send: PhantomData<*const ()>,
}

// SAFETY: a shared guard gives shared access to the value, and cannot be dropped through a reference.
unsafe impl<T: Sync> Sync for RwLockWriteGuard<'_, T> {}

impl<'a, T> RwLockWriteGuard<'a, T> {
    /// The guard of a lock that has just been acquired. If that is refused, it is released again.
    #[inline]
    #[track_caller]
    pub(super) fn new(lock: &'a RwLock<T>) -> Self {
        let calm = Calm::let_in(lock.is_poisoned(), || lock.raw.release_write());
        Self { lock, calm, not_send: PhantomData }
    }

    #[inline]
    fn poison_if_panicking(&self) {
        if self.calm.is_over() {
            self.lock.raw.poison();
        }
    }

    /// Goes on to read what was written: nobody writes in between. Readers that are next in turn are let in.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::RwLock;
    ///
    /// let lock = RwLock::new(1);
    /// let mut writes = lock.write();
    /// *writes = 2;
    /// let reads = writes.downgrade();
    /// assert!(lock.try_read().is_some());
    /// assert_eq!(*reads, 2);
    /// ```
    #[track_caller]
    pub fn downgrade(self) -> RwLockReadGuard<'a, T> {
        let lock = self.lock;
        self.poison_if_panicking();
        mem::forget(self);
        let downgraded = lock.raw.downgrade();
        debug_assert!(downgraded.is_some(), "a guard's thread writes");
        RwLockReadGuard::even_if_poisoned(lock)
    }
}

impl<T> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this thread alone has the lock as long as the guard lives.
        self.lock.value.with(|value| unsafe { &*value })
    }
}

impl<T> DerefMut for RwLockWriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and the guard is borrowed mutably.
        self.lock.value.with_mut(|value| unsafe { &mut *value })
    }
}

impl<T> Drop for RwLockWriteGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.poison_if_panicking();
        let released = self.lock.raw.release_write();
        debug_assert!(released.is_some(), "a guard's thread writes");
    }
}

impl<T: fmt::Debug> fmt::Debug for RwLockWriteGuard<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}
