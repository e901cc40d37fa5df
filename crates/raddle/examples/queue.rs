//! A queue between a baker and shops: items are handed over in order, and each is accounted for.

#![allow(clippy::print_stdout, reason = "an example shows something")]

use raddle::queue::Queue;
use raddle::sync::Lock;
use raddle::thread::{self, Builder};

fn main() {
    // The counter has room for two loaves: the baker waits while it is full.
    let (counter, sold) = (Queue::bounded(2), Lock::new(Vec::new()));
    thread::scope(|scope| {
        for shop in ["north", "south"] {
            let (counter, sold) = (&counter, &sold);
            Builder::new()
                .name(shop)
                .spawn_scoped(scope, move || {
                    // Until the queue is shut down and empty.
                    for loaf in counter {
                        sold.acquire().push(loaf);
                        counter.task_done().expect("a loaf was taken");
                    }
                })
                .expect("the system has a thread for us");
        }
        for loaf in 1..=10 {
            counter.put(loaf).expect("it is not shut down");
        }
        // Returns when each loaf is sold, not when it is taken.
        counter.join();
        println!("{} loaves are sold, {} are left", sold.acquire().len(), counter.len());
        counter.shutdown();
    });
    let mut sold = sold.into_inner();
    sold.sort_unstable();
    println!("each once: {}", sold.iter().copied().eq(1..=10));
    println!("after closing time: {}", counter.put(11).expect_err("it is shut down"));
}
