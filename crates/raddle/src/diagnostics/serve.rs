//! The process seen from outside: a thread that answers other processes of the same user.
//!
//! # What is said
//!
//! The other process connects, and sends a line, `raddle 1 snapshot`. The answer is a line, `raddle 1 ok LENGTH` or `raddle 1 error LENGTH`, and as many bytes behind it: JSON with
//! the [snapshot](super::snapshot()) and the deadlocks in words, or what was wrong, in words. Then the connection ends. The `1` is the version of all this.
//!
//! # Why it disturbs nobody
//!
//! The thread is apart from the program: it takes no signals, is in no registry, and is not counted where it is asked whether all threads sleep. It enters sections as
//! everybody does, for the length of a look, and waits for nothing but its socket. It serves one connection after the other, and
//! gives each a limit of time and of what it reads; what it holds is one answer.

use std::fmt;
use std::io;
use std::mem;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::snapshot::{Snapshot, snapshot};
use crate::park::quietly;
use crate::sys::{
    AfterFork, Connection, Door, Listener, Nanoseconds, Section, at_process_exit, fork_epoch, global, now, spawn_apart,
};

/// Lets other processes of this user look at this one, with `raddle ps`, `raddle locks` and `raddle dump` and the number of this process, until it ends, or until
/// [`Server::stop`]. If it is served already, that goes on.
///
/// What they are told is what [`snapshot()`](super::snapshot()) says. They are answered by a thread that is no part of the program: while the program is
/// deadlocked too, and in whatever code its threads are stuck. Nobody is stopped for it.
///
/// The socket is `raddle/PID.sock` below the folder that the variable `XDG_RUNTIME_DIR` names, or else `raddle-UID/PID.sock` below the folder for temporary files. Folder and socket
/// are for this user alone. The socket is removed when the process ends by `exit` or by returning from `main`; what is left of a killed one is replaced by the next
/// process of that number.
///
/// A forked child is not served until it calls this itself.
///
/// Only on Unix.
///
/// # Errors
///
/// The operating system's, if there is no place for the socket or no thread to be had. [`io::ErrorKind::Unsupported`] on other systems.
///
/// # Examples
///
/// ```
/// use raddle::diagnostics;
///
/// # #[cfg(unix)] {
/// let server = diagnostics::serve()?;
/// eprintln!("ask me: raddle ps {}", std::process::id());
/// assert!(server.path().exists());
/// assert_eq!(diagnostics::serve()?.path(), server.path());
/// server.stop();
/// assert!(!server.path().exists());
/// # }
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn serve() -> io::Result<Server> {
    // It begins outside of the section, which a look at forks and the end of the process do not need.
    at_process_exit(take_away_at_exit);
    let mut serving = SERVING.enter();
    if let Some(shared) = &serving.current {
        return Ok(Server { shared: Arc::clone(shared) });
    }
    // A few calls of the system, which are bounded, so that two threads do not do it at once.
    let (listener, door) = Listener::bind("raddle")?;
    let shared = Arc::new(Shared { door, process: fork_epoch() });
    if let Err(error) = spawn_apart("raddle-inspect", attend, listener) {
        shared.door.take_away();
        return Err(error);
    }
    serving.current = Some(Arc::clone(&shared));
    Ok(Server { shared })
}

/// What [`serve`] has begun. Dropping it ends nothing.
///
/// # Examples
///
/// ```
/// use raddle::diagnostics;
///
/// # #[cfg(unix)] {
/// let server: diagnostics::Server = diagnostics::serve()?;
/// drop(server);
/// // It goes on.
/// assert!(diagnostics::serve()?.path().exists());
/// # }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Server {
    shared: Arc<Shared>,
}

impl Server {
    /// Where the socket is, or was.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)] {
    /// let server = raddle::diagnostics::serve()?;
    /// assert!(server.path().ends_with(format!("{}.sock", std::process::id())));
    /// # }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn path(&self) -> &Path {
        self.shared.door.path()
    }

    /// Removes the socket and ends the thread, for all who have called [`serve`]. Without effect in a forked child, and when it has ended already.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)] {
    /// let server = raddle::diagnostics::serve()?;
    /// server.stop();
    /// server.stop();
    /// assert!(!server.path().exists());
    /// # }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn stop(&self) {
        if self.shared.process != fork_epoch() {
            return;
        }
        let mut serving = SERVING.enter();
        let is_current = serving.current.as_ref().is_some_and(|current| Arc::ptr_eq(current, &self.shared));
        if let Some(current) = serving.current.take_if(|_| is_current) {
            // Under the section: the next one will be at the same place.
            current.door.take_away();
            drop(serving);
            current.door.close();
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Server").field("path", &self.path()).finish_non_exhaustive()
    }
}

struct Shared {
    door: Door,
    /// The fork epoch of the process that is served.
    process: u32,
}

struct Serving {
    current: Option<Arc<Shared>>,
}

impl AfterFork for Serving {
    fn after_fork(&mut self, _torn: bool) {
        // It is the parent's, and its thread does not exist here. Not dropped, but forgotten: this may be between two acts of the parent.
        mem::forget(self.current.take());
    }
}

global! {
    static SERVING: Section<Serving> = Section::new(Serving { current: None });
}

fn take_away_at_exit() {
    // In a forked child there is nothing.
    if let Some(current) = &SERVING.enter().current {
        current.door.take_away();
    }
}

/// The first word of what is said, and its version.
const GREETING: &str = "raddle 1";

/// No request is longer.
const LONGEST: usize = 64;

/// How long a connection may take to ask, and to take its answer. Others wait meanwhile.
const TIME_TO_ASK: Nanoseconds = 1_000_000_000;
const TIME_TO_LISTEN: Nanoseconds = 5_000_000_000;

/// What the thread does. The listener ends with it.
#[allow(clippy::needless_pass_by_value, reason = "see above")]
fn attend(listener: Listener) {
    while let Some(connection) = listener.accept() {
        quietly(|| {
            // Whoever has gone, or takes too long, gets no answer.
            let _ = answer(connection);
        });
    }
}

fn answer(mut connection: Connection) -> io::Result<()> {
    let (outcome, text) = match understand(&read_line(&mut connection)?) {
        Ok(()) => match serde_json::to_string(&Answer::now()) {
            Ok(json) => ("ok", json),
            Err(error) => ("error", error.to_string()),
        },
        Err(problem) => ("error", problem),
    };
    let head = format!("{GREETING} {outcome} {}\n", text.len());
    let deadline = now().saturating_add(TIME_TO_LISTEN);
    connection.write_all(head.as_bytes(), deadline)?;
    connection.write_all(text.as_bytes(), deadline)
}

/// Reads up to the end of the line, or as much as a request may have.
fn read_line(connection: &mut Connection) -> io::Result<Vec<u8>> {
    let deadline = now().saturating_add(TIME_TO_ASK);
    let (mut buffer, mut length) = ([0; LONGEST], 0);
    while length < LONGEST && !buffer[..length].contains(&b'\n') {
        match connection.read(&mut buffer[length..], deadline)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => length += read,
        }
    }
    Ok(buffer[..length].to_vec())
}

fn understand(request: &[u8]) -> Result<(), String> {
    if request == format!("{GREETING} snapshot\n").as_bytes() {
        return Ok(());
    }
    Err(format!(
        "not understood; this is raddle {}, which is asked by `{GREETING} snapshot`",
        env!("CARGO_PKG_VERSION")
    ))
}

/// What there is to be told.
#[derive(Serialize)]
struct Answer {
    raddle: &'static str,
    pid: u32,
    snapshot: Snapshot,
    /// The deadlocks of the snapshot, in words.
    reports: Vec<String>,
}

impl Answer {
    fn now() -> Self {
        let snapshot = snapshot();
        let reports = snapshot.deadlocks.iter().map(ToString::to_string).collect();
        Self { raddle: env!("CARGO_PKG_VERSION"), pid: std::process::id(), snapshot, reports }
    }
}
