//! Turns a value into what of it may leave: what looks like personal data is replaced with `[redacted]`, and counted by kind.
//!
//! 1. The kinds are those of [`Detector`]; the file of each says what counts and what does not.
//! 2. They look at the value as it is; at each of its words with percent escapes (three times) and `\u` escapes undone; at each of its words
//!    that is base64 of text; and at the whole value without escapes. Where only a decoded form shows something, the encoded word goes.
//! 3. A value of a field that is listed by its name ([`Care::Named`]) may hold identifiers: long tokens in it stay, but for JWTs, and so
//!    do digits without separators that might be a national telephone number. In all others ([`Care::All`]) these go too.
//! 4. One pass over the bytes says which detectors have anything to look for: most values need none.

mod card;
mod classes;
mod email;
mod encoded;
mod iban;
mod ip;
mod phone;
#[cfg(test)]
mod tests;
mod token;

pub(super) use self::ip::network;

use self::classes::Classes;
use memchr::memmem;
use regex::Regex;
use std::{borrow::Cow, net::IpAddr, ops::Range};

/// A kind of personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Detector {
    /// A JSON Web Token (RFC 7519).
    Jwt,
    /// An e-mail address.
    Email,
    /// An international bank account number (ISO 13616).
    Iban,
    /// The number of a payment card (ISO/IEC 7812).
    Card,
    /// An IP address.
    Ip,
    /// A telephone number.
    Phone,
    /// A long string of no meaning: a session, a key, a hash.
    Token,
    /// What the operator's own patterns match.
    Pattern,
}

/// How much a field's value is trusted to be what the field is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Care {
    /// The field is listed by its name: identifiers stay.
    Named,
    /// The field matched a pattern, or nothing.
    All,
}

/// The detectors of one request.
#[derive(Debug)]
pub(super) struct Redactor<'a> {
    patterns: &'a [Regex],
    /// The client's address, which goes wherever it stands.
    client: Option<memmem::Finder<'static>>,
    hits: Vec<Detector>,
}

/// Where something was found.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hit {
    at: Range<usize>,
    what: Detector,
}

/// What stands for what was found.
pub(super) const REDACTED: &str = "[redacted]";

// === impl Detector ===

impl Detector {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Jwt,
        Self::Email,
        Self::Iban,
        Self::Card,
        Self::Ip,
        Self::Phone,
        Self::Token,
        Self::Pattern,
    ];

    /// The name in metrics and the ledger.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::Email => "email",
            Self::Iban => "iban",
            Self::Card => "card",
            Self::Ip => "ip",
            Self::Phone => "phone",
            Self::Token => "token",
            Self::Pattern => "pattern",
        }
    }
}

// === impl Redactor ===

impl<'a> Redactor<'a> {
    pub(super) fn new(patterns: &'a [Regex], client: Option<IpAddr>) -> Self {
        let client = client.map(|ip| ip.to_canonical()).filter(|ip| !ip.is_loopback());
        Self { patterns, client: client.map(finder), hits: Vec::new() }
    }

    /// `text` without what was found in it.
    pub(super) fn redact<'t>(&mut self, text: &'t str, care: Care) -> Cow<'t, str> {
        let hits = self.find(text, care);
        if hits.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len());
        let mut end = 0;
        for Hit { at, what } in hits {
            self.hits.push(what);
            out.push_str(text.get(end..at.start).unwrap_or_default());
            out.push_str(REDACTED);
            end = at.end;
        }
        out.push_str(text.get(end..).unwrap_or_default());
        Cow::Owned(out)
    }

    /// The name of a field for a report, if it cannot be told as it is; nothing is counted.
    pub(super) fn clean_name(&mut self, name: &str) -> Option<String> {
        let counted = self.hits.len();
        let clean = self.redact(name, Care::All);
        let clean = matches!(clean, Cow::Owned(_)).then(|| clean.into_owned());
        self.hits.truncate(counted);
        clean
    }

    /// What was found so far; it is forgotten.
    pub(super) fn take_hits(&mut self) -> Vec<Detector> {
        std::mem::take(&mut self.hits)
    }

    /// What is in `text`, in order, nothing overlapping.
    fn find(&self, text: &str, care: Care) -> Vec<Hit> {
        let classes = Classes::of(text);
        let mut hits = self.direct(text, &classes, care);
        if classes.may_be_encoded() {
            encoded::find(text, &classes, care, self, &mut hits);
        }
        merge(hits)
    }

    /// What is in `text` as it stands.
    fn direct(&self, text: &str, classes: &Classes, care: Care) -> Vec<Hit> {
        let mut hits = Vec::new();
        if classes.anything() {
            token::find(text, classes, care, &mut hits);
            email::find(text, classes, &mut hits);
            iban::find(text, classes, &mut hits);
            card::find(text, classes, &mut hits);
            ip::find(text, classes, &mut hits);
            phone::find(text, classes, care, &mut hits);
        }
        if let Some(client) = self.client.as_ref().filter(|ip| ip.needle().len() <= text.len()) {
            let length = client.needle().len();
            let found = client.find_iter(text.as_bytes());
            hits.extend(found.map(|at| Hit { at: at..at + length, what: Detector::Ip }));
        }
        for pattern in self.patterns {
            let found = pattern.find_iter(text).filter(|found| !found.is_empty());
            hits.extend(found.map(|found| Hit { at: found.range(), what: Detector::Pattern }));
        }
        hits
    }
}

/// A search for an address as it is written.
fn finder(ip: IpAddr) -> memmem::Finder<'static> {
    memmem::Finder::new(&ip.to_string()).into_owned()
}

/// Hits in order; those that overlap are one, of the kind that comes first in [`Detector`].
fn merge(mut hits: Vec<Hit>) -> Vec<Hit> {
    if hits.len() < 2 {
        return hits;
    }
    hits.sort_by_key(|hit| (hit.at.start, hit.what));
    let mut merged: Vec<Hit> = Vec::with_capacity(hits.len());
    for hit in hits {
        match merged.last_mut().filter(|last| hit.at.start < last.at.end) {
            Some(last) => {
                last.at.end = last.at.end.max(hit.at.end);
                last.what = last.what.min(hit.what);
            }
            None => merged.push(hit),
        }
    }
    merged
}

/// The byte before `at`.
fn before(bytes: &[u8], at: usize) -> Option<u8> {
    at.checked_sub(1).and_then(|at| bytes.get(at)).copied()
}
