//! Sleeping on Linux: the futex, whose wait ends at a signal and takes an absolute deadline.

use std::num::NonZeroU32;

use rustix::io::Errno;
use rustix::thread::futex;
use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::sys::{AtomicU32, Nanoseconds, Ordering, linger};

const NANOSECONDS_PER_SECOND: u64 = 1_000_000_000;

/// How long a thread pauses for a section that nobody has told it is free.
const LONGEST_PAUSE: Nanoseconds = 1_000_000;

pub(crate) fn now() -> Nanoseconds {
    nanoseconds(clock_gettime(ClockId::Monotonic))
}

/// The same time, at the last tick of the kernel: some milliseconds late, and five times quicker to have.
#[cfg(feature = "probe")]
pub(crate) fn coarse_now() -> Nanoseconds {
    nanoseconds(clock_gettime(ClockId::MonotonicCoarse))
}

fn nanoseconds(time: Timespec) -> Nanoseconds {
    time.tv_sec.unsigned_abs() * NANOSECONDS_PER_SECOND + time.tv_nsec.unsigned_abs()
}

/// Why a sleep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// Somebody woke this thread; or nobody did, which callers must tolerate.
    Woken,
    TimedOut,
    /// A signal was delivered to this thread.
    Interrupted,
}

/// What one thread sleeps on, and any thread may wake.
///
/// # States
///
/// | word | meaning |
/// |---|---|
/// | `EMPTY` | the owner is awake, no wake-up is pending |
/// | `ASLEEP` | the owner is in the kernel, or on its way there |
/// | `NOTIFIED` | a wake-up is pending; the next sleep returns at once |
///
/// Only the owner goes to `ASLEEP` and `EMPTY`, only a waker to `NOTIFIED`. No wake-up is lost: the
/// owner enters `ASLEEP` by an exchange that fails if a wake-up is pending, the kernel puts it to
/// sleep only while the word is still `ASLEEP`, and a waker that replaces `ASLEEP` calls the kernel.
#[derive(Debug)]
pub(crate) struct Sleeper {
    word: AtomicU32,
}

const EMPTY: u32 = 0;
const NOTIFIED: u32 = 1;
const ASLEEP: u32 = 2;

impl Sleeper {
    pub(crate) const fn new() -> Self {
        Self { word: AtomicU32::new(EMPTY) }
    }

    /// Lets other threads run, a few times, until a wake-up is pending or `limit` has passed; before that, a thread that `looks` does so for a moment. Only the owner calls this.
    pub(crate) fn linger(&self, looks: bool, limit: Option<Nanoseconds>) {
        // ORDERING: Relaxed: the sleep that follows meets the waker.
        linger(looks, limit, || self.word.load(Ordering::Relaxed) == NOTIFIED);
    }

    /// Sleeps until woken, until `deadline` (never, if `None`), or until a signal. Only the owner calls this.
    pub(crate) fn sleep(&self, deadline: Option<Nanoseconds>) -> Wake {
        // ORDERING: Acquire meets the waker's Release swap: what it did before is seen.
        let entered = self.word.compare_exchange(EMPTY, ASLEEP, Ordering::Acquire, Ordering::Acquire);
        if entered.is_err() {
            // A wake-up is pending. ORDERING: a swap, not a store, to meet the latest waker's Release.
            self.word.swap(EMPTY, Ordering::Acquire);
            return Wake::Woken;
        }
        let slept = wait(&self.word, ASLEEP, deadline);
        // ORDERING: as above.
        if self.word.swap(EMPTY, Ordering::Acquire) == NOTIFIED {
            return Wake::Woken;
        }
        match slept {
            Err(Errno::TIMEDOUT) => Wake::TimedOut,
            Err(Errno::INTR) => Wake::Interrupted,
            _ => Wake::Woken,
        }
    }

    /// Ends the owner's sleep, or else its next one.
    pub(crate) fn wake(&self) {
        // ORDERING: Release meets the owner's Acquire.
        if self.word.swap(NOTIFIED, Ordering::Release) == ASLEEP {
            resume_one(&self.word);
        }
    }

    /// Makes the sleeper of the thread that forked usable in the child.
    pub(crate) fn after_fork(&self) {
        self.word.store(EMPTY, Ordering::Relaxed);
    }
}

/// Sleeps while `word` is `expected`, for a millisecond at most: for the sections, which are left within microseconds. May return early.
pub(crate) fn pause_on(word: &AtomicU32, expected: u32) {
    let _ = wait(word, expected, Some(now().saturating_add(LONGEST_PAUSE)));
}

/// Ends one `pause_on`.
pub(crate) fn resume_one(word: &AtomicU32) {
    let _ = futex::wake(word, futex::Flags::PRIVATE, 1);
}

fn wait(word: &AtomicU32, expected: u32, deadline: Option<Nanoseconds>) -> Result<(), Errno> {
    let time = deadline.map(|deadline| Timespec {
        tv_sec: i64::try_from(deadline / NANOSECONDS_PER_SECOND).unwrap_or(i64::MAX),
        #[allow(clippy::cast_possible_wrap, reason = "less than 10^9")]
        tv_nsec: (deadline % NANOSECONDS_PER_SECOND) as _,
    });
    // Unlike the plain wait, the bitset one takes an absolute time, so that nothing drifts when it is begun again.
    futex::wait_bitset(word, futex::Flags::PRIVATE, expected, time.as_ref(), NonZeroU32::MAX)
}
