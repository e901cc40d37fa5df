//! One test binary, one file a primitive.

mod smoke;
