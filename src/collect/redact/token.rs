//! Finds JSON Web Tokens (RFC 7519) and long strings that mean nothing to people: keys, hashes, UUIDs, identifiers of sessions.
//!
//! 1. A JWT is a header in base64url that begins as a JSON object does, and at least one more part after a dot.
//! 2. A long token is a run of letters, digits, `-` and `_` with at least [`LONG`] letters and digits, of which at least
//!    28 of 100 are of another class (digit, lower, upper) than the one before, where a capital at the start of a word does not count.
//!    Random strings have about 45, hexadecimal ones 47; words, slugs and names in camel case stay below 20.
//! 3. Long tokens count only where identifiers are not expected ([`Care::All`]).

use super::{Care, Classes, Detector, Hit, before};
use memchr::memmem;

/// The letters and digits of the shortest long token: 24, as in the object ids of databases.
const LONG: usize = 24;

pub(super) fn find(text: &str, classes: &Classes, care: Care, hits: &mut Vec<Hit>) {
    if classes.run >= 16 && classes.dot() {
        jwts(text, hits);
    }
    if classes.run >= LONG && care == Care::All {
        long(text, hits);
    }
}

fn jwts(text: &str, hits: &mut Vec<Hit>) {
    let bytes = text.as_bytes();
    let mut end = 0;
    for at in memmem::find_iter(bytes, b"eyJ") {
        if at < end || before(bytes, at).is_some_and(in_run) {
            continue;
        }
        let len = jwt_len(text.get(at..).unwrap_or_default());
        end = at + len.unwrap_or_default();
        if len.is_some() {
            hits.push(Hit { at: at..end, what: Detector::Jwt });
        }
    }
}

/// The length of the JWT at the start of `text`: all that parts and dots can go on with. What is none is not read to its end, so that
/// text of many such starts costs no more than its length.
fn jwt_len(text: &str) -> Option<usize> {
    let part = |text: &str| text.bytes().take_while(|b| in_run(*b)).count();
    let header = part(text);
    let claims = part(text.get(header..)?.strip_prefix('.')?);
    if header < 12 || claims < 4 {
        return None;
    }
    Some(text.bytes().take_while(|b| in_run(*b) || *b == b'.').count())
}

const fn in_run(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn long(text: &str, hits: &mut Vec<Hit>) {
    let mut start = 0;
    for run in text.split(|c: char| !c.is_ascii() || !in_run(c as u8)) {
        if run.len() >= LONG && is_random(run) {
            hits.push(Hit { at: start..start + run.len(), what: Detector::Token });
        }
        start += run.len();
        start += text.get(start..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    }
}

/// See rule 2.
fn is_random(run: &str) -> bool {
    let (mut letters_and_digits, mut changes, mut last) = (0, 0, None);
    for byte in run.bytes().filter(u8::is_ascii_alphanumeric) {
        let class = (byte.is_ascii_digit(), byte.is_ascii_uppercase());
        let capital = last == Some((false, true)) && class == (false, false);
        changes += usize::from(last.is_some_and(|last| last != class) && !capital);
        letters_and_digits += 1;
        last = Some(class);
    }
    letters_and_digits >= LONG && changes * 100 >= letters_and_digits * 28
}
