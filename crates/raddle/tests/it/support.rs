//! What the tests share: waiting until something holds, who is blocked, and waiters that are interrupted.

use std::io::Write;
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use raddle::park::Waiter;
use raddle::thread::{ThreadId, ThreadSnapshot, ThreadState, WaitKind, WaitSnapshot, snapshot};

/// Far more than any of these tests needs: a test that waits so long has found a lost wake-up.
const TIME_BOX: Duration = Duration::from_secs(60);

/// A timeout that is meant to pass.
pub(crate) const SHORT: Duration = Duration::from_millis(2);

/// A timeout that is not meant to pass.
pub(crate) const LONG: Duration = Duration::from_secs(3600);

/// Looks again and again until `holds` says so. In vain, it ends the whole test run: the threads of the test would
/// never end by themselves.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let limit = Instant::now() + TIME_BOX;
    while !holds() {
        if Instant::now() >= limit {
            let name = std::thread::current().name().unwrap_or("a thread").to_owned();
            // Not `eprintln!`, which the test harness would keep for a report that never comes.
            let _ = writeln!(std::io::stderr(), "{name} waited in vain until {what}; blocked are: {:#?}", snapshot());
            std::process::abort();
        }
        std::thread::park_timeout(Duration::from_micros(50));
    }
}

/// Threads of one test, in the order in which they joined.
#[derive(Debug, Default)]
pub(crate) struct Crew {
    members: Mutex<Vec<ThreadId>>,
    /// Whether the test has interrupted anybody yet.
    armed: AtomicBool,
}

impl Crew {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The current thread belongs to the crew.
    pub(crate) fn join(&self) {
        self.members.lock().unwrap().push(ThreadId::current());
    }

    /// What the registry knows of the crew, in its order.
    pub(crate) fn members(&self) -> Vec<ThreadSnapshot> {
        let known = snapshot();
        let ids = self.members.lock().unwrap();
        ids.iter().filter_map(|id| known.iter().find(|thread| thread.id == *id).cloned()).collect()
    }

    /// How many of the crew are blocked in a wait of this kind.
    pub(crate) fn blocked(&self, kind: WaitKind) -> usize {
        self.members().iter().filter(|thread| is_blocked(thread, kind)).count()
    }

    pub(crate) fn until_blocked(&self, count: usize, kind: WaitKind) {
        until("the crew is blocked", || self.blocked(kind) == count);
    }

    /// Sends signals to a member until `handled` says that its waiter has noticed: one alone may come a moment before
    /// the thread sleeps.
    pub(crate) fn interrupt(&self, index: usize, mut handled: impl FnMut() -> bool) {
        self.armed.store(true, Ordering::SeqCst);
        let id = self.members.lock().unwrap()[index];
        until("the interrupt is handled", || {
            if let Some(thread) = snapshot().iter().find(|thread| thread.id == id) {
                send_signal(thread);
            }
            handled()
        });
    }

    /// A waiter that does `act` when the crew is interrupted. Before that it goes on: a wake-up that comes late may look
    /// like an interrupt.
    pub(crate) fn interruptible<F: FnMut() -> ControlFlow<()>>(&self, act: F) -> Interruptible<'_, F> {
        Interruptible { armed: &self.armed, act }
    }
}

/// Whether a thread is blocked in a wait of this kind.
pub(crate) fn is_blocked(thread: &ThreadSnapshot, kind: WaitKind) -> bool {
    thread.state == ThreadState::Blocked && waits_as(thread, |wait| wait.kind == kind)
}

/// Whether what a thread waits for is as expected. Without the probe that is not known, and it is taken for so. With it, a thread says what it waits for a
/// moment after it counts as blocked.
pub(crate) fn waits_as(thread: &ThreadSnapshot, expected: impl FnOnce(&WaitSnapshot) -> bool) -> bool {
    thread.waits_for.as_ref().map_or(!cfg!(feature = "probe"), expected)
}

#[cfg(unix)]
fn send_signal(thread: &ThreadSnapshot) {
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
    // SAFETY: the tests interrupt only threads that they have not joined yet, so the thread exists.
    unsafe { libc::pthread_kill(thread.ident as libc::pthread_t, libc::SIGUSR1) };
}

/// Where there are no signals, sleeps end in slices.
#[cfg(not(unix))]
fn send_signal(_thread: &ThreadSnapshot) {}

/// See [`Crew::interruptible`].
#[derive(Debug)]
pub(crate) struct Interruptible<'a, F> {
    armed: &'a AtomicBool,
    act: F,
}

impl<F: FnMut() -> ControlFlow<()>> Waiter for Interruptible<'_, F> {
    const LOOKS_BEFORE_SLEEP: u32 = 0;

    fn sleep<R>(&mut self, sleep: impl FnOnce() -> R) -> R {
        sleep()
    }

    fn is_interruptible(&self) -> bool {
        true
    }

    fn interrupted(&mut self) -> ControlFlow<()> {
        if self.armed.load(Ordering::SeqCst) { (self.act)() } else { ControlFlow::Continue(()) }
    }
}

/// Compiles only if the type is neither `Send` nor `Sync`, as asked.
macro_rules! assert_not {
    ($type:ty: $trait:ident) => {
        const _: fn() = || {
            struct Marker;
            trait Ambiguous<A> {
                fn choose() {}
            }
            impl<T: ?Sized> Ambiguous<()> for T {}
            impl<T: ?Sized + $trait> Ambiguous<Marker> for T {}
            // With one implementation the compiler knows which, with two it does not.
            let _ = <$type as Ambiguous<_>>::choose;
        };
    };
}
pub(crate) use assert_not;

pub(crate) fn assert_send<T: Send>() {}

pub(crate) fn assert_sync<T: Sync>() {}
