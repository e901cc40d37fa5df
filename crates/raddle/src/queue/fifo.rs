//! First in, first out.

use std::collections::VecDeque;

use super::order::Order;

/// The order of a [`Queue`](super::Queue): first in, first out.
///
/// # Examples
///
/// ```
/// use raddle::queue::{Fifo, Order, Queue, Shell};
///
/// let mut order = Fifo::new();
/// order.push(1);
/// order.push(2);
/// assert_eq!(order.pop(), Some(1));
///
/// // `Queue<T>` is the shell around it.
/// let queue: Queue<u32> = Shell::<Fifo<u32>>::new();
/// assert!(queue.is_empty());
/// ```
#[derive(Debug)]
pub struct Fifo<T> {
    items: VecDeque<T>,
}

impl<T: Send> Order for Fifo<T> {
    type Item = T;

    fn new() -> Self {
        Self { items: VecDeque::new() }
    }

    fn len(&self) -> usize {
        self.items.len()
    }

    fn push(&mut self, item: T) {
        self.items.push_back(item);
    }

    fn pop(&mut self) -> Option<T> {
        self.items.pop_front()
    }

    fn unpop(&mut self, item: T) {
        self.items.push_front(item);
    }

    fn for_each(&self, visit: &mut dyn FnMut(&T)) {
        self.items.iter().for_each(visit);
    }

    fn is_first_in_first_out(&self) -> bool {
        true
    }
}
