//! Reader-writer locks: a writer alone, readers together, and nobody forgotten, whatever ends the waits of others.

use std::sync::Arc;

use raddle::sync::RawRwLock;
use shuttle::sync::atomic::{AtomicU32, Ordering};

use crate::support::{Patient, below, check, crew, deadline, fickle, join};

const ROUNDS: u32 = 3;
const WRITER: u32 = 100;

#[test]
fn a_writer_is_alone_and_nobody_is_forgotten() {
    check(|| {
        let lock = Arc::new(RawRwLock::new());
        let inside = Arc::new(AtomicU32::new(0));
        let threads = {
            let lock = Arc::clone(&lock);
            crew(5, move |number| {
                for _ in 0..ROUNDS {
                    let deadline = deadline();
                    // Some wait whatever comes, so that somebody is left whom the others must wake.
                    if below(3) == 0 {
                        let taken = match number {
                            0 => lock.write_with(deadline, &mut Patient),
                            _ => lock.write_with(deadline, &mut fickle()),
                        };
                        if taken.is_ok() {
                            assert_eq!(inside.fetch_add(WRITER, Ordering::SeqCst), 0);
                            assert_eq!(inside.fetch_sub(WRITER, Ordering::SeqCst), WRITER);
                            if below(2) == 0 {
                                lock.release_write().unwrap();
                            } else {
                                lock.downgrade().unwrap();
                                assert!(inside.fetch_add(1, Ordering::SeqCst) < WRITER);
                                assert!(inside.fetch_sub(1, Ordering::SeqCst) < WRITER);
                                lock.release_read().unwrap();
                            }
                        }
                    } else {
                        let taken = match number {
                            1 => lock.read_with(deadline, &mut Patient),
                            _ => lock.read_with(deadline, &mut fickle()),
                        };
                        if taken.is_ok() {
                            assert!(inside.fetch_add(1, Ordering::SeqCst) < WRITER);
                            // Again, whoever waits.
                            lock.read();
                            lock.release_read().unwrap();
                            assert!(inside.fetch_sub(1, Ordering::SeqCst) < WRITER);
                            lock.release_read().unwrap();
                        }
                    }
                }
            })
        };
        join(threads);
        assert_eq!((lock.readers(), lock.is_writing(), lock.waiting()), (0, false, 0));
    });
}
