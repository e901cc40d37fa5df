//! Floor 4: threads: started ones, adopted ones, and the registry of all that have used the library.

mod builder;
mod exit;
mod handle;
mod object;
mod packet;
mod registry;
mod run;
mod snapshot;

pub use builder::{Builder, spawn};
pub use exit::main;
pub use handle::{JoinError, JoinHandle, StartError};
pub use object::{NotJoined, Thread};
pub use registry::{active_count, adopt, current, enumerate, get_ident, get_native_id, main_thread};
pub use snapshot::{ThreadSnapshot, ThreadState, WaitSnapshot, snapshot};

pub use crate::park::ThreadId;
pub use crate::probe::WaitKind;
