//! What is remembered takes a bounded space. In a process of its own, because it fills that.
#![cfg(all(feature = "probe", not(any(loom, shuttle))))]

use std::time::Duration;

use raddle::diagnostics;
use raddle::sync::Semaphore;

/// How many objects are remembered at a time, as the docs say.
const LIMIT: usize = 4096;

/// A wait that is over at once, but is one.
fn wait_in_vain(semaphore: &Semaphore) {
    assert!(semaphore.acquire_timeout(Duration::from_nanos(1)).is_err());
}

fn known() -> usize {
    diagnostics::snapshot().locks.iter().filter(|lock| lock.contended > 0).count()
}

#[test]
fn so_many_objects_are_remembered_and_no_more() {
    let semaphores: Vec<_> = (0..LIMIT + 10).map(|_| Semaphore::new(0)).collect();
    semaphores[..LIMIT].iter().for_each(wait_in_vain);
    assert_eq!((known(), diagnostics::snapshot().missed), (LIMIT, 0));
    semaphores[LIMIT - 10..].iter().for_each(wait_in_vain);
    assert_eq!((known(), diagnostics::snapshot().missed), (LIMIT, 10));
    drop(semaphores);
    assert_eq!(known(), 0);
    // Each entry is used again, for an object that has nothing to do with the one that had it before.
    let others: Vec<_> = (0..LIMIT / 8).map(|_| Semaphore::new(0)).collect();
    others.iter().for_each(wait_in_vain);
    let locks = diagnostics::snapshot().locks;
    assert!(locks.iter().all(|lock| lock.contended == 1), "what is told is told of one object");
    assert_eq!((locks.len(), diagnostics::snapshot().missed), (LIMIT / 8, 10));
}
