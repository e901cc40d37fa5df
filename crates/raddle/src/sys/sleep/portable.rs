//! Sleeping anywhere: a mutex and a condition variable.
//!
//! std's condition variable sleeps through signals, so a sleep is cut into slices, each of which
//! ends as [`Wake::Interrupted`] and so gives the waiter the occasion to look for signals.

use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::sys::{AtomicU32, Nanoseconds, UnsafeCell, linger};

/// How late an interrupt may be seen.
const SLICE: Duration = Duration::from_millis(50);

pub(crate) fn now() -> Nanoseconds {
    static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    // One nanosecond more, for a time that is never zero: 584 years fit.
    u64::try_from(ORIGIN.elapsed().as_nanos()).unwrap_or(u64::MAX - 1) + 1
}

/// The same time: there is none here that is quicker to have.
#[cfg(feature = "probe")]
pub(crate) fn coarse_now() -> Nanoseconds {
    now()
}

/// Why a sleep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// Somebody woke this thread; or nobody did, which callers must tolerate.
    Woken,
    TimedOut,
    /// A slice is over: signals may be pending.
    Interrupted,
}

/// What one thread sleeps on, and any thread may wake: a flag that a wake-up is pending.
#[derive(Debug)]
pub(crate) struct Sleeper {
    // In a cell, because a forked child replaces it.
    inner: UnsafeCell<Inner>,
}

#[derive(Debug)]
struct Inner {
    notified: Mutex<bool>,
    condvar: Condvar,
}

// SAFETY: the cell is written only by `after_fork`, in a process that has one thread.
unsafe impl Sync for Sleeper {}

impl Sleeper {
    pub(crate) const fn new() -> Self {
        Self { inner: UnsafeCell::new(Inner::new()) }
    }

    /// Lets other threads run, a few times, until a wake-up is pending or `limit` has passed; before that, a thread that `looks` does so for a moment. Only the owner calls this.
    pub(crate) fn linger(&self, looks: bool, limit: Option<Nanoseconds>) {
        let inner = self.inner();
        linger(looks, limit, || *inner.lock());
    }

    /// Sleeps until woken, until `deadline` (never, if `None`), or for a slice. Only the owner calls this.
    pub(crate) fn sleep(&self, deadline: Option<Nanoseconds>) -> Wake {
        let inner = self.inner();
        let mut notified = inner.lock();
        if !*notified {
            let left = deadline.map(|deadline| Duration::from_nanos(deadline.saturating_sub(now())));
            if left == Some(Duration::ZERO) {
                return Wake::TimedOut;
            }
            let slice = left.map_or(SLICE, |left| left.min(SLICE));
            notified = inner.condvar.wait_timeout(notified, slice).unwrap_or_else(PoisonError::into_inner).0;
        }
        if std::mem::take(&mut *notified) {
            Wake::Woken
        } else if deadline.is_some_and(|deadline| now() >= deadline) {
            Wake::TimedOut
        } else {
            Wake::Interrupted
        }
    }

    /// Ends the owner's sleep, or else its next one.
    pub(crate) fn wake(&self) {
        let inner = self.inner();
        *inner.lock() = true;
        inner.condvar.notify_one();
    }

    /// Makes the sleeper of the thread that forked usable in the child, where a waker that
    /// no longer exists may hold the mutex.
    pub(crate) fn after_fork(&self) {
        // SAFETY: the child has one thread, this one, and it is not in `sleep`. The old mutex is
        // forgotten, not dropped: it may be locked.
        self.inner.with_mut(|inner| unsafe { inner.write(Inner::new()) });
    }

    fn inner(&self) -> &Inner {
        // SAFETY: see `Sync`.
        self.inner.with(|inner| unsafe { &*inner })
    }
}

impl Inner {
    const fn new() -> Self {
        Self { notified: Mutex::new(false), condvar: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        // Nothing panics while it holds this mutex.
        self.notified.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives the thread inside the section time to leave it.
pub(crate) fn pause_on(_word: &AtomicU32, _expected: u32) {
    std::thread::yield_now();
}

/// Nothing to do: a pause ends by itself.
pub(crate) fn resume_one(_word: &AtomicU32) {}
