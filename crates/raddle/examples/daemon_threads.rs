//! The end of the program waits for all threads but daemons.

#![allow(clippy::print_stdout, reason = "an example shows something")]

use std::sync::Arc;

use raddle::sync::Event;
use raddle::thread::Builder;

fn main() -> std::io::Result<()> {
    let saved = raddle::main(|| {
        let started = Arc::new(Event::new());
        // Would go on for ever: the end of the program leaves it behind.
        Builder::new().name("heartbeat").daemon(true).spawn({
            let started = Arc::clone(&started);
            move || {
                println!("the daemon beats");
                started.set();
                Event::new().wait();
                unreachable!("nobody sets it");
            }
        })?;
        started.wait();

        // Not a daemon, and nobody joins it: the end of the program waits for it.
        let over = Arc::new(Event::new());
        Builder::new().name("saver").spawn({
            let over = Arc::clone(&over);
            move || {
                over.wait();
                println!("the work is saved");
            }
        })?;
        println!("the main function is over");
        over.set();
        Ok(())
    });
    println!("and now the program");
    saved
}
