//! A reader-writer lock: many threads that read, or one that writes, in the order of their arrival.

mod guard;
mod holders;
mod lock;
mod raw;

pub use guard::{RwLockReadGuard, RwLockWriteGuard};
pub use lock::RwLock;
pub use raw::RawRwLock;
