//! A condition: threads wait until another one says that something has changed.

use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::panic::Location;
use std::time::{Duration, Instant};

use super::TimedOut;
use super::lock::{LockGuard, RawLock};
use super::rlock::{RLockGuard, RawRLock};
use crate::park::{
    Blocker, Deadline, End, Failed, Grant, Home, Node, Place, State, Thread, Uninterruptible, WaitList, Waiter,
    WakeList, Wanted, wait,
};
use crate::probe::{State as Seen, Trace, Traced, WaitKind};
use crate::sys::{AfterFork, AtomicU64, Ordering, Section, const_fn};

/// Lets threads that hold a lock wait for a notification, without the lock, and take it back before they go on.
///
/// Works with [`Lock`](super::Lock) and [`RLock`](super::RLock), of which it releases all levels. A condition belongs to
/// the lock it is first used with; used with several it still works, only slower.
///
/// # Fairness
///
/// Notifications go to the threads that wait, in the order of their arrival, each to one; there are no others
/// (no spurious wake-ups), and none is lost: not to a deadline that passes, not to a waiter that is told
/// to stop. A thread that is notified queues for the lock behind those that wait for it already.
///
/// # Timeouts
///
/// The deadline limits the wait for the notification, not the way back through the lock.
///
/// # Interruption
///
/// Signals do not end a wait.
///
/// # Panics
///
/// A wait by a guard panics if the lock is [poisoned](super::Lock#panics) when it comes back.
///
/// # Differences from CPython
///
/// The lock is not part of the condition: each call takes a guard of it, which proves that it is held.
///
/// # Examples
///
/// ```
/// use raddle::sync::{Condition, Lock};
///
/// let ready = Lock::new(false);
/// let changed = Condition::new();
/// std::thread::scope(|scope| {
///     scope.spawn(|| {
///         let mut ready = ready.acquire();
///         changed.wait_for(&mut ready, |ready| *ready);
///     });
///     let mut ready = ready.acquire();
///     *ready = true;
///     changed.notify_all(&ready);
/// });
/// ```
#[derive(Debug)]
pub struct Condition {
    waiters: Section<Waiters, Trace>,
    /// How many notifications found nobody. Kept for those who wonder why a thread still waits.
    unheard: AtomicU64,
}

#[derive(Debug)]
struct Waiters {
    list: WaitList,
    next_ticket: u64,
}

impl AfterFork for Waiters {
    fn after_fork(&mut self, _torn: bool) {
        self.list.forget_all();
    }
}

impl Condition {
    const_fn! {
        /// A condition that nobody waits for.
        ///
        /// # Examples
        ///
        /// ```
        /// use raddle::sync::Condition;
        ///
        /// static CHANGED: Condition = Condition::new();
        /// assert_eq!(CHANGED.waiting(), 0);
        /// ```
        pub fn new() -> Self {
            Self {
                waiters: Section::with(Waiters { list: WaitList::new(), next_ticket: 0 }, Trace::new()),
                unheard: AtomicU64::new(0),
            }
        }
    }

    /// A condition for threads that take turns: see [`RawLock::in_turn`].
    ///
    /// # Safety
    ///
    /// As there.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::Condition;
    ///
    /// // SAFETY: only this thread knows the condition.
    /// let condition = unsafe { Condition::in_turn() };
    /// assert_eq!(condition.waiting(), 0);
    /// ```
    #[must_use]
    #[cfg(feature = "turns")]
    pub unsafe fn in_turn() -> Self {
        let waiters = Waiters { list: WaitList::new(), next_ticket: 0 };
        // SAFETY: the caller's promise. Whoever looks at it in other ways comes from a thread that waits for it, whose node is linked.
        Self { waiters: unsafe { Section::in_turn(waiters, Trace::new()) }, unheard: AtomicU64::new(0) }
    }

    /// Waits for a notification as long as it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::{Condition, Lock};
    ///
    /// let (rounds, changed) = (Lock::new(0), Condition::new());
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| {
    ///         while changed.waiting() < 1 {
    ///             std::thread::yield_now();
    ///         }
    ///         let mut rounds = rounds.acquire();
    ///         *rounds += 1;
    ///         changed.notify_one(&rounds);
    ///     });
    ///     let mut guard = rounds.acquire();
    ///     changed.wait(&mut guard);
    ///     assert_eq!(*guard, 1);
    /// });
    /// ```
    #[track_caller]
    pub fn wait<G: ConditionGuard>(&self, guard: &mut G) {
        // A plain thread's wait without a deadline ends with the notification.
        let _ = self.wait_with_guard(guard, Deadline::NEVER, &mut Thread);
    }

    /// Waits for a notification for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if none came. The lock is held again in any case.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::{Condition, Lock, TimedOut};
    /// use std::time::Duration;
    ///
    /// let (lock, changed) = (Lock::new(()), Condition::new());
    /// let mut guard = lock.acquire();
    /// assert_eq!(changed.wait_timeout(&mut guard, Duration::from_millis(1)), Err(TimedOut));
    /// assert!(lock.is_locked());
    /// ```
    #[track_caller]
    pub fn wait_timeout<G: ConditionGuard>(&self, guard: &mut G, timeout: Duration) -> Result<(), TimedOut> {
        self.wait_with_guard(guard, Deadline::after(timeout), &mut Thread).map_err(|_| TimedOut)
    }

    /// Waits for a notification until `instant` at most.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if none came. The lock is held again in any case.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::{Condition, Lock, TimedOut};
    /// use std::time::Instant;
    ///
    /// let (lock, changed) = (Lock::new(()), Condition::new());
    /// assert_eq!(changed.wait_until(&mut lock.acquire(), Instant::now()), Err(TimedOut));
    /// ```
    #[track_caller]
    pub fn wait_until<G: ConditionGuard>(&self, guard: &mut G, instant: Instant) -> Result<(), TimedOut> {
        self.wait_with_guard(guard, Deadline::at(instant), &mut Thread).map_err(|_| TimedOut)
    }

    /// Waits for a notification in the way of `waiter`.
    ///
    /// # Errors
    ///
    /// [`Failed`] if the deadline passed, or the waiter was told to stop, before a notification came. The lock is held again
    /// in any case.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Deadline, Failed, Thread};
    /// use raddle::sync::{Condition, Lock};
    ///
    /// let (lock, changed) = (Lock::new(()), Condition::new());
    /// let waited = changed.wait_guarded(&mut lock.acquire(), Deadline::PASSED, &mut Thread);
    /// assert_eq!(waited, Err(Failed::TimedOut));
    /// ```
    #[track_caller]
    pub fn wait_guarded<G: ConditionGuard, W: Waiter>(
        &self,
        guard: &mut G,
        deadline: Deadline,
        waiter: &mut W,
    ) -> Result<(), Failed> {
        self.wait_with_guard(guard, deadline, waiter)
    }

    /// Waits until `predicate` is true: asks it now, and after each notification.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::{Condition, Lock};
    ///
    /// let (basket, filled) = (Lock::new(Vec::new()), Condition::new());
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| {
    ///         for apple in 0..3 {
    ///             let mut basket = basket.acquire();
    ///             basket.push(apple);
    ///             filled.notify_all(&basket);
    ///         }
    ///     });
    ///     let mut guard = basket.acquire();
    ///     filled.wait_for(&mut guard, |basket| basket.len() == 3);
    ///     assert_eq!(*guard, [0, 1, 2]);
    /// });
    /// ```
    #[track_caller]
    pub fn wait_for<G: ConditionGuard + Deref>(&self, guard: &mut G, mut predicate: impl FnMut(&G::Target) -> bool) {
        while !predicate(guard) {
            self.wait(guard);
        }
    }

    /// Waits until `predicate` is true, for at most `timeout` in all.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if it was false when the time was over.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::{Condition, Lock, TimedOut};
    /// use std::time::Duration;
    ///
    /// let (basket, filled) = (Lock::new(vec!["apple"]), Condition::new());
    /// let mut guard = basket.acquire();
    /// let second = Duration::from_secs(1);
    /// assert_eq!(filled.wait_for_timeout(&mut guard, second, |basket| !basket.is_empty()), Ok(()));
    /// let moment = Duration::from_millis(1);
    /// assert_eq!(filled.wait_for_timeout(&mut guard, moment, |basket| basket.is_empty()), Err(TimedOut));
    /// ```
    #[track_caller]
    pub fn wait_for_timeout<G: ConditionGuard + Deref>(
        &self,
        guard: &mut G,
        timeout: Duration,
        mut predicate: impl FnMut(&G::Target) -> bool,
    ) -> Result<(), TimedOut> {
        let deadline = Deadline::after(timeout);
        while !predicate(guard) {
            if self.wait_with_guard(guard, deadline, &mut Thread).is_err() {
                return if predicate(guard) { Ok(()) } else { Err(TimedOut) };
            }
        }
        Ok(())
    }

    /// Notifies up to `count` of the threads that wait, those that came first.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::{Condition, Lock};
    ///
    /// let (places, freed) = (Lock::new(0), Condition::new());
    /// std::thread::scope(|scope| {
    ///     for _ in 0..2 {
    ///         scope.spawn(|| {
    ///             let mut places = places.acquire();
    ///             freed.wait_for(&mut places, |places| *places > 0);
    ///             *places -= 1;
    ///         });
    ///     }
    ///     let mut places = places.acquire();
    ///     *places += 2;
    ///     freed.notify(&places, 2);
    /// });
    /// assert_eq!(*places.acquire(), 0);
    /// ```
    pub fn notify<G: ConditionGuard>(&self, guard: &G, count: usize) {
        self.notify_with(guard.condition_lock(returning::Token(())), count);
    }

    /// Notifies the thread that has waited longest, if there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::{Condition, Lock};
    ///
    /// let (lock, changed) = (Lock::new(()), Condition::new());
    /// // Nobody waits, and nobody will hear of it later.
    /// changed.notify_one(&lock.acquire());
    /// ```
    pub fn notify_one<G: ConditionGuard>(&self, guard: &G) {
        self.notify(guard, 1);
    }

    /// Notifies all threads that wait.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::{Condition, RLock};
    ///
    /// let (lock, changed) = (RLock::new(()), Condition::new());
    /// std::thread::scope(|scope| {
    ///     for _ in 0..3 {
    ///         scope.spawn(|| changed.wait(&mut lock.acquire()));
    ///     }
    ///     while changed.waiting() < 3 {
    ///         std::thread::yield_now();
    ///     }
    ///     changed.notify_all(&lock.acquire());
    /// });
    /// ```
    pub fn notify_all<G: ConditionGuard>(&self, guard: &G) {
        self.notify(guard, usize::MAX);
    }

    /// How many threads wait for a notification.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(raddle::sync::Condition::new().waiting(), 0);
    /// ```
    pub fn waiting(&self) -> usize {
        self.waiters.enter().list.len()
    }

    #[track_caller]
    fn wait_with_guard<G: ConditionGuard, W: Waiter>(
        &self,
        guard: &G,
        deadline: Deadline,
        waiter: &mut W,
    ) -> Result<(), Failed> {
        let ended = self.wait_with(guard.condition_lock(returning::Token(())), deadline, waiter);
        guard.refuse_if_poisoned(returning::Token(()));
        ended
    }

    /// Waits in the way of `waiter`, for threads that hold `lock` without a guard. The lock is held again in any case.
    ///
    /// # Errors
    ///
    /// [`Failed`] if the deadline passed, or the waiter was told to stop, before a notification came. One that comes to
    /// a waiter that is told to stop goes on to the next.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::park::{Deadline, Failed, Thread};
    /// use raddle::sync::{Condition, RawLock};
    ///
    /// let (lock, changed) = (RawLock::new(), Condition::new());
    /// lock.acquire();
    /// assert_eq!(changed.wait_with(&lock, Deadline::PASSED, &mut Thread), Err(Failed::TimedOut));
    /// assert!(lock.is_locked());
    /// ```
    #[track_caller]
    pub fn wait_with<L: ConditionLock, W: Waiter>(
        &self,
        lock: &L,
        deadline: Deadline,
        waiter: &mut W,
    ) -> Result<(), Failed> {
        let site = Location::caller();
        let node = Node::returning(self, WaitKind::Condition, lock.home(), lock.blocker(), site);
        self.link(&node);
        let unwinding = Unwinding { node: &node, lock, levels: lock.give_up(), site };
        let end = wait(&node, deadline, waiter);
        let Unwinding { levels, .. } = *ManuallyDrop::new(unwinding);
        lock.take_back(levels, node.granted(), site, &mut Uninterruptible(waiter));
        match end {
            End::Granted => Ok(()),
            End::TimedOut => Err(Failed::TimedOut),
            End::Aborted { granted } => {
                if granted {
                    // To one who waited already when the notification came: it was not meant for others.
                    self.notify_until(lock, 1, Some(node.notified_until()));
                }
                Err(Failed::Aborted)
            }
        }
    }

    fn link(&self, node: &Node<'_>) {
        let mut waiters = self.waiters.enter();
        waiters.share();
        let ticket = waiters.next_ticket;
        waiters.next_ticket = ticket + 1;
        // SAFETY: the node is in no list, and its waiter keeps it in place until its wait is over.
        unsafe { waiters.list.push_back_with_ticket(node, ticket) };
    }

    /// Notifies up to `count` of the threads that wait, for a thread that holds `lock` without a guard.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::{Condition, RawRLock};
    ///
    /// let (lock, changed) = (RawRLock::new(), Condition::new());
    /// lock.acquire();
    /// changed.notify_with(&lock, usize::MAX);
    /// lock.release();
    /// ```
    pub fn notify_with<L: ConditionLock>(&self, lock: &L, count: usize) {
        self.notify_until(lock, count, None);
    }

    fn notify_until<L: ConditionLock>(&self, lock: &L, count: usize, ticket: Option<u64>) {
        let mut waiters = self.waiters.enter();
        if waiters.list.is_empty() {
            if ticket.is_none() && count > 0 {
                // ORDERING: Relaxed: a count for people. It changes under the section only.
                self.unheard.store(self.unheard.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
            }
            return;
        }
        let mut wakes = WakeList::new();
        let ticket = ticket.unwrap_or(waiters.next_ticket);
        let moved = waiters.list.notify(count, ticket, lock.home(), &mut wakes);
        drop(waiters);
        wakes.wake_all();
        lock.welcome(moved);
    }

    /// Forgets the waiters of the parent: see [`RawLock::reset_after_fork`].
    ///
    /// # Examples
    ///
    /// ```
    /// let changed = raddle::sync::Condition::new();
    /// // In the child, where nobody can wait.
    /// changed.reset_after_fork();
    /// assert_eq!(changed.waiting(), 0);
    /// ```
    pub fn reset_after_fork(&self) {
        drop(self.waiters.enter());
    }
}

impl Default for Condition {
    fn default() -> Self {
        Self::new()
    }
}

impl Place for Condition {
    fn state(&self) -> Seen {
        Seen::Condition { unheard: self.unheard() }
    }

    fn traced(&self) -> Option<Traced<'_>> {
        Some(Traced { trace: self.waiters.beside(), subject: None })
    }

    fn unheard(&self) -> u64 {
        self.unheard.load(Ordering::Relaxed)
    }

    fn leave(&self, node: &Node<'_>) -> bool {
        let mut waiters = self.waiters.enter();
        let waits = node.state() == State::Waiting;
        if waits {
            // SAFETY: it waits, so it is linked, here: a node of this place is pushed to this list only.
            unsafe { waiters.list.remove(node) };
        }
        waits
    }

    fn relink(&self, node: &Node<'_>) -> bool {
        // The fork has emptied the list, and the node's wait goes on.
        self.link(node);
        true
    }
}

/// A waiter has panicked, against its contract: the caller's guard must find the lock held again.
struct Unwinding<'a, L: ConditionLock> {
    node: &'a Node<'a>,
    lock: &'a L,
    levels: u64,
    site: &'static Location<'static>,
}

impl<L: ConditionLock> Drop for Unwinding<'_, L> {
    fn drop(&mut self) {
        let mut waiter = Thread;
        self.lock.take_back(self.levels, self.node.granted(), self.site, &mut Uninterruptible(&mut waiter));
    }
}

/// A guard with which one can wait on a [`Condition`]: [`LockGuard`] and [`RLockGuard`].
///
/// # Examples
///
/// ```
/// use raddle::sync::{Condition, ConditionGuard, Lock, RLock, TimedOut};
/// use std::time::Duration;
///
/// /// Works for guards of either kind of lock.
/// fn pause<G: ConditionGuard>(condition: &Condition, guard: &mut G) -> Result<(), TimedOut> {
///     condition.wait_timeout(guard, Duration::from_millis(1))
/// }
///
/// assert!(pause(&Condition::new(), &mut Lock::new(()).acquire()).is_err());
/// assert!(pause(&Condition::new(), &mut RLock::new(()).acquire()).is_err());
/// ```
pub trait ConditionGuard {
    /// The lock behind it.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::sync::{ConditionGuard, LockGuard, RawLock};
    ///
    /// fn is_plain<G: ConditionGuard<Lock = RawLock>>(_guard: &G) -> bool {
    ///     true
    /// }
    ///
    /// fn look(guard: &LockGuard<'_, u32>) -> bool {
    ///     is_plain(guard)
    /// }
    ///
    /// assert!(look(&raddle::sync::Lock::new(1).acquire()));
    /// ```
    type Lock: ConditionLock;

    /// The lock, which is held as long as the guard lives. For conditions only: whoever could release it behind the
    /// guard's back would share what it guards.
    #[doc(hidden)]
    fn condition_lock(&self, token: returning::Token) -> &Self::Lock;

    /// The lock is held again. Another thread may have left it poisoned meanwhile.
    #[doc(hidden)]
    fn refuse_if_poisoned(&self, token: returning::Token);
}

impl<T> ConditionGuard for LockGuard<'_, T> {
    type Lock = RawLock;

    fn condition_lock(&self, _token: returning::Token) -> &RawLock {
        self.raw()
    }

    #[track_caller]
    fn refuse_if_poisoned(&self, _token: returning::Token) {
        self.refuse_if_poisoned();
    }
}

// `Sync`, because a wait releases all levels, while the guards of the outer ones still give shared access: another thread
// may have it at the same time.
impl<T: Sync> ConditionGuard for RLockGuard<'_, T> {
    type Lock = RawRLock;

    fn condition_lock(&self, _token: returning::Token) -> &RawRLock {
        self.raw()
    }

    #[track_caller]
    fn refuse_if_poisoned(&self, _token: returning::Token) {
        self.refuse_if_poisoned();
    }
}

/// A lock that a [`Condition`] can release and take back: [`RawLock`] and [`RawRLock`].
///
/// # Examples
///
/// ```
/// use raddle::park::{Deadline, Failed, Thread};
/// use raddle::sync::{Condition, ConditionLock, RawLock, RawRLock};
///
/// fn look<L: ConditionLock>(condition: &Condition, held: &L) -> Result<(), Failed> {
///     condition.wait_with(held, Deadline::PASSED, &mut Thread)
/// }
///
/// let (plain, reentrant) = (RawLock::new(), RawRLock::new());
/// plain.acquire();
/// reentrant.acquire();
/// assert!(look(&Condition::new(), &plain).is_err() && look(&Condition::new(), &reentrant).is_err());
/// ```
pub trait ConditionLock: returning::Return {}

impl ConditionLock for RawLock {}
impl ConditionLock for RawRLock {}

/// What a condition asks of a lock. Nameable only here, so that only this module's locks can be asked.
mod returning {
    use std::panic::Location;

    use super::{Blocker, Grant, Home, RawLock, RawRLock, Uninterruptible, WaitKind, WaitList, Waiter, Wanted};

    type Site = &'static Location<'static>;

    /// What only conditions can make.
    #[derive(Debug)]
    pub struct Token(pub(super) ());

    pub trait Return {
        /// This lock, to come back to.
        fn home(&self) -> Home<'_>;
        /// Whom a wait for it depends on.
        fn blocker(&self) -> &dyn Blocker;
        /// Releases all levels; returns how many.
        fn give_up(&self) -> u64;
        /// Takes the levels back, with what the end of the wait has granted on the way.
        fn take_back<W: Waiter>(&self, levels: u64, grant: Grant, site: Site, waiter: &mut Uninterruptible<'_, W>);
        /// Queues threads whose notification has come.
        fn welcome(&self, moved: WaitList);
    }

    impl Return for RawLock {
        fn home(&self) -> Home<'_> {
            Home::new(self.permits())
        }

        fn blocker(&self) -> &dyn Blocker {
            self
        }

        fn give_up(&self) -> u64 {
            u64::from(self.release().is_some())
        }

        fn take_back<W: Waiter>(&self, _levels: u64, grant: Grant, site: Site, waiter: &mut Uninterruptible<'_, W>) {
            // Even if another thread had released it before we could: the lock is held after a wait, in any case.
            self.permits().acquire_requeued(Wanted::from(self, Some(site)), grant, waiter);
            self.own_after_a_look(WaitKind::Lock, site);
        }

        fn welcome(&self, moved: WaitList) {
            self.permits().requeue(moved);
        }
    }

    impl Return for RawRLock {
        fn home(&self) -> Home<'_> {
            self.lock().home()
        }

        fn blocker(&self) -> &dyn Blocker {
            self
        }

        fn give_up(&self) -> u64 {
            self.release_all().unwrap_or(0)
        }

        fn take_back<W: Waiter>(&self, levels: u64, grant: Grant, site: Site, waiter: &mut Uninterruptible<'_, W>) {
            self.lock().permits().acquire_requeued(Wanted::from(self, Some(site)), grant, waiter);
            self.lock().own_after_a_look(WaitKind::RLock, site);
            self.set_levels(levels.max(1));
        }

        fn welcome(&self, moved: WaitList) {
            self.lock().permits().requeue(moved);
        }
    }
}
