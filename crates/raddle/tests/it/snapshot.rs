#![cfg(feature = "probe")]

use std::time::Duration;

use raddle::diagnostics::{self, Details, LockSnapshot, PoolSnapshot, QueueSnapshot};
use raddle::futures::ThreadPoolExecutor;
use raddle::queue::{Queue, SimpleQueue};
use raddle::sync::{
    Barrier, BoundedSemaphore, Condition, Event, Lock, RawLock, RawRLock, RawRwLock, RwLock, Semaphore,
};
use raddle::thread::{ThreadId, WaitKind};

use crate::support::{Crew, SHORT, until};

fn address<T>(object: &T) -> usize {
    std::ptr::from_ref(object).addr()
}

fn lock_at(object: usize) -> Option<LockSnapshot> {
    diagnostics::snapshot().locks.into_iter().find(|lock| lock.object == object)
}

fn queue_at(object: usize) -> Option<QueueSnapshot> {
    diagnostics::snapshot().queues.into_iter().find(|queue| queue.object == object)
}

#[test]
fn a_lock_that_was_contended_is_remembered_until_it_is_dropped() {
    let lock = Box::new(RawLock::new());
    let object = lock.address();
    lock.acquire();
    assert_eq!(lock_at(object).map(|lock| lock.contended), Some(0), "it is held");
    let crew = Crew::new();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                crew.join();
                lock.acquire();
                lock.release().unwrap();
            });
        }
        crew.until_blocked(3, WaitKind::Lock);
        let seen = lock_at(object).expect("it is waited for");
        assert_eq!((seen.owner, seen.waiters.len(), seen.contended), (Some(ThreadId::current()), 3, 0));
        assert!(seen.longest_wait > Duration::ZERO, "those that go on are included");
        lock.release().unwrap();
    });
    let seen = lock_at(object).expect("it was contended");
    assert_eq!((seen.kind, seen.owner, &*seen.waiters, seen.contended), (WaitKind::Lock, None, &[][..], 3));
    assert!(seen.longest_wait > Duration::ZERO);
    drop(lock);
    assert!(lock_at(object).is_none_or(|lock| lock.contended == 0), "another one may lie there by now");
}

#[test]
fn a_reader_writer_lock_shows_all_that_read() {
    let lock = RawRwLock::new();
    let (crew, read, event) = (Crew::new(), std::sync::Barrier::new(2), Event::new());
    std::thread::scope(|scope| {
        lock.read();
        lock.read();
        let other = scope.spawn(|| {
            let own = ThreadId::current();
            lock.read();
            read.wait();
            event.wait();
            lock.release_read().unwrap();
            own
        });
        read.wait();
        scope.spawn(|| {
            crew.join();
            lock.write();
            lock.release_write().unwrap();
        });
        crew.until_blocked(1, WaitKind::RwLockWrite);
        let seen = lock_at(lock.address()).expect("it is read");
        assert!(seen.owner.is_some_and(|owner| seen.readers.contains(&owner)));
        lock.release_read().unwrap();
        lock.release_read().unwrap();
        let left = lock_at(lock.address()).expect("the other one reads").readers;
        event.set();
        let other = other.join().unwrap();
        let mut readers = seen.readers;
        readers.sort_unstable();
        let mut expected = [ThreadId::current(), other];
        expected.sort_unstable();
        assert_eq!((&*readers, &*left), (&expected[..], &[other][..]));
    });
    lock.write();
    let seen = lock_at(lock.address()).expect("it is written");
    assert_eq!((seen.owner, &*seen.readers), (Some(ThreadId::current()), &[][..]));
    lock.release_write().unwrap();
}

#[test]
fn a_lock_that_was_never_waited_for_leaves_nothing() {
    let lock = RawLock::new();
    lock.acquire();
    lock.release().unwrap();
    assert!(lock_at(lock.address()).is_none());
}

/// A wait that ends by its deadline is one; a lock is counted with its new address when it has moved.
#[test]
fn what_is_remembered_moves_with_the_lock() {
    let lock = Lock::new(());
    let contend = |lock: &Lock<()>| {
        let guard = lock.acquire();
        assert!(lock.acquire_timeout(SHORT).is_err());
        drop(guard);
    };
    contend(&lock);
    let old = lock_at(address(&lock)).expect("it was contended");
    assert_eq!(old.contended, 1);
    assert!(old.longest_wait >= SHORT);
    let moved = Box::new(lock);
    contend(&moved);
    assert_eq!(lock_at(address(&*moved)).map(|lock| lock.contended), Some(2));
}

#[test]
fn an_rlock_that_was_contended_is_one_object() {
    let lock = RawRLock::new();
    lock.acquire();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            assert!(lock.acquire_with(raddle::park::Deadline::after(SHORT), &mut raddle::park::Thread).is_err());
        });
    });
    let seen = lock_at(address(&lock)).expect("it is held");
    assert_eq!((seen.kind, seen.owner, seen.contended), (WaitKind::RLock, Some(ThreadId::current()), 1));
    lock.release().unwrap();
}

#[test]
fn a_reader_writer_lock_that_was_contended_is_remembered() {
    let lock = RwLock::new(());
    let guard = lock.write();
    let known = || {
        let near = |seen: &LockSnapshot| seen.object.wrapping_sub(address(&lock)) < size_of::<RwLock<()>>();
        diagnostics::snapshot().locks.into_iter().find(near).map(|seen| seen.contended)
    };
    std::thread::scope(|scope| {
        scope.spawn(|| assert!(lock.read_timeout(SHORT).is_err()));
    });
    assert_eq!(known(), Some(1));
    drop(guard);
    assert_eq!(known(), Some(1));
}

#[test]
fn conditions_semaphores_events_and_barriers_say_what_they_are() {
    let (lock, condition) = (Lock::new(()), Condition::new());
    let (semaphore, bounded, event, barrier) =
        (Semaphore::new(0), BoundedSemaphore::new(1), Event::new(), Barrier::new(3));
    bounded.acquire();
    condition.notify_all(&lock.acquire());
    let crew = Crew::new();
    let details = |object: usize| lock_at(object).and_then(|lock| lock.details).map(|details| format!("{details:?}"));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            crew.join();
            condition.wait(&mut lock.acquire());
        });
        scope.spawn(|| {
            crew.join();
            semaphore.acquire();
        });
        scope.spawn(|| {
            crew.join();
            bounded.acquire();
        });
        scope.spawn(|| {
            crew.join();
            event.wait();
        });
        scope.spawn(|| {
            crew.join();
            barrier.wait().unwrap_err();
        });
        for (count, kind) in
            [(1, WaitKind::Condition), (2, WaitKind::Semaphore), (1, WaitKind::Event), (1, WaitKind::Barrier)]
        {
            crew.until_blocked(count, kind);
        }
        assert_eq!(details(address(&condition)).as_deref(), Some("Condition { unheard: 1 }"));
        assert_eq!(details(address(&semaphore)).as_deref(), Some("Semaphore { value: 0 }"));
        assert_eq!(details(address(&bounded)).as_deref(), Some("Semaphore { value: 0 }"));
        assert_eq!(details(address(&event)).as_deref(), Some("Event { is_set: false }"));
        assert_eq!(details(address(&barrier)).as_deref(), Some("Barrier { parties: 3, waiting: 1, broken: false }"));
        condition.notify_one(&lock.acquire());
        semaphore.release(1).unwrap();
        bounded.release(1).unwrap();
        event.set();
        barrier.abort();
    });
    for object in [address(&condition), address(&semaphore), address(&bounded), address(&event), address(&barrier)] {
        assert_eq!(lock_at(object).map(|lock| (lock.contended, lock.waiters.len())), Some((1, 0)));
    }
    // A barrier can be asked at any time.
    let Some(Details::Barrier { broken, waiting, .. }) = lock_at(address(&barrier)).and_then(|lock| lock.details)
    else {
        panic!("a barrier has details");
    };
    assert_eq!((broken, waiting), (true, 0));
}

#[test]
fn a_queue_that_was_waited_for_says_what_it_holds() {
    let queue = Queue::bounded(2);
    let object = address(&queue);
    queue.put(1).unwrap();
    assert!(queue_at(object).is_none(), "nobody has waited for it");
    queue.put(2).unwrap();
    let crew = Crew::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            crew.join();
            queue.put(3).unwrap();
        });
        scope.spawn(|| {
            crew.join();
            queue.join();
        });
        crew.until_blocked(1, WaitKind::QueuePut);
        crew.until_blocked(1, WaitKind::QueueJoin);
        let seen = queue_at(object).expect("it is waited for");
        assert_eq!((seen.depth, seen.maxsize, seen.unfinished, seen.high_water), (2, 2, 2, 2));
        assert_eq!((seen.getters, seen.putters, seen.joiners), (0, 1, 1));
        assert!(seen.site.is_some_and(|site| site.file().ends_with("snapshot.rs")));
        while queue.try_get().is_ok() {}
        (0..3).for_each(|_| queue.task_done().unwrap());
    });
    queue.put(4).unwrap();
    let seen = queue_at(object).expect("it was waited for");
    assert_eq!((seen.depth, seen.unfinished, seen.high_water, seen.contended), (1, 1, 2, 2));
    assert!(!seen.is_shut_down);
    queue.shutdown();
    let moved = Box::new(queue);
    assert!(moved.get().is_ok());
    let seen = queue_at(object).expect("its address is that of its last wait");
    assert_eq!((seen.depth, seen.high_water, seen.is_shut_down), (0, 2, true));
    drop(moved);
    assert!(queue_at(object).is_none_or(|other| !other.is_shut_down), "another one may lie there by now");
}

/// What a queue borrows is gone before the queue, as it may be; a queue that is forgotten may be looked at for ever.
#[test]
fn a_queue_may_borrow_and_may_be_forgotten() {
    let text = String::from("borrowed");
    let queue = SimpleQueue::new();
    assert!(queue.get_timeout(SHORT).is_err());
    queue.put(text.as_str());
    assert_eq!(
        diagnostics::snapshot().queues.iter().filter(|seen| seen.depth == 1 && seen.high_water == 1).count().min(1),
        1
    );
    std::mem::forget(queue);
    drop(text);
    let _ = diagnostics::snapshot();
}

fn pool_with(is_the_one: impl Fn(&PoolSnapshot) -> bool) -> Option<PoolSnapshot> {
    diagnostics::snapshot().pools.into_iter().find(is_the_one)
}

fn sit(event: &Event) {
    event.wait();
}

#[test]
fn a_pool_says_what_its_workers_do() {
    // As many as no other test has.
    let is_the_one = |pool: &PoolSnapshot| pool.max_workers == 1717;
    let go = std::sync::Arc::new(Event::new());
    {
        let pool = ThreadPoolExecutor::builder().workers(1717).build();
        let seen = pool_with(is_the_one).expect("every pool is known");
        assert_eq!((seen.workers.len(), seen.idle, seen.backlog, seen.is_shut_down), (0, 0, 0, false));
        for _ in 0..2 {
            let go = std::sync::Arc::clone(&go);
            pool.submit(move || sit(&go)).unwrap();
        }
        until("both are at work", || {
            pool_with(is_the_one).is_some_and(|pool| {
                pool.workers.iter().all(|worker| worker.busy_for.is_some()) && pool.workers.len() == 2
            })
        });
        let seen = pool_with(is_the_one).unwrap();
        assert_eq!((seen.idle, seen.backlog), (0, 0));
        for worker in &seen.workers {
            let task = worker.task.expect("it is known what it does");
            assert!(task.contains("a_pool_says_what_its_workers_do"), "{task}");
        }
        go.set();
        until("both are idle", || pool_with(is_the_one).is_some_and(|pool| pool.idle == 2));
        pool.close();
        assert!(pool_with(is_the_one).unwrap().is_shut_down);
    }
    assert!(pool_with(is_the_one).is_none());
}

#[test]
fn a_pool_says_how_much_is_left_to_do() {
    let is_the_one = |pool: &PoolSnapshot| pool.max_workers == 1 && pool.backlog == 1718;
    let go = std::sync::Arc::new(Event::new());
    let pool = ThreadPoolExecutor::builder().workers(1).build();
    let hold = std::sync::Arc::clone(&go);
    let first = pool.submit(move || hold.wait()).unwrap();
    until("it has begun", || first.is_running());
    let rest: Vec<_> = (0..1718).map(|number| pool.submit(move || number).unwrap()).collect();
    assert!(pool_with(is_the_one).is_some());
    go.set();
    for (number, future) in rest.into_iter().enumerate() {
        assert_eq!(future.result().unwrap(), number);
    }
    until("all is done", || pool_with(is_the_one).is_none());
}
