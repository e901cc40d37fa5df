//! Last in, first out.

use super::order::Order;

/// The order of a [`LifoQueue`](super::LifoQueue): last in, first out.
///
/// # Examples
///
/// ```
/// use raddle::queue::{Lifo, Order};
///
/// let mut order = Lifo::new();
/// order.push(1);
/// order.push(2);
/// assert_eq!(order.pop(), Some(2));
/// ```
#[derive(Debug)]
pub struct Lifo<T> {
    items: Vec<T>,
}

impl<T: Send> Order for Lifo<T> {
    type Item = T;

    fn new() -> Self {
        Self { items: Vec::new() }
    }

    fn len(&self) -> usize {
        self.items.len()
    }

    fn push(&mut self, item: T) {
        self.items.push(item);
    }

    fn pop(&mut self) -> Option<T> {
        self.items.pop()
    }

    fn unpop(&mut self, item: T) {
        self.items.push(item);
    }

    fn for_each(&self, visit: &mut dyn FnMut(&T)) {
        self.items.iter().for_each(visit);
    }
}
