use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use raddle::park::{Deadline, Failed};
use raddle::sync::{Event, TimedOut};
use raddle::thread::WaitKind;

use crate::support::{Crew, LONG, SHORT, assert_send, assert_sync};

#[test]
fn is_a_flag() {
    let event = Event::new();
    assert!(!event.is_set());
    event.set();
    event.set();
    assert!(event.is_set());
    event.wait();
    event.wait_timeout(SHORT).unwrap();
    event.wait_until(Instant::now()).unwrap();
    event.clear();
    event.clear();
    assert!(!event.is_set());
    assert_eq!(event.wait_timeout(SHORT), Err(TimedOut));
    assert_eq!(event.wait_until(Instant::now() + SHORT), Err(TimedOut));
    assert_eq!(event.waiting(), 0);
}

#[test]
fn setting_it_lets_all_go_even_if_it_is_cleared_at_once() {
    // More than are woken in one go.
    const THREADS: usize = 40;
    let (event, crew) = (Event::new(), Crew::new());
    std::thread::scope(|scope| {
        for number in 0..THREADS {
            let (event, crew) = (&event, &crew);
            scope.spawn(move || {
                crew.join();
                if number % 2 == 0 { event.wait() } else { event.wait_timeout(LONG).unwrap() }
            });
        }
        crew.until_blocked(THREADS, WaitKind::Event);
        assert_eq!(event.waiting(), THREADS);
        event.set();
        event.clear();
    });
    assert!(!event.is_set());
    assert_eq!(event.waiting(), 0);
}

#[test]
fn what_was_done_before_it_was_set_is_seen() {
    let (event, value) = (Event::new(), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            value.store(7, Ordering::Relaxed);
            event.set();
        });
        event.wait();
        assert_eq!(value.load(Ordering::Relaxed), 7);
    });
}

#[test]
fn an_interrupt_may_abort_the_wait() {
    let (event, crew) = (Event::new(), Crew::new());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            event.wait_with(Deadline::after(LONG), &mut crew.interruptible(|| ControlFlow::Break(())))
        });
        crew.until_blocked(1, WaitKind::Event);
        crew.interrupt(0, || waiting.is_finished());
        assert_eq!(waiting.join().unwrap(), Err(Failed::Aborted));
    });
    assert_eq!(event.waiting(), 0);
    event.set();
}

#[test]
fn a_handler_may_set_what_its_thread_waits_for() {
    let (event, crew) = (Event::new(), Crew::new());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            let mut waiter = crew.interruptible(|| {
                event.set();
                ControlFlow::Continue(())
            });
            event.wait_with(Deadline::NEVER, &mut waiter)
        });
        crew.until_blocked(1, WaitKind::Event);
        crew.interrupt(0, || waiting.is_finished());
        assert_eq!(waiting.join().unwrap(), Ok(()));
    });
}

#[test]
fn works_in_a_static_and_is_small() {
    static EVENT: Event = Event::new();
    EVENT.set();
    assert!(format!("{EVENT:?}").starts_with("Event"));
    assert!(size_of::<Event>() <= 32);
    assert_send::<Event>();
    assert_sync::<Event>();
}
