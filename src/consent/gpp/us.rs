//! Turns a section of a US state, or the national one, into whether the visitor opted out.
//!
//! 1. The core segment begins with the version (6 bits) and notices; then come the opt-outs of sale, of sharing and of
//!    targeted advertising, as far as the state has them, two bits each: 0 does not apply, 1 opted out, 2 did not.
//! 2. Another segment begins with its type (2 bits); type 1 is Global Privacy Control, whose bit opts out too.
//! 3. What cannot be read counts as opted out: another version, a value of 3, a segment that is cut off. So do Maryland,
//!    Indiana, Kentucky and Rhode Island, whose layout the specification contradicts itself about.
//! 4. Nothing in a section allows anything.

use crate::consent::bits::Bits;

/// A section's id, its name, the versions that can be read, and where its opt-outs are: first bit and number.
type Layout = (u16, &'static str, u64, usize, u8);

const LAYOUTS: [Layout; 17] = [
    (7, "usnat", 2, 18, 3),
    (8, "usca", 1, 12, 2),
    (9, "usva", 1, 12, 2),
    (10, "usco", 1, 12, 2),
    (11, "usut", 1, 14, 2),
    (12, "usct", 1, 12, 2),
    (13, "usfl", 1, 12, 2),
    (14, "usmt", 1, 12, 2),
    (15, "usor", 1, 12, 2),
    (16, "ustx", 1, 12, 2),
    (17, "usde", 1, 12, 2),
    (18, "usia", 1, 14, 2),
    (19, "usne", 1, 12, 2),
    (20, "usnh", 1, 12, 2),
    (21, "usnj", 1, 12, 2),
    (22, "ustn", 1, 12, 2),
    (23, "usmn", 1, 12, 2),
];

const UNREADABLE: [(u16, &str); 4] = [(24, "usmd"), (25, "usin"), (26, "usky"), (27, "usri")];

/// The segment type of Global Privacy Control.
const GPC: u64 = 1;

/// What a US section says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OptOut {
    /// The visitor opted out.
    Yes,
    /// The visitor did not.
    No,
    /// It counts as an opt-out.
    Unreadable,
}

/// The name of section `id` and what its `text` says; `None` for the sections that are of no US state.
pub(super) fn read(id: u16, text: &str) -> Option<(&'static str, OptOut)> {
    if let Some((_, name)) = UNREADABLE.iter().find(|(other, _)| *other == id) {
        return Some((name, OptOut::Unreadable));
    }
    let layout = LAYOUTS.iter().find(|(other, ..)| *other == id)?;
    let out = match opts_out(layout, text) {
        Some(true) => OptOut::Yes,
        Some(false) => OptOut::No,
        None => OptOut::Unreadable,
    };
    Some((layout.1, out))
}

fn opts_out((_, _, newest, at, count): &Layout, text: &str) -> Option<bool> {
    let mut segments = text.split('.').map(Bits::new);
    let mut core = segments.next()??;
    let version = core.take(6)?;
    if version == 0 || version > *newest {
        return None;
    }
    core.skip(at.checked_sub(6)?)?;
    let mut out = false;
    for _ in 0..*count {
        out |= match core.take(2)? {
            1 => true,
            0 | 2 => false,
            _ => return None,
        };
    }
    for segment in segments {
        let mut segment = segment?;
        out |= segment.take(2)? == GPC && segment.flag()?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_opt_out_of_a_state_counts() {
        // Version 1, three notices, then sale and targeted advertising of Virginia.
        for (text, out) in [
            ("BAAA", OptOut::No),
            ("BAoA", OptOut::No),
            ("BAQA", OptOut::Yes),
            ("BAEA", OptOut::Yes),
            ("BAUA", OptOut::Yes),
            ("BAwA", OptOut::Unreadable),
            ("CAAA", OptOut::Unreadable),
            ("AAAA", OptOut::Unreadable),
            ("BA", OptOut::Unreadable),
            ("BAA", OptOut::No),
            ("", OptOut::Unreadable),
            ("BA=A", OptOut::Unreadable),
            ("BAAA.QA", OptOut::No),
            ("BAAA.YA", OptOut::Yes),
            ("BAAA.gA", OptOut::No),
            ("BAAA.", OptOut::Unreadable),
            ("BAAA.Q=", OptOut::Unreadable),
        ] {
            assert_eq!(read(9, text), Some(("usva", out)), "{text}");
        }
    }

    #[test]
    fn the_national_section_has_three_in_both_versions() {
        for (text, out) in [
            ("CAAAAA", OptOut::No),
            ("BAAAAA", OptOut::No),
            ("BAAQAA", OptOut::Yes),
            ("CAAEAA", OptOut::Yes),
            ("CAABAA", OptOut::Yes),
            ("CAAAQA", OptOut::No),
            ("DAAAAA", OptOut::Unreadable),
        ] {
            assert_eq!(read(7, text), Some(("usnat", out)), "{text}");
        }
    }

    #[test]
    fn states_that_cannot_be_read_count_as_opted_out() {
        for id in 24..=27 {
            assert_eq!(read(id, "BAAAAA").map(|(_, out)| out), Some(OptOut::Unreadable));
        }
        assert_eq!((read(2, "BAAA"), read(28, "BAAA"), read(6, "1YNN")), (None, None, None));
    }
}
