//! Turns JSON text (RFC 8259) into a tree that can be written back, and writes it.
//!
//! 1. Numbers are kept as they are written: no precision is lost, and `1.0` stays `1.0`.
//! 2. Members keep their order, and a name that occurs twice occurs twice again: which of the two a reader takes is not ours to say.
//! 3. A lone surrogate, which `JSON.stringify` writes as an escape, becomes U+FFFD: no other text can hold it.
//! 4. At most [`MAX_DEPTH`] levels deep, with those around it: nothing recurses further.
//! 5. White space between tokens is not written back.

use super::Budget;
use std::{borrow::Cow, fmt::Write};

/// How deep values may lie within each other.
pub(in crate::collect) const MAX_DEPTH: usize = 32;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::collect) enum Json<'a> {
    Null,
    Bool(bool),
    /// As it is written.
    Number(Cow<'a, str>),
    Text(Cow<'a, str>),
    List(Vec<Self>),
    Object(Vec<(Cow<'a, str>, Self)>),
}

/// What is left of a text that is being read.
pub(super) struct Reader<'a, 'b> {
    rest: &'a str,
    budget: &'b mut Budget,
}

// === impl Json ===

impl<'a> Json<'a> {
    /// The value that all of `text` is, `depth` levels inside of others.
    pub(in crate::collect) fn parse(
        text: &'a str,
        depth: usize,
        budget: &mut Budget,
    ) -> Option<Self> {
        let mut reader = Reader::new(text, budget);
        let json = reader.value(depth)?;
        reader.skip(&[' ', '\t', '\r', '\n']);
        reader.rest.is_empty().then_some(json)
    }

    /// The value as text, without white space.
    pub(in crate::collect) fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(literal) => out.push_str(literal),
            Self::Text(text) => quote(text, out),
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => write_object(members, out),
        }
    }

    /// A value of the same kind with nothing in it.
    pub(in crate::collect) const fn empty(&self) -> Self {
        match self {
            Self::List(_) => Self::List(Vec::new()),
            Self::Object(_) | Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => {
                Self::Object(Vec::new())
            }
        }
    }

    /// The member called `name`, the first of them.
    pub(super) fn member(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

fn write_object(members: &[(Cow<'_, str>, Json<'_>)], out: &mut String) {
    out.push('{');
    for (at, (name, value)) in members.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        quote(name, out);
        out.push(':');
        value.write(out);
    }
    out.push('}');
}

/// RFC 8259, 7: quotation mark, reverse solidus and control characters are escaped.
fn quote(text: &str, out: &mut String) {
    let plain = |c: char| c != '"' && c != '\\' && c >= ' ';
    out.push('"');
    let mut rest = text;
    while let Some((clean, special)) = split_at_first(rest, |c| !plain(c)) {
        out.push_str(clean);
        let mut chars = special.chars();
        match chars.next() {
            Some(c @ ('"' | '\\')) => out.extend(['\\', c]),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            // Writing to a string does not fail.
            Some(c) => drop(write!(out, "\\u{:04x}", u32::from(c))),
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

fn split_at_first(text: &str, found: impl Fn(char) -> bool) -> Option<(&str, &str)> {
    text.find(found).and_then(|at| text.split_at_checked(at))
}

// === impl Reader ===

impl<'a, 'b> Reader<'a, 'b> {
    pub(super) const fn new(rest: &'a str, budget: &'b mut Budget) -> Self {
        Self { rest, budget }
    }

    /// What has not been read.
    pub(super) const fn rest(&self) -> &'a str {
        self.rest
    }

    /// Goes on at `rest`, which must be a part of what is left.
    pub(super) const fn resume(&mut self, rest: &'a str) {
        self.rest = rest;
    }

    pub(super) const fn budget(&mut self) -> &mut Budget {
        self.budget
    }

    pub(super) fn skip(&mut self, blanks: &[char]) {
        self.rest = self.rest.trim_start_matches(blanks);
    }

    /// The next value, with the white space before it.
    pub(super) fn value(&mut self, depth: usize) -> Option<Json<'a>> {
        self.skip(&[' ', '\t', '\r', '\n']);
        self.budget.take_field()?;
        match self.rest.as_bytes().first()? {
            b'{' => self.object(depth),
            b'[' => self.list(depth),
            b'"' => self.text().map(Json::Text),
            b't' => self.word("true", Json::Bool(true)),
            b'f' => self.word("false", Json::Bool(false)),
            b'n' => self.word("null", Json::Null),
            _ => self.number(),
        }
    }

    fn token(&mut self, token: char) -> Option<()> {
        self.skip(&[' ', '\t', '\r', '\n']);
        self.rest = self.rest.strip_prefix(token)?;
        Some(())
    }

    fn word(&mut self, word: &str, value: Json<'a>) -> Option<Json<'a>> {
        self.rest = self.rest.strip_prefix(word)?;
        Some(value)
    }

    fn object(&mut self, depth: usize) -> Option<Json<'a>> {
        let depth = deeper(depth)?;
        self.token('{')?;
        let mut members = Vec::new();
        if self.token('}').is_some() {
            return Some(Json::Object(members));
        }
        loop {
            self.skip(&[' ', '\t', '\r', '\n']);
            let name = self.text()?;
            self.token(':')?;
            members.push((name, self.value(depth)?));
            if self.token(',').is_none() {
                self.token('}')?;
                return Some(Json::Object(members));
            }
        }
    }

    fn list(&mut self, depth: usize) -> Option<Json<'a>> {
        let depth = deeper(depth)?;
        self.token('[')?;
        let mut items = Vec::new();
        if self.token(']').is_some() {
            return Some(Json::List(items));
        }
        loop {
            items.push(self.value(depth)?);
            if self.token(',').is_none() {
                self.token(']')?;
                return Some(Json::List(items));
            }
        }
    }

    /// RFC 8259, 6.
    fn number(&mut self) -> Option<Json<'a>> {
        let unsigned = self.rest.strip_prefix('-').unwrap_or(self.rest);
        let after = match unsigned.strip_prefix('0') {
            Some(after) => after,
            None => digits(unsigned)?,
        };
        let after = match after.strip_prefix('.') {
            Some(fraction) => digits(fraction)?,
            None => after,
        };
        let after = match after.strip_prefix(['e', 'E']) {
            Some(exponent) => digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))?,
            None => after,
        };
        let (literal, rest) =
            self.rest.split_at_checked(self.rest.len().checked_sub(after.len())?)?;
        self.rest = rest;
        Some(Json::Number(literal.into()))
    }

    fn text(&mut self) -> Option<Cow<'a, str>> {
        let inner = self.rest.strip_prefix('"')?;
        let end = |b: u8| b == b'"' || b == b'\\' || b < b' ';
        let (clean, mut rest) = inner.split_at_checked(inner.bytes().position(end)?)?;
        if let Some(rest) = rest.strip_prefix('"') {
            self.rest = rest;
            return Some(Cow::Borrowed(clean));
        }
        let mut text = clean.to_owned();
        loop {
            let (clean, special) = rest.split_at_checked(rest.bytes().position(end)?)?;
            text.push_str(clean);
            if let Some(rest) = special.strip_prefix('"') {
                self.rest = rest;
                return Some(Cow::Owned(text));
            }
            rest = unescape(special.strip_prefix('\\')?, &mut text)?;
        }
    }
}

/// Reads the escape of which the `\` was read, and gives what follows it.
fn unescape<'a>(escape: &'a str, out: &mut String) -> Option<&'a str> {
    let mut chars = escape.chars();
    let c = match chars.next()? {
        c @ ('"' | '\\' | '/') => c,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => {
            let (first, rest) = hex(chars.as_str())?;
            let second = rest.strip_prefix("\\u").and_then(hex);
            let pair = second.and_then(|(second, rest)| {
                let mut units = char::decode_utf16([first, second]);
                (0xd800..0xdc00)
                    .contains(&first)
                    .then(|| units.next()?.ok())
                    .flatten()
                    .zip(Some(rest))
            });
            let (c, rest) = pair.unwrap_or_else(|| {
                (char::from_u32(u32::from(first)).unwrap_or(char::REPLACEMENT_CHARACTER), rest)
            });
            out.push(c);
            return Some(rest);
        }
        _ => return None,
    };
    out.push(c);
    Some(chars.as_str())
}

fn hex(text: &str) -> Option<(u16, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    let plain = digits.bytes().all(|b| b.is_ascii_hexdigit());
    Some((u16::from_str_radix(digits, 16).ok().filter(|_| plain)?, rest))
}

/// What follows one or more digits.
fn digits(text: &str) -> Option<&str> {
    let after = text.trim_start_matches(|c: char| c.is_ascii_digit());
    (after.len() < text.len()).then_some(after)
}

fn deeper(depth: usize) -> Option<usize> {
    (depth < MAX_DEPTH).then_some(depth + 1)
}
