//! A pipeline: three stages, each with its own threads, and bounded queues in between. A slow stage slows the ones before it
//! down, instead of filling the memory; when a stage ends, it shuts the next queue down, and so the end runs through.

#![allow(clippy::print_stdout, reason = "an example shows something")]

use raddle::queue::Queue;
use raddle::thread;

const LINES: [&str; 4] = ["3 4", "12 5", "no numbers", "8 15"];

/// What goes through: the number of the line, and what became of it.
type Numbered<T> = (usize, T);

fn main() {
    let lines: Queue<Numbered<&str>> = Queue::bounded(2);
    let sides: Queue<Numbered<Option<(u32, u32)>>> = Queue::bounded(2);
    let report: Queue<Numbered<String>> = Queue::bounded(2);
    let mut said = Vec::new();
    thread::scope(|scope| {
        let started = scope.spawn(|| {
            for line in LINES.into_iter().enumerate() {
                lines.put(line).expect("it is open");
            }
            lines.shutdown();
        });
        started.expect("the system has a thread for us");
        stage(scope, 2, &lines, &sides, parse);
        stage(scope, 3, &sides, &report, measure);
        // Three threads take turns in between: the order is restored here.
        said.extend(&report);
    });
    said.sort();
    for (number, text) in said {
        println!("line {}: {text}", number + 1);
    }
}

/// Starts `count` threads that take from one queue, work, and put into the next. The last one to end shuts that down.
fn stage<'scope, I: Send, O: Send>(
    scope: &'scope thread::Scope<'scope, '_>,
    count: u32,
    from: &'scope Queue<Numbered<I>>,
    into: &'scope Queue<Numbered<O>>,
    work: fn(I) -> O,
) {
    let workers: Vec<_> = (0..count)
        .map(|_| {
            let work = move || {
                for (number, item) in from {
                    into.put((number, work(item))).expect("it is open");
                }
            };
            scope.spawn(work).expect("the system has a thread for us")
        })
        .collect();
    let closer = scope.spawn(move || {
        for worker in workers {
            worker.join().expect("it does not panic");
        }
        into.shutdown();
    });
    closer.expect("the system has a thread for us");
}

fn parse(line: &str) -> Option<(u32, u32)> {
    let (first, second) = line.split_once(' ')?;
    Some((first.parse().ok()?, second.parse().ok()?))
}

fn measure(sides: Option<(u32, u32)>) -> String {
    let Some((first, second)) = sides else { return "two sides are wanted".to_owned() };
    format!("the third side of {first} and {second} is {}", (first * first + second * second).isqrt())
}
