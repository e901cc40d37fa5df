//! The end of the process: who is told, and who is waited for.

use std::mem;
use std::sync::{Arc, Weak};

use super::registry::any_to_wait_for;
use crate::park::{claim_main, drop_locals, quietly, starts};
use crate::sys::{AfterFork, Section, global};

/// Calls `body`, then waits for the end of all threads that are not daemons, also of those that are started meanwhile, and returns what
/// `body` has returned.
///
/// Pools take no more tasks from then on: what was [submitted](crate::futures::ThreadPoolExecutor::submit) is done, and their workers end.
///
/// Meant to be the whole of a program's `main`: when that returns, the process ends, and with it the daemons, in the middle of what they do.
/// Last of all, the values of each [`Local`](crate::thread::Local) of the calling thread are dropped.
/// A panic of `body` goes on after the wait. [`std::process::exit`] waits for nobody.
///
/// # Differences from CPython
///
/// CPython does this at the end of every program. Here, a program that does not call this function ends when its `main` returns.
///
/// # Examples
///
/// ```
/// use raddle::thread::Builder;
///
/// fn main() -> std::io::Result<()> {
///     raddle::main(|| {
///         Builder::new().daemon(true).spawn(|| loop { std::thread::park() })?;
///         Builder::new().spawn(|| println!("this is printed"))?;
///         Ok(())
///     })
/// }
/// ```
pub fn main<T>(body: impl FnOnce() -> T) -> T {
    claim_main();
    let _wait = WaitForAll;
    body()
}

/// Who has threads that end only when they are told to.
pub(crate) trait AtExit: Send + Sync {
    /// [`main`] waits for the threads from now on.
    fn exit_begins(&self);
}

/// Has `who` told when [`main`] begins to wait. False if it waits already.
pub(crate) fn at_exit(who: Weak<dyn AtExit>) -> bool {
    let mut exit = EXIT.enter();
    if exit.waiting > 0 {
        return false;
    }
    // Those who are gone make room before more is asked for.
    if exit.told.len() == exit.told.capacity() {
        exit.told.retain(|who| who.strong_count() > 0);
    }
    exit.told.push(who);
    true
}

struct Exit {
    /// How many calls of `main` wait.
    waiting: usize,
    told: Vec<Weak<dyn AtExit>>,
}

impl AfterFork for Exit {
    fn after_fork(&mut self, torn: bool) {
        // Whoever waited is in the parent.
        self.waiting = 0;
        if torn {
            // Not dropped, but forgotten: it may be half changed.
            mem::forget(mem::take(&mut self.told));
        }
    }
}

global! {
    static EXIT: Section<Exit> = Section::new(Exit { waiting: 0, told: Vec::new() });
}

fn tell_all() {
    let told = {
        let mut exit = EXIT.enter();
        exit.waiting += 1;
        mem::take(&mut exit.told)
    };
    told.iter().filter_map(Weak::upgrade).for_each(|who: Arc<dyn AtExit>| who.exit_begins());
}

struct WaitForAll;

impl Drop for WaitForAll {
    fn drop(&mut self) {
        tell_all();
        loop {
            let before = starts();
            if let Some(thread) = any_to_wait_for() {
                // It was started, and is not the current one. What a wait runs on the way, a report of a deadlock for one, may panic, which must not end this.
                quietly(|| _ = thread.join());
            } else if starts() == before {
                // Whom the walk missed was not counted before it. Who started that one was alive then, and has ended by the time the walk came there: so it
                // would be counted now.
                let mut exit = EXIT.enter();
                exit.waiting = exit.waiting.saturating_sub(1);
                drop(exit);
                drop_locals();
                return;
            }
        }
    }
}
