//! Turns (consent, regime, vendor) into a [`Decision`].
//!
//! 1. The visitor's consent is ruled on once per request; what is decided for a URL only looks the ruling up.
//! 2. Nothing but a ruling makes a [`Permit`], and nothing is forwarded without one.

pub mod csp;
mod front;
mod gate;
mod permit;
mod reason;
mod region;
mod ruling;
#[cfg(test)]
mod tests;

pub use self::front::Front;
pub use self::gate::{Finding, Gate, Judged, Place, Route};
pub use self::permit::Permit;
pub use self::reason::Reason;
pub use self::region::{Location, NotARegion, Region, Regions};
pub use self::ruling::{Decision, Grant, Mode, Policy, Regime, Ruling, Tcf, Verdict};
