use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Instant;

use raddle::park::{Deadline, Failed, Thread};
use raddle::sync::{Condition, Lock, RLock, RawLock, RawRLock, TimedOut};
use raddle::thread::WaitKind;

use crate::support::{Crew, LONG, SHORT, assert_send, assert_sync, until};

#[test]
fn every_form_waits_for_a_notification() {
    let (lock, changed, crew) = (Lock::new(0), Condition::new(), Crew::new());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            let mut guard = lock.acquire();
            changed.wait(&mut guard);
            changed.wait_timeout(&mut guard, LONG).unwrap();
            changed.wait_until(&mut guard, Instant::now() + LONG).unwrap();
            *guard
        });
        for _ in 0..3 {
            crew.until_blocked(1, WaitKind::Condition);
            let mut guard = lock.acquire();
            *guard += 1;
            changed.notify_one(&guard);
            // The waiter is on its way by now: it will not be seen waiting for this notification again.
            assert_eq!(changed.waiting(), 0);
            drop(guard);
            until("the notification is used", || changed.waiting() == 1 || waiting.is_finished());
        }
        assert_eq!(waiting.join().unwrap(), 3);
    });
}

#[test]
fn a_passed_deadline_holds_the_lock_again_and_leaves_nobody() {
    let (lock, changed) = (Lock::new(()), Condition::new());
    let mut guard = lock.acquire();
    assert_eq!(changed.wait_timeout(&mut guard, SHORT), Err(TimedOut));
    assert_eq!(changed.wait_until(&mut guard, Instant::now() + SHORT), Err(TimedOut));
    assert_eq!(changed.wait_until(&mut guard, Instant::now()), Err(TimedOut));
    assert_eq!(changed.wait_for_timeout(&mut guard, SHORT, |()| false), Err(TimedOut));
    assert!(lock.is_locked());
    assert_eq!(changed.waiting(), 0);
}

#[test]
fn waits_for_a_predicate() {
    let (lock, changed, crew) = (Lock::new(0), Condition::new(), Crew::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                crew.join();
                let mut guard = lock.acquire();
                changed.wait_for(&mut guard, |count| *count == 2);
                changed.wait_for_timeout(&mut guard, LONG, |count| *count == 3).unwrap();
            });
        }
        for _ in 0..3 {
            until("both wait", || changed.waiting() == 2);
            let mut guard = lock.acquire();
            *guard += 1;
            changed.notify_all(&guard);
        }
    });
}

#[test]
fn notifications_go_in_the_order_of_arrival() {
    let (lock, changed, crew) = (Lock::new(Vec::new()), Condition::new(), Crew::new());
    std::thread::scope(|scope| {
        for number in 0..6 {
            let (lock, changed, crew) = (&lock, &changed, &crew);
            scope.spawn(move || {
                crew.join();
                let mut guard = lock.acquire();
                changed.wait(&mut guard);
                guard.push(number);
            });
            crew.until_blocked(number + 1, WaitKind::Condition);
        }
        changed.notify_one(&lock.acquire());
        until("the first has come back", || lock.acquire().len() == 1);
        assert_eq!(changed.waiting(), 5);
        changed.notify(&lock.acquire(), 2);
        until("two more have come back", || lock.acquire().len() == 3);
        assert_eq!(changed.waiting(), 3);
        changed.notify_all(&lock.acquire());
    });
    assert_eq!(lock.into_inner(), [0, 1, 2, 3, 4, 5]);
    assert_eq!(changed.waiting(), 0);
}

#[test]
fn more_are_notified_than_one_batch_holds() {
    const THREADS: usize = 40;
    let (lock, other, changed, crew) = (Lock::new(0), RLock::new(()), Condition::new(), Crew::new());
    std::thread::scope(|scope| {
        for number in 0..THREADS {
            let (lock, other, changed, crew) = (&lock, &other, &changed, &crew);
            scope.spawn(move || {
                crew.join();
                // Half of them come back through another lock than the notifier's.
                if number % 2 == 0 {
                    changed.wait(&mut lock.acquire());
                } else {
                    changed.wait(&mut other.acquire());
                }
                *lock.acquire() += 1;
            });
        }
        crew.until_blocked(THREADS, WaitKind::Condition);
        changed.notify_all(&lock.acquire());
    });
    assert_eq!(lock.into_inner(), THREADS);
}

#[test]
fn a_notification_nobody_waits_for_is_gone() {
    let (lock, changed) = (Lock::new(()), Condition::new());
    let mut guard = lock.acquire();
    changed.notify_all(&guard);
    changed.notify(&guard, 0);
    assert_eq!(changed.wait_timeout(&mut guard, SHORT), Err(TimedOut));
}

#[test]
fn gives_up_all_levels_and_takes_them_back() {
    let (lock, changed, crew) = (RawRLock::new(), Condition::new(), Crew::new());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            crew.join();
            lock.acquire();
            lock.acquire();
            lock.acquire();
            changed.wait_with(&lock, Deadline::NEVER, &mut Thread).unwrap();
            assert!(lock.is_owned());
            assert_eq!(lock.release_all(), Some(3));
        });
        crew.until_blocked(1, WaitKind::Condition);
        assert!(!lock.is_locked());
        lock.acquire();
        changed.notify_with(&lock, 1);
        lock.release().unwrap();
    });
}

#[test]
fn an_interrupt_may_abort_the_wait() {
    let (lock, changed, crew) = (RawLock::new(), Condition::new(), Crew::new());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            lock.acquire();
            let ended = changed.wait_with(&lock, Deadline::NEVER, &mut crew.interruptible(|| ControlFlow::Break(())));
            lock.release().unwrap();
            ended
        });
        crew.until_blocked(1, WaitKind::Condition);
        crew.interrupt(0, || waiting.is_finished());
        assert_eq!(waiting.join().unwrap(), Err(Failed::Aborted));
    });
    assert_eq!(changed.waiting(), 0);
    assert!(!lock.is_locked());
}

#[test]
fn a_notification_that_meets_an_abort_goes_to_the_next() {
    let (lock, changed, crew) = (RawLock::new(), Condition::new(), Crew::new());
    let (inside, (go_on, told)) = (AtomicUsize::new(0), mpsc::channel::<()>());
    std::thread::scope(|scope| {
        let (inside, lock, changed, crew) = (&inside, &lock, &changed, &crew);
        let stopped = scope.spawn(move || {
            crew.join();
            lock.acquire();
            let mut waiter = crew.interruptible(|| {
                inside.fetch_add(1, Ordering::SeqCst);
                told.recv().unwrap();
                ControlFlow::Break(())
            });
            let ended = changed.wait_with(lock, Deadline::NEVER, &mut waiter);
            lock.release().unwrap();
            ended
        });
        crew.until_blocked(1, WaitKind::Condition);
        let next = scope.spawn(move || {
            crew.join();
            lock.acquire();
            let ended = changed.wait_with(lock, Deadline::NEVER, &mut Thread);
            lock.release().unwrap();
            ended
        });
        crew.until_blocked(2, WaitKind::Condition);
        crew.interrupt(0, || inside.load(Ordering::SeqCst) == 1);
        lock.acquire();
        changed.notify_with(lock, 1);
        assert_eq!(changed.waiting(), 1, "the notification went to the thread whose handler runs");
        lock.release().unwrap();
        go_on.send(()).unwrap();
        assert_eq!(stopped.join().unwrap(), Err(Failed::Aborted));
        assert_eq!(next.join().unwrap(), Ok(()));
    });
    assert_eq!(changed.waiting(), 0);
}

#[test]
fn a_notification_that_comes_during_a_handler_is_not_lost() {
    let (lock, changed, crew) = (RawLock::new(), Condition::new(), Crew::new());
    let (inside, (go_on, told)) = (AtomicUsize::new(0), mpsc::channel::<()>());
    std::thread::scope(|scope| {
        let (inside, lock, changed, crew) = (&inside, &lock, &changed, &crew);
        let waiting = scope.spawn(move || {
            crew.join();
            lock.acquire();
            let mut waiter = crew.interruptible(|| {
                if inside.fetch_add(1, Ordering::SeqCst) == 0 {
                    told.recv().unwrap();
                }
                ControlFlow::Continue(())
            });
            let ended = changed.wait_with(lock, Deadline::NEVER, &mut waiter);
            lock.release().unwrap();
            ended
        });
        crew.until_blocked(1, WaitKind::Condition);
        crew.interrupt(0, || inside.load(Ordering::SeqCst) == 1);
        lock.acquire();
        changed.notify_with(lock, 1);
        lock.release().unwrap();
        go_on.send(()).unwrap();
        assert_eq!(waiting.join().unwrap(), Ok(()));
    });
}

/// The waiter's place in the lock's list would be ahead of its handler's: each would wait for the other.
#[test]
fn a_handler_may_wait_for_the_lock_of_the_condition() {
    let (lock, changed, crew) = (RawLock::new(), Condition::new(), Crew::new());
    let calls = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            lock.acquire();
            let mut waiter = crew.interruptible(|| {
                if calls.fetch_add(1, Ordering::SeqCst) == 0 {
                    lock.acquire();
                    lock.release().unwrap();
                }
                ControlFlow::Continue(())
            });
            let ended = changed.wait_with(&lock, Deadline::NEVER, &mut waiter);
            lock.release().unwrap();
            ended
        });
        crew.until_blocked(1, WaitKind::Condition);
        lock.acquire();
        crew.interrupt(0, || calls.load(Ordering::SeqCst) > 0);
        crew.until_blocked(1, WaitKind::Lock);
        changed.notify_with(&lock, 1);
        lock.release().unwrap();
        assert_eq!(waiting.join().unwrap(), Ok(()));
    });
    assert_eq!((lock.waiting(), changed.waiting()), (0, 0));
}

/// While the notified thread is busy with a handler, the lock is free for those who wait for it.
// Without the probe nobody can tell which of two waits a thread is in.
#[cfg(feature = "probe")]
#[test]
fn a_handler_that_takes_long_keeps_nobody_from_the_lock() {
    let (lock, changed, crew) = (RawLock::new(), Condition::new(), Crew::new());
    let (inside, (go_on, told)) = (AtomicUsize::new(0), mpsc::channel::<()>());
    std::thread::scope(|scope| {
        let (inside, lock, changed, crew) = (&inside, &lock, &changed, &crew);
        let waiting = scope.spawn(move || {
            crew.join();
            lock.acquire();
            let mut waiter = crew.interruptible(|| {
                if inside.fetch_add(1, Ordering::SeqCst) == 0 {
                    told.recv().unwrap();
                }
                ControlFlow::Continue(())
            });
            let ended = changed.wait_with(lock, Deadline::NEVER, &mut waiter);
            lock.release().unwrap();
            ended
        });
        crew.until_blocked(1, WaitKind::Condition);
        crew.interrupt(0, || inside.load(Ordering::SeqCst) == 1);
        lock.acquire();
        changed.notify_with(lock, 1);
        let other = scope.spawn(move || {
            crew.join();
            lock.acquire();
            lock.release().unwrap();
        });
        crew.until_blocked(1, WaitKind::Lock);
        lock.release().unwrap();
        other.join().unwrap();
        go_on.send(()).unwrap();
        assert_eq!(waiting.join().unwrap(), Ok(()));
    });
}

#[test]
fn a_handler_may_wait_on_the_same_condition() {
    let (lock, changed, crew) = (RawLock::new(), Condition::new(), Crew::new());
    let calls = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            lock.acquire();
            let mut waiter = crew.interruptible(|| {
                if calls.fetch_add(1, Ordering::SeqCst) == 0 {
                    lock.acquire();
                    changed.wait_with(&lock, Deadline::NEVER, &mut Thread).unwrap();
                    lock.release().unwrap();
                }
                ControlFlow::Continue(())
            });
            let ended = changed.wait_with(&lock, Deadline::NEVER, &mut waiter);
            lock.release().unwrap();
            ended
        });
        crew.until_blocked(1, WaitKind::Condition);
        crew.interrupt(0, || calls.load(Ordering::SeqCst) > 0);
        until("both waits are linked", || changed.waiting() == 2);
        for _ in 0..2 {
            lock.acquire();
            changed.notify_with(&lock, 1);
            lock.release().unwrap();
        }
        assert_eq!(waiting.join().unwrap(), Ok(()));
    });
    assert_eq!(changed.waiting(), 0);
}

#[test]
fn a_panicking_waiter_leaves_nothing_linked() {
    let (lock, changed, crew) = (RawLock::new(), Condition::new(), Crew::new());
    std::thread::scope(|scope| {
        let panicking = scope.spawn(|| {
            crew.join();
            lock.acquire();
            changed.wait_with(&lock, Deadline::NEVER, &mut crew.interruptible(|| panic!("on purpose")))
        });
        crew.until_blocked(1, WaitKind::Condition);
        crew.interrupt(0, || panicking.is_finished());
        assert!(panicking.join().is_err());
    });
    assert_eq!(changed.waiting(), 0);
    // As after every other end of a wait.
    assert!(lock.is_locked());
    changed.notify_with(&lock, 1);
    lock.release().unwrap();
}

#[test]
fn works_in_a_static_and_is_shared() {
    static CHANGED: Condition = Condition::new();
    static LOCK: Lock<bool> = Lock::new(false);
    let setter = std::thread::spawn(|| {
        let mut guard = LOCK.acquire();
        *guard = true;
        CHANGED.notify_all(&guard);
    });
    CHANGED.wait_for(&mut LOCK.acquire(), |set| *set);
    setter.join().unwrap();
    assert!(format!("{CHANGED:?}").starts_with("Condition"));
    assert_send::<Condition>();
    assert_sync::<Condition>();
}
