//! Who a thread is: its name, where it is in its life, and who waits for its end.
//!
//! # States: `phase`
//!
//! | word | meaning |
//! |---|---|
//! | `NEW` | it exists as an object; there is no thread of the operating system |
//! | `STARTED` | a thread of the operating system has been asked for, or runs |
//! | `ENDED` | what it ran is over, and its outcome is there |
//!
//! `NEW → STARTED` by whoever starts it, `STARTED → NEW` by the same, if the operating system refuses; `STARTED → ENDED` by the
//! thread itself. What leaves `STARTED` does so under the section of those who wait for the end: whoever finds it there under that section is linked
//! before it can leave, so no one waits for an end that is past, or that cannot come.
//!
//! A thread that has started in another process than this one, and did not fork it, has vanished: it counts as ended.

use std::fmt;
use std::mem;
use std::ptr;
use std::sync::Arc;

use super::deadline::Deadline;
use super::list::{WaitList, WakeList};
use super::node::{Blocker, Grant, Node, Place, State, Whom};
use super::record::Record;
use super::wait::{End, wait};
use super::waiter::{Failed, Waiter};
use crate::probe::WaitKind;
use crate::sys::{AfterFork, AtomicPtr, AtomicU32, AtomicU64, Ordering, Section, fork_epoch};

const NEW: u32 = 0;
const STARTED: u32 = 1;
const ENDED: u32 = 2;

/// What a thread is known by, before, while and after it runs.
pub(crate) struct Identity {
    phase: AtomicU32,
    /// The fork epoch of the process that the thread runs in.
    process: AtomicU32,
    daemon: AtomicU32,
    /// Whether another library has started it.
    adopted: bool,
    /// 0 until it is started.
    owner: AtomicU64,
    /// 0 until it runs.
    native_id: AtomicU64,
    /// As above.
    ident: AtomicU64,
    /// Null until it is started. Another thread's, once this one has ended.
    record: AtomicPtr<Record>,
    name: Section<Name>,
    joining: Section<Joining>,
}

/// Where a thread is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    New,
    Started,
    Ended,
    /// It does not exist in this process, which was forked by another thread.
    Vanished,
}

impl Identity {
    /// Of a thread that is not started.
    pub(crate) fn new(name: &str, daemon: bool) -> Arc<Self> {
        Arc::new(Self::in_phase(NEW, name, daemon))
    }

    /// Of a living thread that another library has started, and that has `record`.
    pub(super) fn adopted(name: &str, daemon: bool, record: &'static Record) -> Arc<Self> {
        let identity = Self { adopted: true, ..Self::in_phase(STARTED, name, daemon) };
        identity.settle(record);
        identity.set_numbers(record.native_id(), record.ident());
        Arc::new(identity)
    }

    fn in_phase(phase: u32, name: &str, daemon: bool) -> Self {
        Self {
            phase: AtomicU32::new(phase),
            process: AtomicU32::new(fork_epoch()),
            daemon: AtomicU32::new(u32::from(daemon)),
            adopted: false,
            owner: AtomicU64::new(0),
            native_id: AtomicU64::new(0),
            ident: AtomicU64::new(0),
            record: AtomicPtr::new(ptr::null_mut()),
            name: Section::new(Name { texts: [Some(Arc::from(name)), None], current: AtomicU32::new(0) }),
            joining: Section::new(Joining { list: WaitList::new() }),
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        // ORDERING: Acquire meets the Release in `end`: who sees the end sees the outcome.
        match self.phase.load(Ordering::Acquire) {
            NEW => Phase::New,
            STARTED if self.process.load(Ordering::Relaxed) == fork_epoch() => Phase::Started,
            STARTED => Phase::Vanished,
            _ => Phase::Ended,
        }
    }

    /// The number of the thread; 0 until it is started.
    pub(crate) fn owner(&self) -> u64 {
        self.owner.load(Ordering::Relaxed)
    }

    /// 0 until the thread runs.
    pub(crate) fn native_id(&self) -> u64 {
        self.native_id.load(Ordering::Relaxed)
    }

    /// 0 until the thread runs.
    pub(crate) fn ident(&self) -> u64 {
        self.ident.load(Ordering::Relaxed)
    }

    /// Whether the thread is in a wait of this library.
    pub(crate) fn is_waiting(&self) -> bool {
        // SAFETY: null, or a record, and these are never freed.
        let record = unsafe { self.record.load(Ordering::Relaxed).as_ref() };
        record.is_some_and(|record| record.owner() == self.owner() && record.is_waiting())
    }

    pub(crate) fn is_adopted(&self) -> bool {
        self.adopted
    }

    pub(crate) fn is_daemon(&self) -> bool {
        self.daemon.load(Ordering::Relaxed) != 0
    }

    pub(crate) fn set_daemon(&self, daemon: bool) {
        self.daemon.store(u32::from(daemon), Ordering::Relaxed);
    }

    pub(crate) fn name(&self) -> Arc<str> {
        self.name.enter().get()
    }

    pub(crate) fn set_name(&self, name: &str) {
        let text = Arc::from(name);
        let old = self.name.enter().replace(text);
        drop(old);
    }

    /// It is about to be started, with `record`: false if it has been.
    pub(super) fn begin(&self, record: &'static Record) -> bool {
        self.process.store(fork_epoch(), Ordering::Relaxed);
        // ORDERING: Relaxed: the thread sees all this by being started.
        let begun = self.phase.compare_exchange(NEW, STARTED, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if begun {
            self.settle(record);
        }
        begun
    }

    /// The operating system has refused to start it.
    pub(super) fn take_back(&self) {
        self.owner.store(0, Ordering::Relaxed);
        self.record.store(ptr::null_mut(), Ordering::Relaxed);
        self.let_go(NEW);
    }

    fn settle(&self, record: &'static Record) {
        self.record.store(ptr::from_ref(record).cast_mut(), Ordering::Relaxed);
        self.owner.store(record.owner(), Ordering::Relaxed);
    }

    pub(super) fn set_numbers(&self, native_id: u64, ident: u64) {
        self.native_id.store(native_id, Ordering::Relaxed);
        self.ident.store(ident, Ordering::Relaxed);
    }

    /// In a forked child: this is the thread that forked.
    pub(super) fn survive(&self, native_id: u64) {
        self.process.store(fork_epoch(), Ordering::Relaxed);
        self.native_id.store(native_id, Ordering::Relaxed);
    }

    /// What the thread ran is over, and its outcome is where it belongs. All who wait for that go on.
    pub(crate) fn end(&self) {
        self.let_go(ENDED);
    }

    /// It has started no longer, but is in `phase`. All who wait go on.
    fn let_go(&self, phase: u32) {
        let mut wakes = WakeList::new();
        let mut joining = self.joining.enter();
        // ORDERING: Release meets the Acquire in `phase`.
        self.phase.store(phase, Ordering::Release);
        // Nobody is linked any more: the phase says so.
        while joining.list.grant_one(Grant::Handed, &mut wakes) {
            if wakes.is_full() {
                drop(joining);
                wakes.wake_all();
                joining = self.joining.enter();
            }
        }
        drop(joining);
        wakes.wake_all();
    }

    /// Waits for the end of a thread that has started, in the way of `waiter`; or until it turns out that the operating system has refused to start it. Returns where it was
    /// then: the next moment it may be started again.
    pub(crate) fn wait_for_end<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<Phase, Failed> {
        loop {
            let phase = self.phase();
            if phase != Phase::Started {
                return Ok(phase);
            }
            if deadline == Deadline::PASSED {
                return Err(Failed::TimedOut);
            }
            let node = Node::staying(self, WaitKind::Join).depending_on(self);
            let mut joining = self.joining.enter();
            let phase = self.phase();
            if phase != Phase::Started {
                return Ok(phase);
            }
            // SAFETY: the node is new, and stays here until its wait is over.
            unsafe { joining.list.push_back(&node) };
            drop(joining);
            match wait(&node, deadline, waiter) {
                // It has ended, has vanished, or was never there.
                End::Granted => {}
                End::TimedOut => return Err(Failed::TimedOut),
                // Nothing to pass on: everybody was granted.
                End::Aborted { .. } => return Err(Failed::Aborted),
            }
        }
    }
}

impl Blocker for Identity {
    fn whom(&self) -> Whom {
        Whom::thread(self.owner())
    }

    fn is_certain(&self) -> bool {
        true
    }

    fn kind(&self) -> WaitKind {
        WaitKind::Join
    }
}

impl Place for Identity {
    fn leave(&self, node: &Node<'_>) -> bool {
        let mut joining = self.joining.enter();
        let waits = node.state() == State::Waiting;
        if waits {
            // SAFETY: it waits, so it is linked, here: a node of this place is pushed to this list only.
            unsafe { joining.list.remove(node) };
        }
        waits
    }

    fn relink(&self, node: &Node<'_>) -> bool {
        // The thread that forks is the only one in the child. So whom it waited for has vanished, unless it waits for itself.
        let mut joining = self.joining.enter();
        if self.phase() != Phase::Started {
            return false;
        }
        // SAFETY: the fork has emptied the list, and the node's wait goes on.
        unsafe { joining.list.push_back(node) };
        true
    }

    fn thread(&self) -> u64 {
        self.owner()
    }
}

struct Joining {
    list: WaitList,
}

impl AfterFork for Joining {
    fn after_fork(&mut self, _torn: bool) {
        self.list.forget_all();
    }
}

/// A text that a fork never finds half changed: the new one is complete before it becomes the current one.
struct Name {
    texts: [Option<Arc<str>>; 2],
    current: AtomicU32,
}

impl Name {
    fn current(&self) -> usize {
        usize::from(self.current.load(Ordering::Relaxed) != 0)
    }

    fn get(&self) -> Arc<str> {
        self.texts[self.current()].clone().unwrap_or_default()
    }

    /// Returns an older one, to be dropped outside of the section.
    fn replace(&mut self, text: Arc<str>) -> Option<Arc<str>> {
        let other = 1 - self.current();
        let old = self.texts[other].replace(text);
        // ORDERING: Release, so that in a forked child the text is there whenever this is.
        self.current.store(u32::from(other == 1), Ordering::Release);
        old
    }
}

impl AfterFork for Name {
    fn after_fork(&mut self, torn: bool) {
        if torn {
            // Not dropped, but forgotten: it may be half written.
            mem::forget(self.texts[1 - self.current()].take());
        }
    }
}

/// Where a record keeps the identity of its thread.
///
/// One pointer, which is never half changed, and a section that keeps alive what it points to.
pub(super) struct IdentityCell {
    /// Owns a reference, unless null.
    pointer: AtomicPtr<Identity>,
    /// Held by whoever reads the pointer until it has a reference of its own, and by whoever changes it.
    section: Section<Untouched>,
}

struct Untouched;

impl AfterFork for Untouched {
    fn after_fork(&mut self, _torn: bool) {
        // At worst a vanished thread had counted a reference that it did not get to use: then that identity is never freed.
    }
}

impl IdentityCell {
    pub(super) fn new() -> Self {
        Self { pointer: AtomicPtr::new(ptr::null_mut()), section: Section::new(Untouched) }
    }

    pub(super) fn get(&self) -> Option<Arc<Identity>> {
        let _section = self.section.enter();
        // ORDERING: Relaxed: it changes under the section.
        let pointer = self.pointer.load(Ordering::Relaxed).cast_const();
        if pointer.is_null() {
            return None;
        }
        // SAFETY: `set` made it from an `Arc`, whose reference is given up only after the pointer is replaced, under the section.
        unsafe {
            Arc::increment_strong_count(pointer);
            Some(Arc::from_raw(pointer))
        }
    }

    /// Returns what was there.
    pub(super) fn set(&self, identity: Option<Arc<Identity>>) -> Option<Arc<Identity>> {
        let new = identity.map_or(ptr::null_mut(), |identity| Arc::into_raw(identity).cast_mut());
        let section = self.section.enter();
        let old = self.pointer.load(Ordering::Relaxed).cast_const();
        self.pointer.store(new, Ordering::Relaxed);
        drop(section);
        // SAFETY: the reference that the cell had.
        (!old.is_null()).then(|| unsafe { Arc::from_raw(old) })
    }

    /// What is there, or else `new`, which is there then.
    pub(super) fn get_or_set(&self, new: Arc<Identity>) -> Arc<Identity> {
        let section = self.section.enter();
        if self.pointer.load(Ordering::Relaxed).is_null() {
            self.pointer.store(Arc::into_raw(Arc::clone(&new)).cast_mut(), Ordering::Relaxed);
            return new;
        }
        drop(section);
        // It is taken out by its thread only, at its end.
        self.get().unwrap_or(new)
    }

    /// In a forked child, on its only thread: what belongs to a thread that does not exist is forgotten.
    pub(super) fn forget(&self) {
        self.pointer.store(ptr::null_mut(), Ordering::Relaxed);
    }

    /// In a forked child, on its only thread.
    pub(super) fn survive(&self, native_id: u64) {
        // SAFETY: null, or an identity that the cell has a reference to; nobody can change that now.
        if let Some(identity) = unsafe { self.pointer.load(Ordering::Relaxed).as_ref() } {
            identity.survive(native_id);
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Identity")
            .field("name", &self.name())
            .field("phase", &self.phase())
            .finish_non_exhaustive()
    }
}
