//! A pool of three threads does five jobs, and more: results, errors, cancelling, and results as they come.

#![allow(clippy::print_stdout, reason = "an example shows something")]

use std::sync::Arc;

use raddle::futures::{Future, FutureError, ReturnWhen, ThreadPoolExecutor, as_completed, wait};
use raddle::sync::{Barrier, Event};

fn main() {
    let pool = ThreadPoolExecutor::builder().workers(3).name_prefix("worker").build();

    // Three are at work at a time: each waits for two others.
    let together = Arc::new(Barrier::new(3));
    let squares: Vec<Future<u32>> = (1..=6)
        .map(|number| {
            let together = Arc::clone(&together);
            let job = move || {
                together.wait().expect("nobody breaks it");
                number * number
            };
            pool.submit(job).expect("the pool is open")
        })
        .collect();
    let squares: Vec<u32> = squares.into_iter().map(|square| square.result().expect("it does not panic")).collect();
    println!("{squares:?} by {} workers", pool.workers());

    // What fails, fails alone.
    let divisors = [4_u32, 0, 5].map(|divisor| {
        pool.submit(move || 20_u32.checked_div(divisor).ok_or("nobody divides by zero")).expect("the pool is open")
    });
    for quotient in divisors {
        match quotient.result().expect("it does not panic") {
            Ok(number) => println!("20 divided is {number}"),
            Err(reason) => println!("no result: {reason}"),
        }
    }

    // What nobody has begun can be cancelled.
    let go = Arc::new(Event::new());
    let busy: Vec<_> = (0..3)
        .map(|_| {
            let go = Arc::clone(&go);
            pool.submit(move || go.wait()).expect("the pool is open")
        })
        .collect();
    let unwanted = pool.submit(|| "never").expect("the pool is open");
    println!("cancelled: {}", unwanted.cancel());
    go.set();
    let waited = wait(busy, ReturnWhen::AllCompleted);
    println!("{} are done, {} are not", waited.done.len(), waited.pending.len());
    println!("its result: {}", unwanted.result().expect_err("it was cancelled"));

    // Results as they come, and in the order of the items.
    let cubes = (1..=4_u32).map(|number| pool.submit(move || number.pow(3)).expect("the pool is open"));
    let sum: u32 = as_completed(cubes).map(|cube| cube.result().expect("it does not panic")).sum();
    println!("the cubes of 1 to 4 add up to {sum}");
    let words = pool.map(["threads", "of", "a", "loom"], |word: &str| word.to_uppercase());
    let words: Result<Vec<_>, FutureError> = words.collect();
    println!("{}", words.expect("it does not panic").join(" "));

    // The pool is dropped here, and waits for what is left.
    pool.submit(|| println!("the last job")).expect("the pool is open");
}
