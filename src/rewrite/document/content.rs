//! Turns what an element holds (a script, a style) into what of it leaves.
//!
//! 1. What fits is decided whole, at its end; what does not is edited in parts as it passes, with an overlap, so that no host is cut.
//! 2. A style that hides the page until a gated script arrives is emptied: the script will not come.
//! 3. Where a gated script defined globals that pages call, the page gets the vendor's stub in its place, once.

use super::{Content, Document, Kind, State, excerpt, start::make_script_inert};
use crate::{
    catalog::{Destination, HitKind, Shape},
    policy::{Judged, Place},
    rewrite::{
        Gated,
        change::Change,
        css::{self, CssUrl},
        engine::{Token, TokenKind},
        markup,
        script::{self, Fate, Held},
        tag::Tag,
    },
};
use std::ops::Range;

/// Bytes of a script that are kept back while it is edited as it passes, so that no host is cut.
const OVERLAP: usize = script::LONGEST * 2;

impl Document {
    /// When what is held is too long, lets it pass in parts from now on.
    pub(super) fn overflow(&mut self, to: u64, out: &mut Vec<u8>) {
        let State::Holding { what, tag } = &self.state else { return };
        let (what, tag) = (*what, tag.clone());
        if to.saturating_sub(tag.end) <= self.config.max_inline as u64 {
            return;
        }
        out.extend_from_slice(self.slice(tag.clone()));
        self.cursor = tag.end;
        self.state = State::Passing(what);
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
                if let Some(crossing) = held.iter().find(|h| h.range.end > cut) {
                    cut = cut.min(crossing.range.start);
                }
                held.retain(|h| h.range.end <= cut);
                script::neutralise(text.get(..cut).unwrap_or_default(), &held, out);
                self.found_hosts(held, from);
            }
            Content::Style => {
                let (css, held) = self.gate_css(text.get(..cut).unwrap_or_default());
                out.extend_from_slice(&css);
                self.found_urls(held, from);
            }
        }
        self.cursor = from + cut as u64;
    }

    pub(super) fn found_hosts(&mut self, held: Vec<Held>, from: u64) {
        for Held { range, judged, .. } in held {
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
    pub(super) fn code(&mut self, tag: &Range<u64>, end: &Token, out: &mut Vec<u8>) {
        let text = self.slice(tag.end..end.range.start);
        let excerpt = excerpt(text);
        match script::fate(text, &self.lens) {
            Fate::Keep => {
                out.extend_from_slice(self.slice(tag.start..end.range.start));
                self.cursor = end.range.start;
            }
            Fate::Hosts(held) => {
                out.extend_from_slice(self.slice(tag.clone()));
                script::neutralise(text, &held, out);
                self.cursor = end.range.start;
                self.found_hosts(held, tag.end);
            }
            Fate::Whole(judged) => {
                self.stub(&judged, out);
                self.drop_script(tag, end, &judged, out);
                for judged in judged {
                    self.found(judged, Place::InlineScript, &excerpt, tag.end);
                }
            }
        }
    }

    pub(super) fn drop_script(
        &mut self,
        tag: &Range<u64>,
        end: &Token,
        judged: &[Judged],
        out: &mut Vec<u8>,
    ) {
        self.cursor = match self.config.gated {
            Gated::Remove if end.kind == TokenKind::End => end.range.end,
            Gated::Remove => end.range.start,
            Gated::Inert => {
                let raw = self.slice(tag.clone());
                inert_script(&Tag::new(raw), judged).write(&Tag::new(raw), out);
                out.extend_from_slice(self.slice(tag.end..end.range.start));
                end.range.start
            }
        };
    }

    /// Decides on the text of a style element up to `end`.
    pub(super) fn style(&mut self, tag: &Range<u64>, end: u64, out: &mut Vec<u8>) {
        let text = self.slice(tag.end..end);
        let hides = self
            .lens
            .gate
            .snippets(text)
            .find(|(snippet, judged)| snippet.kind == HitKind::Hides && judged.is_held());
        let hides = hides.map(|(_, judged)| judged);
        let what = excerpt(text);
        let (css, held) = self.gate_css(text);
        out.extend_from_slice(self.slice(tag.clone()));
        self.cursor = end;
        // A style that hides the page for a gated script is emptied: its end tag stays.
        if let Some(judged) = hides {
            self.found(judged, Place::Stylesheet, &what, tag.end);
            return;
        }
        out.extend_from_slice(&css);
        self.found_urls(held, tag.end);
    }

    /// `css` without gated URLs.
    pub(super) fn gate_css(&self, text: &[u8]) -> (Vec<u8>, Vec<(CssUrl, Judged)>) {
        let (mut css, mut at, mut held) = (Vec::new(), 0, Vec::new());
        for url in css::urls(text) {
            let Some(judged) = self.lens.url(&url.url, css_destination(&url), Shape::Plain) else {
                continue;
            };
            if judged.is_held() {
                css.extend_from_slice(text.get(at..url.range.start).unwrap_or_default());
                css.extend_from_slice(self.invalid(&judged, &url.url).as_bytes());
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
    pub(super) fn stub(&mut self, judged: &[Judged], out: &mut Vec<u8>) {
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
            out.extend_from_slice(b"<script");
            if let Some(nonce) = &self.nonce {
                out.extend_from_slice(format!(" nonce=\"{}\"", markup::encode(nonce)).as_bytes());
            }
            out.extend_from_slice(b">");
            out.extend_from_slice(text.as_bytes());
            out.extend_from_slice(b"</script>");
        }
    }
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
    let room = text.len().saturating_sub(OVERLAP);
    let head = text.get(..room).unwrap_or_default();
    let ends = |b: &u8| match what {
        Content::Code | Content::Loads => matches!(b, b'"' | b'\'' | b';' | b',' | b' ' | b'\n'),
        Content::Style => matches!(b, b'}' | b';' | b'\n'),
    };
    head.iter().rposition(ends).map_or(room, |at| at + 1)
}
