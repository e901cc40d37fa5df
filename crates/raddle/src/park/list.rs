//! The FIFO list of waiters inside each object, and the threads to wake when its section is left.

use std::ptr::NonNull;

use super::node::{Grant, Home, Links, Node, grant};
use super::record::Record;
use crate::sys::const_fn;

type Linked = NonNull<Node<'static>>;

/// The waiters of one object, oldest first: a ring of nodes that live on their threads' stacks.
///
/// One pointer, to the oldest. Every access is under the object's section.
#[derive(Debug)]
pub struct WaitList {
    oldest: Option<Linked>,
}

// SAFETY: the list is used under a section, and nodes are `Sync`.
unsafe impl Send for WaitList {}

impl WaitList {
    const_fn! {
        pub(crate) fn new() -> Self {
            Self { oldest: None }
        }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.oldest.is_none()
    }

    /// Counts the waiters, one by one.
    pub(crate) fn len(&self) -> usize {
        let Some(oldest) = self.oldest else { return 0 };
        let mut count = 1;
        let mut node = links(oldest, |links| links.next);
        while node != oldest {
            count += 1;
            node = links(node, |links| links.next);
        }
        count
    }

    /// Links `node` as the youngest.
    ///
    /// # Safety
    ///
    /// The node is in no list, and stays where it is until it has been taken out or granted.
    pub(crate) unsafe fn push_back(&mut self, node: &Node<'_>) {
        let node = NonNull::from(node).cast();
        match self.oldest {
            None => {
                links_mut(node, |own| (own.next, own.previous) = (node, node));
                self.oldest = Some(node);
            }
            Some(oldest) => {
                let youngest = links(oldest, |links| links.previous);
                links_mut(node, |own| (own.next, own.previous) = (oldest, youngest));
                links_mut(youngest, |links| links.next = node);
                links_mut(oldest, |links| links.previous = node);
            }
        }
    }

    /// Links `node` as the youngest, with a ticket for [`WaitList::grant_until`].
    ///
    /// # Safety
    ///
    /// As for [`WaitList::push_back`].
    pub(crate) unsafe fn push_back_with_ticket(&mut self, node: &Node<'_>, ticket: u64) {
        links_mut(NonNull::from(node).cast(), |own| own.ticket = ticket);
        // SAFETY: the caller's promise.
        unsafe { self.push_back(node) };
    }

    /// Links `node` as the oldest.
    ///
    /// # Safety
    ///
    /// As for [`WaitList::push_back`].
    pub(crate) unsafe fn push_front(&mut self, node: &Node<'_>) {
        // In a ring, the place before the oldest is the place behind the youngest.
        // SAFETY: the caller's promise.
        unsafe { self.push_back(node) };
        self.oldest = Some(NonNull::from(node).cast());
    }

    /// Takes `node`, which is linked in this list, out of it.
    ///
    /// # Safety
    ///
    /// It is linked in this list and no other.
    pub(crate) unsafe fn remove(&mut self, node: &Node<'_>) {
        self.unlink(NonNull::from(node).cast());
    }

    fn pop_front(&mut self) -> Option<Linked> {
        let oldest = self.oldest?;
        self.unlink(oldest);
        Some(oldest)
    }

    fn unlink(&mut self, node: Linked) {
        let (next, previous) = links(node, |links| (links.next, links.previous));
        if next == node {
            self.oldest = None;
            return;
        }
        links_mut(previous, |links| links.next = next);
        links_mut(next, |links| links.previous = previous);
        if self.oldest == Some(node) {
            self.oldest = Some(next);
        }
    }

    /// The oldest waiter, for a look at what it brings. It stays linked.
    pub(crate) fn front(&self) -> Option<&Node<'static>> {
        // SAFETY: a linked node lives (see `grant`), and the section is held as long as `self` is borrowed.
        self.oldest.map(|node| unsafe { node.as_ref() })
    }

    /// The ticket with which `node` was linked here.
    #[allow(clippy::unused_self, reason = "says under which section the links are read")]
    pub(crate) fn ticket_of(&self, node: &Node<'_>) -> u64 {
        links(NonNull::from(node).cast(), |links| links.ticket)
    }

    /// Links `node` where its age belongs: ahead of those that began to wait later.
    ///
    /// # Safety
    ///
    /// As for [`WaitList::push_back`].
    pub(crate) unsafe fn push_by_age(&mut self, node: &Node<'_>) {
        let Some(oldest) = self.oldest else {
            // SAFETY: the caller's promise.
            return unsafe { self.push_back(node) };
        };
        // SAFETY: linked nodes live, and the section is held.
        let is_older = |other: Linked| unsafe { other.as_ref().since <= node.since };
        // A newcomer is younger than the youngest; only who comes back from a handler has to look for its place.
        if is_older(links(oldest, |links| links.previous)) {
            // SAFETY: the caller's promise.
            return unsafe { self.push_back(node) };
        }
        let mut behind = oldest;
        while is_older(behind) {
            behind = links(behind, |links| links.next);
            if behind == oldest {
                // All are older after all: the ages of those that competed in between are not in order.
                // SAFETY: the caller's promise.
                return unsafe { self.push_back(node) };
            }
        }
        // In a ring, any node may be made the oldest for a moment: what is pushed then comes right before it.
        self.oldest = Some(behind);
        // SAFETY: the caller's promise.
        unsafe { self.push_back(node) };
        self.oldest = Some(if behind == oldest { NonNull::from(node).cast() } else { oldest });
    }

    /// Ends the wait of the oldest waiter. False if there is none.
    pub(crate) fn grant_one(&mut self, what: Grant, wakes: &mut WakeList) -> bool {
        let Some(node) = self.pop_front() else { return false };
        // SAFETY: it was linked until now, in this section.
        wakes.push(unsafe { grant(node, what) });
        true
    }

    /// Ends the waits of those who came before `ticket`, the oldest first, as many as `wakes` can take. True if it
    /// is called again for the rest.
    ///
    /// Tickets have 64 bits: they do not wrap around in any program's life.
    pub(crate) fn grant_until(&mut self, ticket: u64, what: Grant, wakes: &mut WakeList) -> bool {
        while let Some(node) = self.oldest {
            if links(node, |links| links.ticket) >= ticket {
                return false;
            }
            if wakes.is_full() {
                return true;
            }
            self.grant_one(what, wakes);
        }
        false
    }

    /// Ends up to `count` waits of those who came before `ticket` by a notification, the oldest first. Those who will take
    /// `home` back move to the list that is returned; others, and those whose handlers run, are granted at once. All
    /// keep `ticket`, so that one who passes the notification on knows for whom it was.
    pub(crate) fn notify(&mut self, count: usize, ticket: u64, home: Home<'_>, wakes: &mut WakeList) -> Self {
        let mut moved = Self::new();
        for _ in 0..count {
            let Some(node) = self.oldest.filter(|node| links(*node, |links| links.ticket) < ticket) else { break };
            self.unlink(node);
            links_mut(node, |links| links.ticket = ticket);
            // SAFETY: it was linked until now, in this section, so it lives; it is in no list.
            unsafe {
                if node.as_ref().returns_to(home) && node.as_ref().requeue() {
                    moved.push_back(node.as_ref());
                } else {
                    wakes.push(grant(node, Grant::Nothing));
                }
            }
        }
        moved
    }

    /// Links all of `other` behind the youngest, in their order.
    pub(crate) fn append(&mut self, mut other: Self) {
        while let Some(node) = other.pop_front() {
            // SAFETY: a requeued node lives until it is granted, and it is in no list now.
            unsafe { self.push_back(node.as_ref()) };
        }
    }

    /// Forgets all waiters without touching them: the threads do not exist in this process.
    pub(crate) fn forget_all(&mut self) {
        self.oldest = None;
    }
}

fn links<R>(node: Linked, read: impl FnOnce(&Links) -> R) -> R {
    // SAFETY: a linked node lives, and its links are touched under the section only, where we are.
    unsafe { node.as_ref().links.with(|links| read(&*links)) }
}

fn links_mut(node: Linked, write: impl FnOnce(&mut Links)) {
    // SAFETY: as above; a node that is about to be linked is the caller's own.
    unsafe { node.as_ref().links.with_mut(|links| write(&mut *links)) }
}

/// The threads whose waits have ended, to be woken after the section is left.
#[derive(Debug)]
#[must_use = "the threads sleep on"]
pub(crate) struct WakeList {
    records: [Option<&'static Record>; Self::CAPACITY],
    len: usize,
}

impl WakeList {
    const CAPACITY: usize = 16;

    pub(crate) fn new() -> Self {
        Self { records: [None; Self::CAPACITY], len: 0 }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len == Self::CAPACITY
    }

    fn push(&mut self, record: &'static Record) {
        if self.is_full() {
            // Callers that grant many ask `is_full` first; waking early is never wrong, only slower.
            self.wake_all();
        }
        self.records[self.len] = Some(record);
        self.len += 1;
    }

    /// Wakes them, oldest first. Outside the section.
    #[inline]
    pub(crate) fn wake_all(&mut self) {
        for record in self.records[..self.len].iter().flatten() {
            record.wake();
        }
        self.len = 0;
    }
}
