//! A reader-writer lock: many look prices up at the same time, and now and then one changes them.

#![allow(clippy::print_stdout, reason = "an example shows something")]

use std::collections::BTreeMap;
use std::time::Duration;

use raddle::sync::{Barrier, RwLock};
use raddle::thread;

const READERS: usize = 4;

fn main() {
    let prices = RwLock::new(BTreeMap::from([("tea", 3), ("cake", 5)]));

    // All of them are inside at once: nobody could pass the barrier otherwise.
    let all_inside = Barrier::new(READERS);
    thread::scope(|scope| {
        for _ in 0..READERS {
            scope
                .spawn(|| {
                    let prices = prices.read();
                    all_inside.wait().expect("nobody breaks it");
                    assert_eq!(prices["tea"] + prices["cake"], 8);
                })
                .expect("the system has a thread for us");
        }
    });
    println!("{READERS} threads have read at the same time");

    // A writer is alone, until it goes on to read what it has written.
    let mut change = prices.write();
    change.insert("tea", 4);
    println!("while one writes, others read: {}", prices.try_read().is_some());
    let change = change.downgrade();
    println!("while one reads, others read: {}", prices.try_read().is_some());

    // Who reads cannot go on to write: it would wait for itself.
    println!("while one reads, others write: {}", prices.write_timeout(Duration::from_millis(1)).is_ok());
    println!("tea is {} now", change["tea"]);
}
