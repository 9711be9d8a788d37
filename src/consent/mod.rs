//! Turns a request head into a [`Consent`]: what each signal says of each purpose, and how sure it is.
//!
//! 1. A source that is malformed, oversized or unknown says nothing; it never fails the request.
//! 2. Only the visitor's own act makes a vote [`Basis::Explicit`].
//! 3. Two values of one source combine to the most restrictive; their order does not matter.
//! 4. Only what the operator enabled is read; what is merely there never unlocks anything.

mod cmp;
mod config;
mod cookies;
mod date;
mod gpc;
mod json;
pub mod own;
mod reader;
mod rule;
mod signal;
mod source;
#[cfg(test)]
mod tests;

pub use self::{
    cmp::{Cmp, UnknownCmp},
    config::{Config, Find, Rule},
    date::{Day, NotADay},
    own::{Choice, PolicyVersion},
    reader::Reader,
    signal::{Basis, Consent, Signal, Vote, Votes},
};
