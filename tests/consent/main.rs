//! Strings of the IAB's frameworks against what others decode them to, and against anything at all.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a failed read is a failed test, and a skipped test says so"
)]

mod differential;
mod hostile;
mod naive;
mod truth;
mod vectors;
