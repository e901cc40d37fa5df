//! The two ends of a queue: items are put at the back and got at the front, at the same time.
//!
//! What a queue is inside is behind the section of its back. While items that go out as they came in lie there and nobody waits, that is more than is needed to put one or to
//! get one: then the two ends of the [ring](super::ring::Ring) that they are in are *lent*, each to a section of its own. Who puts enters the back, who gets enters
//! the front, and they meet in the places of the items only. Who needs more enters both, the back first, and has [the whole](Whole): it takes the ring's ends back, with what
//! was counted there, and lends them again when it leaves, if things are such.
//!
//! # Fork
//!
//! The first thread of a child that enters a section finds it new, or left by threads that do not exist. What it then knows is noted, the whole is entered, and repaired there.

use std::mem;
use std::ops::{Deref, DerefMut};

use super::inside::{Inside, Status};
use super::order::Order;
use super::ring::End;
use crate::probe::{ENABLED, State as Seen};
use crate::sys::{AfterFork, AtomicU32, AtomicUsize, Guard, Ordering, Section, View};

#[repr(C)]
pub(super) struct Ends<O: Order> {
    back: Apart<Section<Back<O>>>,
    front: Apart<Section<Front<O::Item>, BesideFront>>,
}

/// In cache lines of its own: processors fetch them in pairs.
#[repr(align(128))]
struct Apart<T>(T);

/// Where items are put, and all that the queue is, but for the places of a ring that is lent. With the section's word, what it takes to put an item is a cache line.
#[repr(C)]
struct Back<O: Order> {
    /// Whether the ends are lent.
    is_lent: bool,
    /// Whether somebody may enter a section that does not take turns.
    is_shared: bool,
    inherited: Inherited,
    /// Whether there may be more places than the ring has.
    may_grow: bool,
    end: End<O::Item>,
    /// How many items there would be if none were got since the ends were lent.
    puts: usize,
    /// The most items that there were at a time.
    high_water: usize,
    /// Until `puts` is that, there cannot be more.
    measured_until: usize,
    inside: Inside<O>,
}

/// Where items are got.
#[repr(C)]
struct Front<T> {
    /// Whether the ends are lent.
    is_lent: bool,
    inherited: Inherited,
    end: End<T>,
}

/// What others may look at without entering the front.
#[repr(C)]
struct BesideFront {
    /// Whether the ends are lent: a hint.
    is_lent: AtomicU32,
    /// How many items were got since then: written by those who have the front, and read by those who have either end.
    gets: AtomicUsize,
}

/// Nothing was done at an end.
pub(super) enum Refused<'a, O: Order> {
    /// There is no place, and there are to be no more, or there is no item; nobody is in line, and the queue is open.
    Nothing,
    /// It takes the whole.
    Whole(Whole<'a, O>),
}

/// Whether a section was entered for the first time in this process.
#[derive(Clone, Copy, Default)]
struct Inherited {
    is_new: bool,
    is_torn: bool,
}

impl Inherited {
    fn note(&mut self, torn: bool) {
        self.is_new = true;
        self.is_torn |= torn;
    }
}

impl<O: Order> AfterFork for Back<O> {
    fn after_fork(&mut self, torn: bool) {
        self.inherited.note(torn);
    }
}

impl<T> AfterFork for Front<T> {
    fn after_fork(&mut self, torn: bool) {
        self.inherited.note(torn);
    }
}

impl<O: Order> Back<O> {
    fn new(inside: Inside<O>, is_shared: bool) -> Self {
        Self {
            is_lent: false,
            is_shared,
            inherited: Inherited::default(),
            may_grow: false,
            end: End::of_nothing(),
            puts: 0,
            high_water: 0,
            measured_until: 0,
            inside,
        }
    }

    /// Whether an item can be put here, without the whole.
    #[inline]
    fn is_open(&self) -> bool {
        self.is_lent && !self.inherited.is_new
    }

    /// Whether this section is all there is to the queue, now and when it is left.
    #[inline]
    fn is_alone(&self) -> bool {
        !self.is_lent && !self.inherited.is_new && self.inside.items.ring().is_none()
    }

    /// An item was put. `gets`: how many were got by now, or fewer.
    #[inline]
    fn count(&mut self, gets: impl FnOnce() -> usize) {
        self.puts = self.puts.wrapping_add(1);
        if ENABLED && self.puts == self.measured_until {
            let len = self.puts.wrapping_sub(gets());
            self.measure(len);
        }
    }

    /// There are so many items. Where there were as many as there are places, nobody need look at the front again: there is no room for more.
    fn measure(&mut self, len: usize) {
        self.high_water = self.high_water.max(len);
        let headroom = if self.high_water < self.end.places() { self.high_water - len + 1 } else { 0 };
        self.measured_until = self.puts.wrapping_add(headroom);
    }
}

impl<T> Front<T> {
    fn new() -> Self {
        Self { is_lent: false, inherited: Inherited::default(), end: End::of_nothing() }
    }

    /// Whether an item can be got here, without the whole.
    #[inline]
    fn is_open(&self) -> bool {
        self.is_lent && !self.inherited.is_new
    }
}

impl BesideFront {
    fn new() -> Self {
        Self { is_lent: AtomicU32::new(0), gets: AtomicUsize::new(0) }
    }
}

impl<O: Order> Ends<O> {
    pub(super) fn new(inside: Inside<O>) -> Self {
        Self {
            back: Apart(Section::new(Back::new(inside, true))),
            front: Apart(Section::with(Front::new(), BesideFront::new())),
        }
    }

    /// For threads that take turns.
    ///
    /// # Safety
    ///
    /// As [`Section::in_turn`].
    #[cfg(feature = "turns")]
    pub(super) unsafe fn in_turn(inside: Inside<O>) -> Self {
        // SAFETY: the caller's promise.
        unsafe {
            Self {
                back: Apart(Section::in_turn(Back::new(inside, false), ())),
                front: Apart(Section::in_turn(Front::new(), BesideFront::new())),
            }
        }
    }

    /// Puts an item if nobody waits for one and there is a place.
    #[inline]
    pub(super) fn put(&self, item: O::Item) -> Result<(), (O::Item, Refused<'_, O>)> {
        let mut back = self.back.0.enter();
        if back.is_open() {
            // SAFETY: it is lent, and nobody else is at the back.
            return match unsafe { back.end.put(item) } {
                Ok(()) => {
                    back.count(|| self.gets());
                    Ok(())
                }
                Err(item) if back.may_grow => self.put_in_whole(back, item),
                Err(item) => Err((item, Refused::Nothing)),
            };
        }
        let kept = if back.is_alone() { back.inside.keep_at_once(item) } else { Err(item) };
        kept.or_else(|item| self.put_in_whole(back, item))
    }

    #[inline(never)]
    fn put_in_whole<'a>(&'a self, back: Guard<'a, Back<O>>, item: O::Item) -> Result<(), (O::Item, Refused<'a, O>)> {
        let mut whole = self.whole(back);
        whole.keep_at_once(item).map_err(|item| (item, Refused::Whole(whole)))
    }

    /// Gets an item if nobody waits with one and there is one.
    #[inline]
    pub(super) fn get(&self) -> Result<O::Item, Refused<'_, O>> {
        let beside = self.front.0.beside();
        // ORDERING: Relaxed: it is a hint.
        if beside.is_lent.load(Ordering::Relaxed) != 0 {
            let mut front = self.front.0.enter();
            if front.is_open() {
                // ORDERING: Relaxed: only who has the front writes it. Who puts into this item's place sees that it was counted: see `End::take`.
                let count =
                    || beside.gets.store(beside.gets.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
                // SAFETY: it is lent, and nobody else is at the front.
                return unsafe { front.end.take(count) }.ok_or(Refused::Nothing);
            }
        }
        let mut back = self.back.0.enter();
        if back.is_alone() && back.inside.putters.is_empty() {
            if let Some(item) = back.inside.items.pop() {
                return Ok(item);
            }
        }
        self.get_from_whole(back)
    }

    #[inline(never)]
    fn get_from_whole<'a>(&'a self, back: Guard<'a, Back<O>>) -> Result<O::Item, Refused<'a, O>> {
        let mut whole = self.whole(back);
        let item = if whole.putters.is_empty() { whole.items.pop() } else { None };
        item.ok_or(Refused::Whole(whole))
    }

    /// Whether there is a place for an item, or never will be.
    pub(super) fn is_over_for_putters(&self) -> bool {
        let back = self.back.0.look();
        if back.is_open() {
            // SAFETY: it is lent.
            return back.may_grow || !unsafe { back.end.has_item() };
        }
        drop(back);
        let looked = self.look();
        let inside = looked.inside();
        inside.status != Status::Open || inside.capacity == 0 || looked.len() < inside.capacity
    }

    /// Whether there is an item to be got, or never will be.
    pub(super) fn is_over_for_getters(&self) -> bool {
        // ORDERING: Relaxed: it is a hint.
        if self.front.0.beside().is_lent.load(Ordering::Relaxed) != 0 {
            let front = self.front.0.look();
            if front.is_open() {
                // SAFETY: it is lent.
                return unsafe { front.end.has_item() };
            }
        }
        let looked = self.look();
        looked.inside().status != Status::Open || looked.len() > 0
    }

    fn gets(&self) -> usize {
        self.front.0.beside().gets.load(Ordering::Relaxed)
    }

    /// Enters what the whole is behind.
    #[inline]
    pub(super) fn enter(&self) -> Whole<'_, O> {
        self.whole(self.back.0.enter())
    }

    #[inline]
    fn whole<'a>(&'a self, back: Guard<'a, Back<O>>) -> Whole<'a, O> {
        let mut whole = Whole { ends: self, back, front: None };
        if whole.back.is_lent || whole.back.inherited.is_new {
            whole.take_back();
        }
        whole
    }

    /// Enters what the whole is behind, to change nothing: see [`Section::look`].
    pub(super) fn look(&self) -> Looked<'_, O> {
        loop {
            let back = self.back.0.look();
            let front = back.is_lent.then(|| self.front.0.look());
            if back.inherited.is_new || front.as_ref().is_some_and(|front| front.inherited.is_new) {
                drop((back, front));
                // Repairs what there is.
                drop(self.enter());
                continue;
            }
            return Looked { ends: self, back, _front: front };
        }
    }
}

impl<O: Order> Drop for Ends<O> {
    fn drop(&mut self) {
        // The ring knows its items when its ends are back.
        let items = self.enter().take_items();
        drop(items);
    }
}

/// Proof that this thread has what is inside.
pub(super) struct Whole<'a, O: Order> {
    ends: &'a Ends<O>,
    back: Guard<'a, Back<O>>,
    /// Entered if the ends were lent, or are to be.
    front: Option<Guard<'a, Front<O::Item>, BesideFront>>,
}

impl<'a, O: Order> Whole<'a, O> {
    /// From now on threads may enter that do not take turns: see [`Guard::share`].
    pub(super) fn share(&mut self) {
        if !self.back.is_shared {
            self.back.is_shared = true;
            self.back.share();
            self.enter_front().share();
        }
    }

    fn enter_front(&mut self) -> &mut Guard<'a, Front<O::Item>, BesideFront> {
        self.front.get_or_insert_with(|| {
            let mut front = self.ends.front.0.enter();
            // It was not lent, so there was nothing to inherit.
            front.inherited = Inherited::default();
            front
        })
    }

    /// Makes what was lent part of the whole again, and repairs it if that is due.
    #[cold]
    fn take_back(&mut self) {
        let Inherited { mut is_new, mut is_torn } = mem::take(&mut self.back.inherited);
        if mem::replace(&mut self.back.is_lent, false) {
            let mut front = self.ends.front.0.enter();
            let inherited = mem::take(&mut front.inherited);
            (is_new, is_torn) = (is_new || inherited.is_new, is_torn || inherited.is_torn);
            if !is_torn {
                let (puts, high_water) = (self.back.puts, self.back.high_water);
                let len = puts.wrapping_sub(self.ends.gets());
                // The ring has not changed what it says of itself since.
                let lent = self.items.len();
                if let Some(ring) = self.items.ring_mut() {
                    ring.take_back(&front.end, len);
                }
                self.count(puts.wrapping_sub(lent), high_water);
            }
            self.front = Some(front);
        }
        if is_new {
            self.after_fork(is_torn);
        }
    }

    /// Lends the ends of the ring that the items are in, if there are items, and nobody waits.
    #[inline(never)]
    fn lend(&mut self) {
        self.fit_places();
        let inside = &self.back.inside;
        let Some(ring) = inside.lendable() else {
            if let Some(front) = &mut self.front {
                front.is_lent = false;
                // ORDERING: Relaxed: it is a hint.
                self.ends.front.0.beside().is_lent.store(0, Ordering::Relaxed);
            }
            return;
        };
        let ((back_end, front_end), len) = (ring.lend(), ring.len());
        let may_grow = inside.capacity == 0 || ring.places() < inside.capacity;
        let front = self.enter_front();
        front.is_lent = true;
        front.end = front_end;
        let beside = self.ends.front.0.beside();
        beside.is_lent.store(1, Ordering::Relaxed);
        beside.gets.store(0, Ordering::Relaxed);
        let back = &mut *self.back;
        back.is_lent = true;
        back.may_grow = may_grow;
        back.end = back_end;
        back.puts = len;
        back.high_water = back.inside.high_water;
        back.measure(len);
    }
}

impl<O: Order> Deref for Whole<'_, O> {
    type Target = Inside<O>;

    #[inline]
    fn deref(&self) -> &Inside<O> {
        &self.back.inside
    }
}

impl<O: Order> DerefMut for Whole<'_, O> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Inside<O> {
        &mut self.back.inside
    }
}

impl<O: Order> Drop for Whole<'_, O> {
    #[inline]
    fn drop(&mut self) {
        if self.items.ring().is_some() || self.front.is_some() {
            self.lend();
        }
    }
}

/// Proof that this thread has what is inside, and changes nothing.
pub(super) struct Looked<'a, O: Order> {
    ends: &'a Ends<O>,
    back: View<'a, Back<O>>,
    _front: Option<View<'a, Front<O::Item>, BesideFront>>,
}

impl<O: Order> Looked<'_, O> {
    /// How many items there are.
    pub(super) fn len(&self) -> usize {
        if self.back.is_lent { self.back.puts.wrapping_sub(self.ends.gets()) } else { self.inside().items.len() }
    }

    pub(super) fn state(&self) -> Seen {
        let inside = self.inside();
        let (puts, high_water) = if self.back.is_lent {
            (self.back.puts.wrapping_sub(inside.items.len()), self.back.high_water)
        } else {
            (0, 0)
        };
        inside.state(self.len(), puts, high_water)
    }

    /// Without what was put and got since the ends were lent.
    fn inside(&self) -> &Inside<O> {
        &self.back.inside
    }
}
