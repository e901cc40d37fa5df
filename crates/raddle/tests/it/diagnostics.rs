#![cfg(feature = "probe")]

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use raddle::diagnostics::{self, BlockerState, Certainty, Deadlock};
use raddle::park::{Deadline, Failed, Waiter};
use raddle::sync::{Event, RawLock, RawRLock};
use raddle::thread::{self, ThreadId, WaitKind};

use crate::support::{Crew, until};

/// A waiter that ends its wait when a deadlock is certain, and remembers it.
#[derive(Debug, Default)]
struct Ending {
    deadlock: Option<Deadlock>,
}

impl Waiter for Ending {
    const LOOKS_BEFORE_SLEEP: u32 = 0;

    fn sleep<R>(&mut self, sleep: impl FnOnce() -> R) -> R {
        sleep()
    }

    fn is_interruptible(&self) -> bool {
        false
    }

    fn interrupted(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn suspects(&mut self, deadlock: &Deadlock) -> ControlFlow<()> {
        self.deadlock = Some(deadlock.clone());
        ControlFlow::Break(())
    }
}

/// Each of `count` threads acquires its lock, then waits for the next one's: the one that finds the deadlock gives up.
fn ring_of_rlocks(count: usize) -> Vec<Deadlock> {
    let locks: Vec<RawRLock> = (0..count).map(|_| RawRLock::new()).collect();
    let ready = raddle::sync::Barrier::new(count);
    let found = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for index in 0..count {
            let (locks, ready, found) = (&locks, &ready, &found);
            scope.spawn(move || {
                locks[index].acquire();
                ready.wait().unwrap();
                let mut waiter = Ending::default();
                let next = &locks[(index + 1) % count];
                if next.acquire_with(Deadline::NEVER, &mut waiter).is_ok() {
                    next.release().unwrap();
                }
                locks[index].release().unwrap();
                found.lock().unwrap().extend(waiter.deadlock);
            });
        }
    });
    found.into_inner().unwrap()
}

#[test]
fn a_cycle_of_rlocks_is_certain_and_told_once() {
    for count in [2, 3, 5] {
        let found = ring_of_rlocks(count);
        assert_eq!(found.len(), 1, "{found:?}");
        let deadlock = &found[0];
        assert_eq!((deadlock.certainty, deadlock.parties.len()), (Certainty::Certain, count));
        for (index, party) in deadlock.parties.iter().enumerate() {
            assert_eq!(party.kind, WaitKind::RLock);
            assert_eq!(party.blocker, Some(deadlock.parties[(index + 1) % count].thread), "{deadlock:?}");
            assert!(party.site.is_some_and(|site| site.file().ends_with("diagnostics.rs")), "{deadlock:?}");
            assert!(party.blocker_site.is_some_and(|site| site.file().ends_with("diagnostics.rs")), "{deadlock:?}");
        }
        assert!(deadlock.to_string().starts_with("deadlock: these threads wait for each other:\n"), "{deadlock}");
    }
}

#[test]
fn an_rlock_whose_owner_has_ended_is_certain() {
    let lock = RawRLock::new();
    let owner = std::thread::scope(|scope| {
        scope
            .spawn(|| {
                lock.acquire();
                ThreadId::current()
            })
            .join()
            .unwrap()
    });
    let mut waiter = Ending::default();
    lock.acquire_with(Deadline::NEVER, &mut waiter).unwrap_err();
    let deadlock = waiter.deadlock.expect("it was told");
    assert_eq!(deadlock.certainty, Certainty::Certain);
    let party = &deadlock.parties[0];
    assert_eq!((party.thread, party.blocker), (ThreadId::current(), Some(owner)));
    assert_eq!(party.blocker_state, BlockerState::Ended);
    assert!(deadlock.to_string().contains("a thread has it that has ended"), "{deadlock}");
}

/// Who joins a thread that waits for a lock cannot be ended by the deadlock, so it leaves that to the one who can; even if that one has long been there.
#[test]
fn a_certain_deadlock_is_left_to_a_thread_whose_wait_it_ends() {
    let lock = Arc::new(RawRLock::new());
    let began = Arc::new(Event::new());
    lock.acquire();
    let waiter = {
        let (lock, began) = (Arc::clone(&lock), Arc::clone(&began));
        thread::spawn(move || {
            began.set();
            let mut waiter = Raising::default();
            let got = lock.acquire_with(Deadline::NEVER, &mut waiter);
            (got, waiter.inner.deadlock)
        })
    };
    let waiter = waiter.unwrap();
    began.wait();
    let id = waiter.id().unwrap();
    // By then it has looked once, and its next look is half a second off.
    until("it has waited for a while", || {
        let threads = diagnostics::snapshot().threads;
        let known = threads.into_iter().find(|thread| thread.id == id).unwrap();
        known.waits_for.is_some_and(|wait| wait.waited > Duration::from_millis(30))
    });
    let mut joiner = Ending::default();
    waiter.thread().join_with(Deadline::NEVER, &mut joiner).unwrap();
    assert_eq!(joiner.deadlock, None);
    let (got, deadlock) = waiter.join().unwrap();
    assert_eq!((got, deadlock.map(|deadlock| deadlock.certainty)), (Err(Failed::Aborted), Some(Certainty::Certain)));
    lock.release().unwrap();
}

/// As [`Ending`], and says so before.
#[derive(Debug, Default)]
struct Raising {
    inner: Ending,
}

impl Waiter for Raising {
    const LOOKS_BEFORE_SLEEP: u32 = 0;

    fn sleep<R>(&mut self, sleep: impl FnOnce() -> R) -> R {
        sleep()
    }

    fn is_interruptible(&self) -> bool {
        false
    }

    fn interrupted(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn ends_at_deadlocks(&self) -> bool {
        true
    }

    fn suspects(&mut self, deadlock: &Deadlock) -> ControlFlow<()> {
        self.inner.suspects(deadlock)
    }
}

/// A waiter's answer counts only for what is certain: the wait for a lock goes on, and ends with its release.
#[test]
fn a_cycle_with_a_lock_is_probable_and_ends_no_wait() {
    let (first, second) = (RawLock::new(), RawRLock::new());
    let crew = Crew::new();
    let told = Event::new();
    let found = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        let wait = |waiter: &mut Ending, acquire: &dyn Fn(&mut Telling<'_>)| {
            acquire(&mut Telling { inner: waiter, told: &told });
        };
        let (first, second, crew, found) = (&first, &second, &crew, &found);
        scope.spawn(move || {
            crew.join();
            second.acquire();
            crew.until_blocked(1, WaitKind::RLock);
            let mut waiter = Ending::default();
            wait(&mut waiter, &|telling| first.acquire_with(Deadline::NEVER, telling).unwrap());
            found.lock().unwrap().extend(waiter.deadlock);
            first.release().unwrap();
            second.release().unwrap();
        });
        scope.spawn(move || {
            until("the other one has its lock", || second.is_locked());
            first.acquire();
            crew.join();
            let mut waiter = Ending::default();
            wait(&mut waiter, &|telling| second.acquire_with(Deadline::NEVER, telling).unwrap());
            found.lock().unwrap().extend(waiter.deadlock);
            second.release().unwrap();
        });
        told.wait();
        // Not its owner; from now on it is nobody's.
        first.release().unwrap();
    });
    let found = found.into_inner().unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].certainty, found[0].parties.len()), (Certainty::Probable, 2));
}

/// Says when something was told.
struct Telling<'a> {
    inner: &'a mut Ending,
    told: &'a Event,
}

impl Waiter for Telling<'_> {
    const LOOKS_BEFORE_SLEEP: u32 = 0;

    fn sleep<R>(&mut self, sleep: impl FnOnce() -> R) -> R {
        sleep()
    }

    fn is_interruptible(&self) -> bool {
        false
    }

    fn interrupted(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn suspects(&mut self, deadlock: &Deadlock) -> ControlFlow<()> {
        self.told.set();
        self.inner.suspects(deadlock)
    }
}

#[test]
fn a_snapshot_says_who_holds_and_who_waits() {
    let (lock, rlock) = (RawLock::new(), RawRLock::new());
    lock.acquire();
    rlock.acquire();
    rlock.acquire();
    let own = ThreadId::current();
    let crew = Crew::new();
    // Nothing is asserted before the other thread can go on: a panic would wait for it.
    let (waiter, snapshot) = std::thread::scope(|scope| {
        scope.spawn(|| {
            crew.join();
            lock.acquire();
            lock.release().unwrap();
        });
        crew.until_blocked(1, WaitKind::Lock);
        let seen = (crew.members()[0].id, diagnostics::snapshot());
        lock.release().unwrap();
        seen
    });
    let thread = snapshot.threads.iter().find(|thread| thread.id == own).expect("this thread is known");
    let held: Vec<_> = thread.holds.iter().map(|held| (held.object, held.kind)).collect();
    assert!(held.contains(&(lock.address(), WaitKind::Lock)), "{held:?}");
    assert!(held.contains(&((&raw const rlock).addr(), WaitKind::RLock)), "{held:?}");
    assert_eq!(held.len(), 2);
    let contended = snapshot.locks.iter().find(|one| one.object == lock.address()).expect("it is held");
    assert_eq!((contended.owner, &*contended.waiters), (Some(own), &[waiter][..]));
    let other = snapshot.threads.iter().find(|thread| thread.id == waiter).expect("it waits");
    assert_eq!(other.waits_for.as_ref().and_then(|wait| wait.blocker), Some(own));
    rlock.release_all().unwrap();
    let after = diagnostics::snapshot();
    let thread = after.threads.iter().find(|thread| thread.id == own).expect("this thread is known");
    assert_eq!(thread.holds, []);
}

#[test]
fn more_locks_than_are_listed_are_counted() {
    let locks: Vec<RawLock> = (0..20).map(|_| RawLock::new()).collect();
    let own = ThreadId::current();
    let holds = || {
        let snapshot = diagnostics::snapshot();
        let thread = snapshot.threads.into_iter().find(|thread| thread.id == own).expect("this thread is known");
        (thread.holds.len(), thread.holds_more)
    };
    locks.iter().for_each(RawLock::acquire);
    assert_eq!(holds(), (16, 4));
    locks.iter().rev().for_each(|lock| lock.release().unwrap());
    assert_eq!(holds(), (0, 0));
}

/// Another thread releases; a lock ends while it is held: neither stays in the list of its owner.
#[test]
fn a_lock_leaves_the_list_of_its_owner_whoever_releases_it() {
    let own = ThreadId::current();
    let holds = || {
        let snapshot = diagnostics::snapshot();
        snapshot.threads.into_iter().find(|thread| thread.id == own).expect("this thread is known").holds.len()
    };
    let signal = RawLock::new();
    signal.acquire();
    assert_eq!(holds(), 1);
    std::thread::scope(|scope| {
        scope.spawn(|| signal.release().unwrap());
    });
    assert_eq!(holds(), 0);
    // It is a signal now, and belongs to nobody, though it says who acquired it.
    signal.acquire();
    assert_eq!((holds(), signal.owner()), (0, Some(own)));
    signal.release().unwrap();
    {
        let ended = RawLock::new();
        ended.acquire();
        assert_eq!(holds(), 1);
    }
    assert_eq!(holds(), 0);
}
