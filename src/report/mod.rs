//! Turns what browsers report of content security policies into counts of whom pages contact.
//!
//! 1. A report comes from anybody: what cannot be read is refused, and everything that is kept is bounded.
//! 2. Of a report no more is kept than the page's path without a query, the registrable domain of who was contacted, the directive and
//!    whether the policy held. Visitors' addresses, samples of scripts, referrers and whole URLs are not.

mod read;
mod tally;

pub use self::{
    read::{LONGEST, MOST, Unread, Violation, read},
    tally::{Bounds, Contact, Noted, Tally, Whose},
};
