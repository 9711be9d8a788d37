//! Turns a vendor section of a TC string into answers to "is this vendor in it", without ever listing who is.
//!
//! 1. A section is `MaxVendorId` (16), `IsRangeEncoding` (1), and then one bit for each vendor or `NumEntries` (12) ranges
//!    (TCF "Consent string and vendor list formats v2", "Vendor Consents").
//! 2. A range is `IsARange` (1), `StartVendorId` (16) and, for a range, `EndVendorId` (16). It begins at 1 or above, does not
//!    end before it begins, and in a section does not go past `MaxVendorId`.
//! 3. An entry costs its bits and no more: what it claims to span is compared, never expanded. Work is linear in the
//!    section's bytes, whatever they say.

use crate::consent::bits::Bits;
use std::ops::RangeInclusive;

/// Who is in a section.
#[derive(Clone, Copy, Debug)]
pub(super) enum Vendors<'s> {
    /// One bit for each vendor from 1 on.
    Field { bits: Bits<'s>, max: u16 },
    /// Ranges.
    Ranges(Ranges<'s>),
}

/// Ranges of vendors that have been read once and found whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ranges<'s> {
    bits: Bits<'s>,
    entries: u16,
}

impl<'s> Vendors<'s> {
    /// The section that begins at `bits`, which are left behind it.
    pub(super) fn read(bits: &mut Bits<'s>) -> Option<Self> {
        let max = bits.number(16)?;
        if bits.flag()? {
            return Ranges::read(bits, max).map(Self::Ranges);
        }
        let field = Self::Field { bits: *bits, max };
        bits.skip(usize::from(max))?;
        Some(field)
    }

    /// Whether `vendor` is in the section.
    pub(super) fn contains(&self, vendor: u16) -> bool {
        match self {
            Self::Field { bits, max } => {
                (1..=*max).contains(&vendor) && bits.is_set(usize::from(vendor) - 1)
            }
            Self::Ranges(ranges) => ranges.iter().any(|range| range.contains(&vendor)),
        }
    }

    /// Calls `found` with each of the items whose vendor is in the section, perhaps more than once; `items` are in the
    /// order of the vendors that `id` gives.
    pub(super) fn each<T>(&self, items: &mut [T], id: impl Fn(&T) -> u16, found: impl Fn(&mut T)) {
        match self {
            Self::Field { .. } => {
                items.iter_mut().filter(|item| self.contains(id(item))).for_each(found);
            }
            Self::Ranges(ranges) => ranges.each(items, id, found),
        }
    }
}

impl<'s> Ranges<'s> {
    /// `NumEntries` and the ranges, none of which goes past `max`.
    pub(super) fn read(bits: &mut Bits<'s>, max: u16) -> Option<Self> {
        let entries = bits.number(12)?;
        let ranges = Self { bits: *bits, entries };
        for _ in 0..entries {
            let range = range(bits)?;
            if *range.start() == 0 || range.is_empty() || *range.end() > max {
                return None;
            }
        }
        Some(ranges)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = RangeInclusive<u16>> {
        let mut bits = self.bits;
        (0..self.entries).map_while(move |_| range(&mut bits))
    }

    /// As [`Vendors::each`].
    pub(super) fn each<T>(&self, items: &mut [T], id: impl Fn(&T) -> u16, found: impl Fn(&mut T)) {
        for range in self.iter() {
            let before = items.partition_point(|item| id(item) < *range.start());
            let (_, rest) = items.split_at_mut_checked(before).unwrap_or_default();
            rest.iter_mut().take_while(|item| id(item) <= *range.end()).for_each(&found);
        }
    }
}

fn range(bits: &mut Bits<'_>) -> Option<RangeInclusive<u16>> {
    // NOTE: fast path. The flag and the first id come as one number.
    let entry = bits.take(17)?;
    let start = u16::try_from(entry & 0xffff).ok()?;
    let end = if entry >> 16 == 1 { bits.number(16)? } else { start };
    Some(start..=end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    /// `parts` as (number, bits) in base64url.
    fn text(parts: &[(u32, u32)]) -> String {
        let bit = |(number, count): &(u32, u32)| {
            let (number, count) = (*number, *count);
            (0..count).rev().map(move |i| number >> i & 1)
        };
        let bits: Vec<u32> = parts.iter().flat_map(bit).collect();
        let letter = |six: &[u32]| {
            let value = six.iter().fold(0, |all, bit| all << 1 | bit) << (6 - six.len());
            char::from(LETTERS[value as usize])
        };
        bits.chunks(6).map(letter).collect()
    }

    fn members(parts: &[(u32, u32)]) -> Option<Vec<u16>> {
        let text = text(parts);
        let vendors = Vendors::read(&mut Bits::new(&text).unwrap())?;
        let alone: Vec<u16> = (0..=600).filter(|id| vendors.contains(*id)).collect();
        let mut items: Vec<(u16, bool)> = (0..=600).map(|id| (id, false)).collect();
        vendors.each(&mut items, |item| item.0, |item| item.1 = true);
        let together: Vec<u16> = items.iter().filter(|item| item.1).map(|item| item.0).collect();
        assert_eq!(alone, together);
        Some(alone)
    }

    #[test]
    fn fields_and_ranges_say_who_is_in_them() {
        assert_eq!(members(&[(0, 16), (0, 1)]), Some(vec![]));
        assert_eq!(members(&[(5, 16), (0, 1), (0b10011, 5)]), Some(vec![1, 4, 5]));
        assert_eq!(members(&[(5, 16), (0, 1), (0b1001, 4)]), Some(vec![1, 4]), "padding is zeros");
        assert_eq!(members(&[(99, 16), (0, 1), (0b1001, 4)]), None);
        let one = [(500, 16), (1, 1), (2, 12), (0, 1), (9, 16), (1, 1), (499, 16), (500, 16)];
        assert_eq!(members(&one), Some(vec![9, 499, 500]));
        assert_eq!(members(&[(500, 16), (1, 1), (2, 12), (0, 1), (9, 16), (1, 1)]), None);
    }

    #[test]
    fn a_range_that_is_none_makes_the_section_malformed() {
        let section =
            |start, end| members(&[(9, 16), (1, 1), (1, 12), (1, 1), (start, 16), (end, 16)]);
        assert_eq!(section(1, 9).map(|ids| ids.len()), Some(9));
        assert_eq!(section(4, 4), Some(vec![4]));
        for (start, end) in [(0, 4), (5, 4), (1, 10), (65_535, 65_535)] {
            assert_eq!(section(start, end), None, "{start} to {end}");
        }
    }
}
