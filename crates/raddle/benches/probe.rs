//! What a pair of acquire and release costs, and of put and get, and a task: `make bench-probe` runs it with the feature `probe` on and off.

#![allow(clippy::print_stdout, reason = "a benchmark says what it measured")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use raddle::futures::ThreadPoolExecutor;
use raddle::park::{Deadline, Thread};
use raddle::queue::Queue;
use raddle::sync::{RawLock, RawRLock};

const SHORT: Duration = Duration::from_micros(100);

const BATCHES: u32 = 500;
const PAIRS: u32 = 20_000;

fn main() {
    let (lock, rlock, outer) = (RawLock::new(), RawRLock::new(), RawLock::new());
    let (lock, rlock, outer) = black_box((&lock, &rlock, &outer));
    let pair = || {
        lock.acquire();
        assert!(lock.release().is_some());
    };
    println!("feature `probe` {}", if cfg!(feature = "probe") { "on" } else { "off" });
    println!("  RawLock                  {:6.2} ns", fastest(pair));
    println!(
        "  RawRLock                 {:6.2} ns",
        fastest(|| {
            rlock.acquire();
            assert!(rlock.release().is_some());
        })
    );
    outer.acquire();
    println!("  RawLock, another is held {:6.2} ns", fastest(pair));
    assert!(outer.release().is_some());
    let lock = RawLock::new();
    lock.acquire();
    assert!(lock.acquire_with(Deadline::after(SHORT), &mut Thread).is_err());
    assert!(lock.release().is_some());
    println!(
        "  RawLock, once contended  {:6.2} ns",
        fastest(|| {
            lock.acquire();
            assert!(lock.release().is_some());
        })
    );
    println!("  RawLock, made, dropped   {:6.2} ns", fastest(|| drop(black_box(RawLock::new()))));
    let (queue, awaited) = (Queue::new(), Queue::new());
    assert!(awaited.get_timeout(SHORT).is_err());
    for (name, queue) in [("Queue, put and get     ", &queue), ("Queue, once awaited    ", &awaited)] {
        println!(
            "  {name}  {:6.2} ns",
            fastest(|| {
                assert!(queue.put(1).is_ok());
                assert_eq!(queue.get(), Ok(1));
            })
        );
    }
    println!("  Queue, made, dropped     {:6.2} ns", fastest(|| drop(black_box(Queue::<u64>::new()))));
    let pool = ThreadPoolExecutor::builder().workers(1).build();
    let mut best = f64::INFINITY;
    for _ in 0..BATCHES / 10 {
        let begin = Instant::now();
        let futures: Vec<_> = (0..PAIRS).map(|number| pool.submit(move || number).expect("it is open")).collect();
        let sum: u64 = futures.into_iter().map(|future| u64::from(future.result().expect("it is done"))).sum();
        assert_eq!(sum, u64::from(PAIRS) * u64::from(PAIRS - 1) / 2);
        best = best.min(begin.elapsed().as_secs_f64() * 1e9 / f64::from(PAIRS));
    }
    println!("  pool, a task of {PAIRS}   {best:6.2} ns");
}

/// The time of one call in the fastest batch: what else the machine does only adds to it.
fn fastest(mut pair: impl FnMut()) -> f64 {
    let mut fastest = f64::INFINITY;
    for _ in 0..BATCHES {
        let begin = Instant::now();
        for _ in 0..PAIRS {
            pair();
        }
        fastest = fastest.min(begin.elapsed().as_secs_f64() * 1e9 / f64::from(PAIRS));
    }
    fastest
}
