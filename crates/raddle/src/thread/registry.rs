//! Who is there: the current thread, the main thread, all threads.

use super::object::Thread;
use crate::park::{self, Identity, Phase, ThreadId, for_each_record};
use crate::sys::{current_ident, current_name, current_native_id};

/// The current thread. One that another library has started is adopted, under the name that std knows it by: it is a daemon, and
/// terminates when the operating system's thread does.
///
/// # Examples
///
/// ```
/// use raddle::thread;
///
/// let own = thread::current();
/// assert!(own.is_alive());
/// assert_eq!(own, thread::current());
/// ```
#[must_use]
pub fn current() -> Thread {
    let record = park::current();
    Thread::new(record.identity().unwrap_or_else(|| record.identify(&name_of_current(), true)))
}

/// Tells the registry about the current thread, which another library has started: its name, and whether
/// [`main`](crate::main) leaves it behind. May be told again. The operating system's name of the thread stays as it is.
///
/// A thread of this library gets the name, and is a daemon, or not, as it was made.
///
/// # Examples
///
/// ```
/// std::thread::spawn(|| {
///     let own = raddle::thread::adopt("from elsewhere", true);
///     assert_eq!(own.name(), "from elsewhere");
///     assert_eq!(own, raddle::thread::current());
/// })
/// .join()
/// .unwrap();
/// ```
pub fn adopt(name: &str, daemon: bool) -> Thread {
    let record = park::current();
    let identity = record.identity().unwrap_or_else(|| record.identify(name, daemon));
    // Somebody may have asked for it before.
    if *identity.name() != *name {
        identity.set_name(name);
    }
    if identity.is_adopted() {
        identity.set_daemon(daemon);
        park::count_start();
    }
    Thread::new(identity)
}

/// The main thread of the process; in a forked child, the thread that forked. `None` if it has not used the library yet.
///
/// # Examples
///
/// ```
/// raddle::main(|| {
///     assert_eq!(raddle::thread::main_thread(), Some(raddle::thread::current()));
/// });
/// ```
#[must_use]
pub fn main_thread() -> Option<Thread> {
    let main = park::main_owner()?;
    let mut found = None;
    for_each_record(|record| {
        if record.owner() == main {
            found = Some(record.identity().unwrap_or_else(|| record.identify(MAIN_THREAD, true)));
        }
    });
    found.map(Thread::new)
}

/// All threads that are started and have not ended: those of this library, those that have been [adopted](adopt), and those that have asked for
/// the [`current`] one. In no particular order.
///
/// # Examples
///
/// ```
/// let event = std::sync::Arc::new(raddle::sync::Event::new());
/// let waiting = raddle::thread::Builder::new().name("waiting").spawn({
///     let event = event.clone();
///     move || event.wait()
/// })?;
/// assert!(raddle::thread::enumerate().contains(waiting.thread()));
/// event.set();
/// let thread = waiting.thread().clone();
/// waiting.join().unwrap();
/// assert!(!raddle::thread::enumerate().contains(&thread));
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub fn enumerate() -> Vec<Thread> {
    let _ = current();
    let mut threads = Vec::new();
    for_each_record(|record| {
        if let Some(identity) = record.identity() {
            if identity.phase() == Phase::Started {
                threads.push(Thread::new(identity));
            }
        }
    });
    threads
}

/// How many threads [`enumerate`] finds.
///
/// # Examples
///
/// ```
/// assert!(raddle::thread::active_count() >= 1);
/// ```
#[must_use]
pub fn active_count() -> usize {
    enumerate().len()
}

/// The number by which the thread library knows the current thread (`pthread_self`); used again after its end. A [`ThreadId`] is not.
///
/// # Examples
///
/// ```
/// let thread = raddle::thread::current();
/// assert_eq!(thread.ident(), Some(raddle::thread::get_ident()));
/// ```
#[must_use]
pub fn get_ident() -> u64 {
    current_ident()
}

/// The operating system's number of the current thread, as its tools show it; used again after its end.
///
/// # Examples
///
/// ```
/// let thread = raddle::thread::current();
/// assert_eq!(thread.native_id(), Some(raddle::thread::get_native_id()));
/// ```
#[must_use]
pub fn get_native_id() -> u64 {
    current_native_id()
}

/// The living thread with this [number](crate::thread::ThreadId::get), if it is one that [`enumerate`] finds.
///
/// # Examples
///
/// ```
/// use raddle::thread::{self, ThreadId};
///
/// let own = thread::current();
/// assert_eq!(thread::find(ThreadId::current().get()), Some(own));
/// assert_eq!(thread::find(0), None);
/// ```
#[must_use]
pub fn find(number: u64) -> Option<Thread> {
    let owner = ThreadId::from_number(number)?.get();
    let identity = park::by_owner(owner)?.identity()?;
    // The record may have become another thread's meanwhile.
    (identity.owner() == owner && identity.phase() == Phase::Started).then(|| Thread::new(identity))
}

const MAIN_THREAD: &str = "MainThread";

fn name_of_current() -> String {
    let own = ThreadId::current();
    if park::main_owner() == Some(own.get()) {
        return MAIN_THREAD.to_owned();
    }
    current_name().unwrap_or_else(|| format!("Adopted-{}", own.get()))
}

/// All threads that keep the process from ending, as far as is known now.
pub(super) fn any_to_wait_for() -> Option<Thread> {
    let (own, main) = (ThreadId::current().get(), park::main_owner());
    let mut found = None;
    for_each_record(|record| {
        // By the identity alone: its cell orders this after all that a thread did which is not there any more.
        if let Some(identity) = record.identity() {
            if keeps_process(&identity) && identity.owner() != own && Some(identity.owner()) != main {
                found = Some(Thread::new(identity));
            }
        }
    });
    found
}

fn keeps_process(identity: &Identity) -> bool {
    identity.phase() == Phase::Started && !identity.is_daemon()
}
