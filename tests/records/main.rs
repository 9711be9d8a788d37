//! Records of choices, through SQLite and through a real PostgreSQL.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod cli;
mod crash;
mod database;
mod postgres;
mod said;
mod slow;
mod suite;
mod trouble;
