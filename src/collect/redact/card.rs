//! Finds numbers of payment cards: an issuer's prefix with the lengths that it gives out, and a right check digit (ISO/IEC 7812-1, Luhn), in
//! one piece or in groups of at least four parted by one blank or dash.
//!
//! Not: other digits that happen to have a right check digit, one in ten; times in milliseconds, which have 13 digits and start with 1;
//! digits of a fraction, of a version, within a word or within a UUID.

use super::{Classes, Detector, Hit, before};
use std::ops::Range;

/// More groups are no card's: Visa and others write 4-4-4-4, and up to 19 digits.
const MAX_GROUPS: usize = 5;

pub(super) fn find(text: &str, classes: &Classes, hits: &mut Vec<Hit>) {
    if classes.digits < 13 {
        return;
    }
    let bytes = text.as_bytes();
    let groups = groups(bytes);
    let mut at = 0;
    while let Some(rest) = groups.get(at..).filter(|rest| !rest.is_empty()) {
        let found = (1..=rest.len().min(MAX_GROUPS))
            .rev()
            .find_map(|count| rest.get(..count).filter(|groups| is_card(bytes, groups)));
        match found {
            Some(groups @ [first, .., last]) | Some(groups @ [first @ last]) => {
                hits.push(Hit { at: first.start..last.end, what: Detector::Card });
                at += groups.len();
            }
            Some([]) | None => at += 1,
        }
    }
}

/// The runs of digits.
fn groups(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    for (at, _) in bytes.iter().enumerate().filter(|(_, b)| b.is_ascii_digit()) {
        match groups.last_mut().filter(|group| group.end == at) {
            Some(group) => group.end = at + 1,
            None => groups.push(at..at + 1),
        }
    }
    groups
}

fn is_card(bytes: &[u8], groups: &[Range<usize>]) -> bool {
    let (Some(first), Some(last)) = (groups.first(), groups.last()) else { return false };
    let joined = groups.windows(2).all(|pair| {
        let [one, next] = pair else { return false };
        one.end + 1 == next.start && matches!(bytes.get(one.end), Some(b' ' | b'-'))
    });
    let sized = groups.len() == 1 || groups.iter().rev().skip(1).all(|group| group.len() >= 4);
    joined && sized && alone(bytes, first.start, last.end) && {
        let digits: Vec<u32> = groups
            .iter()
            .flat_map(|group| bytes.get(group.clone()).unwrap_or_default())
            .filter_map(|byte| char::from(*byte).to_digit(10))
            .collect();
        issued(&digits) && luhn(&digits)
    }
}

/// Whether no letter, fraction or version is next to it.
fn alone(bytes: &[u8], start: usize, end: usize) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let dotted = |b: Option<u8>, digit: Option<u8>| {
        b == Some(b'.') && digit.is_some_and(|digit| digit.is_ascii_digit())
    };
    let (left, right) = (before(bytes, start), bytes.get(end).copied());
    let left_digit = start.checked_sub(1).and_then(|at| before(bytes, at));
    // A UUID's last group follows a dash after a letter or a digit that is no group of the card.
    let hex = |dash: Option<u8>, next: Option<u8>| {
        dash == Some(b'-') && next.is_some_and(|b| b.is_ascii_alphabetic())
    };
    !left.is_some_and(word)
        && !right.is_some_and(word)
        && !dotted(left, left_digit)
        && !dotted(right, bytes.get(end + 1).copied())
        && !hex(left, left_digit)
        && !hex(right, bytes.get(end + 1).copied())
}

/// Whether an issuer gives out such numbers: the prefixes of the networks, with their lengths.
fn issued(digits: &[u32]) -> bool {
    let prefix = |len: usize| digits.iter().take(len).fold(0, |n, digit| n * 10 + digit);
    let len = digits.len();
    match (prefix(1), prefix(2), prefix(4)) {
        // Visa.
        (4, _, _) => matches!(len, 13 | 16 | 19),
        // Mastercard.
        (_, 51..=55, _) | (_, _, 2221..=2720) => len == 16,
        // American Express.
        (_, 34 | 37, _) => len == 15,
        // Discover, UnionPay, Maestro.
        (_, 62 | 65, _) | (_, _, 6011 | 6440..=6499) => (16..=19).contains(&len),
        (_, 50 | 56..=58 | 67, _) | (_, _, 6304) => (13..=19).contains(&len),
        // JCB.
        (_, _, 3528..=3589) => (16..=19).contains(&len),
        // Diners Club.
        (_, 36 | 38 | 39, _) | (_, _, 3000..=3059) => (14..=19).contains(&len),
        _ => false,
    }
}

fn luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| match digit * (1 + u32::from(at % 2 == 1)) {
            double if double > 9 => double - 9,
            single => single,
        })
        .sum();
    sum.is_multiple_of(10)
}
