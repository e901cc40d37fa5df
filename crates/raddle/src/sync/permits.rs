//! Permits that threads barge for: what a lock (one permit) and a semaphore (any number) are made of.
//!
//! # The word
//!
//! | bits | name | meaning |
//! |---|---|---|
//! | 0 | `WAITERS` | the list of waiters is not empty; but see *Who was woken* |
//! | 1 | `HAND_OFF` | the oldest waiter is to be handed the next permit |
//! | 2 | `SIGNAL` | a thread has freed a permit that another one took: this is no mutex; only locks say so |
//! | 3 | `POISONED` | a guard was dropped by a panic; only locks with a value say so |
//! | 4 | `IN_TURN` | its users take turns: see below |
//! | 5 | `MANY` | there may be more than one permit: semaphores say so |
//! | 6–23 | woken | how many waiters were taken out of the list to compete, and have not settled that yet; with `IN_TURN` or `MANY` only |
//! | 24–63 | permits | how many are free |
//!
//! `WAITERS` and `HAND_OFF` change under the section only, the rest by any thread. `SIGNAL`, `IN_TURN` and `MANY` stay, and neither `SIGNAL` nor
//! `POISONED` decides anything here.
//!
//! # Who was woken
//!
//! Where there is one permit, one that was woken is enough, and is not counted: whoever wakes it clears `WAITERS`, and it settles under the section, where it sets `WAITERS` again
//! if there is somebody in the list. So while it competes the word of a lock is what it is when nobody waits, and whoever acquires and releases the lock meanwhile does so
//! by one exchange each, which expects just that. (If the list is empty when one comes, that one does not know of the one that was woken, and is woken as well: a
//! wake-up too many, now and then.) Where threads take turns, the word has to tell of those that were woken, as follows.
//!
//! # Taking turns
//!
//! Threads that are attached to an interpreter with a global lock take turns anyway, but for those that wait: one that was woken
//! competes without the interpreter. Where `IN_TURN` is set, only a thread that has its turn ends the state *nobody waits, and nobody was woken*: by linking a
//! newcomer, or by waking one. And one that was woken does not touch the word any more after the exchange by which it ceases to be counted there. So the thread that has its turn and reads that
//! state has the word to itself, until it lets the next one have its turn: what it reads is not stale, and it changes it by a store, which costs a small part of what an
//! exchange does ([`Permits::replace`]).
//!
//! # Invariants, whenever nobody is inside the section
//!
//! 1. Every free permit has somebody on the way to it: **while the list is not empty, permits ≤ woken**. A thread that
//!    frees a permit restores this by waking the oldest waiter; one that is woken either takes a permit (both
//!    sides go down by one) or finds none (only then it may sleep again). So no wake-up is lost. Where those that were woken are not counted:
//!    while the list is not empty, **`WAITERS` is set and there is no free permit, or one was woken** that has not settled.
//! 2. `HAND_OFF` implies no free permit and a list that is not empty.
//!
//! # Fairness
//!
//! A running thread may take a free permit ahead of those that wait: handing permits over in strict order makes each
//! of them wait for a thread to be scheduled (a convoy). Who waits is woken in the order of arrival, keeps its
//! place while it competes, and after a millisecond without success asks for a hand-off, once per attempt.

use std::mem;
use std::ptr;

use crate::park::{Deadline, End, Failed, Grant, Node, Place, State, WaitList, Waiter, WakeList, Wanted, wait};
use crate::probe::{ENABLED, State as Seen, Trace};
use crate::sys::{
    AfterFork, AtomicU64, Guard, Nanoseconds, Ordering, Section, const_fn, now, relax, rest, takes_turns,
};

const WAITERS: u64 = 1 << 0;
const HAND_OFF: u64 = 1 << 1;
const SIGNAL: u64 = 1 << 2;
const POISONED: u64 = 1 << 3;
const IN_TURN: u64 = 1 << 4;
const MANY: u64 = 1 << 5;
const ONE_WOKEN: u64 = 1 << 6;
const ONE_PERMIT: u64 = 1 << 24;
const WOKEN: u64 = ONE_PERMIT - ONE_WOKEN;

/// The most permits that the word can hold.
pub(super) const MAX_PERMITS: u64 = (1 << 40) - 1;

/// How many times the processor pauses, at most, before a thread that has not got in line looks again; once at first, then twice as often each time.
const LONGEST_PAUSE: u32 = 64;

/// How long one that was woken and has found no permit rests before it tries again; twice as long after that, and so on.
const FIRST_REST: Nanoseconds = 50_000;

/// How long a waiter competes before it is handed a permit.
const PATIENCE: Nanoseconds = 1_000_000;

fn free(word: u64) -> u64 {
    word / ONE_PERMIT
}

fn woken(word: u64) -> u64 {
    (word & WOKEN) / ONE_WOKEN
}

/// Whether the word counts those that were woken.
fn counts(word: u64) -> bool {
    word & (MANY | IN_TURN) != 0
}

/// More permits were given back than there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany;

#[derive(Debug)]
pub(super) struct Permits {
    word: AtomicU64,
    waiters: Section<Waiters, Trace>,
}

#[derive(Debug)]
struct Waiters {
    list: WaitList,
}

impl Waiters {
    /// What one that is about to be linked adds to the word. If there are others, it says what it has to.
    fn mark(&self) -> u64 {
        if self.list.is_empty() { WAITERS } else { 0 }
    }
}

impl AfterFork for Waiters {
    fn after_fork(&mut self, _torn: bool) {
        // The word is repaired by `Permits::enter`.
        self.list.forget_all();
    }
}

impl Permits {
    const_fn! {
        pub(super) fn new(permits: u64) -> Self {
            Self::with((permits * ONE_PERMIT) | MANY)
        }
    }

    const_fn! {
        /// One permit, and never more.
        pub(super) fn one() -> Self {
            Self::with(ONE_PERMIT)
        }
    }

    const_fn! {
        fn with(word: u64) -> Self {
            Self {
                word: AtomicU64::new(word),
                waiters: Section::with(Waiters { list: WaitList::new() }, Trace::new()),
            }
        }
    }

    /// For threads that take turns.
    ///
    /// # Safety
    ///
    /// All who use it hold one and the same lock meanwhile, except in functions of a [`Waiter`].
    #[cfg(feature = "turns")]
    pub(super) unsafe fn in_turn(permits: u64) -> Self {
        crate::sys::begin_turns();
        Self::with((permits * ONE_PERMIT) | IN_TURN)
    }

    /// How many permits are free.
    pub(super) fn available(&self) -> u64 {
        free(self.word.load(Ordering::Relaxed))
    }

    /// How many threads wait in the list.
    pub(super) fn waiting(&self) -> usize {
        self.enter().list.len()
    }

    /// The fast path of a lock: takes the only permit when nobody waits, and the lock is no signal and not poisoned.
    #[inline]
    pub(super) fn try_acquire_only(&self) -> bool {
        if let Some(replaced) = self.replace_in_turn(ONE_PERMIT, 0) {
            return replaced;
        }
        // ORDERING: Acquire meets the Release of whoever freed the permit.
        self.word.compare_exchange(ONE_PERMIT, 0, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// The fast path of a lock's release: frees the only permit when nobody waits, and the lock is no signal and not poisoned.
    #[inline]
    pub(super) fn try_release_only(&self) -> bool {
        if let Some(replaced) = self.replace_in_turn(0, ONE_PERMIT) {
            return replaced;
        }
        // ORDERING: Release meets the Acquire of whoever takes the permit.
        self.word.compare_exchange(0, ONE_PERMIT, Ordering::Release, Ordering::Relaxed).is_ok()
    }

    /// Where threads take turns, puts `new` in the place of `old`, if that is all there is in the word, and says whether it was.
    #[inline]
    fn replace_in_turn(&self, old: u64, new: u64) -> Option<bool> {
        if !takes_turns() {
            return None;
        }
        let word = self.word.load(Ordering::Relaxed);
        if word & IN_TURN == 0 {
            return None;
        }
        let replaces = word == IN_TURN + old;
        if replaces {
            // ORDERING: as in `replace`.
            self.word.store(IN_TURN + new, Ordering::Release);
        }
        Some(replaces)
    }

    /// Whether a thread has ever freed a permit that another one took.
    pub(super) fn is_signal(&self) -> bool {
        self.word.load(Ordering::Relaxed) & SIGNAL != 0
    }

    /// Whether a panic has dropped a guard, and nobody has said since that all is well.
    #[inline]
    pub(super) fn is_poisoned(&self) -> bool {
        // ORDERING: Relaxed: who holds the lock has seen what was done to the word before the last release.
        self.word.load(Ordering::Relaxed) & POISONED != 0
    }

    /// Says so. For the thread that holds the lock, or one that has it to itself.
    pub(super) fn set_poisoned(&self, is_poisoned: bool) {
        if is_poisoned {
            self.word.fetch_or(POISONED, Ordering::Relaxed);
        } else {
            self.word.fetch_and(!POISONED, Ordering::Relaxed);
        }
    }

    /// Puts `new` in the place of `old`, if that is there.
    #[inline]
    fn replace(&self, old: u64, new: u64, success: Ordering) -> Result<(), u64> {
        if takes_turns() && old & (IN_TURN | WAITERS | WOKEN) == IN_TURN {
            // ORDERING: what others did when they had their turns is seen through the lock under which they did. Release is for one
            // that will be woken, and competes without that lock: it sees what came before this store, with all that came before the turn.
            self.word.store(new, Ordering::Release);
            return Ok(());
        }
        self.word.compare_exchange_weak(old, new, success, Ordering::Relaxed).map(|_| ())
    }

    /// Takes a free permit, if there is one.
    #[inline]
    pub(super) fn try_acquire(&self) -> bool {
        self.try_take(ONE_PERMIT)
    }

    /// Takes a free permit, if there is one, by taking `price` from the word.
    #[inline]
    fn try_take(&self, price: u64) -> bool {
        let mut word = self.word.load(Ordering::Relaxed);
        while free(word) > 0 {
            // ORDERING: Acquire meets the Release of whoever freed the permit. All changes of the word are
            // read-modify-writes, so each stands in the release sequence of all earlier releases, or stores that are Release themselves and come
            // after those.
            match self.replace(word, word - price, Ordering::Acquire) {
                Ok(()) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    /// Takes a permit, and waits for one if there is none.
    #[inline]
    pub(super) fn acquire<W: Waiter>(
        &self,
        wanted: Wanted<'_>,
        deadline: Deadline,
        waiter: &mut W,
    ) -> Result<(), Failed> {
        if self.try_acquire() {
            return Ok(());
        }
        self.acquire_slow(wanted, deadline, waiter)
    }

    #[cold]
    pub(super) fn acquire_slow<W: Waiter>(
        &self,
        wanted: Wanted<'_>,
        deadline: Deadline,
        waiter: &mut W,
    ) -> Result<(), Failed> {
        if deadline == Deadline::PASSED {
            return if self.try_acquire() { Ok(()) } else { Err(Failed::TimedOut) };
        }
        let (mut paused, mut pause) = (0_u32, 1);
        while paused < W::LOOKS_BEFORE_SLEEP {
            // With threads in the list the permit is likely theirs, and looking only delays them.
            if self.word.load(Ordering::Relaxed) & WAITERS != 0 {
                break;
            }
            (0..pause).for_each(|_| relax());
            paused = paused.saturating_add(pause);
            // A look takes the word away from the processor of whoever has the lock.
            pause = LONGEST_PAUSE.min(2 * pause);
            if self.try_acquire() {
                return Ok(());
            }
        }
        self.queue(wanted, deadline, waiter)
    }

    /// Takes a permit after a wait that ended with `grant`: a notification may have moved the waiter to this list. The way back
    /// has no deadline and no interrupts.
    pub(super) fn acquire_requeued<W: Waiter>(&self, wanted: Wanted<'_>, grant: Grant, waiter: &mut W) {
        if grant == Grant::Handed {
            return;
        }
        // Left only by a waiter that has panicked.
        self.pass_on(grant);
        if self.try_acquire() {
            return;
        }
        let taken = self.queue(wanted, Deadline::NEVER, waiter);
        debug_assert!(taken.is_ok(), "nothing ends this wait but a permit");
    }

    fn queue<W: Waiter>(&self, wanted: Wanted<'_>, deadline: Deadline, waiter: &mut W) -> Result<(), Failed> {
        let since = now();
        let mut has_waited = false;
        let result = self.queue_since(since, wanted, deadline, waiter, &mut has_waited);
        if ENABLED && has_waited {
            let waited = now().saturating_sub(since);
            self.waiters.beside().ended(wanted.kind, ptr::from_ref(self).addr(), waited);
        }
        result
    }

    fn queue_since<W: Waiter>(
        &self,
        since: Nanoseconds,
        wanted: Wanted<'_>,
        deadline: Deadline,
        waiter: &mut W,
        has_waited: &mut bool,
    ) -> Result<(), Failed> {
        loop {
            let node = Node::leaving_since(self, wanted, since);
            if self.link_unless_free(&node) {
                return Ok(());
            }
            *has_waited = true;
            let unwinding = Unwinding { permits: self, node: &node };
            let end = wait(&node, deadline, waiter);
            mem::forget(unwinding);
            match end {
                End::Granted if node.granted() == Grant::Handed => return Ok(()),
                // Nothing was granted, but there may be something: it came while a handler ran.
                End::Granted if self.try_acquire() => return Ok(()),
                End::Granted => {}
                End::TimedOut => return Err(Failed::TimedOut),
                // A node of this place leaves before a handler runs, so that nothing can be granted to one that is
                // told to stop.
                End::Aborted { .. } => return Err(Failed::Aborted),
            }
        }
    }

    /// Takes a permit that has become free, or links the node. True if it has taken one.
    fn link_unless_free(&self, node: &Node<'_>) -> bool {
        let mut waiters = self.enter();
        let takes = self.take_or_mark(ONE_PERMIT, waiters.mark());
        if !takes {
            // SAFETY: the node is new, and its waiter keeps it in place until its wait is over.
            unsafe { waiters.list.push_by_age(node) };
        }
        takes
    }

    /// Takes a free permit by taking `price` from the word, if there is one until `limit`. For one that was woken: it rests between its attempts.
    fn take_until(&self, limit: Nanoseconds, price: u64) -> bool {
        let mut pause = FIRST_REST;
        while !self.try_take(price) {
            // Meanwhile it counts as woken, so whoever has the lock wakes nobody: to be woken for each release, and lose, would cost that one far more
            // than the lock does.
            if !rest(pause, limit) {
                return false;
            }
            pause *= 2;
        }
        true
    }

    /// Takes a permit that has become free, or links the node of one that was woken again. True if it has taken one.
    fn take_or_link_again(&self, node: &Node<'_>, price: u64, since: Nanoseconds) -> bool {
        let starves = now().saturating_sub(since) >= PATIENCE;
        let mut waiters = self.enter();
        let takes = self.take_or_mark(price, if starves { WAITERS | HAND_OFF } else { WAITERS });
        if !takes {
            node.waits_again();
            // Back to where it was: whoever waits longest is woken first.
            // SAFETY: it is granted, hence in no list, and its waiter keeps it in place until its wait is over.
            unsafe { waiters.list.push_front(node) };
        }
        takes
    }

    /// Under the section, for a thread that is linked in it if there is no free permit: takes one by taking `price` from the word, or sets `marks`, and pays what
    /// `price` has beyond the permit. True if it has taken one.
    fn take_or_mark(&self, price: u64, marks: u64) -> bool {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let takes = free(word) > 0;
            let next = if takes { word - price } else { (word - (price - ONE_PERMIT)) | marks };
            // ORDERING: Acquire as in `try_take`, if it takes one. If not, what matters is that
            // whoever frees a permit later sees WAITERS, which it does: its own change of the word reads the latest one. (Where one that was woken is to set it again, it
            // will do so under the section, and sees then what is free. Where threads take turns, a newcomer
            // has its turn, and one that was woken is counted until this exchange, which makes the others exchange as well.)
            match self.word.compare_exchange_weak(word, next, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return takes,
                Err(now) => word = now,
            }
        }
    }

    /// A waiter that cannot use it gives on what it got.
    fn pass_on(&self, grant: Grant) {
        match grant {
            Grant::Handed => {
                // It was taken from the permits that exist, so there is room for it.
                let _ = self.release(1, MAX_PERMITS);
            }
            Grant::Compete => self.settle(),
            Grant::Nothing | Grant::Refused => {}
        }
    }

    /// Gives `count` permits back, if there are at most `limit` free ones after that.
    #[inline]
    pub(super) fn release(&self, count: u64, limit: u64) -> Result<(), TooMany> {
        self.release_and_mark(count, limit, 0)
    }

    /// As [`Permits::release`], by another thread than the one that took the permit.
    pub(super) fn release_as_signal(&self, count: u64, limit: u64) -> Result<(), TooMany> {
        self.release_and_mark(count, limit, SIGNAL)
    }

    #[inline]
    fn release_and_mark(&self, count: u64, limit: u64, mark: u64) -> Result<(), TooMany> {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            if count > limit.saturating_sub(free(word)) {
                return Err(TooMany);
            }
            if word & WAITERS != 0 && (word & HAND_OFF != 0 || free(word) + count > woken(word)) {
                return self.release_slow(count, limit, mark);
            }
            // ORDERING: Release meets the Acquire of whoever takes the permit.
            match self.replace(word, (word + count * ONE_PERMIT) | mark, Ordering::Release) {
                Ok(()) => return Ok(()),
                Err(now) => word = now,
            }
        }
    }

    #[cold]
    fn release_slow(&self, count: u64, limit: u64, mark: u64) -> Result<(), TooMany> {
        if count > limit {
            return Err(TooMany);
        }
        let mut wakes = WakeList::new();
        let mut waiters = self.enter();
        let mut word = self.word.load(Ordering::Relaxed);
        // By invariant 2 nobody can change the permits while HAND_OFF is set, nor HAND_OFF while we are inside.
        let handed = count > 0 && word & HAND_OFF != 0 && waiters.list.grant_one(Grant::Handed, &mut wakes);
        let (count, cleared) = match (handed, waiters.list.is_empty()) {
            (false, _) => (count, 0),
            (true, false) => (count - 1, HAND_OFF),
            (true, true) => (count - 1, HAND_OFF | WAITERS),
        };
        loop {
            if count > limit.saturating_sub(free(word)) {
                return Err(TooMany);
            }
            let next = ((word & !cleared) + count * ONE_PERMIT) | mark;
            // ORDERING: as in `release`.
            match self.word.compare_exchange_weak(word, next, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => word = now,
            }
        }
        self.wake_competitors(&mut waiters.list, &mut wakes);
        drop(waiters);
        wakes.wake_all();
        Ok(())
    }

    /// Restores invariant 1.
    fn wake_competitors(&self, list: &mut WaitList, wakes: &mut WakeList) {
        loop {
            let word = self.word.load(Ordering::Relaxed);
            if word & WAITERS == 0 || free(word) <= woken(word) {
                return;
            }
            // Before it is granted, for where it is counted it may settle at once.
            if counts(word) {
                self.word.fetch_add(ONE_WOKEN, Ordering::Relaxed);
            } else {
                self.word.fetch_and(!WAITERS, Ordering::Relaxed);
            }
            list.grant_one(Grant::Compete, wakes);
            self.forget_waiters_if_none(list);
        }
    }

    /// One that was woken gives the right to compete back, or has taken a permit where that is not counted.
    fn settle(&self) {
        let mut wakes = WakeList::new();
        let mut waiters = self.enter();
        if counts(self.word.load(Ordering::Relaxed)) {
            self.word.fetch_sub(ONE_WOKEN, Ordering::Relaxed);
        } else if !waiters.list.is_empty() {
            // ORDERING: Relaxed, and the argument for WAITERS, as where a newcomer is linked: what was freed before this change is seen below.
            self.word.fetch_or(WAITERS, Ordering::Relaxed);
        }
        self.wake_competitors(&mut waiters.list, &mut wakes);
        drop(waiters);
        wakes.wake_all();
    }

    /// Clears what says that somebody waits, if nobody does. Under the section.
    fn forget_waiters_if_none(&self, list: &WaitList) {
        if list.is_empty() {
            self.word.fetch_and(!(WAITERS | HAND_OFF), Ordering::Relaxed);
        }
    }

    /// Links waiters whose notification has come behind those that wait for a permit already.
    pub(super) fn requeue(&self, moved: WaitList) {
        if moved.is_empty() {
            return;
        }
        let mut wakes = WakeList::new();
        let mut waiters = self.enter();
        self.word.fetch_or(waiters.mark(), Ordering::Relaxed);
        waiters.list.append(moved);
        // The notifier holds the lock, as it must; but another thread may have released it meanwhile.
        self.wake_competitors(&mut waiters.list, &mut wakes);
        drop(waiters);
        wakes.wake_all();
    }

    /// Back to `permits` free ones, whatever was. For a forked child that knows that it is alone: to enter is to forget the waiters of its parent. If there are others
    /// nevertheless, they go on.
    pub(super) fn reset(&self, permits: u64) {
        let mut wakes = WakeList::new();
        let mut waiters = self.enter();
        // Invariant 2.
        let kept = IN_TURN | MANY | WAITERS | WOKEN | if permits == 0 { HAND_OFF } else { 0 };
        // ORDERING: Release, as where a permit is freed.
        let _ = self
            .word
            .fetch_update(Ordering::Release, Ordering::Relaxed, |word| Some((word & kept) | (permits * ONE_PERMIT)));
        self.wake_competitors(&mut waiters.list, &mut wakes);
        drop(waiters);
        wakes.wake_all();
    }

    fn enter(&self) -> Guard<'_, Waiters, Trace> {
        let waiters = self.waiters.enter();
        if waiters.is_inherited() {
            // The waiters, and those that were woken, do not exist in this child. Nobody has been woken in it: that
            // takes an earlier look inside.
            self.word.fetch_and(!(WAITERS | HAND_OFF | WOKEN), Ordering::Relaxed);
        }
        waiters
    }
}

/// A waiter has panicked, against its contract: what it was granted is not lost.
struct Unwinding<'a> {
    permits: &'a Permits,
    node: &'a Node<'a>,
}

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        self.permits.pass_on(self.node.granted());
    }
}

impl Place for Permits {
    fn state(&self) -> Seen {
        Seen::Permits { available: self.available() }
    }

    fn leave(&self, node: &Node<'_>) -> bool {
        let mut waiters = self.enter();
        if node.state() != State::Waiting {
            return false;
        }
        // SAFETY: it waits, so it is linked, here: a node of this place is pushed to this list only.
        unsafe { waiters.list.remove(node) };
        self.forget_waiters_if_none(&waiters.list);
        true
    }

    fn take(&self, node: &Node<'_>, since: Nanoseconds, limit: Nanoseconds) -> bool {
        let is_counted = counts(self.word.load(Ordering::Relaxed));
        // By taking a permit it ceases to be counted.
        let price = if is_counted { ONE_PERMIT + ONE_WOKEN } else { ONE_PERMIT };
        let patient = limit.min(since.saturating_add(PATIENCE));
        let takes = self.take_until(patient, price) || self.take_or_link_again(node, price, since);
        if takes {
            node.has_taken();
            if !is_counted {
                self.settle();
            }
        }
        takes
    }

    fn relink(&self, node: &Node<'_>) -> bool {
        let mut waiters = self.enter();
        // ORDERING: Relaxed, and the argument for WAITERS, as where a newcomer is linked.
        let linked = self.word.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |word| {
            (free(word) == 0).then_some(word | waiters.mark())
        });
        if linked.is_ok() {
            // SAFETY: it has left, and its waiter keeps it in place until its wait is over.
            unsafe { waiters.list.push_by_age(node) };
        }
        linked.is_ok()
    }
}
