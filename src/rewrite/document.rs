//! Turns a page's bytes and the places of its tags into the page that leaves.
//!
//! 1. Text passes as it is; a start tag is decided by [`Document::start`]; what an element holds is decided at its end.
//! 2. Bytes wait in one window from the oldest that is not decided yet.
//! 3. A script that never ends is left as it is (browsers do not run it); a style that never ends is applied, and so edited.
//! 4. In a `noscript`, a tag that never ends is taken out: without scripting the browser would complete it with what follows.

use super::{
    Config, Gated, Rewriter, Syntax, Unreadable,
    change::Change,
    css::{self, CssUrl},
    element::{self, Element, Use},
    engine::{Token, TokenKind},
    lens::Lens,
    markup,
    script::{self, Fate, Held, ScriptKind},
    srcset,
    tag::{Attribute, Tag},
};
use crate::{
    catalog::{Destination, HitKind, Shape, refresh::refresh_url},
    policy::{Finding, Judged, Place, csp},
};
use encoding_rs::Encoding;
use std::ops::Range;

/// How deep pages may be nested in `srcdoc`; deeper ones are taken out.
const MAX_NESTING: u8 = 3;
/// Bytes of a script that are kept back while it is edited as it passes, so that no host is cut.
const OVERLAP: usize = script::LONGEST * 2;
/// Characters of a URL or a snippet in a finding.
const EXCERPT: usize = 200;

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Page,
    Noscript,
    /// A page in an attribute, this deep.
    Srcdoc(u8),
}

/// What the reader is inside of.
enum State {
    Flow,
    /// An element that is decided at its end.
    Holding {
        what: Content,
        tag: Range<u64>,
    },
    /// One that is too long to be held.
    Passing(Content),
    Noscript(Box<Rewriter>),
    /// A gated element.
    Dropping,
}

/// The content of an element that is held.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    Code,
    /// Data whose URLs the browser loads.
    Loads,
    Style,
}

/// One page, or one that is nested in it.
pub(super) struct Document {
    lens: Lens,
    config: Config,
    nonce: Option<Box<str>>,
    kind: Kind,
    state: State,
    /// The page from offset `base` on.
    window: Vec<u8>,
    base: u64,
    /// Up to here the page has left.
    cursor: u64,
    /// An offset and its line, for findings.
    line: (u64, u64),
    /// Where this document begins in the page, for findings.
    origin: u64,
    findings: Vec<Finding>,
    /// Vendors whose surrogate the page has.
    stubs: Vec<Box<str>>,
}

impl Document {
    pub(super) const fn new(
        lens: Lens,
        config: Config,
        nonce: Option<Box<str>>,
        kind: Kind,
    ) -> Self {
        Self {
            lens,
            config,
            nonce,
            kind,
            state: State::Flow,
            window: Vec::new(),
            base: 0,
            cursor: 0,
            line: (0, 1),
            origin: 0,
            findings: Vec::new(),
            stubs: Vec::new(),
        }
    }

    pub(super) const fn config(&self) -> &Config {
        &self.config
    }

    /// What attribute values are decoded as.
    pub(super) const fn set_charset(&mut self, charset: &'static Encoding) {
        self.lens.set_charset(charset);
    }

    pub(super) fn take_findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.findings)
    }

    /// Takes the bytes that the parser is given next.
    pub(super) fn take(&mut self, input: &[u8]) {
        self.window.extend_from_slice(input);
    }

    /// Decides on `tokens` and on the text up to `settled`.
    pub(super) fn read(
        &mut self,
        tokens: &mut Vec<Token>,
        settled: u64,
        out: &mut Vec<u8>,
    ) -> Result<(), Unreadable> {
        for token in tokens.drain(..) {
            self.text(token.range.start, out)?;
            self.token(&token, out)?;
        }
        self.text(settled, out)?;
        self.forget();
        if self.window.len() > self.config.max_tag.saturating_add(self.config.max_inline) {
            return Err(Unreadable::Tag);
        }
        Ok(())
    }

    /// Ends the page.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Unreadable> {
        let end = self.base + self.window.len() as u64;
        match std::mem::replace(&mut self.state, State::Flow) {
            State::Holding { what: Content::Style, tag } => self.style(&tag, end, out),
            State::Holding { .. } | State::Flow => self.tail(end, out),
            State::Passing(what) => self.pass(what, end, true, out),
            State::Noscript(mut inner) => {
                inner.parse(self.slice(self.cursor..end), out)?;
                inner.parse_end(out)?;
                self.findings.append(&mut inner.document.findings);
            }
            State::Dropping => {}
        }
        self.cursor = end;
        Ok(())
    }

    fn tail(&self, end: u64, out: &mut Vec<u8>) {
        let tail = self.slice(self.cursor..end);
        let is_tag = matches!(tail, [b'<', next, ..] if next.is_ascii_alphabetic());
        if self.kind != Kind::Noscript || !is_tag {
            out.extend_from_slice(tail);
        }
    }

    // === places ===

    fn slice(&self, range: Range<u64>) -> &[u8] {
        let at =
            |offset: u64| usize::try_from(offset.saturating_sub(self.base)).unwrap_or(usize::MAX);
        self.window.get(at(range.start)..at(range.end)).unwrap_or_default()
    }

    /// Drops what no decision needs any more.
    fn forget(&mut self) {
        let keep = match &self.state {
            State::Holding { tag, .. } => tag.start,
            State::Flow | State::Passing(_) | State::Noscript(_) | State::Dropping => self.cursor,
        };
        let lines = newlines(self.slice(self.line.0..keep));
        self.line = (keep, self.line.1 + lines);
        let done = usize::try_from(keep.saturating_sub(self.base)).unwrap_or(0);
        self.window.drain(..done.min(self.window.len()));
        self.base = keep;
    }

    fn found(&mut self, judged: Judged, place: Place, what: &str, at: u64) {
        let line = self.line.1 + newlines(self.slice(self.line.0..at));
        let what = what.trim().chars().take(EXCERPT).collect();
        let at = self.origin + at;
        self.findings.push(Finding { judged, place, what, at, line });
    }

    // === text ===

    /// Lets the text up to `to` leave, as far as the state allows.
    fn text(&mut self, to: u64, out: &mut Vec<u8>) -> Result<(), Unreadable> {
        if to <= self.cursor {
            return Ok(());
        }
        match &mut self.state {
            State::Flow => out.extend_from_slice(self.slice(self.cursor..to)),
            State::Dropping => {}
            State::Holding { .. } => {
                self.overflow(to, out);
                return Ok(());
            }
            State::Passing(what) => {
                let what = *what;
                self.pass(what, to, false, out);
                return Ok(());
            }
            State::Noscript(inner) => {
                let from = usize::try_from(self.cursor.saturating_sub(self.base)).unwrap_or(0);
                let until = usize::try_from(to.saturating_sub(self.base)).unwrap_or(0);
                inner.parse(self.window.get(from..until).unwrap_or_default(), out)?;
            }
        }
        self.cursor = to;
        Ok(())
    }

    /// When what is held is too long, lets it pass in parts from now on.
    fn overflow(&mut self, to: u64, out: &mut Vec<u8>) {
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
    fn pass(&mut self, what: Content, to: u64, last: bool, out: &mut Vec<u8>) {
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

    fn found_hosts(&mut self, held: Vec<Held>, from: u64) {
        for Held { range, judged, .. } in held {
            let at = from + range.start as u64;
            let what =
                String::from_utf8_lossy(self.slice(at..from + range.end as u64)).into_owned();
            self.found(judged, Place::InlineScript, &what, at);
        }
    }

    fn found_urls(&mut self, urls: Vec<(CssUrl, Judged)>, from: u64) {
        for (url, judged) in urls {
            self.found(judged, Place::Stylesheet, &url.url, from + url.range.start as u64);
        }
    }

    // === tags ===

    fn token(&mut self, token: &Token, out: &mut Vec<u8>) -> Result<(), Unreadable> {
        match (&self.state, token.kind) {
            (State::Flow, TokenKind::End) => Ok(()),
            (State::Flow, TokenKind::Start) => self.start(&token.range, false, out),
            (State::Flow, TokenKind::StartForeign) => self.start(&token.range, true, out),
            (State::Dropping, TokenKind::End) => {
                self.cursor = token.range.end;
                self.state = State::Flow;
                Ok(())
            }
            (State::Dropping, TokenKind::Start | TokenKind::StartForeign) => Ok(()),
            (State::Holding { .. } | State::Passing(_) | State::Noscript(_), kind) => {
                self.close(token, out)?;
                if kind == TokenKind::End { Ok(()) } else { self.token(token, out) }
            }
        }
    }

    /// Ends what is held: at its end tag, or in SVG at the next tag of any kind.
    fn close(&mut self, token: &Token, out: &mut Vec<u8>) -> Result<(), Unreadable> {
        let end = token.range.start;
        match std::mem::replace(&mut self.state, State::Flow) {
            State::Holding { what: Content::Code, tag } => self.code(&tag, token, out),
            State::Holding { what: Content::Loads, tag } => {
                out.extend_from_slice(self.slice(tag.clone()));
                self.cursor = tag.end;
                self.pass(Content::Loads, end, true, out);
            }
            State::Holding { what: Content::Style, tag } => self.style(&tag, end, out),
            State::Passing(what) => self.pass(what, end, true, out),
            State::Noscript(mut inner) => {
                inner.parse_end(out)?;
                self.findings.append(&mut inner.document.findings);
            }
            State::Flow | State::Dropping => {}
        }
        Ok(())
    }

    /// Decides on an inline script.
    fn code(&mut self, tag: &Range<u64>, end: &Token, out: &mut Vec<u8>) {
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

    fn drop_script(&mut self, tag: &Range<u64>, end: &Token, judged: &[Judged], out: &mut Vec<u8>) {
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
    fn style(&mut self, tag: &Range<u64>, end: u64, out: &mut Vec<u8>) {
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
    fn gate_css(&self, text: &[u8]) -> (Vec<u8>, Vec<(CssUrl, Judged)>) {
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
    fn invalid(&self, judged: &Judged, url: &str) -> String {
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
    fn stub(&mut self, judged: &[Judged], out: &mut Vec<u8>) {
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

    /// Decides on a start tag.
    fn start(
        &mut self,
        range: &Range<u64>,
        foreign: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), Unreadable> {
        // The tag is copied only when it has something to decide on.
        let raw = self.slice(range.clone());
        let element = Element::of(Tag::new(raw).name(), foreign);
        let passes = element == Element::Other && !may_count(raw);
        if passes {
            out.extend_from_slice(raw);
            self.cursor = range.end;
            return Ok(());
        }
        let raw = raw.to_vec();
        let tag = Tag::new(&raw);
        self.cursor = range.end;
        if element == Element::Meta {
            self.meta(&tag);
        } else if let (Element::Base, Some(href)) = (element, tag.value("href")) {
            self.lens.set_base(href);
        }
        let script = self.script_kind(element, &tag);
        if script == Some(ScriptKind::Data) {
            out.extend_from_slice(&raw);
            return Ok(());
        }
        let outcome = self.attributes(element, &tag, range.start);
        self.finish_start(element, script, &tag, outcome, range, out)
    }

    fn script_kind(&self, element: Element, tag: &Tag<'_>) -> Option<ScriptKind> {
        (element == Element::Script).then(|| {
            let text = |name| tag.value(name).map(|v| self.lens.text(v).into_owned());
            script::kind(text("type").as_deref(), text("language").as_deref())
        })
    }

    /// Takes the nonce of a policy that the page itself declares.
    fn meta(&mut self, tag: &Tag<'_>) {
        let declares = tag
            .value("http-equiv")
            .is_some_and(|v| v.trim_ascii().eq_ignore_ascii_case(b"content-security-policy"));
        if let (true, None, Some(content)) = (declares, &self.nonce, tag.value("content"))
            && let csp::Inline::Nonce(nonce) = csp::inline_script(&[&self.lens.text(content)])
        {
            self.nonce = Some(nonce.into());
        }
    }

    fn finish_start(
        &mut self,
        element: Element,
        script: Option<ScriptKind>,
        tag: &Tag<'_>,
        outcome: Outcome,
        range: &Range<u64>,
        out: &mut Vec<u8>,
    ) -> Result<(), Unreadable> {
        let Outcome { mut change, gone, stubs } = outcome;
        let has_source = element == Element::Script
            && ["src", "href", "xlink:href"].iter().any(|name| tag.value(name).is_some());
        if element == Element::Script {
            self.stub(&stubs, out);
        }
        if gone {
            if matches!(element, Element::Script | Element::Iframe) && !ends_itself(tag, element) {
                self.state = State::Dropping;
            }
            return Ok(());
        }
        if element == Element::Script && !stubs.is_empty() && self.config.gated == Gated::Inert {
            make_script_inert(&mut change, tag);
        }
        let holds = match (element, script) {
            (Element::Script, Some(ScriptKind::Code | ScriptKind::Delayed)) if !has_source => {
                Some(Content::Code)
            }
            (Element::Script, Some(ScriptKind::Loads)) => Some(Content::Loads),
            (Element::Style, _) => Some(Content::Style),
            _ => None,
        };
        if let Some(what) = holds.filter(|_| change.is_empty()) {
            self.state = State::Holding { what, tag: range.clone() };
            self.cursor = range.start;
            // What is held starts at its tag; the text begins behind it.
            return Ok(());
        }
        if change.is_empty() {
            out.extend_from_slice(tag.raw());
        } else {
            change.write(tag, out);
        }
        if let Some(what) = holds {
            self.state = State::Passing(what);
        }
        if element == Element::Noscript {
            let inner = Self::new(self.lens.nested(), self.config.clone(), None, Kind::Noscript);
            self.state = State::Noscript(Box::new(Rewriter::of(inner, Syntax::Html)));
        }
        Ok(())
    }

    // === attributes ===

    fn attributes(&mut self, element: Element, tag: &Tag<'_>, at: u64) -> Outcome {
        let mut outcome = Outcome::default();
        let shape = element::shape(tag);
        let mut kept_source = false;
        for attribute in tag.attributes() {
            let name = tag.bytes(&attribute.name).to_ascii_lowercase();
            let Some(use_) = element.use_of(&name, tag) else { continue };
            let (before, origin) = (self.findings.len(), self.origin);
            let gated = self.attribute(use_, tag, &attribute, shape, &mut outcome.change);
            for finding in self.findings.iter_mut().skip(before) {
                finding.place = Place::Attribute {
                    element: String::from_utf8_lossy(tag.name()).to_ascii_lowercase(),
                    attribute: String::from_utf8_lossy(&name).into_owned(),
                };
                finding.at = origin + at + attribute.whole.start as u64;
            }
            let lives = element.lives_by(&name);
            match gated {
                Some(judged) if lives => {
                    outcome.gone = true;
                    outcome.stubs.push(judged);
                }
                Some(judged) if element == Element::Script => outcome.stubs.push(judged),
                None if lives && !attribute.value.is_empty() => kept_source = true,
                Some(_) | None => {}
            }
        }
        outcome.gone &= self.config.gated == Gated::Remove && !kept_source;
        outcome
    }

    /// Judges one attribute, notes its edit, and says for whom it was gated whole.
    fn attribute(
        &mut self,
        use_: Use,
        tag: &Tag<'_>,
        attribute: &Attribute,
        shape: Shape,
        change: &mut Change,
    ) -> Option<Judged> {
        let value = tag.bytes(&attribute.value);
        let judged = match use_ {
            Use::Url(to) => {
                let judged = self.lens.value(value, to, shape)?;
                self.found_here(&judged, value);
                Some(judged).filter(Judged::is_held)
            }
            Use::Action => {
                // Where a form goes is the visitor's doing: said, never touched.
                if let Some(judged) = self.lens.value(value, Destination::Document, shape) {
                    let mut judged = judged;
                    judged.decision.verdict = crate::policy::Verdict::Allow;
                    self.found_here(&judged, value);
                }
                None
            }
            Use::Navigation => self.navigation(value),
            Use::Refresh => self.refresh(value),
            Use::Handler => {
                let text = self.lens.text(value);
                let held = script::first_held(text.as_bytes(), &self.lens);
                held.inspect(|judged| self.found_here(judged, value))
            }
            Use::Srcset(to) => return self.srcset(tag, attribute, to, change),
            Use::Css => {
                self.css(value, attribute, change);
                return None;
            }
            Use::Ping => {
                self.ping(value, attribute, change);
                return None;
            }
            Use::Srcdoc => {
                self.srcdoc(value, attribute, change);
                return None;
            }
        }?;
        change.gate(tag, attribute, judged.clone(), self.config.gated);
        Some(judged)
    }

    fn found_here(&mut self, judged: &Judged, value: &[u8]) {
        let what = self.lens.text(value).into_owned();
        self.found(judged.clone(), Place::InlineScript, &what, self.cursor);
    }

    fn navigation(&mut self, value: &[u8]) -> Option<Judged> {
        let text = self.lens.text(value);
        let start = text.trim_start_matches(|c: char| c <= ' ');
        let is_script = start.get(..1).is_some_and(|c| c.eq_ignore_ascii_case("j"))
            && start.split(':').next().is_some_and(|scheme| {
                let scheme: String = scheme.chars().filter(|c| !c.is_control()).collect();
                scheme.eq_ignore_ascii_case("javascript")
            });
        let url = text.into_owned();
        let judged =
            is_script.then(|| self.lens.url(&url, Destination::Script, Shape::Plain))??;
        self.found_here(&judged, value);
        Some(judged)
    }

    fn refresh(&mut self, value: &[u8]) -> Option<Judged> {
        let text = self.lens.text(value);
        let url = text.get(refresh_url(&text)?)?.to_owned();
        let judged = self.lens.url(&url, Destination::Document, Shape::Plain)?;
        self.found_here(&judged, value);
        Some(judged).filter(Judged::is_held)
    }

    fn srcset(
        &mut self,
        tag: &Tag<'_>,
        attribute: &Attribute,
        to: Destination,
        change: &mut Change,
    ) -> Option<Judged> {
        let text = self.lens.text(tag.bytes(&attribute.value)).into_owned();
        let (mut kept, mut gated) = (Vec::new(), None);
        for candidate in srcset::candidates(&text) {
            let url = text.get(candidate.url).unwrap_or_default();
            let judged = self.lens.url(url, to, Shape::Plain);
            if let Some(judged) = &judged {
                self.found_here(judged, url.as_bytes());
            }
            match judged.filter(Judged::is_held) {
                Some(judged) => gated = Some(judged),
                None => kept.push(text.get(candidate.whole).unwrap_or_default()),
            }
        }
        let gated = gated?;
        if kept.is_empty() {
            change.gate(tag, attribute, gated.clone(), self.config.gated);
            return Some(gated);
        }
        change.set(attribute, &kept.join(", "));
        None
    }

    fn css(&mut self, value: &[u8], attribute: &Attribute, change: &mut Change) {
        let text = self.lens.text(value).into_owned();
        let (css, found) = self.gate_css(text.as_bytes());
        let held = found.iter().any(|(_, judged)| judged.is_held());
        for (url, judged) in found {
            self.found_here(&judged, url.url.as_bytes());
        }
        if held {
            change.set(attribute, &String::from_utf8_lossy(&css));
        }
    }

    fn ping(&mut self, value: &[u8], attribute: &Attribute, change: &mut Change) {
        let text = self.lens.text(value).into_owned();
        let (mut kept, mut held) = (Vec::new(), false);
        for url in text.split_ascii_whitespace() {
            let judged = self.lens.url(url, Destination::Ping, Shape::Plain);
            if let Some(judged) = &judged {
                self.found_here(judged, url.as_bytes());
            }
            match judged.filter(Judged::is_held) {
                Some(_) => held = true,
                None => kept.push(url),
            }
        }
        if held {
            change.set(attribute, &kept.join(" "));
        }
    }

    fn srcdoc(&mut self, value: &[u8], attribute: &Attribute, change: &mut Change) {
        let depth = match self.kind {
            Kind::Page | Kind::Noscript => 0,
            Kind::Srcdoc(depth) => depth,
        };
        let text = self.lens.text(value).into_owned();
        let nested = Kind::Srcdoc(depth + 1);
        let mut lens = self.lens.nested();
        lens.set_charset(encoding_rs::UTF_8);
        let inner = Self::new(lens, self.config.clone(), self.nonce.clone(), nested);
        let mut inner = Rewriter::of(inner, Syntax::Html);
        let mut page = Vec::with_capacity(text.len());
        let read = if depth < MAX_NESTING {
            inner.parse(text.as_bytes(), &mut page).and_then(|()| inner.parse_end(&mut page))
        } else {
            Err(Unreadable::Markup)
        };
        for finding in inner.take_findings() {
            self.found(finding.judged, finding.place, &finding.what, self.cursor);
        }
        match read {
            Ok(()) if page == text.as_bytes() => {}
            Ok(()) => change.set(attribute, &String::from_utf8_lossy(&page)),
            // What cannot be read in an attribute is left out: the frame is then empty.
            Err(_) => change.set(attribute, ""),
        }
    }
}

/// What is to be done with an element.
#[derive(Default)]
struct Outcome {
    change: Change,
    /// The element is taken out.
    gone: bool,
    /// For whom a script was gated.
    stubs: Vec<Judged>,
}

fn inert_script(tag: &Tag<'_>, judged: &[Judged]) -> Change {
    let mut change = Change::default();
    judged.iter().for_each(|j| change.mark(j.clone()));
    make_script_inert(&mut change, tag);
    change
}

/// Gives a script a type that browsers do not run, and keeps the one that it had.
fn make_script_inert(change: &mut Change, tag: &Tag<'_>) {
    for attribute in tag.attributes() {
        if tag.bytes(&attribute.name).eq_ignore_ascii_case(b"type") {
            change.rename(&attribute, "data-consentry-type");
        }
    }
    change.insert(tag, " type=\"text/plain\"");
}

/// In HTML only a foreign script can end itself.
fn ends_itself(tag: &Tag<'_>, element: Element) -> bool {
    element == Element::Script && tag.is_self_closing() && tag.value("src").is_none()
}

/// A cheap look at a tag of no particular element: has it an attribute that can count at all?
fn may_count(raw: &[u8]) -> bool {
    Tag::new(raw).attributes().any(|attribute| {
        let name = raw.get(attribute.name).unwrap_or_default();
        matches!(
            name,
            [b's' | b'S', b't' | b'T', ..]
                | [b'o' | b'O', b'n' | b'N', ..]
                | [b'd' | b'D', _, _, _, b'-', ..]
        )
    })
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

fn newlines(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}

fn excerpt(text: &[u8]) -> String {
    let text = text.trim_ascii_start();
    String::from_utf8_lossy(text.get(..EXCERPT).unwrap_or(text)).into_owned()
}
