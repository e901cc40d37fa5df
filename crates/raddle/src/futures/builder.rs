//! How a pool is to be made.

use std::fmt;
use std::sync::Arc;

use super::pool::ThreadPoolExecutor;
use crate::sys::{AtomicU64, Ordering, global, processors};

/// How a pool is to be made: see [`ThreadPoolExecutor::builder`].
///
/// # Examples
///
/// ```
/// use raddle::futures::ThreadPoolExecutor;
///
/// let pool = ThreadPoolExecutor::builder().workers(2).name_prefix("reader").build();
/// let name = pool.submit(|| std::thread::current().name().map(str::to_owned)).unwrap();
/// assert_eq!(name.result().unwrap().as_deref(), Some("reader_0"));
/// ```
#[derive(Clone, Default)]
#[must_use = "a builder makes no pool before `build`"]
pub struct Builder {
    workers: usize,
    name_prefix: Option<String>,
    initializer: Option<Initializer>,
}

/// What each worker does first.
pub(super) type Initializer = Arc<dyn Fn() + Send + Sync>;

global! {
    /// How many pools have got a name of ours.
    static NAMED: AtomicU64 = AtomicU64::new(0);
}

impl Builder {
    /// How many workers the pool has at most; 0, as unless told: the processors and 4, but no more than 32.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    ///
    /// assert_eq!(ThreadPoolExecutor::builder().workers(3).build().max_workers(), 3);
    /// ```
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// What the names of the workers begin with; an underscore and a number follow.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    /// use raddle::thread;
    ///
    /// let pool = ThreadPoolExecutor::builder().name_prefix("resize").build();
    /// let name = pool.submit(|| thread::current().name()).unwrap().result();
    /// assert_eq!(name.unwrap(), "resize_0");
    /// ```
    pub fn name_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.name_prefix = Some(prefix.into());
        self
    }

    /// What each worker does before its first task. If it panics, the pool is broken: it takes no more tasks, the futures of those that nobody has begun
    /// are [broken](super::Ending::Broken), and the workers end.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::{FutureError, SubmitError, ThreadPoolExecutor};
    ///
    /// let pool = ThreadPoolExecutor::builder().initializer(|| panic!("no connection")).build();
    /// let first = pool.submit(|| 1).unwrap();
    /// assert!(matches!(first.result(), Err(FutureError::Broken)));
    /// assert!(matches!(pool.submit(|| 2), Err(SubmitError::Broken(_))));
    /// ```
    pub fn initializer(mut self, initializer: impl Fn() + Send + Sync + 'static) -> Self {
        self.initializer = Some(Arc::new(initializer));
        self
    }

    /// Makes the pool. It has no workers before there are tasks.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::futures::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::builder().workers(2).build();
    /// assert_eq!((pool.workers(), pool.max_workers()), (0, 2));
    /// ```
    #[must_use]
    pub fn build(self) -> ThreadPoolExecutor {
        let workers = if self.workers == 0 { 32.min(processors() + 4) } else { self.workers };
        let prefix = self.name_prefix.unwrap_or_else(|| {
            // ORDERING: Relaxed: a number of its own is all that is wanted.
            format!("ThreadPoolExecutor-{}", NAMED.fetch_add(1, Ordering::Relaxed))
        });
        ThreadPoolExecutor::build(workers, prefix, self.initializer)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Builder")
            .field("workers", &self.workers)
            .field("name_prefix", &self.name_prefix)
            .finish_non_exhaustive()
    }
}
