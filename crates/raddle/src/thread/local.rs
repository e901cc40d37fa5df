//! Values of which each thread has its own.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::ptr::NonNull;

use crate::park::current;
use crate::sys::{AfterFork, AtomicU64, Ordering, Section, const_fn, global};

/// A value of which each thread has its own, made when the thread first asks for it.
///
/// Unlike `thread_local!`, it may be a local variable or a field, made and dropped at any time.
///
/// A thread's value is dropped when the thread ends: before it is joined, if the library has started it; when [`main`](crate::main) returns, if it is the
/// main thread. When the `Local` itself is dropped, the values of other threads stay until then at most.
///
/// # Panics
///
/// A panic in the drop of a value, while its thread ends, is reported by the panic hook and goes no further.
///
/// # Differences from CPython
///
/// It is one value, not an object with attributes, and it is shared: use a [`Cell`](std::cell::Cell) or [`RefCell`](std::cell::RefCell) to change it. Each thread's value is
/// dropped by that thread, so it need not be [`Send`].
///
/// # Examples
///
/// ```
/// use raddle::thread::{self, Local};
/// use std::cell::Cell;
///
/// let count = Local::new(|| Cell::new(0));
/// count.with(|count| count.set(5));
/// thread::scope(|scope| {
///     scope.spawn(|| count.with(|count| assert_eq!(count.get(), 0))).unwrap();
/// });
/// assert_eq!(count.with(Cell::get), 5);
/// ```
pub struct Local<T: 'static, F = fn() -> T> {
    /// 0 before the first use, then the number and the place of the values: see [`Key`].
    key: AtomicU64,
    init: F,
    /// It hands out values, each on the thread that has made it; it contains none.
    values: PhantomData<fn() -> T>,
}

impl<T: 'static, F: Fn() -> T> Local<T, F> {
    const_fn! {
        /// A value that `init` makes for each thread.
        ///
        /// # Examples
        ///
        /// ```
        /// use raddle::thread::Local;
        /// use std::cell::RefCell;
        ///
        /// static LOG: Local<RefCell<Vec<String>>> = Local::new(Default::default);
        /// LOG.with(|log| log.borrow_mut().push("only this thread sees it".to_owned()));
        /// LOG.with(|log| assert_eq!(log.borrow().len(), 1));
        /// ```
        pub fn new(init: F) -> Self {
            Self { key: AtomicU64::new(0), init, values: PhantomData }
        }
    }

    /// Calls `act` with the current thread's value.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::Local;
    ///
    /// let number = Local::new(|| 5);
    /// assert_eq!(number.with(|number| number + 1), 6);
    /// ```
    pub fn with<R>(&self, act: impl FnOnce(&T) -> R) -> R {
        let key = self.key();
        let locals = &current().locals;
        // SAFETY: the current thread's.
        let _in_use = unsafe { locals.in_use() };
        // SAFETY: as above.
        let value = unsafe { locals.get(key.place(), key.0) }.unwrap_or_else(|| self.make(key));
        // SAFETY: only this object puts values with its number there, of this type. The value is in a box, which is given up when its place has got
        // another number, for which this object would have to be dropped, but it is borrowed; or at the end of the thread, when none is in use.
        act(unsafe { value.cast::<T>().as_ref() })
    }

    #[cold]
    fn make(&self, key: Key) -> NonNull<dyn Any> {
        let locals = &current().locals;
        let value = Box::new((self.init)());
        // SAFETY: the current thread's.
        unsafe {
            // `init` may have asked for the value itself; then the first one stays, for it may be in use.
            if let Some(first) = locals.get(key.place(), key.0) {
                return first;
            }
            let (value, old) = locals.put(key.place(), key.0, value);
            drop(old);
            value
        }
    }

    #[inline]
    fn key(&self) -> Key {
        // ORDERING: Relaxed: the key is a number, nothing comes with it.
        match self.key.load(Ordering::Relaxed) {
            0 => self.get_key(),
            key => Key(key),
        }
    }

    #[cold]
    fn get_key(&self) -> Key {
        let new = Key::new();
        match self.key.compare_exchange(0, new.0, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => new,
            Err(other) => {
                new.give_back();
                Key(other)
            }
        }
    }
}

impl<T: 'static, F> Drop for Local<T, F> {
    fn drop(&mut self) {
        match self.key.load(Ordering::Relaxed) {
            0 => {}
            key => Key(key).give_back(),
        }
    }
}

impl<T: 'static, F> fmt::Debug for Local<T, F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Local").finish_non_exhaustive()
    }
}

/// A place among each thread's values, with a number that is not used again: so a value of an earlier `Local` with the same place is
/// told from this one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key(u64);

const PLACE_BITS: u32 = 24;

global! {
    static PLACES: Section<Places> = Section::new(Places { free: Vec::new(), count: 0, keys: 0 });
}

struct Places {
    free: Vec<u64>,
    /// How many have been made.
    count: u64,
    /// How many keys there have been.
    keys: u64,
}

impl AfterFork for Places {
    fn after_fork(&mut self, torn: bool) {
        if torn {
            // Not dropped, but forgotten: it may be half changed. These places are not used again.
            mem::forget(mem::take(&mut self.free));
        }
    }
}

impl Key {
    fn new() -> Self {
        let mut places = PLACES.enter();
        places.keys += 1;
        let place = places.free.pop().unwrap_or_else(|| {
            places.count += 1;
            places.count - 1
        });
        assert!(place < 1 << PLACE_BITS, "more locals at once than fit");
        Self(places.keys << PLACE_BITS | place)
    }

    #[allow(clippy::cast_possible_truncation, reason = "it has 24 bits")]
    fn place(self) -> usize {
        (self.0 & ((1 << PLACE_BITS) - 1)) as usize
    }

    fn give_back(self) {
        PLACES.enter().free.push(self.place() as u64);
    }
}
