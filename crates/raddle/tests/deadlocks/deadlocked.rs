//! Programs that never end.

use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use raddle::futures::{Future, ThreadPoolExecutor};
use raddle::queue::Queue;
use raddle::sync::{Barrier, Condition, Event, Lock, RLock, RawLock, RawRLock, RawRwLock, RwLock, Semaphore};
use raddle::thread::{JoinHandle, spawn};

use crate::Expected::{AllAsleep, Certain, Itself, Probable};
use crate::{Expected, Program};

pub(crate) const PROGRAMS: &[(Program, Expected)] = &[
    (("two_rlocks", || ring_of_rlocks(2)), Certain(2)),
    (("three_rlocks", || ring_of_rlocks(3)), Certain(3)),
    (("five_rlocks", || ring_of_rlocks(5)), Certain(5)),
    (("two_locks", || ring_of_locks(2)), Probable(2)),
    (("three_locks", || ring_of_locks(3)), Probable(3)),
    (("five_locks", || ring_of_locks(5)), Probable(5)),
    (("lock_and_rlock", lock_and_rlock), Probable(2)),
    (("two_locks_in_a_busy_program", two_locks_in_a_busy_program), Probable(2)),
    (("guards_of_locks", guards_of_locks), Probable(2)),
    (("join_with_rlock", join_with_rlock), Certain(2)),
    (("join_with_lock", join_with_lock), Probable(2)),
    (("join_chain_with_rlock", join_chain_with_rlock), Certain(3)),
    (("lock_twice", lock_twice), AllAsleep(1)),
    (("lock_twice_in_a_thread", || ended(spawn(lock_twice))), AllAsleep(2)),
    (("rlock_of_an_ended_thread", rlock_of_an_ended_thread), Certain(1)),
    (("lock_of_an_ended_thread", lock_of_an_ended_thread), AllAsleep(1)),
    (("condition_over_rlock", condition_over_rlock), Certain(2)),
    (("two_rwlocks", || ring_of_rwlocks(2)), Certain(2)),
    (("three_rwlocks", || ring_of_rwlocks(3)), Certain(3)),
    (("rwlocks_read_and_written", rwlocks_read_and_written), Certain(2)),
    (("rwlock_and_lock", rwlock_and_lock), Probable(2)),
    (("rwlock_read_then_written", rwlock_read_then_written), Itself),
    (("rwlock_written_twice", rwlock_written_twice), Itself),
    (("rwlock_that_two_upgrade", rwlock_that_two_upgrade), Itself),
    (("readers_behind_a_writer", readers_behind_a_writer), Certain(3)),
    (("notified_before_the_wait", notified_before_the_wait), AllAsleep(1)),
    (("event_that_nobody_sets", || Event::new().wait()), AllAsleep(1)),
    (("queue_that_nobody_fills", queue_that_nobody_fills), AllAsleep(1)),
    (("full_queue", full_queue), AllAsleep(1)),
    (("queue_join_without_task_done", queue_join_without_task_done), AllAsleep(1)),
    (("semaphore_without_release", semaphore_without_release), AllAsleep(1)),
    (("barrier_with_a_party_too_few", barrier_with_a_party_too_few), AllAsleep(1)),
    (("nested_pool", nested_pool), Probable(1)),
    (("nested_pool_in_a_busy_program", nested_pool_in_a_busy_program), Probable(1)),
    (("nested_pool_of_three", nested_pool_of_three), Probable(3)),
    (("nested_scope", nested_scope), Probable(1)),
    (("two_futures", two_futures), Probable(2)),
    (("two_futures_in_a_busy_program", two_futures_in_a_busy_program), Probable(2)),
    (("future_with_lock", future_with_lock), Probable(2)),
    (("worker_that_waits_for_a_worker", worker_that_waits_for_a_worker), Probable(2)),
];

fn ended<T>(thread: std::io::Result<JoinHandle<T>>) {
    thread.expect("a thread").join().expect("no panic");
}

fn ring_of_rlocks(count: usize) {
    let locks: Arc<Vec<RawRLock>> = Arc::new((0..count).map(|_| RawRLock::new()).collect());
    ring(count, move |index| locks[index].acquire());
}

fn ring_of_locks(count: usize) {
    let locks: Arc<Vec<RawLock>> = Arc::new((0..count).map(|_| RawLock::new()).collect());
    ring(count, move |index| locks[index].acquire());
}

/// Each of the threads has one, and wants the next one's.
fn ring(count: usize, acquire: impl Fn(usize) + Clone + Send + 'static) {
    let ready = Arc::new(Barrier::new(count));
    let threads: Vec<_> = (0..count)
        .map(|index| {
            let (acquire, ready) = (acquire.clone(), Arc::clone(&ready));
            spawn(move || {
                acquire(index);
                ready.wait().expect("nobody breaks it");
                acquire((index + 1) % count);
            })
        })
        .collect();
    threads.into_iter().for_each(ended);
}

fn lock_and_rlock() {
    let locks = Arc::new((RawLock::new(), RawRLock::new()));
    ring(2, move |index| if index == 0 { locks.0.acquire() } else { locks.1.acquire() });
}

fn ring_of_rwlocks(count: usize) {
    let locks: Arc<Vec<RawRwLock>> = Arc::new((0..count).map(|_| RawRwLock::new()).collect());
    ring(count, move |index| locks[index].write());
}

/// Each reads one, and wants to write the other's, which a third thread reads too.
fn rwlocks_read_and_written() {
    static LOCKS: [RwLock<()>; 2] = [RwLock::new(()), RwLock::new(())];
    let both = Arc::new(Barrier::new(3));
    let crossed = [0, 1].map(|index: usize| {
        let both = Arc::clone(&both);
        spawn(move || {
            let _reads = LOCKS[index].read();
            both.wait().expect("nobody breaks it");
            drop(LOCKS[1 - index].write());
        })
    });
    let idle = spawn(move || {
        let _reads = (LOCKS[0].read(), LOCKS[1].read());
        both.wait().expect("nobody breaks it");
        std::thread::sleep(Duration::from_secs(3600));
    });
    crossed.into_iter().chain([idle]).for_each(ended);
}

fn rwlock_and_lock() {
    let locks = Arc::new((RawLock::new(), RawRwLock::new()));
    ring(2, move |index| if index == 0 { locks.0.acquire() } else { locks.1.write() });
}

fn rwlock_read_then_written() {
    let lock = RwLock::new(());
    let _reads = lock.read();
    drop(lock.write());
}

fn rwlock_written_twice() {
    let lock = RwLock::new(());
    let _writes = lock.write();
    drop(lock.read());
}

fn rwlock_that_two_upgrade() {
    static LOCK: RwLock<()> = RwLock::new(());
    let both = Arc::new(Barrier::new(2));
    let threads = [(); 2].map(|()| {
        let both = Arc::clone(&both);
        spawn(move || {
            let _reads = LOCK.read();
            both.wait().expect("nobody breaks it");
            drop(LOCK.write());
        })
    });
    threads.into_iter().for_each(ended);
}

/// One reads and waits for a lock; its owner wants to read as well, and stands behind a writer.
fn readers_behind_a_writer() {
    static SHARED: RawRwLock = RawRwLock::new();
    static OTHER: RLock<()> = RLock::new(());
    let _other = OTHER.acquire();
    let reading = spawn(|| {
        SHARED.read();
        drop(OTHER.acquire());
    });
    while SHARED.readers() == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let writing = spawn(|| SHARED.write());
    while SHARED.waiting() == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    SHARED.read();
    ended(reading);
    ended(writing);
}

fn two_locks_in_a_busy_program() {
    while_others_are_awake(|| ring_of_locks(2));
}

fn while_others_are_awake(program: impl FnOnce() + Send + 'static) {
    spawn(program).expect("a thread");
    loop {
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn guards_of_locks() {
    static FIRST: Lock<u32> = Lock::new(1);
    static SECOND: Lock<u32> = Lock::new(2);
    static BOTH: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));
    let one = spawn(|| {
        let first = FIRST.acquire();
        BOTH.wait().expect("nobody breaks it");
        *first + *SECOND.acquire()
    });
    let other = spawn(|| {
        let second = SECOND.acquire();
        BOTH.wait().expect("nobody breaks it");
        *second + *FIRST.acquire()
    });
    ended(one);
    ended(other);
}

fn join_with_rlock() {
    static STATE: RLock<()> = RLock::new(());
    let _held = STATE.acquire();
    ended(spawn(|| drop(STATE.acquire())));
}

fn join_with_lock() {
    static STATE: Lock<()> = Lock::new(());
    let _held = STATE.acquire();
    ended(spawn(|| drop(STATE.acquire())));
}

fn join_chain_with_rlock() {
    static STATE: RLock<()> = RLock::new(());
    let _held = STATE.acquire();
    ended(spawn(|| ended(spawn(|| drop(STATE.acquire())))));
}

fn lock_twice() {
    let counter = RawLock::new();
    counter.acquire();
    counter.acquire();
}

fn rlock_of_an_ended_thread() {
    static LEAKED: RawRLock = RawRLock::new();
    ended(spawn(|| LEAKED.acquire()));
    LEAKED.acquire();
}

fn lock_of_an_ended_thread() {
    static LEAKED: RawLock = RawLock::new();
    ended(spawn(|| LEAKED.acquire()));
    LEAKED.acquire();
}

fn condition_over_rlock() {
    static OUTER: RLock<()> = RLock::new(());
    static INNER: RLock<()> = RLock::new(());
    static CHANGED: Condition = Condition::new();
    let waiting = spawn(|| {
        let _inner = INNER.acquire();
        let mut outer = OUTER.acquire();
        // Notified, it waits for the lock that its notifier does not give back.
        CHANGED.wait(&mut outer);
    });
    while CHANGED.waiting() == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let outer = OUTER.acquire();
    CHANGED.notify_one(&outer);
    let _inner = INNER.acquire();
    ended(waiting);
}

fn notified_before_the_wait() {
    let (lock, condition) = (Lock::new(()), Condition::new());
    let mut guard = lock.acquire();
    condition.notify_all(&guard);
    condition.wait(&mut guard);
}

fn queue_that_nobody_fills() {
    let _ = Queue::<u8>::new().get();
}

fn barrier_with_a_party_too_few() {
    let _ = Barrier::new(2).wait();
}

fn full_queue() {
    let queue = Queue::bounded(1);
    queue.put(1).expect("it is open");
    queue.put(2).expect("it is open");
}

fn queue_join_without_task_done() {
    let queue = Queue::new();
    queue.put(1).expect("it is open");
    queue.get().expect("it is open");
    queue.join();
}

fn semaphore_without_release() {
    let semaphore = Semaphore::new(1);
    semaphore.acquire();
    semaphore.acquire();
}

fn pool(workers: usize) -> Arc<ThreadPoolExecutor> {
    Arc::new(ThreadPoolExecutor::builder().workers(workers).build())
}

/// Each worker waits for a task that only one of them could begin.
fn nested(workers: usize) {
    let pool = pool(workers);
    let all = Arc::new(Barrier::new(workers));
    let futures: Vec<_> = (0..workers)
        .map(|_| {
            let (inside, all) = (Arc::clone(&pool), Arc::clone(&all));
            let outer = move || {
                all.wait().expect("nobody breaks it");
                inside.submit(|| 8).map(|inner| inner.result().is_ok())
            };
            pool.submit(outer).expect("it is open")
        })
        .collect();
    for outer in futures {
        let _ = outer.result();
    }
}

fn nested_pool() {
    nested(1);
}

fn nested_pool_in_a_busy_program() {
    while_others_are_awake(|| nested(1));
}

fn nested_pool_of_three() {
    nested(3);
}

fn nested_scope() {
    let pool = pool(1);
    let inside = Arc::clone(&pool);
    let outer = pool.submit(move || {
        inside.scope(|scope| {
            let _ = scope.submit(|| 8);
        });
    });
    let _ = outer.expect("it is open").result();
}

fn two_futures() {
    let pool = pool(2);
    let futures: Arc<[OnceLock<Future<()>>; 2]> = Arc::default();
    let (all_are_there, both_run) = (Arc::new(Event::new()), Arc::new(Barrier::new(2)));
    for index in 0..2 {
        let (others, both_run, all_are_there) =
            (Arc::clone(&futures), Arc::clone(&both_run), Arc::clone(&all_are_there));
        let task = pool.submit(move || {
            all_are_there.wait();
            both_run.wait().expect("nobody breaks it");
            others[1 - index].get().expect("it is there").wait();
        });
        futures[index].set(task.expect("it is open")).expect("nobody else sets it");
    }
    all_are_there.set();
    futures[0].get().expect("it is there").wait();
}

fn two_futures_in_a_busy_program() {
    while_others_are_awake(two_futures);
}

fn future_with_lock() {
    static STATE: Lock<()> = Lock::new(());
    let pool = pool(2);
    let _held = STATE.acquire();
    let _ = pool.submit(|| drop(STATE.acquire())).expect("it is open").result();
}

/// One worker waits for a task that nobody has begun, the other one for a lock of the first.
fn worker_that_waits_for_a_worker() {
    static STATE: Lock<()> = Lock::new(());
    static BOTH: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));
    let pool = pool(2);
    let inside = Arc::clone(&pool);
    let outer = pool.submit(move || {
        let _held = STATE.acquire();
        BOTH.wait().expect("nobody breaks it");
        inside.submit(|| 8).map(|inner| inner.result().is_ok())
    });
    let other = pool.submit(|| {
        BOTH.wait().expect("nobody breaks it");
        drop(STATE.acquire());
    });
    let _ = outer.expect("it is open").result();
    let _ = other.expect("it is open").result();
}
