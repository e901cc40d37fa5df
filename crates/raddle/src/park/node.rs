//! One waiting thread in one object's list.

use std::fmt;
use std::panic::Location;
use std::ptr::{self, NonNull};

use super::crew::AnyOf;
use super::record::{Record, current};
use crate::probe::{State as Seen, Traced, WaitKind};
use crate::sys::{AtomicU32, Nanoseconds, Ordering, UnsafeCell, now};

/// Where a node stands. `README.md` has the transitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum State {
    /// Linked in the list of its place.
    Waiting = 0,
    /// A handler of the waiter runs. A staying node is linked in the list of its place, a leaving one in none.
    Handling = 1,
    /// Moved by a notification to the list of the lock that the waiter has to take back.
    /// Neither the deadline nor a signal ends the wait any more.
    Requeued = 2,
    /// In no list; what was waited for is the waiter's. Nobody but the waiter touches the node any more, unless it waits again.
    Granted = 3,
    // 4 is reserved for cancellation.
}

/// What a grant brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Nothing beyond the end of the wait: look again.
    Nothing,
    /// The right to compete: the waiter counts as woken until it settles that.
    Compete,
    /// The thing itself.
    Handed,
    /// The thing will not come: the object was shut down, or broken.
    Refused,
}

/// An object's list of waiters, as its nodes see it.
pub(crate) trait Place: Sync {
    /// Takes a node that is [`State::Waiting`] out of the list, under the object's section. False if it is
    /// granted or requeued by now, or will be at once.
    fn leave(&self, node: &Node<'_>) -> bool;

    /// As [`Place::leave`], because the deadline has passed: a place to which that means more says so here.
    fn expire(&self, node: &Node<'_>) -> bool {
        self.leave(node)
    }

    /// Links the node again: after a fork, which has emptied the list, and, if it does not stay, after a handler. False, and it is not linked,
    /// if there may be nothing to wait for any more: then it ends as granted with [`Grant::Nothing`].
    fn relink(&self, node: &Node<'_>) -> bool;

    /// The waiter was granted the right to compete for what this place has. True if it has got that, and false if there is none: then the node is linked
    /// here again, ahead of all others. `since` is when the waiter began to compete; until `limit` it may rest between its attempts.
    fn take(&self, _node: &Node<'_>, _since: Nanoseconds, _limit: Nanoseconds) -> bool {
        unreachable!("whoever grants the right to compete has something to compete for")
    }

    /// The number of the thread whose end is waited for here; 0 if it is not that.
    fn thread(&self) -> u64 {
        0
    }

    /// How many notifications found nobody here, and were lost. Enters no section.
    fn unheard(&self) -> u64 {
        0
    }

    /// What the object says of itself to who looks at a waiting thread. Enters no section.
    fn state(&self) -> Seen {
        Seen::Unknown
    }

    /// What is remembered of the waits here; `None` if nothing is, or the place sees to that itself.
    fn traced(&self) -> Option<Traced<'_>> {
        None
    }

    /// The address by which the object is known to others.
    fn address(&self) -> usize {
        ptr::from_ref(self).cast::<()>().addr()
    }
}

/// A lock that waiters take back after a notification.
#[derive(Clone, Copy)]
pub struct Home<'place>(&'place dyn Place);

impl<'place> Home<'place> {
    pub(crate) fn new(lock: &'place dyn Place) -> Self {
        Self(lock)
    }

    fn is(self, other: Home<'_>) -> bool {
        self.0.address() == other.0.address()
    }
}

impl fmt::Debug for Home<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Home").field(&self.0.address()).finish()
    }
}

/// The threads without which a wait does not end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// There is none, or it is not known.
    Unknown,
    /// The thread with this number.
    Thread(u64),
    /// A worker of a pool, whichever.
    AnyOf(AnyOf),
}

impl Whom {
    /// The thread with this number; unknown if it is 0.
    pub(crate) fn thread(number: u64) -> Self {
        if number == 0 { Self::Unknown } else { Self::Thread(number) }
    }
}

/// What a wait depends on.
pub trait Blocker: Sync {
    /// The threads without which it does not end. Enters no section.
    fn whom(&self) -> Whom;

    /// Whether nobody but that thread can end the wait.
    fn is_certain(&self) -> bool;

    /// What the waiter waits for on the way to it.
    fn kind(&self) -> WaitKind;

    /// The address by which it is known to others.
    fn address(&self) -> usize {
        ptr::from_ref(self).cast::<()>().addr()
    }
}

/// A waiting thread. Lives on the waiter's stack, from before it is linked until [`wait`](super::wait()) has returned.
pub(crate) struct Node<'place> {
    pub(super) links: UnsafeCell<Links>,
    state: AtomicU32,
    /// Written by the granter before it stores [`State::Granted`], the waiter's after it has seen that.
    grant: UnsafeCell<Grant>,
    pub(super) record: &'static Record,
    pub(super) place: &'place dyn Place,
    pub(super) kind: WaitKind,
    pub(super) since: Nanoseconds,
    /// Whether the node stays linked while a handler runs, so that no notification is lost.
    pub(super) stays: bool,
    /// The lock that the waiter takes back after a notification, where there is one.
    pub(super) home: Option<Home<'place>>,
    /// Whom the wait depends on: at once, or, for a wait with a home, once it is requeued.
    pub(super) blocker: Option<&'place dyn Blocker>,
    /// Where the source code waits, where that is known.
    pub(super) site: Option<&'static Location<'static>>,
    /// Where the waiter wants what it waits for, or has what it brings; for the place to interpret.
    slot: *mut (),
}

/// What a thread that acquires something wants, for those who look at it.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) kind: WaitKind,
    pub(crate) blocker: Option<&'a dyn Blocker>,
    pub(crate) site: Option<&'static Location<'static>>,
}

impl<'a> Wanted<'a> {
    /// Something that belongs to nobody.
    pub(crate) fn anybodys(kind: WaitKind) -> Self {
        Self { kind, blocker: None, site: None }
    }

    /// Something that `blocker` has, at this place of the source code.
    pub(crate) fn from(blocker: &'a dyn Blocker, site: Option<&'static Location<'static>>) -> Self {
        Self { kind: blocker.kind(), blocker: Some(blocker), site }
    }
}

impl fmt::Debug for Wanted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Wanted").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// The neighbours in the ring, under the section of the object whose list it is.
#[derive(Debug)]
pub(super) struct Links {
    pub(super) next: NonNull<Node<'static>>,
    pub(super) previous: NonNull<Node<'static>>,
    pub(super) ticket: u64,
}

// SAFETY: other threads reach a node only through a list, and then touch `links` under the section,
// `grant` and `state` by the protocol of `grant` below, and the fields that never change.
unsafe impl Sync for Node<'_> {}

impl<'place> Node<'place> {
    /// A node of the current thread, which leaves its place before a handler runs.
    pub(crate) fn leaving(place: &'place dyn Place, kind: WaitKind) -> Self {
        Self {
            links: UnsafeCell::new(Links { next: NonNull::dangling(), previous: NonNull::dangling(), ticket: 0 }),
            state: AtomicU32::new(State::Waiting as u32),
            grant: UnsafeCell::new(Grant::Nothing),
            record: current(),
            place,
            kind,
            since: now(),
            stays: false,
            home: None,
            blocker: None,
            site: None,
            slot: ptr::null_mut(),
        }
    }

    /// A node of the current thread, whose place keeps it while a handler runs.
    pub(crate) fn staying(place: &'place dyn Place, kind: WaitKind) -> Self {
        Self { stays: true, ..Self::leaving(place, kind) }
    }

    /// A staying node whose waiter takes `home` back after its notification, from `blocker`.
    pub(crate) fn returning(
        place: &'place dyn Place,
        kind: WaitKind,
        home: Home<'place>,
        blocker: &'place dyn Blocker,
        site: &'static Location<'static>,
    ) -> Self {
        Self { home: Some(home), blocker: Some(blocker), site: Some(site), ..Self::staying(place, kind) }
    }

    /// A staying node whose waiter wants something in `slot`, or has something there.
    pub(crate) fn with_slot(place: &'place dyn Place, kind: WaitKind, slot: *mut ()) -> Self {
        Self { slot, ..Self::staying(place, kind) }
    }

    /// A node that waits since a moment ago: its waiter has waited with another one before.
    pub(crate) fn leaving_since(place: &'place dyn Place, wanted: Wanted<'place>, since: Nanoseconds) -> Self {
        Self { since, blocker: wanted.blocker, site: wanted.site, ..Self::leaving(place, wanted.kind) }
    }

    /// A node whose wait depends on `blocker`.
    pub(crate) fn depending_on(self, blocker: &'place dyn Blocker) -> Self {
        Self { blocker: Some(blocker), ..self }
    }

    /// Whether its waiter takes this lock back.
    pub(super) fn returns_to(&self, home: Home<'_>) -> bool {
        self.home.is_some_and(|its| its.is(home))
    }

    /// Where the waiter competes, if it is granted the right to.
    pub(super) fn arena(&self) -> &'place dyn Place {
        self.home.map_or(self.place, |home| home.0)
    }

    /// Whom the wait depends on at this moment.
    pub(super) fn blocker(&self) -> Option<&'place dyn Blocker> {
        self.blocker.filter(|_| self.home.is_none() || self.state() == State::Requeued)
    }

    /// The ticket up to which the notification was meant that has ended this wait. Only for the waiter, after its wait.
    pub(crate) fn notified_until(&self) -> u64 {
        // SAFETY: the node is in no list any more, so the links are the waiter's.
        self.links.with(|links| unsafe { (*links).ticket })
    }

    /// The number of the thread that waits.
    pub(crate) fn thread(&self) -> u64 {
        self.record.owner()
    }

    pub(crate) fn slot(&self) -> *mut () {
        self.slot
    }

    #[inline]
    pub(crate) fn state(&self) -> State {
        // ORDERING: Acquire meets the Release of `grant`: what the granter wrote is seen.
        match self.state.load(Ordering::Acquire) {
            0 => State::Waiting,
            1 => State::Handling,
            2 => State::Requeued,
            _ => State::Granted,
        }
    }

    pub(crate) fn kind(&self) -> WaitKind {
        self.kind
    }

    /// What the grant brought. Only for the waiter, after its wait.
    pub(crate) fn granted(&self) -> Grant {
        if self.state() == State::Granted {
            // SAFETY: the granter wrote it before its Release store, which has been seen, and never comes back.
            self.grant.with(|grant| unsafe { *grant })
        } else {
            Grant::Nothing
        }
    }

    /// The waiter has got what it was to compete for, as if it had been handed over. Only for the waiter, after it was granted.
    pub(crate) fn has_taken(&self) {
        debug_assert_eq!(self.state(), State::Granted, "the grant is not the waiter's before");
        // SAFETY: the granter wrote it before its Release store, which has been seen, and nobody but the waiter touches the node after that.
        self.grant.with_mut(|grant| unsafe { *grant = Grant::Handed });
    }

    /// The waiter has found nothing to take, and waits on. Only for the waiter, after it was granted, under the section of the list that it will be linked in next.
    pub(crate) fn waits_again(&self) {
        debug_assert_eq!(self.state(), State::Granted, "nobody but the waiter touches the node");
        let state = if self.home.is_some() { State::Requeued } else { State::Waiting };
        // ORDERING: Relaxed: others reach the node through the list only, whose section publishes this. A swap, as all changes of the state.
        self.state.swap(state as u32, Ordering::Relaxed);
    }

    /// A handler of the waiter is about to run. False if what is waited for has come, or is on its way.
    ///
    /// A node in this state is never moved to a lock's list: there it might be given the right to take the lock, and its
    /// thread, busy with a handler that waits for that very lock, would keep all others from it.
    pub(super) fn begin_handling(&self) -> bool {
        self.exchange(State::Waiting, State::Handling)
    }

    /// The handler has returned. Without effect if the wait has ended meanwhile.
    pub(super) fn end_handling(&self) {
        self.exchange(State::Handling, State::Waiting);
    }

    /// The notification has come; what is left is the way back through the lock. False if a handler runs.
    ///
    /// Under the section of the list that the node has just been taken out of.
    pub(super) fn requeue(&self) -> bool {
        self.exchange(State::Waiting, State::Requeued)
    }

    fn exchange(&self, old: State, new: State) -> bool {
        // ORDERING: Relaxed is enough: nothing but the state itself is told by these three. Whoever decides more by it
        // (`Place::leave`) is inside the section in which it became `Requeued`.
        self.state.compare_exchange(old as u32, new as u32, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// Ends the wait of a node that has just been taken out of its list. Returns the thread to wake, once the section is left.
///
/// # Safety
///
/// `node` was linked in a list until now, in this section, and is in none any more.
pub(super) unsafe fn grant(node: NonNull<Node<'static>>, grant: Grant) -> &'static Record {
    // SAFETY: a linked node lives: the waiter leaves only after it has taken it out itself, under the
    // section, or after it has seen the store below.
    let node = unsafe { node.as_ref() };
    // Read first: after the store the waiter may be gone, and the node with it.
    let record = node.record;
    // SAFETY: the waiter reads it only after it has seen the store below.
    node.grant.with_mut(|slot| unsafe { *slot = grant });
    // ORDERING: Release meets the Acquire of `Node::state`. It publishes the grant, and what came
    // with it: the item in the slot beside the node, the lock that is handed over.
    // A swap, like all other changes of the state, so that their order is that in which they happen: a waiter whose handler
    // returns at this moment either has the state back before this, or finds it granted.
    node.state.swap(State::Granted as u32, Ordering::Release);
    record
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Node").field("kind", &self.kind).field("state", &self.state()).finish_non_exhaustive()
    }
}
