//! The one type of time limit.

use std::time::{Duration, Instant};

use crate::sys::{Nanoseconds, now, time_until};

/// The moment at which a wait gives up, on the monotonic clock.
///
/// Absolute, so that a wait that is interrupted and begun again keeps its limit without drift.
///
/// # Examples
///
/// ```
/// use raddle::park::{Deadline, Thread};
/// use raddle::sync::{Event, Semaphore};
/// use std::time::Duration;
///
/// // One limit for several waits, of any kind.
/// let limit = Deadline::after(Duration::from_millis(1));
/// assert!(Event::new().wait_with(limit, &mut Thread).is_err());
/// assert!(Semaphore::new(0).acquire_with(limit, &mut Thread).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Nanoseconds);

impl Deadline {
    /// Wait as long as it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::Deadline;
    ///
    /// assert!(!Deadline::NEVER.has_passed());
    /// ```
    pub const NEVER: Self = Self(Nanoseconds::MAX);
    /// Do not wait at all.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::Deadline;
    ///
    /// assert!(Deadline::PASSED.has_passed());
    /// ```
    pub const PASSED: Self = Self(0);

    /// `timeout` from now; [`Deadline::NEVER`] if the clock cannot express that (584 years).
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::Deadline;
    /// use std::time::Duration;
    ///
    /// assert!(!Deadline::after(Duration::from_secs(3600)).has_passed());
    /// assert_eq!(Deadline::after(Duration::MAX), Deadline::NEVER);
    /// ```
    #[must_use]
    pub fn after(timeout: Duration) -> Self {
        if timeout.is_zero() {
            return Self::PASSED;
        }
        let timeout = Nanoseconds::try_from(timeout.as_nanos()).unwrap_or(Nanoseconds::MAX);
        Self(now().saturating_add(timeout))
    }

    /// At `instant`; [`Deadline::PASSED`] if that is not in the future.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::Deadline;
    /// use std::time::Instant;
    ///
    /// assert!(Deadline::at(Instant::now()).has_passed());
    /// ```
    #[must_use]
    pub fn at(instant: Instant) -> Self {
        Self::after(time_until(instant))
    }

    /// Whether the moment has come. Reads the clock only if there is a limit.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::Deadline;
    /// use std::time::Duration;
    ///
    /// assert!(Deadline::after(Duration::ZERO).has_passed());
    /// ```
    #[must_use]
    pub fn has_passed(self) -> bool {
        self == Self::PASSED || (self != Self::NEVER && now() >= self.0)
    }

    /// How long it is until then: zero if it has passed, `None` for [`Deadline::NEVER`].
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::Deadline;
    /// use std::time::Duration;
    ///
    /// assert_eq!(Deadline::PASSED.remaining(), Some(Duration::ZERO));
    /// assert_eq!(Deadline::NEVER.remaining(), None);
    /// assert!(Deadline::after(Duration::from_secs(9)).remaining() <= Some(Duration::from_secs(9)));
    /// ```
    #[must_use]
    pub fn remaining(self) -> Option<Duration> {
        (self != Self::NEVER).then(|| Duration::from_nanos(self.0.saturating_sub(now())))
    }

    pub(crate) fn nanoseconds(self) -> Option<Nanoseconds> {
        (self != Self::NEVER).then_some(self.0)
    }
}
