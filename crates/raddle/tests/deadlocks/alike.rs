//! Programs that only look as if they would never end.

use std::sync::{Arc, LazyLock, OnceLock};
use std::thread::sleep;
use std::time::Duration;

use raddle::futures::{Future, ThreadPoolExecutor, promise};
use raddle::queue::Queue;
use raddle::sync::{Barrier, Condition, Event, Lock, RLock, RawLock, RawRLock, RwLock, Semaphore};
use raddle::thread::{JoinHandle, spawn};

use crate::Program;

pub(crate) const PROGRAMS: &[Program] = &[
    ("signal_lock", signal_lock),
    ("signal_locks_both_ways", signal_locks_both_ways),
    ("cycle_of_signal_locks", cycle_of_signal_locks),
    ("lock_released_by_another_thread", lock_released_by_another_thread),
    ("hand_over_hand", hand_over_hand),
    ("timed_cycle_of_rlocks", || timed_cycle(true)),
    ("cycle_with_one_timed_party", || timed_cycle(false)),
    ("timed_cycle_of_locks", timed_cycle_of_locks),
    ("gate_lock", gate_lock),
    ("readers_and_slow_writers", readers_and_slow_writers),
    ("readers_behind_a_writer_that_gives_up", readers_behind_a_writer_that_gives_up),
    ("timed_upgrade", timed_upgrade),
    ("reads_again_behind_a_writer", reads_again_behind_a_writer),
    ("lock_pairs_in_one_order", lock_pairs_in_one_order),
    ("semaphores_as_mutexes", semaphores_as_mutexes),
    ("semaphore_released_elsewhere", semaphore_released_elsewhere),
    ("bounded_buffer", bounded_buffer),
    ("condition_notified_late", condition_notified_late),
    ("condition_over_a_nested_rlock", condition_over_a_nested_rlock),
    ("nested_rlock", nested_rlock),
    ("slow_owner", slow_owner),
    ("slow_owner_of_an_rlock", slow_owner_of_an_rlock),
    ("join_of_a_slow_thread", join_of_a_slow_thread),
    ("event_set_late", event_set_late),
    ("event_set_by_a_foreign_thread", event_set_by_a_foreign_thread),
    ("barrier_rounds", barrier_rounds),
    ("queue_filled_late", queue_filled_late),
    ("full_queue_emptied_late", full_queue_emptied_late),
    ("queue_joined_late", queue_joined_late),
    ("idle_pool", idle_pool),
    ("slow_task", slow_task),
    ("pool_freed_by_cancel", pool_freed_by_cancel),
    ("pool_freed_by_cancelling_what_is_pending", pool_freed_by_cancelling_what_is_pending),
    ("future_with_a_timeout", future_with_a_timeout),
    ("pool_that_can_still_start_workers", pool_that_can_still_start_workers),
    ("pool_with_a_worker_that_starts", pool_with_a_worker_that_starts),
    ("pool_with_a_busy_worker", pool_with_a_busy_worker),
    ("promise_kept_by_somebody_outside", promise_kept_by_somebody_outside),
    ("promise_begun_by_one_and_kept_by_another", promise_begun_by_one_and_kept_by_another),
    ("scope_with_a_slow_task", scope_with_a_slow_task),
];

/// Longer than the grace time.
const LATE: Duration = Duration::from_millis(600);
/// Longer than the time after which a pool counts as stuck.
const FAR_TOO_LATE: Duration = Duration::from_secs(5);
const SOON: Duration = Duration::from_millis(20);

fn ended<T>(thread: std::io::Result<JoinHandle<T>>) {
    thread.expect("a thread").join().expect("no panic");
}

/// Starts `count` threads that do the same, and waits for them.
fn crew(count: usize, work: impl Fn(usize) + Clone + Send + 'static) {
    let threads: Vec<_> = (0..count)
        .map(|index| {
            let work = work.clone();
            spawn(move || work(index))
        })
        .collect();
    threads.into_iter().for_each(ended);
}

fn pool(workers: usize) -> Arc<ThreadPoolExecutor> {
    Arc::new(ThreadPoolExecutor::builder().workers(workers).build())
}

fn signal_lock() {
    static SIGNAL: RawLock = RawLock::new();
    SIGNAL.acquire();
    let other = spawn(|| {
        sleep(LATE);
        SIGNAL.release()
    });
    SIGNAL.acquire();
    ended(other);
}

fn signal_locks_both_ways() {
    static PING: RawLock = RawLock::new();
    static PONG: RawLock = RawLock::new();
    PING.acquire();
    PONG.acquire();
    let other = spawn(|| {
        for _ in 0..3 {
            PING.acquire();
            sleep(LATE / 2);
            PONG.release().expect("it is locked");
        }
    });
    for _ in 0..3 {
        PING.release().expect("it is locked");
        PONG.acquire();
    }
    ended(other);
}

/// Both have been released by another thread before, and are again.
fn cycle_of_signal_locks() {
    static LOCKS: [RawLock; 2] = [RawLock::new(), RawLock::new()];
    static BOTH: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));
    for lock in &LOCKS {
        lock.acquire();
        ended(spawn(|| lock.release().expect("it is held")));
    }
    let other = spawn(|| {
        sleep(LATE);
        for lock in &LOCKS {
            lock.release().expect("it is held");
        }
    });
    crew(2, |index| {
        LOCKS[index].acquire();
        BOTH.wait().expect("nobody breaks it");
        LOCKS[1 - index].acquire();
        LOCKS[1 - index].release().expect("it is held");
    });
    ended(other);
}

fn lock_released_by_another_thread() {
    static LOCK: RawLock = RawLock::new();
    ended(spawn(|| LOCK.acquire()));
    let other = spawn(|| {
        sleep(LATE);
        LOCK.release()
    });
    LOCK.acquire();
    ended(other);
}

fn hand_over_hand() {
    let chain: Arc<Vec<RawLock>> = Arc::new((0..20).map(|_| RawLock::new()).collect());
    crew(4, move |_| {
        chain[0].acquire();
        for pair in chain.windows(2) {
            pair[1].acquire();
            pair[0].release().expect("it is held");
            sleep(Duration::from_millis(10));
        }
        chain[19].release().expect("it is held");
    });
}

fn timed_cycle(both: bool) {
    static LOCKS: [RLock<()>; 2] = [RLock::new(()), RLock::new(())];
    static READY: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));
    crew(2, move |index| {
        let _own = LOCKS[index].acquire();
        READY.wait().expect("nobody breaks it");
        if both || index == 0 {
            let _ = LOCKS[1 - index].acquire_timeout(LATE);
        } else {
            drop(LOCKS[1 - index].acquire());
        }
    });
}

fn timed_cycle_of_locks() {
    static LOCKS: [Lock<()>; 2] = [Lock::new(()), Lock::new(())];
    static READY: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));
    crew(2, |index| {
        let _own = LOCKS[index].acquire();
        READY.wait().expect("nobody breaks it");
        let _ = LOCKS[1 - index].acquire_timeout(LATE);
    });
}

fn readers_and_slow_writers() {
    static LOCK: RwLock<u32> = RwLock::new(0);
    crew(6, |index| {
        if index % 3 == 0 {
            let mut writes = LOCK.write();
            sleep(LATE);
            *writes += 1;
        } else {
            let reads = LOCK.read();
            sleep(LATE / 2);
            assert!(*reads <= 2);
        }
    });
}

/// One reads and waits for a lock. Its owner stands behind a writer, but that one has a limit.
fn readers_behind_a_writer_that_gives_up() {
    static SHARED: RwLock<()> = RwLock::new(());
    static OTHER: RLock<()> = RLock::new(());
    static READS: Event = Event::new();
    let other = OTHER.acquire();
    let reading = spawn(|| {
        let _reads = SHARED.read();
        READS.set();
        drop(OTHER.acquire());
    });
    READS.wait();
    let writing = spawn(|| assert!(SHARED.write_timeout(LATE).is_err()));
    sleep(SOON);
    drop(SHARED.read());
    drop(other);
    ended(reading);
    ended(writing);
}

fn timed_upgrade() {
    static LOCK: RwLock<()> = RwLock::new(());
    let _reads = LOCK.read();
    assert!(LOCK.write_timeout(LATE).is_err());
}

fn reads_again_behind_a_writer() {
    static LOCK: RwLock<()> = RwLock::new(());
    let reads = LOCK.read();
    let writing = spawn(|| drop(LOCK.write()));
    sleep(LATE);
    drop(LOCK.read());
    drop(reads);
    ended(writing);
}

fn gate_lock() {
    static GATE: Lock<()> = Lock::new(());
    static LOCKS: [Lock<()>; 2] = [Lock::new(()), Lock::new(())];
    crew(2, |index| {
        for _ in 0..5 {
            let _gate = GATE.acquire();
            let _first = LOCKS[index].acquire();
            sleep(SOON);
            let _second = LOCKS[1 - index].acquire();
            sleep(SOON);
        }
    });
}

fn lock_pairs_in_one_order() {
    static LOCKS: [Lock<()>; 2] = [Lock::new(()), Lock::new(())];
    crew(4, |_| {
        for _ in 0..5 {
            let _first = LOCKS[0].acquire();
            let _second = LOCKS[1].acquire();
            sleep(SOON);
        }
    });
}

fn semaphores_as_mutexes() {
    static SEMAPHORES: [Semaphore; 2] = [Semaphore::new(1), Semaphore::new(1)];
    crew(4, |_| {
        for _ in 0..5 {
            let _first = SEMAPHORES[0].guard();
            let _second = SEMAPHORES[1].guard();
            sleep(SOON);
        }
    });
}

fn semaphore_released_elsewhere() {
    static PERMITS: Semaphore = Semaphore::new(0);
    let other = spawn(|| {
        sleep(LATE);
        PERMITS.release(1).expect("it is not full");
    });
    PERMITS.acquire();
    ended(other);
}

fn bounded_buffer() {
    static ITEMS: Lock<Vec<usize>> = Lock::new(Vec::new());
    static NOT_EMPTY: Condition = Condition::new();
    static NOT_FULL: Condition = Condition::new();
    crew(4, |index| {
        for item in 0..20 {
            let mut items = ITEMS.acquire();
            if index % 2 == 0 {
                NOT_FULL.wait_for(&mut items, |items| items.len() < 2);
                items.push(item);
                NOT_EMPTY.notify_one(&items);
            } else {
                NOT_EMPTY.wait_for(&mut items, |items| !items.is_empty());
                items.pop();
                sleep(SOON);
                NOT_FULL.notify_one(&items);
            }
        }
    });
}

fn condition_notified_late() {
    static READY: Lock<bool> = Lock::new(false);
    static CHANGED: Condition = Condition::new();
    let other = spawn(|| {
        sleep(LATE);
        let mut ready = READY.acquire();
        *ready = true;
        CHANGED.notify_all(&ready);
    });
    CHANGED.wait_for(&mut READY.acquire(), |ready| *ready);
    ended(other);
}

fn condition_over_a_nested_rlock() {
    static LOCK: RLock<()> = RLock::new(());
    static CHANGED: Condition = Condition::new();
    let other = spawn(|| {
        let _outer = LOCK.acquire();
        CHANGED.wait(&mut LOCK.acquire());
    });
    sleep(LATE);
    while CHANGED.waiting() == 0 {
        sleep(SOON);
    }
    CHANGED.notify_one(&LOCK.acquire());
    ended(other);
}

fn nested_rlock() {
    static LOCK: RawRLock = RawRLock::new();
    crew(3, |_| {
        (0..20).for_each(|_| LOCK.acquire());
        sleep(LATE / 2);
        (0..20).for_each(|_| LOCK.release().expect("it is held"));
    });
}

fn slow_owner() {
    static LOCK: Lock<()> = Lock::new(());
    crew(4, |_| {
        let _held = LOCK.acquire();
        sleep(LATE / 2);
    });
}

fn slow_owner_of_an_rlock() {
    static LOCK: RLock<()> = RLock::new(());
    crew(4, |_| {
        let _held = LOCK.acquire();
        sleep(LATE / 2);
    });
}

fn join_of_a_slow_thread() {
    static LOCK: RLock<()> = RLock::new(());
    let _held = LOCK.acquire();
    ended(spawn(|| sleep(LATE)));
}

fn event_set_late() {
    static EVENT: Event = Event::new();
    let other = spawn(|| {
        sleep(LATE);
        EVENT.set();
    });
    EVENT.wait();
    ended(other);
}

/// All threads that the library knows are asleep.
fn event_set_by_a_foreign_thread() {
    static EVENT: Event = Event::new();
    let other = std::thread::spawn(|| {
        sleep(LATE);
        EVENT.set();
    });
    crew(2, |_| EVENT.wait());
    other.join().expect("no panic");
}

fn barrier_rounds() {
    static MEETING: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(4));
    crew(4, |index| {
        for _ in 0..5 {
            sleep(SOON * u32::try_from(index).expect("few"));
            MEETING.wait().expect("nobody breaks it");
        }
    });
}

fn queue_filled_late() {
    let queue = Arc::new(Queue::new());
    let filled = Arc::clone(&queue);
    let other = spawn(move || {
        sleep(LATE);
        filled.put(1).expect("it is open");
    });
    queue.get().expect("it is open");
    ended(other);
}

fn full_queue_emptied_late() {
    let queue = Arc::new(Queue::bounded(1));
    queue.put(1).expect("it is open");
    let emptied = Arc::clone(&queue);
    let other = spawn(move || {
        sleep(LATE);
        emptied.get().expect("it is open");
    });
    queue.put(2).expect("it is open");
    ended(other);
}

fn queue_joined_late() {
    let queue = Arc::new(Queue::new());
    queue.put(1).expect("it is open");
    let worked = Arc::clone(&queue);
    let other = spawn(move || {
        worked.get().expect("it is open");
        sleep(LATE);
        worked.task_done().expect("it was put");
    });
    queue.join();
    ended(other);
}

fn idle_pool() {
    let pool = ThreadPoolExecutor::builder().workers(3).build();
    assert!(pool.submit(|| 1).expect("it is open").result().is_ok());
    sleep(LATE);
    assert!(pool.submit(|| 2).expect("it is open").result().is_ok());
}

fn slow_task() {
    let pool = ThreadPoolExecutor::builder().workers(1).build();
    assert!(pool.submit(|| sleep(LATE)).expect("it is open").result().is_ok());
}

/// Its worker waits for a task behind itself, until that one is cancelled.
fn pool_freed_by_cancel() {
    let pool = pool(1);
    let inner: Arc<OnceLock<Future<i32>>> = Arc::default();
    let outer = {
        let (inside, inner) = (Arc::clone(&pool), Arc::clone(&inner));
        pool.submit(move || {
            let pending = inside.submit(|| 8).expect("it is open");
            inner.get_or_init(|| pending).wait();
        })
    };
    let other = spawn(move || {
        sleep(LATE);
        assert!(inner.get().expect("it is there").cancel());
    });
    outer.expect("it is open").result().expect("no panic");
    ended(other);
}

fn pool_freed_by_cancelling_what_is_pending() {
    let pool = pool(1);
    let inside = Arc::clone(&pool);
    let outer = pool.submit(move || inside.submit(|| 8).map(|inner| inner.result().is_ok()));
    let other = {
        let pool = Arc::clone(&pool);
        spawn(move || {
            sleep(LATE);
            assert_eq!(pool.cancel_pending(), 1);
        })
    };
    outer.expect("it is open").result().expect("no panic").expect("it was open");
    ended(other);
}

fn future_with_a_timeout() {
    let pool = pool(1);
    let inside = Arc::clone(&pool);
    let outer = pool.submit(move || {
        let inner = inside.submit(|| 8).expect("it is open");
        assert!(inner.wait_timeout(FAR_TOO_LATE).is_err());
    });
    outer.expect("it is open").result().expect("no panic");
}

fn pool_that_can_still_start_workers() {
    let pool = pool(2);
    let inside = Arc::clone(&pool);
    let outer = pool.submit(move || inside.submit(|| sleep(FAR_TOO_LATE)).map(|inner| inner.result().is_ok()));
    assert!(outer.expect("it is open").result().expect("no panic").expect("it was open"));
}

/// Its second worker is there, but has not begun to take tasks.
fn pool_with_a_worker_that_starts() {
    static STARTED: Lock<bool> = Lock::new(false);
    let initializer = || {
        let is_second = std::mem::replace(&mut *STARTED.acquire(), true);
        if is_second {
            sleep(FAR_TOO_LATE);
        }
    };
    let pool = Arc::new(ThreadPoolExecutor::builder().workers(2).initializer(initializer).build());
    let inside = Arc::clone(&pool);
    let outer = pool.submit(move || inside.submit(|| 8).map(|inner| inner.result().is_ok()));
    assert!(outer.expect("it is open").result().expect("no panic").expect("it was open"));
}

/// One of the workers waits for a task that the other one will begin, which is busy with something else.
fn pool_with_a_busy_worker() {
    let pool = pool(2);
    let inside = Arc::clone(&pool);
    let (busy, is_busy) = (Arc::new(Event::new()), Arc::new(Event::new()));
    let begun = Arc::clone(&is_busy);
    let slow = pool.submit(move || {
        begun.set();
        busy.wait_timeout(FAR_TOO_LATE)
    });
    is_busy.wait();
    let outer = pool.submit(move || inside.submit(|| 8).map(|inner| inner.result().is_ok()));
    assert!(outer.expect("it is open").result().expect("no panic").expect("it was open"));
    assert!(slow.expect("it is open").result().expect("no panic").is_err());
}

/// All workers wait for what somebody else brings.
fn promise_kept_by_somebody_outside() {
    let pool = pool(2);
    let kept: Vec<_> = (0..2)
        .map(|_| {
            let (promise, future) = promise::<i32>();
            (promise, pool.submit(move || future.result()).expect("it is open"))
        })
        .collect();
    let other = std::thread::spawn(move || {
        sleep(LATE);
        for (promise, task) in kept {
            promise.finish(8).expect("nobody cancels it");
            assert!(task.result().expect("no panic").is_ok());
        }
    });
    other.join().expect("no panic");
}

/// Who has said that the work begins waits for who waits for the outcome, but another one brings that.
fn promise_begun_by_one_and_kept_by_another() {
    static STATE: RLock<()> = RLock::new(());
    let (promise, future) = promise::<i32>();
    let held = STATE.acquire();
    let (hand_over, handed_over) = std::sync::mpsc::channel();
    let beginner = spawn(move || {
        assert!(promise.begin());
        hand_over.send(promise).expect("it is received");
        drop(STATE.acquire());
    });
    let keeper = spawn(move || {
        let promise = handed_over.recv().expect("it is sent");
        sleep(LATE);
        promise.finish(8).expect("nobody cancels it");
    });
    assert_eq!(future.result().expect("it is kept"), 8);
    drop(held);
    ended(beginner);
    ended(keeper);
}

fn scope_with_a_slow_task() {
    let pool = pool(2);
    pool.scope(|scope| {
        let outer =
            scope.submit(|| pool.scope(|inner| inner.submit(|| sleep(FAR_TOO_LATE)).map(drop).expect("it is open")));
        drop(outer.expect("it is open"));
    });
}
