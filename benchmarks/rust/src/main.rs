//! raddle beside std, parking_lot, crossbeam-channel, flume, kanal, rayon, rusty_pool and threadpool: `make bench-rust`.
//!
//! Usage: `raddle-benchmarks [--json] [--rounds N] [NAME ...]`. A name picks the rows that begin with it.

mod lock;
mod measure;
mod pool;
mod queue;
mod rwlock;
mod thread;

use std::{env, process};

use measure::Bench;

fn main() {
    let mut bench = Bench::default();
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => bench.json = true,
            "--rounds" => match arguments.next().and_then(|text| text.parse().ok()) {
                Some(rounds) if rounds > 0 => bench.rounds = rounds,
                _ => usage(),
            },
            option if option.starts_with('-') => usage(),
            _ => bench.names.push(argument),
        }
    }
    bench.begin();
    lock::rows(&mut bench);
    rwlock::rows(&mut bench);
    queue::rows(&mut bench);
    pool::rows(&mut bench);
    thread::rows(&mut bench);
    bench.end();
}

fn usage() -> ! {
    eprintln!("usage: raddle-benchmarks [--json] [--rounds N] [NAME ...]");
    process::exit(2);
}
