//! Producers, consumers, and a queue with room for four. At closing time what is in the queue is still used; what a producer
//! could not put any more comes back to it.

#![allow(clippy::print_stdout, reason = "an example shows something")]

use raddle::queue::{Queue, ShutDown};
use raddle::sync::{Event, Lock};
use raddle::thread;

const ENOUGH: usize = 50;

fn main() {
    let queue = Queue::bounded(4);
    let (eaten, enough) = (Lock::new(Vec::new()), Event::new());
    let (put, returned) = thread::scope(|scope| {
        let producers: Vec<_> = (0..3_u64)
            .map(|producer| {
                let queue = &queue;
                // Each makes loaves without end, until one comes back.
                let produce = move || {
                    for loaf in 0.. {
                        let loaf = producer * 1_000_000 + loaf;
                        if let Err(ShutDown(back)) = queue.put(loaf) {
                            return (back - producer * 1_000_000, back);
                        }
                    }
                    unreachable!("the loaves have no end")
                };
                scope.spawn(produce).expect("the system has a thread for us")
            })
            .collect();
        for _ in 0..2 {
            let consume = || {
                for loaf in &queue {
                    let mut eaten = eaten.acquire();
                    eaten.push(loaf);
                    if eaten.len() == ENOUGH {
                        enough.set();
                    }
                }
            };
            scope.spawn(consume).expect("the system has a thread for us");
        }
        enough.wait();
        queue.shutdown();
        let ended: Vec<_> = producers.into_iter().map(|producer| producer.join().expect("it does not panic")).collect();
        let put: u64 = ended.iter().map(|(put, _)| put).sum();
        (put, ended.len())
    });
    let mut eaten = eaten.into_inner();
    println!("at least {ENOUGH} are eaten: {}", eaten.len() >= ENOUGH);
    println!("as many as were put: {}", eaten.len() as u64 == put);
    eaten.sort_unstable();
    eaten.dedup();
    println!("none twice: {}", eaten.len() as u64 == put);
    println!("{returned} came back, {} are left", queue.len());
}
