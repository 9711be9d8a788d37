//! Turns a TCF Canada section into whether the visitor refused advertising.
//!
//! 1. The core segment holds the purposes with express consent at bit 151 and those with implied consent at bit 175, 24 bits
//!    each (IAB Canada "TCF v2 for Canada", "Core Segment").
//! 2. A purpose of advertising, as TCF counts them by default, with neither is refused; what cannot be read is too.
//! 3. Nothing in it allows anything: implied consent is no act, and its vendors are of another list.

use crate::{
    consent::{
        bits::Bits,
        tcf::{Purposes, Uses},
    },
    purpose::Purpose,
};

/// Whether the section `text` refuses advertising.
pub(super) fn refuses(text: &str) -> bool {
    !purposes(text).is_some_and(|purposes| Uses::DEFAULT.are_met_by(purposes, Purpose::Marketing))
}

/// The purposes with consent of either kind.
fn purposes(text: &str) -> Option<Purposes> {
    let mut core = text.split('.').next().and_then(Bits::new)?;
    let version = core.take(6)?;
    core.skip(151 - 6)?;
    let express = Purposes::from_bits(core.take(24)?);
    let implied = Purposes::from_bits(core.take(24)?);
    matches!(version, 1 | 2).then(|| express.or(implied))
}
