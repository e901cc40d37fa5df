//! Threads: start and join, one at a time.

use std::thread;

use crate::measure::{Bench, Contender};

const THREADS: usize = 500;

pub(crate) fn rows(bench: &mut Bench) {
    bench.row("threads, start and join", THREADS, &start_and_join());
}

fn start_and_join() -> Vec<Contender<'static>> {
    vec![
        ("raddle", Box::new(|| each(|number| raddle::thread::spawn(move || number).unwrap().join().unwrap()))),
        ("std", Box::new(|| each(|number| thread::spawn(move || number).join().unwrap()))),
    ]
}

fn each(start_and_join: impl Fn(usize) -> usize) {
    (0..THREADS).for_each(|number| assert_eq!(start_and_join(number), number));
}
