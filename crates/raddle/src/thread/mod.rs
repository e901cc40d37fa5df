//! Floor 4: threads: started ones, adopted ones, and the registry of all that have used the library.

mod builder;
mod excepthook;
mod exit;
mod handle;
mod local;
mod object;
mod packet;
mod registry;
mod run;
mod runner;
mod scope;
mod snapshot;
mod timer;

pub use builder::{Builder, set_stack_size, spawn, stack_size};
pub use excepthook::{Uncaught, reset_excepthook, set_excepthook};
pub use exit::main;
pub(crate) use exit::{AtExit, at_exit};
pub use handle::{JoinError, JoinHandle, StartError};
pub use local::Local;
pub use object::{NotJoined, Thread};
pub use registry::{active_count, adopt, current, enumerate, find, get_ident, get_native_id, main_thread};
pub use runner::Run;
pub use scope::{Scope, scope};
pub use snapshot::{ThreadSnapshot, ThreadState, WaitSnapshot, snapshot};
pub use timer::Timer;

pub use crate::park::ThreadId;
pub use crate::probe::WaitKind;
