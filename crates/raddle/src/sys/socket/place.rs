//! Where a socket has its place: in a folder that is its user's alone.

use std::env;
use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// Where to look for a folder, the best place first.
pub(super) fn folders(name: &str) -> impl Iterator<Item = PathBuf> {
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let temporary = env::temp_dir().join(format!("{name}-{}", user()));
    runtime.map(|folder| folder.join(name)).into_iter().chain([temporary])
}

/// Sees to it that there is a folder that is this user's alone. What is there and is not, is left as it is.
pub(super) fn make_private(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // Of the link itself, if it is one. Who has the folder above could exchange it later; but that is the user, or a folder in which nobody can exchange what is
    // another's, as folders for temporary files are.
    let found = fs::symlink_metadata(folder)?;
    if found.is_dir() && found.uid() == user() && found.mode() & 0o777 == 0o700 {
        return Ok(());
    }
    Err(io::Error::new(ErrorKind::PermissionDenied, "it is not a folder of this user alone, with mode 0700"))
}

/// Removes what processes have left behind that are gone. A folder with far more than that is somebody else's concern.
pub(super) fn sweep(folder: &Path) {
    const AT_MOST: usize = 1024;

    for entry in fs::read_dir(folder).into_iter().flatten().flatten().take(AT_MOST) {
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".sock")?.parse().ok());
        // Where processes have numbers of their own, as in a container, one that is not seen may still listen.
        if number.is_some_and(is_gone) && is_left_over(&entry.path()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn is_gone(process: libc::pid_t) -> bool {
    // SAFETY: no signal is sent.
    process > 0
        && unsafe { libc::kill(process, 0) } != 0
        && io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH)
}

/// Whether nobody listens there. Two living processes have the same number only where each has numbers of its own.
pub(super) fn is_left_over(path: &Path) -> bool {
    UnixStream::connect(path).is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}

/// The user that this process acts as.
pub(super) fn user() -> u32 {
    // SAFETY: it has no preconditions and always succeeds.
    unsafe { libc::geteuid() }
}
