//! Turns an attribute's value into a URL and asks the gate about it.
//!
//! 1. Character references are decoded as in attributes (HTML Standard, 13.2.5.72), then the page's charset.
//! 2. URLs are parsed and normalised by the URL Standard: tabs and newlines inside, backslashes, case, IDNA,
//!    default ports, protocol-relative ones; against the first `<base href>` of the page.
//! 3. A relative URL of a page whose base is its own site is nobody else's, and is not parsed at all.
//! 4. What runs without contacting a host by itself (`javascript:`, `data:`) is read as a script.

use super::{markup, script};
use crate::{
    catalog::{Destination, Shape, Target},
    policy::{Gate, Judged},
};
use encoding_rs::Encoding;
use std::borrow::Cow;
use url::Url;

/// How a page looks at URLs.
pub(super) struct Lens {
    pub(super) gate: Gate,
    charset: &'static Encoding,
    /// `None` until a `<base href>` came by.
    base: Option<Url>,
    /// Whether a relative URL can be a vendor's.
    relative_counts: bool,
}

impl Lens {
    pub(super) fn new(gate: Gate) -> Self {
        let relative_counts = gate.judges_own_site();
        Self { gate, charset: encoding_rs::UTF_8, base: None, relative_counts }
    }

    /// The lens of a document nested in this one.
    pub(super) fn nested(&self) -> Self {
        Self {
            gate: self.gate.clone(),
            charset: self.charset,
            base: self.base.clone(),
            relative_counts: self.relative_counts,
        }
    }

    /// What values are decoded as from now on.
    pub(super) const fn set_charset(&mut self, charset: &'static Encoding) {
        self.charset = charset;
    }

    pub(super) fn base(&self) -> &Url {
        self.base.as_ref().unwrap_or_else(|| self.gate.page().url())
    }

    /// Takes the value of a `<base href>`; the first one counts (HTML Standard, 4.2.3).
    pub(super) fn set_base(&mut self, value: &[u8]) {
        if self.base.is_some() {
            return;
        }
        let Ok(url) = self.gate.page().url().join(self.text(value).trim()) else { return };
        let own = url.host_str().is_some_and(|host| self.gate.page().site().contains(host));
        self.relative_counts |= !own;
        self.base = Some(url);
    }

    /// An attribute's value as text.
    pub(super) fn text<'v>(&self, value: &'v [u8]) -> Cow<'v, str> {
        let text = match str::from_utf8(value) {
            Ok(text) if value.is_ascii() || self.charset == encoding_rs::UTF_8 => text.into(),
            Ok(_) | Err(_) => self.charset.decode_without_bom_handling(value).0,
        };
        markup::decode(text)
    }

    /// Judges a raw attribute value.
    pub(super) fn value(&self, value: &[u8], to: Destination, shape: Shape) -> Option<Judged> {
        if !self.relative_counts && is_relative(value) {
            return None;
        }
        self.url(&self.text(value), to, shape)
    }

    /// Judges a decoded URL.
    pub(super) fn url(&self, url: &str, to: Destination, shape: Shape) -> Option<Judged> {
        if !self.relative_counts && is_relative(url.as_bytes()) {
            return None;
        }
        let url = self.base().join(url).ok()?;
        if let Some(target) = Target::new(&url, to, shape) {
            return self.gate.target(&target);
        }
        match url.scheme() {
            "javascript" | "data" => self.code(url.path()),
            _ => None,
        }
    }

    fn code(&self, text: &str) -> Option<Judged> {
        let decoded: Vec<u8> = percent_encoding::percent_decode_str(text).collect();
        script::first_held(&decoded, self)
    }
}

/// Whether `value` cannot name another host than its base: no scheme, no `//`, and nothing that the URL
/// parser would take out or turn into either.
fn is_relative(value: &[u8]) -> bool {
    let start = value.trim_ascii_start();
    let two = start.get(..2).unwrap_or(start);
    if two.iter().all(|b| matches!(b, b'/' | b'\\')) && two.len() == 2 {
        return false;
    }
    start
        .iter()
        .take_while(|b| !matches!(b, b'?' | b'#'))
        .all(|b| !matches!(b, b':' | b'&' | 0..=0x1F))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_relative_urls_are_passed_over() {
        for value in ["", "/a", "a/b.js", "../x", "?a=b:c", "#x", " /a ", "a?x=//b"] {
            assert!(is_relative(value.as_bytes()), "{value}");
        }
        for value in ["//t", "/\\t", "\\\\t", "https:x", "/\t/t", "&#47;/t", "\t//t", "h\nttps://t"]
        {
            assert!(!is_relative(value.as_bytes()), "{value}");
        }
    }
}
