//! Every example says what it is expected to say.
//!
//! Beside this file, each example has a text with its output, in which a `*` stands for anything within a line.

#![cfg(not(any(loom, shuttle)))]
#![allow(clippy::missing_panics_doc, reason = "tests panic")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// What takes longer than this hangs.
const TIME_BOX: Duration = Duration::from_secs(120);

#[test]
fn every_example_says_what_is_expected() {
    let examples = names_in("examples", "rs");
    assert_eq!(examples, names_in("tests/examples", "txt"), "each example has a text here, and each text an example");
    let mut wrong = Vec::new();
    for name in &examples {
        if name == "inspect" && cfg!(not(feature = "inspect")) {
            // It needs the feature, so it was not built.
            continue;
        }
        let output = run(name);
        let (said, expected) = (String::from_utf8_lossy(&output.stdout).into_owned(), expected(name));
        if !output.status.success() || !fits(&said, &expected) {
            let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
            wrong.push(format!(
                "{name}, {}\n--- said\n{said}--- expected\n{expected}--- complained\n{complaint}",
                output.status
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}

/// The test of the test.
#[test]
fn what_does_not_fit_is_found() {
    assert!(fits("one\ntook 5 ms\n", "one\ntook * ms\n"));
    assert!(fits("one\n", "*\n"));
    assert!(!fits("one\ntwo\n", "*\n"));
    assert!(!fits("one\n", "one\ntwo\n"));
    assert!(!fits("took 5 s\n", "took * ms\n"));
    assert!(!fits("one\n", "on\n"));
}

fn fits(said: &str, expected: &str) -> bool {
    said.lines().count() == expected.lines().count()
        && said.lines().zip(expected.lines()).all(|(said, expected)| match expected.split_once('*') {
            None => said == expected,
            Some((before, after)) => {
                said.len() >= before.len() + after.len() && said.starts_with(before) && said.ends_with(after)
            }
        })
}

fn run(name: &str) -> Output {
    let binary = binary(name);
    let mut child = Command::new(&binary)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}; `cargo test` builds the examples", binary.display()));
    end_in_time(name, &mut child);
    child.wait_with_output().expect("what it said")
}

/// What an example says fits into a pipe, so it need not be read before the end.
fn end_in_time(name: &str, child: &mut Child) {
    let limit = Instant::now() + TIME_BOX;
    while child.try_wait().expect("the child's state").is_none() {
        if Instant::now() > limit {
            let _ = child.kill();
            panic!("the example {name} hangs");
        }
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

/// Examples are built beside the tests.
fn binary(name: &str) -> PathBuf {
    let tests = std::env::current_exe().expect("the path of this test");
    let profile = tests.ancestors().nth(2).expect("the folder of the build").to_owned();
    profile.join("examples").join(name).with_extension(std::env::consts::EXE_EXTENSION)
}

fn expected(name: &str) -> String {
    let path = folder("tests/examples").join(name).with_extension("txt");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of the files with this extension, in order.
fn names_in(below: &str, extension: &str) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder(below))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn folder(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(below)
}
