//! Finds telephone numbers (ITU-T E.164), in the spellings below, with blanks, dashes, dots, slashes and brackets between groups.
//!
//! 1. International: `+` or `00`, and 8 to 15 digits. `00` in one piece only where identifiers are not expected ([`Care::All`]).
//! 2. National with a trunk prefix: `0`, 9 to 12 digits in all, in two or more groups. In one piece only under [`Care::All`].
//! 3. National with the area in brackets: `(030) 1234567`, `(555) 123-4567`.
//! 4. North American: `555-123-4567`, `1.555.123.4567`, with no 0 or 1 at the start of area and exchange.
//!
//! Not: dates and times, decimal fractions, versions, times in seconds or milliseconds, sizes, identifiers with letters or of digits that
//! start with anything else.

use super::{Care, Classes, Detector, Hit, before};

/// Digits and what is between them.
struct Number<'t> {
    text: &'t str,
    groups: Vec<&'t str>,
    digits: usize,
    care: Care,
}

pub(super) fn find(text: &str, classes: &Classes, care: Care, hits: &mut Vec<Hit>) {
    if classes.digits < 8 {
        return;
    }
    let bytes = text.as_bytes();
    let mut rest = bytes.iter().enumerate().peekable();
    while let Some((start, byte)) = rest.next() {
        let begins = matches!(byte, b'+' | b'(') || byte.is_ascii_digit();
        if !begins || before(bytes, start).is_some_and(joins) {
            continue;
        }
        let end = end(bytes, start);
        // All of the run is looked at now: a later start in it is no start.
        while rest.next_if(|(at, _)| *at < end).is_some() {}
        let run = text.get(start..end).unwrap_or_default();
        let cut_off = bytes
            .get(end)
            .copied()
            .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_' || b == b':');
        if !cut_off && is_phone(run, care) {
            hits.push(Hit { at: start..end, what: Detector::Phone });
        }
    }
}

/// Whether what follows this byte is the rest of a word or of a number.
const fn joins(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b':' | b'+' | b'%')
}

/// Where digits, and single separators between them, end.
fn end(bytes: &[u8], start: usize) -> usize {
    let mut end = start;
    let mut gap = 0;
    for (at, byte) in bytes.iter().enumerate().skip(start) {
        match byte {
            b'0'..=b'9' => (end, gap) = (at + 1, 0),
            b'+' | b'(' if at == start => {}
            // `(0)` and `) ` are up to three in a row.
            b' ' | b'-' | b'.' | b'/' | b'(' | b')' if gap < 3 => gap += 1,
            _ => break,
        }
    }
    end
}

fn is_phone(run: &str, care: Care) -> bool {
    let digit = |c: char| c.is_ascii_digit();
    let groups: Vec<&str> = run.split(|c| !digit(c)).filter(|group| !group.is_empty()).collect();
    let digits = groups.iter().map(|group| group.len()).sum();
    let number = Number { text: run, groups, digits, care };
    number.is_international()
        || number.has_trunk_prefix()
        || number.has_brackets()
        || number.is_american()
}

// === impl Number ===

impl Number<'_> {
    fn is_international(&self) -> bool {
        // No country code starts with 0.
        let code =
            |rest: &str| rest.trim_start_matches('(').starts_with(|c| ('1'..='9').contains(&c));
        if let Some(rest) = self.text.strip_prefix('+') {
            return code(rest) && (8..=15).contains(&self.digits);
        }
        let grouped = self.groups.len() > 1 || self.care == Care::All;
        let rest = self.text.strip_prefix("00").filter(|rest| code(rest.trim_start()));
        rest.is_some() && grouped && (11..=17).contains(&self.digits) && !self.has_date()
    }

    fn has_trunk_prefix(&self) -> bool {
        let Some(first) = self.groups.first() else { return false };
        let area = first
            .strip_prefix('0')
            .is_some_and(|area| area.starts_with(|c| ('1'..='9').contains(&c)));
        let whole = self.groups.len() == 1;
        if whole {
            return area && self.care == Care::All && (10..=12).contains(&self.digits);
        }
        area && self.text.starts_with('0')
            && first.len() <= 6
            && (9..=12).contains(&self.digits)
            && !self.has_date()
    }

    fn has_brackets(&self) -> bool {
        let area = self.text.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        area.is_some_and(|(area, _)| {
            (2..=5).contains(&area.len()) && area.bytes().all(|b| b.is_ascii_digit())
        }) && (9..=12).contains(&self.digits)
    }

    fn is_american(&self) -> bool {
        let groups = match self.groups.as_slice() {
            ["1", groups @ ..] => groups,
            groups => groups,
        };
        let [area, exchange, line] = groups else { return false };
        let code =
            |group: &str| group.len() == 3 && group.starts_with(|c| ('2'..='9').contains(&c));
        let separators = self.text.bytes().filter(|b| !b.is_ascii_digit());
        let same = |separator: u8| separators.clone().all(|b| b == separator);
        // Blanks also part sizes and prices, which are round.
        let round = area.ends_with('0') && exchange.ends_with('0');
        let parted = same(b'-') || same(b'.') || (self.care == Care::All && same(b' ') && !round);
        code(area) && code(exchange) && line.len() == 4 && parted
    }

    /// Whether it starts with a day, a month and a year. Five groups of two with one separator are French.
    fn has_date(&self) -> bool {
        let mut separators = self.text.bytes().filter(|b| !b.is_ascii_digit());
        let first = separators.next();
        let french =
            self.digits == 10 && self.groups.len() == 5 && separators.all(|b| Some(b) == first);
        match self.groups.as_slice() {
            [day, month, year, ..] => {
                day.len() <= 2 && month.len() <= 2 && matches!(year.len(), 2 | 4) && !french
            }
            _ => false,
        }
    }
}
