//! The queue: items are neither lost nor doubled, and come back when a wait is aborted.
//!
//! What these models have been seen to catch: an aborted `get` that keeps its item; a `get` that lets nobody in; a waiter that leaves without asking whether it is
//! granted; a grant that is not Release; a section that is left without Release; a place that is filled, or emptied, without Release, or
//! looked at without Acquire.

use std::sync::Arc;

use loom::thread;
use raddle::model;
use raddle::park::Deadline;
use raddle::queue::{GetError, PutError, Queue};
use raddle::thread::ThreadId;

use crate::support::{Obliging, Patient, check, limited, stopping};

fn get(queue: &Queue<u32>) -> u32 {
    queue.get_with(Deadline::NEVER, &mut Patient).unwrap()
}

#[test]
fn every_item_finds_its_getter() {
    check(1, || {
        let queue = Arc::new(Queue::new());
        let getting = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || get(&queue))
        };
        let putting = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                queue.put_with(1, Deadline::NEVER, &mut Patient).unwrap();
                queue.put_with(2, Deadline::NEVER, &mut Patient).unwrap();
            })
        };
        let own = get(&queue);
        putting.join().unwrap();
        assert_eq!(own + getting.join().unwrap(), 3);
        assert_eq!((queue.len(), queue.waiting(), queue.unfinished()), (0, (0, 0, 0), 2));
    });
}

#[test]
fn a_full_queue_lets_one_in_for_one_out() {
    check(1, || {
        let queue = Arc::new(Queue::bounded(1));
        let putting: Vec<_> = (1..=2)
            .map(|item| {
                let queue = Arc::clone(&queue);
                thread::spawn(move || queue.put_with(item, Deadline::NEVER, &mut Patient).unwrap())
            })
            .collect();
        assert_eq!(get(&queue) + get(&queue), 3);
        putting.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!((queue.len(), queue.waiting()), (0, (0, 0, 0)));
    });
}

/// As above, in the order that a bounded search may miss.
#[test]
fn a_place_goes_to_one_who_waits() {
    check(2, || {
        let queue = Arc::new(Queue::bounded(1));
        queue.put_with(1, Deadline::NEVER, &mut Patient).unwrap();
        let putting = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.put_with(2, Deadline::NEVER, &mut Patient).unwrap())
        };
        while queue.waiting().1 == 0 {
            thread::yield_now();
        }
        assert_eq!(get(&queue), 1);
        putting.join().unwrap();
        assert_eq!((queue.drain(), queue.waiting()), (vec![2], (0, 0, 0)));
    });
}

/// The two ends at the same time, each without the other's section: an item is seen as it was put, in its order, and its place is not filled before it was
/// read.
#[test]
fn the_ends_meet_in_the_places() {
    check(3, || {
        let queue = Arc::new(Queue::new());
        // Of four places, until there are more items.
        (1..=3).for_each(|item| assert!(queue.try_put(item).is_ok()));
        let putting = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || (4..=5).for_each(|item| assert!(queue.try_put(item).is_ok())))
        };
        let mut got: Vec<_> = (0..4).filter_map(|_| queue.try_get().ok()).collect();
        putting.join().unwrap();
        assert_eq!((queue.len(), queue.unfinished()), (5 - got.len(), 5));
        got.extend(queue.drain());
        assert_eq!(got, [1, 2, 3, 4, 5]);
    });
}

/// The same where both ends are at one place.
#[test]
fn the_ends_meet_in_the_only_place() {
    check(3, || {
        let queue = Arc::new(Queue::bounded(1));
        assert!(queue.try_put(1).is_ok());
        let putting = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.try_put(2))
        };
        let got = queue.try_get();
        let late = queue.try_get();
        let left = match putting.join().unwrap() {
            Ok(()) if late.is_ok() => vec![],
            Ok(()) => vec![2],
            Err(PutError::Full(2)) => vec![],
            Err(refused) => unreachable!("{refused:?}"),
        };
        assert_eq!(got, Ok(1));
        assert!(late == Ok(2) || late == Err(GetError::Empty));
        assert_eq!(queue.unfinished(), 1 + usize::from(late.is_ok()) + left.len());
        assert_eq!(queue.drain(), left);
    });
}

/// One who looks at the whole, and one who changes it, while the ends are in use.
#[test]
fn the_whole_is_behind_both_ends() {
    check(2, || {
        let queue = Arc::new(Queue::bounded(8));
        (1..=3).for_each(|item| assert!(queue.try_put(item).is_ok()));
        let putting = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || usize::from(queue.try_put(4).is_ok()))
        };
        let changing = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                assert!((2..=4).contains(&queue.len()));
                queue.set_capacity(3);
            })
        };
        assert_eq!(queue.try_get(), Ok(1));
        let put = putting.join().unwrap();
        changing.join().unwrap();
        assert_eq!((queue.len(), queue.unfinished(), queue.capacity()), (2 + put, 3 + put, 3));
        assert_eq!(queue.drain(), [2, 3, 4][..2 + put]);
    });
}

/// Those who let others run before they get in line, at both ends of a queue: whatever comes meanwhile, nobody is forgotten in the line.
#[test]
fn who_lets_others_run_is_not_forgotten() {
    check(1, || {
        let queue = Arc::new(Queue::bounded(2));
        queue.put_with(1, Deadline::NEVER, &mut Patient).unwrap();
        queue.put_with(2, Deadline::NEVER, &mut Patient).unwrap();
        let putting = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.put_with(3, Deadline::NEVER, &mut Obliging).unwrap())
        };
        let getting = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.get_with(Deadline::NEVER, &mut Obliging).unwrap())
        };
        let own: u32 = (0..2).map(|_| queue.get_with(Deadline::NEVER, &mut Obliging).unwrap()).sum();
        putting.join().unwrap();
        assert_eq!(own + getting.join().unwrap(), 6);
        assert_eq!((queue.len(), queue.waiting(), queue.unfinished()), (0, (0, 0, 0), 3));
    });
}

#[test]
fn an_item_meets_a_deadline() {
    check(2, || {
        let queue = Arc::new(Queue::new());
        let waiting = ThreadId::current();
        let expiring = thread::spawn(move || model::expire(waiting));
        let putting = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.put_with(1, Deadline::NEVER, &mut Patient).unwrap())
        };
        let got = queue.get_with(limited(), &mut Patient);
        expiring.join().unwrap();
        putting.join().unwrap();
        match got {
            Ok(item) => assert_eq!((item, queue.len()), (1, 0)),
            Err(error) => assert_eq!((error, queue.len()), (GetError::Empty, 1)),
        }
        assert_eq!(queue.waiting(), (0, 0, 0));
    });
}

#[test]
fn an_item_meets_an_abort_and_goes_to_the_next() {
    check(1, || {
        let queue = Arc::new(Queue::new());
        let waiting = ThreadId::current();
        let next = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || get(&queue))
        };
        let putting = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                model::interrupt(waiting);
                queue.put_with(1, Deadline::NEVER, &mut Patient).unwrap();
                queue.put_with(2, Deadline::NEVER, &mut Patient).unwrap();
            })
        };
        let own = match queue.get_with(Deadline::NEVER, &mut stopping()) {
            Ok(item) => item,
            Err(error) => {
                assert_eq!(error, GetError::Aborted);
                0
            }
        };
        let next = next.join().unwrap();
        putting.join().unwrap();
        let left: u32 = queue.drain().into_iter().sum();
        assert_eq!(own + next + left, 3);
        assert_eq!(queue.waiting(), (0, 0, 0));
    });
}

#[test]
fn a_place_meets_a_deadline_or_an_abort() {
    for aborts in [false, true] {
        check(2, move || {
            let queue = Arc::new(Queue::bounded(1));
            queue.put_with(1, Deadline::NEVER, &mut Patient).unwrap();
            let waiting = ThreadId::current();
            let ending = thread::spawn(move || if aborts { model::interrupt(waiting) } else { model::expire(waiting) });
            let getting = {
                let queue = Arc::clone(&queue);
                thread::spawn(move || get(&queue))
            };
            let put = queue.put_with(2, limited(), &mut stopping());
            ending.join().unwrap();
            assert_eq!(getting.join().unwrap(), 1);
            let (is_in, left) = match put {
                Ok(()) | Err(PutError::Aborted(None)) => (true, vec![2]),
                Err(PutError::Full(2) | PutError::Aborted(Some(2))) => (false, vec![]),
                Err(error) => panic!("{error}"),
            };
            assert_eq!((queue.unfinished(), queue.waiting()), (1 + usize::from(is_in), (0, 0, 0)));
            assert_eq!(queue.drain(), left);
        });
    }
}

#[test]
fn the_end_of_the_work_ends_the_joins() {
    check(3, || {
        let queue = Arc::new(Queue::new());
        queue.put_with(1, Deadline::NEVER, &mut Patient).unwrap();
        let working = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                get(&queue);
                queue.task_done().unwrap();
            })
        };
        queue.join_with(Deadline::NEVER, &mut Patient).unwrap();
        assert!(queue.try_join());
        working.join().unwrap();
        assert_eq!(queue.waiting(), (0, 0, 0));
    });
}

#[test]
fn shutting_down_meets_getting_and_putting() {
    check(1, || {
        let queue = Arc::new(Queue::new());
        let closing = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.shutdown())
        };
        let putting = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.put_with(1, Deadline::NEVER, &mut Patient).is_ok())
        };
        let got = queue.get_with(Deadline::NEVER, &mut Patient);
        closing.join().unwrap();
        let put = putting.join().unwrap();
        match got {
            Ok(item) => assert!(put && item == 1),
            Err(error) => assert_eq!(error, GetError::ShutDown),
        }
        assert_eq!(queue.len(), usize::from(put && got.is_err()));
    });
}
