//! A file whose descriptor may be closed by somebody else, and mean another file then.

use std::io;
use std::mem::{self, ManuallyDrop};
use std::ops::Deref;
use std::os::fd::{AsRawFd, RawFd};

/// A file that is used and closed only while its descriptor still means it.
#[derive(Debug)]
pub(super) struct Kept<T: AsRawFd> {
    file: ManuallyDrop<T>,
    pub(super) identity: (u64, u64),
}

impl<T: AsRawFd> Kept<T> {
    pub(super) fn new(file: T) -> io::Result<Self> {
        let identity = identity(file.as_raw_fd()).ok_or_else(io::Error::last_os_error)?;
        Ok(Self { file: ManuallyDrop::new(file), identity })
    }

    pub(super) fn descriptor(&self) -> RawFd {
        self.file.as_raw_fd()
    }

    pub(super) fn is_there(&self) -> bool {
        identity(self.descriptor()) == Some(self.identity)
    }
}

impl<T: AsRawFd> Deref for Kept<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.file
    }
}

impl<T: AsRawFd> Drop for Kept<T> {
    fn drop(&mut self) {
        if self.is_there() {
            // SAFETY: nobody uses it after this.
            unsafe { ManuallyDrop::drop(&mut self.file) };
        }
    }
}

/// The device and the number of an open file: no other has both.
#[allow(clippy::useless_conversion, clippy::unnecessary_cast, reason = "their types depend on the system")]
pub(super) fn identity(descriptor: RawFd) -> Option<(u64, u64)> {
    // SAFETY: zeroes are a valid value, and the call writes one.
    unsafe {
        let mut found: libc::stat = mem::zeroed();
        (libc::fstat(descriptor, &raw mut found) == 0).then_some((found.st_dev as u64, found.st_ino as u64))
    }
}
