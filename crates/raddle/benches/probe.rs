//! What a pair of acquire and release costs: `make bench-probe` runs it with the feature `probe` on and off.

#![allow(clippy::print_stdout, reason = "a benchmark says what it measured")]

use std::hint::black_box;
use std::time::Instant;

use raddle::sync::{RawLock, RawRLock};

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
