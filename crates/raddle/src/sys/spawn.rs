//! Starting a thread of the operating system.

use std::io;

use super::threads;

/// What a new thread is given, with its types forgotten.
#[derive(Debug)]
pub(super) struct Carried {
    work: *mut (),
    begin: unsafe fn(*mut ()),
}

// SAFETY: `work` points to a `Work<D>` with `D: Send`, which belongs to whoever has the `Carried`.
unsafe impl Send for Carried {}

struct Work<D> {
    run: fn(D),
    data: D,
}

impl Carried {
    /// Runs it. At most once.
    pub(super) fn begin(self) {
        // SAFETY: `spawn` made both, for each other, and takes `work` back only if this is never called.
        unsafe { (self.begin)(self.work) }
    }
}

/// Starts a thread that calls `run(data)`, and that nobody joins: it is gone some time after `run` has returned.
/// `run` must not unwind.
///
/// The operating system may cut `name` short. `stack_size` in bytes; it rounds that up to what it can do.
///
/// # Errors
///
/// The operating system's, with the data given back.
///
/// # Safety
///
/// What `data` borrows lives until `run` has returned.
pub(crate) unsafe fn spawn<D: Send>(
    name: Option<String>,
    stack_size: Option<usize>,
    run: fn(D),
    data: D,
) -> Result<(), (io::Error, D)> {
    let work: *mut Work<D> = Box::into_raw(Box::new(Work { run, data }));
    // A name that C cannot express is not worth a failure: the thread has none there.
    let name = name.filter(|name| !name.contains('\0'));
    threads::start(name, stack_size, Carried { work: work.cast(), begin: begin::<D> }).map_err(|error| {
        // SAFETY: no thread was started, so nobody else has it.
        let work = unsafe { Box::from_raw(work) };
        (error, work.data)
    })
}

/// # Safety
///
/// `work` points to a boxed `Work<D>` that nobody else uses.
unsafe fn begin<D>(work: *mut ()) {
    // SAFETY: the caller's promise.
    let work = unsafe { Box::from_raw(work.cast::<Work<D>>()) };
    let Work { run, data } = *work;
    run(data);
}
