//! Forked children: of a busy parent with many threads, and of a thread in the middle of its own wait.
//!
//! `RADDLE_FORKS` says how many children the busy parent has (100 unless told). Each child lives in a time box: an alarm ends
//! one that hangs, and the parent reports that.

#![cfg(unix)]
#![allow(clippy::missing_panics_doc, reason = "tests panic")]

mod pool;
mod thread;

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use raddle::park::{Deadline, Failed, Thread, Waiter};
use raddle::queue::{GetError, Queue};
use raddle::sync::{Barrier, Condition, Event, RawLock, RawRLock, RawRwLock, Semaphore};
use raddle::thread::{JoinHandle, ThreadId, ThreadState, snapshot};

/// After so many seconds a child is taken to hang.
const TIME_BOX: u32 = 30;

const SHORT: Duration = Duration::from_micros(200);

/// One of each.
struct Everything {
    lock: RawLock,
    rlock: RawRLock,
    rwlock: RawRwLock,
    condition: Condition,
    event: Event,
    semaphore: Semaphore,
    barrier: Barrier,
    queue: Queue<u64>,
    full: Queue<u64>,
}

impl Everything {
    /// For the life of the process, so that threads of a child can have it.
    fn leaked() -> &'static Self {
        let everything = Box::leak(Box::new(Self {
            lock: RawLock::new(),
            rlock: RawRLock::new(),
            rwlock: RawRwLock::new(),
            condition: Condition::new(),
            event: Event::new(),
            semaphore: Semaphore::new(1),
            barrier: Barrier::new(2),
            queue: Queue::new(),
            full: Queue::bounded(1),
        }));
        everything.full.put(1).unwrap();
        everything
    }

    /// What busy threads do: each step is short, and each waits now and then.
    fn use_briefly(&self, step: u64) {
        match step % 9 {
            0 => {
                self.lock.acquire();
                self.lock.release().unwrap();
            }
            1 => {
                self.rlock.acquire();
                self.rlock.acquire();
                assert_eq!(self.rlock.release_all(), Some(2));
            }
            2 => {
                self.lock.acquire();
                let _ = self.condition.wait_with(&self.lock, Deadline::after(SHORT), &mut Thread);
                self.condition.notify_with(&self.lock, 2);
                self.lock.release().unwrap();
            }
            3 => {
                self.event.set();
                self.event.clear();
                let _ = self.event.wait_timeout(SHORT);
            }
            4 => {
                self.semaphore.acquire();
                self.semaphore.release(1).unwrap();
            }
            5 => {
                let _ = self.barrier.wait_timeout(SHORT);
                self.barrier.reset();
            }
            6 => {
                self.queue.put(step).unwrap();
                let _ = self.queue.get_timeout(SHORT);
            }
            7 => {
                self.rwlock.write();
                self.rwlock.downgrade().unwrap();
                self.rwlock.read();
                self.rwlock.release_read().unwrap();
                self.rwlock.release_read().unwrap();
            }
            _ => {
                let _ = self.full.put_timeout(step, SHORT);
                let _ = self.full.try_get();
            }
        }
    }

    /// In a child, with its own threads: nothing hangs, nothing is half done.
    fn use_up(&'static self) {
        // A lock that a vanished thread holds stays held, and can be reset.
        let _ = self.lock.acquire_with(Deadline::after(SHORT), &mut Thread);
        self.lock.reset_after_fork();
        self.rlock.reset_after_fork();
        self.rlock.acquire();
        assert_eq!(self.rlock.release_all(), Some(1));

        let _ = self.rwlock.read_with(Deadline::after(SHORT), &mut Thread);
        self.rwlock.reset_after_fork();
        self.rwlock.read();
        let waiting = spawn(|| {
            self.rwlock.write();
            self.rwlock.release_write().unwrap();
        });
        until(|| self.rwlock.waiting() == 1);
        self.rwlock.release_read().unwrap();
        waiting.join().unwrap();

        self.event.clear();
        assert!(self.event.wait_timeout(SHORT).is_err());
        let waiting = spawn(|| self.event.wait());
        until(|| self.event.waiting() == 1);
        self.event.set();
        waiting.join().unwrap();

        let waiting = spawn(|| {
            self.lock.acquire();
            self.condition.wait_with(&self.lock, Deadline::NEVER, &mut Thread).unwrap();
            self.lock.release().unwrap();
        });
        until(|| self.condition.waiting() == 1);
        self.lock.acquire();
        self.condition.notify_with(&self.lock, 1);
        self.lock.release().unwrap();
        waiting.join().unwrap();

        // The permit may have vanished with a thread; no more than that one.
        assert!(self.semaphore.available() <= 1);
        let _ = self.semaphore.acquire_timeout(SHORT);
        let waiting = spawn(|| self.semaphore.acquire());
        until(|| self.semaphore.waiting() == 1);
        self.semaphore.release(1).unwrap();
        waiting.join().unwrap();

        self.barrier.reset();
        let waiting = spawn(|| self.barrier.wait().unwrap());
        assert_eq!(self.barrier.wait().unwrap() + waiting.join().unwrap(), 1);

        while self.queue.try_get().is_ok() {}
        assert_eq!(self.queue.get_timeout(SHORT), Err(GetError::Empty));
        let waiting = spawn(|| self.queue.get());
        until(|| self.queue.waiting().0 == 1);
        self.queue.put(7).unwrap();
        assert_eq!(waiting.join().unwrap(), Ok(7));
        while self.full.try_put(3).is_ok() {}
        let waiting = spawn(|| self.full.put(4));
        until(|| self.full.waiting().1 == 1);
        self.full.get().unwrap();
        waiting.join().unwrap().unwrap();
        self.full.set_unfinished(0);
        self.full.join();
    }
}

#[test]
fn children_of_a_busy_parent_can_use_everything() {
    let forks: u32 = std::env::var("RADDLE_FORKS").map_or(100, |forks| forks.parse().expect("a number of forks"));
    let (inherited, over) = (Everything::leaked(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let over = &over;
            scope.spawn(move || {
                let mut step = thread;
                while !over.load(Ordering::Relaxed) {
                    inherited.use_briefly(step);
                    step = step.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 1;
                }
            });
        }
        let own = ThreadId::current();
        let mut failed = Vec::new();
        for _ in 0..forks {
            let child = fork(|| {
                assert_eq!(ThreadId::current(), own, "the thread that forks keeps its number");
                assert!(snapshot().iter().all(|thread| thread.id == own), "the others do not exist here");
                inherited.use_up();
                Everything::leaked().use_up();
                (0..9).for_each(|step| Everything::leaked().use_briefly(step));
            });
            failed.extend(failure_of(child));
            if !failed.is_empty() {
                break;
            }
        }
        over.store(true, Ordering::Relaxed);
        assert!(failed.is_empty(), "{failed:?}");
    });
}

/// Queues can be used for long before any thread waits: that, too, must be noticed by a fork. In a process of its own, where no
/// other test has waited before.
#[test]
fn a_child_of_a_parent_that_never_waited_can_use_a_queue() {
    const ALONE: &str = "RADDLE_FORK_ALONE";

    if std::env::var_os(ALONE).is_none() {
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_child_of_a_parent_that_never_waited_can_use_a_queue"])
            .env(ALONE, "1")
            .status()
            .unwrap();
        assert!(status.success());
        return;
    }
    let (queue, over): (&'static Queue<u64>, _) = (Box::leak(Box::new(Queue::new())), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                queue.try_put(1).unwrap();
                let _ = queue.try_get();
            }
        });
        let mut failed = None;
        for _ in 0..50 {
            failed = failure_of(fork(|| {
                queue.try_put(2).unwrap();
                queue.get().unwrap();
            }));
            if failed.is_some() {
                break;
            }
        }
        over.store(true, Ordering::Relaxed);
        assert_eq!(failed, None);
    });
}

/// How a thread waits, and how another one ends that.
struct Case {
    name: &'static str,
    wait: fn(&'static Everything, &mut Forking),
    is_linked: fn(&Everything) -> bool,
    end: fn(&'static Everything),
}

const CASES: [Case; 8] = [
    Case {
        name: "condition",
        wait: |objects, waiter| {
            objects.lock.acquire();
            objects.condition.wait_with(&objects.lock, Deadline::NEVER, waiter).unwrap();
            objects.lock.release().unwrap();
        },
        is_linked: |objects| objects.condition.waiting() == 1,
        end: |objects| {
            objects.lock.acquire();
            objects.condition.notify_with(&objects.lock, 1);
            objects.lock.release().unwrap();
        },
    },
    Case {
        name: "event",
        wait: |objects, waiter| objects.event.wait_with(Deadline::NEVER, waiter).unwrap(),
        is_linked: |objects| objects.event.waiting() == 1,
        end: |objects| objects.event.set(),
    },
    Case {
        name: "queue get",
        wait: |objects, waiter| assert_eq!(objects.queue.get_with(Deadline::NEVER, waiter), Ok(5)),
        is_linked: |objects| objects.queue.waiting().0 == 1,
        end: |objects| objects.queue.put(5).unwrap(),
    },
    Case {
        name: "queue put",
        wait: |objects, waiter| objects.full.put_with(5, Deadline::NEVER, waiter).unwrap(),
        is_linked: |objects| objects.full.waiting().1 == 1,
        end: |objects| assert_eq!((objects.full.get(), objects.full.get()), (Ok(1), Ok(5))),
    },
    Case {
        name: "queue join",
        wait: |objects, waiter| objects.full.join_with(Deadline::NEVER, waiter).unwrap(),
        is_linked: |objects| objects.full.waiting().2 == 1,
        end: |objects| objects.full.task_done().unwrap(),
    },
    Case {
        name: "semaphore",
        wait: |objects, waiter| {
            objects.semaphore.acquire();
            objects.semaphore.acquire_with(Deadline::NEVER, waiter).unwrap();
        },
        is_linked: |objects| objects.semaphore.waiting() == 1,
        end: |objects| objects.semaphore.release(1).unwrap(),
    },
    Case {
        name: "lock",
        wait: |objects, waiter| {
            objects.lock.acquire();
            objects.lock.acquire_with(Deadline::NEVER, waiter).unwrap();
        },
        is_linked: |objects| objects.lock.waiting() == 1,
        end: |objects| objects.lock.release().unwrap(),
    },
    Case {
        name: "barrier",
        wait: |objects, waiter| drop(objects.barrier.arrive_with(Deadline::NEVER, waiter).unwrap()),
        is_linked: |objects| objects.barrier.waiting() == 1,
        end: |objects| assert_eq!(objects.barrier.wait(), Ok(1)),
    },
];

#[test]
fn a_handler_may_fork_and_its_wait_goes_on_in_both() {
    for case in &CASES {
        let (objects, child) = (Everything::leaked(), AtomicI32::new(0));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let end_in_child = Arc::new(move || {
                    until(|| (case.is_linked)(objects));
                    (case.end)(objects);
                });
                let mut waiter = Forking { in_child: end_in_child, stops_in_child: false, child: &child, ident: None };
                (case.wait)(objects, &mut waiter);
                if waiter.is_child() {
                    // The wait that began in the parent was ended by a thread of the child.
                    // SAFETY: ends this process without running anything of the parent's.
                    unsafe { libc::_exit(0) };
                }
            });
            until(|| (case.is_linked)(objects));
            until(|| {
                interrupt_blocked_threads();
                child.load(Ordering::SeqCst) != 0 || waiting.is_finished()
            });
            until(|| (case.is_linked)(objects));
            (case.end)(objects);
            waiting.join().unwrap();
        });
        assert_eq!(failure_of(child.into_inner()), None, "{}", case.name);
    }
}

/// Only who has a reader-writer lock may release it, and does not exist in the child: there the lock stays held, and the wait goes on until the handler
/// stops it. In the parent it ends as ever.
#[test]
fn a_handler_may_fork_while_its_thread_waits_to_read_or_write() {
    for writes in [false, true] {
        let (rwlock, child): (&'static RawRwLock, _) = (&Everything::leaked().rwlock, AtomicI32::new(0));
        if writes {
            rwlock.read();
        } else {
            rwlock.write();
        }
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let stop_in_child = Arc::new(|| {
                    loop {
                        interrupt_blocked_threads();
                        std::thread::park_timeout(Duration::from_micros(50));
                    }
                });
                let mut waiter = Forking { in_child: stop_in_child, stops_in_child: true, child: &child, ident: None };
                let end = if writes {
                    rwlock.write_with(Deadline::NEVER, &mut waiter)
                } else {
                    rwlock.read_with(Deadline::NEVER, &mut waiter)
                };
                if waiter.is_child() {
                    let is_sound = catch_unwind(|| {
                        assert_eq!(end, Err(Failed::Aborted));
                        assert_eq!(rwlock.waiting(), 0, "who waited behind it does not exist here");
                        assert_eq!((rwlock.is_writing(), rwlock.readers()), (!writes, u64::from(writes)));
                        rwlock.reset_after_fork();
                        rwlock.write();
                        rwlock.downgrade().unwrap();
                        rwlock.release_read().unwrap();
                    });
                    // SAFETY: ends this process without running anything of the parent's.
                    unsafe { libc::_exit(i32::from(is_sound.is_err())) };
                }
                end.unwrap();
                let released = if writes { rwlock.release_write() } else { rwlock.release_read() };
                released.unwrap();
            });
            until(|| rwlock.waiting() == 1);
            let behind = scope.spawn(|| {
                rwlock.write();
                rwlock.release_write().unwrap();
            });
            until(|| rwlock.waiting() == 2);
            until(|| {
                interrupt_blocked_threads();
                child.load(Ordering::SeqCst) != 0 || waiting.is_finished()
            });
            until(|| rwlock.waiting() == 2);
            let released = if writes { rwlock.release_read() } else { rwlock.release_write() };
            released.unwrap();
            waiting.join().unwrap();
            behind.join().unwrap();
        });
        assert_eq!(failure_of(child.into_inner()), None, "to {}", if writes { "write" } else { "read" });
    }
}

/// A waiter that forks at its first interrupt.
struct Forking<'a> {
    /// What a thread of the child does.
    in_child: Arc<dyn Fn() + Send + Sync>,
    /// Whether the next interrupt in the child ends the wait there.
    stops_in_child: bool,
    child: &'a AtomicI32,
    /// The process that has forked, in the child.
    ident: Option<u32>,
}

impl Forking<'_> {
    fn is_child(&self) -> bool {
        self.ident.is_some_and(|parent| parent != std::process::id())
    }
}

impl Waiter for Forking<'_> {
    const LOOKS_BEFORE_SLEEP: u32 = 0;

    fn sleep<R>(&mut self, sleep: impl FnOnce() -> R) -> R {
        sleep()
    }

    fn is_interruptible(&self) -> bool {
        true
    }

    fn interrupted(&mut self) -> ControlFlow<()> {
        if self.is_child() && self.stops_in_child {
            return ControlFlow::Break(());
        }
        if self.ident.is_none() {
            self.ident = Some(std::process::id());
            // SAFETY: the child goes on in this function, with this thread alone, and ends by `_exit`.
            match unsafe { libc::fork() } {
                0 => {
                    // SAFETY: as above.
                    unsafe { libc::alarm(TIME_BOX) };
                    let in_child = Arc::clone(&self.in_child);
                    spawn(move || in_child());
                }
                child => self.child.store(child, Ordering::SeqCst),
            }
        }
        ControlFlow::Continue(())
    }
}

/// What a snapshot looks at while the process forks is whole in the child.
#[test]
fn a_snapshot_in_the_parent_takes_nothing_from_the_child() {
    const MANY: usize = 100;

    let (queue, over): (&'static Queue<u64>, _) = (Box::leak(Box::new(Queue::new())), AtomicBool::new(false));
    queue.put(1).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..MANY {
            // The more there are to count, the longer a snapshot looks.
            scope.spawn(|| queue.join());
        }
        until(|| queue.waiting().2 == MANY);
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    drop(raddle::diagnostics::snapshot());
                }
            });
        }
        let failed = (0..300).find_map(|_| failure_of(fork(|| assert_eq!((queue.len(), queue.unfinished()), (1, 1)))));
        over.store(true, Ordering::Relaxed);
        queue.task_done().unwrap();
        assert_eq!(failed, None);
    });
}

/// A thread of ours, because those of std do not run in a child of a parent that was about to start others.
fn spawn<T: Send + 'static>(task: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    raddle::thread::spawn(task).unwrap()
}

/// Runs `inside` in a child, and returns that.
fn fork(inside: impl FnOnce()) -> libc::pid_t {
    // SAFETY: the child has one thread, which ends by `_exit`, and runs nothing of the parent's after `inside`.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: as above.
        unsafe { libc::alarm(TIME_BOX) };
        let code = i32::from(catch_unwind(AssertUnwindSafe(inside)).is_err());
        // SAFETY: as above.
        unsafe { libc::_exit(code) };
    }
    assert!(child > 0, "no child");
    child
}

/// Waits for a child; what went wrong, if anything did.
fn failure_of(child: libc::pid_t) -> Option<String> {
    let mut status = 0;
    loop {
        // SAFETY: the status is writable.
        let ended = unsafe { libc::waitpid(child, &raw mut status, 0) };
        if ended == child {
            break;
        }
        assert_eq!(std::io::Error::last_os_error().kind(), std::io::ErrorKind::Interrupted, "no such child");
    }
    if libc::WIFSIGNALED(status) {
        let signal = libc::WTERMSIG(status);
        let what = if signal == libc::SIGALRM { "hung" } else { "crashed" };
        return Some(format!("the child {what}, signal {signal}"));
    }
    (libc::WEXITSTATUS(status) != 0).then(|| "an assertion of the child failed, see above".to_owned())
}

/// Sends a signal to every thread that waits in this library: other tests' waits do not mind.
fn interrupt_blocked_threads() {
    use std::sync::Once;

    static HANDLER: Once = Once::new();
    static SENT: AtomicU64 = AtomicU64::new(0);

    extern "C" fn ignore(_signal: libc::c_int) {}

    HANDLER.call_once(|| {
        // SAFETY: the action is complete, and its handler does nothing. Without SA_RESTART, so that sleeps end.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = ignore as extern "C" fn(libc::c_int) as usize;
            libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut());
        }
    });
    for thread in snapshot() {
        if thread.state == ThreadState::Blocked && thread.ident != 0 {
            SENT.fetch_add(1, Ordering::Relaxed);
            // By the kernel's number, which is not followed as an address if the thread has ended meanwhile.
            // SAFETY: a signal with a handler that does nothing.
            #[cfg(target_os = "linux")]
            unsafe {
                libc::syscall(libc::SYS_tgkill, libc::getpid(), thread.native_id, libc::SIGUSR1);
            }
            // Elsewhere sleeps end in slices.
        }
    }
}

/// Looks again and again until `holds` says so; in vain, it ends the process.
fn until(mut holds: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(TIME_BOX.into());
    while !holds() {
        if Instant::now() > limit {
            std::process::abort();
        }
        std::thread::park_timeout(Duration::from_micros(50));
    }
}
