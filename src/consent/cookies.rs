//! Turns the `Cookie` headers of a request into name and value pairs, and a value into its decoded forms.
//!
//! 1. Pairs are split on `;` only, name and value at the first `=` (RFC 6265 5.2): consent managers write raw commas,
//!    braces and quotes.
//! 2. Every `Cookie` header counts: HTTP/2 may send one for each pair (RFC 9113 8.2.3).
//! 3. Headers over 64 KB in all are not read: dropping the tail could drop a refusal.
//! 4. A value over 8 KB or in no UTF-8 is malformed. Any number of values under one name count: leaving one out could
//!    leave out a refusal.
//! 5. A value is tried as it is, decoded once and decoded twice; a broken escape ends that.

use http::{HeaderMap, header::COOKIE};
use std::{cell::OnceCell, iter};

const MAX_HEADERS: usize = 64 * 1024;
const MAX_VALUE: usize = 8 * 1024;

/// The cookie pairs of a request, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Cookies<'h> {
    pairs: Vec<(&'h [u8], &'h [u8])>,
    names: Names,
}

/// A Bloom filter of the names: most of those that are asked for are not there, and a look at one bit says so.
#[derive(Debug, Default)]
struct Names([u64; 8]);

/// The headers are longer than is read.
#[derive(Debug)]
pub(super) struct TooLong;

/// A cookie's value as it came, decoded once, decoded twice; it is decoded when the value as it came is not understood.
#[derive(Debug, Default)]
pub(super) struct Forms<'h> {
    raw: Option<&'h str>,
    decoded: OnceCell<Decoded>,
}

/// The decoded forms of a value, and whether a broken escape ended them.
#[derive(Debug, Default)]
struct Decoded {
    forms: Vec<String>,
    broken: bool,
}

// === impl Cookies ===

impl<'h> Cookies<'h> {
    pub(super) fn read(headers: &'h HeaderMap) -> Result<Self, TooLong> {
        let lines = || headers.get_all(COOKIE).iter().map(|line| line.as_bytes());
        if lines().map(<[u8]>::len).sum::<usize>() > MAX_HEADERS {
            return Err(TooLong);
        }
        // A pair has some 60 bytes in real headers, and the filter hides how many there are.
        let mut pairs = Vec::with_capacity(lines().map(<[u8]>::len).sum::<usize>() / 60 + 1);
        pairs.extend(lines().flat_map(pieces).filter_map(pair));
        let mut names = Names::default();
        pairs.iter().for_each(|(name, _)| names.add(name));
        Ok(Self { pairs, names })
    }

    /// The values under `name`; one without forms where rule 4 makes it malformed.
    pub(super) fn values(&self, name: &str) -> Vec<Forms<'h>> {
        if !self.names.may_have(name.as_bytes()) {
            return Vec::new();
        }
        let named = self.pairs.iter().filter(|(n, _)| *n == name.as_bytes());
        named.map(|(_, value)| Forms::new(value)).collect()
    }

    /// The rest of each name that begins with `prefix`, with its value.
    pub(super) fn below(&self, prefix: &str) -> Vec<(&'h str, Forms<'h>)> {
        let below = self.pairs.iter().filter_map(|(name, value)| {
            let rest = name.strip_prefix(prefix.as_bytes())?;
            Some((str::from_utf8(rest).ok()?, Forms::new(value)))
        });
        below.collect()
    }

    /// The names, each as often as it came.
    pub(super) fn names(&self) -> impl Iterator<Item = &'h [u8]> {
        self.pairs.iter().map(|(name, _)| *name)
    }
}

// === impl Names ===

impl Names {
    fn add(&mut self, name: &[u8]) {
        let (word, bit) = Self::place(name);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }

    fn may_have(&self, name: &[u8]) -> bool {
        let (word, bit) = Self::place(name);
        self.0.get(word).is_none_or(|word| word & bit != 0)
    }

    /// The word and the bit of `name`: from its length and three of its bytes, which differ in most names.
    fn place(name: &[u8]) -> (usize, u64) {
        let byte = |at: usize| name.get(at).copied().map_or(0, usize::from);
        let (last, middle) = (byte(name.len().saturating_sub(1)), byte(name.len() / 2));
        let mix =
            name.len().wrapping_mul(67) ^ byte(0).wrapping_mul(5) ^ (middle << 3) ^ (last << 1);
        (mix / 64 % 8, 1 << (mix % 64))
    }
}

/// What stands between the semicolons of `line`.
fn pieces(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    iter::from_fn(move || {
        let line = rest.take()?;
        let Some(at) = memchr::memchr(b';', line) else { return Some(line) };
        rest = line.get(at + 1..);
        line.get(..at)
    })
}

fn pair(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(b'=', text)?;
    let (name, value) = text.split_at_checked(at)?;
    Some((name.trim_ascii(), value.strip_prefix(b"=")?.trim_ascii()))
}

// === impl Forms ===

impl<'h> Forms<'h> {
    pub(super) fn new(value: &'h [u8]) -> Self {
        let raw = Some(value).filter(|v| v.len() <= MAX_VALUE);
        let raw = raw.and_then(|v| str::from_utf8(v).ok());
        Self { raw, decoded: OnceCell::new() }
    }

    /// What `decode` makes of the first form that it understands.
    pub(super) fn find<T>(&self, decode: impl Fn(&str) -> Option<T>) -> Option<T> {
        let raw = decode(self.raw?);
        raw.or_else(|| self.decoded().forms.iter().find_map(|form| decode(form)))
    }

    /// The value as text, fully decoded; `None` if it is malformed or an escape in it is broken.
    pub(super) fn text(&self) -> Option<&str> {
        let raw = self.raw?;
        let Decoded { forms, broken } = self.decoded();
        (!broken).then(|| forms.last().map_or(raw, String::as_str))
    }

    fn decoded(&self) -> &Decoded {
        self.decoded.get_or_init(|| self.raw.map(Decoded::of).unwrap_or_default())
    }
}

impl Decoded {
    fn of(raw: &str) -> Self {
        let mut forms: Vec<String> = Vec::new();
        for _ in 0..2 {
            let last = forms.last().map_or(raw, String::as_str);
            if !last.contains('%') {
                break;
            }
            let Some(next) = decoded(last) else { return Self { forms, broken: true } };
            forms.push(next);
        }
        Self { forms, broken: false }
    }
}

/// `text` without its escapes; `None` where one is broken, or they are no UTF-8.
fn decoded(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some(at) = memchr::memchr(b'%', rest) {
        let (plain, escape) = rest.split_at_checked(at)?;
        bytes.extend_from_slice(plain);
        let [_, high, low, after @ ..] = escape else { return None };
        bytes.push(digit(*high)? << 4 | digit(*low)?);
        rest = after;
    }
    bytes.extend_from_slice(rest);
    String::from_utf8(bytes).ok()
}

fn digit(letter: u8) -> Option<u8> {
    char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn headers(lines: &[&[u8]]) -> HeaderMap {
        let value = |line: &&[u8]| HeaderValue::from_bytes(line).unwrap();
        lines.iter().map(|line| (COOKIE, value(line))).collect()
    }

    fn texts(lines: &[&[u8]], name: &str) -> Vec<Option<String>> {
        let headers = headers(lines);
        let values = Cookies::read(&headers).unwrap().values(name);
        values.iter().map(|forms| forms.text().map(str::to_owned)).collect()
    }

    #[test]
    fn pairs_split_on_semicolons_and_the_first_equals_sign() {
        let line: &[u8] = b"a=1;b={x:'y=z', \"q\"|w} ;; lone; =v; c=";
        assert_eq!(texts(&[line], "b"), [Some("{x:'y=z', \"q\"|w}".to_owned())]);
        assert_eq!(texts(&[line], "c"), [Some(String::new())]);
        assert!(texts(&[line], "lone").is_empty() && texts(&[line], "A").is_empty());
    }

    #[test]
    fn every_header_and_every_twin_counts() {
        let found = texts(&[b"a=1; b=2", b"a=3", b"a=1"], "a");
        assert_eq!(found, ["1", "3", "1"].map(|value| Some(value.to_owned())));
    }

    #[test]
    fn raw_encoded_and_doubly_encoded_values_agree() {
        for value in ["{é:1}", "{%C3%A9:1}", "%7B%25C3%25A9%3A1%7D", "%257B%25C3%25A9%253A1%257D"]
        {
            let line = format!("a={value}");
            assert_eq!(texts(&[line.as_bytes()], "a"), [Some("{é:1}".to_owned())], "{value}");
        }
        for broken in ["1%", "1%2", "%zz", "%25zz", "%FF", "%+1"] {
            let line = format!("a={broken}");
            assert_eq!(texts(&[line.as_bytes()], "a"), [None], "{broken}");
        }
        assert_eq!(texts(&[b"a=\xff"], "a"), [None]);
    }

    #[test]
    fn sizes_are_bounded() {
        let value = |n: usize| format!("a={}", "x".repeat(n));
        assert!(texts(&[value(MAX_VALUE).as_bytes()], "a").iter().all(Option::is_some));
        assert_eq!(texts(&[value(MAX_VALUE + 1).as_bytes()], "a"), [None]);
        assert!(Cookies::read(&headers(&[value(MAX_HEADERS - 2).as_bytes()])).is_ok());
        assert!(Cookies::read(&headers(&[value(MAX_HEADERS - 1).as_bytes()])).is_err());
        assert!(Cookies::read(&headers(&[value(60_000).as_bytes(), &[b'y'; 9_000]])).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let Ok(value) = HeaderValue::from_bytes(&bytes) else { return Ok(()) };
            let headers: HeaderMap = [(COOKIE, value)].into_iter().collect();
            let cookies = Cookies::read(&headers).unwrap();
            prop_assert!(cookies.pairs.len() <= bytes.len());
        }
    }
}
