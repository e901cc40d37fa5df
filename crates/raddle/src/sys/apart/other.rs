//! Where nothing is apart from the program: on systems that are not Unix, and in models.

use std::io;

/// There is no such thread here.
#[allow(clippy::unnecessary_wraps, reason = "the API of the real twin")]
pub(crate) fn spawn_apart<D: Send + 'static>(_name: &str, _run: fn(D), _data: D) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// There is nothing to be done then.
pub(crate) fn at_process_exit(_act: fn()) {}
