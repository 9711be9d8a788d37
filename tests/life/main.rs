//! What an operator does while the program runs: it is read again, told to end, and replaced.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod end;
mod handover;
mod program;
mod reload;
