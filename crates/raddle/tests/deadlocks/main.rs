//! Programs that hang are explained, and programs that only look as if they did are left alone.
//!
//! Each runs in a process of its own: this binary, which is told which one. One that hangs is ended when its report is there; one that only looks
//! so ends by itself, and says nothing.
//!
//! Mutations of the detector that have been seen to fail here: waits with a limit count as waits without one; whoever begins a future counts as the one who
//! brings its outcome; a pool counts as full with fewer workers than it may have; no patience with pools and with locks of ended threads; a lock
//! that is a signal has an owner; threads that only lead to a cycle count as part of it; a lock acquired twice counts as a cycle; one worker of a
//! pool stands for all. In `it`: a certain deadlock is told by whoever finds it, and not left to the one who can end its wait.

#![allow(clippy::print_stdout, reason = "what a test harness says")]

mod alike;
mod deadlocked;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use raddle::diagnostics;

/// A program, by its name.
type Program = (&'static str, fn());

/// What a deadlock has to be called, and how many threads are part of it.
#[derive(Clone, Copy, Debug)]
enum Expected {
    Certain(usize),
    Itself,
    Probable(usize),
    AllAsleep(usize),
}

/// The programs whose report has to speak of workers.
const POOLS: &[&str] = &[
    "nested_pool",
    "nested_pool_in_a_busy_program",
    "nested_pool_of_three",
    "nested_scope",
    "worker_that_waits_for_a_worker",
];

const WHICH: &str = "RADDLE_TEST_PROGRAM";

/// Shorter than what the programs that look alike wait for: they must not be reported all the same.
const GRACE: Duration = Duration::from_millis(200);

/// Far more than any of these programs needs.
const TIME_BOX: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    if let Ok(which) = std::env::var(WHICH) {
        diagnostics::set_grace(GRACE);
        let deadlocked = deadlocked::PROGRAMS.iter().map(|(program, _)| program);
        let (_, run) = deadlocked.chain(alike::PROGRAMS).find(|(name, _)| *name == which).expect("a program");
        run();
        return ExitCode::SUCCESS;
    }
    assert!(deadlocked::PROGRAMS.len() >= 20 && alike::PROGRAMS.len() >= 24);
    if cfg!(not(feature = "probe")) {
        println!("nothing is found without the feature `probe`");
        return ExitCode::SUCCESS;
    }
    // They sleep most of the time, so many run at once.
    let failures: Vec<String> = thread::scope(|scope| {
        let deadlocked: Vec<_> = deadlocked::PROGRAMS
            .iter()
            .map(|((name, _), expected)| scope.spawn(move || is_named(name, *expected)))
            .collect();
        let alike: Vec<_> = alike::PROGRAMS.iter().map(|(name, _)| scope.spawn(move || is_left_alone(name))).collect();
        deadlocked.into_iter().chain(alike).filter_map(|run| run.join().expect("no panic").err()).collect()
    });
    for failure in &failures {
        println!("FAILED: {failure}");
    }
    println!("{} programs, {} failed", deadlocked::PROGRAMS.len() + alike::PROGRAMS.len(), failures.len());
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn start(name: &str) -> Child {
    Command::new(std::env::current_exe().expect("this binary"))
        .env(WHICH, name)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a process")
}

fn is_named(name: &str, expected: Expected) -> Result<(), String> {
    let (heading, parties) = match expected {
        Expected::Itself => ("raddle: deadlock: this thread waits for itself:", 1),
        Expected::Certain(1) => ("raddle: a lock will never be released:", 1),
        Expected::Certain(parties) => ("raddle: deadlock: these threads wait for each other:", parties),
        Expected::Probable(parties) if POOLS.contains(&name) => (
            "raddle: probable deadlock: these threads wait for a free worker of a pool, and none can become free:",
            parties,
        ),
        Expected::Probable(parties) => ("raddle: probable deadlock: these threads wait for each other:", parties),
        Expected::AllAsleep(parties) => {
            ("raddle: all threads are asleep, and nothing is left that could wake one:", parties)
        }
    };
    let mut child = start(name);
    let stderr = child.stderr.take().expect("it is piped");
    let (lines, told) = mpsc::channel();
    // Ends when the process does.
    thread::spawn(move || BufReader::new(stderr).lines().map_while(Result::ok).try_for_each(|line| lines.send(line)));
    let mut report = Vec::new();
    while report.len() <= parties {
        match told.recv_timeout(TIME_BOX) {
            Ok(line) => report.push(line),
            Err(_) => break,
        }
    }
    child.kill().expect("it runs, or has ended");
    child.wait().expect("a child");
    let is_right = report.first().is_some_and(|line| line == heading)
        && report.len() == parties + 1
        && report[1..].iter().all(|line| line.starts_with("  thread ") && line.contains(" waits for "))
        // A place in a source file of these tests, for each thread that waits for a lock.
        && report[1..].iter().all(|line| !line.contains("Lock at") || line.contains("deadlocks/deadlocked.rs:"));
    is_right.then_some(()).ok_or_else(|| format!("{name}: expected {expected:?}, told:\n{}", report.join("\n")))
}

fn is_left_alone(name: &str) -> Result<(), String> {
    let mut child = start(name);
    let mut stderr = child.stderr.take().expect("it is piped");
    let (text, told) = mpsc::channel();
    thread::spawn(move || {
        let mut all = String::new();
        let _ = stderr.read_to_string(&mut all);
        text.send(all)
    });
    let text = told.recv_timeout(TIME_BOX);
    child.kill().expect("it runs, or has ended");
    let status = child.wait().expect("a child");
    match text {
        Ok(text) if text.is_empty() && status.success() => Ok(()),
        Ok(text) => Err(format!("{name}: {status}:\n{text}")),
        Err(_) => Err(format!("{name}: it hung")),
    }
}
