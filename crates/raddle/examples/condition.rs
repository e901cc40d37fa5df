//! A condition: a ferry that leaves when it is full, and passengers that wait for that.

#![allow(clippy::print_stdout, reason = "an example shows something")]

use raddle::sync::{Condition, Lock};
use raddle::thread;

const SEATS: u32 = 3;

#[derive(Default)]
struct Ferry {
    aboard: u32,
    crossings: u32,
}

fn main() {
    let (ferry, changed) = (Lock::new(Ferry::default()), Condition::new());
    thread::scope(|scope| {
        for _ in 0..SEATS * 4 {
            scope
                .spawn(|| {
                    let mut ferry = ferry.acquire();
                    // A seat may be taken by another passenger first: so look again after each wait.
                    while ferry.aboard == SEATS {
                        changed.wait(&mut ferry);
                    }
                    ferry.aboard += 1;
                    changed.notify_all(&ferry);
                })
                .expect("the system has a thread for us");
        }
        scope
            .spawn(|| {
                let mut ferry = ferry.acquire();
                for _ in 0..4 {
                    changed.wait_for(&mut ferry, |ferry| ferry.aboard == SEATS);
                    println!("the ferry leaves with {} aboard", ferry.aboard);
                    ferry.aboard = 0;
                    ferry.crossings += 1;
                    changed.notify_all(&ferry);
                }
            })
            .expect("the system has a thread for us");
    });
    println!("{} crossings, nobody is left behind", ferry.acquire().crossings);
}
