//! What happens on a thread, from its first to its last act.

use std::io;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::object::Thread;
use super::packet::Packet;
use crate::park::{Identity, Reserved, reserve};
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
    let identity = Arc::clone(thread.identity());
    let Some(reserved) = reserve(&identity) else {
        return Err((io::Error::from(io::ErrorKind::AlreadyExists), task));
    };
    let name = identity.name().as_ref().to_owned();
    let work = Work { reserved, identity, packet: Arc::clone(packet), task };
    // SAFETY: what the thread does after its end touches nothing that is borrowed: see `Work::run`.
    unsafe { spawn(Some(name), stack_size, Work::run, work) }.map_err(|(error, work)| {
        work.reserved.give_back();
        (error, work.task)
    })
}

struct Work<T, F> {
    reserved: Reserved,
    identity: Arc<Identity>,
    packet: Arc<Packet<T>>,
    task: F,
}

impl<T: Send, F: FnOnce() -> T + Send> Work<T, F> {
    fn run(self) {
        let Self { reserved, identity, packet, task } = self;
        reserved.begin();
        // Unwind safe: whoever is handed the panic is told so.
        let outcome = catch_unwind(AssertUnwindSafe(task));
        // SAFETY: this is the packet's thread, once, before its end.
        unsafe { packet.put(outcome) };
        // Before the end: without a handle, this drops the outcome, and that may borrow from whoever waits for the end.
        quietly(|| drop(packet));
        identity.end();
    }
}

/// Calls what may panic, on a thread that has nobody left to tell.
fn quietly(act: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(act)) {
        // Dropping it may panic, too.
        mem::forget(payload);
    }
}
