//! What the tests share: waiting until something holds, who is blocked, and waiters that are interrupted.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use raddle::park::Waiter;
use raddle::thread::{ThreadId, ThreadSnapshot, ThreadState, WaitKind, snapshot};

/// Far more than any of these tests needs: a test that waits so long has found a lost wake-up.
const TIME_BOX: Duration = Duration::from_secs(60);

/// A timeout that is meant to pass.
pub(crate) const SHORT: Duration = Duration::from_millis(2);

/// A timeout that is not meant to pass.
pub(crate) const LONG: Duration = Duration::from_secs(3600);

/// Looks again and again until `holds` says so.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let limit = Instant::now() + TIME_BOX;
    while !holds() {
        assert!(Instant::now() < limit, "waited in vain until {what}");
        std::thread::park_timeout(Duration::from_micros(50));
    }
}

/// Threads of one test, in the order in which they joined.
#[derive(Debug, Default)]
pub(crate) struct Crew(Mutex<Vec<ThreadId>>);

impl Crew {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The current thread belongs to the crew.
    pub(crate) fn join(&self) {
        self.0.lock().unwrap().push(ThreadId::current());
    }

    /// What the registry knows of the crew, in its order.
    pub(crate) fn members(&self) -> Vec<ThreadSnapshot> {
        let known = snapshot();
        let ids = self.0.lock().unwrap();
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
        let id = self.0.lock().unwrap()[index];
        until("the interrupt is handled", || {
            if let Some(thread) = snapshot().iter().find(|thread| thread.id == id) {
                send_signal(thread);
            }
            handled()
        });
    }
}

fn is_blocked(thread: &ThreadSnapshot, kind: WaitKind) -> bool {
    // Without the probe the kind is not known.
    thread.state == ThreadState::Blocked && thread.waits_for.as_ref().is_none_or(|wait| wait.kind == kind)
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

/// A waiter that wants to be interrupted, and then does what it was made with.
#[derive(Debug)]
pub(crate) struct Interruptible<F>(pub(crate) F);

impl<F: FnMut() -> ControlFlow<()>> Waiter for Interruptible<F> {
    const HANDS_OFF: bool = true;
    const LOOKS_BEFORE_SLEEP: u32 = 0;

    fn sleep<R>(&mut self, sleep: impl FnOnce() -> R) -> R {
        sleep()
    }

    fn is_interruptible(&self) -> bool {
        true
    }

    fn interrupted(&mut self) -> ControlFlow<()> {
        (self.0)()
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
