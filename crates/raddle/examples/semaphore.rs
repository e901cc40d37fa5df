//! A semaphore: many downloads, but never more than two at a time.

#![allow(clippy::print_stdout, reason = "an example shows something")]

use raddle::sync::{BoundedSemaphore, Lock, Semaphore};
use raddle::thread;

#[derive(Default)]
struct Traffic {
    now: usize,
    most: usize,
    done: usize,
}

fn main() {
    let (connections, traffic) = (Semaphore::new(2), Lock::new(Traffic::default()));
    thread::scope(|scope| {
        for _ in 0..10 {
            scope
                .spawn(|| {
                    let _connection = connections.guard();
                    {
                        let mut traffic = traffic.acquire();
                        traffic.now += 1;
                        traffic.most = traffic.most.max(traffic.now);
                    }
                    // Here something would be downloaded.
                    let mut traffic = traffic.acquire();
                    traffic.now -= 1;
                    traffic.done += 1;
                })
                .expect("the system has a thread for us");
        }
    });
    let traffic = traffic.into_inner();
    println!("{} downloads, never more than two at a time: {}", traffic.done, traffic.most <= 2);
    println!("{} connections are free", connections.available());

    // One with a bound finds releases that have no acquisition.
    let keys = BoundedSemaphore::new(1);
    keys.acquire();
    keys.release(1).expect("it was acquired");
    println!("one release too many: {}", keys.release(1).expect_err("it was not acquired again"));
}
