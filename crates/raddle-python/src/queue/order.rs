//! The order of a queue's items: first in, first out, or last in, first out.

use std::collections::VecDeque;

use raddle::queue::Order;

use crate::item::Item;

/// Items that go out at either end: one type for both orders, because `LifoQueue` is a subclass of `Queue`.
#[derive(Debug)]
pub(crate) struct Items {
    items: VecDeque<Item>,
    last_in_first_out: bool,
}

impl Items {
    pub(crate) fn in_order(last_in_first_out: bool) -> Self {
        Self { items: VecDeque::new(), last_in_first_out }
    }
}

impl Order for Items {
    type Item = Item;

    fn new() -> Self {
        Self::in_order(false)
    }

    fn renewed(&self) -> Self {
        Self::in_order(self.last_in_first_out)
    }

    fn len(&self) -> usize {
        self.items.len()
    }

    fn push(&mut self, item: Item) {
        self.items.push_back(item);
    }

    fn pop(&mut self) -> Option<Item> {
        if self.last_in_first_out { self.items.pop_back() } else { self.items.pop_front() }
    }

    fn unpop(&mut self, item: Item) {
        if self.last_in_first_out {
            self.items.push_back(item);
        } else {
            self.items.push_front(item);
        }
    }

    fn for_each(&self, visit: &mut dyn FnMut(&Item)) {
        self.items.iter().for_each(visit);
    }

    fn is_first_in_first_out(&self) -> bool {
        !self.last_in_first_out
    }
}
