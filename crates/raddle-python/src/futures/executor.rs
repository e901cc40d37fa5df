//! `concurrent.futures.ThreadPoolExecutor`.

use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering};
use std::sync::{Arc, OnceLock};

use pyo3::PyTraverseError;
use pyo3::ffi;
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PySet, PyTuple};
use raddle::futures::{ForeignPool, LookAtPool, PoolState};
use raddle::park::Deadline;

use super::future::Future;
use super::task::Task;
use crate::boundary::{Attached, Raised};
use crate::convert::py_size;
use crate::item::Item;
use crate::queue::simple::SimpleQueue;
use crate::raw::{Arguments, Function, Method, Reply, method, this};
use crate::standard::Standard;
use crate::sync::lock::Lock;

/// The native part of `raddle.concurrent.futures.ThreadPoolExecutor`: `submit`, as long as no worker has to be started for it.
///
/// The Python part has the workers and their bookkeeping. It opens this part while the executor takes tasks, in the standard
/// library's way, into a queue of ours; all other calls of `submit` are left to it.
#[pyclass(module = "raddle._native", frozen, weakref, subclass)]
#[derive(Debug)]
pub(crate) struct ThreadPoolExecutor {
    /// Dropped before what it lets others look at.
    known: ForeignPool,
    /// In a place of their own, where others can look at them.
    parts: OnceLock<Arc<Parts>>,
}

#[derive(Debug)]
struct Parts {
    is_open: AtomicBool,
    most_workers: AtomicIsize,
    queue: Py<SimpleQueue>,
    /// The executor's `_shutdown_lock`: whoever has it knows that the executor is not shut down at that moment.
    lock: Py<Lock>,
    workers: Py<PySet>,
}

// SAFETY: what it reads is atomic, or a queue that the parts keep, whose length is had in no time and without the interpreter.
unsafe impl LookAtPool for Parts {
    fn look(&self) -> PoolState {
        PoolState {
            max_workers: self.most_workers.load(Ordering::Relaxed).unsigned_abs(),
            backlog: self.queue.get().raw.len(),
            is_shut_down: !self.is_open.load(Ordering::Relaxed),
        }
    }
}

/// Whether the interpreter is about to wait for all workers.
static IS_ENDING: AtomicBool = AtomicBool::new(false);

/// Lets every executor ask Python code about each task from now on.
#[pyfunction]
pub(crate) fn _end_executors() {
    IS_ENDING.store(true, Ordering::SeqCst);
}

impl ThreadPoolExecutor {
    fn submit(&self, arguments: Arguments) -> Result<Reply, Raised> {
        let Some(parts) = self.open_parts().filter(|_| arguments.positional > 0) else {
            return leave_submit(arguments);
        };
        // All that allocates, and so may run a collector, comes before the lock.
        let (task, future) = Self::new_task(parts, arguments)?;
        let raw = parts.lock.get().raw();
        if !raw.try_acquire() && raw.acquire_with(Deadline::NEVER, &mut Attached).is_err() {
            return Err(Raised);
        }
        let result = self.queue_task(task);
        raw.release();
        match result {
            Ok(()) => Ok(Reply::Object(future.into_ptr())),
            Err(task) => Ok(Reply::StandardWith(
                Standard::ExecutorSubmitTask,
                [task.into_ptr(), ptr::null_mut(), ptr::null_mut()],
            )),
        }
    }

    /// A task for the call, and its future.
    fn new_task(parts: &Parts, arguments: Arguments) -> Result<(Item, Item), Raised> {
        // SAFETY: attached; at least one argument was given, and the class takes none. Nothing below drops a `Py`.
        unsafe {
            let future = ffi::PyObject_CallNoArgs(Standard::Future.object());
            if future.is_null() {
                return Err(Raised);
            }
            let future = Item::from_owned(future);
            let most_workers = usize::try_from(parts.most_workers.load(Ordering::Relaxed)).unwrap_or(usize::MAX);
            // The class is ours, or inherits from it.
            this::<Future>(future.as_py().as_ptr()).raw.leave_to(&parts.queue.get().workers, most_workers);
            let function = Item::from_borrowed(*arguments.values);
            let task = Task::new(
                Item::from_borrowed(future.as_py().as_ptr()),
                function,
                tuple_of(arguments, 1)?,
                dict_of(arguments)?,
            );
            match Py::new(Python::assume_attached(), task) {
                Ok(task) => Ok((Item::from_owned(task.into_ptr()), future)),
                Err(error) => {
                    error.restore(Python::assume_attached());
                    Err(Raised)
                }
            }
        }
    }

    fn open_parts(&self) -> Option<&Parts> {
        // ORDERING: Acquire meets the Release in `_open`; what is closed is closed under the lock, where this is asked again.
        let parts = self.parts.get()?;
        (parts.is_open.load(Ordering::Acquire) && !IS_ENDING.load(Ordering::SeqCst)).then_some(&**parts)
    }

    /// Under the lock: gives the task to a worker that waits, or queues it if there are no more to be had.
    fn queue_task(&self, task: Item) -> Result<(), Item> {
        let Some(parts) = self.open_parts() else { return Err(task) };
        // SAFETY: attached; a set.
        let workers = unsafe { ffi::PySet_Size(parts.workers.as_ptr()) };
        if workers >= parts.most_workers.load(Ordering::Relaxed) {
            parts.queue.get().raw.put(task);
            return Ok(());
        }
        parts.queue.get().raw.try_hand(task)
    }
}

/// Leaves a call of `submit` to Python code, as a tuple and a dict.
fn leave_submit(arguments: Arguments) -> Result<Reply, Raised> {
    let positional = tuple_of(arguments, 0)?;
    let named = dict_of(arguments)?;
    let named = named.map_or(ptr::null_mut(), Item::into_ptr);
    Ok(Reply::StandardWith(Standard::ExecutorSubmit, [positional.into_ptr(), named, ptr::null_mut()]))
}

/// The positional arguments from `first` on.
fn tuple_of(arguments: Arguments, first: usize) -> Result<Item, Raised> {
    let count = arguments.positional - first;
    // SAFETY: attached; a new tuple, filled with new references; the interpreter passes that many arguments.
    unsafe {
        let tuple = ffi::PyTuple_New(py_size(count));
        if tuple.is_null() {
            return Err(Raised);
        }
        for index in 0..count {
            let value = ffi::Py_NewRef(*arguments.values.add(first + index));
            ffi::PyTuple_SetItem(tuple, py_size(index), value);
        }
        Ok(Item::from_owned(tuple))
    }
}

/// The named arguments, if there are any.
fn dict_of(arguments: Arguments) -> Result<Option<Item>, Raised> {
    if arguments.names.is_null() {
        return Ok(None);
    }
    // SAFETY: attached; `names` is a tuple of strings, and behind the positional arguments comes one for each.
    unsafe {
        let dict = ffi::PyDict_New();
        if dict.is_null() {
            return Err(Raised);
        }
        let dict = Item::from_owned(dict);
        for index in 0..ffi::PyTuple_Size(arguments.names) {
            let name = ffi::PyTuple_GetItem(arguments.names, index);
            let value = *arguments.values.add(arguments.positional + index.unsigned_abs());
            if ffi::PyDict_SetItem(dict.as_py().as_ptr(), name, value) < 0 {
                return Err(Raised);
            }
        }
        Ok(Some(dict))
    }
}

#[pymethods]
impl ThreadPoolExecutor {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self { known: ForeignPool::new(), parts: OnceLock::new() }
    }

    /// Take tasks from now on. The parts are those of the first call.
    fn _open(&self, queue: Py<SimpleQueue>, lock: Py<Lock>, workers: Py<PySet>, most_workers: isize) {
        let parts = self.parts.get_or_init(|| {
            let (is_open, most_workers) = (AtomicBool::new(false), AtomicIsize::new(0));
            Arc::new(Parts { is_open, most_workers, queue, lock, workers })
        });
        // Whoever looks at them need not be attached.
        parts.queue.get().raw.share();
        // SAFETY: they are shared, so they stay where they are; and this object, which shares them, drops what makes them known first.
        unsafe { self.known.make_known(parts.queue.get().raw.address(), Arc::as_ptr(parts)) };
        parts.most_workers.store(most_workers, Ordering::Relaxed);
        // ORDERING: Release meets the Acquire in `open_parts`.
        parts.is_open.store(true, Ordering::Release);
    }

    /// Leave all tasks to Python code from now on.
    fn _close(&self) {
        if let Some(parts) = self.parts.get() {
            parts.is_open.store(false, Ordering::Release);
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // What can be part of a cycle through these clears itself: the queue, and the set.
        let Some(parts) = self.parts.get() else { return Ok(()) };
        visit.call(&parts.queue)?;
        visit.call(&parts.workers)
    }
}

method!(submit, ThreadPoolExecutor, |this, object, arguments| this.submit(arguments));

/// The methods of the class.
pub(crate) const METHODS: &[Method] = &[Method {
    name: c"submit",
    doc: c"submit($self, fn, /, *args, **kwargs)\n--\n\nCall fn(*args, **kwargs) in a worker. Return its future.\n\nA worker that is idle takes the call; else a new one is started, unless there are max_workers; else it waits for its turn.\nRaises RuntimeError once the executor or the interpreter shuts down, and BrokenThreadPool after an initializer failed.",
    function: Function::WithArguments(submit),
}];
