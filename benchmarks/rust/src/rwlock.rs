//! Reader-writer locks: threads that read, and write every so many times.

use std::hint::black_box;
use std::{sync, thread};

use raddle::sync::RwLock;

use crate::measure::{Bench, Contender};

pub(crate) fn rows(bench: &mut Bench) {
    bench.row("rwlock, one thread reads", 1_000_000, &rwlock(1, 1_000_000, usize::MAX));
    bench.row("rwlock, 4 threads read", 400_000, &rwlock(4, 100_000, usize::MAX));
    bench.row("rwlock, 1 of 100 writes", 400_000, &rwlock(4, 100_000, 100));
    bench.row("rwlock, 1 of 4 writes", 40_000, &rwlock(4, 10_000, 4));
}

fn rwlock(threads: usize, each: usize, every: usize) -> Vec<Contender<'static>> {
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
