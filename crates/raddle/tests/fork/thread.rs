//! Threads of the library, and forks: what does not exist in the child has terminated there, and the one that forked is the main thread.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use raddle::park::{Deadline, Waiter};
use raddle::sync::Event;
use raddle::thread::{self, Builder, JoinError, Local, NotJoined, ThreadState};

use crate::{failure_of, fork, interrupt_blocked_threads, until};

#[test]
fn threads_of_the_parent_have_terminated_in_the_child() {
    let event = Arc::new(Event::new());
    let waiting = |name: &str| {
        let event = Arc::clone(&event);
        Builder::new().name(name).spawn(move || event.wait()).unwrap()
    };
    let (joined, asked) = (waiting("joined"), waiting("asked"));
    until(|| asked.state() == ThreadState::Blocked);
    let handle = Arc::new(std::sync::Mutex::new(Some(joined)));
    let parent = {
        let (handle, asked) = (Arc::clone(&handle), asked.thread().clone());
        Builder::new().name("forking").spawn(move || {
            static LOCAL: Local<u32> = Local::new(|| 5);
            LOCAL.with(|_| ());
            let own = thread::current();
            let native_id = own.native_id();
            let child = fork(|| {
                assert_eq!(thread::current(), own);
                assert_eq!((own.name().as_str(), own.state()), ("forking", ThreadState::Runnable));
                assert!(own.native_id() != native_id && own.native_id() == Some(thread::get_native_id()));
                assert_eq!(thread::main_thread().as_ref(), Some(&own));
                assert_eq!(thread::enumerate(), std::slice::from_ref(&own));
                assert_eq!(asked.state(), ThreadState::Terminated);
                assert_eq!(asked.name(), "asked");
                assert_eq!((asked.join(), asked.is_alive()), (Ok(()), false));
                let joined = handle.lock().unwrap().take().unwrap();
                assert!(matches!(joined.join(), Err(JoinError::Vanished)));
                LOCAL.with(|value| assert_eq!(*value, 5));

                // All works as before, and nobody waits for those that do not exist.
                let sum = raddle::main(|| thread::scope(|scope| scope.spawn(|| 1 + 1).unwrap().join().unwrap()));
                assert_eq!(sum, 2);
                let new = thread::spawn(|| thread::current().join()).unwrap();
                assert_eq!(new.join().unwrap(), Err(NotJoined::Current));
            });
            assert_eq!(failure_of(child), None);
        })
    };
    parent.unwrap().join().unwrap();
    event.set();
    handle.lock().unwrap().take().unwrap().join().unwrap();
    asked.join().unwrap();
}

#[test]
fn a_scope_in_the_child_waits_for_nobody() {
    let event = Event::new();
    thread::scope(|scope| {
        let blocked = scope.spawn(|| event.wait()).unwrap();
        until(|| blocked.state() == ThreadState::Blocked);
        let child = fork(|| {
            thread::scope(|inner| {
                inner.spawn(|| 5).unwrap();
            });
            assert!(matches!(blocked.join(), Err(JoinError::Vanished)));
        });
        assert_eq!(failure_of(child), None);
        event.set();
    });
}

/// Runs on in the child as the one who waits, with nobody to wait for.
#[test]
fn a_handler_may_fork_while_its_thread_joins_another() {
    let (event, child) = (Arc::new(Event::new()), Arc::new(AtomicI32::new(0)));
    let target = {
        let event = Arc::clone(&event);
        thread::spawn(move || event.wait()).unwrap()
    };
    let joining = {
        let (target, child) = (target.thread().clone(), Arc::clone(&child));
        thread::spawn(move || {
            let process = std::process::id();
            let result = target.join_with(Deadline::NEVER, &mut Forks { child: &child });
            if std::process::id() != process {
                // SAFETY: ends this process without running anything of the parent's.
                unsafe { libc::_exit(i32::from(result != Ok(()))) };
            }
            result
        })
        .unwrap()
    };
    until(|| joining.state() == ThreadState::Blocked);
    until(|| {
        interrupt_blocked_threads();
        child.load(Ordering::SeqCst) != 0
    });
    assert_eq!(failure_of(child.load(Ordering::SeqCst)), None);
    event.set();
    assert_eq!(joining.join().unwrap(), Ok(()));
    target.join().unwrap();
}

/// A waiter that forks at its first interrupt, and goes on in both processes.
struct Forks<'a> {
    child: &'a AtomicI32,
}

impl Waiter for Forks<'_> {
    const LOOKS_BEFORE_SLEEP: u32 = 0;

    fn sleep<R>(&mut self, sleep: impl FnOnce() -> R) -> R {
        sleep()
    }

    fn is_interruptible(&self) -> bool {
        true
    }

    fn interrupted(&mut self) -> ControlFlow<()> {
        if self.child.load(Ordering::SeqCst) == 0 {
            // SAFETY: the child goes on with this thread alone, in a time box, and ends by `_exit`.
            match unsafe { libc::fork() } {
                // SAFETY: as above.
                0 => drop(unsafe { libc::alarm(crate::TIME_BOX) }),
                child => self.child.store(child, Ordering::SeqCst),
            }
        }
        ControlFlow::Continue(())
    }
}

/// Forks that come in the middle of whatever the registry does.
#[test]
fn children_of_a_parent_that_makes_and_names_threads() {
    static LOCAL: Local<std::cell::Cell<u32>> = Local::new(|| std::cell::Cell::new(0));
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope
                .spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        let own = thread::current();
                        own.set_name("a name");
                        let local = Local::new(|| 5);
                        LOCAL.with(|value| value.set(value.get() + local.with(|value| *value)));
                        thread::spawn(|| LOCAL.with(|_| ())).unwrap().join().unwrap();
                        let _ = (thread::enumerate(), thread::snapshot());
                        thread::scope(|scope| drop(scope.spawn(|| ()).unwrap()));
                    }
                })
                .unwrap();
        }
        let own = thread::adopt("forking", true);
        let mut failed = None;
        for _ in 0..20 {
            let child = fork(|| {
                assert_eq!(thread::enumerate(), std::slice::from_ref(&own));
                assert_eq!(own.name(), "forking");
                thread::adopt("forked", true);
                assert_eq!(own.name(), "forked");
                let local = Local::new(|| 5);
                let sum = thread::scope(|scope| {
                    let sum = scope.spawn(|| LOCAL.with(std::cell::Cell::get) + local.with(|value| *value)).unwrap();
                    sum.join().unwrap()
                });
                assert_eq!(sum, 5);
                raddle::main(|| drop(thread::spawn(|| thread::current().set_name("another")).unwrap()));
                assert_eq!(thread::enumerate(), std::slice::from_ref(&own));
            });
            failed = failure_of(child);
            if failed.is_some() {
                break;
            }
        }
        over.store(true, Ordering::Relaxed);
        assert_eq!(failed, None);
    });
}
