//! Finds personal data behind percent escapes, `\u` escapes and base64, word by word and in the whole value.

use super::{Care, Classes, Detector, Hit, Redactor};
use crate::collect::body::Base64;
use percent_encoding::percent_decode_str;

/// How many escapes within escapes are undone.
const LEVELS: u8 = 3;

/// Adds the words of `text` that hide something.
pub(super) fn find(
    text: &str,
    classes: &Classes,
    care: Care,
    redactor: &Redactor<'_>,
    hits: &mut Vec<Hit>,
) {
    let mut found = |start: usize, word: &str| {
        if let Some(what) = hidden(word, care, redactor, LEVELS) {
            hits.push(Hit { at: start..start + word.len(), what });
        }
    };
    let in_word = |c| !parts_values(c);
    words(text, in_word, |start, word| {
        // `/` is in base64, and parts what is escaped in a path.
        if word.contains('%') {
            words(word, |c| c != '/', |inner, word| found(start + inner, word));
        } else {
            found(start, word);
        }
    });
    if classes.escape() {
        spread(text, care, redactor, hits);
    }
}

/// Adds all of `text` if something shows only in the whole, since escapes part it; what was found already does not count.
fn spread(text: &str, care: Care, redactor: &Redactor<'_>, hits: &mut Vec<Hit>) {
    let mut blank = text.to_owned();
    for hit in hits.iter() {
        if blank.get(hit.at.clone()).is_some() {
            blank.replace_range(hit.at.clone(), &" ".repeat(hit.at.len()));
        }
    }
    if let Some(what) = unescape(&blank).and_then(|p| shows(&p, care, redactor, LEVELS)) {
        hits.push(Hit { at: 0..text.len(), what });
    }
}

/// What `word` shows when it is decoded.
fn hidden(word: &str, care: Care, redactor: &Redactor<'_>, levels: u8) -> Option<Detector> {
    let levels = levels.checked_sub(1)?;
    if let Some(plain) = unescape(word) {
        return shows(&plain, care, redactor, levels);
    }
    let mut found = None;
    words(word, in_base64, |_, part| {
        let mut try_part = |part: &str| {
            found = found.or_else(|| shows(&base64_text(part)?, Care::Named, redactor, levels));
        };
        try_part(part);
        // `/` is also what parts a path.
        if part.contains('/') {
            part.split('/').for_each(try_part);
        }
    });
    found
}

/// What is in a decoded text, or hidden in it.
fn shows(text: &str, care: Care, redactor: &Redactor<'_>, levels: u8) -> Option<Detector> {
    let classes = Classes::of(text);
    let direct = redactor.direct(text, &classes, care).into_iter().map(|hit| hit.what).min();
    if direct.is_some() || !classes.may_be_encoded() {
        return direct;
    }
    let mut found = None;
    words(
        text,
        |c| !parts_values(c),
        |_, word| {
            found = found.or_else(|| hidden(word, care, redactor, levels));
        },
    );
    found
}

/// Calls `found` with each longest run of characters that fit, and where it starts.
fn words(text: &str, fits: impl Fn(char) -> bool, mut found: impl FnMut(usize, &str)) {
    let mut start = 0;
    for word in text.split(|c| !fits(c)) {
        if word.len() >= 8 {
            found(start, word);
        }
        start += word.len();
        start += text.get(start..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    }
}

/// Whether names and values in URLs and in text end at `c`; base64 has `/` and `=`, which therefore do not count.
const fn parts_values(c: char) -> bool {
    c.is_ascii_whitespace()
        || matches!(
            c,
            '&' | '?'
                | ';'
                | ','
                | '"'
                | '\''
                | '<'
                | '>'
                | '('
                | ')'
                | '|'
                | '#'
                | '{'
                | '}'
                | '['
                | ']'
                | ':'
        )
}

const fn in_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_')
}

/// `text` without percent escapes, or without `\u00` escapes; `None` where it has none.
fn unescape(text: &str) -> Option<String> {
    if text.contains('%') {
        let plain = percent_decode_str(text).decode_utf8_lossy();
        return (plain != text).then(|| plain.into_owned());
    }
    (text.contains('\\') && text.contains("\\u00")).then(|| {
        let mut parts = text.split("\\u00");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |mut plain, part| {
            let (code, rest) = part.split_at_checked(2).unwrap_or_default();
            match u8::from_str_radix(code, 16) {
                Ok(byte) => {
                    plain.push(char::from(byte));
                    plain.push_str(rest);
                }
                Err(_) => plain.push_str(part),
            }
            plain
        })
    })
}

/// What `word` is base64 of, if that is text.
fn base64_text(word: &str) -> Option<String> {
    let head = Base64::read(word.get(..4)?)?.1;
    let control = |b: u8| b < b' ' && !b.is_ascii_whitespace() || b == 0x7f;
    if word.len() < 8 || head.into_iter().any(control) {
        return None;
    }
    let text = String::from_utf8(Base64::read(word)?.1).ok()?;
    (!text.bytes().any(control)).then_some(text)
}
