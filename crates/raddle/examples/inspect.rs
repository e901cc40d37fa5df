//! A program that can be looked at from outside, while its threads wait for each other: `raddle dump` says why it hangs.

#![allow(clippy::print_stdout, reason = "an example shows something")]

use std::io;
use std::sync::Arc;

use raddle::diagnostics::{self, Deadlocks};
use raddle::sync::{Barrier, Lock};
use raddle::thread::Builder;

fn main() -> io::Result<()> {
    let server = diagnostics::serve()?;
    // It is not to say so by itself.
    diagnostics::set_deadlocks(Deadlocks::Off);

    let accounts = Arc::new([Lock::new(100), Lock::new(100)]);
    let both_have_one = Arc::new(Barrier::new(2));
    for (name, from, to) in [("there", 0, 1), ("back", 1, 0)] {
        let (accounts, both_have_one) = (Arc::clone(&accounts), Arc::clone(&both_have_one));
        Builder::new().name(name).daemon(true).spawn(move || {
            let mut from = accounts[from].acquire();
            both_have_one.wait().expect("nobody breaks it");
            let mut to = accounts[to].acquire();
            *from -= 10;
            *to += 10;
        })?;
    }

    println!("Two transfers have begun. In another terminal: raddle dump {}", std::process::id());
    println!("It is answered through {}", server.path().display());
    println!("Press Enter to end.");
    io::stdin().read_line(&mut String::new())?;
    Ok(())
}
