//! The short internal critical section of every object, which survives `fork`.
//!
//! # States
//!
//! One 32-bit word: the fork epoch in the upper 28 bits, four flags below.
//!
//! | word | meaning |
//! |---|---|
//! | `0`, or `IN_TURN` | nobody has ever been inside; no process has this epoch, where there is `fork` |
//! | `epoch, 0` | free; last used in `epoch` |
//! | `epoch, HELD` | a thread is inside |
//! | `epoch, HELD+LOOKING` | a thread is inside, and changes nothing |
//! | `…+CONTENDED` | another one pauses until it leaves |
//! | `…+IN_TURN` | those who enter take turns: see below |
//!
//! # Taking turns
//!
//! Threads that are attached to an interpreter with a global lock take turns anyway, so that there is nobody to be kept out. A section that was made
//! for such threads (`Section::in_turn`) is entered by a load and a store, without the exchange that costs more than most of what is done inside.
//! That is over as soon as a thread is about to wait, for then another one may look at what it waits for without taking its turn: who links a
//! node [shares](Guard::share) the section. From then on it is like any other.
//!
//! # Fork
//!
//! `fork` copies one thread. In the child the epoch is one higher, so that the first thread to enter
//! each section finds a stale one, and knows two things: no thread that waited at this object
//! exists any more, and if `HELD` is set, neither does the one that was inside, and it may have
//! left half a change behind, unless it was `LOOKING`. It takes the section over and lets the content repair itself
//! ([`AfterFork`]) before anything else.
//!
//! Epochs are counted from the first thread on that enters any section. A new section looks stale, so that no thread
//! enters one before that: a section that is held while the process forks is always known to be stale in the child.
//!
//! # Rules
//!
//! What runs inside is bounded and calls no foreign code: no callback, no comparison, no drop of a
//! user's value. So a thread that finds the section held waits for microseconds, and needs no deadline.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::{RefUnwindSafe, UnwindSafe};

use super::sleep::{pause_on, resume_one};
use super::{AtomicU32, Ordering, UnsafeCell, const_fn, fork_epoch, stand_back, takes_turns, watch_forks};

const HELD: u32 = 0b01;
const CONTENDED: u32 = 0b10;
const LOOKING: u32 = 0b100;
const IN_TURN: u32 = 0b1000;
const FLAGS: u32 = HELD | CONTENDED | LOOKING | IN_TURN;
const EPOCH_SHIFT: u32 = 4;

/// How often a thread [stands back](stand_back) and looks again before it pauses: sections last less than a microsecond.
const LOOKS_BEFORE_PAUSE: u32 = 12;

/// What a section's content does when a process enters it for the first time.
pub(crate) trait AfterFork {
    /// Forgets everything that belongs to threads that do not exist in this child, without touching
    /// their memory. `torn`: one of them was inside, and may have left half a change. In the process that made the
    /// section there is nothing to forget.
    fn after_fork(&mut self, torn: bool);
}

/// A value that one thread at a time may touch, for a short and bounded time.
///
/// What is kept `beside` it is not protected: it lies where a value that is aligned to eight bytes leaves four of them free.
/// The word is in front, in the cache line of the value's first fields.
#[repr(C)]
pub(crate) struct Section<T, B = ()> {
    word: AtomicU32,
    beside: B,
    value: UnsafeCell<T>,
}

// SAFETY: a `Guard` is the only way to the value, and there is at most one at a time (see `enter`).
unsafe impl<T: Send, B: Send> Send for Section<T, B> {}
// SAFETY: as above: sharing a section hands the value from thread to thread, never shares it. What is beside it is shared.
unsafe impl<T: Send, B: Sync> Sync for Section<T, B> {}

// Nothing that runs inside may panic, so no panic leaves half a change behind.
impl<T, B: UnwindSafe> UnwindSafe for Section<T, B> {}
impl<T, B: RefUnwindSafe> RefUnwindSafe for Section<T, B> {}

impl<T: AfterFork> Section<T> {
    const_fn! {
        pub(crate) fn new(value: T) -> Self {
            Self::with(value, ())
        }
    }
}

impl<T, B> Section<T, B> {
    /// What is kept beside the value.
    pub(crate) fn beside(&self) -> &B {
        &self.beside
    }
}

impl<T: AfterFork, B> Section<T, B> {
    const_fn! {
        pub(crate) fn with(value: T, beside: B) -> Self {
            Self { word: AtomicU32::new(0), beside, value: UnsafeCell::new(value) }
        }
    }

    /// One that is entered by threads that take turns, until it is [shared](Guard::share).
    ///
    /// # Safety
    ///
    /// Until then all who enter, or look, hold one and the same lock meanwhile. (A fork cuts nothing in two here: if a thread that vanishes in it was inside, that
    /// lock is never free in the child.)
    #[cfg(feature = "turns")]
    pub(crate) unsafe fn in_turn(value: T, beside: B) -> Self {
        super::begin_turns();
        Self { word: AtomicU32::new(IN_TURN), beside, value: UnsafeCell::new(value) }
    }

    /// Waits until no other thread is inside, and enters.
    #[inline]
    pub(crate) fn enter(&self) -> Guard<'_, T, B> {
        self.enter_as(HELD)
    }

    /// As [`enter`](Self::enter), to change nothing. So if the process is forked meanwhile, the content is whole in the child: for
    /// threads that look at any moment at what others have.
    #[inline]
    pub(crate) fn look(&self) -> View<'_, T, B> {
        View(self.enter_as(HELD | LOOKING))
    }

    #[inline]
    fn enter_as(&self, how: u32) -> Guard<'_, T, B> {
        let free = fork_epoch() << EPOCH_SHIFT;
        let in_turn = free | IN_TURN;
        // ORDERING: Relaxed: what the last thread did inside is seen through the lock under which both take their turns, and nobody else reads
        // the word. It says HELD so that one who enters again from inside is stopped there, as in any section.
        if takes_turns() && self.word.load(Ordering::Relaxed) == in_turn {
            self.word.store(in_turn | how, Ordering::Relaxed);
            return Guard { section: self, free: in_turn, inherited: false };
        }
        // ORDERING: Acquire meets the Release in `Guard::drop`: what the last thread did inside is
        // seen. Relaxed on failure: the slow path looks again.
        if self.word.compare_exchange(free, free | how, Ordering::Acquire, Ordering::Relaxed).is_ok() {
            return Guard { section: self, free, inherited: false };
        }
        self.enter_slow(how)
    }

    #[cold]
    fn enter_slow(&self, how: u32) -> Guard<'_, T, B> {
        let mut looks = 0;
        // A thread that paused may not be the last one that does, so it enters with CONTENDED set.
        let mut contended = 0;
        loop {
            let free = fork_epoch() << EPOCH_SHIFT;
            let word = self.word.load(Ordering::Relaxed);
            let stale = word & !FLAGS != free;
            if stale || word & HELD == 0 {
                if stale {
                    watch_forks();
                }
                // Whoever repairs changes something.
                let how = if stale { HELD } else { how };
                let free = free | (word & IN_TURN);
                // ORDERING: Acquire as in `enter`. A stale word was written before the fork, by
                // this child's past.
                if self.replace(word, free | how | contended) {
                    if stale {
                        let torn = word & HELD != 0 && word & LOOKING == 0;
                        // SAFETY: the word says HELD in this epoch, and this thread has put it there.
                        self.value.with_mut(|value| unsafe { (*value).after_fork(torn) });
                    }
                    return Guard { section: self, free, inherited: stale };
                }
            } else if looks < LOOKS_BEFORE_PAUSE {
                looks += 1;
                stand_back();
            } else if word & CONTENDED != 0 || self.replace(word, word | CONTENDED) {
                pause_on(&self.word, word | CONTENDED);
                contended = CONTENDED;
            }
        }
    }

    fn replace(&self, old: u32, new: u32) -> bool {
        self.word.compare_exchange_weak(old, new, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }
}

impl<T, B> fmt::Debug for Section<T, B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Section").finish_non_exhaustive()
    }
}

/// Proof that this thread is inside.
pub(crate) struct Guard<'a, T, B = ()> {
    section: &'a Section<T, B>,
    free: u32,
    inherited: bool,
}

impl<T, B> Guard<'_, T, B> {
    /// Whether this is the first look at the content in this process: after a fork, what lies outside of the section and
    /// belongs to it may need repair too.
    #[inline]
    pub(crate) fn is_inherited(&self) -> bool {
        self.inherited
    }

    /// From now on threads may enter that do not take turns: this one is about to link a node.
    #[inline]
    pub(crate) fn share(&mut self) {
        self.free &= !IN_TURN;
    }
}

impl<T, B> Deref for Guard<'_, T, B> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this thread is inside until the guard is dropped, and nobody else is.
        self.section.value.with(|value| unsafe { &*value })
    }
}

impl<T, B> DerefMut for Guard<'_, T, B> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`; and the guard is borrowed mutably.
        self.section.value.with_mut(|value| unsafe { &mut *value })
    }
}

impl<T, B> Drop for Guard<'_, T, B> {
    #[inline]
    fn drop(&mut self) {
        // A load and a store, which cost a third of a swap. CONTENDED that is set between the two is lost: then the word is not what
        // the thread that has set it pauses on, so it looks again at once; and should its processor not see that yet, its pause is short.
        let word = self.section.word.load(Ordering::Relaxed);
        // ORDERING: Release meets the Acquire of the next thread that enters.
        self.section.word.store(self.free, Ordering::Release);
        if word & CONTENDED != 0 {
            resume_one(&self.section.word);
        }
    }
}

/// A [`Guard`] that changes nothing.
pub(crate) struct View<'a, T, B = ()>(Guard<'a, T, B>);

impl<T, B> Deref for View<'_, T, B> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}
