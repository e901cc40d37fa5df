//! Processes and threads where there is no fork.

/// There is no fork.
#[inline]
pub(crate) fn fork_epoch() -> u32 {
    0
}

/// There is no fork.
#[inline]
pub(crate) fn watch_forks() {}

/// There is no fork.
pub(crate) fn on_fork_in_child(_repair: fn()) {}

/// There is no fork.
pub(in crate::sys) fn is_forked() -> bool {
    false
}

/// It is not asked here.
pub(crate) fn preemptions() -> Option<u64> {
    None
}

/// Not needed where there is no fork.
pub(in crate::sys) fn start_without_std(
    _name: Option<String>,
    _stack_size: Option<usize>,
    _carried: crate::sys::spawn::Carried,
) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// Calls `exit(value)` when the current thread ends.
pub(crate) fn on_thread_exit(exit: fn(*const ()), value: *const ()) {
    struct AtExit(fn(*const ()), *const ());

    impl Drop for AtExit {
        fn drop(&mut self) {
            (self.0)(self.1);
        }
    }

    thread_local! {
        static AT_EXIT: std::cell::OnceCell<AtExit> = const { std::cell::OnceCell::new() };
    }
    // A thread whose values are already being destroyed keeps its record: nobody will use that again.
    let _ = AT_EXIT.try_with(|cell| cell.set(AtExit(exit, value)).is_ok());
}

/// The system does not say.
pub(crate) fn thread_count() -> Option<usize> {
    None
}

/// The operating system's number of the current thread.
#[cfg(windows)]
pub(crate) fn current_native_id() -> u64 {
    #[link(name = "kernel32")]
    unsafe extern "system" {
        safe fn GetCurrentThreadId() -> u32;
    }
    u64::from(GetCurrentThreadId())
}

/// Unknown here.
#[cfg(not(windows))]
pub(crate) fn current_native_id() -> u64 {
    0
}

/// The same here.
pub(crate) fn current_ident() -> u64 {
    current_native_id()
}

/// Not known here: the main thread is the one that calls `raddle::main`.
pub(crate) fn is_main_thread(_native_id: u64) -> bool {
    false
}

/// Threads keep the name here that they were started with.
pub(crate) fn set_os_name(_native_id: u64, _name: &str) {}
