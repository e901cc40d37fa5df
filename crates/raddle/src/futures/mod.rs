//! Floor 6: futures.

mod slot;

pub use slot::{Begun, Cancelled, Slot, Stage};
