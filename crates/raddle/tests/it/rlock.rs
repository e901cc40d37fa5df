use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;
use std::time::Instant;

use raddle::park::{Deadline, Failed, Thread};
use raddle::sync::{RLock, RLockGuard, RawRLock, TimedOut};
use raddle::thread::{ThreadId, WaitKind};

use crate::support::{Crew, SHORT, assert_not, assert_send, assert_sync};

#[test]
fn its_owner_may_acquire_it_again_in_every_form() {
    let lock = RLock::new(RefCell::new(vec![1]));
    let first = lock.acquire();
    let second = lock.try_acquire().unwrap();
    let third = lock.acquire_timeout(SHORT).unwrap();
    let fourth = lock.acquire_until(Instant::now()).unwrap();
    fourth.borrow_mut().push(2);
    drop((first, third, fourth));
    std::thread::scope(|scope| {
        scope.spawn(|| assert!(lock.try_acquire().is_none()));
    });
    assert_eq!(*second.borrow(), [1, 2]);
    drop(second);
    std::thread::scope(|scope| {
        scope.spawn(|| assert!(lock.try_acquire().is_some()));
    });
    assert_eq!(lock.into_inner().into_inner(), [1, 2]);
}

#[test]
fn every_limited_form_gives_up_on_another_threads_lock() {
    let lock = RLock::new(());
    let _held = lock.acquire();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            assert!(lock.try_acquire().is_none());
            assert_eq!(lock.acquire_timeout(SHORT).err(), Some(TimedOut));
            assert_eq!(lock.acquire_until(Instant::now() + SHORT).err(), Some(TimedOut));
        });
    });
}

#[test]
fn only_the_owner_releases_and_levels_are_counted() {
    let lock = RawRLock::new();
    assert_eq!(lock.release(), None);
    assert_eq!(lock.release_all(), None);
    lock.acquire();
    assert!(lock.try_acquire());
    lock.acquire_with(Deadline::PASSED, &mut Thread).unwrap();
    assert_eq!(lock.levels(), 3);
    assert_eq!(lock.owner(), Some(ThreadId::current()));
    assert!(lock.is_owned() && lock.is_locked());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            assert!(!lock.is_owned());
            assert_eq!(lock.release(), None);
            assert_eq!(lock.release_all(), None);
        });
    });
    lock.release().unwrap();
    assert_eq!(lock.release_all(), Some(2));
    assert!(!lock.is_locked());
    lock.restore(2, &mut Thread);
    assert_eq!(lock.levels(), 2);
    lock.release().unwrap();
    lock.release().unwrap();
    assert_eq!((lock.release(), lock.owner(), lock.levels()), (None, None, 0));
}

#[test]
fn who_waits_gets_it_in_order() {
    let lock = RLock::new(RefCell::new(Vec::new()));
    let crew = Crew::new();
    std::thread::scope(|scope| {
        let held = lock.acquire();
        let again = lock.acquire();
        for number in 0..4 {
            let (lock, crew) = (&lock, &crew);
            scope.spawn(move || {
                crew.join();
                let _outer = lock.acquire();
                lock.acquire().borrow_mut().push(number);
            });
            crew.until_blocked(number + 1, WaitKind::RLock);
        }
        drop((held, again));
    });
    assert_eq!(*lock.acquire().borrow(), [0, 1, 2, 3]);
}

#[test]
fn excludes_others() {
    let total = RLock::new(Cell::new(0_u64));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10_000 {
                    let outer = total.acquire();
                    let inner = total.acquire();
                    inner.set(outer.get() + 1);
                }
            });
        }
    });
    assert_eq!(total.into_inner().get(), 40_000);
}

#[test]
fn an_interrupt_may_abort_the_wait() {
    let lock = RawRLock::new();
    lock.acquire();
    let crew = Crew::new();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            let ended = lock.acquire_with(Deadline::NEVER, &mut crew.interruptible(|| ControlFlow::Break(())));
            assert!(!lock.is_owned());
            ended
        });
        crew.until_blocked(1, WaitKind::RLock);
        crew.interrupt(0, || waiting.is_finished());
        assert_eq!(waiting.join().unwrap(), Err(Failed::Aborted));
    });
    assert_eq!(lock.waiting(), 0);
    assert_eq!(lock.levels(), 1);
    lock.reset_after_fork();
    assert!(!lock.is_owned() && !lock.is_locked());
}

#[test]
fn works_in_a_static_and_shows_itself_without_waiting() {
    static LOCK: RLock<u8> = RLock::new(7);
    assert_eq!(format!("{LOCK:?}"), "RLock { value: 7 }");
    let guard = LOCK.acquire();
    assert_eq!(format!("{LOCK:?} {guard:?}"), "RLock { value: 7 } 7");
    std::thread::spawn(|| assert_eq!(format!("{LOCK:?}"), "RLock { value: <locked> }")).join().unwrap();
}

#[test]
fn a_panic_in_any_level_does_not_go_unnoticed() {
    let lock = RLock::new(Cell::new(1));
    let outer = lock.acquire();
    let panicked = std::panic::catch_unwind(|| {
        let inner = lock.acquire();
        inner.set(2);
        panic!("on purpose");
    });
    assert!(panicked.is_err() && lock.is_poisoned());
    assert_eq!(format!("{lock:?}"), "RLock { value: Cell { value: 2 }, poisoned: true }");
    let refused = std::panic::catch_unwind(|| drop(lock.acquire()));
    assert!(refused.is_err());
    drop(outer);
    std::thread::scope(|scope| assert!(scope.spawn(|| drop(lock.try_acquire())).join().is_err()));
    lock.clear_poison();
    assert_eq!(lock.acquire().get(), 2);
}

#[test]
fn goes_where_its_value_may_go() {
    assert_send::<RLock<Cell<u8>>>();
    assert_sync::<RLock<Cell<u8>>>();
    assert_not!(RLock<std::rc::Rc<u8>>: Send);
    assert_not!(RLock<std::rc::Rc<u8>>: Sync);
    assert_not!(RLockGuard<'static, u8>: Send);
    assert_sync::<RLockGuard<'static, u8>>();
    assert_not!(RLockGuard<'static, Cell<u8>>: Sync);
}
