//! The pool of threads.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use raddle::futures::{Ending, Future, FutureError, ReturnWhen, SubmitError, ThreadPoolExecutor, wait};
use raddle::park::{self, Deadline, Failed};
use raddle::sync::{Barrier, Event, TimedOut};
use raddle::thread::{Thread, ThreadId, WaitKind, current, enumerate, snapshot};

use crate::support::{SHORT, assert_send, assert_sync, is_blocked, until};

fn pool(workers: usize) -> ThreadPoolExecutor {
    ThreadPoolExecutor::builder().workers(workers).build()
}

/// Tasks that hold all workers of a pool until they are told to go.
struct Held {
    go: Arc<Event>,
    futures: Vec<Future<()>>,
}

impl Held {
    fn all_of(pool: &ThreadPoolExecutor) -> Self {
        let go = Arc::new(Event::new());
        let futures: Vec<_> = (0..pool.max_workers())
            .map(|_| {
                let go = Arc::clone(&go);
                pool.submit(move || go.wait()).unwrap()
            })
            .collect();
        until("all are held", || futures.iter().all(Future::is_running));
        Self { go, futures }
    }

    fn let_go(mut self) {
        self.go.set();
        self.futures.drain(..).for_each(|future| future.result().unwrap());
    }
}

/// A test that fails does not hang.
impl Drop for Held {
    fn drop(&mut self) {
        self.go.set();
    }
}

#[test]
fn tasks_are_done() {
    let pool = pool(3);
    let futures: Vec<_> = (0..100).map(|number| pool.submit(move || number * 2).unwrap()).collect();
    for (number, future) in futures.into_iter().enumerate() {
        assert_eq!(future.result().unwrap(), number * 2);
    }
}

#[test]
fn tasks_are_begun_in_their_order() {
    let pool = pool(1);
    let order = Arc::new(Mutex::new(Vec::new()));
    let held = Held::all_of(&pool);
    for number in 0..10 {
        let order = Arc::clone(&order);
        pool.submit(move || order.lock().unwrap().push(number)).unwrap();
    }
    assert_eq!(pool.pending(), 10);
    held.let_go();
    pool.shutdown();
    assert_eq!(*order.lock().unwrap(), (0..10).collect::<Vec<_>>());
}

#[test]
fn as_many_tasks_at_a_time_as_there_are_workers() {
    let pool = pool(4);
    // None of them gets through alone.
    let barrier = Arc::new(Barrier::new(4));
    let futures: Vec<_> = (0..4)
        .map(|_| {
            let barrier = Arc::clone(&barrier);
            pool.submit(move || barrier.wait().is_ok()).unwrap()
        })
        .collect();
    assert!(futures.into_iter().all(|future| future.result().unwrap()));
}

#[test]
fn all_sleeping_workers_are_woken_for_as_many_tasks() {
    let pool = pool(4);
    for _ in 0..20 {
        Held::all_of(&pool).let_go();
        until("all are idle", || pool.idle() == 4);
        assert_eq!(pool.workers(), 4);
    }
}

#[test]
fn an_idle_worker_is_used_before_another_is_started() {
    let pool = pool(4);
    assert_eq!(pool.workers(), 0, "none before there are tasks");
    for number in 0..5 {
        assert_eq!(pool.submit(move || number).unwrap().result().unwrap(), number);
        until("it is idle", || pool.idle() == 1);
        assert_eq!(pool.workers(), 1);
    }
}

#[test]
fn workers_have_names_and_are_in_the_registry() {
    let pool = ThreadPoolExecutor::builder().workers(2).name_prefix("named").build();
    Held::all_of(&pool).let_go();
    let names: HashSet<_> = enumerate().iter().map(Thread::name).filter(|name| name.starts_with("named")).collect();
    assert_eq!(names, HashSet::from(["named_0".to_owned(), "named_1".to_owned()]));
    assert!(!pool.submit(|| current().is_daemon()).unwrap().result().unwrap());
    pool.shutdown();
    assert!(!enumerate().iter().any(|thread| thread.name().starts_with("named")), "they have ended");
    let unnamed = self::pool(1);
    let name = unnamed.submit(|| current().name()).unwrap().result().unwrap();
    assert!(name.starts_with("ThreadPoolExecutor-") && name.ends_with("_0"), "{name}");
}

#[test]
fn an_idle_worker_is_blocked_in_the_registry() {
    let pool = pool(1);
    let id = pool.submit(ThreadId::current).unwrap().result().unwrap();
    until("it is idle", || pool.idle() == 1);
    until("it is blocked", || snapshot().iter().any(|thread| thread.id == id && is_blocked(thread, WaitKind::Task)));
}

#[test]
fn the_number_of_workers() {
    assert_eq!(pool(7).max_workers(), 7);
    assert!((5..=32).contains(&ThreadPoolExecutor::default().max_workers()));
    assert_eq!(pool(0).max_workers(), ThreadPoolExecutor::new().max_workers());
}

#[test]
fn a_panic_is_the_tasks_own() {
    let pool = pool(1);
    let id = pool.submit(ThreadId::current).unwrap().result().unwrap();
    let future = pool.submit(|| -> () { panic!("in a task") }).unwrap();
    assert!(matches!(future.result(), Err(FutureError::Panicked(panic)) if panic.message() == Some("in a task")));
    assert_eq!(pool.submit(ThreadId::current).unwrap().result().unwrap(), id, "the same worker goes on");
}

#[test]
fn what_panics_when_it_is_dropped_kills_no_worker() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(std::thread::panicking(), "dropped");
        }
    }
    let pool = pool(1);
    let held = Held::all_of(&pool);
    // The result that nobody wants, what a panic has thrown, and the task that is cancelled.
    drop(pool.submit(|| Bomb).unwrap());
    drop(pool.submit(|| std::panic::panic_any(Bomb)).unwrap());
    let bomb = Bomb;
    let cancelled = pool.submit(move || drop(bomb)).unwrap();
    assert!(cancelled.cancel());
    held.let_go();
    assert_eq!(pool.submit(|| 1).unwrap().result().unwrap(), 1);
    assert_eq!(pool.workers(), 1);
}

#[test]
fn a_cancelled_task_is_dropped_at_once_and_never_done() {
    let pool = pool(1);
    let held = Held::all_of(&pool);
    let witness = Arc::new(());
    let inside = Arc::clone(&witness);
    let future = pool.submit(move || drop(inside)).unwrap();
    assert!(future.cancel());
    assert_eq!(Arc::strong_count(&witness), 1);
    assert!(future.cancel());
    held.let_go();
    assert!(matches!(future.result(), Err(FutureError::Cancelled)));
}

#[test]
fn a_task_that_runs_is_not_cancelled() {
    let pool = pool(1);
    let held = Held::all_of(&pool);
    assert!(!held.futures[0].cancel());
    held.let_go();
}

#[test]
fn what_a_task_holds_is_gone_when_it_is_done() {
    let pool = pool(1);
    let witness = Arc::new(());
    let inside = Arc::clone(&witness);
    let future = pool.submit(move || Arc::strong_count(&inside)).unwrap();
    assert_eq!(future.result().unwrap(), 2);
    until("it is gone", || Arc::strong_count(&witness) == 1);
}

#[test]
fn shutting_down_waits_for_all_tasks() {
    let pool = pool(2);
    let done = Arc::new(AtomicUsize::new(0));
    for _ in 0..50 {
        let done = Arc::clone(&done);
        pool.submit(move || done.fetch_add(1, Ordering::SeqCst)).unwrap();
    }
    pool.shutdown();
    assert_eq!(done.load(Ordering::SeqCst), 50);
    assert!(pool.is_shut_down() && !pool.is_broken());
    assert_eq!((pool.workers(), pool.pending()), (0, 0));
    pool.shutdown();
    let Err(SubmitError::ShutDown(task)) = pool.submit(|| "back") else { panic!("it is shut down") };
    assert_eq!(task(), "back");
}

#[test]
fn dropping_a_pool_waits_for_all_tasks() {
    let done = Arc::new(AtomicUsize::new(0));
    {
        let pool = pool(2);
        for _ in 0..50 {
            let done = Arc::clone(&done);
            pool.submit(move || done.fetch_add(1, Ordering::SeqCst)).unwrap();
        }
    }
    assert_eq!(done.load(Ordering::SeqCst), 50);
}

#[test]
fn shutting_down_gives_up_in_time() {
    let pool = pool(1);
    let held = Held::all_of(&pool);
    assert_eq!(pool.shutdown_timeout(SHORT), Err(TimedOut));
    assert_eq!(pool.shutdown_until(Instant::now()), Err(TimedOut));
    assert_eq!(pool.shutdown_with(Deadline::PASSED, &mut park::Thread), Err(Failed::TimedOut));
    assert!(pool.submit(|| ()).is_err());
    held.let_go();
    pool.shutdown();
}

#[test]
fn several_shut_it_down() {
    let pool = pool(2);
    let held = Held::all_of(&pool);
    std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..3).map(|_| scope.spawn(|| pool.shutdown())).collect();
        until("they wait", || {
            snapshot()
                .iter()
                .filter(|thread| thread.waits_for.as_ref().is_some_and(|wait| wait.kind == WaitKind::TasksDone))
                .count()
                >= 3
                || !cfg!(feature = "probe")
        });
        held.let_go();
        for thread in waiting {
            thread.join().unwrap();
        }
    });
    assert_eq!(pool.workers(), 0);
}

#[test]
fn closing_does_not_wait() {
    let pool = pool(1);
    let held = Held::all_of(&pool);
    let last = pool.submit(|| "last").unwrap();
    pool.close();
    assert!(pool.submit(|| ()).is_err());
    held.let_go();
    assert_eq!(last.result().unwrap(), "last");
}

#[test]
fn what_is_pending_is_cancelled() {
    let pool = pool(1);
    let held = Held::all_of(&pool);
    let futures: Vec<_> = (0..5).map(|number| pool.submit(move || number).unwrap()).collect();
    futures[2].cancel();
    pool.close();
    assert_eq!(pool.cancel_pending(), 4);
    assert!(futures.iter().all(Future::is_cancelled));
    assert!(held.futures.iter().all(Future::is_running));
    held.let_go();
    pool.shutdown();
}

#[test]
fn a_pool_that_never_worked() {
    pool(1).shutdown();
    drop(pool(1));
    assert_eq!(pool(1).cancel_pending(), 0);
}

#[test]
fn a_worker_that_shuts_its_pool_down_does_not_wait_for_itself() {
    let pool = Arc::new(pool(2));
    let inside = Arc::clone(&pool);
    pool.submit(move || inside.shutdown()).unwrap().result().unwrap();
    assert!(pool.is_shut_down());
    pool.shutdown();
}

#[test]
fn a_worker_may_be_the_last_to_have_the_pool() {
    let pool = Arc::new(pool(2));
    let (go, last) = (Arc::new(Event::new()), Arc::downgrade(&pool));
    let (inside, told) = (Arc::clone(&pool), Arc::clone(&go));
    let future = pool
        .submit(move || {
            told.wait();
            drop(inside);
        })
        .unwrap();
    let later = pool.submit(|| "later").unwrap();
    drop(pool);
    go.set();
    future.result().unwrap();
    assert_eq!(later.result().unwrap(), "later");
    assert!(last.upgrade().is_none());
}

#[test]
fn tasks_submit_tasks() {
    let pool = Arc::new(pool(2));
    let inside = Arc::clone(&pool);
    let inner = pool.submit(move || inside.submit(|| 42).unwrap()).unwrap().result().unwrap();
    assert_eq!(inner.result().unwrap(), 42);
}

#[test]
fn callbacks_run_in_the_worker() {
    let pool = pool(1);
    let held = Held::all_of(&pool);
    let future = pool.submit(|| ()).unwrap();
    let caller = Arc::new(Mutex::new(None));
    let seen = Arc::clone(&caller);
    future.add_done_callback(move |ending| *seen.lock().unwrap() = Some((ending, current().name())));
    held.let_go();
    pool.shutdown();
    let (ending, name) = caller.lock().unwrap().take().unwrap();
    assert_eq!(ending, Ending::Finished);
    assert!(name.ends_with("_0"), "{name}");
}

#[test]
fn the_initializer_runs_first_in_each_worker() {
    let initialized = Arc::new(Mutex::new(HashSet::new()));
    let seen = Arc::clone(&initialized);
    let pool = ThreadPoolExecutor::builder()
        .workers(3)
        .initializer(move || assert!(seen.lock().unwrap().insert(ThreadId::current())))
        .build();
    let barrier = Arc::new(Barrier::new(3));
    let futures: Vec<_> = (0..3)
        .map(|_| {
            let (barrier, initialized) = (Arc::clone(&barrier), Arc::clone(&initialized));
            pool.submit(move || {
                barrier.wait().unwrap();
                initialized.lock().unwrap().contains(&ThreadId::current())
            })
            .unwrap()
        })
        .collect();
    assert!(futures.into_iter().all(|future| future.result().unwrap()));
    assert_eq!(initialized.lock().unwrap().len(), 3);
}

#[test]
fn an_initializer_that_fails_breaks_the_pool() {
    let (go, inside) = (Arc::new(Event::new()), Arc::new(Event::new()));
    let (told, tells) = (Arc::clone(&go), Arc::clone(&inside));
    let pool = ThreadPoolExecutor::builder()
        .workers(1)
        .initializer(move || {
            tells.set();
            told.wait();
            panic!("no connection");
        })
        .build();
    let futures: Vec<_> = (0..5).map(|number| pool.submit(move || number).unwrap()).collect();
    inside.wait();
    futures[4].cancel();
    go.set();
    let waited = wait(futures, ReturnWhen::AllCompleted);
    let endings: Vec<_> = waited.done.iter().map(|future| future.ending().unwrap()).collect();
    let broken = Ending::Broken;
    assert_eq!(endings, [broken, broken, broken, broken, Ending::Cancelled]);
    assert!(pool.is_broken() && pool.is_shut_down());
    assert!(matches!(pool.submit(|| ()), Err(SubmitError::Broken(_))));
    pool.shutdown();
    assert!(pool.is_broken());
    assert_eq!(pool.workers(), 0);
}

#[test]
fn a_worker_that_works_goes_on_when_the_pool_breaks() {
    let starts = AtomicUsize::new(0);
    let pool = ThreadPoolExecutor::builder()
        .workers(2)
        .initializer(move || assert_eq!(starts.fetch_add(1, Ordering::SeqCst), 0, "the second fails"))
        .build();
    let go = Arc::new(Event::new());
    let told = Arc::clone(&go);
    let first = pool.submit(move || told.wait()).unwrap();
    until("it runs", || first.is_running());
    let second = pool.submit(|| ()).unwrap();
    second.wait();
    assert_eq!(second.ending(), Some(Ending::Broken));
    go.set();
    first.result().unwrap();
    pool.shutdown();
}

#[test]
fn a_pool_is_shut_down_when_its_owner_panics() {
    let done = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&done);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let pool = pool(1);
        pool.submit(move || counts.fetch_add(1, Ordering::SeqCst)).unwrap();
        panic!("the owner");
    }));
    assert!(panicked.is_err());
    assert_eq!(done.load(Ordering::SeqCst), 1);
}

#[test]
fn several_submit_at_a_time() {
    let pool = pool(3);
    let done = Arc::new(AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..1000 {
                    let done = Arc::clone(&done);
                    pool.submit(move || done.fetch_add(1, Ordering::Relaxed)).unwrap();
                }
            });
        }
    });
    pool.shutdown();
    assert_eq!(done.load(Ordering::SeqCst), 3000);
}

#[test]
fn shows_itself_and_is_shared() {
    let pool = ThreadPoolExecutor::builder().name_prefix("shown").build();
    assert_eq!(format!("{pool:?}"), "ThreadPoolExecutor { name_prefix: \"shown\", workers: 0, pending: 0, .. }");
    pool.shutdown();
    let refused = pool.submit(|| ()).unwrap_err();
    assert_eq!((format!("{refused:?}"), refused.to_string()), ("ShutDown(..)".into(), "the pool is shut down".into()));
    refused.into_inner()();
    assert_send::<ThreadPoolExecutor>();
    assert_sync::<ThreadPoolExecutor>();
}
