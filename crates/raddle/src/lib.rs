//! Threads that can be waited for, seen and ended: locks, conditions, semaphores, events, barriers, queues, thread pools and futures, with a time limit on
//! every wait, and an answer when a program hangs.
//!
//! What `java.util.concurrent` is to Java, with the words of Python's `threading`, `queue` and `concurrent.futures`, and Rust's idioms: guards, closures
//! that borrow, errors that give back what you owned. It needs no runtime and no macros, and starts no thread that you have not asked for.
//!
//! # A tour
//!
//! **Locks guard data**, and every wait can have an end.
//!
//! ```
//! use raddle::sync::Lock;
//! use std::time::Duration;
//!
//! static TOTAL: Lock<u64> = Lock::new(0);
//!
//! *TOTAL.acquire() += 1;
//! match TOTAL.acquire_timeout(Duration::from_secs(1)) {
//!     Ok(total) => println!("{}", *total),
//!     Err(timed_out) => eprintln!("{timed_out}"),
//! }
//! ```
//!
//! **Threads** have names and states, may be daemons, and may borrow.
//!
//! ```
//! use raddle::thread::{self, Builder};
//!
//! let words = ["warp", "weft"];
//! let lengths: usize = thread::scope(|scope| {
//!     let counting = words.map(|word| Builder::new().name(word).spawn_scoped(scope, || word.len()).unwrap());
//!     counting.into_iter().map(|thread| thread.join().unwrap()).sum()
//! });
//! assert_eq!(lengths, 8);
//! ```
//!
//! **Queues** hand each item to whoever has waited longest, count what is done, and are shut down.
//!
//! ```
//! use raddle::queue::Queue;
//! use raddle::thread;
//!
//! let jobs = Queue::bounded(8);
//! thread::scope(|scope| {
//!     for _ in 0..2 {
//!         scope
//!             .spawn(|| {
//!                 for job in &jobs {
//!                     let _square: u32 = job * job;
//!                     jobs.task_done().unwrap();
//!                 }
//!             })
//!             .unwrap();
//!     }
//!     for job in 0..100_u32 {
//!         jobs.put(job).unwrap();
//!     }
//!     jobs.join();
//!     jobs.shutdown();
//! });
//! ```
//!
//! **A pool** runs tasks and gives futures, which can be cancelled, waited for together, and given back as they are done.
//!
//! ```
//! use raddle::futures::{as_completed, ThreadPoolExecutor};
//!
//! let pool = ThreadPoolExecutor::new();
//! let squares: Vec<_> = (0..10_u32).map(|number| pool.submit(move || number * number).unwrap()).collect();
//! let sum: u32 = as_completed(squares).map(|square| square.result().unwrap()).sum();
//! assert_eq!(sum, 285);
//! ```
//!
//! **A program that hangs** can be asked why, and says so by itself if its threads wait for each other.
//!
//! ```
//! use raddle::sync::Event;
//! use raddle::thread::{self, Builder};
//!
//! let news = Event::new();
//! thread::scope(|scope| {
//!     Builder::new().name("reader").spawn_scoped(scope, || news.wait()).unwrap();
//!     while news.waiting() == 0 {
//!         std::thread::yield_now();
//!     }
//!     for thread in thread::snapshot() {
//!         println!("{:?} waits for {:?}", thread.name, thread.waits_for);
//!     }
//!     news.set();
//! });
//! ```
//!
//! | | |
//! |---|---|
//! | [`sync`] | [`Lock`](sync::Lock), [`RLock`](sync::RLock), [`RwLock`](sync::RwLock), [`Condition`](sync::Condition), [`Semaphore`](sync::Semaphore), [`Event`](sync::Event), [`Barrier`](sync::Barrier) |
//! | [`thread`] | [`Builder`](thread::Builder), [`scope`](thread::scope()), [`Run`](thread::Run), [`Timer`](thread::Timer), [`Local`](thread::Local), the registry of all threads; [`main`](main()) waits for those that are no daemons |
//! | [`queue`] | [`Queue`](queue::Queue), [`LifoQueue`](queue::LifoQueue), [`PriorityQueue`](queue::PriorityQueue), [`SimpleQueue`](queue::SimpleQueue) |
//! | [`futures`] | [`ThreadPoolExecutor`](futures::ThreadPoolExecutor), [`Future`](futures::Future), [`promise`](futures::promise()), [`wait`](futures::wait()), [`as_completed`](futures::as_completed()) |
//! | [`diagnostics`] | deadlocks and snapshots |
//! | [`park`] | the one door through which all of them wait, for who brings an own way of waiting |
//!
//! To read: [from Python](guide::from_python), each topic beside the Rust that does it, and [from std, `parking_lot`, `crossbeam` and rayon](guide::from_std), what to use when.
//!
//! # Fairness
//!
//! What a thread waits *for*, a notification, an item, a free place, a result, it gets in the order of arrival. What threads compete for, a lock or a
//! permit, a running thread may take first; who has waited for a millisecond is handed the next one. Each type says so under *Fairness*.
//!
//! # Timeouts
//!
//! Every blocking call `x()` has a `try_x()`, an `x_timeout(Duration)` and an `x_until(Instant)`; those with an own way of waiting,
//! such as bindings to other languages, use `x_with` and a [`park::Waiter`]. Time is that of the monotonic clock.
//!
//! # Panics
//!
//! No function panics for what it is given. A panic of yours, in a task, a thread or a callback, goes no further than its future, its thread or its report. One in a critical
//! section poisons the lock: to acquire it is then a panic, until [`clear_poison`](sync::Lock::clear_poison).
//!
//! # Features
//!
//! | | |
//! |---|---|
//! | `probe` (on) | what each thread waits for and holds is published, for [`thread::snapshot`] and [`diagnostics`]. Off, nothing else changes |
//! | `serde` | snapshots and reports can be serialised |
//! | `inspect` | a running program can be asked from outside what its threads do, by `diagnostics::serve`; brings `serde` and `serde_json` |
//!
//! # Platforms
//!
//! Tested on Linux. Waits are futexes there, and a mutex and a condition variable elsewhere: that twin is tested on Linux as well, and nothing has been run on
//! macOS or Windows. WebAssembly has no threads to start: the crate compiles for it, and waits there would never end.
//!
//! # Fork
//!
//! In a forked child, everything works that no vanished thread held: free locks are free, queues have their items, and who waited in the
//! parent is forgotten. A lock that was held by a thread that does not exist in the child stays held. Threads of the parent have terminated; the one that
//! forked is the main thread. A child should start its threads by [`thread`]: those that std starts may hang in a child whose parent was just starting or ending one.

pub mod diagnostics;
pub mod futures;
pub mod park;
mod probe;
pub mod queue;
pub mod sync;
mod sys;
pub mod thread;

pub use thread::main;

#[cfg(any(doc, doctest))]
pub mod guide;

/// Time and signals as explicit choices, for models of this crate.
#[cfg(any(loom, shuttle))]
#[doc(hidden)]
pub mod model;
