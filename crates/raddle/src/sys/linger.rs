//! Letting others run before going to sleep.
//!
//! What a thread is about to sleep for often comes within microseconds. If it lets others run meanwhile, neither it nor who
//! brings it has to call the kernel, and the processor does not fall idle in between.
//!
//! Where more threads want to run than there are processors, the same costs a time slice each time, and who sleeps is
//! scheduled sooner than who has yielded. So a thread that gets its processor back late, [because others had it](super::crowd), says so to all, and for a while nobody lets others
//! run: who is about to sleep only looks for a moment, which is less than a sleep costs.
//!
//! Where nothing but a processor is needed to bring it, a thread looks for a moment before it lets others run as well: that finds sooner what another processor is about to bring. Under a
//! global interpreter lock the other thread often needs this one's processor.

use super::crowd::Yields;
use super::{AtomicU64, Nanoseconds, Ordering, now, relax};

/// How long a thread looks, which is less than a sleep costs.
const LOOKING: Nanoseconds = 2_000;

/// How many times the processor pauses, at most, before the next look; once at first, then twice as often each time. Each look may take a cache line from the thread that
/// is to write to it.
const LONGEST_PAUSE: u32 = 16;

/// How many times a thread lets others run.
const TIMES: u32 = 20;

/// A processor that comes back later than this may have been used by somebody else.
const LATE: Nanoseconds = 50_000;

/// If they did what this thread waits for, it may have taken so long.
const LATE_BUT_OVER: Nanoseconds = 500_000;

/// How long nobody lets others run after that.
const PAUSE: Nanoseconds = 100_000_000;

/// Until when the processors count as crowded.
static CROWDED: AtomicU64 = AtomicU64::new(0);

/// Lets other threads run, a few times, until `is_over` says that there is nothing more to linger for, or `limit` has passed. Before that, or in its place where processors are
/// crowded, a thread that `looks` does so for a moment.
pub(crate) fn linger(looks: bool, limit: Option<Nanoseconds>, is_over: impl Fn() -> bool) {
    // ORDERING: Relaxed, here and below: it is a hint, and any value of it is right.
    let is_crowded = |time| time < CROWDED.load(Ordering::Relaxed);
    let mut time = now();
    if looks || is_crowded(time) {
        match look(&is_over) {
            Some(later) if !is_crowded(later) => time = later,
            _ => return,
        }
    }
    let mut yields = Yields::begin(time);
    for _ in 0..TIMES {
        if is_over() || limit.is_some_and(|limit| yields.time() >= limit) {
            return;
        }
        if yields.let_others_run(|| if is_over() { LATE_BUT_OVER } else { LATE }).is_some() {
            CROWDED.store(yields.time() + PAUSE, Ordering::Relaxed);
            return;
        }
    }
}

/// Looks for a moment whether something `is_over`. Returns the time if it is not.
pub(super) fn look(is_over: impl Fn() -> bool) -> Option<Nanoseconds> {
    let mut pause = 1;
    let mut time = now();
    let until = time + LOOKING;
    while time < until {
        (0..pause).for_each(|_| relax());
        if is_over() {
            return None;
        }
        pause = LONGEST_PAUSE.min(2 * pause);
        time = now();
    }
    Some(time)
}
