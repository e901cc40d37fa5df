#![cfg_attr(not(feature = "probe"), allow(unused_imports, reason = "only what the probe publishes needs them"))]

use std::collections::HashSet;
use std::sync::Mutex;

use raddle::queue::Queue;
use raddle::sync::{Barrier, Condition, Event, RawLock, Semaphore};
use raddle::thread::{ThreadId, ThreadState, WaitKind, snapshot};

use crate::support::{Crew, LONG, assert_send, assert_sync, until};

#[test]
fn a_thread_keeps_its_number_and_nobody_else_gets_it() {
    let numbers = Mutex::new(HashSet::from([ThreadId::current()]));
    for _ in 0..50 {
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let own = ThreadId::current();
                    assert_eq!(own, ThreadId::current());
                    assert!(numbers.lock().unwrap().insert(own), "the number was used before");
                });
            }
        });
    }
    assert_eq!(numbers.lock().unwrap().len(), 101);
}

#[test]
fn a_thread_is_known_while_it_lives() {
    let id = std::thread::spawn(|| {
        let own = ThreadId::current();
        let known = snapshot().into_iter().find(|thread| thread.id == own).expect("this thread is known");
        assert_eq!((known.state, &known.waits_for), (ThreadState::Runnable, &None));
        assert!(known.native_id > 0 && known.ident > 0);
        own
    })
    .join()
    .unwrap();
    // The record is given back as the very last act of the thread, which joining may not await.
    until("the thread is forgotten", || snapshot().iter().all(|thread| thread.id != id));
}

#[test]
#[cfg(feature = "probe")]
fn a_wait_says_what_for() {
    let (lock, condition, event, semaphore) = (RawLock::new(), Condition::new(), Event::new(), Semaphore::new(0));
    let (barrier, queue, full) = (Barrier::new(2), Queue::new(), Queue::bounded(1));
    full.put(()).unwrap();
    lock.acquire();
    let other = RawLock::new();
    let crew = Crew::new();
    let expected = [
        (WaitKind::Lock, (&raw const lock).addr()),
        (WaitKind::Condition, (&raw const condition).addr()),
        (WaitKind::Event, (&raw const event).addr()),
        (WaitKind::Semaphore, (&raw const semaphore).addr()),
        (WaitKind::Barrier, (&raw const barrier).addr()),
        (WaitKind::QueueGet, (&raw const queue).addr()),
        (WaitKind::QueuePut, (&raw const full).addr()),
        (WaitKind::QueueJoin, (&raw const full).addr()),
    ];
    let waits: [Box<dyn Fn() + Send + Sync>; 8] = [
        Box::new(|| lock.acquire()),
        Box::new(|| {
            other.acquire();
            condition.wait_with(&other, raddle::park::Deadline::NEVER, &mut raddle::park::Thread).unwrap();
        }),
        Box::new(|| event.wait_timeout(LONG).unwrap()),
        Box::new(|| semaphore.acquire_timeout(LONG).unwrap()),
        Box::new(|| assert_eq!(barrier.wait(), Ok(0))),
        Box::new(|| queue.get().unwrap()),
        Box::new(|| full.put(()).unwrap()),
        Box::new(|| full.join()),
    ];
    std::thread::scope(|scope| {
        for (wait, (kind, _)) in waits.into_iter().zip(expected) {
            let crew = &crew;
            scope.spawn(move || {
                crew.join();
                wait();
            });
            until("its wait is published", || {
                crew.members().iter().any(|thread| thread.waits_for.as_ref().is_some_and(|wait| wait.kind == kind))
            });
        }
        for (member, (kind, address)) in crew.members().into_iter().zip(expected) {
            let wait = member.waits_for.expect("it is blocked");
            assert_eq!((member.state, wait.kind, wait.object), (ThreadState::Blocked, kind, address));
            let limited = matches!(kind, WaitKind::Event | WaitKind::Semaphore);
            assert_eq!(wait.remaining.is_some(), limited, "{kind:?}");
            assert!(wait.number > 0);
        }
        lock.release().unwrap();
        other.acquire();
        condition.notify_with(&other, 1);
        other.release().unwrap();
        event.set();
        semaphore.release(1).unwrap();
        barrier.wait().unwrap();
        queue.put(()).unwrap();
        full.get().unwrap();
        full.get().unwrap();
        full.task_done().unwrap();
        full.task_done().unwrap();
    });
}

#[test]
fn can_be_read_while_threads_come_and_go() {
    let ready = Event::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ready.is_set() {
                let ids: Vec<_> = snapshot().into_iter().map(|thread| thread.id).collect();
                let distinct: HashSet<_> = ids.iter().collect();
                assert_eq!(distinct.len(), ids.len());
            }
        });
        for _ in 0..100 {
            scope.spawn(ThreadId::current).join().unwrap();
        }
        ready.set();
    });
    assert_send::<ThreadId>();
    assert_sync::<ThreadId>();
}
