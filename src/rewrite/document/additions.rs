//! Turns the first tags of a page, and its end, into those with what the page gets of our own.

use super::{Ambiguity, Document, Kind, State};
use crate::{
    purpose::Purpose,
    rewrite::{
        additions::{Additions, origin},
        engine::{Token, TokenKind},
        tag::Tag,
    },
    vendor::Vendor,
};
use std::{collections::BTreeMap, sync::Arc};

/// How many vendors of a page what comes last is told of.
const VENDORS: usize = 512;
/// How much of a page's beginning is looked at for a doctype; bytes.
const LEAD: usize = 4096;
/// The longest language that a page can say; bytes.
const LANG: usize = 35;
/// What elements pages begin with.
const BEGINNINGS: [&[u8]; 8] =
    [b"html", b"head", b"body", b"title", b"meta", b"base", b"link", b"frameset"];

/// What the page still gets.
pub(super) struct Pending {
    additions: Additions,
    /// Whether what comes first is still to come.
    head: bool,
    vendors: BTreeMap<Box<str>, Arc<Vendor>>,
    /// The language that the page's `html` element says.
    lang: Option<String>,
    /// Whether a doctype came by, or an element that pages begin with.
    declared: bool,
    /// The page's first bytes, until the first tag.
    lead: Vec<u8>,
}

impl Pending {
    pub(super) const fn nothing() -> Self {
        let additions = Additions { head: Vec::new(), end: None, is_page: false };
        Self {
            additions,
            head: false,
            vendors: BTreeMap::new(),
            lang: None,
            declared: false,
            lead: Vec::new(),
        }
    }

    /// The next bytes of the page.
    pub(super) fn take(&mut self, input: &[u8]) {
        let room = LEAD.saturating_sub(self.lead.len());
        if self.head && room > 0 {
            self.lead.extend_from_slice(input.get(..room).unwrap_or(input));
        }
    }

    /// Whether a doctype stands before `to`, or `name` is of an element that pages begin with.
    fn begins_page(&self, name: &[u8], to: u64) -> bool {
        let to = usize::try_from(to).unwrap_or(usize::MAX).min(self.lead.len());
        let lead = self.lead.get(..to).unwrap_or_default();
        let mut opens = memchr::memchr_iter(b'<', lead).filter_map(|at| lead.get(at..));
        BEGINNINGS.iter().any(|other| name.eq_ignore_ascii_case(other)) || opens.any(is_doctype)
    }

    /// A thing of this vendor's was found.
    pub(super) fn found(&mut self, vendor: &Arc<Vendor>) {
        let counts = self.additions.end.is_some() && vendor.purpose != Purpose::Necessary;
        if counts && self.vendors.len() < VENDORS && !self.vendors.contains_key(&vendor.id) {
            self.vendors.insert(vendor.id.clone(), vendor.clone());
        }
    }
}

impl Document {
    /// The page gets these.
    pub(in crate::rewrite) fn set_additions(&mut self, additions: Additions) {
        self.pending.head = !additions.is_empty();
        self.pending.declared = additions.is_page;
        self.pending.additions = additions;
    }

    /// Before a tag: what comes first, unless the tag may stand before it.
    pub(super) fn before_tag(&mut self, token: &Token, out: &mut Vec<u8>) -> bool {
        let waits = self.pending.head && matches!(self.state, State::Flow);
        if !waits || matches!(token.kind, TokenKind::End | TokenKind::StartScanned) {
            return false;
        }
        let tag = Tag::new(self.slice(token.range.clone()));
        let is = |other: &[u8]| tag.name().eq_ignore_ascii_case(other);
        let (goes_on, is_head) = (is(b"html") || is(b"head") && !self.xml, is(b"head"));
        let is_charset = is(b"meta") && tag.value("charset").is_some();
        let lang = tag.value("lang").filter(|lang| is(b"html") && lang.len() <= LANG);
        let lang = lang.map(|lang| String::from_utf8_lossy(lang).into_owned());
        let begins = self.pending.begins_page(tag.name(), token.range.start);
        self.pending.declared |= begins;
        self.pending.lang = self.pending.lang.take().or(lang);
        if goes_on {
            return false;
        }
        self.pending.head = false;
        self.pending.lead = Vec::new();
        if !self.pending.declared {
            self.pending.additions = Additions::default();
        } else if is_head || is_charset {
            return true;
        } else if !self.xml {
            self.write_head(out);
        }
        false
    }

    /// In XML: whether a tag is the body's end.
    pub(super) fn ends_body(&self, token: &Token) -> bool {
        self.xml && self.slice(token.range.clone()).starts_with(b"</body")
    }

    /// What comes first.
    pub(super) fn write_head(&self, out: &mut Vec<u8>) {
        let nonce = self.nonce.as_deref();
        for script in &self.pending.additions.head {
            script.write(nonce, "", self.declared.by_hash, out);
        }
    }

    /// What comes last.
    pub(in crate::rewrite) fn write_end(&mut self, out: &mut Vec<u8>) {
        let Some(end) = self.pending.additions.end.take() else { return };
        let is_page = self.kind == Kind::Page && self.pending.declared;
        if !is_page || self.ambiguity != Ambiguity::None || self.around.is_some() {
            return;
        }
        let vendors: Vec<_> = std::mem::take(&mut self.pending.vendors).into_values().collect();
        let lang = self.pending.lang.take();
        let Some(end) = end.ending(&vendors, lang.as_deref()) else { return };
        let base =
            if self.lens.is_based_elsewhere() { origin(&self.lens.gate) } else { String::new() };
        end.write(self.nonce.as_deref(), &base, self.declared.by_hash, out);
    }
}

fn is_doctype(text: &[u8]) -> bool {
    text.get(..9).is_some_and(|text| text.eq_ignore_ascii_case(b"<!doctype"))
}
