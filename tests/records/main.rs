//! Records of choices, through SQLite and through a real PostgreSQL.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "tests, which say what they skip"
)]

mod cli;
mod crash;
mod database;
mod postgres;
mod said;
mod slow;
mod suite;
mod tls;
mod trouble;
