//! Turns the core segment of a TC string into its fields, those that no verdict rests on left out.
//!
//! 1. The fields come in the order and sizes of the TCF's "Core String" table; what is there beyond them is padding.
//! 2. Publisher restrictions are `NumPubRestrictions` (12) times `PurposeId` (6), `RestrictionType` (2) and
//!    `NumEntries` (12) ranges, without `MaxVendorId` and `IsRangeEncoding`.

use super::{
    purposes::Purposes,
    vendors::{Ranges, Vendors},
};
use crate::consent::bits::Bits;

/// The fields of a core segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Core<'s> {
    /// Seconds of the epoch; the string has tenths.
    pub(super) created: i64,
    pub(super) updated: i64,
    pub(super) cmp: u16,
    pub(super) policy: u8,
    pub(super) is_service_specific: bool,
    pub(super) features: u16,
    pub(super) purposes: Purposes,
    pub(super) interests: Purposes,
    pub(super) vendors: Vendors<'s>,
    pub(super) vendor_interests: Vendors<'s>,
    pub(super) restrictions: Restrictions<'s>,
}

/// What the publisher does not let vendors do, read once and found whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Restrictions<'s> {
    bits: Bits<'s>,
    count: u16,
}

/// One purpose that the publisher restricts for some vendors.
#[derive(Clone, Copy, Debug)]
pub(super) struct Restriction<'s> {
    pub(super) purpose: u8,
    pub(super) kind: u8,
    pub(super) vendors: Ranges<'s>,
}

/// The consent of the visitor to the publisher's own use of data.
#[derive(Clone, Copy, Debug)]
pub(super) struct Publisher {
    pub(super) purposes: Purposes,
}

/// `Version`, which says whether the rest can be read at all.
pub(super) fn version(bits: &Bits<'_>) -> Option<u8> {
    let mut bits = *bits;
    bits.take(6).and_then(|version| u8::try_from(version).ok())
}

impl<'s> Core<'s> {
    pub(super) fn read(mut bits: Bits<'s>) -> Option<Self> {
        let bits = &mut bits;
        // Version, which was looked at before.
        bits.skip(6)?;
        let (created, updated) = (seconds(bits)?, seconds(bits)?);
        let cmp = bits.number(12)?;
        // CmpVersion, ConsentScreen, ConsentLanguage, VendorListVersion.
        bits.skip(12 + 6 + 12 + 12)?;
        let (policy, is_service_specific) = (small(bits)?, bits.flag()?);
        // UseNonStandardTexts.
        bits.skip(1)?;
        let features = bits.number(12)?;
        let (purposes, interests) = (purposes(bits)?, purposes(bits)?);
        // PurposeOneTreatment and PublisherCC: storage is asked for whatever they say.
        bits.skip(1 + 12)?;
        let (vendors, vendor_interests) = (Vendors::read(bits)?, Vendors::read(bits)?);
        let restrictions = Restrictions::read(bits)?;
        Some(Self {
            created,
            updated,
            cmp,
            policy,
            is_service_specific,
            features,
            purposes,
            interests,
            vendors,
            vendor_interests,
            restrictions,
        })
    }
}

impl<'s> Restrictions<'s> {
    fn read(bits: &mut Bits<'s>) -> Option<Self> {
        let count = bits.number(12)?;
        let restrictions = Self { bits: *bits, count };
        for _ in 0..count {
            Restriction::read(bits)?;
        }
        Some(restrictions)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Restriction<'s>> {
        let mut bits = self.bits;
        (0..self.count).map_while(move |_| Restriction::read(&mut bits))
    }
}

impl<'s> Restriction<'s> {
    fn read(bits: &mut Bits<'s>) -> Option<Self> {
        let (purpose, kind) = (small(bits)?, bits.take(2)?);
        let vendors = Ranges::read(bits, u16::MAX)?;
        Some(Self { purpose, kind: u8::try_from(kind).ok()?, vendors })
    }

    /// Whether it takes the purpose's consent from its vendors: 0 forbids, 2 wants another basis, 3 is undefined. Type 1
    /// wants consent, which is the only basis that counts here anyway.
    pub(super) const fn forbids_consent(&self) -> bool {
        self.kind != 1
    }
}

impl Publisher {
    /// What follows the segment's type.
    pub(super) fn read(mut bits: Bits<'_>) -> Option<Self> {
        let purposes = purposes(&mut bits)?;
        bits.skip(24)?;
        let custom = bits.number(6)?;
        bits.skip(usize::from(custom) * 2)?;
        Some(Self { purposes })
    }
}

fn small(bits: &mut Bits<'_>) -> Option<u8> {
    bits.take(6).and_then(|number| u8::try_from(number).ok())
}

fn seconds(bits: &mut Bits<'_>) -> Option<i64> {
    bits.take(36).and_then(|tenths| i64::try_from(tenths / 10).ok())
}

fn purposes(bits: &mut Bits<'_>) -> Option<Purposes> {
    bits.take(24).map(Purposes::from_bits)
}
