//! A real signal inside a wait, and handlers that wait themselves: on the same object, on another, several deep.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use raddle::futures::promise;
use raddle::park::{Deadline, Failed, Thread, Waiter};
use raddle::queue::{PriorityQueue, Queue};
use raddle::sync::{Barrier, Condition, Event, RawLock, Semaphore};
use raddle::thread::WaitKind;

use crate::support::{Crew, Interruptible, LONG, until, waits_as};

#[test]
fn a_signal_does_not_end_a_plain_wait() {
    let (event, crew) = (Event::new(), Crew::new());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            event.wait();
        });
        crew.until_blocked(1, WaitKind::Event);
        let mut sent = 0;
        crew.interrupt(0, || {
            sent += 1;
            sent > 200
        });
        assert!(!waiting.is_finished());
        assert_eq!(event.waiting(), 1);
        event.set();
    });
}

#[test]
fn a_handler_may_wait_for_another_object() {
    let (event, inner, crew, calls) = (Event::new(), Semaphore::new(0), Crew::new(), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            let mut waiter = crew.interruptible(|| {
                if calls.fetch_add(1, Ordering::SeqCst) == 0 {
                    inner.acquire();
                }
                ControlFlow::Continue(())
            });
            event.wait_with(Deadline::NEVER, &mut waiter)
        });
        crew.until_blocked(1, WaitKind::Event);
        crew.interrupt(0, || calls.load(Ordering::SeqCst) > 0);
        crew.until_blocked(1, WaitKind::Semaphore);
        // What the outer wait is for comes while the inner one sleeps, and is not forgotten.
        event.set();
        event.clear();
        assert!(!waiting.is_finished());
        inner.release(1).unwrap();
        assert_eq!(waiting.join().unwrap(), Ok(()));
    });
}

#[test]
fn the_outer_wait_is_published_again_when_the_inner_one_is_over() {
    let (event, inner, crew, calls) = (Event::new(), Event::new(), Crew::new(), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            let mut waiter = crew.interruptible(|| {
                if calls.fetch_add(1, Ordering::SeqCst) == 0 {
                    inner.wait();
                }
                ControlFlow::Continue(())
            });
            event.wait_with(Deadline::after(LONG), &mut waiter)
        });
        let waits_at = |object: &Event| {
            crew.members()
                .first()
                .is_some_and(|member| waits_as(member, |wait| wait.object == std::ptr::from_ref(object).addr()))
        };
        crew.until_blocked(1, WaitKind::Event);
        crew.interrupt(0, || calls.load(Ordering::SeqCst) > 0);
        until("the inner wait is published", || inner.waiting() == 1 && waits_at(&inner));
        inner.set();
        until("the outer wait is published again", || waits_at(&event));
        event.set();
        assert_eq!(waiting.join().unwrap(), Ok(()));
    });
}

#[test]
fn handlers_may_wait_on_the_same_object_several_deep() {
    struct Deep<'a> {
        queue: &'a Queue<u32>,
        depth: &'a AtomicUsize,
    }

    impl Waiter for Deep<'_> {
        const LOOKS_BEFORE_SLEEP: u32 = 0;

        fn sleep<R>(&mut self, sleep: impl FnOnce() -> R) -> R {
            sleep()
        }

        fn is_interruptible(&self) -> bool {
            true
        }

        fn interrupted(&mut self) -> ControlFlow<()> {
            if self.depth.fetch_add(1, Ordering::SeqCst) < 3 {
                let inner = self.queue.get_with(Deadline::NEVER, &mut Deep { queue: self.queue, depth: self.depth });
                assert!(inner.is_ok());
            }
            ControlFlow::Continue(())
        }
    }

    let (queue, crew, depth) = (Queue::new(), Crew::new(), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            queue.get_with(Deadline::NEVER, &mut Deep { queue: &queue, depth: &depth })
        });
        for deep in 1..=3 {
            // A signal that comes late may have begun the next one already.
            until("one more wait is linked", || queue.waiting().0 >= deep);
            crew.until_blocked(1, WaitKind::QueueGet);
            crew.interrupt(0, || depth.load(Ordering::SeqCst) >= deep);
        }
        until("all four wait", || queue.waiting().0 == 4);
        for item in 0..4 {
            queue.put(item).unwrap();
        }
        // First come, first served: the outermost wait has the first item.
        assert_eq!(waiting.join().unwrap(), Ok(0));
    });
    assert_eq!((queue.waiting(), queue.len()), ((0, 0, 0), 0));
}

#[test]
fn deadlines_of_nested_waits_are_their_own() {
    let (lock, event, crew, calls) = (RawLock::new(), Event::new(), Crew::new(), AtomicUsize::new(0));
    lock.acquire();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            let mut waiter = crew.interruptible(|| {
                assert!(event.wait_timeout(crate::support::SHORT).is_err());
                calls.fetch_add(1, Ordering::SeqCst);
                ControlFlow::Continue(())
            });
            lock.acquire_with(Deadline::after(LONG), &mut waiter)
        });
        crew.until_blocked(1, WaitKind::Lock);
        crew.interrupt(0, || calls.load(Ordering::SeqCst) > 2);
        lock.release().unwrap();
        assert_eq!(waiting.join().unwrap(), Ok(()));
    });
}

/// No signal ends a sleep of its thread: they all come while it is awake for a moment.
struct Overheard<'a> {
    heard: &'a AtomicUsize,
    goes_on: bool,
}

impl Waiter for Overheard<'_> {
    const LOOKS_BEFORE_SLEEP: u32 = 0;

    fn sleep<R>(&mut self, sleep: impl FnOnce() -> R) -> R {
        sleep()
    }

    fn is_interruptible(&self) -> bool {
        true
    }

    fn interrupted(&mut self) -> ControlFlow<()> {
        self.heard.fetch_add(1, Ordering::SeqCst);
        if self.goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

#[test]
fn a_signal_that_ends_no_sleep_is_heard() {
    let (event, lock, heard) = (Event::new(), RawLock::new(), AtomicUsize::new(0));
    let mut stops = Overheard { heard: &heard, goes_on: false };
    lock.acquire();
    for deadline in [Deadline::NEVER, Deadline::after(LONG)] {
        assert_eq!(event.wait_with(deadline, &mut stops), Err(Failed::Aborted));
        assert_eq!(lock.acquire_with(deadline, &mut stops), Err(Failed::Aborted));
    }
    assert_eq!(heard.load(Ordering::SeqCst), 4);
    lock.release().unwrap();
}

#[test]
fn a_thread_that_was_awake_to_ask_for_signals_waits_on() {
    let (lock, crew, heard) = (RawLock::new(), Crew::new(), AtomicUsize::new(0));
    lock.acquire();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            lock.acquire_with(Deadline::NEVER, &mut Overheard { heard: &heard, goes_on: true })
        });
        until("it has asked", || heard.load(Ordering::SeqCst) > 0);
        assert!(!waiting.is_finished());
        lock.release().unwrap();
        assert_eq!(waiting.join().unwrap(), Ok(()));
    });
    assert!(lock.is_locked());
}

/// Releases the lock under a thread that waits for it, and takes it again before that one does. False if it did not come to that.
fn barge(lock: &RawLock) -> bool {
    lock.release().unwrap();
    lock.try_acquire()
}

#[test]
fn a_deadline_counts_for_one_that_has_found_the_lock_taken_again() {
    let (lock, crew) = (RawLock::new(), Crew::new());
    lock.acquire();
    std::thread::scope(|scope| {
        loop {
            let waiting = scope.spawn(|| {
                crew.join();
                lock.acquire_with(Deadline::after(Duration::from_millis(200)), &mut Thread)
            });
            until("it waits, or gives up", || lock.waiting() == 1 || waiting.is_finished());
            let barged = barge(&lock);
            until("it has the lock, or gives up", || waiting.is_finished());
            match waiting.join().unwrap() {
                Err(Failed::TimedOut) if barged => break,
                Err(failed) => assert_eq!(failed, Failed::TimedOut),
                // It was quicker.
                Ok(()) => assert!(!barged),
            }
        }
    });
}

#[test]
fn a_thread_that_has_found_the_lock_taken_again_asks_for_signals() {
    let (lock, crew, heard) = (RawLock::new(), Crew::new(), AtomicUsize::new(0));
    lock.acquire();
    std::thread::scope(|scope| {
        loop {
            heard.store(0, Ordering::SeqCst);
            let waiting = scope.spawn(|| {
                crew.join();
                // A limit: otherwise it is awake from time to time to look for deadlocks as well.
                let mut waiter = Overheard { heard: &heard, goes_on: true };
                assert_eq!(lock.acquire_with(Deadline::after(LONG), &mut waiter), Ok(()));
            });
            until("it asks soon after it has begun", || heard.load(Ordering::SeqCst) == 1);
            until("it sleeps again", || lock.waiting() == 1);
            if barge(&lock) {
                until("it asks again", || heard.load(Ordering::SeqCst) > 1);
                lock.release().unwrap();
                waiting.join().unwrap();
                break;
            }
            // It was quicker, and keeps the lock.
            waiting.join().unwrap();
        }
    });
}

/// Sees, whenever it is woken and may not run yet, whether there is still a permit that others could take.
struct Delayed<'a> {
    is_taken: &'a dyn Fn() -> bool,
    seen: Vec<bool>,
}

impl Waiter for Delayed<'_> {
    const LOOKS_BEFORE_SLEEP: u32 = 0;

    fn sleep<R>(&mut self, sleep: impl FnOnce() -> R) -> R {
        let result = sleep();
        self.seen.push((self.is_taken)());
        result
    }

    fn is_interruptible(&self) -> bool {
        false
    }

    fn interrupted(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Otherwise a thread that has to wait for an interpreter, too, would find the lock taken again, time after time, by one that has
/// the interpreter and hardly ever lets go of the lock.
#[test]
fn a_thread_that_is_woken_takes_a_lock_before_it_runs() {
    let (lock, crew) = (RawLock::new(), Crew::new());
    lock.acquire();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            let is_taken = || lock.is_locked();
            let mut waiter = Delayed { is_taken: &is_taken, seen: Vec::new() };
            assert_eq!(lock.acquire_with(Deadline::NEVER, &mut waiter), Ok(()));
            waiter.seen
        });
        crew.until_blocked(1, WaitKind::Lock);
        lock.release().unwrap();
        let seen = waiting.join().unwrap();
        assert!(seen.iter().all(|taken| *taken), "{seen:?}");
    });
    assert!(lock.is_locked());
}

#[test]
fn a_thread_that_finds_the_lock_taken_again_does_not_run() {
    let (lock, changed, crew) = (RawLock::new(), Condition::new(), Crew::new());
    let is_taken = || lock.is_locked();
    let delayed = || Delayed { is_taken: &is_taken, seen: Vec::new() };
    // It need not have slept at all.
    let ran_once = |seen: &[bool]| assert!(matches!(seen, [] | [true]), "{seen:?}");
    // The first time it has been notified, and does not compete before it runs.
    let ran_twice = |seen: &[bool]| assert!(matches!(seen, [_] | [_, true]), "{seen:?}");
    // Until the lock is handed over, because its waiter has waited for long.
    let hog = || {
        lock.release().unwrap();
        while lock.try_acquire() {
            lock.release().unwrap();
        }
    };
    std::thread::scope(|scope| {
        lock.acquire();
        let waiting = scope.spawn(|| {
            crew.join();
            let mut waiter = delayed();
            assert_eq!(lock.acquire_with(Deadline::NEVER, &mut waiter), Ok(()));
            waiter.seen
        });
        crew.until_blocked(1, WaitKind::Lock);
        hog();
        ran_once(&waiting.join().unwrap());
        lock.release().unwrap();

        let waiting = scope.spawn(|| {
            crew.join();
            let mut waiter = delayed();
            lock.acquire();
            assert_eq!(changed.wait_with(&lock, Deadline::NEVER, &mut waiter), Ok(()));
            waiter.seen
        });
        crew.until_blocked(1, WaitKind::Condition);
        lock.acquire();
        changed.notify_with(&lock, 1);
        hog();
        ran_twice(&waiting.join().unwrap());
        lock.release().unwrap();
    });
}

/// Otherwise whoever has notified it, and has the interpreter, would find the lock taken by one that has to wait for that, and would have to let go of the
/// interpreter, once for each notification.
#[test]
fn a_thread_that_comes_back_from_a_notification_leaves_the_lock_free_until_it_runs() {
    let (lock, changed, crew) = (RawLock::new(), Condition::new(), Crew::new());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            let is_taken = || lock.is_locked();
            let mut waiter = Delayed { is_taken: &is_taken, seen: Vec::new() };
            lock.acquire();
            assert_eq!(changed.wait_with(&lock, Deadline::NEVER, &mut waiter), Ok(()));
            lock.release().unwrap();
            waiter.seen
        });
        crew.until_blocked(1, WaitKind::Condition);
        lock.acquire();
        changed.notify_with(&lock, 1);
        lock.release().unwrap();
        let seen = waiting.join().unwrap();
        assert!(seen.contains(&false), "{seen:?}");
    });
}

#[test]
fn a_thread_that_is_woken_takes_a_permit_before_it_runs() {
    let (semaphore, crew) = (Semaphore::new(0), Crew::new());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            let is_taken = || semaphore.available() == 0;
            let mut waiter = Delayed { is_taken: &is_taken, seen: Vec::new() };
            assert_eq!(semaphore.acquire_with(Deadline::after(LONG), &mut waiter), Ok(()));
            waiter.seen
        });
        crew.until_blocked(1, WaitKind::Semaphore);
        semaphore.release(1).unwrap();
        let seen = waiting.join().unwrap();
        assert!(seen.iter().all(|taken| *taken), "{seen:?}");
    });
    assert_eq!(semaphore.available(), 0);
}

#[test]
fn the_plain_waiter_asks_for_no_interrupts() {
    assert!(!Thread.is_interruptible());
    assert_eq!(Thread.interrupted(), ControlFlow::Continue(()));
    assert_eq!(Thread.sleep(|| 3), 3);
}

/// A waiter must not panic. If one does all the same, its thread waits for nothing any more, and the object is good for others. Locks,
/// conditions and what else keeps more than a list have tests of their own.
#[test]
fn a_waiter_that_panics_leaves_nothing_behind() {
    let event = Event::new();
    panic_in(WaitKind::Event, |waiter| event.wait_with(Deadline::NEVER, waiter));
    assert_eq!(event.waiting(), 0);
    event.set();

    let semaphore = Semaphore::new(0);
    panic_in(WaitKind::Semaphore, |waiter| semaphore.acquire_with(Deadline::NEVER, waiter));
    assert_eq!(semaphore.waiting(), 0);
    semaphore.release(1).unwrap();
    assert_eq!(semaphore.available(), 1, "nobody has it");

    let barrier = Barrier::new(2);
    panic_in(WaitKind::Barrier, |waiter| barrier.arrive_with(Deadline::NEVER, waiter));
    assert_eq!(barrier.waiting(), 0);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| barrier.wait().unwrap());
        assert_eq!(barrier.wait().unwrap() + other.join().unwrap(), 1, "it takes two others");
    });

    let queue = Queue::bounded(1);
    queue.put(1).unwrap();
    panic_in(WaitKind::QueuePut, |waiter| queue.put_with(2, Deadline::NEVER, waiter));
    panic_in(WaitKind::QueueJoin, |waiter| queue.join_with(Deadline::NEVER, waiter));
    assert_eq!((queue.waiting(), queue.len(), queue.unfinished()), ((0, 0, 0), 1, 1));
    assert_eq!(queue.get(), Ok(1));
    assert!(queue.is_empty(), "what the other one would have put is gone with it");

    // Made of a lock and conditions.
    let urgent = PriorityQueue::new();
    panic_in(WaitKind::Condition, |waiter| urgent.get_with(Deadline::NEVER, waiter));
    urgent.put(1).unwrap();
    assert_eq!(urgent.get(), Ok(1));

    let (promise, future) = promise();
    panic_in(WaitKind::Future, |waiter| future.wait_with(Deadline::NEVER, waiter));
    assert!(promise.begin());
    promise.finish(1).unwrap();
    assert!(matches!(future.result(), Ok(1)));

    let over = Event::new();
    raddle::thread::scope(|scope| {
        let thread = scope.spawn(|| over.wait()).unwrap();
        panic_in(WaitKind::Join, |waiter| thread.thread().join_with(Deadline::NEVER, waiter));
        over.set();
        thread.join().unwrap();
    });
}

/// Runs a wait whose waiter panics when it is interrupted.
fn panic_in<R>(kind: WaitKind, wait: impl FnOnce(&mut Panicking<'_>) -> R + Send) {
    let crew = Crew::new();
    std::thread::scope(|scope| {
        let panicking = scope.spawn(|| {
            crew.join();
            drop(wait(&mut crew.interruptible(|| panic!("on purpose"))));
        });
        crew.until_blocked(1, kind);
        crew.interrupt(0, || panicking.is_finished());
        assert!(panicking.join().is_err());
    });
}

type Panicking<'a> = Interruptible<'a, fn() -> ControlFlow<()>>;
