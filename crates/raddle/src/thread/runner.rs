//! Threads as types of their own.

use std::io;

use super::builder::Builder;
use super::handle::JoinHandle;

/// What a thread does, with the data that it does it with: a type of its own where a closure is too little.
///
/// The thread calls [`Run::run`] once, and brings the whole value back.
///
/// # Differences from CPython
///
/// This is what a subclass of `Thread` with its own `run` is there. The value belongs to the thread while it runs: what others are to see before the
/// end, it has to share.
///
/// # Examples
///
/// ```
/// use raddle::thread::{Builder, Run};
///
/// struct Sum {
///     numbers: Vec<u64>,
///     total: u64,
/// }
///
/// impl Run for Sum {
///     fn run(&mut self) {
///         self.total = self.numbers.iter().sum();
///     }
/// }
///
/// let thread = Builder::new().spawn_run(Sum { numbers: vec![1, 2, 3], total: 0 })?;
/// assert_eq!(thread.join().unwrap().total, 6);
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait Run: Send + 'static {
    /// What the thread does.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::{Builder, Run};
    ///
    /// struct Count(u32);
    ///
    /// impl Run for Count {
    ///     fn run(&mut self) {
    ///         self.0 += 1;
    ///     }
    /// }
    ///
    /// assert_eq!(Builder::new().spawn_run(Count(1))?.join().unwrap().0, 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn run(&mut self);
}

impl Builder {
    /// Makes a thread that runs `runner` and brings it back, and starts it.
    ///
    /// # Errors
    ///
    /// The operating system's, if it has no thread to give. To keep the runner in that case, use [`Builder::build_run`].
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::{Builder, Run};
    ///
    /// struct Shout(String);
    ///
    /// impl Run for Shout {
    ///     fn run(&mut self) {
    ///         self.0 = self.0.to_uppercase();
    ///     }
    /// }
    ///
    /// let thread = Builder::new().name("shouting").spawn_run(Shout("hello".to_owned()))?;
    /// assert_eq!(thread.join().unwrap().0, "HELLO");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn spawn_run<R: Run>(self, runner: R) -> io::Result<JoinHandle<R>> {
        self.spawn(running(runner))
    }

    /// Makes a thread that will run `runner` and bring it back, once it is [started](JoinHandle::start).
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::thread::{Builder, Run};
    ///
    /// struct Count(u32);
    ///
    /// impl Run for Count {
    ///     fn run(&mut self) {
    ///         self.0 += 1;
    ///     }
    /// }
    ///
    /// let mut thread = Builder::new().build_run(Count(1));
    /// thread.start()?;
    /// assert_eq!(thread.join().unwrap().0, 2);
    /// # Ok::<(), raddle::thread::StartError>(())
    /// ```
    pub fn build_run<R: Run>(self, runner: R) -> JoinHandle<R> {
        self.build(running(runner))
    }
}

fn running<R: Run>(mut runner: R) -> impl FnOnce() -> R + Send + 'static {
    move || {
        runner.run();
        runner
    }
}
