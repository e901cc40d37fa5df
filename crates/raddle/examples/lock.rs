//! A lock around an account: transfers from many threads, and not a penny lost.

#![allow(clippy::print_stdout, reason = "an example shows something")]

use std::time::Duration;

use raddle::sync::Lock;
use raddle::thread;

struct Account {
    pennies: u64,
    bookings: u32,
}

fn main() {
    let account = Lock::new(Account { pennies: 0, bookings: 0 });
    thread::scope(|scope| {
        for teller in 1..=4 {
            let account = &account;
            scope
                .spawn(move || {
                    for _ in 0..1000 {
                        // The guard gives the data, and the lock back when it goes.
                        let mut account = account.acquire();
                        account.pennies += teller;
                        account.bookings += 1;
                    }
                })
                .expect("the system has a thread for us");
        }
    });
    let inside = account.acquire();
    println!("{} pennies in {} bookings", inside.pennies, inside.bookings);

    // Who does not want to wait for ever says so.
    println!("at once: {}", if account.try_acquire().is_some() { "free" } else { "held" });
    let refused = thread::scope(|scope| {
        let waiting = scope.spawn(|| account.acquire_timeout(Duration::from_millis(10)).is_err());
        waiting.expect("the system has a thread for us").join().expect("it does not panic")
    });
    println!("within ten milliseconds: {}", if refused { "held" } else { "free" });
    drop(inside);
    println!("afterwards: {}", if account.try_acquire().is_some() { "free" } else { "held" });
}
