//! Queues that are shut down and replaced under load, in every order: what was put is got once, taken out once, or comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use raddle::park::{Deadline, Waiter};
use raddle::queue::{GetError, LifoQueue, PriorityQueue, PutError, Queue};
use raddle::sync::Lock;

use crate::{Choices, Fickle, torment};

/// What was put, and what became of it: how many, and the sum of their numbers.
#[derive(Default)]
struct Tally {
    made: AtomicU64,
    /// Put, as their putters were told.
    put: [AtomicU64; 2],
    /// Got, or taken out at the end of a queue.
    got: [AtomicU64; 2],
    /// Given up by a queue that was shut down with all its items: nobody has them.
    given_up: [AtomicU64; 2],
    dropped: AtomicU64,
}

fn count(what: &[AtomicU64; 2], number: u64) {
    what[0].fetch_add(1, Ordering::Relaxed);
    what[1].fetch_add(number, Ordering::Relaxed);
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Number(u64);

struct Item {
    number: Number,
    tally: Arc<Tally>,
    /// Whether a queue has it.
    is_put: bool,
}

impl Item {
    fn make(tally: &Arc<Tally>) -> Self {
        let number = Number(tally.made.fetch_add(1, Ordering::Relaxed) + 1);
        Self { number, tally: Arc::clone(tally), is_put: true }
    }

    /// It was got.
    fn take(mut self) {
        self.is_put = false;
        count(&self.tally.got, self.number.0);
    }

    /// It was not put.
    fn keep(mut self) {
        self.is_put = false;
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        self.tally.dropped.fetch_add(1, Ordering::Relaxed);
        if self.is_put {
            count(&self.tally.given_up, self.number.0);
        }
    }
}

impl PartialEq for Item {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Item {}

impl PartialOrd for Item {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Item {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.number.cmp(&other.number)
    }
}

/// What the queues have in common.
trait Shared: Send + Sync {
    fn bounded(capacity: usize) -> Self;
    fn put<W: Waiter>(&self, item: Item, deadline: Deadline, waiter: &mut W) -> Result<(), PutError<Item>>;
    fn get<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<Item, GetError>;
    fn task_done(&self);
    fn shutdown(&self);
    fn shutdown_now(&self) -> Vec<Item>;
    /// Whether all work is done.
    fn is_done(&self) -> bool;
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

            fn shutdown(&self) {
                self.shutdown();
            }

            fn shutdown_now(&self) -> Vec<Item> {
                self.shutdown_now()
            }

            fn is_done(&self) -> bool {
                self.try_join()
            }
        }
    )*};
}

shared!(Queue<Item>, LifoQueue<Item>, PriorityQueue<Item>);

fn put(choices: &mut Choices, queue: &impl Shared, tally: &Arc<Tally>) {
    let item = Item::make(tally);
    let number = item.number.0;
    let deadline = choices.deadline();
    match queue.put(item, deadline, &mut Fickle(choices)) {
        Ok(()) | Err(PutError::Aborted(None)) => count(&tally.put, number),
        Err(PutError::Full(back) | PutError::ShutDown(back) | PutError::Aborted(Some(back))) => back.keep(),
        Err(error) => panic!("{error}"),
    }
}

fn get(choices: &mut Choices, queue: &impl Shared) {
    let deadline = choices.deadline();
    match queue.get(deadline, &mut Fickle(choices)) {
        Ok(item) => {
            item.take();
            queue.task_done();
        }
        Err(GetError::Empty | GetError::ShutDown | GetError::Aborted) => {}
        Err(error) => panic!("{error}"),
    }
}

/// Whoever waits at it is refused, and what is left in it is got.
fn end(choices: &mut Choices, queue: &impl Shared) {
    if choices.below(2) == 0 {
        queue.shutdown_now().into_iter().for_each(Item::take);
    } else {
        queue.shutdown();
    }
    // Until the others are done, too: one of them may be told to stop, and bring an item back after the queue was found empty.
    while !queue.is_done() {
        get(choices, queue);
        std::thread::yield_now();
    }
}

fn every_item_is_accounted_for<Q: Shared>() {
    let tally = Arc::new(Tally::default());
    let current = Lock::new(Arc::new(Q::bounded(2)));
    let look = || Arc::clone(&current.acquire());
    torment(
        |choices, over: &AtomicBool| {
            let queue = look();
            match choices.below(100) {
                0 => {
                    let next = Arc::new(Q::bounded(choices.below(4) as usize));
                    let old = std::mem::replace(&mut *current.acquire(), next);
                    end(choices, &*old);
                }
                1..50 if !over.load(Ordering::Relaxed) => put(choices, &*queue, &tally),
                _ => get(choices, &*queue),
            }
        },
        // Ends the waits that have no limit.
        || {
            let old = look();
            old.shutdown_now().into_iter().for_each(Item::take);
        },
    );
    let left = current.into_inner();
    left.shutdown_now().into_iter().for_each(Item::take);
    assert!(left.is_done());
    drop(left);
    let total = |what: &[AtomicU64; 2]| what.each_ref().map(|count| count.load(Ordering::Relaxed));
    let (put, got, given_up) = (total(&tally.put), total(&tally.got), total(&tally.given_up));
    assert!(put[0] > 0);
    assert_eq!(put, [got[0] + given_up[0], got[1] + given_up[1]]);
    assert_eq!(tally.made.load(Ordering::Relaxed), tally.dropped.load(Ordering::Relaxed));
}

#[test]
fn a_queue_that_is_shut_down_loses_nothing() {
    every_item_is_accounted_for::<Queue<Item>>();
}

#[test]
fn a_stack_that_is_shut_down_loses_nothing() {
    every_item_is_accounted_for::<LifoQueue<Item>>();
}

#[test]
fn a_priority_queue_that_is_shut_down_loses_nothing() {
    every_item_is_accounted_for::<PriorityQueue<Item>>();
}
