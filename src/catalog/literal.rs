//! Turns the text of a script into the URLs and hosts, written out in its string literals, that may be served on the site itself.
//!
//! 1. A literal counts from its opening quote on: behind it stands `https://`, `http://` or `//` and the host, or the host alone. A URL
//!    inside another one, in a comment or in a regular expression has no quote before it and is none.
//! 2. A slash may be written `/`, `\/`, `\x2F` or `\u002F`; a path ends where the literal does, at `?`, `#` or `${`, and is looked at up
//!    to [`AHEAD`] bytes.
//! 3. Scripts put paths together: where the literal ends, more of the path may follow.
//! 4. A host alone that is put behind something else (`p + "stats.example/x.js"`, `"".concat("stats.example")`) counts only
//!    where that ends in `//`: `"https://ssl." + …` would become another host.
//! 5. What a literal is depends on [`BEHIND`] bytes before its host and [`AHEAD`] behind it, and on no others.

use super::{Catalog, HitKind, inline::after_slash};
use std::ops::Range;

/// How many bytes before a host say what kind of literal it is in.
pub const BEHIND: usize = 128;
/// How many bytes behind a host say whether it is served.
pub const AHEAD: usize = 512;

/// A literal that names a host on which something is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    /// From the scheme, or else from the host, to the end of the host.
    pub range: Range<usize>,
    /// Lower case.
    pub host: String,
    /// Begins with `/`; as far as the literal says it.
    pub path: String,
    /// Whether a script may put more behind the path.
    pub open: bool,
    /// Where the host begins, and the slashes before it where there are any.
    after_scheme: usize,
    name: usize,
}

/// What a text says of a host that is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mention {
    /// In a way that can be pointed elsewhere.
    Literal(Literal),
    /// In another way; the host's place.
    Other(Range<usize>),
}

impl Mention {
    /// Where it begins.
    #[must_use]
    pub const fn start(&self) -> usize {
        match self {
            Self::Literal(Literal { range, .. }) | Self::Other(range) => range.start,
        }
    }
}

impl Literal {
    /// Whether it is a URL that names more than a host: one that is loaded, and not an origin that something is compared with.
    #[must_use]
    pub fn names_a_resource(&self) -> bool {
        self.range.start < self.name && self.path.len() > 1
    }

    /// What takes the place of [`Literal::range`] of `text`, on a site with this scheme and `place`: its host and the paths' prefix,
    /// as `shop.example/_consentry/v/`.
    #[must_use]
    pub fn pointed(&self, text: &[u8], scheme: &str, place: &str) -> Vec<u8> {
        let part = |range: Range<usize>| text.get(range).unwrap_or_default();
        let mut with = Vec::with_capacity(scheme.len() + place.len() + self.host.len() + 16);
        if self.after_scheme > self.range.start {
            with.extend_from_slice(scheme.as_bytes());
            with.push(b':');
        }
        with.extend_from_slice(part(self.after_scheme..self.name));
        with.extend_from_slice(place.as_bytes());
        with.extend_from_slice(self.host.as_bytes());
        with
    }
}

impl Catalog {
    /// Where `text` names a host on which something is served, in the order of their ends.
    pub fn mentions<'c>(&'c self, text: &'c [u8]) -> impl Iterator<Item = Mention> + 'c {
        let read = |host| literal(text, &host).map_or(Mention::Other(host), Mention::Literal);
        self.served.mentions(text).map(read)
    }

    /// Where `text` names a vendor's host in a literal, in the order of their ends; served or not.
    pub fn literals_of<'c>(&'c self, text: &'c [u8]) -> impl Iterator<Item = Literal> + 'c {
        let mut last = 0..0;
        self.inline.hits(text).filter_map(move |hit| {
            let is_new = hit.kind == HitKind::Host && hit.range != last;
            last = hit.range.clone();
            literal(text, &hit.range).filter(|_| is_new)
        })
    }

    /// Whether an endpoint is at what `literal` says, or may be when a script has put more behind it.
    #[must_use]
    pub fn serves_literal(&self, literal: &Literal) -> bool {
        let Literal { host, path, open, .. } = literal;
        self.served.find(host, path).is_some()
            || *open && self.served.below(host, path).next().is_some()
    }

    /// The vendors that have an endpoint at what `literal` says, or below it.
    pub(super) fn served_by(&self, literal: &Literal) -> Vec<usize> {
        let Literal { host, path, open, .. } = literal;
        let below = self.served.below(host, path).filter(|_| *open);
        self.served.find(host, path).into_iter().chain(below).collect()
    }
}

/// The literal whose host is at `host`.
fn literal(text: &[u8], host: &Range<usize>) -> Option<Literal> {
    let context = host.start.saturating_sub(BEHIND);
    let before = text.get(context..host.start)?;
    let after = text.get(host.end..)?;
    let after = after.get(..AHEAD).unwrap_or(after);
    // Behind a host that comes from elsewhere: `h.replace(".i.a.test", "-assets.i.a.test")`.
    let is_whole = |name: &&[u8]| !matches!(name.first(), Some(b'.' | b'-'));
    let name = text.get(host.clone()).filter(is_whole)?;
    let (before, slashes) =
        without_slashes(before).map_or((before, 0), |rest| (rest, before.len() - rest.len()));
    let relative = slashes > 0;
    let (quoted, scheme) = if relative { without_scheme(before) } else { (before, 0) };
    let inner = quoted.strip_suffix(b"\"").or_else(|| quoted.strip_suffix(b"'"));
    let outside = inner.or_else(|| quoted.strip_suffix(b"`"))?;
    if !relative && !stands_alone(outside) {
        return None;
    }
    let (path, open) = path(after, relative)?;
    let start = host.start - slashes - scheme;
    let host_name = String::from_utf8_lossy(name).to_ascii_lowercase();
    Some(Literal {
        range: start..host.end,
        host: host_name,
        path,
        open,
        after_scheme: start + scheme,
        name: host.start,
    })
}

/// What is before two slashes at the end of `before`.
fn without_slashes(before: &[u8]) -> Option<&[u8]> {
    without_slash(without_slash(before)?)
}

fn without_slash(before: &[u8]) -> Option<&[u8]> {
    let spellings = [&b"\\/"[..], b"/", b"\\x2f", b"\\x2F", b"\\u002f", b"\\u002F"];
    spellings.iter().find_map(|slash| before.strip_suffix(*slash))
}

/// What is before the scheme at the end of `before`, and how long the scheme with its colon is.
fn without_scheme(before: &[u8]) -> (&[u8], usize) {
    let ends = |scheme: &&&[u8]| {
        let tail = before.len().checked_sub(scheme.len()).and_then(|at| before.get(at..));
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case(scheme))
    };
    let found = [&b"https:"[..], b"http:"].iter().find(ends).map_or(0, |scheme| scheme.len());
    (before.get(..before.len() - found).unwrap_or_default(), found)
}

/// Whether a literal behind `outside` is a value of its own, or is put behind `//`.
fn stands_alone(outside: &[u8]) -> bool {
    let code = outside.trim_ascii_end();
    let joined = code.strip_suffix(b"+").or_else(|| code.strip_suffix(b".concat("));
    let Some(before) = joined.map(<[u8]>::trim_ascii_end) else { return true };
    // The last alternative of `(a ? "https://" : "http://") + …`.
    let before = before.strip_suffix(b")").map_or(before, <[u8]>::trim_ascii_end);
    let quoted = before.strip_suffix(b"\"").or_else(|| before.strip_suffix(b"'"));
    quoted.is_some_and(|literal| without_slashes(literal).is_some())
}

/// The path that follows a host, and whether more may follow it; `None` when what follows is not the rest of a URL.
fn path(after: &[u8], relative: bool) -> Option<(String, bool)> {
    let mut path = Vec::new();
    let mut rest = after;
    loop {
        match rest {
            [] => return Some((text(path), false)),
            [b'"' | b'\'' | b'`', ..] | [b'\\', b'"' | b'\'', ..] | [b'$', b'{', ..] => {
                return Some((text(path), true));
            }
            [b'?' | b'#', ..] if relative || !path.is_empty() => return Some((text(path), false)),
            _ => {}
        }
        if let Some(behind) = after_slash(rest).filter(|_| rest.first() != Some(&b'%')) {
            path.push(b'/');
            rest = behind;
            continue;
        }
        let (byte, behind) = rest.split_first()?;
        let ends = byte.is_ascii_whitespace() || matches!(byte, b'<' | b'>' | b'\\');
        // Behind the host itself nothing but a slash goes on.
        if path.is_empty() || (ends && !relative) {
            return None;
        }
        if ends {
            return Some((text(path), false));
        }
        path.push(*byte);
        rest = behind;
    }
}

fn text(path: Vec<u8>) -> String {
    if path.is_empty() { "/".to_owned() } else { String::from_utf8_lossy(&path).into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Endpoint, VendorEntry};

    fn catalog() -> Catalog {
        let paths = ["t.test/e", "api.s.test/v1/p", "g.test/tr"].map(str::to_owned).to_vec();
        let endpoints = vec![Endpoint { paths, ..Endpoint::default() }];
        let entry = VendorEntry { id: "v".to_owned(), endpoints, ..VendorEntry::default() };
        Catalog::new(&[entry], &[]).unwrap()
    }

    /// `text` with its served literals pointed to `https://own.test/v/`.
    fn pointed(text: &str) -> String {
        let (catalog, bytes, mut out, mut at) = (catalog(), text.as_bytes(), Vec::new(), 0);
        for mention in catalog.mentions(bytes) {
            let Mention::Literal(literal) = mention else { continue };
            if catalog.serves_literal(&literal) {
                out.extend_from_slice(&bytes[at..literal.range.start]);
                out.extend(literal.pointed(bytes, "https", "own.test/v/"));
                at = literal.range.end;
            }
        }
        out.extend_from_slice(&bytes[at..]);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn literals_are_pointed_however_they_are_written() {
        for (text, expected) in [
            ("'https://t.test/e?x=1'", "'https://own.test/v/t.test/e?x=1'"),
            ("\"http://eu.T.test/e/\"", "\"https://own.test/v/eu.t.test/e/\""),
            ("`https://t.test/e/${id}`", "`https://own.test/v/t.test/e/${id}`"),
            (r#""https:\/\/t.test\/e""#, r#""https:\/\/own.test/v/t.test\/e""#),
            (r#""https:\x2f\x2ft.test\x2fe""#, r#""https:\x2f\x2fown.test/v/t.test\x2fe""#),
            ("'//t.test/e'", "'//own.test/v/t.test/e'"),
            ("{api_host:'https://t.test'}", "{api_host:'https://own.test/v/t.test'}"),
            ("h=\"api.s.test/v1\"", "h=\"own.test/v/api.s.test/v1\""),
            ("h=\"t.test\"", "h=\"own.test/v/t.test\""),
            ("'https://api.s.test/v1/'+m", "'https://own.test/v/api.s.test/v1/'+m"),
            (
                "(x?'https://':'http://') + 't.test/e'",
                "(x?'https://':'http://') + 'own.test/v/t.test/e'",
            ),
            ("\"https://\".concat(\"t.test\")", "\"https://\".concat(\"own.test/v/t.test\")"),
            (r#"'<img src="https://t.test/e">'"#, r#"'<img src="https://own.test/v/t.test/e">'"#),
            (r#"w("<img src=\"//t.test/e\">")"#, r#"w("<img src=\"//own.test/v/t.test/e\">")"#),
        ] {
            assert_eq!(pointed(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_literal_or_not_served_stays() {
        for text in [
            "'https://t.test/other'",
            "'https://g.test/t'",
            "'https://g.test/share?u=https://t.test/e'",
            "'https://api.s.test/v2/'",
            "'https://t.test:8443/e'",
            "'https://t.test.evil.test/e'",
            "('https:'==p?'https://ssl':'http://www')+'.t.test/e'",
            "host + 't.test/e'",
            "'https://ssl.'+'t.test/e'",
            "// https://t.test/e\n",
            "/https:\\/\\/t.test\\/e/.test(x)",
            "'t.test is blocked'",
            "'wss://t.test/e'",
            "unescape('%3Cscript src=%22https%3A%2F%2Ft.test%2Fe')",
            "'user@t.test'",
        ] {
            assert_eq!(pointed(text), text);
        }
    }
}
