//! What the process waits for at its end. Each program runs in a process of its own: this test binary, told by a variable to be that.

use std::process::{Command, Output};
use std::sync::Arc;

use raddle::futures::ThreadPoolExecutor;
use raddle::sync::Event;
use raddle::thread::{self, Builder};

use crate::support::until;

const PROGRAM: &str = "RADDLE_EXIT_PROGRAM";

/// Runs the test of this name in a process of its own, where it finds the variable.
fn run(test: &str) -> Output {
    run_alone(&format!("thread_exit::{test}"))
}

pub(crate) fn run_alone(test: &str) -> Output {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(PROGRAM, test)
        .output()
        .unwrap()
}

pub(crate) fn is_program() -> bool {
    std::env::var_os(PROGRAM).is_some()
}

fn say(text: &str) {
    // The harness does not capture this.
    use std::io::Write as _;
    std::io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}

/// What the program has said, without the harness.
fn said(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines().filter_map(|line| line.strip_prefix("said: ")).map(str::to_owned).collect()
}

#[test]
fn waits_for_all_but_daemons() {
    if !is_program() {
        let output = run("waits_for_all_but_daemons");
        assert!(output.status.success(), "{output:?}");
        assert_eq!(said(&output), ["body", "first", "second", "third", "over 7"]);
        return;
    }
    let value = raddle::main(|| {
        Builder::new().daemon(true).spawn(|| Event::new().wait()).unwrap();
        let body = Arc::new(Event::new());
        Builder::new()
            .spawn({
                let body = Arc::clone(&body);
                move || {
                    body.wait();
                    say("said: first");
                    // Those that are started when nobody but the end of the process waits any more, each by the one before.
                    drop(thread::spawn(|| {
                        say("said: second");
                        drop(thread::spawn(|| say("said: third")));
                    }));
                }
            })
            .unwrap();
        say("said: body");
        body.set();
        7
    });
    say(&format!("said: over {value}"));
}

#[test]
fn a_panic_waits_as_well() {
    if !is_program() {
        let output = run("a_panic_waits_as_well");
        assert!(!output.status.success(), "{output:?}");
        assert_eq!(said(&output), ["thread"]);
        return;
    }
    raddle::main(|| {
        let event = Arc::new(Event::new());
        drop(thread::spawn({
            let event = Arc::clone(&event);
            move || {
                event.wait();
                say("said: thread");
            }
        }));
        event.set();
        panic!("the body panics");
    });
}

/// Dropped after what the thread runs, before its end.
struct Late;
impl Drop for Late {
    fn drop(&mut self) {
        say("said: dropped");
    }
}
static LATE: thread::Local<Late> = thread::Local::new(|| Late);

#[test]
fn an_adopted_thread_is_waited_for_if_it_says_so() {
    if !is_program() {
        let output = run("an_adopted_thread_is_waited_for_if_it_says_so");
        assert!(output.status.success(), "{output:?}");
        assert_eq!(said(&output), ["adopted", "dropped", "over"]);
        return;
    }
    raddle::main(|| {
        let (known, body) = (Arc::new(Event::new()), Arc::new(Event::new()));
        std::thread::spawn({
            let (known, body) = (Arc::clone(&known), Arc::clone(&body));
            move || {
                thread::adopt("from elsewhere", false);
                known.set();
                body.wait();
                LATE.with(|_| say("said: adopted"));
            }
        });
        known.wait();
        assert!(thread::enumerate().iter().any(|thread| thread.name() == "from elsewhere"));
        body.set();
    });
    say("said: over");
}

/// A pool that nobody drops: what was submitted is done, and its idle workers do not keep the process.
#[test]
fn pools_are_closed() {
    if !is_program() {
        let output = run("pools_are_closed");
        assert!(output.status.success(), "{output:?}");
        assert_eq!(said(&output), ["task", "refused: true", "over"]);
        return;
    }
    let (pool, idle): (&'static ThreadPoolExecutor, &'static ThreadPoolExecutor) =
        (Box::leak(Box::default()), Box::leak(Box::default()));
    raddle::main(|| {
        let go = Arc::new(Event::new());
        let told = Arc::clone(&go);
        pool.submit(move || {
            told.wait();
            say("said: task");
        })
        .unwrap();
        idle.submit(|| ()).unwrap().result().unwrap();
        drop(thread::spawn(move || {
            until("both are closed", || pool.is_shut_down() && idle.is_shut_down());
            go.set();
            until("the task is done", || pool.workers() == 0);
            let late = ThreadPoolExecutor::new();
            say(&format!("said: refused: {}", late.submit(|| ()).is_err() && idle.submit(|| ()).is_err()));
        }));
    });
    say("said: over");
}
