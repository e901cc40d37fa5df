//! What happens when a thread ends by a panic.

use std::any::Any;
use std::mem;
use std::sync::Arc;

use super::handle::message;
use super::object::Thread;
use super::packet::Payload;
use crate::sys::{AfterFork, Section, global};

/// A panic that has ended a thread.
///
/// # Examples
///
/// ```
/// use raddle::thread::{set_excepthook, Uncaught};
///
/// set_excepthook(|uncaught: &Uncaught<'_>| {
///     eprintln!("{} has panicked: {}", uncaught.thread.name(), uncaught.message());
/// });
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Uncaught<'a> {
    /// The thread.
    pub thread: &'a Thread,
    /// What it has panicked with.
    pub payload: &'a (dyn Any + Send + 'static),
}

impl Uncaught<'_> {
    /// The text of the panic; for a panic with another value, a text that says so.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::SimpleQueue;
    /// use raddle::thread;
    /// use std::sync::Arc;
    ///
    /// let messages = Arc::new(SimpleQueue::new());
    /// let seen = messages.clone();
    /// thread::set_excepthook(move |uncaught| seen.put(uncaught.message().to_owned()));
    /// thread::spawn(|| panic!("out of paper"))?.thread().join().unwrap();
    /// assert_eq!(messages.get(), "out of paper");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn message(&self) -> &str {
        message(self.payload)
    }
}

type Hook = Arc<dyn Fn(&Uncaught<'_>) + Send + Sync + 'static>;

struct Installed(Option<Hook>);

impl AfterFork for Installed {
    fn after_fork(&mut self, torn: bool) {
        if torn {
            // Not dropped, but forgotten: it may be half changed.
            mem::forget(self.0.take());
        }
    }
}

global! {
    static HOOK: Section<Installed> = Section::new(Installed(None));
}

/// Calls `hook`, on the thread itself, whenever a thread of this library ends by a panic, before it is joined. Without a hook, which is how it
/// begins, there is what Rust's own panic hook prints, which comes before and names the thread.
///
/// A panic of the hook goes no further than its report. No panic of a thread ends the process.
///
/// # Examples
///
/// ```
/// use raddle::thread;
/// use std::sync::{Arc, Mutex};
///
/// let seen = Arc::new(Mutex::new(Vec::new()));
/// thread::set_excepthook({
///     let seen = seen.clone();
///     move |uncaught| seen.lock().unwrap().push(format!("{}: {}", uncaught.thread.name(), uncaught.message()))
/// });
/// let thread = thread::Builder::new().name("careless").spawn(|| panic!("oh no"))?;
/// assert!(thread.join().is_err());
/// thread::reset_excepthook();
/// assert_eq!(*seen.lock().unwrap(), ["careless: oh no"]);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn set_excepthook(hook: impl Fn(&Uncaught<'_>) + Send + Sync + 'static) {
    replace(Some(Arc::new(hook)));
}

/// Removes what [`set_excepthook`] has set.
///
/// # Examples
///
/// ```
/// use raddle::thread;
///
/// thread::set_excepthook(|_uncaught| std::process::abort());
/// thread::reset_excepthook();
/// assert!(thread::spawn(|| panic!("and the process goes on"))?.join().is_err());
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn reset_excepthook() {
    replace(None);
}

fn replace(hook: Option<Hook>) {
    let old = mem::replace(&mut HOOK.enter().0, hook);
    drop(old);
}

/// Tells the hook, if there is one. May panic.
pub(super) fn report(thread: &Thread, payload: &Payload) {
    let hook = HOOK.enter().0.clone();
    if let Some(hook) = hook {
        hook(&Uncaught { thread, payload: &**payload });
    }
}
