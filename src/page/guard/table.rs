//! Turns texts with a letter each into a table of their hashes that is about as small as it can be, and which the browser reads.
//!
//! 1. A text is known by 32 bits of FNV-1a, mixed as MurmurHash3 ends; the seed is one with which no two texts of different letters meet.
//! 2. What is not in the table is taken for something in it once in about a million times (texts in it, divided by 2^32).
//! 3. The hashes of one letter in order are written as their gaps, each in the code of Golomb and Rice: the high part in unary with a
//!    zero behind, the low part as it is. A gap of n is written as n - 1.

use base64::{Engine, engine::general_purpose::STANDARD};
use rustc_hash::FxHashMap;

/// Seeds that are tried.
const SEEDS: u32 = 64;

/// Texts, each with a letter.
#[derive(Debug, Default)]
pub(super) struct Table {
    texts: Vec<(String, char)>,
}

/// A table as it is written.
#[derive(Debug)]
pub(super) struct Written {
    /// What hashes begin with.
    pub(super) seed: u32,
    /// By letter: how many low bits a gap has, and the gaps in base64.
    pub(super) lists: Vec<(char, u32, String)>,
}

impl Table {
    pub(super) fn insert(&mut self, text: String, letter: char) {
        self.texts.push((text, letter));
    }

    /// Writes it. Where texts of different letters meet under every seed, the first ones count.
    pub(super) fn write(&self) -> Written {
        let tried = (0..SEEDS).map(|seed| (seed, self.hashes(seed)));
        let good =
            tried.filter_map(|(seed, (hashes, meet))| (!meet).then_some((seed, hashes))).next();
        let (seed, hashes) = good.unwrap_or_else(|| (0, self.hashes(0).0));
        let mut by_letter: FxHashMap<char, Vec<u32>> = FxHashMap::default();
        hashes
            .into_iter()
            .for_each(|(hash, letter)| by_letter.entry(letter).or_default().push(hash));
        let mut lists: Vec<_> =
            by_letter.into_iter().map(|(letter, hashes)| list(letter, hashes)).collect();
        lists.sort_unstable();
        Written { seed, lists }
    }

    /// The hashes, and whether two of different letters meet.
    fn hashes(&self, seed: u32) -> (FxHashMap<u32, char>, bool) {
        let (mut hashes, mut meet) = (FxHashMap::default(), false);
        for (text, letter) in &self.texts {
            meet |= hashes.entry(hash(seed, text)).or_insert(*letter) != letter;
        }
        (hashes, meet)
    }
}

fn hash(seed: u32, text: &str) -> u32 {
    let step = |h: u32, byte: u8| (h ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let h = text.bytes().fold(seed, step);
    let h = (h ^ h >> 16).wrapping_mul(0x85eb_ca6b);
    let h = (h ^ h >> 13).wrapping_mul(0xc2b2_ae35);
    h ^ h >> 16
}

fn list(letter: char, mut hashes: Vec<u32>) -> (char, u32, String) {
    hashes.sort_unstable();
    let count = u64::try_from(hashes.len().max(1)).unwrap_or(u64::MAX);
    // The best power of two is near ln 2 of the mean gap (Golomb 1966; Gallager and Van Voorhis 1975).
    let bits = ((1_u64 << 32) * 7 / 10 / count).max(1).ilog2();
    let (mut out, mut before) = (Bits::default(), -1_i64);
    for hash in hashes {
        let gap = i64::from(hash) - before - 1;
        before = i64::from(hash);
        let gap = u64::try_from(gap).unwrap_or_default();
        (0..gap >> bits).for_each(|_| out.push(true));
        out.push(false);
        (0..bits).rev().for_each(|bit| out.push(gap >> bit & 1 == 1));
    }
    (letter, bits, STANDARD.encode(out.end()))
}

/// Bits, the highest of a byte first; ended by ones, which begin no gap that has an end.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    byte: u8,
    length: u8,
}

impl Bits {
    fn push(&mut self, bit: bool) {
        self.byte = self.byte << 1 | u8::from(bit);
        self.length += 1;
        if self.length == 8 {
            self.bytes.push(self.byte);
            (self.byte, self.length) = (0, 0);
        }
    }

    fn end(mut self) -> Vec<u8> {
        while self.length > 0 {
            self.push(true);
        }
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As the browser reads it.
    fn read((letter, bits, text): &(char, u32, String)) -> Vec<(u32, char)> {
        let bytes = STANDARD.decode(text).unwrap();
        let mut all =
            bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1));
        let (mut found, mut sum) = (Vec::new(), -1_i64);
        loop {
            let mut high = 0_u64;
            loop {
                match all.next() {
                    Some(true) => high += 1,
                    Some(false) => break,
                    None => return found,
                }
            }
            let low = (0..*bits).fold(0, |low, _| low << 1 | u64::from(all.next().unwrap()));
            sum += i64::try_from((high << bits) + low + 1).unwrap();
            found.push((u32::try_from(sum).unwrap(), *letter));
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(texts in proptest::collection::btree_map("[a-z./]{1,20}", "[fam]", 0..300)) {
            let mut table = Table::default();
            for (text, letter) in &texts {
                table.insert(text.clone(), letter.chars().next().unwrap());
            }
            let written = table.write();
            let read: FxHashMap<u32, char> = written.lists.iter().flat_map(read).collect();
            prop_assert_eq!(read.len(), texts.len());
            for (text, letter) in &texts {
                prop_assert_eq!(read.get(&hash(written.seed, text)).copied(), letter.chars().next());
            }
        }
    }
}
