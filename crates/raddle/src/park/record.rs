//! What the library knows of each thread: the registry.

use std::fmt;
use std::num::NonZeroU64;
use std::ptr::{self, NonNull};
use std::sync::Arc;

use super::identity::{Identity, IdentityCell, Phase};
use super::locals::{Locals, drop_locals};
use super::node::{Grant, Node, State, grant};
use super::shares::Shares;
use crate::probe::{Held, Published, Work};
use crate::sys::{
    AfterFork, AtomicPtr, AtomicU64, Ordering, Section, Sleeper, UnsafeCell, const_fn, current_ident,
    current_native_id, global, is_main_thread, local, on_fork_in_child, on_thread_exit,
};

/// One thread's record: what it sleeps on, who it is, what it waits for.
///
/// Records are never freed. When its thread ends, a record waits for the next thread, with a new generation. So
/// a waker that comes late may wake a thread that waits for something else, which every wait
/// tolerates, but it never touches memory that is gone.
pub(crate) struct Record {
    index: u64,
    /// How many threads have had this record.
    generation: AtomicU64,
    /// The owner number of the thread that has this record; 0 if none has.
    owner: AtomicU64,
    /// Which of the threads that have had this record did not come along when this process was forked.
    vanished: AtomicU64,
    native_id: AtomicU64,
    ident: AtomicU64,
    sleeper: Sleeper,
    /// The waits of the thread, the innermost first. Touched by that thread only.
    waits: UnsafeCell<Option<NonNull<Active>>>,
    /// Not zero while the thread is in a wait.
    waiting: AtomicU64,
    /// Not zero if others have asked the thread to look at once whether it is in a deadlock.
    asked: AtomicU64,
    /// The number of the pool whose worker the thread is; 0 if of none.
    crew: AtomicU64,
    pub(crate) published: Published,
    identity: IdentityCell,
    pub(crate) held: Held,
    pub(crate) shares: Shares,
    pub(crate) work: Work,
    pub(crate) locals: Locals,
    /// The record that was made before this one. Set once, before this one can be found.
    older: AtomicPtr<Record>,
    /// The next free record, under the section of [`FreeRecords`].
    next_free: UnsafeCell<Option<&'static Record>>,
}

/// A wait on the stack of its thread.
pub(super) struct Active {
    node: NonNull<Node<'static>>,
    outer: Option<NonNull<Active>>,
}

// SAFETY: `waits`, `shares` and `locals` are touched by the record's thread only, `next_free` under a section; the rest is atomic.
unsafe impl Sync for Record {}

const INDEX_BITS: u32 = 24;

/// The number of a thread: never used for another one, not in this process and not in its forked children.
///
/// # Examples
///
/// ```
/// use raddle::thread::ThreadId;
///
/// let own = ThreadId::current();
/// let other = std::thread::spawn(ThreadId::current).join().unwrap();
/// assert_ne!(own, other);
/// ```
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThreadId(NonZeroU64);

impl ThreadId {
    /// The current thread's.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::{current, ThreadId};
    ///
    /// assert_eq!(current().id(), Some(ThreadId::current()));
    /// ```
    #[must_use]
    pub fn current() -> Self {
        // A record in use has an owner, so this never makes one up.
        Self::from_number(current().owner()).unwrap_or(Self(NonZeroU64::MAX))
    }

    pub(crate) fn from_number(number: u64) -> Option<Self> {
        NonZeroU64::new(number).map(Self)
    }

    /// Whether it is the main thread's, as far as that is known.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::ThreadId;
    ///
    /// assert!(!std::thread::spawn(|| ThreadId::current().is_main()).join().unwrap());
    /// ```
    #[must_use]
    pub fn is_main(self) -> bool {
        main_owner() == Some(self.get())
    }

    /// The number itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::{current, find, ThreadId};
    ///
    /// let own = current();
    /// assert_eq!(find(ThreadId::current().get()), Some(own));
    /// ```
    #[must_use]
    pub fn get(self) -> u64 {
        self.0.get()
    }
}

struct Registry {
    newest: AtomicPtr<Record>,
    /// The owner number of the main thread, once it is known.
    main: AtomicU64,
    /// How many threads have been started.
    starts: AtomicU64,
    count: AtomicU64,
    free: Section<FreeRecords>,
}

struct FreeRecords {
    first: Option<&'static Record>,
}

impl AfterFork for FreeRecords {
    fn after_fork(&mut self, _torn: bool) {
        // `repair_after_fork` collects them anew.
        self.first = None;
    }
}

impl Registry {
    const_fn! {
        fn new() -> Self {
            Self {
                newest: AtomicPtr::new(ptr::null_mut()),
                main: AtomicU64::new(0),
                starts: AtomicU64::new(0),
                count: AtomicU64::new(0),
                free: Section::new(FreeRecords { first: None }),
            }
        }
    }
}

global! {
    static REGISTRY: Registry = Registry::new();
}

/// The current thread's record. The first call of a thread adopts it.
#[inline]
pub(crate) fn current() -> &'static Record {
    let record: *const Record = local::get().cast();
    if record.is_null() {
        return adopt();
    }
    // SAFETY: only `adopt` sets it, to a record, and records are never freed.
    unsafe { &*record }
}

/// Calls `visit` with every record, of living threads and free ones. Takes no lock.
pub(crate) fn for_each_record(mut visit: impl FnMut(&'static Record)) {
    // ORDERING: Acquire meets the Release in `make`: the record is complete.
    let mut record = REGISTRY.newest.load(Ordering::Acquire);
    while !record.is_null() {
        // SAFETY: records are never freed.
        let found: &'static Record = unsafe { &*record };
        visit(found);
        // ORDERING: Relaxed: it was written before the record was published.
        record = found.older.load(Ordering::Relaxed);
    }
}

/// Whether the thread with this number lives. Takes no lock.
pub(crate) fn is_alive(owner: u64) -> bool {
    let mut found = false;
    for_each_record(|record| found |= record.owner() == owner);
    found
}

/// The number of the main thread, once that has used the library.
pub(crate) fn main_owner() -> Option<u64> {
    let main = REGISTRY.main.load(Ordering::Relaxed);
    (main != 0).then_some(main)
}

/// The current thread is the main one, unless another is known to be.
pub(crate) fn claim_main() {
    let _ = REGISTRY.main.compare_exchange(0, current().owner(), Ordering::Relaxed, Ordering::Relaxed);
}

/// How many times a thread was started, or told to be waited for. Counted when it can be found, and before whoever did it can end: so if the count has
/// not changed since before a walk over all records that has found nobody, there is nobody.
pub(crate) fn starts() -> u64 {
    // ORDERING: Acquire meets the Release in `count_start`: who was counted is found.
    REGISTRY.starts.load(Ordering::Acquire)
}

/// See [`starts`].
pub(crate) fn count_start() {
    REGISTRY.starts.fetch_add(1, Ordering::Release);
}

/// The record of the thread with this number, while it lives. Takes no lock.
pub(crate) fn by_owner(owner: u64) -> Option<&'static Record> {
    let mut found = None;
    for_each_record(|record| {
        if record.owner() == owner {
            found = Some(record);
        }
    });
    found
}

/// Whether a thread with this number lived when this process was forked, and does not exist here. Of the threads that had the same record in
/// several parents only the last is known.
pub(crate) fn existed_before_fork(owner: u64) -> bool {
    let mut found = false;
    for_each_record(|record| found |= owner != 0 && record.vanished.load(Ordering::Relaxed) == owner);
    found
}

#[cold]
fn adopt() -> &'static Record {
    on_fork_in_child(repair_after_fork);
    let native_id = current_native_id();
    let record = take(native_id, current_ident());
    if is_main_thread(native_id) {
        REGISTRY.main.store(record.owner(), Ordering::Relaxed);
    }
    belong_to_current_thread(record);
    record
}

/// A record for the thread of `identity`, which is about to be started: from now on it is known. `None` if it has been
/// started before.
pub(crate) fn reserve(identity: &Arc<Identity>) -> Option<Reserved> {
    on_fork_in_child(repair_after_fork);
    let reserved = Reserved { record: take(0, 0) };
    if !identity.begin(reserved.record) {
        free_unused(reserved.record);
        return None;
    }
    reserved.record.identity.set(Some(Arc::clone(identity)));
    // After that: who has counted it before a look at all records finds it there.
    count_start();
    Some(reserved)
}

/// The record of a thread that is about to run.
#[derive(Debug)]
pub(crate) struct Reserved {
    record: &'static Record,
}

impl Reserved {
    /// The current thread is the one that it was reserved for.
    pub(crate) fn begin(self) {
        let record = self.record;
        record.native_id.store(current_native_id(), Ordering::Relaxed);
        record.ident.store(current_ident(), Ordering::Relaxed);
        if let Some(identity) = record.identity.get() {
            identity.set_numbers(record.native_id(), record.ident());
        }
        belong_to_current_thread(record);
    }

    /// The thread was not started after all.
    pub(crate) fn give_back(self) {
        if let Some(identity) = self.record.identity.set(None) {
            identity.take_back();
        }
        free_unused(self.record);
    }
}

/// A record with a new owner number.
fn take(native_id: u64, ident: u64) -> &'static Record {
    let record = reuse().unwrap_or_else(make);
    // ORDERING: Relaxed: the record is this thread's alone until it waits, and readers copy single values.
    let generation = record.generation.fetch_add(1, Ordering::Relaxed) + 1;
    record.native_id.store(native_id, Ordering::Relaxed);
    record.ident.store(ident, Ordering::Relaxed);
    record.owner.store(generation << INDEX_BITS | record.index, Ordering::Relaxed);
    record
}

fn belong_to_current_thread(record: &'static Record) {
    local::set(ptr::from_ref(record).cast());
    on_thread_exit(release, ptr::from_ref(record).cast());
}

fn reuse() -> Option<&'static Record> {
    let mut free = REGISTRY.free.enter();
    let record = free.first?;
    // SAFETY: under the section.
    free.first = record.next_free.with_mut(|next| unsafe { (*next).take() });
    Some(record)
}

fn make() -> &'static Record {
    // ORDERING: Relaxed: a number of its own is all that is wanted.
    let index = REGISTRY.count.fetch_add(1, Ordering::Relaxed);
    assert!(index < 1 << INDEX_BITS, "more threads at once than any system allows");
    let record: &'static mut Record = Box::leak(Box::new(Record {
        index,
        generation: AtomicU64::new(0),
        owner: AtomicU64::new(0),
        vanished: AtomicU64::new(0),
        native_id: AtomicU64::new(0),
        ident: AtomicU64::new(0),
        sleeper: Sleeper::new(),
        waits: UnsafeCell::new(None),
        waiting: AtomicU64::new(0),
        asked: AtomicU64::new(0),
        crew: AtomicU64::new(0),
        published: Published::new(),
        identity: IdentityCell::new(),
        held: Held::new(),
        shares: Shares::new(),
        work: Work::new(),
        locals: Locals::new(),
        older: AtomicPtr::new(ptr::null_mut()),
        next_free: UnsafeCell::new(None),
    }));
    let mut newest = REGISTRY.newest.load(Ordering::Relaxed);
    loop {
        record.older.store(newest, Ordering::Relaxed);
        // ORDERING: Release publishes the record to `for_each_record`.
        match REGISTRY.newest.compare_exchange_weak(newest, record, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => return record,
            Err(now) => newest = now,
        }
    }
}

/// The thread ends: its record is free for another one.
fn release(record: *const ()) {
    // SAFETY: `adopt` registered a record, and records are never freed.
    let record: &'static Record = unsafe { &*record.cast::<Record>() };
    drop_locals();
    if let Some(identity) = record.identity.get() {
        if identity.phase() == Phase::Started {
            // Another library's thread: this is the first that we hear of its end.
            identity.end();
        }
    }
    record.held.clear();
    record.shares.clear();
    record.work.set_pool(0);
    record.set_crew(0);
    // Before its identity goes, which says that it is over: nobody is to take the record for one that has a thread.
    record.owner.store(0, Ordering::Relaxed);
    drop(record.identity.set(None));
    local::set(ptr::null());
    free(record);
}

fn free_unused(record: &'static Record) {
    record.owner.store(0, Ordering::Relaxed);
    free(record);
}

fn free(record: &'static Record) {
    let mut free = REGISTRY.free.enter();
    // SAFETY: under the section, and the record is in no list: its thread has ended only now.
    record.next_free.with_mut(|next| unsafe { *next = free.first });
    free.first = Some(record);
}

/// In a forked child, on the only thread, before it goes on.
fn repair_after_fork() {
    let survivor: *const Record = local::get().cast();
    // SAFETY: null, or this thread's record.
    let main = unsafe { survivor.as_ref() }.map_or(0, Record::owner);
    REGISTRY.main.store(main, Ordering::Relaxed);
    for_each_record(|record| {
        record.sleeper.after_fork();
        // The pools have no workers here, and a worker that has forked leaves after its task.
        record.set_crew(0);
        if ptr::eq(record, survivor) {
            record.native_id.store(current_native_id(), Ordering::Relaxed);
            record.identity.survive(record.native_id());
            record.relink_waits();
        } else {
            if record.owner() != 0 {
                record.vanished.store(record.owner(), Ordering::Relaxed);
            }
            record.owner.store(0, Ordering::Relaxed);
            record.identity.forget();
            record.locals.forget();
            record.shares.forget();
            record.waiting.store(0, Ordering::Relaxed);
            record.published.ended(None);
            record.held.clear();
            record.work.set_pool(0);
            // Its thread is gone, and with it the stack that this pointed to.
            // SAFETY: there is one thread.
            record.waits.with_mut(|waits| unsafe { *waits = None });
            free(record);
        }
    });
}

impl Record {
    /// The number of the thread, never used for another: not in this process, not in its children. 0 if it has ended.
    #[inline]
    pub(crate) fn owner(&self) -> u64 {
        // ORDERING: Relaxed: for the thread itself it does not change; others copy a value.
        self.owner.load(Ordering::Relaxed)
    }

    pub(crate) fn native_id(&self) -> u64 {
        self.native_id.load(Ordering::Relaxed)
    }

    pub(crate) fn ident(&self) -> u64 {
        self.ident.load(Ordering::Relaxed)
    }

    /// Who the thread is: one that another library has started, and that nobody has asked before.
    pub(crate) fn identify(&'static self, name: &str, daemon: bool) -> Arc<Identity> {
        self.identity.get_or_set(Identity::adopted(name, daemon, self))
    }

    /// Who the thread is, if anybody has asked before.
    pub(crate) fn identity(&self) -> Option<Arc<Identity>> {
        self.identity.get()
    }

    /// Whether the thread is in a wait of this library.
    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) != 0
    }

    /// The number of the pool whose worker the thread is; 0 if of none.
    pub(super) fn crew(&self) -> u64 {
        self.crew.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn set_crew(&self, number: u64) {
        // ORDERING: Relaxed: only the thread itself changes it, which does not wait meanwhile; others copy a value.
        self.crew.store(number, Ordering::Relaxed);
    }

    /// Lets the thread look at once, if it sleeps, whether it is in a deadlock.
    pub(super) fn ask_to_look(&self) {
        // ORDERING: Relaxed: published by the wake-up, which the thread meets when it wakes.
        self.asked.store(1, Ordering::Relaxed);
        self.wake();
    }

    /// Whether somebody has asked, since the last time.
    #[inline]
    pub(super) fn was_asked_to_look(&self) -> bool {
        self.asked.load(Ordering::Relaxed) != 0 && self.asked.swap(0, Ordering::Relaxed) != 0
    }

    #[inline]
    pub(super) fn wake(&self) {
        self.sleeper.wake();
    }

    pub(super) fn sleeper(&self) -> &Sleeper {
        &self.sleeper
    }

    #[cfg(any(loom, shuttle))]
    pub(crate) fn modelled_sleeper(&self) -> &Sleeper {
        &self.sleeper
    }

    /// Puts a wait of this thread on its stack of waits, for as long as `inside` runs.
    pub(super) fn during<R>(&self, node: &Node<'_>, inside: impl FnOnce() -> R) -> R {
        let outer = self.waits.with(|waits| {
            // SAFETY: only the record's thread touches it, and that is this one.
            unsafe { *waits }
        });
        let active = Active { node: NonNull::from(node).cast(), outer };
        let pop = Pop { record: self, outer };
        // SAFETY: as above. The pointer is taken back by `Pop` before `active` is gone.
        self.waits.with_mut(|waits| unsafe { *waits = Some(NonNull::from(&active)) });
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let result = inside();
        drop(pop);
        result
    }

    /// In a forked child: the lists have forgotten all waiters, but this thread's waits go on when
    /// the handler that forked returns.
    fn relink_waits(&self) {
        // The outermost came first, so it is linked first.
        fn relink_from(active: Option<NonNull<Active>>) {
            let Some(active) = active else { return };
            // SAFETY: an active wait is on this thread's stack, below us.
            let Active { node, outer } = unsafe { active.as_ref() };
            relink_from(*outer);
            // SAFETY: it lives as long as its wait.
            let waiting = unsafe { node.as_ref() };
            let goes_on = match waiting.state() {
                State::Waiting | State::Handling if waiting.stays => waiting.place.relink(waiting),
                // It has left its list before the handler that forks ran.
                State::Handling => true,
                // The right to compete was counted in the lock's word, which forgets all of that in the child.
                State::Granted => waiting.granted() != Grant::Compete,
                // Whoever moved it, or would have granted it, may be gone. It looks again by itself.
                State::Waiting | State::Requeued => false,
            };
            if !goes_on {
                // SAFETY: the list it was in has forgotten it, or will before it is looked at; or it is granted.
                unsafe { grant(*node, Grant::Nothing) };
            }
        }
        // SAFETY: this is the record's thread.
        relink_from(self.waits.with(|waits| unsafe { *waits }));
    }
}

struct Pop<'a> {
    record: &'a Record,
    outer: Option<NonNull<Active>>,
}

impl Drop for Pop<'_> {
    fn drop(&mut self) {
        // SAFETY: only the record's thread touches it, and that is this one.
        self.record.waits.with_mut(|waits| unsafe { *waits = self.outer });
        self.record.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Record")
            .field("owner", &self.owner())
            .field("native_id", &self.native_id())
            .field("is_waiting", &self.is_waiting())
            .finish_non_exhaustive()
    }
}
