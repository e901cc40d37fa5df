//! The one type of time limit.

use std::time::{Duration, Instant};

use crate::sys::{Nanoseconds, now, time_until};

/// The moment at which a wait gives up, on the monotonic clock.
///
/// Absolute, so that a wait that is interrupted and begun again keeps its limit without drift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Nanoseconds);

impl Deadline {
    /// Wait as long as it takes.
    pub const NEVER: Self = Self(Nanoseconds::MAX);
    /// Do not wait at all.
    pub const PASSED: Self = Self(0);

    /// `timeout` from now; [`Deadline::NEVER`] if the clock cannot express that (584 years).
    #[must_use]
    pub fn after(timeout: Duration) -> Self {
        if timeout.is_zero() {
            return Self::PASSED;
        }
        let timeout = Nanoseconds::try_from(timeout.as_nanos()).unwrap_or(Nanoseconds::MAX);
        Self(now().saturating_add(timeout))
    }

    /// At `instant`; [`Deadline::PASSED`] if that is not in the future.
    #[must_use]
    pub fn at(instant: Instant) -> Self {
        Self::after(time_until(instant))
    }

    /// Whether the moment has come. Reads the clock only if there is a limit.
    #[must_use]
    pub fn has_passed(self) -> bool {
        self == Self::PASSED || (self != Self::NEVER && now() >= self.0)
    }

    /// How long it is until then: zero if it has passed, `None` for [`Deadline::NEVER`].
    #[must_use]
    pub fn remaining(self) -> Option<Duration> {
        (self != Self::NEVER).then(|| Duration::from_nanos(self.0.saturating_sub(now())))
    }

    pub(crate) fn nanoseconds(self) -> Option<Nanoseconds> {
        (self != Self::NEVER).then_some(self.0)
    }
}
