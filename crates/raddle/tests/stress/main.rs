//! Conservation under load: timeouts and aborts meet grants by the thousand, and nothing is lost or doubled.
//!
//! Random, but from a seed that each run prints: `RADDLE_STRESS_SEED` repeats the choices, `RADDLE_STRESS_SECONDS` says how long
//! each test runs (2 unless told). What is asserted is what is left at the end, never a time.

#![allow(clippy::missing_panics_doc, reason = "tests panic")]
#![allow(clippy::cast_possible_truncation, reason = "small numbers and random ones")]
#![allow(clippy::print_stdout, reason = "the seed is for whoever repeats the run")]

mod pool;
mod queue;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use raddle::park::{Deadline, Failed, Thread, Waiter};
use raddle::queue::{GetError, PutError, Queue};
use raddle::sync::{Condition, Event, RawLock, RawRwLock, Semaphore};
use raddle::thread::snapshot;

const THREADS: u64 = 4;

/// A choice is one step of a xorshift generator: all that is wanted is that a seed repeats it.
struct Choices(u64);

impl Choices {
    fn new(seed: u64, thread: u64) -> Self {
        Self((seed ^ thread.wrapping_mul(0x9E37_79B9_7F4A_7C15)) | 1)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    /// Never, at once, or within microseconds.
    fn deadline(&mut self) -> Deadline {
        match self.below(3) {
            0 => Deadline::after(Duration::from_secs(3600)),
            1 => Deadline::PASSED,
            _ => Deadline::after(Duration::from_nanos(self.below(200_000))),
        }
    }
}

/// Takes interrupts, and stops at one of a few.
struct Fickle<'a>(&'a mut Choices);

impl Waiter for Fickle<'_> {
    const LOOKS_BEFORE_SLEEP: u32 = 3;

    fn sleep<R>(&mut self, sleep: impl FnOnce() -> R) -> R {
        sleep()
    }

    fn is_interruptible(&self) -> bool {
        true
    }

    fn interrupted(&mut self) -> ControlFlow<()> {
        if self.0.below(3) == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

fn seed() -> u64 {
    let seed = match std::env::var("RADDLE_STRESS_SEED") {
        Ok(seed) => seed.parse().expect("RADDLE_STRESS_SEED is a number"),
        Err(_) => Instant::now().elapsed().as_nanos() as u64 ^ u64::from(std::process::id()).wrapping_mul(0x2545_F491),
    };
    println!("RADDLE_STRESS_SEED={seed}");
    seed
}

fn time_box() -> Instant {
    let seconds = std::env::var("RADDLE_STRESS_SECONDS").map_or(2.0, |seconds| seconds.parse().expect("seconds"));
    Instant::now() + Duration::from_secs_f64(seconds)
}

/// Runs `work` in all threads until the time is over, and signals into their waits meanwhile. `release` is called until
/// the threads have ended: it gives those who wait without a limit what they wait for.
// Threads are joined one by one, and the harness shares nothing but atomics: ThreadSanitizer does not see what the
// precompiled standard library does inside.
fn torment(work: impl Fn(&mut Choices, &AtomicBool) + Sync, mut release: impl FnMut()) {
    let (seed, end) = (seed(), time_box());
    let (over, ended) = (AtomicBool::new(false), AtomicU64::new(0));
    let native_ids = [const { AtomicU64::new(0) }; THREADS as usize];
    std::thread::scope(|scope| {
        let threads = native_ids.each_ref().map(|native_id| {
            let (work, over, ended) = (&work, &over, &ended);
            scope.spawn(move || {
                let own = raddle::thread::ThreadId::current();
                let known = snapshot().into_iter().find(|thread| thread.id == own).expect("this thread is known");
                native_id.store(known.native_id, Ordering::Release);
                let mut choices = Choices::new(seed, own.get());
                while !over.load(Ordering::Relaxed) {
                    work(&mut choices, over);
                }
                native_id.store(0, Ordering::Release);
                ended.fetch_add(1, Ordering::AcqRel);
            })
        });
        let mut choices = Choices::new(seed, 0);
        while ended.load(Ordering::Acquire) < THREADS {
            over.store(Instant::now() >= end, Ordering::Relaxed);
            interrupt(native_ids[choices.below(THREADS) as usize].load(Ordering::Acquire));
            if over.load(Ordering::Relaxed) {
                release();
            }
            std::thread::park_timeout(Duration::from_micros(choices.below(100)));
        }
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

#[cfg(target_os = "linux")]
fn interrupt(native_id: u64) {
    use std::sync::Once;

    static HANDLER: Once = Once::new();

    extern "C" fn ignore(_signal: libc::c_int) {}

    HANDLER.call_once(|| {
        // SAFETY: the action is complete, and its handler does nothing. Without SA_RESTART, so that sleeps end.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = ignore as extern "C" fn(libc::c_int) as usize;
            libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut());
        }
    });
    if native_id != 0 {
        // SAFETY: a signal with a handler that does nothing; a thread that has ended meanwhile does not get it.
        unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), native_id, libc::SIGUSR1) };
    }
}

/// Elsewhere sleeps end in slices.
#[cfg(not(target_os = "linux"))]
fn interrupt(_native_id: u64) {}

#[test]
fn a_lock_excludes_and_forgets_nobody() {
    let lock = RawLock::new();
    let (inside, entered, left) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    torment(
        |choices, _| {
            let deadline = choices.deadline();
            if lock.acquire_with(deadline, &mut Fickle(choices)).is_ok() {
                assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0);
                entered.fetch_add(1, Ordering::Relaxed);
                for _ in 0..choices.below(50) {
                    std::hint::spin_loop();
                }
                assert_eq!(inside.fetch_sub(1, Ordering::Relaxed), 1);
                left.fetch_add(1, Ordering::Relaxed);
                lock.release().unwrap();
            }
        },
        || {},
    );
    assert!(entered.load(Ordering::Relaxed) > 0);
    assert_eq!(entered.into_inner(), left.into_inner());
    assert_eq!((lock.is_locked(), lock.waiting()), (false, 0));
}

#[test]
fn a_reader_writer_lock_excludes_and_forgets_nobody() {
    const WRITER: usize = 1000;
    let lock = RawRwLock::new();
    let (inside, wrote, read) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let reads = || {
        assert!(inside.fetch_add(1, Ordering::Relaxed) < WRITER);
        read.fetch_add(1, Ordering::Relaxed);
        assert!(inside.fetch_sub(1, Ordering::Relaxed) < WRITER);
        lock.release_read().unwrap();
    };
    torment(
        |choices, _| {
            let deadline = choices.deadline();
            if choices.below(4) > 0 {
                if lock.read_with(deadline, &mut Fickle(choices)).is_ok() {
                    reads();
                }
            } else if lock.write_with(deadline, &mut Fickle(choices)).is_ok() {
                assert_eq!(inside.fetch_add(WRITER, Ordering::Relaxed), 0);
                wrote.fetch_add(1, Ordering::Relaxed);
                assert_eq!(inside.fetch_sub(WRITER, Ordering::Relaxed), WRITER);
                if choices.below(2) == 0 {
                    lock.release_write().unwrap();
                } else {
                    lock.downgrade().unwrap();
                    reads();
                }
            }
        },
        || {},
    );
    assert!(wrote.into_inner() > 0 && read.into_inner() > 0);
    assert_eq!((lock.readers(), lock.is_writing(), lock.waiting()), (0, false, 0));
}

#[test]
fn a_semaphore_keeps_its_permits() {
    const PERMITS: u64 = 2;
    let (semaphore, held) = (Semaphore::new(PERMITS), AtomicU64::new(0));
    torment(
        |choices, _| {
            let deadline = choices.deadline();
            if semaphore.acquire_with(deadline, &mut Fickle(choices)).is_ok() {
                assert!(held.fetch_add(1, Ordering::SeqCst) < PERMITS);
                held.fetch_sub(1, Ordering::SeqCst);
                semaphore.release(1).unwrap();
            }
        },
        || {},
    );
    assert_eq!((semaphore.available(), semaphore.waiting()), (PERMITS, 0));
}

#[test]
fn a_queue_keeps_its_items() {
    for capacity in [0, 1, 3] {
        let queue = Queue::bounded(capacity);
        let (put, got, next) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(1));
        torment(
            |choices, over| {
                if choices.below(2) == 0 && !over.load(Ordering::Relaxed) {
                    let item = next.fetch_add(1, Ordering::Relaxed);
                    let deadline = choices.deadline();
                    match queue.put_with(item, deadline, &mut Fickle(choices)) {
                        Ok(()) | Err(PutError::Aborted(None)) => put.fetch_add(item, Ordering::Relaxed),
                        Err(PutError::Full(back) | PutError::Aborted(Some(back))) => {
                            assert_eq!(back, item);
                            0
                        }
                        Err(error) => panic!("{error}"),
                    };
                } else {
                    let deadline = choices.deadline();
                    match queue.get_with(deadline, &mut Fickle(choices)) {
                        Ok(item) => {
                            got.fetch_add(item, Ordering::Relaxed);
                            queue.task_done().unwrap();
                        }
                        Err(error) => assert!(matches!(error, GetError::Empty | GetError::Aborted)),
                    }
                }
            },
            || {
                // Items for those who wait for one, and places for those who wait with one.
                let (getters, putters, _) = queue.waiting();
                if getters > 0 {
                    let item = next.fetch_add(1, Ordering::Relaxed);
                    if queue.try_put(item).is_ok() {
                        put.fetch_add(item, Ordering::Relaxed);
                    }
                }
                if putters > 0 {
                    if let Ok(item) = queue.try_get() {
                        got.fetch_add(item, Ordering::Relaxed);
                        queue.task_done().unwrap();
                    }
                }
            },
        );
        assert_eq!(queue.waiting(), (0, 0, 0));
        let left = queue.drain();
        assert_eq!(queue.unfinished(), left.len());
        assert_eq!(put.into_inner(), got.into_inner() + left.into_iter().sum::<u64>());
    }
}

/// Tokens under a lock, with one notification each: whoever is notified finds one, or another has taken it in between;
/// a notification that were lost would leave a token and a thread that waits.
#[test]
fn a_condition_loses_no_notification() {
    let (lock, changed) = (RawLock::new(), Condition::new());
    let (tokens, made, used) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let give = || {
        lock.acquire();
        tokens.fetch_add(1, Ordering::Relaxed);
        made.fetch_add(1, Ordering::Relaxed);
        changed.notify_with(&lock, 1);
        lock.release().unwrap();
    };
    torment(
        |choices, over| {
            if choices.below(2) == 0 && !over.load(Ordering::Relaxed) {
                return give();
            }
            lock.acquire();
            let deadline = choices.deadline();
            let mut ended = Ok(());
            while tokens.load(Ordering::Relaxed) == 0 && ended.is_ok() {
                ended = changed.wait_with(&lock, deadline, &mut Fickle(choices));
            }
            if tokens.load(Ordering::Relaxed) > 0 {
                tokens.fetch_sub(1, Ordering::Relaxed);
                used.fetch_add(1, Ordering::Relaxed);
            } else {
                assert!(matches!(ended, Err(Failed::TimedOut | Failed::Aborted)));
            }
            lock.release().unwrap();
        },
        // Those who wait for a token without a limit get one each; a lost notification would leave one of them asleep for
        // good, which the time box of the runner reports.
        || {
            for _ in 0..changed.waiting() {
                give();
            }
        },
    );
    assert_eq!((lock.is_locked(), lock.waiting(), changed.waiting()), (false, 0, 0));
    assert_eq!(made.into_inner(), used.into_inner() + tokens.into_inner());
}

/// Thousands of threads that live for one wait, while those who woke them are late: a waker may find the next owner of a
/// record, and must neither harm it nor miss anybody.
#[test]
fn records_are_used_again_under_load() {
    let (seed, end) = (seed(), time_box());
    let (queue, woken, lived) = (Queue::new(), AtomicU64::new(0), AtomicU64::new(0));
    let stop = Event::new();
    std::thread::scope(|scope| {
        let makers = [1, 2].map(|thread| {
            let (queue, woken, lived) = (&queue, &woken, &lived);
            let mut choices = Choices::new(seed, thread);
            scope.spawn(move || {
                while Instant::now() < end {
                    let own = Event::new();
                    std::thread::scope(|short| {
                        let mut shorts = Vec::new();
                        for _ in 0..=choices.below(3) {
                            let limited = choices.below(4) == 0;
                            let own = &own;
                            shorts.push(short.spawn(move || {
                                lived.fetch_add(1, Ordering::Relaxed);
                                // Two waits in a thread's life, ended by different wakers.
                                let first = queue.get_with(Deadline::NEVER, &mut Thread);
                                assert!(first.is_ok());
                                woken.fetch_add(1, Ordering::Relaxed);
                                if limited {
                                    let _ = own.wait_timeout(Duration::from_micros(20));
                                } else {
                                    own.wait();
                                }
                            }));
                            queue.put(()).unwrap();
                        }
                        own.set();
                        for short in shorts {
                            short.join().unwrap();
                        }
                    });
                }
            })
        });
        // One who reads the registry all the time.
        let reader = scope.spawn(|| {
            while !stop.is_set() {
                let mut ids: Vec<_> = snapshot().into_iter().map(|thread| thread.id).collect();
                let known = ids.len();
                ids.sort_unstable();
                ids.dedup();
                assert_eq!(ids.len(), known);
                std::thread::park_timeout(Duration::from_micros(200));
            }
        });
        while Instant::now() < end {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        for maker in makers {
            maker.join().unwrap();
        }
        stop.set();
        reader.join().unwrap();
    });
    assert_eq!(woken.into_inner(), lived.into_inner());
    assert_eq!((queue.len(), queue.waiting()), (0, (0, 0, 0)));
}
