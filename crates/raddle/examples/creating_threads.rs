//! Two ways to make a thread: of a closure, and of a type with a `run` of its own.

#![allow(clippy::print_stdout, reason = "an example shows something")]

use raddle::thread::{self, Builder, JoinError, Run};

/// Counts the words of a text. The thread brings it back, with what it found.
struct WordCount {
    text: &'static str,
    words: usize,
}

impl Run for WordCount {
    fn run(&mut self) {
        println!("{} counts", thread::current().name());
        self.words = self.text.split_whitespace().count();
    }
}

fn main() -> std::io::Result<()> {
    raddle::main(|| {
        // A closure, started at once; joining gives what it returns.
        let names = ["Ada", "Grace"];
        let greeting = Builder::new().name("greeter").spawn(move || {
            println!("{} greets", thread::current().name());
            format!("hello, {}", names.join(" and "))
        })?;
        println!("{}", greeting.join().expect("the greeter does not panic"));

        // A type, which may be made now and started later, once.
        let text = "the toothed bar that keeps the threads of a loom in order";
        let mut count = Builder::new().name("counter").build_run(WordCount { text, words: 0 });
        println!("the counter is {:?}", count.state());
        count.start().expect("the system has a thread for us");
        let again = count.start().expect_err("it is started");
        println!("{} words", count.join().expect("the counter does not panic").words);
        println!("a second start: {again}");

        // A panic ends its thread, and nothing else.
        let careless =
            Builder::new().name("careless").spawn(|| std::panic::resume_unwind(Box::new("a task went wrong")));
        let error: JoinError<()> = careless?.join().expect_err("it panics");
        println!("{error}");
        Ok(())
    })
}
