//! Waiting for several slots at once.

use std::fmt;
use std::sync::Arc;

use super::slot::{Stage, Watcher};
use crate::park::{Deadline, Failed, Waiter};
use crate::sync::Event;
use crate::sys::{AtomicU64, Ordering};

/// Counts slots that have to settle, and wakes whoever waits once, when none is left, or when one fails if that counts too.
///
/// It watches each slot by [`Slot::watch`](super::Slot::watch), and must be told of as many as it was made for.
///
/// # Examples
///
/// ```
/// use raddle::futures::{Countdown, Slot, Watcher};
/// use std::sync::Arc;
///
/// let slots = [Slot::<u32, ()>::new(), Slot::new()];
/// let countdown = Countdown::new(slots.len(), false);
/// let watcher: Arc<dyn Watcher> = countdown.clone();
/// for (index, slot) in slots.iter().enumerate() {
///     slot.watch(&watcher, index);
/// }
/// slots[0].finish(1).unwrap();
/// assert!(!countdown.is_over());
/// slots[1].finish(2).unwrap();
/// assert!(countdown.is_over());
/// ```
pub struct Countdown {
    /// How many have to settle yet. What it says once it has been 0 is of no account.
    missing: AtomicU64,
    stops_at_failure: bool,
    is_over: Event,
}

impl Countdown {
    /// For `count` slots; one that fails ends it at once if `stops_at_failure`.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(raddle::futures::Countdown::new(0, false).is_over());
    /// ```
    #[must_use]
    pub fn new(count: usize, stops_at_failure: bool) -> Arc<Self> {
        let is_over = Event::new();
        if count == 0 {
            is_over.set();
        }
        // Lossless: a `usize` has at most 64 bits.
        Arc::new(Self { missing: AtomicU64::new(count as u64), stops_at_failure, is_over })
    }

    /// Whether nothing is left to wait for.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(!raddle::futures::Countdown::new(1, true).is_over());
    /// ```
    pub fn is_over(&self) -> bool {
        self.is_over.is_set()
    }

    /// Waits until it is over, in the way of `waiter`.
    ///
    /// # Errors
    ///
    /// [`Failed`] if the deadline passed, or the waiter was told to stop, before that.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::Countdown;
    /// use raddle::park::{Deadline, Failed, Thread};
    ///
    /// let countdown = Countdown::new(1, false);
    /// assert_eq!(countdown.wait_with(Deadline::PASSED, &mut Thread), Err(Failed::TimedOut));
    /// ```
    pub fn wait_with<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<(), Failed> {
        self.is_over.wait_with(deadline, waiter)
    }
}

impl Watcher for Countdown {
    fn settled(&self, _index: usize, stage: Stage) {
        // ORDERING: Release publishes the stage that this slot has by now, Acquire shows the last one the stages of all others; the event
        // publishes them to whoever waits.
        let was_last = self.missing.fetch_sub(1, Ordering::AcqRel) == 1;
        // Whoever waits has to look for what was retired elsewhere.
        let counts = stage == Stage::Retired || (self.stops_at_failure && stage == Stage::Failed);
        if was_last || counts {
            self.is_over.set();
        }
    }
}

impl fmt::Debug for Countdown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Countdown")
            .field("missing", &self.missing.load(Ordering::Relaxed))
            .field("is_over", &self.is_over())
            .finish_non_exhaustive()
    }
}
