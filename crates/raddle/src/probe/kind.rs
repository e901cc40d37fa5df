//! What threads wait for, and what they hold: the one table of the kinds, with their words.

macro_rules! kinds {
    ($($(#[$documentation:meta])* $kind:ident = $name:literal, $aim:literal;)*) => {
        /// What kind of thing a thread waits for.
        ///
        /// # Examples
        ///
        /// ```
        /// use raddle::thread::{snapshot, WaitKind};
        ///
        /// let for_items = snapshot()
        ///     .iter()
        ///     .filter_map(|thread| thread.waits_for.as_ref())
        ///     .filter(|wait| wait.kind == WaitKind::QueueGet)
        ///     .count();
        /// println!("{for_items} threads wait for an item of a queue");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum WaitKind {
            $($(#[$documentation])* $kind,)*
        }

        impl WaitKind {
            /// All kinds there are.
            ///
            /// # Examples
            ///
            /// ```
            /// use raddle::thread::WaitKind;
            ///
            /// assert!(WaitKind::ALL.contains(&WaitKind::Lock));
            /// ```
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// Its name, in lower case: what it is called in a serialised snapshot.
            ///
            /// # Examples
            ///
            /// ```
            /// assert_eq!(raddle::thread::WaitKind::QueueGet.name(), "queue_get");
            /// ```
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }

            /// What a thread waits for, in words. The last one says what kind of object it is.
            ///
            /// # Examples
            ///
            /// ```
            /// assert_eq!(raddle::thread::WaitKind::QueueGet.aim(), "for an item of the Queue");
            /// ```
            #[must_use]
            pub const fn aim(self) -> &'static str {
                match self {
                    $(Self::$kind => $aim,)*
                }
            }
        }
    };
}

// What can be held comes first: the list of held locks has room for the numbers of eight kinds.
kinds! {
    /// To own a [`Lock`](crate::sync::Lock).
    Lock = "lock", "for the Lock";
    /// To own an [`RLock`](crate::sync::RLock).
    RLock = "rlock", "for the RLock";
    /// To read under an [`RwLock`](crate::sync::RwLock).
    RwLockRead = "rwlock_read", "for the read lock of the RwLock";
    /// To write under an [`RwLock`](crate::sync::RwLock).
    RwLockWrite = "rwlock_write", "for the write lock of the RwLock";
    /// For a notification of a [`Condition`](crate::sync::Condition).
    Condition = "condition", "for a notification of the Condition";
    /// For an [`Event`](crate::sync::Event) to be set.
    Event = "event", "for the Event";
    /// For a permit of a [`Semaphore`](crate::sync::Semaphore).
    Semaphore = "semaphore", "for a permit of the Semaphore";
    /// For the other parties of a [`Barrier`](crate::sync::Barrier).
    Barrier = "barrier", "for the other parties of the Barrier";
    /// For an item of a [`Queue`](crate::queue::Queue).
    QueueGet = "queue_get", "for an item of the Queue";
    /// For a free place in a [`Queue`](crate::queue::Queue).
    QueuePut = "queue_put", "for a free place in the Queue";
    /// For the tasks of a [`Queue`](crate::queue::Queue) to be done.
    QueueJoin = "queue_join", "for all tasks to be done of the Queue";
    /// For the outcome of a [future](crate::futures).
    Future = "future", "for the outcome of the Future";
    /// For the end of a [`Thread`](crate::thread::Thread).
    Join = "join", "for the end of the thread";
    /// For a task: an idle worker of a [pool](crate::futures::ThreadPoolExecutor).
    Task = "task", "for a task of the pool";
    /// For all tasks of a [pool](crate::futures::ThreadPoolExecutor), or of a scope, to be done.
    TasksDone = "tasks_done", "for all tasks to be done of the pool";
}

#[cfg(feature = "serde")]
impl serde::Serialize for WaitKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
