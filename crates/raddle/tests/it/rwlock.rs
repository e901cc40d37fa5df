use std::cell::Cell;
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use raddle::park::{Deadline, Failed, Thread};
use raddle::sync::{RawRwLock, RwLock, RwLockReadGuard, RwLockWriteGuard, TimedOut};
use raddle::thread::{ThreadId, ThreadState, WaitKind};

use crate::support::{Crew, LONG, SHORT, assert_not, assert_send, assert_sync, until};

/// How many of the crew are blocked. Without the probe it is not known in what.
fn blocked(crew: &Crew) -> usize {
    crew.members().iter().filter(|thread| thread.state == ThreadState::Blocked).count()
}

fn until_blocked(crew: &Crew, count: usize) {
    until("they wait", || blocked(crew) == count);
}

const READ: WaitKind = WaitKind::RwLockRead;
const WRITE: WaitKind = WaitKind::RwLockWrite;

#[test]
fn every_form_acquires_a_free_lock() {
    let lock = RwLock::new(1);
    *lock.write() += 1;
    *lock.try_write().unwrap() += 1;
    *lock.write_timeout(LONG).unwrap() += 1;
    *lock.write_until(Instant::now() + LONG).unwrap() += 1;
    let readers = [
        lock.read(),
        lock.try_read().unwrap(),
        lock.read_timeout(LONG).unwrap(),
        lock.read_until(Instant::now() + LONG).unwrap(),
    ];
    assert!(readers.iter().all(|value| **value == 5));
    drop(readers);
    assert_eq!(lock.into_inner(), 5);
}

#[test]
fn every_limited_form_gives_up() {
    let lock = RwLock::new(());
    let writes = lock.write();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            assert!(lock.try_read().is_none() && lock.try_write().is_none());
            assert_eq!(lock.read_timeout(SHORT).err(), Some(TimedOut));
            assert_eq!(lock.read_until(Instant::now() + SHORT).err(), Some(TimedOut));
            assert_eq!(lock.write_timeout(SHORT).err(), Some(TimedOut));
            assert_eq!(lock.write_until(Instant::now()).err(), Some(TimedOut));
        });
    });
    drop(writes);
    let reads = lock.read();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            assert!(lock.try_read().is_some() && lock.try_write().is_none());
            assert_eq!(lock.write_timeout(SHORT).err(), Some(TimedOut));
            assert!(lock.try_read().is_some(), "a writer that has given up keeps nobody out");
        });
    });
    drop(reads);
    assert!(lock.try_write().is_some());
}

#[test]
fn writers_exclude_and_readers_share() {
    let pair = RwLock::new((0_u64, 0_u64));
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let pair = &pair;
            scope.spawn(move || {
                for round in 0..2_000 {
                    if (round + thread) % 4 == 0 {
                        let mut pair = pair.write();
                        pair.0 += 1;
                        pair.1 += 1;
                    } else {
                        let pair = pair.read();
                        assert_eq!(pair.0, pair.1);
                    }
                }
            });
        }
    });
    assert_eq!(pair.into_inner(), (2_000, 2_000));
}

/// Starts a thread that acquires, says so, waits until it may go on, and releases.
struct Turns<'a> {
    lock: &'a RawRwLock,
    crew: &'a Crew,
    order: &'a Mutex<Vec<&'static str>>,
    stay: &'a AtomicBool,
}

impl<'a> Turns<'a> {
    fn start<'scope>(&self, scope: &'scope std::thread::Scope<'scope, '_>, name: &'static str)
    where
        'a: 'scope,
    {
        let Self { lock, crew, order, stay } = *self;
        let waiting = lock.waiting();
        scope.spawn(move || {
            crew.join();
            if name.starts_with('r') {
                lock.read();
                order.lock().unwrap().push(name);
                until("readers may go", || !stay.load(Ordering::SeqCst));
                lock.release_read().unwrap();
            } else {
                lock.write();
                order.lock().unwrap().push(name);
                lock.release_write().unwrap();
            }
        });
        until("it waits", || lock.waiting() == waiting + 1);
    }
}

#[test]
fn grants_come_in_the_order_of_arrival_and_neighbouring_readers_share() {
    let (lock, crew, order, stay) = (RawRwLock::new(), Crew::new(), Mutex::new(Vec::new()), AtomicBool::new(true));
    lock.write();
    std::thread::scope(|scope| {
        let turns = Turns { lock: &lock, crew: &crew, order: &order, stay: &stay };
        for name in ["r1", "r2", "w1", "r3", "w2", "w3", "r4", "r5"] {
            turns.start(scope, name);
        }
        assert_eq!(lock.waiting(), 8);
        lock.release_write().unwrap();
        until("two readers share", || order.lock().unwrap().len() == 2);
        assert_eq!((lock.readers(), lock.waiting()), (2, 6));
        assert!(!lock.try_read(), "a newcomer does not pass those who wait");
        stay.store(false, Ordering::SeqCst);
    });
    let mut order = order.into_inner().unwrap();
    order[..2].sort_unstable();
    order[6..].sort_unstable();
    assert_eq!(order, ["r1", "r2", "w1", "r3", "w2", "w3", "r4", "r5"]);
    assert_eq!((lock.readers(), lock.is_writing(), lock.waiting()), (0, false, 0));
}

#[test]
fn many_readers_are_admitted_at_once() {
    const MANY: usize = 40;
    let (lock, crew, inside) = (RawRwLock::new(), Crew::new(), AtomicUsize::new(0));
    lock.write();
    std::thread::scope(|scope| {
        for _ in 0..MANY {
            scope.spawn(|| {
                crew.join();
                lock.read();
                inside.fetch_add(1, Ordering::SeqCst);
                until("all read", || inside.load(Ordering::SeqCst) == MANY);
                lock.release_read().unwrap();
            });
        }
        crew.until_blocked(MANY, READ);
        lock.release_write().unwrap();
    });
    assert!(lock.try_write());
}

#[test]
fn who_reads_may_read_again_while_a_writer_waits() {
    let (lock, crew) = (RawRwLock::new(), Crew::new());
    lock.read();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            crew.join();
            lock.write();
            lock.release_write().unwrap();
        });
        crew.until_blocked(1, WRITE);
        lock.read();
        assert_eq!((lock.levels(), lock.readers()), (2, 1));
        lock.release_read().unwrap();
        assert_eq!(lock.waiting(), 1);
        lock.release_read().unwrap();
    });
    assert_eq!(lock.levels(), 0);
}

#[test]
fn a_writer_that_gives_up_lets_the_readers_behind_it_in() {
    let (lock, crew) = (RawRwLock::new(), Crew::new());
    lock.read();
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            crew.join();
            lock.write_with(Deadline::NEVER, &mut crew.interruptible(|| ControlFlow::Break(())))
        });
        crew.until_blocked(1, WRITE);
        let reading = scope.spawn(|| {
            crew.join();
            lock.read();
            lock.release_read()
        });
        until_blocked(&crew, 2);
        crew.interrupt(0, || writing.is_finished());
        assert_eq!(writing.join().unwrap(), Err(Failed::Aborted));
        assert_eq!(reading.join().unwrap(), Some(()), "while this thread still reads");
    });
    assert_eq!((lock.readers(), lock.waiting()), (1, 0));
    lock.release_read().unwrap();
}

#[test]
fn an_interrupt_may_let_it_go_on() {
    let (lock, crew, calls) = (RawRwLock::new(), Crew::new(), AtomicUsize::new(0));
    lock.write();
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            crew.join();
            let mut waiter = crew.interruptible(|| {
                calls.fetch_add(1, Ordering::SeqCst);
                ControlFlow::Continue(())
            });
            lock.write_with(Deadline::NEVER, &mut waiter)?;
            lock.release_write().unwrap();
            Ok::<(), Failed>(())
        });
        crew.until_blocked(1, WRITE);
        crew.interrupt(0, || calls.load(Ordering::SeqCst) >= 3);
        lock.release_write().unwrap();
        assert_eq!(writing.join().unwrap(), Ok(()));
    });
    assert_eq!((lock.is_writing(), lock.waiting()), (false, 0));
}

#[test]
fn a_handler_may_use_the_lock_that_its_thread_waits_for() {
    let (lock, crew, done) = (RawRwLock::new(), Crew::new(), AtomicUsize::new(0));
    lock.read();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            crew.join();
            let mut waiter = crew.interruptible(|| {
                if done.fetch_add(1, Ordering::SeqCst) == 0 {
                    lock.read();
                    lock.release_read().unwrap();
                }
                ControlFlow::Continue(())
            });
            lock.write_with(Deadline::NEVER, &mut waiter)
        });
        crew.until_blocked(1, WRITE);
        crew.interrupt(0, || done.load(Ordering::SeqCst) > 0);
        lock.release_read().unwrap();
        assert_eq!(waiting.join().unwrap(), Ok(()));
    });
    assert!(lock.is_writing());
}

#[test]
fn a_panicking_waiter_leaves_nothing_linked() {
    let (lock, crew) = (RawRwLock::new(), Crew::new());
    lock.read();
    std::thread::scope(|scope| {
        let panicking = scope.spawn(|| {
            crew.join();
            lock.write_with(Deadline::NEVER, &mut crew.interruptible(|| panic!("on purpose")))
        });
        crew.until_blocked(1, WRITE);
        let patient = scope.spawn(|| {
            crew.join();
            lock.read_with(Deadline::NEVER, &mut Thread)
        });
        until_blocked(&crew, 2);
        crew.interrupt(0, || panicking.is_finished());
        assert!(panicking.join().is_err());
        assert_eq!(patient.join().unwrap(), Ok(()));
    });
    assert_eq!(lock.waiting(), 0);
}

#[test]
fn only_who_has_it_can_release() {
    let lock = RawRwLock::new();
    assert_eq!((lock.release_read(), lock.release_write(), lock.downgrade()), (None, None, None));
    lock.write();
    assert_eq!(lock.writer(), Some(ThreadId::current()));
    assert_eq!(lock.release_read(), None);
    std::thread::scope(|scope| {
        scope.spawn(|| assert_eq!((lock.release_write(), lock.downgrade()), (None, None)));
    });
    lock.release_write().unwrap();
    lock.read();
    assert_eq!(lock.release_write(), None);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            assert_eq!(lock.release_read(), None);
            lock.read();
            lock.release_read().unwrap();
            assert_eq!(lock.release_read(), None);
        });
    });
    assert_eq!((lock.readers(), lock.writer()), (1, None));
}

#[test]
fn a_downgrade_lets_the_next_readers_in_and_no_writer() {
    let (lock, crew) = (RwLock::new(1), Crew::new());
    std::thread::scope(|scope| {
        let mut writes = lock.write();
        let reading = scope.spawn(|| {
            crew.join();
            *lock.read()
        });
        crew.until_blocked(1, READ);
        let writing = scope.spawn(|| {
            crew.join();
            *lock.write() += 10;
        });
        until_blocked(&crew, 2);
        *writes = 2;
        let reads = writes.downgrade();
        assert_eq!(reading.join().unwrap(), 2);
        assert_eq!((*reads, blocked(&crew)), (2, 1));
        drop(reads);
        writing.join().unwrap();
    });
    assert_eq!(lock.into_inner(), 12);
}

#[test]
fn a_reset_makes_it_free_and_forgets_who_reads() {
    let lock = RawRwLock::new();
    lock.read();
    lock.reset_after_fork();
    assert_eq!((lock.levels(), lock.readers(), lock.release_read()), (0, 0, None));
    lock.write();
    lock.reset_after_fork();
    assert_eq!((lock.writer(), lock.is_writing()), (None, false));
    assert!(lock.try_write());
}

/// A lock at the place of one that ended while it was read is another lock.
#[test]
fn a_lock_that_ends_while_it_is_read_leaves_nothing_behind() {
    let mut place = RwLock::new(1);
    for _ in 0..3 {
        std::mem::forget(place.read());
        place = RwLock::new(2);
        *place.try_write().expect("it is new") += 1;
        let reads = place.read();
        std::thread::scope(|scope| {
            scope.spawn(|| assert!(place.try_write().is_none(), "this thread reads"));
        });
        drop(reads);
    }
}

#[test]
fn a_writers_panic_poisons_and_a_readers_does_not() {
    let lock = RwLock::new(1);
    let reader = std::panic::catch_unwind(|| {
        let _reads = lock.read();
        panic!("on purpose");
    });
    assert!(reader.is_err() && !lock.is_poisoned());
    let writer = std::panic::catch_unwind(|| {
        *lock.write() = 2;
        let _writes = lock.write();
        panic!("on purpose");
    });
    assert!(writer.is_err() && lock.is_poisoned());
    assert_eq!(format!("{lock:?}"), "RwLock { value: 2, poisoned: true }");
    assert!(std::panic::catch_unwind(|| drop(lock.read())).is_err());
    assert!(std::panic::catch_unwind(|| drop(lock.try_write())).is_err());
    lock.clear_poison();
    assert_eq!(*lock.write(), 2, "who was refused does not hold it");
}

#[test]
fn works_in_a_static_and_shows_itself_without_waiting() {
    static LOCK: RwLock<u8> = RwLock::new(7);
    assert_eq!(format!("{LOCK:?}"), "RwLock { value: 7 }");
    let reads = LOCK.read();
    assert_eq!(format!("{LOCK:?} {reads:?}"), "RwLock { value: 7 } 7");
    drop(reads);
    let writes = LOCK.write();
    assert_eq!(format!("{LOCK:?} {writes:?}"), "RwLock { value: <locked> } 7");
}

#[test]
fn works_while_a_thread_ends() {
    static LEFT: RwLock<u32> = RwLock::new(0);

    struct AtEnd;

    impl Drop for AtEnd {
        fn drop(&mut self) {
            let before = *LEFT.read();
            *LEFT.write() = before + 1;
        }
    }

    thread_local! {
        static AT_END: AtEnd = const { AtEnd };
    }

    std::thread::spawn(|| AT_END.with(|_| drop(LEFT.read()))).join().unwrap();
    assert_eq!(*LEFT.read(), 1);
}

#[test]
fn is_small_and_goes_where_its_value_may_go() {
    assert!(size_of::<RwLock<()>>() <= 56);
    assert_send::<RwLock<Cell<u8>>>();
    assert_sync::<RwLock<u8>>();
    assert_not!(RwLock<Cell<u8>>: Sync);
    assert_not!(RwLock<std::rc::Rc<u8>>: Send);
    assert_not!(RwLockReadGuard<'static, u8>: Send);
    assert_not!(RwLockWriteGuard<'static, u8>: Send);
    assert_sync::<RwLockReadGuard<'static, u8>>();
    assert_sync::<RwLockWriteGuard<'static, u8>>();
    assert_not!(RwLockWriteGuard<'static, Cell<u8>>: Sync);
    assert_send::<RawRwLock>();
    assert_sync::<RawRwLock>();
}
