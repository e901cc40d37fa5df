//! Chapters to read, whatever you come from.

#[doc = include_str!("../docs/from_python.md")]
pub mod from_python {}

#[doc = include_str!("../docs/from_std.md")]
pub mod from_std {}
