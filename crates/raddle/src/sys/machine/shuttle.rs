//! shuttle's machine: a scheduler runs the threads of a test by chance, one step at a time, and decides by chance when time
//! passes and signals arrive.
//!
//! shuttle's atomics are sequentially consistent whatever ordering they are given: what orderings are worth is for loom. In
//! exchange there is room for many threads and long stories.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::PoisonError;

use shuttle::current::{clock, me};

pub(crate) use shuttle::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
pub(crate) use shuttle::sync::{Condvar, Mutex};
pub(crate) use shuttle::thread::{spawn, yield_now};

/// A cell that checks that of two accesses, one of them a write, one happens before the other: that there is a chain of
/// atomic operations between them. It need not be seen to go wrong.
pub(crate) struct UnsafeCell<T> {
    value: std::cell::UnsafeCell<T>,
    accesses: RefCell<Accesses>,
}

struct Accesses {
    write: Option<Access>,
    /// The last one of each thread since the write.
    reads: Vec<Access>,
}

/// Which thread it was, and at what time of its own.
#[derive(Clone, Copy, Debug)]
struct Access {
    thread: usize,
    time: u32,
}

impl Access {
    /// By the current thread, now.
    fn now() -> Self {
        let thread = usize::from(me());
        let time = clock().get(thread);
        // What this thread does from now on is later: taking an atomic's value moves its clock on, and this one says
        // nothing of any other thread. Unlike a load it lets nobody run in between.
        let _ = AtomicU32::new(0).get_mut();
        Self { thread, time }
    }

    /// Whether it happened before what the current thread does now.
    fn has_happened(self) -> bool {
        self.thread == usize::from(me()) || (*clock()).get(self.thread).is_some_and(|seen| *seen > self.time)
    }
}

impl<T> UnsafeCell<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            value: std::cell::UnsafeCell::new(value),
            accesses: RefCell::new(Accesses { write: None, reads: Vec::new() }),
        }
    }

    pub(crate) fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
        self.accesses.borrow_mut().read();
        read(self.value.get())
    }

    pub(crate) fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
        self.accesses.borrow_mut().write();
        write(self.value.get())
    }

    pub(crate) fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T> fmt::Debug for UnsafeCell<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("UnsafeCell").finish_non_exhaustive()
    }
}

impl Accesses {
    fn read(&mut self) {
        self.follow_write();
        let access = Access::now();
        self.reads.retain(|read| read.thread != access.thread);
        self.reads.push(access);
    }

    fn write(&mut self) {
        self.follow_write();
        for read in self.reads.drain(..) {
            assert!(read.has_happened(), "race: a write now, and a read by thread {}", read.thread);
        }
        self.write = Some(Access::now());
    }

    fn follow_write(&self) {
        if let Some(write) = self.write {
            assert!(write.has_happened(), "race: an access now, and a write by thread {}", write.thread);
        }
    }
}

macro_rules! const_fn {
    ($(#[$attribute:meta])* $visibility:vis fn $($rest:tt)*) => {
        $(#[$attribute])* $visibility fn $($rest)*
    };
}
pub(crate) use const_fn;

macro_rules! global {
    ($(#[$attribute:meta])* static $name:ident: $type:ty = $value:expr;) => {
        shuttle::lazy_static! { $(#[$attribute])* static ref $name: $type = $value; }
    };
}
pub(crate) use global;

#[cfg(feature = "probe")]
macro_rules! array {
    ($value:expr; $length:expr) => {
        std::array::from_fn::<_, { $length }, _>(|_| $value)
    };
}
#[cfg(feature = "probe")]
pub(crate) use array;

/// The pointers of all threads. A table, because a value of shuttle's thread-local storage is gone before what `on_thread_exit` calls, and
/// std's mutex, because looking into the table is no step.
#[derive(Default)]
struct Locals(std::sync::Mutex<HashMap<usize, Pointer>>);

#[derive(Clone, Copy)]
struct Pointer(*const ());

// SAFETY: it is only handed back to the thread that it belongs to.
unsafe impl Send for Pointer {}

shuttle::lazy_static! {
    static ref LOCALS: Locals = Locals::default();
}

impl Locals {
    fn table(&self) -> std::sync::MutexGuard<'_, HashMap<usize, Pointer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn local_get() -> *const () {
    LOCALS.table().get(&usize::from(me())).map_or(std::ptr::null(), |pointer| pointer.0)
}

pub(crate) fn local_set(value: *const ()) {
    LOCALS.table().insert(usize::from(me()), Pointer(value));
}

pub(crate) fn relax() {
    yield_now();
}

pub(crate) fn stand_back() {
    relax();
}

/// Calls `exit(value)` when the current thread ends.
pub(crate) fn on_thread_exit(exit: fn(*const ()), value: *const ()) {
    struct AtExit(fn(*const ()), *const ());

    impl Drop for AtExit {
        fn drop(&mut self) {
            (self.0)(self.1);
        }
    }

    shuttle::thread_local! {
        static AT_EXIT: RefCell<Option<AtExit>> = RefCell::new(None);
    }
    let _ = AT_EXIT.try_with(|cell| cell.replace(Some(AtExit(exit, value))).is_none());
}

/// Time and signals as choices of the scheduler.
pub(crate) mod model {
    // Not one of shuttle's: looking at the clock is no step.
    use std::sync::atomic::{AtomicU64, Ordering};

    use shuttle::rand::{Rng, thread_rng};

    use crate::sys::Nanoseconds;
    use crate::sys::sleep::Choice;

    /// How far time goes at once: farther than a waiter for a lock has patience.
    const LEAP: Nanoseconds = 2_000_000;

    shuttle::lazy_static! {
        static ref CLOCK: AtomicU64 = AtomicU64::new(0);
    }

    /// The time, which may have gone on since the last look.
    pub(crate) fn now() -> Nanoseconds {
        if one_in(8) {
            CLOCK.fetch_add(LEAP, Ordering::Relaxed);
        }
        CLOCK.load(Ordering::Relaxed)
    }

    /// Lets an hour pass.
    pub(crate) fn let_time_pass() {
        CLOCK.fetch_add(3_600_000_000_000, Ordering::Relaxed);
    }

    /// What the scheduler has in store for one sleep. A limit passes after a number of looks, so that no thread with a
    /// limit sleeps for ever; a signal arrives after some looks, or not at all.
    pub(crate) struct Plan {
        deadline: Option<Nanoseconds>,
        looks: u32,
        is_interrupted: bool,
    }

    impl Plan {
        pub(crate) fn new(deadline: Option<Nanoseconds>) -> Self {
            let is_interrupted = one_in(4);
            let looks = if is_interrupted || deadline.is_some() {
                // As often few as many: the others get anything between one step and all of their work done meanwhile.
                thread_rng().r#gen::<u32>() % (1 << (thread_rng().r#gen::<u32>() % 8))
            } else {
                0
            };
            Self { deadline, looks, is_interrupted }
        }

        pub(crate) fn next(&mut self) -> Choice {
            if self.looks > 0 {
                self.looks -= 1;
                Choice::LookAgain
            } else if self.is_interrupted {
                Choice::Interrupt
            } else if let Some(deadline) = self.deadline {
                CLOCK.fetch_max(deadline, Ordering::Relaxed);
                Choice::Expire
            } else {
                Choice::Sleep
            }
        }
    }

    fn one_in(count: u32) -> bool {
        thread_rng().r#gen::<u32>() % count == 0
    }
}
