//! Turns texts with a letter each into a table that gives the letter back and is about as small as it can be, and which the browser reads.
//!
//! 1. A text is known by 32 bits of FNV-1a, mixed as MurmurHash3 ends. They say at which of the table's rows a window of [`WINDOW`] rows
//!    begins, and which rows in it are added up (exclusive or): the sum and other bits of the hash are the letter's number. The rows are the solution of these
//!    equations (Dillinger and Walzer, "Ribbon filter: practically smaller than Bloom and Xor", 2021).
//! 2. A row has as many bits as make a text that is not in the table have some letter as rarely as is asked for. Names that are known to
//!    be nobody's never have one: the seed is one with which neither they do, nor the equations contradict each other.

use base64::{Engine, engine::general_purpose::STANDARD};
use rustc_hash::FxHashMap;

/// The letters by their numbers.
const LETTERS: &str = " mafnhz/";
/// Rows that one text is told by.
const WINDOW: usize = 128;
/// Seeds that are tried with one number of rows.
const SEEDS: u32 = 16;

/// Texts, each with a letter.
#[derive(Debug, Default)]
pub(super) struct Table {
    texts: FxHashMap<String, char>,
    nobodys: Vec<String>,
}

impl Table {
    /// Adds a text; the letter of one that is there already stays.
    pub(super) fn insert(&mut self, text: String, letter: char) {
        self.texts.entry(text).or_insert(letter);
    }

    /// Adds a text that must have no letter.
    pub(super) fn avoid(&mut self, text: String) {
        self.nobodys.push(text);
    }

    /// Writes it with rows of `bits` bits: the seed, the number of rows, their bits, and they in base64.
    pub(super) fn write(&self, bits: u32) -> (u32, usize, u32, String) {
        if self.texts.is_empty() {
            return (0, 0, bits, String::new());
        }
        let mut size = WINDOW.max(self.texts.len());
        loop {
            let found = (0..SEEDS).find_map(|seed| Some((seed, self.solve(seed, size, bits)?)));
            if let Some((seed, rows)) = found {
                return (seed, size, bits, STANDARD.encode(packed(&rows, bits)));
            }
            size += (size / 500).max(2);
        }
    }

    /// The rows, where there are some with this seed.
    fn solve(&self, seed: u32, size: usize, bits: u32) -> Option<Vec<u32>> {
        let mut equations = vec![(0_u128, 0_u32); size];
        for (text, letter) in &self.texts {
            let value = LETTERS.chars().zip(0..).find(|(one, _)| one == letter)?.1;
            let (start, sum) = equation(seed, text, size);
            add(&mut equations, start, sum, value ^ print(seed, text, bits))?;
        }
        // What no equation says is filled with something, or texts that are not there would have letters.
        let mask = u32::MAX >> (32 - bits);
        let mut rows: Vec<u32> = (0..size).map(|at| hash(seed, &at.to_string()) & mask).collect();
        for (at, (sum, value)) in equations.iter().enumerate().rev().filter(|(_, one)| one.0 != 0) {
            let others = self::sum(&rows, at + 1, sum >> 1);
            *rows.get_mut(at)? = value ^ others;
        }
        let is_free = |text: &String| {
            let (start, all) = equation(seed, text, size);
            let value = usize::try_from(sum(&rows, start, all) ^ print(seed, text, bits));
            let value = value.unwrap_or_default();
            value == 0 || value >= LETTERS.len()
        };
        self.nobodys
            .iter()
            .filter(|text| !self.texts.contains_key(*text))
            .all(is_free)
            .then_some(rows)
    }
}

/// Adds an equation to those whose first row is their own; nothing where it contradicts them.
fn add(equations: &mut [(u128, u32)], mut at: usize, mut sum: u128, mut value: u32) -> Option<()> {
    while sum != 0 {
        let zeros = sum.trailing_zeros();
        at += usize::try_from(zeros).ok()?;
        sum >>= zeros;
        let there = equations.get_mut(at)?;
        if there.0 == 0 {
            *there = (sum, value);
            return Some(());
        }
        (sum, value) = (sum ^ there.0, value ^ there.1);
    }
    (value == 0).then_some(())
}

/// The row at which a text's window begins, and which rows of the window are added up, the lowest bit first.
fn equation(seed: u32, text: &str, size: usize) -> (usize, u128) {
    let hash = hash(seed, text);
    let starts = u64::try_from(size - WINDOW + 1).unwrap_or(u64::MAX);
    let start = usize::try_from((u64::from(hash) * starts) >> 32).unwrap_or_default();
    let word = |at: u32| u128::from(mix(hash.wrapping_add(at + 1))) << (at * 32);
    (start, (0..4).fold(0, |all, at| all | word(at)))
}

/// What the sum of a text's rows is changed by, for it would be a letter's number for any text.
fn print(seed: u32, text: &str, bits: u32) -> u32 {
    mix(hash(seed, text)) >> (32 - bits)
}

fn sum(rows: &[u32], start: usize, which: u128) -> u32 {
    let rows = rows.iter().skip(start).take(WINDOW).enumerate();
    rows.fold(0, |sum, (at, row)| if which >> at & 1 == 1 { sum ^ row } else { sum })
}

fn hash(seed: u32, text: &str) -> u32 {
    let step = |h: u32, byte: u8| (h ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    mix(text.bytes().fold(seed, step))
}

const fn mix(h: u32) -> u32 {
    let h = (h ^ h >> 16).wrapping_mul(0x85eb_ca6b);
    let h = (h ^ h >> 13).wrapping_mul(0xc2b2_ae35);
    h ^ h >> 16
}

/// Numbers of `bits` bits one behind the other, the highest bit first; filled up with zeros.
fn packed(numbers: &[u32], bits: u32) -> Vec<u8> {
    let (mut bytes, mut kept, mut length) = (Vec::new(), 0_u64, 0);
    for number in numbers {
        (kept, length) = (kept << bits | u64::from(*number), length + bits);
        while length >= 8 {
            length -= 8;
            bytes.extend(u8::try_from(kept >> length & 255));
        }
    }
    bytes.extend(u8::try_from(kept << (8 - length) & 255).ok().filter(|_| length > 0));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As the browser reads it.
    fn reader(
        (seed, size, bits, text): (u32, usize, u32, String),
    ) -> impl Fn(&str) -> Option<char> {
        let bytes = STANDARD.decode(text).unwrap();
        let mut all = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
        let row = |_| (0..bits).fold(0, |row, _| row << 1 | u32::from(all.next().unwrap()));
        let rows: Vec<u32> = (0..size).map(row).collect();
        move |of| {
            let (start, which) = (!rows.is_empty()).then(|| equation(seed, of, size))?;
            let value = sum(&rows, start, which) ^ print(seed, of, bits);
            LETTERS.chars().nth(value as usize).filter(|letter| *letter != ' ')
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(texts in proptest::collection::btree_map("[a-z./]{1,20}", "[fam]", 0..600)) {
            let mut table = Table::default();
            for (text, letter) in &texts {
                table.insert(text.clone(), letter.chars().next().unwrap());
            }
            (0..50).for_each(|at| table.avoid(format!("x{at}")));
            let read = reader(table.write(20));
            for (text, letter) in &texts {
                prop_assert_eq!(read(text), letter.chars().next());
            }
            for at in 0..50 {
                prop_assert_eq!(read(&format!("x{at}")), None);
            }
        }
    }

    #[test]
    fn what_is_not_there_has_hardly_ever_a_letter() {
        let mut table = Table::default();
        (0..4000).for_each(|at| table.insert(format!("t{at}.example"), 'm'));
        let written = table.write(12);
        assert!(written.1 < 4000 * 103 / 100, "{} rows", written.1);
        let read = reader(written);
        let hits = (0..4000).filter(|at| read(&format!("u{at}.example")).is_some()).count();
        // 8 of 4096 values are letters: 7.8 of 4,000 are to be expected.
        assert!(hits < 30, "{hits}");
    }
}
