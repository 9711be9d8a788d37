//! Turns base64url text into the big-endian bits that it stands for, read where it lies.
//!
//! 1. The alphabet is base64url without padding (RFC 4648 5); each character is six bits, whatever their number.
//! 2. All of the text is checked before a bit is read; nothing is copied and nothing is allocated.
//! 3. Reading past the end gives nothing.

/// A place in checked base64url text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bits<'s> {
    text: &'s [u8],
    /// The next bit, from the start of the text.
    at: usize,
}

/// The six bits of each character; [`NONE`] for what is in no base64url.
const VALUES: [u8; 256] = values();
const NONE: u8 = 0xff;

const fn values() -> [u8; 256] {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut values, mut rest, mut value) = ([NONE; 256], alphabet.as_slice(), 0);
    while let [letter, others @ ..] = rest {
        let (_, slots) = values.split_at_mut(*letter as usize);
        if let [slot, ..] = slots {
            *slot = value;
        }
        (rest, value) = (others, value + 1);
    }
    values
}

fn value(letter: u8) -> u8 {
    VALUES.get(usize::from(letter)).copied().unwrap_or(NONE)
}

impl<'s> Bits<'s> {
    /// The bits of `text`; `None` when a character is not of the alphabet.
    pub(super) fn new(text: &'s str) -> Option<Self> {
        // Without a branch in the loop: an accumulator that has its top bits set after any stranger.
        let strange = text.bytes().fold(0, |all, letter| all | value(letter));
        (strange < 64).then_some(Self { text: text.as_bytes(), at: 0 })
    }

    /// How many bits are left.
    pub(super) const fn left(&self) -> usize {
        (self.text.len() * 6).saturating_sub(self.at)
    }

    /// The next `count` bits, at most 36, as a number.
    pub(super) fn take(&mut self, count: u32) -> Option<u64> {
        let (first, end) = (self.at / 6, self.at + count as usize);
        let letters = self.text.get(first..end.div_ceil(6))?;
        let window = letters.iter().fold(0, |all, letter| all << 6 | u64::from(value(*letter)));
        let (behind, mask) = ((first + letters.len()) * 6 - end, (1 << count) - 1);
        self.at = end;
        Some(window >> behind & mask)
    }

    /// The next `count` bits, at most 16.
    pub(super) fn number(&mut self, count: u32) -> Option<u16> {
        self.take(count).and_then(|number| u16::try_from(number).ok())
    }

    /// The next bit.
    pub(super) fn flag(&mut self) -> Option<bool> {
        self.take(1).map(|bit| bit == 1)
    }

    /// Leaves `count` bits out.
    pub(super) fn skip(&mut self, count: usize) -> Option<()> {
        self.left().checked_sub(count)?;
        self.at += count;
        Some(())
    }

    /// The bit `ahead` of the next one, without moving; `false` past the end.
    pub(super) fn is_set(&self, ahead: usize) -> bool {
        let at = self.at.saturating_add(ahead);
        let letter = self.text.get(at / 6).copied();
        letter.is_some_and(|letter| value(letter) >> (5 - at % 6) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn letters_are_six_bits_each() {
        let mut bits = Bits::new("AB-_").unwrap();
        assert_eq!((bits.take(6), bits.take(6), bits.take(12)), (Some(0), Some(1), Some(0xfbf)));
        assert_eq!((bits.left(), bits.take(0), bits.take(1)), (0, Some(0), None));
        for strange in ["A=", "A+", "A/", "A.", "A ", "é"] {
            assert!(Bits::new(strange).is_none(), "{strange}");
        }
    }

    #[test]
    fn nothing_is_read_past_the_end() {
        let mut bits = Bits::new("__").unwrap();
        assert_eq!((bits.take(13), bits.number(13), bits.left()), (None, None, 12));
        assert!(bits.is_set(11) && !bits.is_set(12) && !bits.is_set(usize::MAX));
        assert_eq!((bits.skip(13), bits.skip(12), bits.flag()), (None, Some(()), None));
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_bits(text in "[A-Za-z0-9_-]{0,20}", cuts in proptest::collection::vec(0_u32..37, 0..20)) {
            let all: Vec<bool> = {
                let mut bits = Bits::new(&text).unwrap();
                std::iter::from_fn(|| bits.flag()).collect()
            };
            prop_assert_eq!(all.len(), text.len() * 6);
            let (mut bits, mut at) = (Bits::new(&text).unwrap(), 0);
            for count in cuts {
                let end = at + count as usize;
                let expected = all.get(at..end).map(|bits| {
                    bits.iter().fold(0, |number, bit| number << 1 | u64::from(*bit))
                });
                prop_assert!((0..bits.left()).all(|i| bits.is_set(i) == all[at + i]));
                prop_assert_eq!(bits.take(count), expected);
                at = if expected.is_some() { end } else { at };
            }
        }
    }
}
