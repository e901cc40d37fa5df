//! Locks: one thread, and several that add to one number.

use std::hint::black_box;
use std::sync::Mutex;
use std::thread;

use raddle::sync::Lock;

use crate::measure::{Bench, Contender};

pub(crate) fn rows(bench: &mut Bench) {
    bench.row("lock, one thread", 1_000_000, &lock(1, 1_000_000));
    for threads in [2, 4, 8] {
        bench.row(&format!("lock, {threads} threads"), 400_000, &lock(threads, 400_000 / threads));
    }
}

fn lock(threads: usize, each: usize) -> Vec<Contender<'static>> {
    vec![
        ("raddle", Box::new(move || run(threads, each, Lock::new(0), |lock| *lock.acquire() += 1, Lock::into_inner))),
        (
            "std",
            Box::new(move || {
                run(threads, each, Mutex::new(0), |lock| *lock.lock().unwrap() += 1, |lock| lock.into_inner().unwrap());
            }),
        ),
        (
            "parking_lot",
            Box::new(move || {
                let lock = parking_lot::Mutex::new(0);
                run(threads, each, lock, |lock| *lock.lock() += 1, parking_lot::Mutex::into_inner);
            }),
        ),
    ]
}

fn run<L: Sync>(threads: usize, each: usize, lock: L, add: impl Fn(&L) + Sync, total: impl Fn(L) -> usize) {
    let lock = black_box(lock);
    if threads == 1 {
        (0..each).for_each(|_| add(&lock));
    } else {
        thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(|| (0..each).for_each(|_| add(&lock))))));
    }
    assert_eq!(total(lock), threads * each);
}
