//! The items of a queue: in their order, or, if that is the order in which they came, in a ring.

use super::order::Order;
use super::ring::Ring;

#[repr(C)]
pub(super) struct Content<O: Order> {
    /// Where the items are if they go out as they came in, and may at the same time; the order holds none then.
    ring: Option<Ring<O::Item>>,
    order: O,
    lends: bool,
}

impl<O: Order> Content<O> {
    /// `lends`: whether items may be put and got at the same time.
    pub(super) fn new(mut order: O, lends: bool) -> Self {
        let ring = (lends && order.is_first_in_first_out()).then(|| {
            let mut ring = Ring::new();
            while let Some(item) = order.pop() {
                ring.push_back(item);
            }
            ring
        });
        Self { ring, order, lends }
    }

    /// Without items, and in all else like this one, whose items may be half changed.
    pub(super) fn renewed(&self) -> Self {
        self.with(self.order.renewed())
    }

    /// With another order.
    pub(super) fn with(&self, order: O) -> Self {
        Self::new(order, self.lends)
    }

    #[inline]
    pub(super) fn ring(&self) -> Option<&Ring<O::Item>> {
        self.ring.as_ref()
    }

    pub(super) fn ring_mut(&mut self) -> Option<&mut Ring<O::Item>> {
        self.ring.as_mut()
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.ring.as_ref().map_or_else(|| self.order.len(), Ring::len)
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    pub(super) fn push(&mut self, item: O::Item) {
        match &mut self.ring {
            Some(ring) => ring.push_back(item),
            None => self.order.push(item),
        }
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<O::Item> {
        match &mut self.ring {
            Some(ring) => ring.pop_front(),
            None => self.order.pop(),
        }
    }

    pub(super) fn unpop(&mut self, item: O::Item) {
        match &mut self.ring {
            Some(ring) => ring.push_front(item),
            None => self.order.unpop(item),
        }
    }

    pub(super) fn for_each(&self, visit: &mut dyn FnMut(&O::Item)) {
        match &self.ring {
            Some(ring) => ring.for_each(visit),
            None => self.order.for_each(visit),
        }
    }
}
