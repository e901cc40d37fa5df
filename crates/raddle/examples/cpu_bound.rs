//! Work for the processors alone: here threads run in parallel, and the pool is as much faster as there are processors to spare.

#![allow(clippy::print_stdout, reason = "an example shows something")]

use std::time::Instant;

use raddle::futures::ThreadPoolExecutor;

const LIMIT: u32 = 100_000;
const PARTS: u32 = 32;

fn main() {
    let one_thread = timed("one thread", || primes_between(0, LIMIT));
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    // More workers than processors only take turns.
    let pool = ThreadPoolExecutor::builder().workers(processors).build();
    // Many small parts, for they are not equally hard: who is done early takes another one.
    let pooled = timed("a pool", || {
        let part = LIMIT / PARTS;
        let counts = pool.map(0..PARTS, move |number| primes_between(number * part, (number + 1) * part));
        counts.map(|count| count.expect("it does not panic")).sum()
    });
    println!("the same result: {}", one_thread == pooled);
}

fn primes_between(from: u32, to: u32) -> usize {
    (from.max(2)..to).filter(|number| (2..=number.isqrt()).all(|factor| *number % factor != 0)).count()
}

fn timed(what: &str, count: impl FnOnce() -> usize) -> usize {
    let begin = Instant::now();
    let primes = count();
    println!("{what}: {primes} primes below {LIMIT} in {:?}", begin.elapsed());
    primes
}
