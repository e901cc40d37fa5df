//! A socket in the file system for other processes of the same user, in a folder that nobody else can look into.
//!
//! The program may close descriptors that it has not opened, as daemons do at their start, and its own files get their numbers then. So each
//! descriptor that is kept is compared with what it was before it is used, and is given up if it is something else ([`Kept`]).

mod kept;
mod place;

use std::ffi::c_int;
use std::fs::{self, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::time::Duration;

use self::kept::{Kept, identity};
use self::place::{folders, is_left_over, make_private, sweep, user};
use crate::sys::process::call_in_children;
use crate::sys::{Nanoseconds, now};

/// Where connections come in.
#[derive(Debug)]
pub(crate) struct Listener {
    listener: Kept<UnixListener>,
    /// Readable once the [`Door`] is closed.
    bell: Kept<UnixStream>,
}

/// The way to a [`Listener`], which can be closed from outside.
#[derive(Debug)]
pub(crate) struct Door {
    path: PathBuf,
    bell: Kept<UnixStream>,
}

/// A process of this user that asks.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: Kept<UnixStream>,
}

impl Listener {
    /// Makes a socket that is called by the number of this process, in a folder for `name`: below that of the user's running programs
    /// (`XDG_RUNTIME_DIR`), or else below the one for temporary files. What a process of this number has left there is replaced.
    ///
    /// # Errors
    ///
    /// The operating system's, and if the folder is not this user's alone.
    pub(crate) fn bind(name: &str) -> io::Result<(Self, Door)> {
        watch_forks()?;
        let mut refused = None;
        for folder in folders(name) {
            match bind_in(&folder) {
                Ok(bound) => return Ok(bound),
                Err(error) => {
                    // The first is the one that is meant to be used.
                    let text = format!("{}: {error}", folder.display());
                    refused.get_or_insert_with(|| io::Error::new(error.kind(), text));
                }
            }
        }
        Err(refused.unwrap_or_else(|| ErrorKind::NotFound.into()))
    }

    /// Waits for a process of this user. `None` when the door is closed, or the socket is not there any more.
    pub(crate) fn accept(&self) -> Option<Connection> {
        loop {
            let events = poll([self.listener.descriptor(), self.bell.descriptor()], None);
            if !(self.listener.is_there() && self.bell.is_there()) || events[1] != 0 {
                return None;
            }
            if events[0] & !libc::POLLIN != 0 {
                return None;
            }
            match self.listener.accept() {
                Ok((stream, _)) if is_of_this_user(&stream) => {
                    // Some systems hand this down from the listener.
                    if let (Ok(()), Ok(stream)) = (stream.set_nonblocking(false), Kept::new(stream)) {
                        return Some(Connection { stream });
                    }
                }
                Ok(_) => {}
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::WouldBlock | ErrorKind::Interrupted | ErrorKind::ConnectionAborted
                    ) => {}
                // No descriptor is free, say. It cannot be answered now, but later.
                Err(_) => _ = poll([self.bell.descriptor()], Some(PAUSE)),
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // From now on a forked child has nothing to close under this number.
        LISTENING.unset(&self.listener);
    }
}

impl Door {
    /// Where the socket is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Nobody finds the socket from now on.
    pub(crate) fn take_away(&self) {
        // If it is gone already, that is as well.
        let _ = fs::remove_file(&self.path);
    }

    /// The listener is told to end.
    pub(crate) fn close(&self) {
        if self.bell.is_there() {
            let _ = self.bell.shutdown(Shutdown::Both);
        }
    }
}

impl Connection {
    /// Reads what there is, and waits for it until `deadline`.
    ///
    /// # Errors
    ///
    /// The operating system's. After the deadline it is [`ErrorKind::WouldBlock`] or [`ErrorKind::TimedOut`].
    pub(crate) fn read(&mut self, buffer: &mut [u8], deadline: Nanoseconds) -> io::Result<usize> {
        loop {
            self.there()?.set_read_timeout(Some(time_left(deadline)?))?;
            match self.there()?.read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// Writes all of it, until `deadline`.
    ///
    /// # Errors
    ///
    /// As of [`read`](Self::read).
    pub(crate) fn write_all(&mut self, mut bytes: &[u8], deadline: Nanoseconds) -> io::Result<()> {
        while !bytes.is_empty() {
            self.there()?.set_write_timeout(Some(time_left(deadline)?))?;
            match self.there()?.write(bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn there(&self) -> io::Result<&UnixStream> {
        if self.stream.is_there() { Ok(&self.stream) } else { Err(ErrorKind::NotConnected.into()) }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // A child that was forked meanwhile has the descriptor too: closing it here alone would not tell the other end.
        if self.stream.is_there() {
            let _ = self.stream.shutdown(Shutdown::Both);
        }
    }
}

/// How long to leave it alone when the system is short of something.
const PAUSE: Duration = Duration::from_millis(100);

fn time_left(deadline: Nanoseconds) -> io::Result<Duration> {
    match deadline.saturating_sub(now()) {
        0 => Err(ErrorKind::TimedOut.into()),
        left => Ok(Duration::from_nanos(left)),
    }
}

fn bind_in(folder: &Path) -> io::Result<(Listener, Door)> {
    make_private(folder)?;
    sweep(folder);
    let path = folder.join(format!("{}.sock", std::process::id()));
    let listener = match UnixListener::bind(&path) {
        Err(error) if error.kind() == ErrorKind::AddrInUse && is_left_over(&path) => {
            fs::remove_file(&path)?;
            UnixListener::bind(&path)?
        }
        result => result?,
    };
    // Nobody else gets into the folder, so it does not matter what it was until now.
    let bound = fs::set_permissions(&path, Permissions::from_mode(0o600))
        .and_then(|()| listener.set_nonblocking(true))
        .and_then(|()| Ok((Kept::new(listener)?, UnixStream::pair()?)))
        .and_then(|(listener, (bell, other))| Ok((listener, Kept::new(bell)?, Kept::new(other)?)));
    match bound {
        Ok((listener, bell, other)) => {
            LISTENING.set(&listener);
            Ok((Listener { listener, bell }, Door { path, bell: other }))
        }
        Err(error) => {
            let _ = fs::remove_file(&path);
            Err(error)
        }
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_of_this_user(stream: &UnixStream) -> bool {
    // SAFETY: zeroes are a valid value. The call writes at most as much as it is told that there is room for.
    unsafe {
        let mut peer: libc::ucred = std::mem::zeroed();
        let mut length = libc::socklen_t::try_from(size_of::<libc::ucred>()).unwrap_or(0);
        let found = libc::getsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut peer).cast(),
            &raw mut length,
        );
        found == 0 && peer.uid == user()
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn is_of_this_user(stream: &UnixStream) -> bool {
    let (mut peer, mut group) = (libc::uid_t::MAX, libc::gid_t::MAX);
    // SAFETY: both are there to be written to.
    let found = unsafe { libc::getpeereid(stream.as_raw_fd(), &raw mut peer, &raw mut group) };
    found == 0 && peer == user()
}

/// Waits until something happens to one of the descriptors, or nothing has for as long as `limit`. Returns what has.
fn poll<const COUNT: usize>(descriptors: [RawFd; COUNT], limit: Option<Duration>) -> [i16; COUNT] {
    let mut wanted = descriptors.map(|fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 });
    let limit = limit.map_or(-1, |limit| c_int::try_from(limit.as_millis()).unwrap_or(c_int::MAX));
    let count = libc::nfds_t::try_from(COUNT).unwrap_or(0);
    // SAFETY: as many as it is told, to read and to write. What goes wrong, a signal for one, shows as nothing that happened.
    unsafe { libc::poll(wanted.as_mut_ptr(), count, limit) };
    wanted.map(|one| one.revents)
}

/// The last listener, which a forked child closes: the socket is its parent's.
static LISTENING: Listening =
    Listening { descriptor: AtomicI32::new(NONE), device: AtomicU64::new(0), number: AtomicU64::new(0) };

struct Listening {
    descriptor: AtomicI32,
    device: AtomicU64,
    number: AtomicU64,
}

const NONE: RawFd = -1;

impl Listening {
    // ORDERING: Relaxed, as all here: what another thread reads that forks at this moment decides whether its child keeps a descriptor that it never uses.
    fn set(&self, listener: &Kept<UnixListener>) {
        self.device.store(listener.identity.0, Ordering::Relaxed);
        self.number.store(listener.identity.1, Ordering::Relaxed);
        self.descriptor.store(listener.descriptor(), Ordering::Relaxed);
    }

    fn unset(&self, listener: &Kept<UnixListener>) {
        let _ = self.descriptor.compare_exchange(listener.descriptor(), NONE, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn close_in_child(&self) {
        let descriptor = self.descriptor.swap(NONE, Ordering::Relaxed);
        let is = (self.device.load(Ordering::Relaxed), self.number.load(Ordering::Relaxed));
        if identity(descriptor) == Some(is) {
            // SAFETY: it is the parent's thread's that has the listener, which does not exist here, so nobody else closes it.
            unsafe { libc::close(descriptor) };
        }
    }
}

fn watch_forks() -> io::Result<()> {
    static WATCHED: AtomicBool = AtomicBool::new(false);

    extern "C" fn in_child() {
        LISTENING.close_in_child();
    }

    // Called twice, it finds nothing left to do.
    call_in_children(&WATCHED, in_child)
}
