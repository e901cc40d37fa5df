//! Random sequences of operations on queues, slots and futures, beside a model that says what each must return.
//!
//! A sequence is a few bytes: here they come from a seed that each run prints (`RADDLE_SEQUENCES_SEED` repeats it, `RADDLE_SEQUENCES` says how many there
//! are of each kind), under `make fuzz` from libFuzzer, which looks for those that reach new code. In the first kind one thread does them all. In the second
//! two threads do them at the same time, and what they got must be what *some* order of the operations gives, in which each thread's are in their order.
//! That kind is not for a fuzzer, which keeps a sequence for the code that it reached and blames it for what it did: the same sequence does another thing the next time.
//! Nor is there one of futures: a future has one owner, and what two threads can do to one at the same time is what they do to its slot.
//!
//! What these have been seen to catch: a `shutdown_now` that does not count its items as done; a `get` that looks for the shut-down before the items; a full
//! queue that takes one more; a `cancel` that does not look whether the work has begun; callbacks in another order than they were added in.

#![allow(clippy::missing_panics_doc, reason = "tests panic")]
#![allow(clippy::print_stdout, reason = "the seed is for whoever repeats the run")]

mod bytes;
mod future;
mod interleaving;
mod queue;
mod slot;

/// Runs a check on many sequences.
fn with_random_bytes(check: impl Fn(&[u8])) {
    let number = |name| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
    let seed = number("RADDLE_SEQUENCES_SEED")
        .unwrap_or_else(|| u64::from(std::process::id()).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    println!("RADDLE_SEQUENCES_SEED={seed}");
    let mut state = seed | 1;
    for _ in 0..number("RADDLE_SEQUENCES").unwrap_or(3000) {
        let bytes: Vec<u8> = (0..64)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 24).to_le_bytes()[0]
            })
            .collect();
        check(&bytes);
    }
}

#[test]
fn queues_do_what_the_model_says() {
    with_random_bytes(queue::alone);
}

#[test]
fn queues_between_two_threads_do_what_some_order_explains() {
    with_random_bytes(queue::together);
}

#[test]
fn slots_do_what_the_model_says() {
    with_random_bytes(slot::alone);
}

#[test]
fn slots_between_two_threads_do_what_some_order_explains() {
    with_random_bytes(slot::together);
}

#[test]
fn futures_do_what_the_model_says() {
    with_random_bytes(future::alone);
}

/// The test of the test: outcomes that no order gives are refused.
#[test]
fn what_no_order_explains_is_found() {
    #[derive(Clone)]
    struct Counter(u32);

    impl interleaving::Model for Counter {
        type Step = ();
        type Outcome = u32;

        fn apply(&mut self, (): ()) -> u32 {
            self.0 += 1;
            self.0
        }
    }

    assert!(interleaving::is_explained(&Counter(0), [&[((), 1), ((), 3)], &[((), 2)]]));
    assert!(!interleaving::is_explained(&Counter(0), [&[((), 1)], &[((), 1)]]));
    assert!(!interleaving::is_explained(&Counter(0), [&[((), 2), ((), 1)], &[]]));
}
