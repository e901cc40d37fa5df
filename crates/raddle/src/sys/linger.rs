//! Letting others run before going to sleep.
//!
//! What a thread is about to sleep for often comes within microseconds. If it lets others run meanwhile, neither it nor who
//! brings it has to call the kernel, and the processor does not fall idle in between.
//!
//! Where more threads want to run than there are processors, the same costs a time slice each time, and who sleeps is
//! scheduled sooner than who has yielded. So a thread that gets its processor back late says so to all, and for a while nobody lets others
//! run: who is about to sleep only looks for a moment, which is less than a sleep costs.

use super::{AtomicU64, Nanoseconds, Ordering, now, relax};

/// How long a thread looks where processors are crowded.
const LOOKING: Nanoseconds = 2_000;

/// How many times a thread lets others run.
const TIMES: u32 = 20;

/// A processor that comes back later than this was used by somebody else.
const LATE: Nanoseconds = 50_000;

/// Unless they did what this thread waits for: then it may have taken so long.
const LATE_BUT_OVER: Nanoseconds = 500_000;

/// How long nobody lets others run after that.
const PAUSE: Nanoseconds = 100_000_000;

/// Until when the processors count as crowded.
static CROWDED: AtomicU64 = AtomicU64::new(0);

/// Lets other threads run, a few times, or looks for a moment, unless `is_over` says that there is nothing more to linger for.
pub(crate) fn linger(is_over: impl Fn() -> bool) {
    let mut time = now();
    // ORDERING: Relaxed, here and below: it is a hint, and any value of it is right.
    if time < CROWDED.load(Ordering::Relaxed) {
        let until = time + LOOKING;
        while !is_over() && now() < until {
            (0..8).for_each(|_| relax());
        }
        return;
    }
    for _ in 0..TIMES {
        if is_over() {
            return;
        }
        std::thread::yield_now();
        let back = now();
        let late = if is_over() { LATE_BUT_OVER } else { LATE };
        if back.saturating_sub(time) > late {
            CROWDED.store(back + PAUSE, Ordering::Relaxed);
            return;
        }
        time = back;
    }
}
