//! The process seen from outside.
//!
//! Each program runs in a process of its own, which is this binary, told by a variable which one. The tests ask it as `raddle ps` does.
//!
//! Each of these weakenings has made a test fail: the thread that answers counts among those that could wake another; a forked child keeps the socket, or
//! takes its parent's server for its own; a descriptor is closed whatever it means by now; signals are not blocked in that thread, or are not let through again in the one that
//! has started it; who asks has all the time in the world; the socket stays at the end; a folder is used that others can look into; a socket that was left behind stays.

#![cfg(all(unix, not(any(loom, shuttle))))]
#![allow(clippy::print_stdout, reason = "what a program tells its test")]

mod programs;
mod support;

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

#[cfg(feature = "probe")]
use support::snapshot_of;
use support::{Folder, Program, ask, said, until};

#[test]
#[cfg(feature = "probe")]
fn a_snapshot_is_told_while_threads_wait_for_each_other() {
    let folder = Folder::new();
    let program = Program::start("deadlocked", &folder);
    let told = snapshot_of(&program, |snapshot| snapshot["deadlocks"].as_array().is_some_and(|found| found.len() == 1));
    assert_eq!(told["pid"], program.id());
    assert_eq!(told["raddle"], env!("CARGO_PKG_VERSION"));
    let threads = told["snapshot"]["threads"].as_array().expect("a list");
    let named = |name: &str| threads.iter().find(|thread| thread["name"] == name).unwrap_or_else(|| panic!("{told}"));
    for (name, other) in [("one", "two"), ("two", "one")] {
        assert_eq!(named(name)["state"], "blocked");
        assert_eq!(named(name)["waits_for"]["kind"], "lock");
        assert_eq!(named(name)["waits_for"]["blocker"], named(other)["id"]);
    }
    assert!(threads.iter().all(|thread| thread["name"] != "raddle-inspect"), "{told}");
    let report = told["reports"][0].as_str().expect("words");
    assert!(report.starts_with("probable deadlock: these threads wait for each other:"), "{report}");
    assert!(report.contains("thread one") && report.contains("thread two"), "{report}");
}

#[test]
fn the_socket_is_for_its_user_alone_and_goes_with_the_process() {
    let folder = Folder::new();
    let program = Program::start("quiet", &folder);
    assert_eq!(program.socket, folder.path().join(format!("raddle/{}.sock", program.id())));
    assert_eq!(mode(&program.socket), 0o600);
    assert_eq!(mode(&folder.path().join("raddle")), 0o700);
    let socket = program.socket.clone();
    program.end();
    assert!(!socket.exists());
}

#[test]
fn one_server_is_enough_and_it_can_be_stopped() {
    let folder = Folder::new();
    let program = Program::start("stops", &folder);
    assert_eq!(program.line(), "the same again");
    assert_eq!(program.line(), "gone");
    assert_eq!(program.line(), "threads: 1");
    assert_eq!(program.line(), "there again");
    assert!(said(&ask(&program.socket, b"raddle 1 snapshot\n")).starts_with("raddle 1 ok "));
    program.end();
}

/// Each of these is given up in time, and the next one is answered.
#[test]
fn who_asks_badly_disturbs_nobody() {
    let folder = Folder::new();
    let program = Program::start("quiet", &folder);
    let understood = |answer: &[u8]| said(answer).starts_with("raddle 1 ok ");
    for garbage in [
        &b"\n"[..],
        b"raddle 2 snapshot\n",
        b"raddle 1 snapshot\n\n",
        b"GET / HTTP/1.1\r\n",
        &[0xff; 64],
        &vec![b'a'; 100_000],
    ] {
        let answer = ask(&program.socket, garbage);
        // Who says too much may find the door shut before the answer is read.
        assert!(answer.is_empty() || said(&answer).starts_with("raddle 1 error "), "{}", said(&answer));
        assert!(understood(&ask(&program.socket, b"raddle 1 snapshot\n")));
    }
    // Half a request, and no request at all, from somebody who stays.
    let mut half = UnixStream::connect(&program.socket).expect("a socket");
    half.write_all(b"raddle 1 sn").expect("room for it");
    let silent = UnixStream::connect(&program.socket).expect("a socket");
    assert!(understood(&ask(&program.socket, b"raddle 1 snapshot\n")));
    for mut stream in [half, silent] {
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert_eq!(said(&answer), "");
    }
    // Somebody who leaves at once, before and after asking.
    drop(UnixStream::connect(&program.socket).expect("a socket"));
    let mut gone = UnixStream::connect(&program.socket).expect("a socket");
    gone.write_all(b"raddle 1 snapshot\n").expect("room for it");
    drop(gone);
    assert!(understood(&ask(&program.socket, b"raddle 1 snapshot\n")));
    assert!(program.end().is_empty());
}

#[test]
fn a_folder_that_is_not_the_users_alone_is_not_used() {
    let folder = Folder::new();
    let temporary = folder.path().join("temporary");
    fs::create_dir(&temporary).expect("a folder");
    let ours = folder.path().join("raddle");
    // Open to others; and a link to somewhere else.
    fs::create_dir(&ours).expect("a folder");
    fs::set_permissions(&ours, Permissions::from_mode(0o755)).expect("it is ours");
    let program = Program::start("quiet", &folder);
    assert!(program.socket.starts_with(&temporary), "{}", program.socket.display());
    assert_eq!(mode(program.socket.parent().expect("a folder")), 0o700);
    program.end();

    fs::remove_dir(&ours).expect("it is empty");
    let elsewhere = folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).expect("a folder");
    fs::set_permissions(&elsewhere, Permissions::from_mode(0o700)).expect("it is ours");
    symlink(&elsewhere, &ours).expect("a link");
    let program = Program::start("quiet", &folder);
    assert!(program.socket.starts_with(&temporary), "{}", program.socket.display());
    program.end();
    assert_eq!(fs::read_dir(&elsewhere).expect("a folder").count(), 0);

    // Neither is one for temporary files.
    let private: PathBuf =
        fs::read_dir(&temporary).expect("a folder").map(|entry| entry.expect("an entry").path()).next().expect("one");
    fs::set_permissions(&private, Permissions::from_mode(0o770)).expect("it is ours");
    let program = Program::start_without_socket("refused", &folder);
    assert!(program.line().contains("it is not a folder of this user alone"));
    program.end();
}

#[test]
fn what_a_killed_process_has_left_is_replaced() {
    let folder = Folder::new();
    let program = Program::start("left_over", &folder);
    assert!(said(&ask(&program.socket, b"raddle 1 snapshot\n")).starts_with("raddle 1 ok "));
    program.end();
}

#[test]
fn a_forked_child_does_not_answer_for_its_parent() {
    let folder = Folder::new();
    let program = Program::start("forks", &folder);
    let child = program.line();
    // The child's own server, and the parent's, each with its own number.
    let own = folder.path().join(format!("raddle/{child}.sock"));
    assert!(said(&ask(&own, b"raddle 1 snapshot\n")).contains(&format!("\"pid\":{child},")));
    assert!(said(&ask(&program.socket, b"raddle 1 snapshot\n")).contains(&format!("\"pid\":{},", program.id())));
    let socket = program.socket.clone();
    // The child lives on, and has nothing of the parent's socket.
    program.kill();
    assert!(UnixStream::connect(&socket).is_err());
    fs::remove_file(&own).expect("the child is there");
}

/// The thread that answers is not one of those that might wake another.
#[test]
#[cfg(all(target_os = "linux", feature = "probe"))]
fn all_threads_are_asleep_while_one_serves() {
    let folder = Folder::new();
    let program = Program::start("asleep", &folder);
    until("it is told", || program.complaints().contains("raddle: all threads are asleep"));
    program.kill_all();
}

#[test]
fn signals_are_the_programs() {
    let folder = Folder::new();
    let program = Program::start("quiet", &folder);
    let (own, _) = program.blocked_signals();
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGUSR1, libc::SIGALRM, libc::SIGPROF, libc::SIGPIPE] {
        assert_ne!(own & (1 << (signal - 1)), 0, "{signal}");
    }
    for fault in [libc::SIGSEGV, libc::SIGBUS, libc::SIGABRT] {
        assert_eq!(own & (1 << (fault - 1)), 0, "{fault}");
    }
    // The C library blocks all for a moment in who starts a thread.
    until("the others take signals", || {
        let (_, others) = program.blocked_signals();
        !others.is_empty() && others.iter().all(|mask| *mask == 0)
    });
    program.end();
}

/// A program that closes what it has not opened gets the same numbers for its own files.
#[test]
fn files_that_come_after_the_socket_are_left_alone() {
    let folder = Folder::new();
    let program = Program::start("closes_all", &folder);
    assert_eq!(program.line(), "closed");
    // Whoever asks now wakes the thread, which sees that its socket is gone; unless it has seen that by itself.
    if let Ok(mut stream) = UnixStream::connect(&program.socket) {
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert_eq!(said(&answer), "");
    }
    assert_eq!(program.end(), "");
}

fn mode(path: &std::path::Path) -> u32 {
    fs::symlink_metadata(path).expect("it is there").permissions().mode() & 0o777
}
