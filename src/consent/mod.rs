//! Turns a request head into a [`Consent`]: what each signal says of each purpose, and how sure it is.
//!
//! 1. A source that is malformed, oversized or unknown says nothing; it never fails the request.
//! 2. Only the visitor's own act makes a vote [`Basis::Explicit`].
//! 3. Two values of one source combine to the most restrictive.

mod config;
mod signal;

pub use self::config::{Cmp, Config, Find, Rule};
pub use self::signal::{Basis, Consent, Signal, Vote, Votes};
