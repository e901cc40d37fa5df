//! An event: a flag that threads wait for.

use std::time::{Duration, Instant};

use super::TimedOut;
use crate::park::{Deadline, End, Failed, Grant, Node, Place, State, Thread, WaitList, Waiter, WakeList, wait};
use crate::probe::{State as Seen, Trace, Traced, WaitKind};
use crate::sys::{AfterFork, AtomicU32, Ordering, Section, const_fn, takes_turns};

/// A flag that one thread sets and others wait for.
///
/// # Fairness
///
/// Setting the event ends the wait of every thread that waits at that moment, even if it is cleared before they run.
///
/// # Timeouts
///
/// [`Event::wait_timeout`] and [`Event::wait_until`] give up at a moment of the monotonic clock.
///
/// # Interruption
///
/// Signals do not end a wait.
///
/// # Differences from CPython
///
/// None.
///
/// # Examples
///
/// ```
/// use raddle::sync::Event;
/// use std::time::Duration;
///
/// let ready = Event::new();
/// assert!(ready.wait_timeout(Duration::from_millis(1)).is_err());
/// std::thread::scope(|scope| {
///     scope.spawn(|| ready.set());
///     ready.wait();
/// });
/// ```
#[derive(Debug)]
pub struct Event {
    /// `SET`, and `WAITERS` if the list may not be empty. `WAITERS` changes under the section only, and so does
    /// `SET` while `WAITERS` is set: whoever finds the event unset under the section is linked before it can be set.
    word: AtomicU32,
    trace: Trace,
    waiters: Section<Waiters>,
}

const SET: u32 = 1;
const WAITERS: u32 = 2;
/// Who uses the event holds a lock that all hold who do, unless it waits.
const IN_TURN: u32 = 4;

#[derive(Debug)]
struct Waiters {
    list: WaitList,
    next_ticket: u64,
}

impl AfterFork for Waiters {
    fn after_fork(&mut self, _torn: bool) {
        // WAITERS may stay set: it costs the next `set` a look at an empty list.
        self.list.forget_all();
    }
}

impl Event {
    const_fn! {
        /// An event that is not set.
        ///
        /// # Examples
        ///
        /// ```
        /// use raddle::sync::Event;
        ///
        /// static STOP: Event = Event::new();
        /// assert!(!STOP.is_set());
        /// ```
        pub fn new() -> Self {
            Self {
                word: AtomicU32::new(0),
                trace: Trace::new(),
                waiters: Section::new(Waiters { list: WaitList::new(), next_ticket: 0 }),
            }
        }
    }

    /// An event for threads that take turns: see [`RawLock::in_turn`](super::RawLock::in_turn).
    ///
    /// # Safety
    ///
    /// As there; but anybody may ask whether it is set.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Event;
    ///
    /// // SAFETY: only this thread knows the event.
    /// let event = unsafe { Event::in_turn() };
    /// event.set();
    /// assert!(event.is_set());
    /// ```
    #[must_use]
    #[cfg(feature = "turns")]
    pub unsafe fn in_turn() -> Self {
        crate::sys::begin_turns();
        let new = Self::new();
        new.word.store(IN_TURN, Ordering::Relaxed);
        new
    }

    /// Whether the event is set.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Event;
    ///
    /// let stop = Event::new();
    /// stop.set();
    /// assert!(stop.is_set());
    /// ```
    #[inline]
    pub fn is_set(&self) -> bool {
        // ORDERING: Acquire meets the Release in `set`.
        self.word.load(Ordering::Acquire) & SET != 0
    }

    /// Sets the event, and lets all threads go on that wait for it.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Event;
    ///
    /// let start = Event::new();
    /// std::thread::scope(|scope| {
    ///     for _ in 0..3 {
    ///         scope.spawn(|| start.wait());
    ///     }
    ///     start.set();
    /// });
    /// ```
    #[inline]
    pub fn set(&self) {
        if self.replace_in_turn(|word| word | SET) {
            return;
        }
        // ORDERING: Release meets the Acquire of those who find it set.
        let exchanged = self.word.compare_exchange(0, SET, Ordering::Release, Ordering::Relaxed);
        match exchanged {
            Ok(_) => {}
            // Written again, so that those who find it set see what this thread did before, too.
            Err(SET) if self.word.compare_exchange(SET, SET, Ordering::Release, Ordering::Relaxed).is_ok() => {}
            Err(_) => self.set_slow(),
        }
    }

    /// Changes the word by a load and a store, where threads take turns: while nobody waits, it is this thread's alone.
    #[inline]
    fn replace_in_turn(&self, change: impl FnOnce(u32) -> u32) -> bool {
        if !takes_turns() {
            return false;
        }
        let word = self.word.load(Ordering::Relaxed);
        let may = word & (IN_TURN | WAITERS) == IN_TURN;
        if may {
            // ORDERING: Release, for those who look whether it is set without taking their turn.
            self.word.store(change(word), Ordering::Release);
        }
        may
    }

    #[cold]
    fn set_slow(&self) {
        let mut wakes = WakeList::new();
        let mut waiters = self.waiters.enter();
        self.word.fetch_or(SET, Ordering::Release);
        // Those who come after this wait for the next `set`.
        let ticket = waiters.next_ticket;
        while waiters.list.grant_until(ticket, Grant::Handed, &mut wakes) {
            drop(waiters);
            wakes.wake_all();
            waiters = self.waiters.enter();
        }
        self.forget_waiters_if_none(&waiters.list);
        drop(waiters);
        wakes.wake_all();
    }

    /// Makes the event unset.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Event;
    ///
    /// let open = Event::new();
    /// open.set();
    /// open.clear();
    /// assert!(!open.is_set());
    /// ```
    #[inline]
    pub fn clear(&self) {
        if self.replace_in_turn(|word| word & !SET) {
            return;
        }
        // ORDERING: Relaxed: it tells nobody that anything has happened.
        self.word.fetch_and(!SET, Ordering::Relaxed);
    }

    /// Waits until the event is set, as long as it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Event;
    ///
    /// let ready = Event::new();
    /// ready.set();
    /// ready.wait();
    /// ```
    pub fn wait(&self) {
        // A plain thread's wait without a deadline ends with the event.
        let _ = self.wait_with(Deadline::NEVER, &mut Thread);
    }

    /// Waits until the event is set, for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if it was not set in that time.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::{Event, TimedOut};
    /// use std::time::Duration;
    ///
    /// // A pause that somebody else can cut short.
    /// let stop = Event::new();
    /// assert_eq!(stop.wait_timeout(Duration::from_millis(1)), Err(TimedOut));
    /// stop.set();
    /// assert_eq!(stop.wait_timeout(Duration::from_secs(3600)), Ok(()));
    /// ```
    pub fn wait_timeout(&self, timeout: Duration) -> Result<(), TimedOut> {
        self.wait_with(Deadline::after(timeout), &mut Thread).map_err(|_| TimedOut)
    }

    /// Waits until the event is set, until `instant` at most.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if it was not set until then.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Event;
    /// use std::time::{Duration, Instant};
    ///
    /// let stop = Event::new();
    /// let tick = Instant::now() + Duration::from_millis(1);
    /// assert!(stop.wait_until(tick).is_err());
    /// assert!(Instant::now() >= tick);
    /// ```
    pub fn wait_until(&self, instant: Instant) -> Result<(), TimedOut> {
        self.wait_with(Deadline::at(instant), &mut Thread).map_err(|_| TimedOut)
    }

    /// Waits in the way of `waiter`.
    ///
    /// # Errors
    ///
    /// [`Failed`] if the deadline passed, or the waiter was told to stop, before the event was set.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Deadline, Failed, Thread};
    /// use raddle::sync::Event;
    ///
    /// let ready = Event::new();
    /// assert_eq!(ready.wait_with(Deadline::PASSED, &mut Thread), Err(Failed::TimedOut));
    /// ```
    pub fn wait_with<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<(), Failed> {
        if self.is_set() {
            return Ok(());
        }
        if deadline == Deadline::PASSED {
            return Err(Failed::TimedOut);
        }
        let node = Node::staying(self, WaitKind::Event);
        let mut waiters = self.waiters.enter();
        // ORDERING: Acquire as in `is_set`.
        if self.word.fetch_or(WAITERS, Ordering::Acquire) & SET != 0 {
            self.forget_waiters_if_none(&waiters.list);
            return Ok(());
        }
        let ticket = waiters.next_ticket;
        waiters.next_ticket = ticket + 1;
        // SAFETY: the node is new, and stays here until its wait is over.
        unsafe { waiters.list.push_back_with_ticket(&node, ticket) };
        drop(waiters);
        match wait(&node, deadline, waiter) {
            End::Granted => Ok(()),
            End::TimedOut => Err(Failed::TimedOut),
            // Nothing to pass on: everybody was granted.
            End::Aborted { .. } => Err(Failed::Aborted),
        }
    }

    /// How many threads wait.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Event;
    ///
    /// let ready = Event::new();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| ready.wait());
    ///     while ready.waiting() < 1 {
    ///         std::thread::yield_now();
    ///     }
    ///     ready.set();
    /// });
    /// assert_eq!(ready.waiting(), 0);
    /// ```
    pub fn waiting(&self) -> usize {
        self.waiters.enter().list.len()
    }

    /// Forgets the waiters of the parent: see [`RawLock::reset_after_fork`](super::RawLock::reset_after_fork). The flag stays.
    ///
    /// # Examples
    ///
    /// ```
    /// let ready = raddle::sync::Event::new();
    /// ready.set();
    /// // In the child, where nobody can wait.
    /// ready.reset_after_fork();
    /// assert!(ready.is_set());
    /// ```
    pub fn reset_after_fork(&self) {
        drop(self.waiters.enter());
    }

    fn forget_waiters_if_none(&self, list: &WaitList) {
        if list.is_empty() {
            self.word.fetch_and(!WAITERS, Ordering::Relaxed);
        }
    }
}

impl Default for Event {
    fn default() -> Self {
        Self::new()
    }
}

impl Place for Event {
    fn state(&self) -> Seen {
        Seen::Event { is_set: self.is_set() }
    }

    fn traced(&self) -> Option<Traced<'_>> {
        Some(Traced { trace: &self.trace, subject: None })
    }

    fn leave(&self, node: &Node<'_>) -> bool {
        let mut waiters = self.waiters.enter();
        if node.state() != State::Waiting {
            return false;
        }
        // SAFETY: it waits, so it is linked, here: a node of this place is pushed to this list only.
        unsafe { waiters.list.remove(node) };
        self.forget_waiters_if_none(&waiters.list);
        true
    }

    fn relink(&self, node: &Node<'_>) -> bool {
        let mut waiters = self.waiters.enter();
        // Who set it may have vanished before it came to this node.
        if self.word.fetch_or(WAITERS, Ordering::Relaxed) & SET != 0 {
            self.forget_waiters_if_none(&waiters.list);
            return false;
        }
        let ticket = waiters.next_ticket;
        waiters.next_ticket = ticket + 1;
        // SAFETY: the fork has emptied the list, and the node's wait goes on.
        unsafe { waiters.list.push_back_with_ticket(node, ticket) };
        true
    }
}
