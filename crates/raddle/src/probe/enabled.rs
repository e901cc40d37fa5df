//! Publishing, turned on.

use std::panic::Location;
use std::ptr;

use super::{HeldLock, Job, Wait, WaitKind};
use crate::sys::{AfterFork, AtomicPtr, AtomicU64, Ordering, Section, coarse_now, const_fn};

/// Whether anything is published.
pub(crate) const ENABLED: bool = true;

/// What one thread waits for. Written by that thread, read by any.
#[derive(Debug)]
pub(crate) struct Published {
    waits: Section<Waits>,
}

#[derive(Debug)]
struct Waits {
    innermost: Option<Wait>,
    begun: u64,
}

impl AfterFork for Waits {
    fn after_fork(&mut self, _torn: bool) {
        // Copies of values, written by the thread itself: true for the thread that forked, and the
        // records of the others are used again only after `clear`.
    }
}

impl Published {
    const_fn! {
        pub(crate) fn new() -> Self {
            Self { waits: Section::new(Waits { innermost: None, begun: 0 }) }
        }
    }

    /// A wait begins; returns the one that it interrupts, for [`Published::ended`]. Its number is filled in here.
    ///
    /// What `source` points to stays where it is until the wait has ended.
    pub(crate) fn began(&self, wait: Wait) -> Option<Wait> {
        let mut waits = self.waits.enter();
        waits.begun += 1;
        let number = waits.begun;
        waits.innermost.replace(Wait { number, ..wait })
    }

    /// The innermost wait is over, and `outer` goes on.
    pub(crate) fn ended(&self, outer: Option<Wait>) {
        self.waits.enter().innermost = outer;
    }

    /// What the thread waits for, if it does.
    pub(crate) fn waiting(&self) -> Option<Wait> {
        self.waits.enter().innermost
    }

    /// Looks at what the thread waits for. While `look` runs, the wait cannot end: its source may be followed. `look` is short,
    /// and enters no section.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&Wait) -> R) -> Option<R> {
        let waits = self.waits.enter();
        waits.innermost.as_ref().map(look)
    }
}

/// How many locks of one thread are listed. Of more it is only known that there are more.
const LISTED: usize = 16;

/// Where a slot has the number of the kind: locks are aligned to eight bytes.
const KIND: u64 = 0b111;

/// The locks that one thread holds. The thread itself adds and removes; another thread that releases its lock removes it too.
///
/// # States
///
/// A slot is free (0) or holds the address of a lock. Only the thread fills a slot; whoever releases the lock frees it, before
/// the lock itself is free.
#[derive(Debug)]
pub(crate) struct Held {
    slots: [Slot; LISTED],
    /// How many more there are than slots.
    more: AtomicU64,
}

#[derive(Debug)]
struct Slot {
    lock: AtomicU64,
    site: AtomicPtr<Location<'static>>,
}

impl Slot {
    /// The thread has acquired `lock`. Returns whether there was room for it.
    #[inline]
    fn fill(&self, lock: u64, site: &'static Location<'static>) -> bool {
        // ORDERING: Relaxed, here and below: readers copy single values, and what they conclude from them rests on other words.
        let is_free = self.lock.load(Ordering::Relaxed) == 0;
        if is_free {
            self.site.store(ptr::from_ref(site).cast_mut(), Ordering::Relaxed);
            self.lock.store(lock, Ordering::Relaxed);
        }
        is_free
    }

    /// The thread releases the lock at `object`. Returns whether it was here.
    #[inline]
    fn empty(&self, object: usize) -> bool {
        let is_here = self.lock.load(Ordering::Relaxed) & !KIND == object as u64;
        if is_here {
            self.lock.store(0, Ordering::Relaxed);
        }
        is_here
    }
}

impl Held {
    pub(crate) fn new() -> Self {
        Self {
            slots: std::array::from_fn(|_| Slot { lock: AtomicU64::new(0), site: AtomicPtr::new(ptr::null_mut()) }),
            more: AtomicU64::new(0),
        }
    }

    /// The current thread, whose list this is, has acquired a lock.
    #[inline]
    pub(crate) fn add(&self, object: usize, kind: WaitKind, site: &'static Location<'static>) {
        let lock = object as u64 | (kind as u64 & KIND);
        if !self.slots[0].fill(lock, site) {
            self.add_another(lock, site);
        }
    }

    /// Cold and not inlined, because most threads hold one lock at a time, and this would be in the way.
    #[cold]
    #[inline(never)]
    fn add_another(&self, lock: u64, site: &'static Location<'static>) {
        if !self.slots[1..].iter().any(|slot| slot.fill(lock, site)) {
            self.more.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The current thread, whose list this is, releases a lock.
    #[inline]
    pub(crate) fn remove(&self, object: usize) {
        if !self.slots[0].empty(object) {
            self.remove_another(object);
        }
    }

    /// As [`Held::add_another`].
    #[cold]
    #[inline(never)]
    fn remove_another(&self, object: usize) {
        if !self.slots[1..].iter().any(|slot| slot.empty(object)) {
            self.count_one_less();
        }
    }

    /// Another thread releases a lock that this list has.
    pub(crate) fn remove_foreign(&self, object: usize) {
        for slot in &self.slots {
            let lock = slot.lock.load(Ordering::Relaxed);
            if lock & !KIND == object as u64
                // The thread itself may do the same.
                && slot.lock.compare_exchange(lock, 0, Ordering::Relaxed, Ordering::Relaxed).is_ok()
            {
                return;
            }
        }
        self.count_one_less();
    }

    /// A lock that was not found is one of those that found no slot; or one that was not listed on purpose.
    #[cold]
    fn count_one_less(&self) {
        let more = self.more.load(Ordering::Relaxed);
        if more > 0 {
            // Two threads that do this at once leave the count one too high: it is told, and decides nothing.
            self.more.store(more - 1, Ordering::Relaxed);
        }
    }

    /// Its thread has ended, or does not exist in this child.
    pub(crate) fn clear(&self) {
        for slot in &self.slots {
            slot.lock.store(0, Ordering::Relaxed);
        }
        self.more.store(0, Ordering::Relaxed);
    }

    /// Shows the locks, and returns how many more there are.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(HeldLock)) -> u64 {
        for slot in &self.slots {
            let lock = slot.lock.load(Ordering::Relaxed);
            let site = slot.site.load(Ordering::Relaxed);
            if lock != 0 {
                #[allow(clippy::cast_possible_truncation, reason = "it was an address")]
                visit(HeldLock {
                    object: (lock & !KIND) as usize,
                    kind: WaitKind::ALL[(lock & KIND) as usize],
                    // SAFETY: null, or written by `add` from a reference that is good for ever.
                    site: unsafe { site.as_ref() },
                });
            }
        }
        self.more.load(Ordering::Relaxed)
    }
}

/// What one thread does for a pool. Written by that thread, read by any.
#[derive(Debug)]
pub(crate) struct Work {
    /// The address of the pool; 0 for a thread that works for none.
    pool: AtomicU64,
    /// Since when it does a task; 0 if it does none.
    since: AtomicU64,
    /// A function that says what the task is called, or null.
    name: AtomicPtr<()>,
}

impl Work {
    pub(crate) fn new() -> Self {
        Self { pool: AtomicU64::new(0), since: AtomicU64::new(0), name: AtomicPtr::new(ptr::null_mut()) }
    }

    /// The current thread, whose work this is, works for a pool from now on; for none if that is 0.
    pub(crate) fn set_pool(&self, pool: usize) {
        // ORDERING: Relaxed, here and below: for people, who may see the name of one task with the beginning of the next.
        self.since.store(0, Ordering::Relaxed);
        self.pool.store(pool as u64, Ordering::Relaxed);
    }

    /// The current thread begins a task.
    #[inline]
    pub(crate) fn begin(&self, name: Option<fn() -> &'static str>) {
        let name = name.map_or(ptr::null_mut(), |name| name as *mut ());
        self.name.store(name, Ordering::Relaxed);
        self.since.store(coarse_now(), Ordering::Relaxed);
    }

    /// The task is done.
    #[inline]
    pub(crate) fn end(&self) {
        self.since.store(0, Ordering::Relaxed);
    }

    /// What the thread does, if it works for a pool.
    pub(crate) fn look(&self) -> Option<Job> {
        let pool = usize::try_from(self.pool.load(Ordering::Relaxed)).ok().filter(|pool| *pool != 0)?;
        let since = self.since.load(Ordering::Relaxed);
        let name = self.name.load(Ordering::Relaxed);
        // SAFETY: null, or written by `begin` from such a function.
        let name = unsafe { std::mem::transmute::<*mut (), Option<fn() -> &'static str>>(name) };
        Some(Job { pool, task: (since != 0).then(|| (since, name.map(|name| name()))) })
    }
}
