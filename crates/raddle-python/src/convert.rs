//! Arguments: truth values, counts, timeouts.

use std::time::Duration;

use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::ffi::{self, Py_ssize_t, PyObject};
use raddle::park::Deadline;

use crate::boundary::{Raised, raise};
use crate::raw::Arguments;

/// `threading.TIMEOUT_MAX`, in seconds.
const TIMEOUT_MAX: f64 = 9_223_372_036.0;

const NANOSECONDS_PER_SECOND: f64 = 1e9;

/// What a lock says of a negative timeout, in the words of the running version.
const NEGATIVE: &str =
    if cfg!(Py_3_13) { "timeout value must be a non-negative number" } else { "timeout value must be positive" };

/// Whether `object` counts as true. An argument that was not given counts as `default`.
///
/// # Safety
///
/// `object` is null or valid, and the thread is attached.
#[inline]
pub(crate) unsafe fn truth(object: *mut PyObject, default: bool) -> Result<bool, Raised> {
    // SAFETY: the caller's promise; True and False never die.
    unsafe {
        if object.is_null() {
            Ok(default)
        } else if object == ffi::Py_True() {
            Ok(true)
        } else if object == ffi::Py_False() {
            Ok(false)
        } else {
            match ffi::PyObject_IsTrue(object) {
                -1 => Err(Raised),
                value => Ok(value != 0),
            }
        }
    }
}

/// Whether an argument was not given, or is `None`.
///
/// # Safety
///
/// The thread is attached.
#[inline]
pub(crate) unsafe fn is_none(object: *mut PyObject) -> bool {
    // SAFETY: the caller's promise.
    object.is_null() || unsafe { object == ffi::Py_None() }
}

/// A number of seconds: a float, or what counts as an integer.
///
/// # Safety
///
/// `object` is valid, and the thread is attached.
pub(crate) unsafe fn seconds(object: *mut PyObject) -> Result<f64, Raised> {
    // SAFETY: the caller's promise.
    unsafe {
        if ffi::PyFloat_Check(object) != 0 {
            let value = ffi::PyFloat_AsDouble(object);
            if value.is_nan() {
                return Err(raise::<PyValueError>("Invalid value NaN (not a number)"));
            }
            return Ok(value);
        }
        #[allow(clippy::cast_precision_loss, reason = "beyond 2^53 seconds nobody looks at the last one")]
        Ok(match integer(object)? {
            Ok(value) => value as f64,
            Err(sign) => f64::from(sign) * f64::INFINITY,
        })
    }
}

/// What counts as an integer; only its sign if 64 bits do not hold it.
///
/// # Safety
///
/// `object` is valid, and the thread is attached.
pub(crate) unsafe fn integer(object: *mut PyObject) -> Result<Result<i64, i32>, Raised> {
    // SAFETY: the caller's promise.
    unsafe {
        let index = ffi::PyNumber_Index(object);
        if index.is_null() {
            return Err(Raised);
        }
        let mut overflow = 0;
        let value = ffi::PyLong_AsLongLongAndOverflow(index, &raw mut overflow);
        ffi::Py_DECREF(index);
        if value == -1 && overflow == 0 && !ffi::PyErr_Occurred().is_null() {
            return Err(Raised);
        }
        Ok(if overflow == 0 { Ok(value) } else { Err(overflow) })
    }
}

/// The moment `seconds` from now, which is not negative.
pub(crate) fn deadline_after(seconds: f64) -> Result<Deadline, Raised> {
    if seconds > TIMEOUT_MAX {
        return Err(raise::<PyOverflowError>("timeout value is too large"));
    }
    // Rounded up, as CPython does: a wait is never shorter than what was asked for.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
    let nanoseconds = (seconds * NANOSECONDS_PER_SECOND).ceil() as u64;
    Ok(Deadline::after(Duration::from_nanos(nanoseconds)))
}

/// The limit for `timeout`: none for `None`, at once for a negative number.
///
/// # Safety
///
/// `timeout` is null or valid, and the thread is attached.
pub(crate) unsafe fn deadline(timeout: *mut PyObject) -> Result<Deadline, Raised> {
    // SAFETY: the caller's promise.
    unsafe {
        if is_none(timeout) {
            return Ok(Deadline::NEVER);
        }
        deadline_after(seconds(timeout)?.max(0.0))
    }
}

/// The limit that `block` and `timeout` of a queue's method say.
///
/// # Safety
///
/// They are null or valid, and the thread is attached.
pub(crate) unsafe fn queue_deadline(block: *mut PyObject, timeout: *mut PyObject) -> Result<Deadline, Raised> {
    // SAFETY: the caller's promise.
    match unsafe { queue_seconds(block, timeout)? } {
        Ok(seconds) if seconds < 0.0 => Err(raise::<PyValueError>("'timeout' must be a non-negative number")),
        Ok(seconds) => deadline_after(seconds),
        Err(deadline) => Ok(deadline),
    }
}

/// The same for a simple queue, which looks at the size of the timeout before its sign.
///
/// # Safety
///
/// As above.
pub(crate) unsafe fn simple_queue_deadline(block: *mut PyObject, timeout: *mut PyObject) -> Result<Deadline, Raised> {
    // SAFETY: the caller's promise.
    match unsafe { queue_seconds(block, timeout)? } {
        Ok(seconds) if seconds.abs() > TIMEOUT_MAX => {
            Err(raise::<PyOverflowError>("timestamp out of range for platform time_t"))
        }
        Ok(seconds) if seconds < 0.0 => Err(raise::<PyValueError>("'timeout' must be a non-negative number")),
        Ok(seconds) => deadline_after(seconds),
        Err(deadline) => Ok(deadline),
    }
}

/// The seconds of `timeout`, if it counts; else the limit that there is without it.
unsafe fn queue_seconds(block: *mut PyObject, timeout: *mut PyObject) -> Result<Result<f64, Deadline>, Raised> {
    // SAFETY: the caller's promise.
    unsafe {
        if !truth(block, true)? {
            Ok(Err(Deadline::PASSED))
        } else if is_none(timeout) {
            Ok(Err(Deadline::NEVER))
        } else {
            seconds(timeout).map(Ok)
        }
    }
}

/// A count of at least `least`, with the error text for less; `u64::MAX` for one that 64 bits do not hold.
///
/// # Safety
///
/// `object` is valid, and the thread is attached.
pub(crate) unsafe fn count(object: *mut PyObject, least: i64, too_small: &'static str) -> Result<u64, Raised> {
    // SAFETY: the caller's promise.
    match unsafe { integer(object)? } {
        Ok(count) if count >= least => Ok(count.unsigned_abs()),
        Err(sign) if sign > 0 => Ok(u64::MAX),
        _ => Err(raise::<PyValueError>(too_small)),
    }
}

/// The remaining time as a Python float: an owned reference.
pub(crate) fn remaining_seconds(deadline: Deadline) -> *mut PyObject {
    let remaining = deadline.remaining().unwrap_or(Duration::MAX);
    // SAFETY: attached.
    unsafe { ffi::PyFloat_FromDouble(remaining.as_secs_f64()) }
}

/// The error for arguments that do not fit the parameters.
pub(crate) fn wrong_arguments(signature: &str) -> Raised {
    raise::<PyTypeError>(&format!("wrong arguments: the signature is {signature}"))
}

/// The deadline that `acquire(blocking=True, timeout=-1)` of a lock says.
#[inline]
pub(crate) fn lock_deadline(arguments: Arguments) -> Result<Deadline, Raised> {
    if arguments.is_empty() { Ok(Deadline::NEVER) } else { lock_deadline_of(arguments) }
}

fn lock_deadline_of(arguments: Arguments) -> Result<Deadline, Raised> {
    let Some([blocking, timeout]) = arguments.bind(&[c"blocking", c"timeout"]) else {
        return Err(wrong_arguments("acquire(blocking=True, timeout=-1)"));
    };
    // SAFETY: arguments of the call, attached.
    let (blocking, timeout) =
        unsafe { (truth(blocking, true)?, if timeout.is_null() { -1.0 } else { seconds(timeout)? }) };
    #[allow(clippy::float_cmp, reason = "-1 is the exact value that says: none")]
    let unlimited = timeout == -1.0;
    // The size is looked at before the sign.
    if timeout.abs() > TIMEOUT_MAX {
        return Err(raise::<PyOverflowError>("timeout value is too large"));
    }
    match (blocking, unlimited) {
        (true, true) => Ok(Deadline::NEVER),
        (false, true) => Ok(Deadline::PASSED),
        (false, false) => Err(raise::<PyValueError>("can't specify a timeout for a non-blocking call")),
        (true, false) if timeout < 0.0 => Err(raise::<PyValueError>(NEGATIVE)),
        (true, false) => deadline_after(timeout),
    }
}

/// A count as the interpreter has it.
pub(crate) fn py_size(count: usize) -> Py_ssize_t {
    Py_ssize_t::try_from(count).unwrap_or(Py_ssize_t::MAX)
}
