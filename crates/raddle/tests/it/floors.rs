//! The floors of the crate, proved by reading its sources: what a module must not name.

use std::fs;
use std::path::{Path, PathBuf};

/// From the bottom up. A module may name lower floors and its own.
const FLOORS: [&str; 8] = ["sys", "probe", "park", "sync", "thread", "queue", "futures", "diagnostics"];

/// Read beside the floors: the facade, the chapters of documentation, and the hooks of models.
const ABOVE_ALL: [&str; 3] = ["lib.rs", GUIDE, "model.rs"];

/// What is there for readers only, and so may say where they come from.
const GUIDE: &str = "guide.rs";

/// What only `sys` may name: the machine.
const MACHINE: [&str; 11] = [
    "sync::atomic",
    "std::thread",
    "core::sync",
    "thread_local!",
    "Instant::now",
    "SystemTime",
    "rustix",
    "libc",
    "loom::",
    "shuttle::",
    "extern \"C\"",
];

/// What only `sys` and `park` may name: what one blocks on.
const SLEEPING: [&str; 5] = ["Sleeper", "pause_on", "std::sync::Mutex", "Condvar", "std::sync::mpsc"];

/// What the crate does not know.
const FOREIGN: [&str; 5] = ["python", "pyo3", "cpython", "gil", "interpreter"];

#[test]
fn every_module_keeps_to_its_floor() {
    let offences: Vec<String> = sources().iter().flat_map(|(path, text)| offences(path, text)).collect();
    assert!(offences.is_empty(), "\n{}", offences.join("\n"));
}

#[test]
fn every_folder_has_a_floor() {
    for (path, _) in sources() {
        assert!(
            ABOVE_ALL.contains(&path.as_str()) || FLOORS.contains(&folder(&path)),
            "{path} stands on no floor: add it to the list, in its place"
        );
    }
}

/// The test of the test: each rule finds what it forbids.
#[test]
fn offences_are_found() {
    let found = |path: &str, text: &str| offences(path, text).len();
    assert_eq!(found("park/wait.rs", "use crate::sync::Lock;"), 1);
    assert_eq!(found("park/wait.rs", "use crate::sys::now;\nuse crate::probe::WaitKind;"), 0);
    assert_eq!(found("park/wait.rs", "use crate::{sys::now, queue::Queue};"), 1);
    assert_eq!(found("sync/lock.rs", "pub(in crate::thread) fn f() {}"), 1);
    assert_eq!(found("sync/lock.rs", "use super::super::queue;"), 1);
    assert_eq!(found("sync/lock.rs", "use std::sync::atomic::AtomicU32;"), 1);
    assert_eq!(found("sys/mod.rs", "use std::sync::atomic::AtomicU32;"), 0);
    assert_eq!(found("queue/mod.rs", "let sleeper: Sleeper;"), 1);
    assert_eq!(found("park/record.rs", "sleeper: Sleeper,"), 0);
    assert_eq!(found("queue/mod.rs", "fn attach_python() {}"), 1);
    assert_eq!(found("queue/mod.rs", "/// What `queue.Queue` is to Python.\n//! crate::diagnostics"), 0);
    assert_eq!(found("thread/mod.rs", "let vigil = 1;"), 0);
    assert_eq!(found("futures/pool.rs", "crate::diagnostics::report();"), 1);
    assert_eq!(found("lib.rs", "pub mod queue;"), 0);
    assert_eq!(found("lib.rs", "pub mod from_python {}"), 1);
    assert_eq!(found("guide.rs", "pub mod from_python {}"), 0);
}

fn offences(path: &str, text: &str) -> Vec<String> {
    let place = folder(path);
    let mut offences = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        let mut report = |what: &str| offences.push(format!("src/{path}:{}: {what}: {}", number + 1, line.trim()));
        if let Some(own) = FLOORS.iter().position(|floor| *floor == place) {
            for named in floors_named(code) {
                if own < named {
                    report(&format!("`{place}` names the higher floor `{}`", FLOORS[named]));
                }
            }
            if code.contains("super::super") {
                report("a path that climbs out of its folder; begin it with `crate::`");
            }
            if place != "sys" {
                MACHINE
                    .iter()
                    .filter(|word| code.contains(**word))
                    .for_each(|word| report(&format!("only `sys` names {word}")));
            }
            if !["sys", "park"].contains(&place) {
                SLEEPING
                    .iter()
                    .filter(|word| code.contains(**word))
                    .for_each(|word| report(&format!("only `park` blocks, with {word}")));
            }
        }
        for word in code.split(|letter: char| !letter.is_alphanumeric()) {
            let word = word.to_lowercase();
            if FOREIGN.contains(&word.as_str()) && path != GUIDE {
                report(&format!("the crate knows no `{word}`"));
            }
        }
    }
    offences
}

/// The floors that a line of code names after `crate::`, also in braces.
fn floors_named(code: &str) -> Vec<usize> {
    let mut named = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let paths: Vec<&str> = match rest.strip_prefix('{') {
            Some(group) => group.split([',', '{', '}']).collect(),
            None => vec![rest],
        };
        for path in paths {
            let first = path.trim().split(|letter: char| !letter.is_alphanumeric() && letter != '_').next();
            named.extend(FLOORS.iter().position(|floor| Some(*floor) == first));
        }
    }
    named
}

fn folder(path: &str) -> &str {
    path.split('/').next().unwrap_or_default()
}

/// All sources of the crate, with their paths below `src`.
pub(crate) fn sources() -> Vec<(String, String)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    collect(&root, &root, &mut sources);
    assert!(sources.len() > 20, "the sources were not found");
    sources
}

fn collect(root: &Path, folder: &Path, sources: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(root, &path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let below = path.strip_prefix(root).expect("a path below the root");
            let below = below.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
            sources.push((below, fs::read_to_string(&path).expect("a readable source")));
        }
    }
}
