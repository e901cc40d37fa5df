//! The workers of a pool, as those know them who wait for one of its tasks.
//!
//! A pool has a number, which each of its workers' records says. Who waits for a task that nobody has begun knows that number, and how many workers the
//! pool may have: two values, and nothing that would have to be alive. The workers are found among the records. While there are
//! as many as there may be, nobody but them can begin the task.

use std::fmt;

use super::record::{Record, current, for_each_record};
use crate::sys::{AtomicU64, Ordering, const_fn, global};

/// The workers of one pool, for whoever builds one: what its futures depend on, as long as nobody has begun their tasks.
///
/// # Examples
///
/// ```
/// use raddle::futures::Slot;
/// use raddle::park::Crew;
///
/// static WORKERS: Crew = Crew::new();
///
/// // Whoever waits for it waits for one of at most two workers.
/// let outcome: Slot<u32, ()> = Slot::new();
/// outcome.leave_to(&WORKERS, 2);
/// let worker = std::thread::spawn(|| WORKERS.join());
/// worker.join().unwrap();
/// ```
pub struct Crew {
    /// 0 until it is asked for.
    number: AtomicU64,
}

/// Any one of a pool's workers, of which there may be so many.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AnyOf {
    /// See [`AnyOf::to_word`].
    word: u64,
}

/// How many bits say how many workers there may be: as many as there may be threads.
const LIMIT_BITS: u32 = 24;
const MOST: u64 = (1 << LIMIT_BITS) - 1;

/// No number of a thread has this bit: its thread would be the last of 2^39 with the same record.
const MARK: u64 = 1 << 63;

struct Numbers {
    last: AtomicU64,
}

impl Numbers {
    const_fn! {
        fn new() -> Self {
            Self { last: AtomicU64::new(0) }
        }
    }
}

global! {
    static NUMBERS: Numbers = Numbers::new();
}

impl Crew {
    const_fn! {
        /// That of a new pool.
        ///
        /// # Examples
        ///
        /// ```
        /// use raddle::park::Crew;
        ///
        /// let workers = Crew::new();
        /// workers.join();
        /// workers.leave();
        /// ```
        pub fn new() -> Self {
            Self { number: AtomicU64::new(0) }
        }
    }

    /// Never used for another pool.
    #[inline]
    fn number(&self) -> u64 {
        // ORDERING: Relaxed, here and below: a number, which stands for itself.
        let number = self.number.load(Ordering::Relaxed);
        if number == 0 { self.draw() } else { number }
    }

    #[cold]
    fn draw(&self) -> u64 {
        let drawn = NUMBERS.last.fetch_add(1, Ordering::Relaxed) + 1;
        match self.number.compare_exchange(0, drawn, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => drawn,
            Err(other) => other,
        }
    }

    /// The current thread is one of its workers, until it ends, or leaves.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::Crew;
    ///
    /// let workers = Crew::new();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| {
    ///         workers.join();
    ///         // Here it does tasks.
    ///     });
    /// });
    /// ```
    #[inline]
    pub fn join(&self) {
        current().set_crew(self.number());
    }

    /// The current thread begins no task any more.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::Crew;
    ///
    /// let workers = Crew::new();
    /// workers.join();
    /// // Here it does tasks.
    /// workers.leave();
    /// ```
    pub fn leave(&self) {
        current().set_crew(0);
    }

    /// Any one of its workers, of which there may be `limit`.
    #[inline]
    pub(crate) fn any_of(&self, limit: usize) -> AnyOf {
        AnyOf { word: MARK | self.number() << LIMIT_BITS | (limit as u64).min(MOST) }
    }
}

impl AnyOf {
    /// A word that is no number of a thread, and not 0.
    #[inline]
    pub(crate) fn to_word(self) -> u64 {
        self.word
    }

    /// What [`AnyOf::to_word`] has made the word of, if it has.
    pub(crate) fn from_word(word: u64) -> Option<Self> {
        (word & MARK != 0).then_some(Self { word })
    }

    /// The workers, if there are as many as there may be. Takes no lock.
    pub(super) fn if_all_there(self) -> Option<Vec<u64>> {
        let (number, limit) = ((self.word & !MARK) >> LIMIT_BITS, self.word & MOST);
        let mut workers = Vec::new();
        for_each_record(|record: &Record| {
            if record.crew() == number && record.owner() != 0 {
                workers.push(record.owner());
            }
        });
        (workers.len() as u64 >= limit && limit > 0).then_some(workers)
    }
}

impl Default for Crew {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Crew {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Crew").field("number", &self.number.load(Ordering::Relaxed)).finish()
    }
}

impl fmt::Debug for AnyOf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, limit) = ((self.word & !MARK) >> LIMIT_BITS, self.word & MOST);
        formatter.debug_struct("AnyOf").field("crew", &number).field("limit", &limit).finish()
    }
}
