//! Floor 6: futures.

mod slot;

pub use slot::{Begun, Cancelled, NotDone, RetiredSlot, Slot, Stage, Watcher};
