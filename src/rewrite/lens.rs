//! Turns an attribute's value into a URL and asks the gate about it.
//!
//! 1. Character references are decoded as in attributes (HTML Standard, 13.2.5.72), then the page's charset.
//! 2. URLs are parsed and normalised by the URL Standard: tabs and newlines inside, backslashes, case, IDNA,
//!    default ports, protocol-relative ones; against the page's URL and every `<base href>` that came by. Only the first
//!    base counts (HTML Standard, 4.2.3), but not one in a `template`, and which that is shows only in the tree.
//! 3. A relative URL of a page whose bases are all its own site is nobody else's, and is not parsed at all.
//! 4. What runs without contacting a host by itself (`javascript:`, `data:`) is read as the script, style or page that it is.

use super::{Config, Rewriter, Syntax, css, document, markup, script};
use crate::{
    catalog::{Destination, Shape, Target},
    policy::{Gate, Judged},
};
use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use encoding_rs::Encoding;
use std::borrow::Cow;
use url::Url;

/// How many different bases are remembered.
const BASES: usize = 4;
/// How deep documents may be nested in one another.
const MAX_NESTING: u8 = 4;

/// Base64 as browsers read it in `data:` URLs (Infra Standard, forgiving-base64 decode).
const FORGIVING: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// How a page looks at URLs.
pub(super) struct Lens {
    pub(super) gate: Gate,
    charset: &'static Encoding,
    bases: Vec<Url>,
    /// Whether a relative URL can be a vendor's.
    relative_counts: bool,
    /// How many documents this one is nested in.
    depth: u8,
}

impl Lens {
    pub(super) fn new(gate: Gate) -> Self {
        let relative_counts = gate.judges_own_site();
        Self { gate, charset: encoding_rs::UTF_8, bases: Vec::new(), relative_counts, depth: 0 }
    }

    /// The lens of a document nested in this one; `None` when that is too deep.
    pub(super) fn nested(&self) -> Option<Self> {
        (self.depth < MAX_NESTING).then(|| Self {
            gate: self.gate.clone(),
            charset: self.charset,
            bases: self.bases.clone(),
            relative_counts: self.relative_counts,
            depth: self.depth + 1,
        })
    }

    /// What values are decoded as from now on.
    pub(super) const fn set_charset(&mut self, charset: &'static Encoding) {
        self.charset = charset;
    }

    /// Takes the value of a `<base href>`.
    pub(super) fn set_base(&mut self, value: &[u8]) {
        let Ok(url) = self.gate.page().url().join(&self.text(value)) else { return };
        // With these the document's own URL stays the base (HTML Standard, 4.2.3, set the frozen base URL).
        if !matches!(url.scheme(), "data" | "javascript") {
            self.add_base(url);
        }
    }

    fn add_base(&mut self, url: Url) {
        if self.bases.len() < BASES && !self.bases.contains(&url) {
            // Another host of the site may be an alias of a vendor's.
            let own = url.host_str() == self.gate.page().url().host_str();
            self.relative_counts |= !own;
            self.bases.push(url);
        }
    }

    /// The URL to write for what the site itself serves; `None` when it does not.
    pub(super) fn served(&self, judged: &Judged) -> Option<String> {
        let (path, front) = (judged.served()?, self.gate.front()?);
        // Against a base elsewhere a path would not be the site's own.
        Some(if self.is_based_elsewhere() { front.absolute(path) } else { path.to_owned() })
    }

    /// Whether a base of the document is on another origin.
    pub(super) fn is_based_elsewhere(&self) -> bool {
        let own = self.gate.page().url().origin();
        self.bases.iter().any(|base| base.origin() != own)
    }

    /// Whether a raw attribute value is a URL of the page's own site.
    pub(super) fn is_own(&self, value: &[u8]) -> bool {
        let base = self.bases.first().unwrap_or_else(|| self.gate.page().url());
        let url = base.join(&self.text(value)).ok();
        let site = self.gate.page().site();
        url.is_some_and(|url| url.host_str().is_some_and(|host| site.contains(host)))
    }

    /// Takes the bases of a part of this document.
    pub(super) fn add_bases_of(&mut self, part: Self) {
        part.bases.into_iter().for_each(|base| self.add_base(base));
    }

    /// An attribute's value as text.
    pub(super) fn text<'v>(&self, value: &'v [u8]) -> Cow<'v, str> {
        markup::decode(self.plain(value))
    }

    /// Bytes of the page as text, without a look at character references.
    pub(super) fn plain<'v>(&self, value: &'v [u8]) -> Cow<'v, str> {
        match str::from_utf8(value) {
            Ok(text) if value.is_ascii() || self.charset == encoding_rs::UTF_8 => text.into(),
            Ok(_) | Err(_) => self.charset.decode_without_bom_handling(value).0,
        }
    }

    /// Judges a raw attribute value.
    pub(super) fn value(&self, value: &[u8], to: Destination, shape: Shape) -> Option<Judged> {
        if self.is_nobodys(value, to) {
            return None;
        }
        self.url(&self.text(value), to, shape)
    }

    /// Judges a decoded URL.
    pub(super) fn url(&self, url: &str, to: Destination, shape: Shape) -> Option<Judged> {
        if self.is_nobodys(url.as_bytes(), to) {
            return None;
        }
        let page = std::iter::once(self.gate.page().url());
        let mut judged =
            page.chain(&self.bases).filter_map(|base| self.against(base, url, to, shape));
        let first = judged.next()?;
        if first.is_held() { Some(first) } else { judged.find(Judged::is_held).or(Some(first)) }
    }

    fn against(&self, base: &Url, url: &str, to: Destination, shape: Shape) -> Option<Judged> {
        let url = base.join(url).ok()?;
        if let Some(target) = Target::new(&url, to, shape) {
            return self.gate.target(&target);
        }
        let (_, rest) = url.as_str().split_once(':')?;
        match url.scheme() {
            "javascript" => script::first_held(&percent_decoded(rest), self),
            // The fragment is not part of what the URL holds (Fetch Standard, 6, data: URL processor).
            "data" => self.data(rest.split('#').next().unwrap_or_default(), to),
            _ => None,
        }
    }

    /// Whether `value` needs no parsing: it is the site's own, or an image in the URL itself.
    fn is_nobodys(&self, value: &[u8], to: Destination) -> bool {
        if !self.relative_counts && is_relative(value) {
            return true;
        }
        let shown = matches!(to, Destination::Image | Destination::Font | Destination::Media);
        shown && value.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"data:"))
    }

    /// Judges what a `data:` URL holds (RFC 2397), by what the browser makes of it.
    fn data(&self, rest: &str, to: Destination) -> Option<Judged> {
        let (head, body) = rest.split_once(',')?;
        let head = head.to_ascii_lowercase();
        let mut bytes = percent_decoded(body);
        if head.trim_end().ends_with("base64") {
            bytes.retain(|b| !b.is_ascii_whitespace());
            bytes = FORGIVING.decode(&bytes).unwrap_or_default();
        }
        match to {
            Destination::Image | Destination::Font | Destination::Media => None,
            Destination::Style => self.first_in_css(&bytes),
            Destination::Script | Destination::Connect | Destination::Ping => {
                script::first_held(&bytes, self)
            }
            Destination::Iframe
            | Destination::Object
            | Destination::Other
            | Destination::Document => self.first_in_page(&bytes),
        }
    }

    fn first_in_css(&self, css: &[u8]) -> Option<Judged> {
        let judge = |url: css::CssUrl| self.url(&url.url, Destination::Style, Shape::Plain);
        css::urls(css).into_iter().filter_map(judge).find(Judged::is_held)
    }

    /// A page that is too deep is looked at as text.
    fn first_in_page(&self, page: &[u8]) -> Option<Judged> {
        let Some(lens) = self.nested() else { return script::first_held(page, self) };
        let config = Config { surrogates: false, ..Config::default() };
        let inner = document::Document::new(lens, config, None, document::Kind::Srcdoc);
        let mut inner = Rewriter::of(inner, Syntax::Html);
        let read =
            inner.parse(page, &mut Vec::new()).and_then(|()| inner.parse_end(&mut Vec::new()));
        let held = inner.take_findings().into_iter().map(|f| f.judged).find(Judged::is_held);
        if read.is_err() { held.or_else(|| script::first_held(page, self)) } else { held }
    }
}

/// The code of a `javascript:` URL; `None` when `url` is not one.
pub(super) fn code_of(url: &str) -> Option<Vec<u8>> {
    let start = url.trim_start_matches(|c: char| c <= ' ');
    let (scheme, code) = start.split_once(':')?;
    let mut letters = scheme.chars().filter(|c| !matches!(c, '\t' | '\n' | '\r'));
    let is_script =
        "javascript".chars().all(|c| letters.next().is_some_and(|l| l.eq_ignore_ascii_case(&c)))
            && letters.next().is_none();
    is_script.then(|| percent_decoded(code))
}

fn percent_decoded(text: &str) -> Vec<u8> {
    percent_encoding::percent_decode_str(text).collect()
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
