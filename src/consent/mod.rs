//! Turns a request head into a [`Consent`]: what each signal says of each purpose, and how sure it is.
//!
//! 1. A source that is malformed, oversized or unknown says nothing; it never fails the request.
//! 2. Only the visitor's own act makes a vote [`Basis::Explicit`].
//! 3. Two values of one source combine to the most restrictive; their order does not matter.
//! 4. A string of the IAB's frameworks speaks of vendors too: what it says of those of the catalogue goes with the consent.
//! 5. A choice on our own banner speaks of the vendors that were named there, where these are known ([`VendorLists`]).
//! 6. Only what the operator enabled is read; what is merely there never unlocks anything.

pub mod ac;
mod bits;
mod cmp;
mod config;
mod cookies;
mod date;
mod gpc;
pub mod gpp;
mod held;
mod iab;
mod json;
pub mod managers;
pub mod mirror;
pub mod own;
mod reader;
mod rule;
mod signal;
mod source;
pub mod tcf;
#[cfg(test)]
mod tests;
mod told;
mod traces;
mod usprivacy;

pub use self::{
    cmp::{Cmp, UnknownCmp, conventions},
    config::{Config, Find, Rule},
    date::{Day, NotADay},
    held::{Held, OwnCookie, Receipt, Signature},
    iab::Iab,
    managers::{Managers, Watch},
    own::{Choice, LASTS, PolicyVersion, Terms},
    reader::Reader,
    signal::{Basis, Consent, Signal, Vote, Votes},
    told::{VendorList, VendorLists},
};
