//! What a queue is inside its sections: the items, who waits, and the counts.

use std::cell::UnsafeCell;
use std::mem;
use std::panic::Location;

use super::content::Content;
use super::order::Order;
use super::patience::Patience;
use super::ring::Ring;
use crate::park::{Grant, WaitList, WakeList};
use crate::probe::{ENABLED, QueueState, State as Seen, WaitKind};
use crate::sys::AfterFork;

/// What a queue is. It does not know what was put and got since the ends of its ring were [lent](super::ends).
///
/// Its order is that of its use: what an item is handed over with lies in front.
#[repr(C)]
pub(super) struct Inside<O: Order> {
    /// Who waits for an item. Not empty only while there is none, and nobody waits with one.
    pub(super) getters: WaitList,
    /// Who waits with an item for a place. Not empty only while the queue is full.
    pub(super) putters: WaitList,
    pub(super) status: Status,
    /// A thread that vanished in a fork may have left half a change behind.
    pub(super) is_torn: bool,
    /// How many items there may be; 0: any number.
    pub(super) capacity: usize,
    /// How many items were put and not yet reported as done.
    pub(super) unfinished: usize,
    /// The most items that there were at a time.
    pub(super) high_water: usize,
    pub(super) items: Content<O>,
    /// Whether it pays to let others run before getting in line.
    pub(super) patience: Patience,
    /// Who waits for `unfinished` to be 0.
    pub(super) joiners: WaitList,
    pub(super) next_joiner: u64,
    /// Where the source code made it.
    pub(super) site: &'static Location<'static>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Open,
    /// Nothing can be put; what is inside can be got.
    ShutDown,
    /// Nothing can be put, and what was inside was taken out.
    ShutDownNow,
    /// The content is elsewhere, for good.
    Retired,
}

/// Where a waiting thread has its item, or wants one: on its stack. Touched under the sections while its node is linked, and by the
/// thread alone before and after that.
pub(super) type Slot<T> = UnsafeCell<Option<T>>;

impl<O: Order> AfterFork for Inside<O> {
    fn after_fork(&mut self, torn: bool) {
        self.getters.forget_all();
        self.putters.forget_all();
        self.joiners.forget_all();
        if torn {
            // Not dropped, but forgotten: it may be half changed.
            mem::forget(self.take_items());
            self.unfinished = 0;
            self.is_torn = true;
        }
    }
}

impl<O: Order> Inside<O> {
    pub(super) fn new(capacity: usize, lends: bool, site: &'static Location<'static>) -> Self {
        Self {
            items: Content::new(O::new(), lends),
            capacity,
            unfinished: 0,
            high_water: 0,
            site,
            status: Status::Open,
            is_torn: false,
            getters: WaitList::new(),
            putters: WaitList::new(),
            joiners: WaitList::new(),
            next_joiner: 0,
            patience: Patience::new(),
        }
    }

    pub(super) fn shut_down(&mut self, how: Status) {
        if self.status != Status::Retired {
            self.status = how;
        }
    }

    pub(super) fn is_shut_down(&self) -> bool {
        matches!(self.status, Status::ShutDown | Status::ShutDownNow)
    }

    pub(super) fn take_items(&mut self) -> Content<O> {
        let renewed = self.items.renewed();
        mem::replace(&mut self.items, renewed)
    }

    pub(super) fn is_full(&self) -> bool {
        self.capacity != 0 && self.items.len() >= self.capacity
    }

    /// So many more items are to be reported as done. (Somebody may have set the number, to any.)
    #[inline]
    pub(super) fn expect(&mut self, items: usize) {
        self.unfinished = self.unfinished.saturating_add(items);
    }

    /// So many items were put at the back alone; the most that there were at a time are so many.
    pub(super) fn count(&mut self, puts: usize, high_water: usize) {
        self.expect(puts);
        self.patience.earn(puts);
        self.high_water = self.high_water.max(high_water);
    }

    /// No ring has more places than there may be items, unless it has the items already.
    pub(super) fn fit_places(&mut self) {
        let capacity = self.capacity;
        if let Some(ring) = self.items.ring_mut() {
            if capacity != 0 && ring.places() > capacity && ring.len() <= capacity {
                ring.resize(capacity);
            }
        }
    }

    /// The ring that the items are in, if there are any, nobody waits, and more may come as long as it has places.
    pub(super) fn lendable(&self) -> Option<&Ring<O::Item>> {
        let is_quiet = self.status == Status::Open && self.getters.is_empty() && self.putters.is_empty();
        let has_places = |places| self.capacity == 0 || places <= self.capacity;
        self.items.ring().filter(|ring| is_quiet && ring.len() > 0 && has_places(ring.places()))
    }

    /// Keeps the item, if there is nothing else to do for it.
    #[inline]
    pub(super) fn keep_at_once(&mut self, item: O::Item) -> Result<(), O::Item> {
        if !self.getters.is_empty() || self.status != Status::Open || self.is_full() {
            return Err(item);
        }
        self.expect(1);
        self.keep(item);
        Ok(())
    }

    /// Hands the item to whoever has waited longest for one, or keeps it.
    pub(super) fn accept(&mut self, item: O::Item, wakes: &mut WakeList) {
        match self.hand_over(item, wakes) {
            Ok(()) => {}
            Err(item) => self.keep(item),
        }
    }

    #[inline]
    fn keep(&mut self, item: O::Item) {
        self.patience.earn(1);
        self.items.push(item);
        if ENABLED {
            self.high_water = self.high_water.max(self.items.len());
        }
    }

    /// What it is while it holds `depth` items, of which `puts` are not counted yet, nor is `high_water`.
    pub(super) fn state(&self, depth: usize, puts: usize, high_water: usize) -> Seen {
        if self.status == Status::Retired {
            return Seen::Unknown;
        }
        Seen::Queue(QueueState {
            depth,
            capacity: self.capacity,
            unfinished: self.unfinished.saturating_add(puts),
            high_water: self.high_water.max(high_water),
            getters: self.getters.len(),
            putters: self.putters.len(),
            joiners: self.joiners.len(),
            is_shut_down: self.is_shut_down(),
            site: self.site,
        })
    }

    pub(super) fn hand_over(&mut self, item: O::Item, wakes: &mut WakeList) -> Result<(), O::Item> {
        let Some(node) = self.getters.front() else { return Err(item) };
        self.patience.earn(1);
        // SAFETY: every node in `getters` has a slot of this type, and we are inside. It is empty, so that nothing is dropped here.
        unsafe { node.slot().cast::<Option<O::Item>>().write(Some(item)) };
        self.getters.grant_one(Grant::Handed, wakes);
        Ok(())
    }
}

impl<O: Order> Inside<O> {
    pub(super) fn list(&mut self, kind: WaitKind) -> &mut WaitList {
        match kind {
            WaitKind::QueuePut => &mut self.putters,
            WaitKind::QueueJoin => &mut self.joiners,
            _ => &mut self.getters,
        }
    }
}
