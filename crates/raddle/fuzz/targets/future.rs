//! See `tests/sequences`.

#![no_main]

#[path = "../../tests/sequences/bytes.rs"]
mod bytes;
#[path = "../../tests/sequences/future.rs"]
mod future;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| future::alone(bytes));
