//! The binding of raddle for CPython: the module `raddle._native`.
//!
//! It translates, and holds no algorithm: each class converts arguments, calls the core, and maps the result. The cold
//! methods are PyO3's; the hot ones are raw (see [`raw`]).

mod boundary;
mod convert;
mod diagnostics;
mod finalize;
mod futures;
mod inspect;
mod item;
mod queue;
mod raw;
mod standard;
mod sync;
mod thread;

use pyo3::prelude::*;

/// The Rust engine of raddle.
#[pymodule(name = "_native", gil_used = false)]
mod native {
    use pyo3::prelude::*;
    use pyo3::types::PyType;

    #[pymodule_export]
    use crate::diagnostics::{_aims, _snapshot, _watch};
    #[pymodule_export]
    use crate::futures::completions::{_settled, Completions, Countdown};
    #[pymodule_export]
    use crate::futures::executor::{_end_executors, ThreadPoolExecutor};
    #[pymodule_export]
    use crate::futures::future::Future;
    #[pymodule_export]
    use crate::futures::task::Task;
    #[pymodule_export]
    use crate::inspect::{_serve, Server};
    #[pymodule_export]
    use crate::queue::fifo::Queue;
    #[pymodule_export]
    use crate::queue::simple::SimpleQueue;
    #[pymodule_export]
    use crate::standard::_lend;
    #[pymodule_export]
    use crate::sync::barrier::Barrier;
    #[pymodule_export]
    use crate::sync::condition::Condition;
    #[pymodule_export]
    use crate::sync::event::Event;
    #[pymodule_export]
    use crate::sync::lock::{Lock, allocate_lock};
    #[pymodule_export]
    use crate::sync::rlock::RLock;
    #[pymodule_export]
    use crate::sync::rwlock::{Reader, RwLock, Writer};
    #[pymodule_export]
    use crate::sync::semaphore::{BoundedSemaphore, Semaphore};
    #[pymodule_export]
    use crate::thread::{_adopt, _join, threads};
    use crate::{boundary, diagnostics, finalize, futures, queue, raw, sync};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        boundary::require_main_interpreter()?;
        diagnostics::prepare();
        let methods = [
            (class::<Lock>(module), sync::lock::METHODS),
            (class::<RLock>(module), sync::rlock::METHODS),
            (class::<Reader>(module), sync::rwlock::READER_METHODS),
            (class::<Writer>(module), sync::rwlock::WRITER_METHODS),
            (class::<Condition>(module), sync::condition::METHODS),
            (class::<Event>(module), sync::event::METHODS),
            (class::<Semaphore>(module), sync::semaphore::METHODS),
            (class::<Barrier>(module), sync::barrier::METHODS),
            (class::<Queue>(module), queue::fifo::METHODS),
            (class::<SimpleQueue>(module), queue::simple::METHODS),
            (class::<SimpleQueue>(module), futures::worker::METHODS),
            (class::<Future>(module), futures::future::METHODS),
            (class::<Task>(module), futures::task::METHODS),
            (class::<ThreadPoolExecutor>(module), futures::executor::METHODS),
            (class::<Completions>(module), futures::completions::COMPLETIONS_METHODS),
            (class::<Countdown>(module), futures::completions::COUNTDOWN_METHODS),
        ];
        for (class, methods) in methods {
            raw::add_methods(&class, methods)?;
        }
        finalize::precede::<Queue>(&class::<Queue>(module));
        finalize::precede::<SimpleQueue>(&class::<SimpleQueue>(module));
        finalize::precede::<Barrier>(&class::<Barrier>(module));
        finalize::precede::<Future>(&class::<Future>(module));
        finalize::precede::<Task>(&class::<Task>(module));
        raw::seal(&class::<Lock>(module));
        raw::seal(&class::<RLock>(module));
        raw::seal(&class::<SimpleQueue>(module));
        // As the function that it stands for says of itself.
        module.getattr("allocate_lock")?.setattr("__module__", "_thread")
    }

    fn class<'py, T: PyTypeInfo>(module: &Bound<'py, PyModule>) -> Bound<'py, PyType> {
        module.py().get_type::<T>()
    }

    use pyo3::PyTypeInfo;
}
