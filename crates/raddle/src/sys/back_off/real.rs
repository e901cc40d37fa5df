//! Looking, and letting others run, before getting in line.
//!
//! A thread that gets in line as soon as it finds nothing is served one by one: whoever brings something hands it over, and wakes it, each time. If it looks for a moment, and then
//! lets others run, they bring much, or make much room, and it goes on for a while without any waking.
//!
//! Where other programs want the processors, one time in a few costs a time slice. That is little beside what it saves if much passes through the hands of
//! these threads, and very much if all that they wait for is each other. Only the caller knows which it is, and says so if it was not worth it; then nobody
//! backs off for a while.

use std::ops::Range;
use std::time::Duration;

use crate::sys::crowd::Yields;
use crate::sys::linger::look;
use crate::sys::{AtomicU64, Nanoseconds, Ordering, now};

/// How many times a thread lets others run.
const TIMES: u32 = 10;

/// A processor that comes back later than this may have been used by somebody else, or for much.
const LATE: Nanoseconds = 500_000;

/// How long nobody backs off when it was not worth it.
const PAUSE: Nanoseconds = 100_000_000;

/// Until when it is not.
static PAUSED: AtomicU64 = AtomicU64::new(0);

/// Looks for a moment, and lets other threads run, a few times, until `is_over` says that there is nothing more to back off for, or `limit` has passed. Returns when they did,
/// if that took long in the end.
pub(crate) fn back_off(limit: Option<Nanoseconds>, is_over: impl Fn() -> bool) -> Option<Range<Nanoseconds>> {
    let time = look(&is_over)?;
    // ORDERING: Relaxed, here and below: it is a hint, and any value of it is right.
    if time < PAUSED.load(Ordering::Relaxed) {
        return None;
    }
    let mut yields = Yields::begin(time);
    for _ in 0..TIMES {
        if let Some(slice) = yields.let_others_run(|| LATE) {
            return Some(slice);
        }
        if is_over() || limit.is_some_and(|limit| yields.time() >= limit) {
            return None;
        }
    }
    None
}

/// Sleeps for `pause`, or until `limit` if that comes before. False, and it has not slept, if that has passed.
pub(crate) fn rest(pause: Nanoseconds, limit: Nanoseconds) -> bool {
    let left = limit.saturating_sub(now());
    if left > 0 {
        std::thread::sleep(Duration::from_nanos(pause.min(left)));
    }
    left > 0
}

/// It was not worth it: for a while nobody does it.
pub(crate) fn pause_backing_off() {
    PAUSED.store(now() + PAUSE, Ordering::Relaxed);
}
