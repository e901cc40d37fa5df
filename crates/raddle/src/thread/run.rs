//! What happens on a thread, from its first to its last act.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::excepthook::report;
use super::object::Thread;
use super::packet::Packet;
use crate::park::{Reserved, drop_locals, quietly, reserve};
use crate::sys::spawn;

/// Starts `thread`, which was never started, to run `task` and to leave the outcome in `packet`.
///
/// # Errors
///
/// The operating system's; then the thread is as it was.
///
/// # Safety
///
/// What `task` borrows lives until the thread has ended, and so does what its outcome borrows.
pub(super) unsafe fn launch<T: Send, F: FnOnce() -> T + Send>(
    thread: &Thread,
    packet: &Arc<Packet<T>>,
    stack_size: Option<usize>,
    task: F,
) -> Result<(), (io::Error, F)> {
    let Some(reserved) = reserve(thread.identity()) else {
        return Err((io::Error::from(io::ErrorKind::AlreadyExists), task));
    };
    let work = Work { reserved, thread: thread.clone(), packet: Arc::clone(packet), task };
    // SAFETY: what the thread does after its end touches nothing that is borrowed: see `Work::run`.
    unsafe { spawn(Some(thread.name()), stack_size, Work::run, work) }.map_err(|(error, work)| {
        work.reserved.give_back();
        (error, work.task)
    })
}

struct Work<T, F> {
    reserved: Reserved,
    thread: Thread,
    packet: Arc<Packet<T>>,
    task: F,
}

impl<T: Send, F: FnOnce() -> T + Send> Work<T, F> {
    fn run(self) {
        let Self { reserved, thread, packet, task } = self;
        reserved.begin();
        // Unwind safe: whoever is handed the panic is told so.
        let outcome = catch_unwind(AssertUnwindSafe(task));
        if let Err(payload) = &outcome {
            quietly(|| report(&thread, payload));
        }
        drop_locals();
        // SAFETY: this is the packet's thread, once, before its end.
        unsafe { packet.put(outcome) };
        // Before the end: without a handle, this drops the outcome, and that may borrow from whoever waits for the end.
        quietly(|| drop(packet));
        thread.identity().end();
    }
}
