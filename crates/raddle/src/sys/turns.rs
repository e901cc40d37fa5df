//! Whether there are objects for threads that take turns.
//!
//! All others would pay for them with a look at a word that is about to be exchanged, which costs most where threads contend for it. So the question is whether this
//! process has any; without the feature `turns` it has none, and the compiler knows.

use std::sync::atomic::{AtomicBool, Ordering};

// std's atomic even where others are modelled: it changes once, before anybody has an object that it is about.
static THERE_ARE: AtomicBool = AtomicBool::new(false);

/// Whether a word may be that of such an object.
#[inline]
pub(crate) fn takes_turns() -> bool {
    // ORDERING: Relaxed: whoever has such an object has got it from where it was made, after this was said.
    cfg!(feature = "turns") && THERE_ARE.load(Ordering::Relaxed)
}

/// Says that such an object is made.
#[cfg(feature = "turns")]
pub(crate) fn begin_turns() {
    if !THERE_ARE.load(Ordering::Relaxed) {
        THERE_ARE.store(true, Ordering::Relaxed);
    }
}
