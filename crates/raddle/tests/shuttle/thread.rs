//! Threads: whoever joins one is told of its end once it has come, and who leaves waits for those that matter.
//!
//! What these tests have been seen to catch: a start that is counted before it can be seen; an end that forgets those who wait for it; a wait that does not look again inside; an end that is told before
//! the outcome is there.

use std::panic::resume_unwind;
use std::sync::Arc;

use raddle::thread::{Builder, JoinError, JoinHandle, NotJoined, ThreadState, enumerate};
use shuttle::sync::atomic::{AtomicU32, Ordering};
use shuttle::thread;

use crate::support::{Patient, below, check, crew, deadline, fickle, join};

/// Tries again whatever ends the wait.
fn join_at_last<T>(mut handle: JoinHandle<T>) -> Result<T, u32> {
    loop {
        match handle.join_with(deadline(), &mut fickle()) {
            Ok(value) => return Ok(value),
            Err(JoinError::Panicked(payload)) => return Err(*payload.downcast().unwrap()),
            Err(JoinError::NotJoined(NotJoined::TimedOut | NotJoined::Aborted, back)) => handle = back,
            Err(error) => panic!("{error}"),
        }
        thread::yield_now();
    }
}

/// Several wait for each thread, and see that it has ended; one has what it brings back, be it a panic.
#[test]
fn an_end_reaches_all_who_wait_for_it() {
    check(|| {
        let handles: Vec<_> = (0..3)
            .map(|number| {
                let task = move || if number == 0 { resume_unwind(Box::new(7_u32)) } else { number };
                let builder = Builder::new().name(format!("worker {number}"));
                if below(2) == 0 {
                    builder.spawn(task).unwrap()
                } else {
                    let mut handle = builder.build(task);
                    handle.start().unwrap();
                    handle
                }
            })
            .collect();
        let threads: Vec<_> = handles.iter().map(|handle| handle.thread().clone()).collect();
        let waiting = crew(3, move |_| {
            for thread in &threads {
                let ended = thread.join_with(deadline(), &mut fickle());
                assert!(ended.is_ok() || matches!(ended, Err(NotJoined::TimedOut | NotJoined::Aborted)));
                thread.join_with(raddle::park::Deadline::NEVER, &mut Patient).unwrap();
                assert_eq!((thread.state(), thread.is_alive()), (ThreadState::Terminated, false));
            }
        });
        let outcomes: Vec<_> = handles.into_iter().map(join_at_last).collect();
        assert_eq!(outcomes, [Err(7), Ok(1), Ok(2)]);
        join(waiting);
        assert_eq!(enumerate().len(), 1);
    });
}

/// Threads start threads, and nobody keeps the handles.
#[test]
fn who_leaves_waits_for_all_but_daemons() {
    fn start(generations: u32, lived: &Arc<AtomicU32>) {
        for _ in 0..generations {
            let own = Arc::clone(lived);
            let task = move || {
                start(generations - 1, &own);
                own.fetch_add(1, Ordering::SeqCst);
            };
            Builder::new().daemon(false).spawn(task).unwrap();
        }
    }

    check(|| {
        let lived = Arc::new(AtomicU32::new(0));
        let stop = Arc::new(raddle::sync::Event::new());
        raddle::main(|| {
            start(2, &lived);
            let stop = Arc::clone(&stop);
            Builder::new().daemon(true).spawn(move || stop.wait()).unwrap();
        });
        // Two, and one of each of them.
        assert_eq!(lived.load(Ordering::SeqCst), 4);
        stop.set();
    });
}
