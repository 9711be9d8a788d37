//! Turns what an element holds (a script, a style) into what of it leaves.
//!
//! 1. What fits is decided whole, at its end; what does not is edited in parts as it passes, with an overlap, so that no host is cut.
//! 2. A style that hides the page until a gated script arrives is emptied: the script will not come. One that only hides what
//!    a script gives a class first is left: that script is gated with its vendor.
//! 3. In SVG and XML a text is decided as it is written and as it is read, character references decoded.
//! 4. Where a gated script defined globals that pages call, the page gets the vendor's stub in its place, once.

use super::{
    Ambiguity, Content, Document, Held, Kind, State, served::in_css, setup::insertions,
    start::make_script_inert, window::excerpt,
};
use crate::{
    catalog::{Destination, Shape},
    policy::{Judged, Place},
    rewrite::{
        Gated,
        change::Change,
        css::{self, CssUrl},
        engine::{Token, TokenKind},
        markup,
        script::{self, Fate, HeldHost, Named},
        tag::Tag,
    },
};
use std::{borrow::Cow, ops::Range};

/// Bytes of a script that are kept back while it is edited as it passes, so that no host is cut.
const OVERLAP: usize = script::LONGEST * 2;
/// Bytes of a script that left already and say what the next ones are.
pub(super) const CONTEXT: u64 = OVERLAP as u64;

impl Document {
    /// When what is held is too long, lets it pass in parts from now on.
    pub(super) fn overflow(&mut self, to: u64, out: &mut Vec<u8>) {
        let State::Holding(held) = &self.state else { return };
        if to.saturating_sub(held.tag.end) <= self.config.max_inline as u64 {
            return;
        }
        let (what, start, is_markup) = (held.what, held.tag.end, held.is_markup);
        let waits = held.waits;
        let head = self.head(held).to_vec();
        if what == Content::Code {
            // Where it is cut does not depend on how much of it is here.
            self.set_up_for_code(start..start + self.config.max_inline as u64, is_markup, out);
        }
        out.extend_from_slice(&head);
        self.cursor = start;
        if waits {
            out.extend_from_slice(self.slice(start..to));
            (self.cursor, self.state) = (to, State::Flow);
            return;
        }
        if self.ambiguity != Ambiguity::None {
            // In parts it cannot be read in two ways.
            self.state = State::Dropping;
            self.cursor = to;
            return;
        }
        self.pass(what, to, false, out);
    }

    /// Edits a long script or style up to `to`, or nearly so unless it is the last part.
    pub(super) fn pass(&mut self, what: Content, to: u64, last: bool, out: &mut Vec<u8>) {
        let from = self.cursor;
        let text = self.slice(from..to);
        let mut cut = if last { text.len() } else { safe_cut(text, what) };
        match what {
            Content::Code | Content::Loads => {
                let mut held = script::hosts(text, &self.lens);
                let mut named = self.named(from, to);
                let ranges = held.iter().map(|h| &h.range).chain(named.iter().map(|n| &n.range));
                let crossing = ranges.filter(|r| r.start < cut && r.end > cut).map(|r| r.start);
                cut = crossing.min().unwrap_or(cut);
                held.retain(|h| h.range.end <= cut);
                named.retain(|n| n.range.end <= cut);
                script::edited(text.get(..cut).unwrap_or_default(), 0, &held, &named, out);
                self.found_hosts(held, from);
                self.found_named(named, from);
            }
            Content::Style => {
                let (css, held) = self.gate_css(text.get(..cut).unwrap_or_default());
                out.extend_from_slice(&css);
                self.found_urls(held, from);
            }
        }
        self.cursor = from + cut as u64;
        if !last {
            // A part that did not get far is not worth another look before there is much more of it.
            let left = to - self.cursor;
            let next = to + (OVERLAP as u64).max(left / 4);
            self.state = State::Passing { what, next };
        }
    }

    /// The served hosts in the text from `from` to `to`, by their places in it; what was before it says what they are.
    fn named(&self, from: u64, to: u64) -> Vec<Named> {
        let context = from.saturating_sub(CONTEXT).max(self.base);
        let before = usize::try_from(from - context).unwrap_or(0);
        let mut named = script::served(self.slice(context..to), before, &self.lens);
        for Named { range, .. } in &mut named {
            *range = range.start.saturating_sub(before)..range.end.saturating_sub(before);
        }
        named
    }

    pub(super) fn found_named(&mut self, named: Vec<Named>, from: u64) {
        for Named { range, judged, .. } in named {
            let at = from + range.start as u64;
            let what =
                String::from_utf8_lossy(self.slice(at..from + range.end as u64)).into_owned();
            self.found(judged, Place::InlineScript, &what, at);
        }
    }

    pub(super) fn found_hosts(&mut self, held: Vec<HeldHost>, from: u64) {
        for HeldHost { range, judged, .. } in held {
            let at = from + range.start as u64;
            let what =
                String::from_utf8_lossy(self.slice(at..from + range.end as u64)).into_owned();
            self.found(judged, Place::InlineScript, &what, at);
        }
    }

    pub(super) fn found_urls(&mut self, urls: Vec<(CssUrl, Judged)>, from: u64) {
        for (url, judged) in urls {
            self.found(judged, Place::Stylesheet, &url.url, from + url.range.start as u64);
        }
    }

    /// Decides on an inline script.
    pub(super) fn code(&mut self, held: &Held, end: &Token, out: &mut Vec<u8>) {
        let text = self.slice(held.tag.end..end.range.start);
        if held.waits {
            return self.keep(held, end, Vec::new(), out);
        }
        let excerpt = excerpt(text);
        match self.fate(text, held.is_markup) {
            Fate::Keep => self.keep(held, end, Vec::new(), out),
            Fate::Hosts(hosts) => self.keep(held, end, hosts, out),
            Fate::Whole(judged) => {
                self.stub(&judged, held.is_markup, out);
                self.drop_script(held, end, &judged, out);
                for judged in judged {
                    self.found(judged, Place::InlineScript, &excerpt, held.tag.end);
                }
            }
        }
    }

    /// Lets a script leave, without the names of what is held in it.
    fn keep(&mut self, held: &Held, end: &Token, hosts: Vec<HeldHost>, out: &mut Vec<u8>) {
        self.set_up_for_code(held.tag.end..end.range.start, held.is_markup, out);
        let named = self.named(held.tag.end, end.range.start);
        out.extend_from_slice(self.head(held));
        let text = self.slice(held.tag.end..end.range.start);
        script::edited(text, 0, &hosts, &named, out);
        self.cursor = end.range.start;
        self.found_hosts(hosts, held.tag.end);
        self.found_named(named, held.tag.end);
    }

    fn fate(&self, text: &[u8], is_markup: bool) -> Fate {
        let fate = script::fate(text, &self.lens);
        let (true, Fate::Keep) = (is_markup, &fate) else { return fate };
        match self.read_markup(text) {
            None => fate,
            // Hosts that only show when it is read have no place in what is written.
            Some(text) => match script::fate(text.as_bytes(), &self.lens) {
                Fate::Keep => Fate::Keep,
                Fate::Whole(judged) => Fate::Whole(judged),
                Fate::Hosts(hosts) => Fate::Whole(script::each_vendor_once(hosts)),
            },
        }
    }

    /// The text of an element whose content is markup, where that is not what is written.
    fn read_markup(&self, text: &[u8]) -> Option<String> {
        let is_plain = memchr::memchr2(b'&', b'<', text).is_none();
        if is_plain {
            return None;
        }
        let text = self.lens.plain(text).replace("<![CDATA[", "").replace("]]>", "");
        Some(markup::decode(Cow::Owned(text)).into_owned())
    }

    fn drop_script(&mut self, held: &Held, end: &Token, judged: &[Judged], out: &mut Vec<u8>) {
        let whole = end.kind == TokenKind::End;
        if self.config.gated == Gated::Remove && (whole || !held.is_markup) {
            self.cursor = if whole { end.range.end } else { end.range.start };
            return;
        }
        let raw = self.head(held);
        inert_script(&Tag::new(raw), judged).write(&Tag::new(raw), out);
        if self.config.gated == Gated::Inert {
            out.extend_from_slice(self.slice(held.tag.end..end.range.start));
        }
        self.cursor = end.range.start;
    }

    /// Decides on the text of a style element up to `end`.
    pub(super) fn style(&mut self, held: &Held, end: u64, out: &mut Vec<u8>) {
        let text = self.slice(held.tag.end..end);
        let what = excerpt(text);
        out.extend_from_slice(self.head(held));
        let hides = self.hides(held, text);
        let (css, found) = self.gate_css(text);
        let read = self.read_markup(text).filter(|_| held.is_markup && found.is_empty());
        self.cursor = end;
        // A style that hides the page for a gated script is emptied: its end tag stays.
        if let Some(judged) = hides {
            self.found(judged, Place::Stylesheet, &what, held.tag.end);
            return;
        }
        if let Some((css, found)) = read.map(|text| self.gate_css(text.as_bytes()))
            && !found.is_empty()
        {
            out.extend_from_slice(markup::encode(&String::from_utf8_lossy(&css)).as_bytes());
            self.found_urls(found, held.tag.end);
            return;
        }
        out.extend_from_slice(&css);
        self.found_urls(found, held.tag.end);
    }

    /// For whom a style hides the page, by its text or by what its tag says.
    fn hides(&self, held: &Held, text: &[u8]) -> Option<Judged> {
        let hiding = |text: &[u8], conditional: bool| {
            self.lens
                .gate
                .hides(text)
                .filter(|(_, judged)| judged.is_held())
                .find(|(snippet, _)| !(conditional && is_class(text, &snippet.range)))
                .map(|(_, judged)| judged)
        };
        hiding(self.slice(held.tag.clone()), false).or_else(|| hiding(text, true))
    }

    /// `css` without gated URLs.
    pub(super) fn gate_css(&self, text: &[u8]) -> (Vec<u8>, Vec<(CssUrl, Judged)>) {
        let (mut css, mut at, mut held) = (Vec::new(), 0, Vec::new());
        for url in css::urls(text) {
            let Some(judged) = self.lens.url(&url.url, css_destination(&url), Shape::Plain) else {
                continue;
            };
            let with = if judged.is_held() {
                Some(self.invalid(&judged, &url.url))
            } else {
                self.lens.served(&judged).map(in_css)
            };
            if let Some(with) = with {
                css.extend_from_slice(text.get(at..url.range.start).unwrap_or_default());
                css.extend_from_slice(with.as_bytes());
                at = url.range.end;
            }
            held.push((url, judged));
        }
        css.extend_from_slice(text.get(at..).unwrap_or_default());
        (css, held)
    }

    /// A URL that loads nothing (CSS Values 4, 4.5.3), and in `inert` says what it stands for.
    pub(super) fn invalid(&self, judged: &Judged, url: &str) -> String {
        match self.config.gated {
            Gated::Remove => "about:invalid".to_owned(),
            Gated::Inert => {
                let url =
                    percent_encoding::utf8_percent_encode(url, percent_encoding::NON_ALPHANUMERIC);
                format!("about:invalid#{}/{}/{url}", judged.vendor.id, judged.vendor.purpose)
            }
        }
    }

    /// The stubs of gated vendors that the page does not have yet.
    pub(super) fn stub(&mut self, judged: &[Judged], is_markup: bool, out: &mut Vec<u8>) {
        if !self.config.surrogates || self.kind == Kind::Noscript {
            return;
        }
        for judged in judged {
            let id = &judged.vendor.id;
            let Some(text) = self.lens.gate.catalog().surrogate(id) else { continue };
            if self.stubs.contains(id) {
                continue;
            }
            self.stubs.push(id.clone());
            let text = text.to_owned();
            self.insert(&text, is_markup, out);
        }
    }

    /// Lets `text`, and what may follow it, run under the page's own policies.
    fn open_policies(&mut self, text: &str, out: &mut Vec<u8>) {
        let gate = &self.lens.gate;
        let own = insertions(gate);
        let is_gated = |id| gate.catalog().vendor(id).is_some_and(|vendor| !gate.allows(vendor));
        let hashed = gate.catalog().hashed_surrogates().filter(|(id, _)| is_gated(id));
        let policies = self.declared.policies().join(";");
        let named = gate.stubs_of(&policies);
        let own = own.iter().map(String::as_str);
        let texts = hashed.map(|(_, text)| text).chain(named).chain(own).chain([text]);
        self.declared.open(texts, out);
    }

    /// Puts a script of our own into the page.
    pub(super) fn insert(&mut self, text: &str, is_markup: bool, out: &mut Vec<u8>) {
        if self.declared.since().is_some() {
            self.open_policies(text, out);
        }
        out.extend_from_slice(b"<script");
        if let Some(nonce) = &self.nonce {
            out.extend_from_slice(format!(" nonce=\"{}\"", markup::encode(nonce)).as_bytes());
        }
        out.extend_from_slice(b">");
        let text = if is_markup { Cow::Owned(escaped(text)) } else { Cow::Borrowed(text) };
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(b"</script>");
    }
}

/// As text between tags, which is read as it was.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Whether `range` of a style is no more than a class in a selector.
fn is_class(text: &[u8], range: &Range<usize>) -> bool {
    let name = text.get(range.clone()).unwrap_or_default();
    let is_name = name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    is_name && range.start.checked_sub(1).and_then(|before| text.get(before)) == Some(&b'.')
}

fn inert_script(tag: &Tag<'_>, judged: &[Judged]) -> Change {
    let mut change = Change::default();
    judged.iter().for_each(|j| change.mark(j.clone()));
    make_script_inert(&mut change, tag);
    change
}

fn css_destination(url: &CssUrl) -> Destination {
    let path = url.url.split(['?', '#']).next().unwrap_or_default();
    let is_font = [".woff", ".woff2", ".ttf", ".otf", ".eot"].iter().any(|e| path.ends_with(e));
    match (url.import, is_font) {
        (true, _) => Destination::Style,
        (false, true) => Destination::Font,
        (false, false) => Destination::Image,
    }
}

/// Up to where a part of a long script or style can be decided without what follows it.
fn safe_cut(text: &[u8], what: Content) -> usize {
    if what == Content::Style {
        return css::settled(text);
    }
    let room = text.len().saturating_sub(OVERLAP);
    let head = text.get(..room).unwrap_or_default();
    let ends = |b: &u8| matches!(b, b'"' | b'\'' | b';' | b',' | b' ' | b'\n');
    // Minified text may have none of these for long; these end a URL too.
    let ends_url = |b: &u8| matches!(b, b'(' | b')' | b'<' | b'>' | b'`' | b'&');
    let cut = head.iter().rposition(ends).or_else(|| head.iter().rposition(ends_url));
    cut.map_or(room, |at| at + 1)
}
