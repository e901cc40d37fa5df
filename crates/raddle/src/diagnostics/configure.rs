//! What is done about deadlocks, in this process. Each setting counts from the next wait on.

use std::time::Duration;

use crate::park::{self, Deadlock, Deadlocks};

/// Sets what is done about deadlocks. At first they are reported.
///
/// # Panics
///
/// Not here; but with [`Deadlocks::Raise`], `acquire` of [`Lock`](crate::sync::Lock) and [`RLock`](crate::sync::RLock) panics in the thread that finds
/// a certain deadlock, with the report as its message.
///
/// # Examples
///
/// ```
/// use raddle::diagnostics::{set_deadlocks, Deadlocks};
///
/// // For tests: who closes a cycle of reentrant locks panics, and the test fails instead of hanging.
/// set_deadlocks(Deadlocks::Raise);
/// # set_deadlocks(Deadlocks::Report);
/// ```
pub fn set_deadlocks(deadlocks: Deadlocks) {
    park::set_deadlocks(deadlocks);
}

/// What is done about deadlocks.
///
/// # Examples
///
/// ```
/// use raddle::diagnostics::{deadlocks, Deadlocks};
///
/// assert_eq!(deadlocks(), Deadlocks::Report);
/// ```
#[must_use]
pub fn deadlocks() -> Deadlocks {
    park::deadlocks()
}

/// Sets how long a deadlock that is not certain has to last before it is reported. At first half a second; at least a hundredth.
///
/// # Examples
///
/// ```
/// use raddle::diagnostics::{grace, set_grace};
/// use std::time::Duration;
///
/// set_grace(Duration::from_secs(5));
/// assert_eq!(grace(), Duration::from_secs(5));
/// ```
pub fn set_grace(grace: Duration) {
    park::set_grace(u64::try_from(grace.as_nanos()).unwrap_or(u64::MAX));
}

/// How long a deadlock that is not certain has to last.
///
/// # Examples
///
/// ```
/// use raddle::diagnostics::grace;
/// use std::time::Duration;
///
/// assert!(grace() >= Duration::from_millis(10));
/// ```
#[must_use]
pub fn grace() -> Duration {
    Duration::from_nanos(park::grace())
}

/// Replaces the report on standard error. `reporter` is called in a thread that is part of the deadlock, in the middle of its wait, which
/// goes on when it returns. It must not panic.
///
/// # Examples
///
/// ```
/// use raddle::diagnostics::{set_reporter, Deadlock};
///
/// fn log(deadlock: &Deadlock) {
///     eprintln!("{} threads wait for each other:\n{deadlock}", deadlock.parties.len());
/// }
///
/// set_reporter(log);
/// ```
pub fn set_reporter(reporter: fn(&Deadlock)) {
    park::set_reporter(reporter);
}
