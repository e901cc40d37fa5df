//! The internal section, seen through a queue that nobody waits at: each operation is one visit.
//!
//! What this model has been seen to catch: a section that is left without Release; one that is entered without asking whether somebody
//! is inside.

use std::sync::Arc;

use loom::thread;
use raddle::queue::Queue;

use crate::support::check;

#[test]
fn one_is_inside_at_a_time() {
    check(1, || {
        let queue = Arc::new(Queue::new());
        let others: Vec<_> = (1..=2)
            .map(|item| {
                let queue = Arc::clone(&queue);
                thread::spawn(move || queue.try_put(item).unwrap())
            })
            .collect();
        queue.try_put(4).unwrap();
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!((queue.unfinished(), queue.drain().into_iter().sum::<i32>()), (3, 7));
    });
}
