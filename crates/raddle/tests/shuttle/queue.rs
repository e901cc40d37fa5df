//! The queues: whatever ends the waits at them, an item that was put is got once, taken out once, or still there.
//!
//! What these tests have been seen to catch: an aborted `get` that keeps its item; a `get` that lets nobody in; a `put` that passes by those who wait; an item that is handed over and also given back;
//! a shutdown that refuses nobody, or forgets those who join; an end of the work that tells nobody; the newest item given out first; a priority queue that does not say that
//! there is a place, or that it was shut down.

use std::cmp::Ordering as Comparison;
use std::ops::ControlFlow;
use std::sync::Arc;

use raddle::park::{Deadline, Waiter};
use raddle::queue::{GetError, LifoQueue, PriorityQueue, PutError, Queue, SimpleQueue};
use shuttle::sync::atomic::{AtomicU32, Ordering};
use shuttle::thread;

use crate::support::{Interruptible, Patient, below, check, crew, deadline, fickle, join, limited};

const PRODUCERS: u32 = 3;
const CONSUMERS: u32 = 3;
const EACH: u32 = 3;
const ALL: u32 = PRODUCERS * EACH;

/// What is put: it knows who it is, and counts its end.
struct Item {
    number: u32,
    ends: Arc<Vec<AtomicU32>>,
}

impl Drop for Item {
    fn drop(&mut self) {
        self.ends[self.number as usize].fetch_add(1, Ordering::SeqCst);
    }
}

impl Ord for Item {
    fn cmp(&self, other: &Self) -> Comparison {
        self.number.cmp(&other.number)
    }
}

impl PartialOrd for Item {
    fn partial_cmp(&self, other: &Self) -> Option<Comparison> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Item {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Item {}

/// The items of one run.
#[derive(Clone)]
struct Items(Arc<Vec<AtomicU32>>);

impl Items {
    fn new() -> Self {
        Self(Arc::new((0..ALL).map(|_| AtomicU32::new(0)).collect()))
    }

    fn make(&self, number: u32) -> Item {
        Item { number, ends: Arc::clone(&self.0) }
    }

    /// Each item that was made has come to an end, once: none was forgotten in a wait, or handed to two.
    fn assert_ended(&self) {
        assert!(self.0.iter().all(|ends| ends.load(Ordering::SeqCst) == 1), "{:?}", self.0);
    }
}

/// What the queues have in common.
trait Shared: Send + Sync + 'static {
    fn bounded(capacity: usize) -> Self;
    fn put<W: Waiter>(&self, item: Item, deadline: Deadline, waiter: &mut W) -> Result<(), PutError<Item>>;
    fn get<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<Item, GetError>;
    fn task_done(&self);
    fn join(&self);
    fn shutdown(&self);
    fn shutdown_now(&self) -> Vec<Item>;
    /// Items, and tasks that are not done.
    fn rest(&self) -> (usize, usize);
}

macro_rules! shared {
    ($($queue:ty),*) => {$(
        impl Shared for $queue {
            fn bounded(capacity: usize) -> Self {
                Self::bounded(capacity)
            }

            fn put<W: Waiter>(&self, item: Item, deadline: Deadline, waiter: &mut W) -> Result<(), PutError<Item>> {
                self.put_with(item, deadline, waiter)
            }

            fn get<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<Item, GetError> {
                self.get_with(deadline, waiter)
            }

            fn task_done(&self) {
                self.task_done().unwrap();
            }

            fn join(&self) {
                self.join();
            }

            fn shutdown(&self) {
                self.shutdown();
            }

            fn shutdown_now(&self) -> Vec<Item> {
                self.shutdown_now()
            }

            fn rest(&self) -> (usize, usize) {
                (self.len(), self.unfinished())
            }
        }
    )*};
}

shared!(Queue<Item>, LifoQueue<Item>, PriorityQueue<Item>);

/// Puts items for good: whatever ends a wait, it tries again. False once the queue is shut down.
fn put_at_last(queue: &impl Shared, mut item: Item) -> bool {
    loop {
        match queue.put(item, deadline(), &mut fickle()) {
            Ok(()) | Err(PutError::Aborted(None)) => return true,
            Err(PutError::Full(back) | PutError::Aborted(Some(back))) => item = back,
            Err(PutError::ShutDown(_)) => return false,
            Err(error) => panic!("{error}"),
        }
        thread::yield_now();
    }
}

/// Gets items until the queue is shut down and empty, in the order in which they came.
fn get_to_the_end(queue: &impl Shared) -> Vec<u32> {
    let mut got = Vec::new();
    loop {
        match queue.get(deadline(), &mut fickle()) {
            Ok(item) => {
                got.push(item.number);
                queue.task_done();
            }
            Err(GetError::Empty | GetError::Aborted) => thread::yield_now(),
            Err(GetError::ShutDown) => return got,
            Err(error) => panic!("{error}"),
        }
    }
}

/// All is put, all is got, and then it is shut down.
fn every_item_is_got_once<Q: Shared>(capacity: usize) {
    check(move || {
        let (queue, items) = (Arc::new(Q::bounded(capacity)), Items::new());
        let producers = {
            let (queue, items) = (Arc::clone(&queue), items.clone());
            crew(PRODUCERS, move |producer| {
                for number in 0..EACH {
                    assert!(put_at_last(&*queue, items.make(producer * EACH + number)));
                }
            })
        };
        let consumers = {
            let queue = Arc::clone(&queue);
            crew(CONSUMERS, move |_| get_to_the_end(&*queue))
        };
        join(producers);
        queue.join();
        assert_eq!(queue.rest(), (0, 0));
        queue.shutdown();
        let mut got = join(consumers).concat();
        got.sort_unstable();
        assert!(got.into_iter().eq(0..ALL));
        items.assert_ended();
    });
}

/// It is shut down in the middle of everything: who is refused has the item back, and the rest is got or taken out.
fn shutting_down_loses_nothing<Q: Shared>(capacity: usize) {
    check(move || {
        let (queue, items) = (Arc::new(Q::bounded(capacity)), Items::new());
        let producers = {
            let (queue, items) = (Arc::clone(&queue), items.clone());
            crew(PRODUCERS, move |producer| {
                let numbers = (0..EACH).map(|number| producer * EACH + number);
                numbers.filter(|number| put_at_last(&*queue, items.make(*number))).collect::<Vec<_>>()
            })
        };
        let consumers = {
            let queue = Arc::clone(&queue);
            crew(CONSUMERS, move |_| get_to_the_end(&*queue))
        };
        let joining = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.join())
        };
        (0..below(20)).for_each(|_| thread::yield_now());
        let is_now = below(2) == 0;
        let out = if is_now {
            queue.shutdown_now()
        } else {
            queue.shutdown();
            Vec::new()
        };
        let put = join(producers).concat();
        let mut got = join(consumers).concat();
        joining.join().unwrap();
        assert_eq!(queue.rest(), (0, 0));
        got.extend(out.iter().map(|item| item.number));
        drop(out);
        items.assert_ended();
        if is_now {
            // What was handed to one who was stopped counts as taken out.
            assert!(got.iter().all(|number| put.contains(number)), "{got:?} of {put:?}");
        } else {
            got.sort_unstable();
            assert_eq!(got, put);
        }
    });
}

#[test]
fn every_item_of_a_queue_is_got_once() {
    every_item_is_got_once::<Queue<Item>>(0);
}

#[test]
fn every_item_of_a_bounded_queue_is_got_once() {
    every_item_is_got_once::<Queue<Item>>(1);
    every_item_is_got_once::<Queue<Item>>(2);
}

#[test]
fn every_item_of_a_stack_is_got_once() {
    every_item_is_got_once::<LifoQueue<Item>>(0);
    every_item_is_got_once::<LifoQueue<Item>>(2);
}

#[test]
fn every_item_of_a_priority_queue_is_got_once() {
    every_item_is_got_once::<PriorityQueue<Item>>(0);
    every_item_is_got_once::<PriorityQueue<Item>>(2);
}

#[test]
fn shutting_a_queue_down_loses_nothing() {
    shutting_down_loses_nothing::<Queue<Item>>(0);
    shutting_down_loses_nothing::<Queue<Item>>(1);
}

#[test]
fn shutting_a_stack_down_loses_nothing() {
    shutting_down_loses_nothing::<LifoQueue<Item>>(1);
}

#[test]
fn shutting_a_priority_queue_down_loses_nothing() {
    shutting_down_loses_nothing::<PriorityQueue<Item>>(1);
}

/// Patient waiters on both ends, handed everything in order: what one producer puts, nobody gets in another order.
#[test]
fn first_in_is_first_out() {
    check(|| {
        let queue = Arc::new(Queue::bounded(below(3) as usize));
        let producers = {
            let queue = Arc::clone(&queue);
            crew(PRODUCERS, move |producer| {
                for number in 0..EACH {
                    queue.put_with((producer, number), Deadline::NEVER, &mut Patient).unwrap();
                }
            })
        };
        let consumers = {
            let queue = Arc::clone(&queue);
            crew(CONSUMERS, move |_| {
                (0..EACH).map(|_| queue.get_with(Deadline::NEVER, &mut Patient).unwrap()).collect::<Vec<_>>()
            })
        };
        join(producers);
        for got in join(consumers) {
            for producer in 0..PRODUCERS {
                assert!(got.iter().filter(|item| item.0 == producer).is_sorted(), "{got:?}");
            }
        }
        assert_eq!((queue.len(), queue.waiting()), (0, (0, 0, 0)));
    });
}

/// A handler gets items at the queue at which its own thread waits, to get or to put. Afterwards they are brought back: there are as
/// many items as getters.
#[test]
fn handlers_use_the_queue_too() {
    fn thieving(queue: &Queue<u32>, wait: impl FnOnce(&mut dyn FnMut() -> ControlFlow<()>)) {
        let mut stolen = Vec::new();
        wait(&mut || {
            stolen.extend(queue.get_with(if below(2) == 0 { limited() } else { Deadline::PASSED }, &mut Patient));
            ControlFlow::Continue(())
        });
        for item in stolen {
            queue.put_with(item, Deadline::NEVER, &mut Patient).unwrap();
        }
    }

    check(|| {
        let queue = Arc::new(Queue::bounded(1));
        let producers = {
            let queue = Arc::clone(&queue);
            crew(3, move |number| {
                thieving(&queue, |steal| {
                    queue.put_with(number, Deadline::NEVER, &mut Interruptible(steal)).unwrap();
                });
            })
        };
        let consumers = {
            let queue = Arc::clone(&queue);
            crew(3, move |_| {
                let mut got = None;
                thieving(&queue, |steal| {
                    got = queue.get_with(Deadline::NEVER, &mut Interruptible(steal)).ok();
                });
                got.expect("nothing but an item ends the wait")
            })
        };
        join(producers);
        let mut got = join(consumers);
        got.sort_unstable();
        assert_eq!(got, [0, 1, 2]);
        assert_eq!((queue.len(), queue.waiting()), (0, (0, 0, 0)));
    });
}

/// A queue without bound: putting never waits.
#[test]
fn every_item_of_a_simple_queue_is_got_once() {
    check(|| {
        let (queue, items) = (Arc::new(SimpleQueue::new()), Items::new());
        let consumers = {
            let queue = Arc::clone(&queue);
            crew(CONSUMERS, move |_| {
                let mut got = Vec::new();
                while got.len() < EACH as usize {
                    match queue.get_with(deadline(), &mut fickle()) {
                        Ok(item) => {
                            let item: Item = item;
                            got.push(item.number);
                        }
                        Err(error) => {
                            assert!(matches!(error, GetError::Empty | GetError::Aborted));
                            thread::yield_now();
                        }
                    }
                }
                got
            })
        };
        let producers = {
            let (queue, items) = (Arc::clone(&queue), items.clone());
            crew(PRODUCERS, move |producer| {
                for number in 0..EACH {
                    queue.put(items.make(producer * EACH + number));
                }
            })
        };
        join(producers);
        let mut got = join(consumers).concat();
        got.sort_unstable();
        assert!(got.into_iter().eq(0..ALL));
        assert!(queue.is_empty());
        items.assert_ended();
    });
}
