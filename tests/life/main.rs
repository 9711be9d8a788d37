//! What an operator does while the program runs: it is read again, told to end, and replaced.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod end;
mod handover;
mod nodes;
#[path = "../records/postgres.rs"]
#[expect(dead_code, reason = "it is another test's, who takes it down too")]
mod postgres;
mod program;
mod reload;
mod soak;
