//! Waiting for several futures: for each in its turn, or for all at once.

use std::sync::Arc;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyList;
use raddle::futures::{Countdown as RawCountdown, Stage, Watcher};
use raddle::park::Failed;
use raddle::queue::{GetError, SimpleQueue as RawSimpleQueue};

use super::future::Future;
use crate::boundary::{Attached, Raised};
use crate::convert;
use crate::raw::{Arguments, Function, Method, Reply, method};

/// Says which of several futures are settled, one after the other.
#[pyclass(module = "raddle._native", frozen)]
pub(crate) struct Completions {
    settled: Arc<RawSimpleQueue<usize>>,
    watcher: Arc<dyn Watcher>,
}

#[pymethods]
impl Completions {
    #[new]
    fn new() -> Self {
        let settled = Arc::new(RawSimpleQueue::new());
        Self { watcher: settled.clone(), settled }
    }

    /// Watch the futures that are native: each is known by its index. Return the indices of the others.
    fn watch(&self, futures: &Bound<'_, PyList>) -> Vec<usize> {
        watch(futures, &self.watcher)
    }

    /// Watch them no more.
    fn unwatch(&self, futures: &Bound<'_, PyList>) {
        unwatch(futures, &self.watcher);
    }

    /// Say by hand that the future with this index is settled.
    fn put(&self, index: usize) {
        self.settled.put(index);
    }
}

method!(get, Completions, |this, object, arguments| match deadline(arguments, "get(timeout=None)") {
    Ok(deadline) => match this.settled.get_with(deadline, &mut Attached) {
        // SAFETY: attached.
        Ok(index) => Reply::Object(unsafe { ffi::PyLong_FromSsize_t(convert::py_size(index)) }),
        Err(GetError::Aborted) => Reply::Raised,
        // Nobody can shut it down or retire it.
        Err(GetError::Empty | GetError::ShutDown | GetError::Retired) => Reply::none(),
    },
    Err(Raised) => Reply::Raised,
});

/// The raw methods of [`Completions`].
pub(crate) const COMPLETIONS_METHODS: &[Method] = &[Method {
    name: c"get",
    doc: c"get($self, /, timeout=None)\n--\n\nReturn the index of the next future that is settled or retired, or None if there was none in timeout seconds.",
    function: Function::WithArguments(get),
}];

/// Waits until as many futures are settled as it was made for, or one has failed if that ends it too.
#[pyclass(module = "raddle._native", frozen)]
pub(crate) struct Countdown {
    raw: Arc<RawCountdown>,
    watcher: Arc<dyn Watcher>,
}

#[pymethods]
impl Countdown {
    #[new]
    fn new(count: usize, stops_at_failure: bool) -> Self {
        let raw = RawCountdown::new(count, stops_at_failure);
        Self { watcher: raw.clone(), raw }
    }

    /// Watch the futures that are native. Return the indices of the others.
    fn watch(&self, futures: &Bound<'_, PyList>) -> Vec<usize> {
        watch(futures, &self.watcher)
    }

    /// Watch them no more.
    fn unwatch(&self, futures: &Bound<'_, PyList>) {
        unwatch(futures, &self.watcher);
    }

    /// Say by hand that another future is settled.
    fn count(&self, failed: bool) {
        self.watcher.settled(0, if failed { Stage::Failed } else { Stage::Finished });
    }
}

method!(wait, Countdown, |this, object, arguments| match deadline(arguments, "wait(timeout=None)") {
    Ok(deadline) => match this.raw.wait_with(deadline, &mut Attached) {
        Ok(()) => Reply::bool(true),
        Err(Failed::TimedOut) => Reply::bool(false),
        Err(Failed::Aborted) => Reply::Raised,
    },
    Err(Raised) => Reply::Raised,
});

/// The raw methods of [`Countdown`].
pub(crate) const COUNTDOWN_METHODS: &[Method] = &[Method {
    name: c"wait",
    doc: c"wait($self, /, timeout=None)\n--\n\nWait until it is over, or a future was retired. Return False if it was not after timeout seconds.",
    function: Function::WithArguments(wait),
}];

/// Those of the futures that are settled; and the indices of those that are not native, or not any more.
#[pyfunction]
pub(crate) fn _settled<'py>(futures: &Bound<'py, PyList>) -> (Vec<Bound<'py, PyAny>>, Vec<usize>) {
    let (mut settled, mut others) = (Vec::new(), Vec::new());
    for (index, object) in futures.iter().enumerate() {
        match native(&object).map(|future| future.get().raw.stage()) {
            None | Some(Stage::Retired) => others.push(index),
            Some(stage) if stage.is_settled() => settled.push(object),
            Some(_) => {}
        }
    }
    (settled, others)
}

fn watch(futures: &Bound<'_, PyList>, watcher: &Arc<dyn Watcher>) -> Vec<usize> {
    let mut others = Vec::new();
    for (index, object) in futures.iter().enumerate() {
        match native(&object) {
            Some(future) if future.get().raw.stage() != Stage::Retired => future.get().raw.watch(watcher, index),
            _ => others.push(index),
        }
    }
    others
}

fn unwatch(futures: &Bound<'_, PyList>, watcher: &Arc<dyn Watcher>) {
    for object in futures {
        if let Some(future) = native(&object) {
            future.get().raw.unwatch(watcher);
        }
    }
}

fn native<'a, 'py>(object: &'a Bound<'py, PyAny>) -> Option<&'a Bound<'py, Future>> {
    object.cast::<Future>().ok()
}

fn deadline(arguments: Arguments, signature: &str) -> Result<raddle::park::Deadline, Raised> {
    match arguments.bind(&[c"timeout"]) {
        // SAFETY: an argument of the call, attached.
        Some([timeout]) => unsafe { convert::deadline(timeout) },
        None => Err(convert::wrong_arguments(signature)),
    }
}
