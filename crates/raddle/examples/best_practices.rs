//! Little is shared, a pool has the threads, each wait has a limit, and every thread is told to end.

#![allow(clippy::print_stdout, reason = "an example shows something")]

use std::collections::BTreeMap;
use std::time::Duration;

use raddle::futures::{ResultError, ThreadPoolExecutor};
use raddle::sync::Event;

const TEXT: &str = "the warp and the weft and the raddle that keeps the threads of the warp in order";

type Counts<'text> = BTreeMap<&'text str, usize>;

fn main() {
    let pool = ThreadPoolExecutor::builder().workers(4).build();
    println!("the most frequent word: {:?}", most_frequent(&count_words(&pool, TEXT)));
    wait_with_a_limit(&pool);
    tell_it_to_end(&pool);
    end_in_order(&pool);
}

/// Each task counts in a map of its own, so that no lock is needed; one thread adds them up.
fn count_words<'text>(pool: &ThreadPoolExecutor, text: &'text str) -> Counts<'text> {
    let words: Vec<&str> = text.split(' ').collect();
    let mut counts = Counts::new();
    // The tasks borrow the words: a scope waits for them.
    pool.scope(|scope| {
        let parts: Vec<_> = words
            .chunks(words.len().div_ceil(4))
            .map(|part| {
                let count = move || {
                    let mut counts = Counts::new();
                    for word in part {
                        *counts.entry(*word).or_default() += 1;
                    }
                    counts
                };
                scope.submit(count).expect("the pool is open")
            })
            .collect();
        for part in parts {
            for (word, count) in part.result().expect("it does not panic") {
                *counts.entry(word).or_default() += count;
            }
        }
    });
    counts
}

fn most_frequent<'text>(counts: &Counts<'text>) -> Option<(&'text str, usize)> {
    counts.iter().map(|(word, count)| (*word, *count)).max_by_key(|(_, count)| *count)
}

/// Who waits with a limit keeps what it waits for, and can decide anew.
fn wait_with_a_limit(pool: &ThreadPoolExecutor) {
    let ready = Event::new();
    pool.scope(|scope| {
        let slow = scope.submit(|| ready.wait()).expect("the pool is open");
        let Err(ResultError::TimedOut(slow)) = slow.result_timeout(Duration::from_millis(5)) else {
            unreachable!("nobody has set the event");
        };
        println!("not yet; something else is done meanwhile");
        ready.set();
        slow.result().expect("it does not panic");
        println!("now");
    });
}

/// A task that runs is not ended from outside: it is asked to.
fn tell_it_to_end(pool: &ThreadPoolExecutor) {
    let stop = Event::new();
    pool.scope(|scope| {
        let looking = scope.submit(|| while stop.wait_timeout(Duration::from_millis(1)).is_err() {});
        stop.set();
        looking.expect("the pool is open").result().expect("it does not panic");
        println!("it has ended when it was asked to");
    });
}

fn end_in_order(pool: &ThreadPoolExecutor) {
    pool.close();
    println!("afterwards: {}", pool.submit(|| ()).expect_err("it is closed"));
    pool.shutdown();
    println!("{} workers are left", pool.workers());
}
