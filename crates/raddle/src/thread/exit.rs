//! The end of the process: who is waited for.

use super::registry::any_to_wait_for;
use crate::park::{claim_main, drop_locals, quietly, starts};

/// Calls `body`, then waits for the end of all threads that are not daemons, also of those that are started meanwhile, and returns what
/// `body` has returned.
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

struct WaitForAll;

impl Drop for WaitForAll {
    fn drop(&mut self) {
        loop {
            let before = starts();
            if let Some(thread) = any_to_wait_for() {
                // It was started, and is not the current one. What a wait runs on the way, a report of a deadlock for one, may panic, which must not end this.
                quietly(|| _ = thread.join());
            } else if starts() == before {
                // Whom the walk missed was not counted before it. Who started that one was alive then, and has ended by the time the walk came there: so it
                // would be counted now.
                drop_locals();
                return;
            }
        }
    }
}
