use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Instant;

use raddle::park::{Deadline, Failed, Thread};
use raddle::sync::{Condition, Lock, LockGuard, RawLock, Semaphore, TimedOut};
use raddle::thread::{ThreadId, WaitKind};

use crate::support::{Crew, LONG, SHORT, assert_not, assert_send, assert_sync, until};

#[test]
fn counts_without_losing_any() {
    let total = Lock::new(0_u64);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20_000 {
                    *total.acquire() += 1;
                }
            });
        }
    });
    assert_eq!(total.into_inner(), 80_000);
}

#[test]
fn every_form_acquires_a_free_lock() {
    let lock = Lock::new(1);
    *lock.acquire() += 1;
    *lock.try_acquire().unwrap() += 1;
    *lock.acquire_timeout(LONG).unwrap() += 1;
    *lock.acquire_until(Instant::now() + LONG).unwrap() += 1;
    assert!(!lock.is_locked());
    assert_eq!(lock.into_inner(), 5);
}

#[test]
fn every_limited_form_gives_up_on_a_held_lock() {
    let lock = Lock::new(());
    let guard = lock.acquire();
    assert!(lock.is_locked());
    assert!(lock.try_acquire().is_none());
    assert_eq!(lock.acquire_timeout(SHORT).err(), Some(TimedOut));
    assert_eq!(lock.acquire_until(Instant::now() + SHORT).err(), Some(TimedOut));
    assert_eq!(lock.acquire_until(Instant::now()).err(), Some(TimedOut));
    drop(guard);
    assert!(lock.try_acquire().is_some());
}

#[test]
fn who_waits_gets_it_in_order() {
    let lock = RawLock::new();
    let order = std::sync::Mutex::new(Vec::new());
    let crew = Crew::new();
    lock.acquire();
    std::thread::scope(|scope| {
        for number in 0..5 {
            let (lock, order, crew) = (&lock, &order, &crew);
            scope.spawn(move || {
                crew.join();
                lock.acquire();
                order.lock().unwrap().push(number);
                lock.release().unwrap();
            });
            crew.until_blocked(number + 1, WaitKind::Lock);
        }
        assert_eq!(lock.waiting(), 5);
        lock.release().unwrap();
    });
    assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 4]);
    assert_eq!(lock.waiting(), 0);
}

#[test]
fn another_thread_may_release() {
    let lock = RawLock::new();
    lock.acquire();
    assert_eq!(lock.owner(), Some(ThreadId::current()));
    std::thread::scope(|scope| {
        scope.spawn(|| lock.release().unwrap());
    });
    assert_eq!(lock.owner(), None);
    assert_eq!(lock.release(), None);
    assert!(lock.try_acquire());
}

#[test]
fn an_interrupt_may_abort_the_wait() {
    let lock = RawLock::new();
    lock.acquire();
    let crew = Crew::new();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            lock.acquire_with(Deadline::NEVER, &mut crew.interruptible(|| ControlFlow::Break(())))
        });
        crew.until_blocked(1, WaitKind::Lock);
        crew.interrupt(0, || waiting.is_finished());
        assert_eq!(waiting.join().unwrap(), Err(Failed::Aborted));
    });
    assert_eq!(lock.waiting(), 0);
    lock.release().unwrap();
    assert!(lock.try_acquire());
}

#[test]
fn an_interrupt_may_let_it_go_on() {
    let lock = RawLock::new();
    lock.acquire();
    let (crew, calls) = (Crew::new(), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            let mut waiter = crew.interruptible(|| {
                calls.fetch_add(1, Ordering::SeqCst);
                ControlFlow::Continue(())
            });
            lock.acquire_with(Deadline::NEVER, &mut waiter)
        });
        crew.until_blocked(1, WaitKind::Lock);
        crew.interrupt(0, || calls.load(Ordering::SeqCst) >= 3);
        lock.release().unwrap();
        assert_eq!(waiting.join().unwrap(), Ok(()));
    });
    assert!(lock.is_locked());
}

#[test]
fn a_handler_may_take_the_lock_that_its_thread_waits_for() {
    let lock = RawLock::new();
    lock.acquire();
    let (crew, done) = (Crew::new(), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            let mut waiter = crew.interruptible(|| {
                if done.fetch_add(1, Ordering::SeqCst) == 0 {
                    lock.acquire();
                    lock.release().unwrap();
                }
                ControlFlow::Continue(())
            });
            lock.acquire_with(Deadline::NEVER, &mut waiter)
        });
        crew.until_blocked(1, WaitKind::Lock);
        crew.interrupt(0, || done.load(Ordering::SeqCst) > 0);
        crew.until_blocked(1, WaitKind::Lock);
        lock.release().unwrap();
        assert_eq!(waiting.join().unwrap(), Ok(()));
    });
}

#[test]
fn a_panicking_waiter_leaves_nothing_linked() {
    let lock = RawLock::new();
    lock.acquire();
    let crew = Crew::new();
    std::thread::scope(|scope| {
        let panicking = scope.spawn(|| {
            crew.join();
            lock.acquire_with(Deadline::NEVER, &mut crew.interruptible(|| panic!("on purpose")))
        });
        crew.until_blocked(1, WaitKind::Lock);
        let patient = scope.spawn(|| {
            crew.join();
            lock.acquire_with(Deadline::NEVER, &mut Thread)
        });
        crew.until_blocked(2, WaitKind::Lock);
        crew.interrupt(0, || panicking.is_finished());
        assert!(panicking.join().is_err());
        assert_eq!(lock.waiting(), 1);
        lock.release().unwrap();
        assert_eq!(patient.join().unwrap(), Ok(()));
    });
}

#[test]
fn a_waiter_that_panics_around_its_sleep_leaves_nothing_linked() {
    struct Panics;

    impl raddle::park::Waiter for Panics {
        const LOOKS_BEFORE_SLEEP: u32 = 0;

        fn sleep<R>(&mut self, _sleep: impl FnOnce() -> R) -> R {
            panic!("on purpose")
        }

        fn is_interruptible(&self) -> bool {
            false
        }

        fn interrupted(&mut self) -> ControlFlow<()> {
            ControlFlow::Continue(())
        }
    }

    let lock = RawLock::new();
    lock.acquire();
    std::thread::scope(|scope| {
        assert!(scope.spawn(|| lock.acquire_with(Deadline::NEVER, &mut Panics)).join().is_err());
    });
    assert_eq!(lock.waiting(), 0);
    lock.release().unwrap();
    assert!(lock.try_acquire());
}

#[test]
fn a_reset_makes_it_free() {
    let lock = RawLock::new();
    lock.acquire();
    lock.reset_after_fork();
    assert!(!lock.is_locked());
    assert_eq!(lock.owner(), None);
    assert!(lock.try_acquire());
}

#[test]
fn a_reset_lets_those_go_on_who_wait_nevertheless() {
    let (lock, permits) = (RawLock::new(), Semaphore::new(0));
    lock.acquire();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| lock.acquire());
        until("it waits", || lock.waiting() == 1);
        lock.reset_after_fork();
        waiting.join().unwrap();
        assert!(lock.is_locked() && !lock.try_acquire());

        let waiting = [scope.spawn(|| permits.acquire()), scope.spawn(|| permits.acquire())];
        until("they wait", || permits.waiting() == 2);
        permits.reset_after_fork(1);
        permits.reset_after_fork(0);
        permits.reset_after_fork(3);
        for waiting in waiting {
            waiting.join().unwrap();
        }
    });
    assert_eq!(lock.waiting(), 0);
    assert_eq!(permits.waiting(), 0);
    assert!(permits.available() <= 3);
}

#[test]
fn works_in_a_static_and_shows_itself_without_waiting() {
    static LOCK: Lock<u8> = Lock::new(7);
    assert_eq!(format!("{LOCK:?}"), "Lock { value: 7 }");
    let guard = LOCK.acquire();
    assert_eq!(format!("{LOCK:?} {guard:?}"), "Lock { value: <locked> } 7");
}

#[test]
fn works_while_a_thread_ends() {
    static LEFT: Lock<u32> = Lock::new(0);
    static HELD: AtomicBool = AtomicBool::new(false);

    struct AtEnd;

    impl Drop for AtEnd {
        fn drop(&mut self) {
            HELD.store(true, Ordering::SeqCst);
            *LEFT.acquire() += 1;
        }
    }

    thread_local! {
        static AT_END: AtEnd = const { AtEnd };
    }

    let guard = LEFT.acquire();
    let ending = std::thread::spawn(|| AT_END.with(|_| drop(LEFT.try_acquire())));
    until("the thread ends", || HELD.load(Ordering::SeqCst));
    drop(guard);
    ending.join().unwrap();
    assert_eq!(*LEFT.acquire(), 1);
}

#[test]
fn hands_the_value_over_between_threads() {
    let (sender, receiver) = mpsc::channel();
    let lock = Lock::new(vec![0_u8; 3]);
    std::thread::scope(|scope| {
        let lock = &lock;
        scope.spawn(move || {
            receiver.recv().unwrap();
            lock.acquire().push(2);
        });
        lock.acquire().push(1);
        sender.send(()).unwrap();
    });
    assert_eq!(*lock.acquire(), [0, 0, 0, 1, 2]);
}

/// A thread that panics with the lock held.
#[test]
fn a_refusal_does_not_poison_what_is_cleared_meanwhile() {
    static LOCK: Lock<u32> = Lock::new(1);
    poison(&LOCK);
    let test = std::thread::current().id();
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().id() == test {
            LOCK.clear_poison();
        } else {
            hook(panic);
        }
    }));
    let refused = std::panic::catch_unwind(|| drop(LOCK.acquire()));
    drop(std::panic::take_hook());
    assert!(refused.is_err());
    assert!(!LOCK.is_poisoned() && !LOCK.is_locked());
}

fn poison<T: Send>(lock: &Lock<T>) {
    std::thread::scope(|scope| {
        let panicking = scope.spawn(|| {
            let _held = lock.acquire();
            panic!("on purpose");
        });
        assert!(panicking.join().is_err());
    });
}

#[test]
fn a_panic_while_it_is_held_does_not_go_unnoticed() {
    let lock = Lock::new(1);
    poison(&lock);
    assert!(lock.is_poisoned() && !lock.is_locked());
    assert_eq!(format!("{lock:?}"), "Lock { value: 1, poisoned: true }");
    let forms: [&(dyn Fn() + std::panic::RefUnwindSafe); 4] =
        [&|| drop(lock.acquire()), &|| drop(lock.try_acquire()), &|| drop(lock.acquire_timeout(LONG)), &|| {
            drop(lock.acquire_with(Deadline::NEVER, &mut Thread));
        }];
    for form in forms {
        let refused = std::panic::catch_unwind(form).unwrap_err();
        assert_eq!(refused.downcast_ref(), Some(&"the lock is poisoned: a thread has panicked while it held it"));
        assert!(!lock.is_locked(), "who is refused does not hold it");
    }
    lock.clear_poison();
    *lock.acquire() += 1;
    assert!(!lock.is_poisoned());
    assert_eq!(lock.into_inner(), 2);
}

#[test]
fn a_destructor_may_use_what_is_poisoned_and_does_not_poison() {
    struct Cleaning<'a>(&'a Lock<u32>);

    impl Drop for Cleaning<'_> {
        fn drop(&mut self) {
            *self.0.acquire() += 1;
        }
    }

    let (poisoned, well) = (Lock::new(0), Lock::new(0));
    poison(&poisoned);
    std::thread::scope(|scope| {
        let panicking = scope.spawn(|| {
            let _cleaning = (Cleaning(&poisoned), Cleaning(&well));
            panic!("on purpose");
        });
        assert!(panicking.join().is_err());
    });
    assert!(!well.is_poisoned());
    assert_eq!((*well.acquire(), poisoned.into_inner()), (1, 1));
}

#[test]
fn who_waits_for_it_hears_of_a_panic() {
    let (lock, crew) = (Lock::new(()), Crew::new());
    std::thread::scope(|scope| {
        let panicking = scope.spawn(|| {
            let _held = lock.acquire();
            crew.until_blocked(1, WaitKind::Lock);
            panic!("on purpose");
        });
        until("the lock is held", || lock.is_locked());
        let waiting = scope.spawn(|| {
            crew.join();
            drop(lock.acquire());
        });
        assert!(panicking.join().is_err());
        assert!(waiting.join().is_err());
    });
    assert!(!lock.is_locked());
}

#[test]
fn a_condition_brings_the_lock_back_poisoned() {
    let (lock, changed, crew) = (Lock::new(()), Condition::new(), Crew::new());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            changed.wait(&mut lock.acquire());
        });
        crew.until_blocked(1, WaitKind::Condition);
        let panicking = scope.spawn(|| {
            let held = lock.acquire();
            changed.notify_one(&held);
            panic!("on purpose");
        });
        assert!(panicking.join().is_err());
        assert!(waiting.join().is_err());
    });
    assert!(!lock.is_locked() && lock.is_poisoned());
}

#[test]
fn the_raw_form_knows_nothing_of_panics() {
    let lock = RawLock::new();
    let panicked = std::panic::catch_unwind(|| {
        lock.acquire();
        panic!("on purpose");
    });
    assert!(panicked.is_err() && lock.is_locked());
    lock.release().unwrap();
    assert!(lock.try_acquire());
}

#[test]
fn is_small_and_goes_where_its_value_may_go() {
    assert!(size_of::<Lock<()>>() <= 32);
    assert_send::<Lock<std::cell::Cell<u8>>>();
    assert_sync::<Lock<std::cell::Cell<u8>>>();
    assert_not!(LockGuard<'static, u8>: Send);
    assert_sync::<LockGuard<'static, u8>>();
    assert_not!(LockGuard<'static, std::cell::Cell<u8>>: Sync);
    assert_not!(Lock<std::rc::Rc<u8>>: Send);
    assert_not!(Lock<std::rc::Rc<u8>>: Sync);
    assert_send::<RawLock>();
    assert_sync::<RawLock>();
}
