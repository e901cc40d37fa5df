//! The programs that are looked at. Each tells its socket first, and ends when its input does.

use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixListener;
use std::sync::Arc;

use raddle::diagnostics::{self, Deadlocks, Server};
use raddle::sync::{Barrier, Event, Lock};
use raddle::thread::Builder;

use crate::support::{WHICH, until};

/// Not a test, but what a process runs that was told to.
#[test]
fn program() {
    match std::env::var(WHICH).as_deref() {
        Err(_) => {}
        Ok("quiet") => drop(serve()),
        Ok("deadlocked") => deadlocked(),
        Ok("asleep") => asleep(),
        Ok("stops") => stops(),
        Ok("refused") => tell(&diagnostics::serve().expect_err("there is no place").to_string()),
        Ok("left_over") => left_over(),
        Ok("forks") => forks(),
        Ok("closes_all") => return closes_all(),
        Ok(other) => panic!("no program: {other}"),
    }
    if std::env::var(WHICH).is_ok() {
        wait_for_the_end();
    }
}

fn serve() -> Server {
    let server = diagnostics::serve().expect("a place for a socket");
    tell(&server.path().display().to_string());
    server
}

fn tell(text: &str) {
    println!("told: {text}");
    io::stdout().flush().expect("somebody listens");
}

fn wait_for_the_end() {
    io::stdin().read_to_end(&mut Vec::new()).expect("an end");
}

fn deadlocked() {
    diagnostics::set_deadlocks(Deadlocks::Off);
    let (locks, ready) = (Arc::new([Lock::new(()), Lock::new(())]), Arc::new(Barrier::new(2)));
    for (name, first, second) in [("one", 0, 1), ("two", 1, 0)] {
        let (locks, ready) = (Arc::clone(&locks), Arc::clone(&ready));
        let run = move || {
            let _first = locks[first].acquire();
            ready.wait().expect("nobody breaks it");
            let _second = locks[second].acquire();
        };
        Builder::new().name(name).daemon(true).spawn(run).expect("a thread");
    }
    serve();
}

/// The harness has a thread that waits for this one, in its own way: so this process is forked, to have one thread.
fn asleep() {
    // SAFETY: the child does nothing that a lock of another thread could keep it from, but for what the harness does at its end, which does not come.
    let child = unsafe { libc::fork() };
    assert!(child >= 0);
    if child == 0 {
        diagnostics::set_grace(std::time::Duration::from_millis(50));
        serve();
        Event::new().wait();
    }
    wait_for_the_end();
}

fn stops() {
    let server = serve();
    let again = diagnostics::serve().expect("it is served");
    assert_eq!(again.path(), server.path());
    tell("the same again");
    again.stop();
    server.stop();
    assert!(!server.path().exists());
    tell("gone");
    until("the thread is gone", || threads() == 0);
    let third = diagnostics::serve().expect("a place for a socket");
    until("there is a thread", || threads() == 1);
    server.stop();
    tell(&format!("threads: {}", threads()));
    assert!(third.path().exists());
    tell("there again");
}

/// How many threads serve.
fn threads() -> usize {
    let tasks = fs::read_dir("/proc/self/task").expect("Linux");
    let names = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.trim_end() == "raddle-inspect").count()
}

fn left_over() {
    let server = diagnostics::serve().expect("a place for a socket");
    let path = server.path().to_owned();
    server.stop();
    // Dropped, it listens no more, and the file stays.
    drop(UnixListener::bind(&path).expect("a free place"));
    assert!(path.exists());
    serve();
}

fn forks() {
    let server = serve();
    // SAFETY: the child uses the library, which survives this, and what it prints does not go through the harness.
    let child = unsafe { libc::fork() };
    assert!(child >= 0);
    if child == 0 {
        server.stop();
        assert!(server.path().exists(), "a child does not stop its parent's");
        let own = diagnostics::serve().expect("a place for a socket");
        assert_ne!(own.path(), server.path());
        tell(&std::process::id().to_string());
        wait_for_the_end();
        // Removed by the test, which waits for that.
        until("the test has seen it", || !own.path().exists());
        // SAFETY: it ends here.
        unsafe { libc::_exit(0) };
    }
}

fn closes_all() {
    let server = serve();
    let path = std::env::temp_dir().with_file_name("own");
    let harmless: Vec<File> = {
        // Whatever the library has open, and nothing else but the standard three.
        let descriptors = fs::read_dir("/proc/self/fd").expect("Linux").filter_map(|entry| {
            let entry = entry.ok()?;
            let target = fs::read_link(entry.path()).ok()?;
            let number: i32 = entry.file_name().to_str()?.parse().ok()?;
            (number > 2 && target.to_str()?.starts_with("socket:")).then_some(number)
        });
        for number in descriptors.collect::<Vec<_>>() {
            // SAFETY: this is what the test is about: the library survives it.
            unsafe { libc::close(number) };
        }
        let open = || File::options().read(true).write(true).create(true).truncate(false).open(&path);
        (0..16).map(|_| open().expect("a file")).collect()
    };
    tell("closed");
    wait_for_the_end();
    until("the thread is gone", || threads() == 0);
    server.stop();
    for mut file in harmless {
        file.rewind().unwrap_or_else(|error| panic!("{} is closed: {error}", file.as_raw_fd()));
        let mut content = Vec::new();
        file.read_to_end(&mut content).expect("it is open");
        assert_eq!(content, b"");
    }
}
