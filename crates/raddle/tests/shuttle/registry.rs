//! The registry: numbers are never used twice, records are, and a waker that comes late harms nobody.
//!
//! What these tests have been seen to catch: a number that is used again; a free record that is given to two.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use raddle::park::Deadline;
use raddle::queue::Queue;
use raddle::thread::{ThreadId, ThreadState, snapshot};
use shuttle::thread;

use crate::support::{Patient, check, crew, join};

/// Threads that live for one wait each, one after the other in a few lines; the one who wakes them may still be on its way when the
/// next has their record.
#[test]
fn records_are_used_again_and_numbers_are_not() {
    const LINES: u32 = 3;
    const LIVES: u32 = 3;
    check(|| {
        let queue = Arc::new(Queue::new());
        let seen = Arc::new(Mutex::new(HashSet::new()));
        let own = ThreadId::current();
        let lines = {
            let (queue, seen) = (Arc::clone(&queue), Arc::clone(&seen));
            crew(LINES, move |_| {
                for _ in 0..LIVES {
                    let (queue, seen) = (Arc::clone(&queue), Arc::clone(&seen));
                    let life = thread::spawn(move || {
                        let id = ThreadId::current();
                        assert!(seen.lock().unwrap().insert(id), "{id:?} was another thread's");
                        queue.get_with(Deadline::NEVER, &mut Patient).unwrap()
                    });
                    life.join().unwrap();
                }
            })
        };
        let reading = thread::spawn(|| {
            for _ in 0..5 {
                let known: Vec<_> = snapshot().into_iter().map(|thread| thread.id).collect();
                let different: HashSet<_> = known.iter().collect();
                assert_eq!(known.len(), different.len());
                thread::yield_now();
            }
        });
        for item in 0..LINES * LIVES {
            queue.put_with(item, Deadline::NEVER, &mut Patient).unwrap();
        }
        join(lines);
        reading.join().unwrap();
        assert_eq!((queue.len(), queue.waiting()), (0, (0, 0, 0)));
        // Of those who have ended nothing is left.
        let known = snapshot();
        assert_eq!(
            known.iter().map(|thread| (thread.id, thread.state)).collect::<Vec<_>>(),
            [(own, ThreadState::Runnable)]
        );
    });
}
