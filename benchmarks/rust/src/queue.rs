//! Queues: producers and consumers, in the proportions that channels are compared by, at several capacities.
//!
//! raddle has no queue of no place, as Python has none: there a capacity of 0 is no limit. The row of rendezvous channels is there for what the others make of
//! one, with crossbeam-channel's as the measure.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, mpsc};
use std::thread;

use raddle::queue::Queue;

use crate::measure::{Bench, Contender};

pub(crate) fn rows(bench: &mut Bench) {
    for (places, capacity) in
        [("0", Some(0)), ("1", Some(1)), ("64", Some(64)), ("1024", Some(1024)), ("unbounded", None)]
    {
        for (producers, consumers) in [(1, 1), (4, 1), (4, 4)] {
            let items = if capacity.is_some_and(|places| places <= 1) { 20_000 } else { 200_000 };
            let shape = Shape { producers, consumers, items };
            bench.row(&format!("queue {places}, {producers} to {consumers}"), items, &contenders(capacity, shape));
        }
    }
}

/// Both kinds of threads have the same number of items each.
#[derive(Clone, Copy)]
struct Shape {
    producers: usize,
    consumers: usize,
    items: usize,
}

fn contenders(capacity: Option<usize>, shape: Shape) -> Vec<Contender<'static>> {
    let mut contenders: Vec<Contender<'static>> = Vec::new();
    if capacity != Some(0) {
        contenders.push(("raddle", Box::new(move || raddle(capacity, shape))));
    }
    contenders.push(("crossbeam-channel", Box::new(move || crossbeam(capacity, shape))));
    contenders.push(("flume", Box::new(move || flume(capacity, shape))));
    contenders.push(("kanal", Box::new(move || kanal(capacity, shape))));
    // std's has one receiver, which no two threads may have.
    if shape.consumers == 1 {
        contenders.push(("std::mpsc", Box::new(move || std_mpsc(capacity, shape))));
    }
    if capacity != Some(0) {
        contenders.push(("Mutex and Condvars", Box::new(move || mutex_and_condvars(capacity, shape))));
    }
    contenders
}

fn raddle(capacity: Option<usize>, shape: Shape) {
    let queue = Queue::bounded(capacity.unwrap_or(0));
    pass(shape, |item| queue.put(item).unwrap(), || || queue.get().unwrap());
}

fn crossbeam(capacity: Option<usize>, shape: Shape) {
    let (sender, receiver) = capacity.map_or_else(crossbeam_channel::unbounded, crossbeam_channel::bounded);
    pass(shape, |item| sender.send(item).unwrap(), || || receiver.recv().unwrap());
}

fn flume(capacity: Option<usize>, shape: Shape) {
    let (sender, receiver) = capacity.map_or_else(flume::unbounded, flume::bounded);
    pass(shape, |item| sender.send(item).unwrap(), || || receiver.recv().unwrap());
}

fn kanal(capacity: Option<usize>, shape: Shape) {
    let (sender, receiver) = capacity.map_or_else(kanal::unbounded, kanal::bounded);
    pass(shape, |item| sender.send(item).unwrap(), || || receiver.recv().unwrap());
}

fn std_mpsc(capacity: Option<usize>, shape: Shape) {
    if let Some(places) = capacity {
        let (sender, receiver) = mpsc::sync_channel(places);
        pass_to_one(shape, |item| sender.send(item).unwrap(), receiver);
    } else {
        let (sender, receiver) = mpsc::channel();
        pass_to_one(shape, |item| sender.send(item).unwrap(), receiver);
    }
}

/// As [`pass`], to the one thread that may have the receiver.
fn pass_to_one(shape: Shape, put: impl Fn(usize) + Sync, receiver: mpsc::Receiver<usize>) {
    let mut only = Some(receiver);
    pass(shape, put, || {
        let receiver = only.take().unwrap();
        move || receiver.recv().unwrap()
    });
}

fn mutex_and_condvars(capacity: Option<usize>, shape: Shape) {
    let (lock, filled, freed) = (Mutex::new(VecDeque::new()), Condvar::new(), Condvar::new());
    let put = |item| {
        let mut items = lock.lock().unwrap();
        while capacity.is_some_and(|places| items.len() >= places) {
            items = freed.wait(items).unwrap();
        }
        items.push_back(item);
        filled.notify_one();
    };
    let get = || {
        let mut items = lock.lock().unwrap();
        while items.is_empty() {
            items = filled.wait(items).unwrap();
        }
        freed.notify_one();
        items.pop_front().unwrap()
    };
    pass(shape, put, || get);
}

/// Lets the producers put what the consumers get, and checks that it is the same. `receiver` makes what one consumer gets an item with.
fn pass<R: FnMut() -> usize + Send>(shape: Shape, send: impl Fn(usize) + Sync, mut receiver: impl FnMut() -> R) {
    let Shape { producers, consumers, items } = shape;
    let (puts, gets) = (items / producers, items / consumers);
    let got: usize = thread::scope(|scope| {
        for _ in 0..producers {
            scope.spawn(|| (0..puts).for_each(&send));
        }
        let receivers: Vec<_> = (0..consumers)
            .map(|_| {
                let mut receive = receiver();
                scope.spawn(move || (0..gets).map(|_| receive()).sum::<usize>())
            })
            .collect();
        receivers.into_iter().map(|receiver| receiver.join().unwrap()).sum()
    });
    assert_eq!(got, producers * (puts * (puts - 1) / 2));
}
