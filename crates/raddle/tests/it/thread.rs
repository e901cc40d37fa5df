use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use raddle::park::Deadline;
use raddle::sync::Event;
use raddle::thread::{self, Builder, JoinError, NotJoined, StartError, ThreadId, ThreadState, WaitKind, snapshot};

use crate::support::{Crew, LONG, SHORT, assert_send, assert_sync, until};

#[test]
fn brings_back_what_its_task_returns() {
    let thread = thread::spawn(|| String::from("done")).unwrap();
    assert_eq!(thread.join().unwrap(), "done");
}

#[test]
fn what_it_did_is_seen_by_who_joins() {
    for _ in 0..100 {
        let count = Arc::new(AtomicUsize::new(0));
        let thread = thread::spawn({
            let count = Arc::clone(&count);
            move || count.store(7, Ordering::Relaxed)
        })
        .unwrap();
        thread.thread().join().unwrap();
        assert_eq!(count.load(Ordering::Relaxed), 7);
        thread.try_join().unwrap();
    }
}

#[test]
fn a_panic_is_brought_back() {
    let thread = thread::spawn(|| std::panic::resume_unwind(Box::new(7))).unwrap();
    let other = thread.thread().clone();
    let error = thread.join().unwrap_err();
    assert_eq!(error.into_panic().unwrap().downcast_ref(), Some(&7));
    assert_eq!(other.join(), Ok(()));
}

#[test]
fn goes_through_its_life() {
    let (event, id) = (Arc::new(Event::new()), Arc::new(std::sync::Mutex::new(None)));
    let mut thread = Builder::new().name("alive").build({
        let (event, id) = (Arc::clone(&event), Arc::clone(&id));
        move || {
            *id.lock().unwrap() = Some((ThreadId::current(), thread::get_ident(), thread::get_native_id()));
            assert_eq!(thread::current().state(), ThreadState::Runnable);
            event.wait();
        }
    });
    assert_eq!((thread.state(), thread.is_alive()), (ThreadState::New, false));
    assert_eq!((thread.id(), thread.ident(), thread.native_id()), (None, None, None));
    thread.start().unwrap();
    assert!(thread.is_alive());
    let started = thread.id().expect("a number from the start on");
    until("it waits", || thread.state() == ThreadState::Blocked);
    let (id, ident, native_id) = id.lock().unwrap().take().unwrap();
    assert_eq!(started, id);
    assert_eq!((thread.ident(), thread.native_id()), (Some(ident), Some(native_id)));
    let known = snapshot().into_iter().find(|known| known.id == id).unwrap();
    assert_eq!((known.name.as_deref(), known.daemon, known.state), (Some("alive"), false, ThreadState::Blocked));
    event.set();
    let other = thread.thread().clone();
    thread.join().unwrap();
    assert_eq!((other.state(), other.is_alive(), other.id()), (ThreadState::Terminated, false, Some(id)));
    assert!(snapshot().iter().all(|known| known.id != id));
}

#[test]
fn can_be_started_once() {
    let mut thread = Builder::new().build(|| 5);
    thread.start().unwrap();
    assert!(matches!(thread.start(), Err(StartError::AlreadyStarted)));
    assert_eq!(thread.join().unwrap(), 5);
    let mut thread = thread::spawn(|| 5).unwrap();
    assert!(matches!(thread.start(), Err(StartError::AlreadyStarted)));
}

#[test]
fn a_refused_start_leaves_it_as_it_was() {
    // More than any address space has.
    let mut thread = Builder::new().stack_size(1 << 60).build(|| 5);
    let Err(StartError::Refused(_)) = thread.start() else { panic!("a stack of 2^60 bytes") };
    assert_eq!((thread.state(), thread.id()), (ThreadState::New, None));
    let Err(StartError::Refused(_)) = thread.start() else { panic!("a stack of 2^60 bytes") };
    assert!(Builder::new().stack_size(1 << 60).spawn(|| ()).is_err());
}

/// Whoever comes while the thread seems to be started does not wait for an end that cannot come.
#[test]
fn a_refused_start_lets_those_go_who_wait_for_the_end() {
    let mut thread = Builder::new().stack_size(1 << 60).build(|| ());
    let known = thread.thread().clone();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                assert!(matches!(known.join(), Err(NotJoined::NotStarted)));
            }
        });
        for _ in 0..2_000 {
            let Err(StartError::Refused(_)) = thread.start() else { panic!("a stack of 2^60 bytes") };
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn joining_gives_the_handle_back() {
    let event = Arc::new(Event::new());
    let mut thread = Builder::new().build({
        let event = Arc::clone(&event);
        move || event.wait()
    });
    let refused = |result: Result<(), JoinError<()>>| match result {
        Err(JoinError::NotJoined(why, handle)) => (why, handle),
        other => panic!("{other:?}"),
    };
    let why;
    (why, thread) = refused(thread.join());
    assert_eq!(why, NotJoined::NotStarted);
    thread.start().unwrap();
    let (why, thread) = refused(thread.try_join());
    assert_eq!(why, NotJoined::TimedOut);
    let (why, thread) = refused(thread.join_timeout(SHORT));
    assert_eq!(why, NotJoined::TimedOut);
    let (why, thread) = refused(thread.join_until(Instant::now() + SHORT));
    assert_eq!(why, NotJoined::TimedOut);
    event.set();
    thread.join_timeout(LONG).unwrap();
}

#[test]
fn cannot_join_itself() {
    let thread = thread::spawn(|| thread::current().join()).unwrap();
    assert_eq!(thread.join().unwrap(), Err(NotJoined::Current));
    assert_eq!(thread::current().try_join(), Err(NotJoined::Current));
}

#[test]
fn goes_on_without_its_handle() {
    let event = Arc::new(Event::new());
    let dropped = Arc::new(());
    drop(thread::spawn({
        let (event, dropped) = (Arc::clone(&event), Arc::clone(&dropped));
        move || {
            event.wait();
            // Nobody takes this; it is dropped by the thread.
            dropped
        }
    }));
    event.set();
    until("its outcome is dropped", || Arc::strong_count(&dropped) == 1);
}

#[test]
fn many_join_one() {
    // More than are woken in one go.
    const JOINING: usize = 40;
    let event = Arc::new(Event::new());
    let thread = thread::spawn({
        let event = Arc::clone(&event);
        move || event.wait()
    })
    .unwrap();
    let crew = Crew::new();
    std::thread::scope(|scope| {
        for _ in 0..JOINING {
            scope.spawn(|| {
                crew.join();
                thread.thread().join().unwrap();
            });
        }
        crew.until_blocked(JOINING, WaitKind::Join);
        #[cfg(feature = "probe")]
        for member in crew.members() {
            assert_eq!(member.waits_for.unwrap().thread, thread.id());
        }
        event.set();
    });
    thread.join().unwrap();
}

#[test]
fn an_interrupt_may_abort_the_wait() {
    let (event, crew) = (Arc::new(Event::new()), Crew::new());
    let thread = thread::spawn({
        let event = Arc::clone(&event);
        move || event.wait()
    })
    .unwrap();
    std::thread::scope(|scope| {
        let joining = scope.spawn(|| {
            crew.join();
            let mut waiter = crew.interruptible(|| ControlFlow::Break(()));
            thread.thread().join_with(Deadline::after(LONG), &mut waiter)
        });
        crew.until_blocked(1, WaitKind::Join);
        crew.interrupt(0, || joining.is_finished());
        assert_eq!(joining.join().unwrap(), Err(NotJoined::Aborted));
    });
    event.set();
    thread.join().unwrap();
}

#[test]
fn has_a_name_that_may_change() {
    let event = Arc::new(Event::new());
    let unnamed = Builder::new().build(|| ());
    let number = unnamed.name().strip_prefix("Thread-").map(str::parse::<u64>);
    assert!(matches!(number, Some(Ok(_))), "{}", unnamed.name());

    let thread = Builder::new()
        .name("with\0nul")
        .spawn({
            let event = Arc::clone(&event);
            move || {
                event.wait();
                thread::current().name()
            }
        })
        .unwrap();
    assert_eq!(thread.name(), "with\0nul");
    until("it runs", || thread.native_id().is_some());
    // 15 bytes fit; the umlaut would be cut in two.
    thread.set_name("fourteen bytesü and more");
    #[cfg(target_os = "linux")]
    {
        let path = format!("/proc/self/task/{}/comm", thread.native_id().unwrap());
        assert_eq!(std::fs::read_to_string(path).unwrap().trim_end(), "fourteen bytes");
    }
    event.set();
    assert_eq!(thread.join().unwrap(), "fourteen bytesü and more");
}

#[test]
fn is_a_daemon_if_its_maker_is() {
    let made_by = |daemon| {
        let maker = Builder::new()
            .daemon(daemon)
            .spawn(|| (Builder::new().build(|| ()).is_daemon(), Builder::new().daemon(false).build(|| ()).is_daemon()));
        maker.unwrap().join().unwrap()
    };
    assert_eq!(made_by(true), (true, false));
    assert_eq!(made_by(false), (false, false));
}

#[test]
fn can_be_sent_and_shared() {
    assert_send::<thread::JoinHandle<std::cell::Cell<u8>>>();
    assert_sync::<thread::JoinHandle<std::cell::Cell<u8>>>();
    assert_send::<thread::Thread>();
    assert_sync::<thread::Thread>();
    let thread = Builder::new().name("seen").build(|| ());
    assert!(format!("{thread:?}").contains("\"seen\", id: None, state: New, daemon: false"), "{thread:?}");
}

#[test]
fn a_type_of_its_own_may_be_run() {
    struct Countdown {
        left: u32,
    }
    impl raddle::thread::Run for Countdown {
        fn run(&mut self) {
            while self.left > 0 {
                self.left -= 1;
            }
        }
    }
    assert_eq!(Builder::new().spawn_run(Countdown { left: 3 }).unwrap().join().unwrap().left, 0);
    let mut thread = Builder::new().build_run(Countdown { left: 3 });
    thread.start().unwrap();
    assert_eq!(thread.join().unwrap().left, 0);
}
