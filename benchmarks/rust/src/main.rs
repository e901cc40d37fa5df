//! raddle beside std, parking_lot, crossbeam-channel and rayon: `make bench-rust`.
//!
//! The contenders of a row take turns within each round; what is shown is the median over the rounds of the ratio to raddle within a round, so that what
//! else the machine does touches all alike. More than 1: raddle is faster. Each job checks its result.

use std::hint::black_box;
use std::sync::{self, Condvar, Mutex, mpsc};
use std::thread;
use std::time::Instant;

use raddle::futures::{Future, ThreadPoolExecutor};
use raddle::queue::Queue;
use raddle::sync::{Lock, RwLock};

const ROUNDS: usize = 15;

type Contender<'a> = (&'static str, Box<dyn Fn() + 'a>);

fn main() {
    println!(
        "{} rounds, {} processors; more than 1: raddle is faster",
        ROUNDS,
        thread::available_parallelism().unwrap()
    );
    row("lock, one thread", 1_000_000, &lock(1, 1_000_000));
    row("lock, 4 threads", 400_000, &lock(4, 100_000));
    row("rwlock, one thread reads", 1_000_000, &rwlock(1, 1_000_000, usize::MAX));
    row("rwlock, 4 threads read", 400_000, &rwlock(4, 100_000, usize::MAX));
    row("rwlock, 1 of 100 writes", 400_000, &rwlock(4, 100_000, 100));
    row("rwlock, 1 of 4 writes", 40_000, &rwlock(4, 10_000, 4));
    for (name, capacity) in [("1", 1), ("64", 64), ("1024", 1024), ("unbounded", 0)] {
        for threads in [1, 4] {
            let items = if capacity == 1 { 20_000 } else { 200_000 };
            row(&format!("queue {name}, {threads} to {threads}"), items, &queue(capacity, threads, items));
        }
    }
    let (ours, theirs) = (
        ThreadPoolExecutor::builder().workers(2).build(),
        rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap(),
    );
    row("pool, one task at a time", 5_000, &round_trip(&ours, &theirs));
    row("pool, 20,000 tasks", 20_000, &batch(&ours, &theirs));
    row("threads, start and join", 500, &threads());
}

/// Runs the contenders, raddle first, in turns, and prints how the others compare.
fn row(name: &str, operations: usize, contenders: &[Contender<'_>]) {
    let mut times = vec![Vec::new(); contenders.len()];
    for _ in 0..ROUNDS {
        for ((_, run), times) in contenders.iter().zip(&mut times) {
            let begin = Instant::now();
            run();
            times.push(begin.elapsed().as_secs_f64());
        }
    }
    let own = median(times[0].clone()) * 1e9 / operations as f64;
    print!("{name:26} {own:9.1} ns");
    for ((other, _), other_times) in contenders.iter().zip(&times).skip(1) {
        let ratios = other_times.iter().zip(&times[0]).map(|(other, own)| other / own).collect();
        print!("   {other} {:.2}", median(ratios));
    }
    println!();
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn lock(threads: usize, each: usize) -> Vec<Contender<'static>> {
    fn run<L: Sync>(threads: usize, each: usize, lock: L, add: impl Fn(&L) + Sync, total: impl Fn(L) -> usize) {
        let lock = black_box(lock);
        if threads == 1 {
            (0..each).for_each(|_| add(&lock));
        } else {
            thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(|| (0..each).for_each(|_| add(&lock))))));
        }
        assert_eq!(total(lock), threads * each);
    }
    vec![
        ("raddle", Box::new(move || run(threads, each, Lock::new(0), |lock| *lock.acquire() += 1, Lock::into_inner))),
        (
            "std",
            Box::new(move || {
                run(threads, each, Mutex::new(0), |lock| *lock.lock().unwrap() += 1, |lock| lock.into_inner().unwrap())
            }),
        ),
        (
            "parking_lot",
            Box::new(move || {
                run(
                    threads,
                    each,
                    parking_lot::Mutex::new(0),
                    |lock| *lock.lock() += 1,
                    parking_lot::Mutex::into_inner,
                );
            }),
        ),
    ]
}

/// Each of the threads reads, and writes every so many times.
fn rwlock(threads: usize, each: usize, every: usize) -> Vec<Contender<'static>> {
    fn run<L: Sync>(
        (threads, each, every): (usize, usize, usize),
        lock: L,
        read: impl Fn(&L) -> usize + Sync,
        add: impl Fn(&L) + Sync,
    ) {
        let lock = black_box(lock);
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    for turn in 1..=each {
                        if turn % every == 0 {
                            add(&lock);
                        } else {
                            black_box(read(&lock));
                        }
                    }
                });
            }
        });
        assert_eq!(read(&lock), threads * (each / every));
    }
    let shape = (threads, each, every);
    vec![
        ("raddle", Box::new(move || run(shape, RwLock::new(0), |lock| *lock.read(), |lock| *lock.write() += 1))),
        (
            "std",
            Box::new(move || {
                run(shape, sync::RwLock::new(0), |lock| *lock.read().unwrap(), |lock| *lock.write().unwrap() += 1);
            }),
        ),
        (
            "parking_lot",
            Box::new(move || run(shape, parking_lot::RwLock::new(0), |lock| *lock.read(), |lock| *lock.write() += 1)),
        ),
    ]
}

/// `threads` put what as many others get. A capacity of 0 is none.
fn queue(capacity: usize, threads: usize, items: usize) -> Vec<Contender<'static>> {
    let each = items / threads;
    let sum = threads * (each * (each - 1) / 2);
    let mut contenders: Vec<Contender<'static>> = vec![
        (
            "raddle",
            Box::new(move || {
                let queue = Queue::bounded(capacity);
                let got = thread::scope(|scope| {
                    for _ in 0..threads {
                        scope.spawn(|| (0..each).for_each(|item| queue.put(item).unwrap()));
                    }
                    let getters: Vec<_> = (0..threads)
                        .map(|_| scope.spawn(|| (0..each).map(|_| queue.get().unwrap()).sum::<usize>()))
                        .collect();
                    getters.into_iter().map(|getter| getter.join().unwrap()).sum::<usize>()
                });
                assert_eq!(got, sum);
            }),
        ),
        (
            "crossbeam-channel",
            Box::new(move || {
                let (sender, receiver) =
                    if capacity == 0 { crossbeam_channel::unbounded() } else { crossbeam_channel::bounded(capacity) };
                let got = thread::scope(|scope| {
                    for _ in 0..threads {
                        scope.spawn(|| (0..each).for_each(|item| sender.send(item).unwrap()));
                    }
                    let getters: Vec<_> = (0..threads)
                        .map(|_| scope.spawn(|| (0..each).map(|_| receiver.recv().unwrap()).sum::<usize>()))
                        .collect();
                    getters.into_iter().map(|getter| getter.join().unwrap()).sum::<usize>()
                });
                assert_eq!(got, sum);
            }),
        ),
        (
            "Mutex and Condvars",
            Box::new(move || {
                let shared = (Mutex::new(std::collections::VecDeque::new()), Condvar::new(), Condvar::new());
                let (lock, filled, freed) = &shared;
                let got = thread::scope(|scope| {
                    for _ in 0..threads {
                        scope.spawn(move || {
                            for item in 0..each {
                                let mut items = lock.lock().unwrap();
                                while capacity > 0 && items.len() >= capacity {
                                    items = freed.wait(items).unwrap();
                                }
                                items.push_back(item);
                                filled.notify_one();
                            }
                        });
                    }
                    let get = move || {
                        let mut items = lock.lock().unwrap();
                        while items.is_empty() {
                            items = filled.wait(items).unwrap();
                        }
                        freed.notify_one();
                        items.pop_front().unwrap()
                    };
                    let getters: Vec<_> =
                        (0..threads).map(|_| scope.spawn(move || (0..each).map(|_| get()).sum::<usize>())).collect();
                    getters.into_iter().map(|getter| getter.join().unwrap()).sum::<usize>()
                });
                assert_eq!(got, sum);
            }),
        ),
    ];
    if threads == 1 {
        contenders.push((
            "std::mpsc",
            Box::new(move || {
                let got: usize = if capacity == 0 {
                    let (sender, receiver) = mpsc::channel();
                    thread::spawn(move || (0..each).for_each(|item| sender.send(item).unwrap()));
                    receiver.iter().sum()
                } else {
                    let (sender, receiver) = mpsc::sync_channel(capacity);
                    thread::spawn(move || (0..each).for_each(|item| sender.send(item).unwrap()));
                    receiver.iter().sum()
                };
                assert_eq!(got, sum);
            }),
        ));
    }
    contenders
}

fn round_trip<'a>(ours: &'a ThreadPoolExecutor, theirs: &'a rayon::ThreadPool) -> Vec<Contender<'a>> {
    vec![
        (
            "raddle",
            Box::new(|| {
                (0..5_000).for_each(|task| assert_eq!(ours.submit(move || task).unwrap().result().unwrap(), task))
            }),
        ),
        (
            "rayon and a channel",
            Box::new(|| {
                for task in 0..5_000 {
                    let (sender, receiver) = mpsc::sync_channel(1);
                    theirs.spawn(move || sender.send(task).unwrap());
                    assert_eq!(receiver.recv().unwrap(), task);
                }
            }),
        ),
    ]
}

fn batch<'a>(ours: &'a ThreadPoolExecutor, theirs: &'a rayon::ThreadPool) -> Vec<Contender<'a>> {
    const SUM: usize = 20_000 * 19_999 / 2;
    vec![
        (
            "raddle",
            Box::new(|| {
                let futures: Vec<Future<usize>> = (0..20_000).map(|task| ours.submit(move || task).unwrap()).collect();
                assert_eq!(futures.into_iter().map(|future| future.result().unwrap()).sum::<usize>(), SUM);
            }),
        ),
        (
            "rayon and channels",
            Box::new(|| {
                let receivers: Vec<_> = (0..20_000)
                    .map(|task| {
                        let (sender, receiver) = mpsc::sync_channel(1);
                        theirs.spawn(move || sender.send(task).unwrap());
                        receiver
                    })
                    .collect();
                assert_eq!(receivers.into_iter().map(|receiver| receiver.recv().unwrap()).sum::<usize>(), SUM);
            }),
        ),
    ]
}

fn threads() -> Vec<Contender<'static>> {
    vec![
        (
            "raddle",
            Box::new(|| {
                (0..500).for_each(|task| assert_eq!(raddle::thread::spawn(move || task).unwrap().join().unwrap(), task))
            }),
        ),
        ("std", Box::new(|| (0..500).for_each(|task| assert_eq!(thread::spawn(move || task).join().unwrap(), task)))),
    ]
}
