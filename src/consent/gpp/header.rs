//! Turns the header of a GPP string into the ids of its sections, in the order in which the sections follow.
//!
//! 1. The header is Type (6) = 3, Version (6) = 1 and a Fibonacci range of section ids (IAB "GPP Consent String
//!    Specification", "Header").
//! 2. The range is a count (12) of items: a bit that tells a group from a single id, the distance from the last id as a
//!    Fibonacci number, and for a group the distance from its first to its last.
//! 3. Ids rise, and there are as many as there are sections; a group is counted, never expanded past them.

use crate::consent::bits::Bits;
use std::ops::RangeInclusive;

/// The section ids of a header that was read once and found whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ids<'s> {
    bits: Bits<'s>,
    items: u16,
}

const TYPE: u64 = 3;
const VERSION: u64 = 1;

impl<'s> Ids<'s> {
    /// The ids that the header `text` lists, where there are `sections` of them.
    pub(super) fn read(text: &'s str, sections: usize) -> Option<Self> {
        let mut bits = Bits::new(text)?;
        if bits.take(6)? != TYPE || bits.take(6)? != VERSION {
            return None;
        }
        let items = bits.number(12)?;
        let ids = Self { bits, items };
        let groups = ids.groups().map(|group| group.map(|ids| ids.len()));
        let total = groups.sum::<Option<usize>>()?;
        (total == sections).then_some(ids)
    }

    pub(super) fn iter(self) -> impl Iterator<Item = u16> {
        self.groups().flatten().flatten()
    }

    /// The items as ranges; `None` in the place of one that is cut off or goes past the largest id.
    fn groups(self) -> impl Iterator<Item = Option<RangeInclusive<u16>>> {
        let Self { mut bits, items } = self;
        let mut last: u16 = 0;
        (0..items).map(move |_| {
            let is_group = bits.flag()?;
            let first = last.checked_add(fibonacci(&mut bits)?)?;
            last = if is_group { first.checked_add(fibonacci(&mut bits)?)? } else { first };
            Some(first..=last)
        })
    }
}

/// A Fibonacci number: bits for 1, 2, 3, 5, 8 and so on, ended by two ones in a row, of which the second adds nothing.
fn fibonacci(bits: &mut Bits<'_>) -> Option<u16> {
    let (mut sum, mut weight, mut next) = (0_u16, 1_u16, 2_u16);
    let mut before = false;
    loop {
        let bit = bits.flag()?;
        if bit && before {
            return Some(sum);
        }
        if bit {
            sum = sum.checked_add(weight)?;
        }
        // A weight past the largest id can only be left out.
        (weight, next) = (next, weight.checked_add(next)?);
        before = bit;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str, sections: usize) -> Option<Vec<u16>> {
        Ids::read(text, sections).map(|ids| ids.iter().collect())
    }

    #[test]
    fn headers_as_the_specification_shows_them() {
        for (text, expected) in [
            ("DBABMA", &[2][..]),
            ("DBABM", &[2]),
            ("DBACNY", &[2, 6]),
            ("DBABjw", &[5, 6]),
            ("DBAA", &[]),
            ("DBABBg", &[8]),
        ] {
            assert_eq!(ids(text, expected.len()).as_deref(), Some(expected), "{text}");
            assert_eq!(ids(text, expected.len() + 1), None, "{text}");
        }
        for strange in ["", "D", "DB", "DBAB", "DCABMA", "CBABMA", "DBABMA=", "DBABAA", "DBP_MA"] {
            assert_eq!(ids(strange, 1), None, "{strange}");
        }
    }

    #[test]
    fn a_group_of_all_ids_is_not_expanded() {
        // A group from 1 on whose length is a long row of zeros and two ones.
        let bits =
            "000011".to_owned() + "000001" + "000000000001" + "1" + "11" + "0000000000000000000011";
        let value = |six: &str| u8::from_str_radix(six, 2).unwrap();
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let padded = format!("{bits:0<60}");
        let six = (0..10).map(|i| &padded[i * 6..i * 6 + 6]);
        let text: String = six.map(|six| char::from(letters[usize::from(value(six))])).collect();
        assert_eq!(ids(&text, 1), None);
        let start = std::time::Instant::now();
        assert_eq!(ids(&text, 10_947), None);
        assert!(start.elapsed().as_millis() < 50);
    }
}
