//! Turns (consent, regime, vendor) into a [`Decision`].

pub mod csp;
mod gate;
mod ruling;

pub use self::gate::{Finding, Gate, Judged, Place};
pub use self::ruling::{Decision, Grant, Mode, Policy, Regime, Ruling, Verdict};
