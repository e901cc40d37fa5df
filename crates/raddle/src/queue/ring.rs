//! A ring of places, whose two ends may be used at the same time.

use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};

use crate::sys::{AtomicU32, Ordering, UnsafeCell};

/// How many places there are at first.
const FIRST_PLACES: usize = 4;

/// Items that go in at the back and out at the front, in places that are used again and again.
///
/// Whoever has the ring has all of it. Its ends can be [lent](Ring::lend): then one thread at a time may put at the back while another one takes at the
/// front. They meet in the places alone, each of which says whether it has an item.
pub(super) struct Ring<T> {
    spots: NonNull<Spot<T>>,
    places: usize,
    first: usize,
    len: usize,
}

/// A place of the ring. What it says of itself lies beside the item, so that one cache line passes from the one end to the other.
struct Spot<T> {
    has_item: AtomicU32,
    item: UnsafeCell<MaybeUninit<T>>,
}

/// An end of a ring that is lent.
pub(super) struct End<T> {
    spots: *const Spot<T>,
    places: usize,
    /// The place whose turn is next.
    at: usize,
}

// SAFETY: it owns its items.
unsafe impl<T: Send> Send for Ring<T> {}
// SAFETY: what an end reaches is used by one thread at a time: see `put` and `take`.
unsafe impl<T: Send> Send for End<T> {}

impl<T> Ring<T> {
    pub(super) fn new() -> Self {
        Self { spots: NonNull::dangling(), places: 0, first: 0, len: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// How many items there may be before it grows.
    pub(super) fn places(&self) -> usize {
        self.places
    }

    pub(super) fn push_back(&mut self, item: T) {
        self.make_room();
        self.spot(self.len).fill(item, Ordering::Relaxed);
        self.len += 1;
    }

    pub(super) fn push_front(&mut self, item: T) {
        self.make_room();
        self.first = if self.first == 0 { self.places } else { self.first } - 1;
        self.spot(0).fill(item, Ordering::Relaxed);
        self.len += 1;
    }

    pub(super) fn pop_front(&mut self) -> Option<T> {
        if self.len == 0 {
            return None;
        }
        // SAFETY: the first of the items is here, and this thread has all of the ring.
        let item = unsafe { self.spot(0).read() };
        self.spot(0).has_item.store(0, Ordering::Relaxed);
        self.first = next(self.first, self.places);
        self.len -= 1;
        Some(item)
    }

    pub(super) fn for_each(&self, visit: &mut dyn FnMut(&T)) {
        for index in 0..self.len {
            // SAFETY: there is an item, and this thread has all of the ring.
            self.spot(index).item.with(|item| visit(unsafe { (*item).assume_init_ref() }));
        }
    }

    fn make_room(&mut self) {
        if self.len == self.places {
            self.resize((2 * self.places).max(FIRST_PLACES));
        }
    }

    /// Moves the items to a ring of that many places. There are at least as many places as items.
    #[cold]
    pub(super) fn resize(&mut self, places: usize) {
        debug_assert!(places >= self.len, "an item has no place");
        let spots: Box<[_]> = (0..places)
            .map(|index| {
                let spot = Spot { has_item: AtomicU32::new(0), item: UnsafeCell::new(MaybeUninit::uninit()) };
                if index < self.len {
                    // SAFETY: there is an item, which moves: the old places are freed without it.
                    spot.fill(unsafe { self.spot(index).read() }, Ordering::Relaxed);
                }
                spot
            })
            .collect();
        self.free();
        self.spots = NonNull::from(Box::leak(spots)).cast();
        self.places = places;
        self.first = 0;
    }

    /// Frees the places. The items are elsewhere, or gone.
    fn free(&mut self) {
        if self.places > 0 {
            // SAFETY: made of a box of that many places in `resize`, and not used any more.
            drop(unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(self.spots.as_ptr(), self.places)) });
        }
    }

    /// The place of the item with that index, or the one behind the last of them.
    fn spot(&self, index: usize) -> &Spot<T> {
        debug_assert!(index < self.places, "no such place");
        // SAFETY: within the ring, which lives.
        unsafe { self.spots.add(self.at(index)).as_ref() }
    }

    /// Where the item with that index is.
    fn at(&self, index: usize) -> usize {
        let at = self.first + index;
        if at < self.places { at } else { at - self.places }
    }

    /// The back and the front. Until they are [taken back](Ring::take_back), the ring itself does not know what it holds.
    pub(super) fn lend(&self) -> (End<T>, End<T>) {
        let end = |at| End { spots: self.spots.as_ptr(), places: self.places, at };
        (end(self.at(self.len)), end(self.first))
    }

    /// Nobody uses the ends any more; the front has come here, and so many items are left.
    pub(super) fn take_back(&mut self, front: &End<T>, len: usize) {
        debug_assert!(len <= self.places && front.places == self.places, "these are not the ends");
        self.first = front.at;
        self.len = len;
    }
}

impl<T> Drop for Ring<T> {
    fn drop(&mut self) {
        struct Rest<'a, T>(&'a mut Ring<T>);

        impl<T> Drop for Rest<'_, T> {
            fn drop(&mut self) {
                while self.0.pop_front().is_some() {}
                self.0.free();
            }
        }

        // If dropping an item panics, the rest is dropped nevertheless.
        let rest = Rest(self);
        while rest.0.pop_front().is_some() {}
    }
}

impl<T> Spot<T> {
    #[inline]
    fn fill(&self, item: T, ordering: Ordering) {
        self.item.with_mut(|place| {
            // SAFETY: whoever fills a place has it, and it has no item that would be lost.
            unsafe { (*place).write(item) };
        });
        self.has_item.store(1, ordering);
    }

    /// # Safety
    ///
    /// It has an item, this thread has the place, and from now on it counts as empty.
    #[inline]
    unsafe fn read(&self) -> T {
        // SAFETY: the caller's promise.
        self.item.with(|place| unsafe { (*place).assume_init_read() })
    }
}

impl<T> Clone for End<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for End<T> {}

impl<T> End<T> {
    /// That of a ring without places.
    pub(super) fn of_nothing() -> Self {
        Self { spots: ptr::null(), places: 0, at: 0 }
    }

    /// How many places the ring has.
    #[inline]
    pub(super) fn places(&self) -> usize {
        self.places
    }

    /// Puts an item, or gives it back if the place whose turn it is has one.
    ///
    /// # Safety
    ///
    /// The back of a ring that is lent, and no other thread puts.
    #[inline]
    pub(super) unsafe fn put(&mut self, item: T) -> Result<(), T> {
        // SAFETY: the ring is lent, and moves no places before it has its ends back.
        match unsafe { self.spot() } {
            // ORDERING: Acquire meets the Release in `take`: what was here has been read.
            Some(spot) if spot.has_item.load(Ordering::Acquire) == 0 => {
                // ORDERING: Release meets the Acquire in `take`: the item is seen.
                spot.fill(item, Ordering::Release);
                self.at = next(self.at, self.places);
                Ok(())
            }
            _ => Err(item),
        }
    }

    /// Takes an item, if the place whose turn it is has one; calls `count` before the place can be filled again.
    ///
    /// # Safety
    ///
    /// The front of a ring that is lent, and no other thread takes.
    #[inline]
    pub(super) unsafe fn take(&mut self, count: impl FnOnce()) -> Option<T> {
        // SAFETY: as in `put`.
        let spot = unsafe { self.spot() }?;
        // ORDERING: Acquire meets the Release in `put`: the item is seen.
        if spot.has_item.load(Ordering::Acquire) == 0 {
            return None;
        }
        // SAFETY: it has an item, and nobody else takes.
        let item = unsafe { spot.read() };
        count();
        // ORDERING: Release meets the Acquire in `put`: the item has been read, and counted.
        spot.has_item.store(0, Ordering::Release);
        self.at = next(self.at, self.places);
        Some(item)
    }

    /// Whether the place whose turn it is has an item.
    ///
    /// # Safety
    ///
    /// The ring is lent.
    pub(super) unsafe fn has_item(&self) -> bool {
        // SAFETY: the caller's promise. ORDERING: Relaxed: whoever acts on it looks again.
        unsafe { self.spot() }.is_some_and(|spot| spot.has_item.load(Ordering::Relaxed) != 0)
    }

    /// # Safety
    ///
    /// The ring is lent.
    #[inline]
    unsafe fn spot(&self) -> Option<&Spot<T>> {
        // SAFETY: the caller's promise, and `at` is within it.
        (self.places > 0).then(|| unsafe { &*self.spots.add(self.at) })
    }
}

#[inline]
fn next(at: usize, places: usize) -> usize {
    if at + 1 == places { 0 } else { at + 1 }
}
