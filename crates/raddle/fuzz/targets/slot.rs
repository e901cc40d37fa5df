//! See `tests/sequences`.

#![no_main]
#![allow(dead_code, reason = "sequences between two threads are not for a fuzzer: they differ from run to run")]

#[path = "../../tests/sequences/bytes.rs"]
mod bytes;
#[path = "../../tests/sequences/interleaving.rs"]
mod interleaving;
#[path = "../../tests/sequences/slot.rs"]
mod slot;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| slot::alone(bytes));
