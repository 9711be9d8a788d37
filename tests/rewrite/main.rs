//! The rewriter against hostile pages, and against an independent parser of what leaves it.
#![expect(clippy::unwrap_used, reason = "tests")]

mod hostile;
#[path = "../page/mod.rs"]
mod page;
mod safety;
