//! Processes and threads on Unix: fork, the end of a thread, and its number.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use crate::sys::spawn::Carried;

/// One more than there are forks between the first process and this one.
// std's atomic even where others are modelled: it changes only while the process has one thread.
static FORK_EPOCH: AtomicU32 = AtomicU32::new(1);

/// What runs in every forked child.
static REPAIR: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());

/// One more than the number of forks behind this process, modulo 2^28. Counted once [`watch_forks`] was called.
#[inline]
pub(crate) fn fork_epoch() -> u32 {
    // ORDERING: Relaxed is enough: it is written before the child has a second thread.
    FORK_EPOCH.load(Ordering::Relaxed)
}

/// Counts forks from now on.
#[inline]
pub(crate) fn watch_forks() {
    if !WATCHING.load(Ordering::Acquire) {
        register();
    }
}

static WATCHING: AtomicBool = AtomicBool::new(false);

/// The process that has counted its own fork last.
static COUNTED: AtomicI32 = AtomicI32::new(0);

/// This process, once forks are watched: `getpid` is a call of the kernel.
#[cfg(target_os = "linux")]
static PROCESS: AtomicI32 = AtomicI32::new(0);

// Not a `Once`: one that another thread is inside of at the time of a fork is never free in the child.
#[cold]
fn register() {
    extern "C" fn in_child() {
        // SAFETY: getpid has no preconditions.
        let process = unsafe { libc::getpid() };
        // Two threads may have registered at the same time.
        if COUNTED.swap(process, Ordering::Relaxed) == process {
            return;
        }
        #[cfg(target_os = "linux")]
        PROCESS.store(process, Ordering::Relaxed);
        let epoch = fork_epoch().wrapping_add(1) & (u32::MAX >> 4);
        FORK_EPOCH.store(epoch, Ordering::Relaxed);
        let repair = REPAIR.load(Ordering::Relaxed);
        if !repair.is_null() {
            // SAFETY: the pointer was made from a `fn()` below.
            let repair = unsafe { std::mem::transmute::<*mut (), fn()>(repair) };
            repair();
        }
    }

    // SAFETY: `in_child` is async-signal-safe: it stores words, and `repair` only follows and
    // stores pointers. If the registration fails for want of memory, forks are not noticed.
    unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    #[cfg(target_os = "linux")]
    // SAFETY: getpid has no preconditions.
    PROCESS.store(unsafe { libc::getpid() }, Ordering::Relaxed);
    // ORDERING: Release meets the Acquire in `watch_forks`: who sees it set is counted.
    WATCHING.store(true, Ordering::Release);
}

/// Has `in_child` called in every forked child from now on, where it may do only what is async-signal-safe. `watched` remembers that it was asked for; by
/// two threads at once, it is called twice.
///
/// # Errors
///
/// The operating system's, for want of memory.
#[cfg(feature = "inspect")]
pub(in crate::sys) fn call_in_children(watched: &AtomicBool, in_child: extern "C" fn()) -> io::Result<()> {
    if !watched.load(Ordering::Relaxed) {
        // SAFETY: the function lives as long as the program, and does only what it may.
        let failed = unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
        if failed != 0 {
            return Err(io::Error::from_raw_os_error(failed));
        }
        // ORDERING: Relaxed, as above: the flag saves work, and no more.
        watched.store(true, Ordering::Relaxed);
    }
    Ok(())
}

/// Whether this process is a forked child, or one of its children.
pub(in crate::sys) fn is_forked() -> bool {
    COUNTED.load(Ordering::Relaxed) != 0
}

/// Runs `repair` in every forked child from now on, on the thread that forked, before `fork` returns there. There is
/// one such function.
pub(crate) fn on_fork_in_child(repair: fn()) {
    REPAIR.store(repair as *mut (), Ordering::Relaxed);
    watch_forks();
}

/// Calls `exit(value)` when the current thread ends, as late as the platform can: after the destructors of
/// thread-local values.
pub(crate) fn on_thread_exit(exit: fn(*const ()), value: *const ()) {
    static EXIT: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());
    /// The key, plus one; 0 before there is one. Not a `OnceLock`, for the reason given at `register`.
    static KEY: AtomicU64 = AtomicU64::new(0);

    extern "C" fn at_exit(value: *mut libc::c_void) {
        // SAFETY: the pointer was made from a `fn(*const ())` below, before any key was set.
        let exit = unsafe { std::mem::transmute::<*mut (), fn(*const ())>(EXIT.load(Ordering::Relaxed)) };
        exit(value.cast_const().cast());
    }

    EXIT.store(exit as *mut (), Ordering::Relaxed);
    if KEY.load(Ordering::Acquire) == 0 {
        let mut key = 0;
        // SAFETY: `key` is writable, and `at_exit` accepts what `pthread_setspecific` is given.
        if unsafe { libc::pthread_key_create(&raw mut key, Some(at_exit)) } != 0 {
            // No keys left: the records of ended threads are not used again.
            return;
        }
        // ORDERING: Release publishes `EXIT` with the key.
        if KEY.compare_exchange(0, u64::from(key) + 1, Ordering::Release, Ordering::Relaxed).is_err() {
            // SAFETY: the key is ours, and no thread has used it.
            unsafe { libc::pthread_key_delete(key) };
        }
    }
    // A key that fits came out of `pthread_key_create`.
    let Ok(key) = libc::pthread_key_t::try_from(KEY.load(Ordering::Acquire) - 1) else { return };
    // SAFETY: the key is valid. A failure for want of memory means that this thread's record is never used again.
    unsafe { libc::pthread_setspecific(key, value.cast()) };
}

/// How many threads there were, and how many of them have ended, that are no part of the program. A thread counts itself, after it has begun and before
/// it ends.
pub(in crate::sys) static APART: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];

/// How many threads this process has, whoever started them, but for those of the library that are no part of the program. `None` where the system
/// does not say, or where it cannot be said right now.
pub(crate) fn thread_count() -> Option<usize> {
    // ORDERING: Acquire keeps the look at the system between the two looks here. If nothing has changed, the same threads apart were there all the time, and
    // the system has counted them.
    let apart = || [APART[0].load(Ordering::Acquire), APART[1].load(Ordering::Acquire)];
    let before = apart();
    // In the line of numbers about the process, behind its name, which may have spaces and parentheses.
    let line = std::fs::read_to_string("/proc/self/stat").ok()?;
    let behind_name = &line[line.rfind(')')? + 1..];
    let count: usize = behind_name.split_ascii_whitespace().nth(17)?.parse().ok()?;
    (apart() == before).then(|| count.saturating_sub(before[0].wrapping_sub(before[1])))
}

/// Starts a thread that std knows nothing of: its panic message has no name, and an overflow of its stack no message.
pub(in crate::sys) fn start_without_std(
    name: Option<String>,
    stack_size: Option<usize>,
    carried: Carried,
) -> io::Result<()> {
    extern "C" fn begin(start: *mut libc::c_void) -> *mut libc::c_void {
        // SAFETY: made below, for this thread alone.
        let (name, carried) = *unsafe { Box::from_raw(start.cast::<(Option<String>, Carried)>()) };
        if let Some(name) = name {
            set_os_name(current_native_id(), &name);
        }
        carried.begin();
        std::ptr::null_mut()
    }

    let check = |code| if code == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(code)) };
    let start = Box::into_raw(Box::new((name, carried)));
    // SAFETY: the attributes are initialised before they are used, and destroyed once. `start` belongs to the thread, if there is one.
    let started = unsafe {
        let mut attributes: libc::pthread_attr_t = std::mem::zeroed();
        check(libc::pthread_attr_init(&raw mut attributes)).and_then(|()| {
            let page = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)).unwrap_or(1);
            let size = stack_size.unwrap_or(STACK_SIZE).max(libc::PTHREAD_STACK_MIN).checked_next_multiple_of(page);
            let mut thread: libc::pthread_t = std::mem::zeroed();
            let started = check(libc::pthread_attr_setstacksize(&raw mut attributes, size.unwrap_or(usize::MAX)))
                .and_then(|()| {
                    check(libc::pthread_attr_setdetachstate(&raw mut attributes, libc::PTHREAD_CREATE_DETACHED))
                })
                .and_then(|()| {
                    check(libc::pthread_create(&raw mut thread, &raw const attributes, begin, start.cast()))
                });
            libc::pthread_attr_destroy(&raw mut attributes);
            started
        })
    };
    if started.is_err() {
        // SAFETY: no thread was started.
        drop(unsafe { Box::from_raw(start) });
    }
    started
}

/// std's.
const STACK_SIZE: usize = 2 * 1024 * 1024;

/// The operating system's number of the current thread.
pub(crate) fn current_native_id() -> u64 {
    #[cfg(target_os = "linux")]
    // SAFETY: gettid has no preconditions and always succeeds.
    let id = u64::from(unsafe { libc::gettid() }.unsigned_abs());
    #[cfg(not(target_os = "linux"))]
    // SAFETY: pthread_self has no preconditions and always succeeds.
    let id = unsafe { libc::pthread_self() } as u64;
    id
}

/// The number by which the thread library knows the current thread; used again after its end.
pub(crate) fn current_ident() -> u64 {
    // SAFETY: pthread_self has no preconditions and always succeeds.
    unsafe { libc::pthread_self() as u64 }
}

/// How often the kernel has given the current thread's processor to another thread, where it counts that; not when the thread slept.
pub(crate) fn preemptions() -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        let mut usage = std::mem::MaybeUninit::uninit();
        // SAFETY: it writes the whole of what it is given, or fails.
        let failed = unsafe { libc::getrusage(libc::RUSAGE_THREAD, usage.as_mut_ptr()) } != 0;
        // SAFETY: it has not failed.
        if failed { None } else { u64::try_from(unsafe { usage.assume_init() }.ru_nivcsw).ok() }
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// Whether the current thread, whose number is `native_id`, is the process's main one, where the platform says so.
#[cfg_attr(not(target_os = "linux"), allow(unused_variables, reason = "the platform says it without the number"))]
pub(crate) fn is_main_thread(native_id: u64) -> bool {
    #[cfg(target_os = "linux")]
    let is_main = {
        // ORDERING: Relaxed: zero, or the number of this process.
        let watched = PROCESS.load(Ordering::Relaxed);
        // SAFETY: it has no preconditions and always succeeds.
        let process = if watched == 0 { unsafe { libc::getpid() } } else { watched };
        native_id == u64::from(process.unsigned_abs())
    };
    #[cfg(target_vendor = "apple")]
    // SAFETY: it has no preconditions.
    let is_main = unsafe { libc::pthread_main_np() } != 0;
    #[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
    let is_main = false;
    is_main
}

/// Tells the operating system the name of a living thread, as much of it as fits; without effect where it cannot be told.
#[cfg(target_os = "linux")]
pub(crate) fn set_os_name(native_id: u64, name: &str) {
    /// Without the NUL at the end.
    const LONGEST: usize = 15;

    let mut short = name.replace('\0', " ");
    let end = (0..=LONGEST.min(short.len())).rfind(|end| short.is_char_boundary(*end)).unwrap_or(0);
    short.truncate(end);
    // By the number, which works for other threads too. It fails if the thread has just ended, and then does not matter.
    let _ = std::fs::write(format!("/proc/self/task/{native_id}/comm"), short);
}

/// As on Linux.
#[cfg(not(target_os = "linux"))]
pub(crate) fn set_os_name(_native_id: u64, _name: &str) {}
