//! What is seen of an object through a thread that waits for it.

use super::node::Node;
use super::record::Record;
use crate::probe::State;

/// What the object says of itself that a thread waits for, and the number of that wait; `None` if it says nothing, or the thread waits for a lock.
pub(crate) fn state_seen_by(record: &Record) -> Option<(u64, State)> {
    if !record.is_waiting() {
        return None;
    }
    let (number, state) = record.published.look(|wait| {
        // SAFETY: `wait` has published the node, and takes it back under the section that is held now, before the node is gone. What is
        // read of it never changes, or is atomic; its place outlives it.
        let node: &Node<'_> = unsafe { &*wait.source.0.cast() };
        let state = if node.blocker().is_none() { node.place.state() } else { State::Unknown };
        (wait.number, state)
    })?;
    (state != State::Unknown).then_some((number, state))
}
