//! Turns a TC string of IAB Europe's Transparency and Consent Framework into which vendors the visitor lets do what.
//!
//! A string gives no consent when (TCF v2.2 of May 2023 with the amendments of v2.3):
//!
//! 1. It is longer than 4096 bytes, or not base64url.
//! 2. `Version` is not 2.
//! 3. A field runs past the end of its segment, or a range is none.
//! 4. `IsServiceSpecific` is 0: such a string is to be considered invalid.
//! 5. `TcfPolicyVersion` is under 4: consent under TCF 2.0 did not keep the rules of 2.2.
//! 6. It was last updated longer ago than the operator's limit, or it is more than a day from the future.
//! 7. It was created on or after 2026-03-01 and has no segment of disclosed vendors (TCF 2.3).
//!
//! What counts in the others:
//!
//! 8. Consent alone unlocks; legitimate interest, which 2.2 forbids for purposes 3 to 6, is read and never counts.
//! 9. `PurposeOneTreatment` waives nothing: storage needs consent.
//! 10. For all vendors together, a string says yes to a use of data when it has the purposes that the use takes, and no
//!     when it has not. It says nothing of what is functional, for which the framework has no purpose.

mod answer;
mod core;
mod purposes;
mod string;
#[cfg(test)]
mod tests;
mod vendors;

use self::answer::Listed;
pub use self::{
    answer::{Answer, Withheld},
    purposes::{Purposes, Use, Uses},
    string::{Refused, TcString},
};
use super::{
    date::Clock,
    signal::{Vote, Votes},
    source::Said,
};
use crate::purpose::Purpose;
use std::sync::Arc;

/// What TC strings are asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// About these vendors, by their sorted ids in the Global Vendor List.
    pub(super) vendors: Arc<[u16]>,
    /// Where data is used so.
    pub(super) uses: Uses,
}

/// What one TC string says, and what it answers where it counts; `None` for what is no TC string.
pub(super) fn read(text: &str, clock: Clock, asked: &Asked) -> Option<(Said, Option<Answer>)> {
    let string = match TcString::parse(text) {
        Ok(string) => string,
        Err(Refused::Alphabet) => return None,
        Err(refused) => return Some((Said::nothing(refused.to_string()), None)),
    };
    if let Err(refused) = string.refusal(clock) {
        return Some((Said::nothing(refused.to_string()), None));
    }
    let votes = votes(string.purposes(), &asked.uses);
    Some((Said::explicit(votes, "a TC string"), Some(string.answer(&asked.vendors, asked.uses))))
}

/// Rule 10.
fn votes(purposes: Purposes, uses: &Uses) -> Votes {
    Votes::from_fn(|purpose| match purpose {
        Purpose::Marketing | Purpose::Analytics => Vote::of(uses.are_met_by(purposes, purpose)),
        Purpose::Functional | Purpose::Necessary => Vote::Silent,
    })
}
