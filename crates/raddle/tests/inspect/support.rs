//! Programs in processes of their own, and asking them.

use std::cell::RefCell;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

#[cfg(feature = "probe")]
use serde_json::Value;

/// Far more than any of these programs needs.
const TIME_BOX: Duration = Duration::from_secs(60);

pub(crate) const WHICH: &str = "RADDLE_TEST_PROGRAM";

/// A folder for one test, with a short name: the path of a socket must be short.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("raddle-test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("a folder");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A running program of `programs.rs`. It ends when its input does.
#[derive(Debug)]
pub(crate) struct Program {
    child: RefCell<Child>,
    input: ChildStdin,
    lines: Receiver<String>,
    complaints: Arc<Mutex<String>>,
    pub(crate) socket: PathBuf,
}

impl Program {
    /// Starts one, and waits until it is served.
    pub(crate) fn start(name: &str, folder: &Folder) -> Self {
        let mut program = Self::start_without_socket(name, folder);
        program.socket = PathBuf::from(program.line());
        program
    }

    pub(crate) fn start_without_socket(name: &str, folder: &Folder) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this binary"))
            .args(["--exact", "programs::program", "--nocapture"])
            .env(WHICH, name)
            .env("XDG_RUNTIME_DIR", folder.path())
            .env("TMPDIR", folder.path().join("temporary"))
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a process");
        let (stdout, mut stderr) = (child.stdout.take().expect("a pipe"), child.stderr.take().expect("a pipe"));
        let (line, lines) = channel();
        thread::spawn(move || {
            // The harness says something, too.
            let told = BufReader::new(stdout).lines().map_while(Result::ok);
            let told = told.filter_map(|text| text.split_once("told: ").map(|(_, text)| text.to_owned()));
            told.map(|text| line.send(text)).take_while(Result::is_ok).count()
        });
        let complaints = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&complaints);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = stderr.read(&mut buffer) {
                heard.lock().expect("no panic").push_str(&said(&buffer[..read]));
            }
        });
        let input = child.stdin.take().expect("a pipe");
        Self { child: RefCell::new(child), input, lines, complaints, socket: PathBuf::new() }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.borrow().id()
    }

    /// What the program tells next.
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(TIME_BOX).unwrap_or_else(|_| panic!("nothing was told; {}", self.complaints()))
    }

    pub(crate) fn complaints(&self) -> String {
        self.complaints.lock().expect("no panic").clone()
    }

    /// Lets it end, which it must do well. Returns what it has complained of.
    pub(crate) fn end(self) -> String {
        let Self { child, input, complaints, .. } = self;
        drop(input);
        let mut child = child.into_inner();
        let mut status = None;
        until("the program ends", || {
            status = child.try_wait().expect("a child");
            status.is_some()
        });
        let complaints = complaints.lock().expect("no panic").clone();
        assert!(status.is_some_and(|status| status.success()), "{status:?}: {complaints}");
        complaints
    }

    /// Ends it together with its children.
    #[cfg(all(target_os = "linux", feature = "probe"))]
    pub(crate) fn kill_all(self) {
        // SAFETY: the group of a child that has not been waited for is its own.
        unsafe { libc::kill(-libc::pid_t::try_from(self.id()).expect("a number"), libc::SIGKILL) };
        self.kill();
    }

    pub(crate) fn kill(self) {
        let mut child = self.child.into_inner();
        child.kill().expect("it runs");
        child.wait().expect("a child");
    }

    /// Which signals are blocked, one bit each: in the thread that answers, and in each of the others.
    pub(crate) fn blocked_signals(&self) -> (u64, Vec<u64>) {
        let mut found = (None, Vec::new());
        // The thread gives itself its name.
        until("the thread is there", || {
            found = (None, Vec::new());
            for task in fs::read_dir(format!("/proc/{}/task", self.id())).expect("a process") {
                let Ok(status) = fs::read_to_string(task.expect("an entry").path().join("status")) else { continue };
                let field =
                    |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).expect("a field").trim();
                let mask = u64::from_str_radix(field("SigBlk:"), 16).expect("a number");
                match field("Name:") {
                    "raddle-inspect" => found.0 = Some(mask),
                    _ => found.1.push(mask),
                }
            }
            found.0.is_some()
        });
        (found.0.expect("a mask"), found.1)
    }
}

/// Sends `request`, and returns all that is answered. What does not fit does not matter.
pub(crate) fn ask(socket: &Path, request: &[u8]) -> Vec<u8> {
    let mut stream = UnixStream::connect(socket).unwrap_or_else(|error| panic!("{}: {error}", socket.display()));
    stream.set_read_timeout(Some(TIME_BOX)).expect("a time");
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}

pub(crate) fn said(answer: &[u8]) -> String {
    String::from_utf8_lossy(answer).into_owned()
}

/// Asks until the snapshot is as wanted.
#[cfg(feature = "probe")]
pub(crate) fn snapshot_of(program: &Program, mut wanted: impl FnMut(&Value) -> bool) -> Value {
    let mut told = Value::Null;
    until("the snapshot is as wanted", || {
        let answer = said(&ask(&program.socket, b"raddle 1 snapshot\n"));
        let (head, json) = answer.split_once('\n').expect("a line");
        assert_eq!(head, format!("raddle 1 ok {}", json.len()));
        told = serde_json::from_str(json).expect("JSON");
        wanted(&told["snapshot"])
    });
    told
}

pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let limit = Instant::now() + TIME_BOX;
    while !holds() {
        assert!(Instant::now() < limit, "in vain until {what}");
        thread::park_timeout(Duration::from_millis(1));
    }
}
