//! What lives in the process and is no part of the program: a thread that takes no signals and is not counted, and the end of the process.

use std::io;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use crate::sys::process::{APART, call_in_children};
use crate::sys::spawn::spawn;

/// Starts a thread that is no part of the program: it takes no signals, [`thread_count`](crate::sys::thread_count) does not count it, and it uses
/// nothing of the library that would put it into the registry. `run` must not unwind.
///
/// It does not exist in a forked child.
///
/// # Errors
///
/// The operating system's.
pub(crate) fn spawn_apart<D: Send + 'static>(name: &str, run: fn(D), data: D) -> io::Result<()> {
    watch_forks()?;
    // A thread has the mask of the one that starts it. Were it to set its own, a signal could come before that.
    let mask = block_signals();
    // SAFETY: nothing is borrowed.
    let started = unsafe { spawn(Some(name.to_owned()), None, begin::<D>, (run, data)) };
    if let Some(mask) = mask {
        // SAFETY: the mask is this thread's own, from above. Setting it cannot fail.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const mask, std::ptr::null_mut()) };
    }
    started.map_err(|(error, _)| error)
}

/// Calls `act` when the process ends by `exit`, or by returning from its main function; in forked children too. There is one such function.
pub(crate) fn at_process_exit(act: fn()) {
    static ACT: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());

    extern "C" fn at_exit() {
        // ORDERING: Acquire meets the Release below.
        let act = ACT.load(Ordering::Acquire);
        // SAFETY: the pointer was made from a `fn()` below, before this function was registered.
        unsafe { std::mem::transmute::<*mut (), fn()>(act)() };
    }

    // ORDERING: Release publishes it to the thread that ends the process.
    if ACT.swap(act as *mut (), Ordering::AcqRel).is_null() {
        // SAFETY: the function lives as long as this library, which is not unloaded without a call of its exit functions. If there is no memory for it, nothing
        // is done at the end.
        unsafe { libc::atexit(at_exit) };
    }
}

fn begin<D>((run, data): (fn(D), D)) {
    // ORDERING: Release, here and below, meets the Acquire in `thread_count`.
    APART[0].fetch_add(1, Ordering::Release);
    run(data);
    APART[1].fetch_add(1, Ordering::Release);
}

/// Blocks all signals in this thread but those that tell of its own faults. Returns what was blocked before.
fn block_signals() -> Option<libc::sigset_t> {
    let (mut all, mut before) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    // SAFETY: both are sets to write to; the first is initialised by the time it is read, and the second if the call succeeds.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        for fault in
            [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGABRT, libc::SIGTRAP, libc::SIGSYS]
        {
            libc::sigdelset(all.as_mut_ptr(), fault);
        }
        let blocked = libc::pthread_sigmask(libc::SIG_BLOCK, all.as_ptr(), before.as_mut_ptr()) == 0;
        blocked.then(|| before.assume_init())
    }
}

/// Sees to it that a forked child knows that these threads are not there.
fn watch_forks() -> io::Result<()> {
    static WATCHED: AtomicBool = AtomicBool::new(false);

    extern "C" fn in_child() {
        for count in &APART {
            count.store(0, Ordering::Relaxed);
        }
    }

    // It only stores words. Called twice, it does the same twice.
    call_in_children(&WATCHED, in_child)
}
