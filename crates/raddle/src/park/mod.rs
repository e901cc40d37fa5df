//! Floor 2: the only way to block.
//!
//! Every wait of the library, on a lock, a queue, an event, is one call of `wait::wait`. `README.md`
//! beside this file has the state machine, and the argument why no wake-up is lost.

mod back_off;
mod crew;
mod deadline;
mod deadlock;
mod identity;
mod list;
mod locals;
mod node;
mod record;
mod shares;
mod view;
mod wait;
mod waiter;
mod walk;
mod watch;

pub(crate) use back_off::back_off;
pub(crate) use crew::AnyOf;
pub use crew::Crew;
pub use deadline::Deadline;
pub(crate) use deadlock::cycles;
#[cfg(feature = "serde")]
pub(crate) use deadlock::words;
pub use deadlock::{BlockerState, Certainty, Deadlock, Party};
pub(crate) use identity::{Identity, Phase};
pub(crate) use list::{WaitList, WakeList};
pub(crate) use locals::{drop_locals, quietly};
pub(crate) use node::{Blocker, Grant, Home, Node, Place, State, Wanted, Whom};
pub use record::ThreadId;
pub(crate) use record::{
    Record, Reserved, by_owner, claim_main, count_start, current, for_each_record, is_alive, main_owner, reserve,
    starts,
};
pub(crate) use view::state_seen_by;
pub(crate) use wait::{End, wait};
pub(crate) use waiter::Infallible;
pub use waiter::{Failed, Thread, Uninterruptible, Waiter};
pub(crate) use walk::{Look, look_at};
pub use watch::Deadlocks;
pub(crate) use watch::{deadlocks, grace, set_deadlocks, set_grace, set_reporter};
