//! A barrier: a number of threads wait for each other.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ptr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::park::{
    Deadline, End, Grant, Node, Place, State, Thread, ThreadId, WaitList, Waiter, WakeList, is_alive, wait,
};
use crate::probe::{State as Seen, Subject, Trace, Traced, WaitKind};
use crate::sys::{AfterFork, Guard, Section};

/// A place where a fixed number of threads wait for each other, again and again.
///
/// # States
///
/// *Filling*: threads arrive. The last party makes it *acting*, until it has done what it wants to do before the
/// others go on; who arrives meanwhile waits outside. Then the others go on, and the barrier fills
/// again. A deadline that passes, a failed action or [`Barrier::abort`] make it *broken*: everybody who waits or arrives gets
/// [`BarrierError::Broken`], until [`Barrier::reset`].
///
/// # Fairness
///
/// All parties of a round go on at once. Who arrives during an action arrives for the next round when it is over.
///
/// # Timeouts
///
/// A deadline that passes before all parties have come breaks the barrier, for all. Once they have, and the last one acts,
/// deadlines do not matter any more.
///
/// # Interruption
///
/// Signals do not end a wait.
///
/// # Differences from CPython
///
/// The action is what the thread does that gets [`Arrival::Last`]. [`Barrier::abort`] and [`Barrier::reset`] break a round
/// whose last party acts at once, and do not wait for it.
///
/// # Examples
///
/// ```
/// use raddle::sync::Barrier;
///
/// let barrier = Barrier::new(2);
/// std::thread::scope(|scope| {
///     scope.spawn(|| barrier.wait().unwrap());
///     barrier.wait().unwrap();
/// });
/// ```
#[derive(Debug)]
pub struct Barrier {
    /// Dropped before what it lets others look at.
    trace: Trace,
    parties: usize,
    /// In a place of its own, where others can look at it while the barrier moves.
    state: Arc<Section<Round>>,
}

#[derive(Debug)]
struct Round {
    parties: usize,
    phase: Phase,
    arrived: usize,
    /// Which round this is, so that a late action notices that its round is over.
    number: u64,
    /// Those that have arrived.
    list: WaitList,
    /// Those that wait for an action to end before they can arrive.
    outside: WaitList,
    next_ticket: u64,
    /// The first ticket of this round: those before it have been let go, or are about to be.
    first_ticket: u64,
    /// The number of the thread that acts.
    actor: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Filling,
    Acting,
    Broken,
}

impl AfterFork for Round {
    fn after_fork(&mut self, _torn: bool) {
        self.list.forget_all();
        self.outside.forget_all();
        // Who is alive and waits links itself again, and counts itself.
        self.arrived = 0;
        if self.phase == Phase::Acting && !is_alive(self.actor) {
            self.begin_next();
        }
    }
}

/// What arriving at a barrier led to.
///
/// # Examples
///
/// ```
/// use raddle::park::{Deadline, Thread};
/// use raddle::sync::{Arrival, Barrier};
///
/// let barrier = Barrier::new(1);
/// match barrier.arrive_with(Deadline::NEVER, &mut Thread).unwrap() {
///     // All have come: what is to be done between two rounds is done here.
///     Arrival::Last(last) => assert_eq!(last.complete(), Ok(0)),
///     Arrival::Passed(place) => unreachable!("place {place} of a barrier for one"),
/// }
/// ```
#[derive(Debug)]
#[must_use = "the last to arrive lets the others go on"]
pub enum Arrival<'a> {
    /// All parties have come. The number is this thread's place in the order of arrival.
    Passed(usize),
    /// This thread is the last one. The others wait until it completes the round.
    Last(LastParty<'a>),
}

/// The right and the duty of the last party: [`LastParty::complete`]. Dropping it breaks the barrier.
///
/// # Examples
///
/// ```
/// use raddle::park::{Deadline, Thread};
/// use raddle::sync::{Arrival, Barrier};
///
/// let barrier = Barrier::new(1);
/// let Ok(Arrival::Last(last)) = barrier.arrive_with(Deadline::NEVER, &mut Thread) else { unreachable!() };
/// drop(last);
/// assert!(barrier.is_broken());
/// ```
#[derive(Debug)]
#[must_use = "dropping it breaks the barrier"]
pub struct LastParty<'a> {
    barrier: &'a Barrier,
    round: u64,
    index: usize,
}

impl LastParty<'_> {
    /// Lets the others go on. Returns this thread's place in the order of arrival: one less than there are parties.
    ///
    /// # Errors
    ///
    /// [`BrokenBarrier`] if the barrier was broken or reset since this party arrived.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Deadline, Thread};
    /// use raddle::sync::{Arrival, Barrier, BrokenBarrier};
    ///
    /// let barrier = Barrier::new(1);
    /// let Ok(Arrival::Last(last)) = barrier.arrive_with(Deadline::NEVER, &mut Thread) else { unreachable!() };
    /// barrier.abort();
    /// assert_eq!(last.complete(), Err(BrokenBarrier));
    /// ```
    pub fn complete(self) -> Result<usize, BrokenBarrier> {
        let index = self.index;
        self.barrier.complete_round(self.into_round()).map(|()| index)
    }

    /// Takes the duty away, as a number for [`Barrier::complete_round`] or [`Barrier::abort`].
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Deadline, Thread};
    /// use raddle::sync::{Arrival, Barrier};
    ///
    /// let barrier = Barrier::new(1);
    /// let Ok(Arrival::Last(last)) = barrier.arrive_with(Deadline::NEVER, &mut Thread) else { unreachable!() };
    /// let round = last.into_round();
    /// assert!(barrier.complete_round(round).is_ok());
    /// ```
    #[must_use]
    pub fn into_round(self) -> u64 {
        ManuallyDrop::new(self).round
    }

    /// The place of this thread in the order of arrival.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Deadline, Thread};
    /// use raddle::sync::{Arrival, Barrier};
    ///
    /// let barrier = Barrier::new(1);
    /// let Ok(Arrival::Last(last)) = barrier.arrive_with(Deadline::NEVER, &mut Thread) else { unreachable!() };
    /// assert_eq!(last.index(), 0);
    /// last.complete().unwrap();
    /// ```
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }
}

impl Drop for LastParty<'_> {
    fn drop(&mut self) {
        let round = self.barrier.state.enter();
        if round.number == self.round {
            self.barrier.break_round(round);
        }
    }
}

impl Barrier {
    /// A barrier for `parties` threads. With none it never opens.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Barrier;
    ///
    /// let barrier = Barrier::new(3);
    /// assert_eq!((barrier.parties(), barrier.waiting(), barrier.is_broken()), (3, 0, false));
    /// ```
    #[must_use]
    pub fn new(parties: usize) -> Self {
        Self {
            trace: Trace::new(),
            parties,
            state: Arc::new(Section::new(Round {
                parties,
                phase: Phase::Filling,
                arrived: 0,
                number: 0,
                list: WaitList::new(),
                outside: WaitList::new(),
                next_ticket: 0,
                first_ticket: 0,
                actor: 0,
            })),
        }
    }

    /// Arrives, and waits for the other parties as long as it takes. Returns this thread's place in the order of arrival.
    ///
    /// # Errors
    ///
    /// [`BrokenBarrier`] if the barrier is broken, or is reset while this thread waits.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Barrier;
    ///
    /// let barrier = Barrier::new(3);
    /// let mut places = std::thread::scope(|scope| {
    ///     let others = [(); 2].map(|()| scope.spawn(|| barrier.wait().unwrap()));
    ///     let own = barrier.wait().unwrap();
    ///     let [first, second] = others.map(|other| other.join().unwrap());
    ///     [own, first, second]
    /// });
    /// places.sort_unstable();
    /// assert_eq!(places, [0, 1, 2]);
    /// ```
    pub fn wait(&self) -> Result<usize, BrokenBarrier> {
        self.wait_by(Deadline::NEVER)
    }

    /// Arrives if that completes the round; `None`, and nothing has happened, if others are missing.
    ///
    /// # Errors
    ///
    /// [`BrokenBarrier`] if the barrier is broken.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Barrier;
    ///
    /// assert_eq!(Barrier::new(1).try_wait(), Ok(Some(0)));
    /// assert_eq!(Barrier::new(2).try_wait(), Ok(None));
    /// ```
    pub fn try_wait(&self) -> Result<Option<usize>, BrokenBarrier> {
        let mut round = self.state.enter();
        match round.phase {
            Phase::Broken => Err(BrokenBarrier),
            Phase::Filling if round.arrived + 1 == self.parties => {
                let (number, index) = round.arrive_last();
                drop(round);
                LastParty { barrier: self, round: number, index }.complete().map(Some)
            }
            Phase::Filling | Phase::Acting => Ok(None),
        }
    }

    /// Arrives, and waits for the other parties for at most `timeout`; then the barrier breaks.
    ///
    /// # Errors
    ///
    /// [`BrokenBarrier`] if the barrier is broken, breaks, or is reset while this thread waits.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::{Barrier, BrokenBarrier};
    /// use std::time::Duration;
    ///
    /// let barrier = Barrier::new(2);
    /// assert_eq!(barrier.wait_timeout(Duration::from_millis(1)), Err(BrokenBarrier));
    /// assert!(barrier.is_broken());
    /// ```
    pub fn wait_timeout(&self, timeout: Duration) -> Result<usize, BrokenBarrier> {
        self.wait_by(Deadline::after(timeout))
    }

    /// Arrives, and waits for the other parties until `instant` at most; then the barrier breaks.
    ///
    /// # Errors
    ///
    /// [`BrokenBarrier`] if the barrier is broken, breaks, or is reset while this thread waits.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::{Barrier, BrokenBarrier};
    /// use std::time::Instant;
    ///
    /// let barrier = Barrier::new(2);
    /// assert_eq!(barrier.wait_until(Instant::now()), Err(BrokenBarrier));
    /// ```
    pub fn wait_until(&self, instant: Instant) -> Result<usize, BrokenBarrier> {
        self.wait_by(Deadline::at(instant))
    }

    fn wait_by(&self, deadline: Deadline) -> Result<usize, BrokenBarrier> {
        match self.arrive_with(deadline, &mut Thread) {
            Ok(Arrival::Passed(index)) => Ok(index),
            Ok(Arrival::Last(last)) => last.complete(),
            Err(_) => Err(BrokenBarrier),
        }
    }

    /// Arrives, and waits for the other parties in the way of `waiter`.
    ///
    /// # Errors
    ///
    /// [`BarrierError`]: broken, or the waiter was told to stop. In the second case this thread has left the
    /// round, and the others wait on.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Deadline, Thread};
    /// use raddle::sync::{Arrival, Barrier};
    ///
    /// let barrier = Barrier::new(2);
    /// let passed = std::thread::scope(|scope| {
    ///     let parties = [(); 2].map(|()| {
    ///         scope.spawn(|| match barrier.arrive_with(Deadline::NEVER, &mut Thread).unwrap() {
    ///             Arrival::Last(last) => last.complete().unwrap(),
    ///             Arrival::Passed(place) => place,
    ///         })
    ///     });
    ///     parties.map(|party| party.join().unwrap())
    /// });
    /// assert_eq!(passed.iter().sum::<usize>(), 1);
    /// ```
    pub fn arrive_with<W: Waiter>(&self, deadline: Deadline, waiter: &mut W) -> Result<Arrival<'_>, BarrierError> {
        loop {
            let mut round = self.state.enter();
            match round.phase {
                Phase::Broken => return Err(BarrierError::Broken),
                Phase::Filling => {
                    if round.arrived + 1 == self.parties {
                        let (number, index) = round.arrive_last();
                        return Ok(Arrival::Last(LastParty { barrier: self, round: number, index }));
                    }
                    return self.wait_for_others(round, deadline, waiter);
                }
                Phase::Acting => self.wait_outside(round, waiter)?,
            }
        }
    }

    fn wait_for_others<W: Waiter>(
        &self,
        mut round: Guard<'_, Round>,
        deadline: Deadline,
        waiter: &mut W,
    ) -> Result<Arrival<'_>, BarrierError> {
        let index = round.arrived;
        let inside = Inside { barrier: self, number: round.number };
        let node = Node::staying(&inside, WaitKind::Barrier);
        round.arrive(&node);
        drop(round);
        match wait(&node, deadline, waiter) {
            End::Granted if node.granted() == Grant::Handed => Ok(Arrival::Passed(index)),
            End::Granted | End::TimedOut => Err(BarrierError::Broken),
            End::Aborted { .. } => Err(BarrierError::Aborted),
        }
    }

    /// Waits until the action is over. The deadline is one for the round that comes then.
    fn wait_outside<W: Waiter>(&self, mut round: Guard<'_, Round>, waiter: &mut W) -> Result<(), BarrierError> {
        let outside = Outside(self);
        let node = Node::staying(&outside, WaitKind::Barrier);
        round.stay_outside(&node);
        drop(round);
        match wait(&node, Deadline::NEVER, waiter) {
            End::Granted | End::TimedOut => Ok(()),
            End::Aborted { .. } => Err(BarrierError::Aborted),
        }
    }

    /// Completes the round of a last party, by its number: all others go on.
    ///
    /// # Errors
    ///
    /// [`BrokenBarrier`] if the barrier was broken or reset since then, or the round is complete already.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Deadline, Thread};
    /// use raddle::sync::{Arrival, Barrier, BrokenBarrier};
    ///
    /// let barrier = Barrier::new(1);
    /// let Ok(Arrival::Last(last)) = barrier.arrive_with(Deadline::NEVER, &mut Thread) else { unreachable!() };
    /// let round = last.into_round();
    /// assert_eq!(barrier.complete_round(round), Ok(()));
    /// assert_eq!(barrier.complete_round(round), Err(BrokenBarrier));
    /// ```
    pub fn complete_round(&self, number: u64) -> Result<(), BrokenBarrier> {
        let mut round = self.state.enter();
        if round.phase != Phase::Acting || round.number != number {
            return Err(BrokenBarrier);
        }
        round.begin_next();
        self.let_go(round, Grant::Handed);
        Ok(())
    }

    /// Breaks the barrier: everybody who waits or arrives gets [`BrokenBarrier`], until [`Barrier::reset`].
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::{Barrier, BrokenBarrier};
    ///
    /// let barrier = Barrier::new(2);
    /// barrier.abort();
    /// assert_eq!(barrier.wait(), Err(BrokenBarrier));
    /// ```
    pub fn abort(&self) {
        self.break_round(self.state.enter());
    }

    fn break_round<'a>(&'a self, mut round: Guard<'a, Round>) {
        round.begin_next();
        round.phase = Phase::Broken;
        self.let_go(round, Grant::Refused);
    }

    /// Begins anew. Those who wait get [`BrokenBarrier`], those who arrive later do not.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Barrier;
    ///
    /// let barrier = Barrier::new(1);
    /// barrier.abort();
    /// barrier.reset();
    /// assert_eq!(barrier.wait(), Ok(0));
    /// ```
    pub fn reset(&self) {
        let mut round = self.state.enter();
        round.begin_next();
        self.let_go(round, Grant::Refused);
    }

    /// How many threads it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(raddle::sync::Barrier::new(4).parties(), 4);
    /// ```
    #[must_use]
    pub fn parties(&self) -> usize {
        self.parties
    }

    /// How many threads have arrived and wait.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Barrier;
    ///
    /// let barrier = Barrier::new(2);
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| barrier.wait().unwrap());
    ///     while barrier.waiting() < 1 {
    ///         std::thread::yield_now();
    ///     }
    ///     barrier.wait().unwrap();
    /// });
    /// ```
    pub fn waiting(&self) -> usize {
        let round = self.state.enter();
        if round.phase == Phase::Broken { 0 } else { round.arrived }
    }

    /// Whether the barrier is broken.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Barrier;
    ///
    /// let barrier = Barrier::new(2);
    /// barrier.abort();
    /// assert!(barrier.is_broken());
    /// ```
    pub fn is_broken(&self) -> bool {
        self.state.enter().phase == Phase::Broken
    }

    fn traced(&self) -> Traced<'_> {
        /// # Safety
        ///
        /// `state` is that of a barrier that lives.
        unsafe fn look(state: *const ()) -> Seen {
            // SAFETY: the caller's promise.
            let round = unsafe { &*state.cast::<Section<Round>>() }.look();
            let is_broken = round.phase == Phase::Broken;
            Seen::Barrier { parties: round.parties, arrived: if is_broken { 0 } else { round.arrived }, is_broken }
        }
        // SAFETY: the trace is dropped before the state, which stays in its place. It is not touched under the state's section.
        let subject = unsafe { Subject::new(Arc::as_ptr(&self.state).cast(), look) };
        Traced { trace: &self.trace, subject: Some(subject) }
    }

    /// Ends the waits of all who are here now: those inside get `grant`, those outside look again.
    fn let_go<'a>(&'a self, mut round: Guard<'a, Round>, grant: Grant) {
        let mut wakes = WakeList::new();
        let ticket = round.next_ticket;
        while round.list.grant_until(ticket, grant, &mut wakes)
            || round.outside.grant_until(ticket, Grant::Nothing, &mut wakes)
        {
            drop(round);
            wakes.wake_all();
            round = self.state.enter();
        }
        drop(round);
        wakes.wake_all();
    }
}

impl Round {
    /// Returns the number of the round, and the place in the order of arrival.
    fn arrive_last(&mut self) -> (u64, usize) {
        let index = self.arrived;
        self.arrived += 1;
        self.phase = Phase::Acting;
        self.actor = ThreadId::current().get();
        (self.number, index)
    }

    fn arrive(&mut self, node: &Node<'_>) {
        self.arrived += 1;
        let ticket = self.ticket();
        // SAFETY: the node is in no list, and its waiter keeps it in place until its wait is over.
        unsafe { self.list.push_back_with_ticket(node, ticket) };
    }

    fn stay_outside(&mut self, node: &Node<'_>) {
        let ticket = self.ticket();
        // SAFETY: as above.
        unsafe { self.outside.push_back_with_ticket(node, ticket) };
    }

    /// Takes a node of those who have arrived out of its list. False if its round is complete, or over: then it is
    /// granted, or will be.
    fn take_out(&mut self, node: &Node<'_>) -> bool {
        let waits = node.state() == State::Waiting
            && self.phase != Phase::Acting
            && self.list.ticket_of(node) >= self.first_ticket;
        if waits {
            // SAFETY: it waits, so it is linked, in the list of those who have arrived.
            unsafe { self.list.remove(node) };
            self.arrived -= 1;
        }
        waits
    }

    fn begin_next(&mut self) {
        self.phase = Phase::Filling;
        self.arrived = 0;
        self.number += 1;
        self.first_ticket = self.next_ticket;
    }

    fn ticket(&mut self) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket = ticket + 1;
        ticket
    }
}

/// The list of those who have arrived.
struct Inside<'a> {
    barrier: &'a Barrier,
    /// The round in which this one has arrived.
    number: u64,
}

/// The list of those who wait for an action to end.
struct Outside<'a>(&'a Barrier);

impl Place for Inside<'_> {
    fn leave(&self, node: &Node<'_>) -> bool {
        self.barrier.state.enter().take_out(node)
    }

    fn expire(&self, node: &Node<'_>) -> bool {
        let mut round = self.barrier.state.enter();
        let waits = round.take_out(node);
        if waits {
            // In the same section, so that the others cannot complete the round without this one.
            self.barrier.break_round(round);
        }
        waits
    }

    fn relink(&self, node: &Node<'_>) -> bool {
        let mut round = self.barrier.state.enter();
        // Whoever broke or completed the round may have vanished before telling this one.
        let goes_on = round.phase == Phase::Filling && round.number == self.number;
        if goes_on {
            round.arrive(node);
        }
        goes_on
    }

    fn traced(&self) -> Option<Traced<'_>> {
        Some(self.barrier.traced())
    }

    fn address(&self) -> usize {
        ptr::from_ref(self.barrier).addr()
    }
}

impl Place for Outside<'_> {
    fn leave(&self, node: &Node<'_>) -> bool {
        let mut round = self.0.state.enter();
        let waits = node.state() == State::Waiting;
        if waits {
            // SAFETY: it waits, so it is linked, in the list that this place stands for.
            unsafe { round.outside.remove(node) };
        }
        waits
    }

    fn relink(&self, node: &Node<'_>) -> bool {
        let mut round = self.0.state.enter();
        let goes_on = round.phase == Phase::Acting;
        if goes_on {
            round.stay_outside(node);
        }
        goes_on
    }

    fn traced(&self) -> Option<Traced<'_>> {
        Some(self.0.traced())
    }

    fn address(&self) -> usize {
        ptr::from_ref(self.0).addr()
    }
}

/// The barrier is broken: a party's deadline has passed, its action has failed, or somebody said so.
///
/// # Examples
///
/// ```
/// use raddle::sync::{Barrier, BrokenBarrier};
///
/// let barrier = Barrier::new(2);
/// barrier.abort();
/// assert_eq!(barrier.try_wait(), Err(BrokenBarrier));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokenBarrier;

impl fmt::Display for BrokenBarrier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the barrier is broken")
    }
}

impl std::error::Error for BrokenBarrier {}

/// Why a thread did not get through a barrier.
///
/// # Examples
///
/// ```
/// use raddle::park::{Deadline, Thread};
/// use raddle::sync::{Barrier, BarrierError};
///
/// let barrier = Barrier::new(2);
/// assert!(matches!(barrier.arrive_with(Deadline::PASSED, &mut Thread), Err(BarrierError::Broken)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarrierError {
    /// See [`BrokenBarrier`].
    Broken,
    /// The waiter was told to stop.
    Aborted,
}

impl fmt::Display for BarrierError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Broken => "the barrier is broken",
            Self::Aborted => "the wait was aborted",
        })
    }
}

impl std::error::Error for BarrierError {}
