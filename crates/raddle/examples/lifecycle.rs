//! The life of a thread: new, runnable, blocked, terminated, as the registry sees it at any moment.

#![allow(clippy::print_stdout, reason = "an example shows something")]

use std::sync::Arc;

use raddle::sync::Event;
use raddle::thread::{self, Builder, ThreadState, snapshot};

fn main() {
    let gate = Arc::new(Event::new());
    let mut traveller = Builder::new().name("traveller").build({
        let gate = Arc::clone(&gate);
        move || {
            let own = thread::current();
            println!("{} runs, and sees itself as {:?}", own.name(), own.state());
            gate.wait();
        }
    });
    println!("made: {:?}, alive: {}", traveller.state(), traveller.is_alive());

    traveller.start().expect("the system has a thread for us");
    while traveller.state() != ThreadState::Blocked {
        std::thread::yield_now();
    }
    println!("at the gate: {:?}, alive: {}", traveller.state(), traveller.is_alive());
    for known in snapshot().iter().filter(|known| known.name.as_deref() == Some("traveller")) {
        println!("in the registry: {:?}, daemon: {}", known.state, known.daemon);
    }
    println!("threads: {}", names().join(", "));

    gate.set();
    let thread = traveller.thread().clone();
    traveller.join().expect("the traveller does not panic");
    println!("joined: {:?}, alive: {}", thread.state(), thread.is_alive());
    println!("threads: {}", names().join(", "));
}

/// The names of all threads that live, in alphabetical order.
fn names() -> Vec<String> {
    let mut names: Vec<String> = thread::enumerate().iter().map(thread::Thread::name).collect();
    names.sort();
    names
}
