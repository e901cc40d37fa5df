//! A few futures and their promises, and what has become of each.

use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use raddle::futures::{
    Ending, Future, FutureError, Promise, ResultError, ReturnWhen, as_completed, promise, wait_timeout,
};

use crate::bytes::Bytes;

const FUTURES: u8 = 3;

/// Which callback of which future was called, and with what.
type Calls = Vec<(usize, u8, Ending)>;

struct Pair {
    promise: Option<Promise<u8>>,
    future: Option<Future<u8>>,
    expected: Expected,
}

/// The model of one future.
struct Expected {
    has_begun: bool,
    ending: Option<Ending>,
    result: u8,
    callbacks: Vec<u8>,
}

pub(crate) fn alone(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let calls = Arc::new(Mutex::new(Calls::new()));
    let mut expected_calls = Calls::new();
    let mut pairs: Vec<Pair> = (0..FUTURES).map(|_| Pair::new()).collect();
    let mut done = Vec::new();
    while let (Some(choice), Some(which), Some(value)) = (bytes.below(14), bytes.below(FUTURES), bytes.next()) {
        done.push((choice, which, value));
        let which = usize::from(which);
        match choice {
            11 => check_wait(&mut pairs, ReturnWhen::AllCompleted),
            12 => check_wait(&mut pairs, ReturnWhen::FirstCompleted),
            13 => check_as_completed(&mut pairs),
            _ => pairs[which].step(choice, value, which, &calls, &mut expected_calls),
        }
        for pair in &pairs {
            pair.look(&done);
        }
        assert_eq!(*calls.lock().unwrap(), expected_calls, "after {done:?}");
    }
    // Promises that are left break their futures.
    for (which, mut pair) in pairs.into_iter().enumerate() {
        drop(pair.promise.take());
        pair.expected.end(Ending::Broken, which, &mut expected_calls);
        pair.look(&done);
    }
    assert_eq!(*calls.lock().unwrap(), expected_calls, "at the end of {done:?}");
}

impl Pair {
    fn new() -> Self {
        let (promise, future) = promise();
        let expected = Expected { has_begun: false, ending: None, result: 0, callbacks: Vec::new() };
        Self { promise: Some(promise), future: Some(future), expected }
    }

    /// One step with this pair.
    fn step(&mut self, choice: u8, value: u8, which: usize, calls: &Arc<Mutex<Calls>>, expected_calls: &mut Calls) {
        let Self { promise, future, expected } = self;
        match (choice, promise.take(), future.take()) {
            (0..2, Some(own), rest) => {
                assert_eq!(own.begin(), expected.ending.is_none());
                expected.has_begun |= expected.ending.is_none();
                (*promise, *future) = (Some(own), rest);
            }
            (2, Some(own), rest) => {
                assert_eq!(own.finish(value), if expected.ending.is_some() { Err(value) } else { Ok(()) });
                expected.finish(value, which, expected_calls);
                *future = rest;
            }
            (3, Some(own), rest) => {
                own.run(|| value);
                expected.finish(value, which, expected_calls);
                *future = rest;
            }
            (4, Some(own), rest) => {
                // Without the report of the panic hook.
                own.run(|| resume_unwind(Box::new(value)));
                expected.end(Ending::Panicked, which, expected_calls);
                *future = rest;
            }
            (5, Some(own), rest) => {
                drop(own);
                expected.end(Ending::Broken, which, expected_calls);
                *future = rest;
            }
            (6, rest, Some(own)) => {
                let cancels =
                    if expected.has_begun { false } else { matches!(expected.ending, None | Some(Ending::Cancelled)) };
                assert_eq!(own.cancel(), cancels);
                if cancels {
                    expected.end(Ending::Cancelled, which, expected_calls);
                }
                (*promise, *future) = (rest, Some(own));
            }
            (7..9, rest, Some(own)) => {
                let calls = Arc::clone(calls);
                own.add_done_callback(move |ending| calls.lock().unwrap().push((which, value, ending)));
                match expected.ending {
                    Some(ending) => expected_calls.push((which, value, ending)),
                    None => expected.callbacks.push(value),
                }
                (*promise, *future) = (rest, Some(own));
            }
            (9, rest, Some(own)) => {
                *future = expected.check_result(own.try_result());
                *promise = rest;
            }
            (10, rest, Some(own)) => {
                *future = expected.check_result(own.result_timeout(Duration::ZERO));
                *promise = rest;
            }
            (_, rest, own) => (*promise, *future) = (rest, own),
        }
    }

    /// What the future and the promise say of themselves.
    fn look(&self, done: &[(u8, u8, u8)]) {
        let expected = &self.expected;
        if let Some(promise) = &self.promise {
            assert_eq!(promise.is_cancelled(), expected.ending == Some(Ending::Cancelled), "after {done:?}");
        }
        if let Some(future) = &self.future {
            assert_eq!(future.ending(), expected.ending, "after {done:?}");
            assert_eq!(future.is_done(), expected.ending.is_some(), "after {done:?}");
            assert_eq!(future.is_running(), expected.ending.is_none() && expected.has_begun, "after {done:?}");
            assert_eq!(future.is_cancelled(), expected.ending == Some(Ending::Cancelled), "after {done:?}");
            assert_eq!(future.wait_timeout(Duration::ZERO).is_ok(), expected.ending.is_some(), "after {done:?}");
            let peeked = expected
                .ending
                .map(|ending| if ending == Ending::Finished { Ok(&expected.result) } else { Err(ending) });
            assert_eq!(future.peek(), peeked, "after {done:?}");
        }
    }
}

impl Expected {
    fn finish(&mut self, result: u8, which: usize, calls: &mut Calls) {
        if self.ending.is_none() {
            self.result = result;
        }
        self.end(Ending::Finished, which, calls);
    }

    fn end(&mut self, ending: Ending, which: usize, calls: &mut Calls) {
        if self.ending.is_none() {
            self.ending = Some(ending);
            calls.extend(self.callbacks.drain(..).map(|callback| (which, callback, ending)));
        }
    }

    /// The future, if it comes back.
    fn check_result(&self, result: Result<u8, ResultError<u8>>) -> Option<Future<u8>> {
        let (ending, future) = match result {
            Ok(result) => {
                assert_eq!(result, self.result);
                (Some(Ending::Finished), None)
            }
            Err(ResultError::TimedOut(future)) => (None, Some(future)),
            Err(ResultError::Failed(FutureError::Panicked(_))) => (Some(Ending::Panicked), None),
            Err(ResultError::Failed(FutureError::Cancelled)) => (Some(Ending::Cancelled), None),
            Err(ResultError::Failed(FutureError::Broken)) => (Some(Ending::Broken), None),
            Err(other) => panic!("{other:?}"),
        };
        assert_eq!(ending, self.ending);
        future
    }
}

/// Waits for no time at all: both parts are in the order of the futures.
fn check_wait(pairs: &mut [Pair], until: ReturnWhen) {
    let (owners, futures) = take(pairs);
    let waited = wait_timeout(futures, until, Duration::ZERO);
    give_back(pairs, &owners, waited.done, waited.pending);
}

/// Those that are done come, and no others.
fn check_as_completed(pairs: &mut [Pair]) {
    let (owners, futures) = take(pairs);
    let mut completed = as_completed(futures);
    let done: Vec<_> = std::iter::from_fn(|| completed.try_next().ok()).collect();
    give_back(pairs, &owners, done, completed.into_rest());
}

/// The futures that are there, and whose they are.
fn take(pairs: &mut [Pair]) -> (Vec<usize>, Vec<Future<u8>>) {
    pairs.iter_mut().enumerate().filter_map(|(which, pair)| Some((which, pair.future.take()?))).unzip()
}

/// Those that are done go to the owners whose future should be, in their order; the others to the others. That they are the right ones is seen by their looks.
fn give_back(pairs: &mut [Pair], owners: &[usize], done: Vec<Future<u8>>, pending: Vec<Future<u8>>) {
    for (is_done, futures) in [(true, done), (false, pending)] {
        let of_these: Vec<_> =
            owners.iter().filter(|which| pairs[**which].expected.ending.is_some() == is_done).copied().collect();
        assert_eq!(of_these.len(), futures.len());
        for (which, future) in of_these.into_iter().zip(futures) {
            pairs[which].future = Some(future);
        }
    }
}
