//! Floor 2: the only way to block.
//!
//! Every wait of the library, on a lock, a queue, an event, is one call of [`wait`](wait::wait). `README.md`
//! beside this file has the state machine, and the argument why no wake-up is lost.

mod deadline;
mod identity;
mod list;
mod node;
mod record;
mod wait;
mod waiter;

pub use deadline::Deadline;
pub(crate) use identity::{Identity, Phase};
pub(crate) use list::{WaitList, WakeList};
pub(crate) use node::{Grant, Node, Place, State};
pub use record::ThreadId;
#[cfg(loom)]
pub(crate) use record::by_owner;
pub(crate) use record::{
    Reserved, claim_main, count_start, current, for_each_record, is_alive, main_owner, reserve, starts,
};
pub(crate) use wait::{End, wait};
pub use waiter::{Failed, Thread, Uninterruptible, Waiter};
