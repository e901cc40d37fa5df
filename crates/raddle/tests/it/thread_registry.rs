use std::sync::Arc;

use raddle::sync::Event;
use raddle::thread::{self, Builder, ThreadState, snapshot};

use crate::support::until;

#[test]
fn a_thread_is_the_same_whoever_asks() {
    let handle = thread::spawn(thread::current).unwrap();
    let thread = handle.thread().clone();
    assert_eq!(handle.join().unwrap(), thread);
    assert_ne!(thread, thread::current());
    assert_eq!(thread::current(), thread::current());
}

#[test]
fn is_enumerated_from_its_start_to_its_end() {
    let event = Arc::new(Event::new());
    let mut handle = Builder::new().build({
        let event = Arc::clone(&event);
        move || event.wait()
    });
    let thread = handle.thread().clone();
    assert!(!thread::enumerate().contains(&thread));
    handle.start().unwrap();
    assert!(thread::enumerate().contains(&thread));
    assert!(thread::active_count() >= 2);
    event.set();
    handle.join().unwrap();
    assert!(!thread::enumerate().contains(&thread));
}

#[test]
fn other_libraries_threads_are_adopted() {
    let event = Arc::new(Event::new());
    let (asked, thread) = std::sync::mpsc::channel();
    let other = std::thread::Builder::new().name("std's name".into()).spawn({
        let event = Arc::clone(&event);
        move || {
            asked.send(thread::current()).unwrap();
            event.wait();
        }
    });
    let thread = thread.recv().unwrap();
    assert_eq!(thread.name(), "std's name");
    assert!(thread.is_daemon() && thread.is_alive());
    assert!(thread.ident().is_some() && thread.native_id().is_some());
    assert!(thread::enumerate().contains(&thread));
    until("it waits", || thread.state() == ThreadState::Blocked);
    let known = snapshot().into_iter().find(|known| Some(known.id) == thread.id()).unwrap();
    assert_eq!((known.name.as_deref(), known.daemon), (Some("std's name"), true));
    event.set();
    // Its end is that of the operating system's thread.
    thread.join().unwrap();
    assert_eq!(thread.state(), ThreadState::Terminated);
    assert!(!thread::enumerate().contains(&thread));
    other.unwrap().join().unwrap();
}

#[test]
fn an_adopted_thread_may_be_told_about() {
    std::thread::spawn(|| {
        let own = thread::adopt("first", false);
        assert_eq!((own.name().as_str(), own.is_daemon()), ("first", false));
        assert_eq!(thread::adopt("second", true), own);
        assert_eq!((own.name().as_str(), own.is_daemon()), ("second", true));
        let name = std::fs::read_to_string("/proc/thread-self/comm");
        own.set_name("third");
        assert_eq!(own.name(), "third");
        // The operating system's name is not ours to change.
        assert_eq!(std::fs::read_to_string("/proc/thread-self/comm").ok(), name.ok());
    })
    .join()
    .unwrap();
    let thread = Builder::new().daemon(false).spawn(|| {
        let own = thread::adopt("named", true);
        (own.name(), own.is_daemon())
    });
    assert_eq!(thread.unwrap().join().unwrap(), ("named".to_owned(), false));
}
