//! Publishing, turned off: the same API, and nothing behind it.
#![allow(clippy::unused_self, reason = "the API of the enabled twin")]

use std::panic::Location;

use super::{HeldLock, Job, Wait, WaitKind};
use crate::sys::const_fn;

/// Whether anything is published.
pub(crate) const ENABLED: bool = false;

#[derive(Debug)]
pub(crate) struct Published;

impl Published {
    const_fn! {
        pub(crate) fn new() -> Self {
            Self
        }
    }

    pub(crate) fn began(&self, _wait: Wait) -> Option<Wait> {
        None
    }

    pub(crate) fn ended(&self, _outer: Option<Wait>) {}

    pub(crate) fn waiting(&self) -> Option<Wait> {
        None
    }

    pub(crate) fn look<R>(&self, _look: impl FnOnce(&Wait) -> R) -> Option<R> {
        None
    }
}

#[derive(Debug)]
pub(crate) struct Held;

impl Held {
    pub(crate) fn new() -> Self {
        Self
    }

    #[inline]
    pub(crate) fn add(&self, _object: usize, _kind: WaitKind, _site: &'static Location<'static>) {}

    #[inline]
    pub(crate) fn remove(&self, _object: usize) {}

    pub(crate) fn remove_foreign(&self, _object: usize) {}

    pub(crate) fn clear(&self) {}

    pub(crate) fn for_each(&self, _visit: impl FnMut(HeldLock)) -> u64 {
        0
    }
}

#[derive(Debug)]
pub(crate) struct Work;

impl Work {
    pub(crate) fn new() -> Self {
        Self
    }

    pub(crate) fn set_pool(&self, _pool: usize) {}

    #[inline]
    pub(crate) fn begin(&self, _name: Option<fn() -> &'static str>) {}

    #[inline]
    pub(crate) fn end(&self) {}

    pub(crate) fn look(&self) -> Option<Job> {
        None
    }
}
