//! Turns the bytes of one start tag into its name and its attributes, each with its place, so that an edit touches nothing else.
//!
//! 1. Attributes are cut as in the HTML Standard, 13.2.5.32 to 13.2.5.40.
//! 2. The bytes are a whole tag, from `<` to `>`, in an ASCII-compatible charset: every byte that matters here is below 0x40
//!    and so never the second byte of a character (Encoding Standard, legacy multi-byte encodings).

use std::ops::Range;

/// A start tag.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag<'t> {
    raw: &'t [u8],
    name: &'t [u8],
}

/// An attribute and its places in the tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attribute {
    pub(super) name: Range<usize>,
    /// The value without its quotes; empty where there is none.
    pub(super) value: Range<usize>,
    pub(super) quote: Quote,
    /// From the start of the name to behind the closing quote.
    pub(super) whole: Range<usize>,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quote {
    Double,
    Single,
    Unquoted,
    /// There is no value.
    Absent,
}

impl<'t> Tag<'t> {
    /// The tag that `raw` is.
    pub(super) fn new(raw: &'t [u8]) -> Self {
        let after = raw.get(1..).unwrap_or_default();
        let end = after.iter().position(|b| ends_name(*b)).unwrap_or(after.len());
        Self { raw, name: after.get(..end).unwrap_or_default() }
    }

    pub(super) const fn raw(&self) -> &'t [u8] {
        self.raw
    }

    /// As it is written.
    pub(super) const fn name(&self) -> &'t [u8] {
        self.name
    }

    /// Where the attributes begin: behind the name.
    pub(super) const fn after_name(&self) -> usize {
        1 + self.name.len()
    }

    /// Whether it ends in a slash that is not part of an unquoted value.
    pub(super) fn is_self_closing(&self) -> bool {
        let slash = self.raw.len().saturating_sub(2);
        self.raw.ends_with(b"/>") && self.attributes().all(|a| a.whole.end <= slash)
    }

    /// Every attribute in order, duplicates included.
    pub(super) fn attributes(&self) -> Attributes<'t> {
        Attributes { raw: self.raw, at: self.after_name() }
    }

    pub(super) fn bytes(&self, range: &Range<usize>) -> &'t [u8] {
        self.raw.get(range.clone()).unwrap_or_default()
    }

    /// The first attribute of that name, which is the one that counts.
    pub(super) fn attribute(&self, name: &str) -> Option<Attribute> {
        self.attributes().find(|a| self.bytes(&a.name).eq_ignore_ascii_case(name.as_bytes()))
    }

    /// Its value.
    pub(super) fn value(&self, name: &str) -> Option<&'t [u8]> {
        self.attribute(name).map(|a| self.bytes(&a.value))
    }
}

/// The attributes of a tag.
#[derive(Clone, Debug)]
pub(super) struct Attributes<'t> {
    raw: &'t [u8],
    at: usize,
}

impl Attributes<'_> {
    fn peek(&self) -> Option<u8> {
        self.raw.get(self.at).copied()
    }

    fn skip(&mut self, over: impl Fn(u8) -> bool) {
        let rest = self.raw.get(self.at..).unwrap_or_default();
        self.at += rest.iter().take_while(|b| over(**b)).count();
    }

    fn until(&mut self, end: impl Fn(u8) -> bool) -> Range<usize> {
        let start = self.at;
        self.skip(|b| !end(b));
        start..self.at
    }

    /// After-attribute-name and attribute-value states; `at` is behind the name.
    fn value(&mut self) -> (Quote, Range<usize>) {
        let name_end = self.at;
        self.skip(is_space);
        if self.peek() != Some(b'=') {
            self.at = name_end;
            return (Quote::Absent, name_end..name_end);
        }
        self.at += 1;
        self.skip(is_space);
        match self.peek() {
            Some(quote @ (b'"' | b'\'')) => {
                self.at += 1;
                let value = self.until(|b| b == quote);
                self.at = (self.at + 1).min(self.raw.len());
                (if quote == b'"' { Quote::Double } else { Quote::Single }, value)
            }
            _ => (Quote::Unquoted, self.until(|b| is_space(b) || b == b'>')),
        }
    }
}

impl Iterator for Attributes<'_> {
    type Item = Attribute;

    fn next(&mut self) -> Option<Attribute> {
        self.skip(|b| is_space(b) || b == b'/');
        if matches!(self.peek(), None | Some(b'>')) {
            return None;
        }
        let start = self.at;
        // An equals sign in front of a name is part of it (13.2.5.32).
        self.at += 1;
        self.skip(|b| !ends_name(b) && b != b'=');
        let name = start..self.at;
        let (quote, value) = self.value();
        Some(Attribute { name, value, quote, whole: start..self.at })
    }
}

/// ASCII whitespace of the HTML tokenizer.
pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\x0C' | b'\r' | b' ')
}

const fn ends_name(byte: u8) -> bool {
    is_space(byte) || matches!(byte, b'/' | b'>')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(raw: &str) -> Vec<(String, String)> {
        let tag = Tag::new(raw.as_bytes());
        let text = |r: &Range<usize>| String::from_utf8(tag.bytes(r).to_vec()).unwrap();
        tag.attributes().map(|a| (text(&a.name), text(&a.value))).collect()
    }

    #[test]
    fn attributes_are_cut_as_browsers_do() {
        for (raw, expected) in [
            ("<img src=a alt='b c' x>", vec![("src", "a"), ("alt", "b c"), ("x", "")]),
            ("<a\nhref = \"x>y\"/>", vec![("href", "x>y")]),
            ("<a =x y=z>", vec![("=x", ""), ("y", "z")]),
            ("<a b=/c/>", vec![("b", "/c/")]),
            ("<a b=\"\"c>", vec![("b", ""), ("c", "")]),
            ("<a b=>", vec![("b", "")]),
            ("<a/b/c=d>", vec![("b", ""), ("c", "d")]),
            ("<a b='x\"y' B=2>", vec![("b", "x\"y"), ("B", "2")]),
        ] {
            let expected: Vec<_> =
                expected.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            assert_eq!(attributes(raw), expected, "{raw}");
        }
    }

    #[test]
    fn the_first_duplicate_counts() {
        let tag = Tag::new(b"<IMG SRC=one src=two>");
        assert_eq!(tag.name(), b"IMG");
        assert_eq!(tag.value("src"), Some(&b"one"[..]));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_cut_in_order(inner in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let raw = [b"<a ", &inner[..], b">"].concat();
            let mut at = 0;
            for attribute in Tag::new(&raw).attributes() {
                proptest::prop_assert!(attribute.whole.start >= at && attribute.whole.end <= raw.len());
                proptest::prop_assert!(!attribute.name.is_empty());
                at = attribute.whole.end;
            }
        }
    }
}
