//! Publishing, turned off: the same API, and nothing behind it.

use super::{Wait, WaitKind};
use crate::sys::{Nanoseconds, const_fn};

#[derive(Debug)]
pub(crate) struct Published;

impl Published {
    const_fn! {
        pub(crate) fn new() -> Self {
            Self
        }
    }

    #[allow(clippy::unused_self, reason = "the API of the enabled twin")]
    pub(crate) fn began(
        &self,
        _kind: WaitKind,
        _object: usize,
        _thread: u64,
        _since: Nanoseconds,
        _deadline: Option<Nanoseconds>,
    ) -> Option<Wait> {
        None
    }

    #[allow(clippy::unused_self, reason = "the API of the enabled twin")]
    pub(crate) fn ended(&self, _outer: Option<Wait>) {}

    #[allow(clippy::unused_self, reason = "the API of the enabled twin")]
    pub(crate) fn waiting(&self) -> Option<Wait> {
        None
    }
}
