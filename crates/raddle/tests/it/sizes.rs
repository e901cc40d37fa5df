//! How large the objects are: what is in every instance of a program's own types is not to grow unnoticed.

use raddle::futures::{Future, Promise};
use raddle::queue::{LifoQueue, PriorityQueue, Queue, SimpleQueue};
use raddle::sync::{
    Barrier, BoundedSemaphore, BrokenBarrier, Condition, Event, Lock, LockGuard, OverRelease, RLock, RLockGuard,
    RawLock, RawRLock, RawRwLock, RwLock, RwLockReadGuard, RwLockWriteGuard, Semaphore, SemaphoreGuard, TimedOut,
};

const WORD: usize = size_of::<usize>();

#[test]
fn primitives_are_a_few_words() {
    assert!(size_of::<Lock<()>>() <= 32 && size_of::<RawLock>() <= 32);
    assert!(size_of::<RLock<()>>() <= 40 && size_of::<RawRLock>() <= 40);
    assert!(size_of::<Semaphore>() <= 24 && size_of::<BoundedSemaphore>() <= 32);
    assert!(size_of::<Condition>() <= 40);
    assert!(size_of::<Event>() <= 32);
    assert!(size_of::<Barrier>() <= 96);
    assert!(size_of::<RwLock<()>>() <= 64 && size_of::<RawRwLock>() <= 64);
}

/// What they hold lies in an allocation of its own, so items may be as large as they like.
#[test]
fn queues_and_futures_are_a_few_words() {
    assert!(size_of::<Queue<[u64; 8]>>() <= 2 * WORD && size_of::<LifoQueue<[u64; 8]>>() <= 2 * WORD);
    assert!(size_of::<SimpleQueue<[u64; 8]>>() <= 2 * WORD);
    assert!(size_of::<Future<[u64; 8]>>() <= 2 * WORD && size_of::<Promise<[u64; 8]>>() <= 2 * WORD);
    // A lock, a heap and three conditions.
    assert!(size_of::<PriorityQueue<[u64; 8]>>() <= 32 * WORD);
}

#[test]
fn guards_are_a_pointer_and_a_flag() {
    assert!(size_of::<LockGuard<'_, u64>>() <= 2 * WORD);
    assert!(size_of::<RLockGuard<'_, u64>>() <= 2 * WORD);
    assert!(size_of::<RwLockReadGuard<'_, u64>>() <= 2 * WORD && size_of::<RwLockWriteGuard<'_, u64>>() <= 2 * WORD);
    assert!(size_of::<SemaphoreGuard<'_>>() <= 2 * WORD);
}

#[test]
fn errors_are_small_and_errors() {
    fn size_of_error<E: std::error::Error + Send + Sync + 'static>() -> usize {
        size_of::<E>()
    }

    assert_eq!(size_of_error::<TimedOut>() + size_of_error::<OverRelease>(), 0);
    assert!(size_of_error::<BrokenBarrier>() <= WORD);
    assert!(size_of_error::<raddle::park::Failed>() <= WORD);
    assert!(size_of_error::<raddle::queue::GetError>() <= WORD);
    assert!(size_of_error::<raddle::queue::PutError<u64>>() <= 2 * WORD);
}
