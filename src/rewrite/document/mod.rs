//! Turns a page's bytes and the places of its tags into the page that leaves.
//!
//! 1. Text passes as it is; a start tag is decided by [`Document::start`]; what an element holds is decided at its end.
//! 2. Bytes wait in one window from the oldest that is not decided yet.
//! 3. A script that never ends is left as it is (browsers do not run it); a style that never ends is applied, and so edited.
//! 4. In a `noscript`, a tag that never ends and is gated goes: without scripting the browser would complete it with what follows.
//! 5. What `iframe`, `noembed` and `noframes` hold is read as a page too: it is text to most browsers, but inside a `select`
//!    or a `frameset` not to all. Documents that are nested too deep lose their content.
//! 6. At most [`FINDINGS`] findings are listed between two calls of [`Document::take_findings`]; the rest is counted.

mod additions;
mod attributes;
mod content;
mod policy;
mod served;
mod setup;
mod start;

use self::additions::Pending;
use self::policy::Declared;
pub(super) use self::served::in_css;
use self::setup::Told;
pub use self::setup::insertions;
use super::{
    Config, Rewriter, Unreadable,
    engine::{Token, TokenKind},
    lens::Lens,
};
use crate::policy::{Finding, Judged, Place, csp::OwnNeeds};
use encoding_rs::Encoding;
use std::ops::Range;

/// Characters of a URL or a snippet in a finding.
const EXCERPT: usize = 200;
/// How many findings are listed.
const FINDINGS: usize = 10_000;

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Page,
    Noscript,
    /// A page in an attribute.
    Srcdoc,
}

/// What the reader is inside of.
enum State {
    Flow,
    /// An element that is decided at its end.
    Holding(Held),
    /// One that is too long to be held.
    Passing {
        what: Content,
        /// From this offset on another part is worth a look.
        next: u64,
    },
    /// Text that is a page in some browsers; read from its first `<` on.
    Nested(Option<Box<Rewriter>>),
    /// A gated element.
    Dropping,
}

/// An element that is decided at its end.
struct Held {
    what: Content,
    tag: Range<u64>,
    /// The start tag, where it was edited.
    edited: Option<Vec<u8>>,
    /// A consent tool runs it later: it is pointed to what the site serves, and never gated.
    waits: bool,
    /// Its content is markup (SVG, XML): character references and CDATA sections count.
    is_markup: bool,
}

/// Where browsers differ in what is text (HTML Standard, 13.2.6.4.16 and 13.2.6.4.20, which changed).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ambiguity {
    None,
    /// In a `select`, elements are ignored in most browsers, but not what they hold.
    Select,
    /// In and behind a `frameset`, the same.
    Frameset,
}

/// The content of an element that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// How many findings were not listed.
    unlisted: u64,
    /// Whether the page is XML.
    xml: bool,
    ambiguity: Ambiguity,
    /// What the text is of a script or a style in SVG that has elements in it, behind these.
    around: Option<Content>,
    declared: Declared,
    /// Vendors whose surrogate the page has.
    stubs: Vec<Box<str>>,
    /// What the page was told for its vendors.
    told: Told,
    /// What it gets of our own.
    pending: Pending,
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
            unlisted: 0,
            xml: false,
            ambiguity: Ambiguity::None,
            around: None,
            declared: Declared::new(),
            stubs: Vec::new(),
            told: Told::new(),
            pending: Pending::nothing(),
        }
    }

    pub(super) const fn config(&self) -> &Config {
        &self.config
    }

    /// What attribute values are decoded as.
    pub(super) const fn set_charset(&mut self, charset: &'static Encoding) {
        self.lens.set_charset(charset);
    }

    /// The page is XML.
    pub(super) const fn set_xml(&mut self) {
        self.xml = true;
    }

    pub(super) fn take_findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.findings)
    }

    pub(super) const fn unlisted(&self) -> u64 {
        self.unlisted
    }

    /// What holds for the policies in `meta`.
    pub(super) fn set_policies(&mut self, own: OwnNeeds, by_hash: bool, narrow: bool) {
        self.declared.set(own, by_hash, narrow);
    }

    /// The policies in `meta` that wait for the first stub.
    pub(super) const fn declared(&mut self) -> &mut Declared {
        &mut self.declared
    }

    /// Takes the bytes that the parser is given next.
    pub(super) fn take(&mut self, input: &[u8]) {
        self.window.extend_from_slice(input);
        self.pending.take(input);
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
            let opens_head = self.before_tag(&token, out);
            self.token(&token, out)?;
            if opens_head {
                self.write_head(out);
            }
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
            State::Holding(held) if self.applies_unended(&held, end) => {
                self.style(&held, end, out);
            }
            State::Holding(held) => {
                out.extend_from_slice(self.head(&held));
                if !self.hides_markup(held.tag.end..end) {
                    out.extend_from_slice(self.slice(held.tag.end..end));
                }
            }
            State::Flow => self.tail(end, out),
            State::Passing { what, .. } => {
                self.pass(what, end, true, out);
            }
            State::Nested(inner) => self.end_nested(inner, end, out)?,
            State::Dropping => {}
        }
        self.cursor = end;
        Ok(())
    }

    /// A style that never ends is applied; in a `select` it may be no style.
    fn applies_unended(&mut self, held: &Held, end: u64) -> bool {
        held.what == Content::Style && !self.hides_markup(held.tag.end..end)
    }

    /// What is left behind the last tag: text, or a tag that never ends.
    fn tail(&mut self, end: u64, out: &mut Vec<u8>) {
        let tail = self.slice(self.cursor..end).to_vec();
        let is_tag = matches!(*tail, [b'<', next, ..] if next.is_ascii_alphabetic());
        if self.kind == Kind::Noscript && is_tag && self.is_gated_tag(&[&tail[..], b">"].concat()) {
            return;
        }
        out.extend_from_slice(&tail);
    }

    /// The start tag of what is held, as it leaves.
    fn head<'a>(&'a self, held: &'a Held) -> &'a [u8] {
        held.edited.as_deref().unwrap_or_else(|| self.slice(held.tag.clone()))
    }

    /// Reads text that is a page in some browsers, up to `to`.
    fn nested(&mut self, to: u64, out: &mut Vec<u8>) -> Result<(), Unreadable> {
        let State::Nested(inner) = &mut self.state else { return Ok(()) };
        let mut inner = inner.take();
        if inner.is_none() {
            let text = self.slice(self.cursor..to);
            let plain = memchr::memchr(b'<', text).unwrap_or(text.len());
            out.extend_from_slice(text.get(..plain).unwrap_or_default());
            self.cursor += plain as u64;
            if self.cursor < to {
                let Some(lens) = self.lens.nested() else {
                    self.too_deep(to, out);
                    return Ok(());
                };
                inner = Some(Box::new(self.part(lens)));
            }
        }
        if let Some(inner) = &mut inner {
            inner.parse(self.slice(self.cursor..to), out)?;
        }
        self.state = State::Nested(inner);
        Ok(())
    }

    /// Leaves out what is nested too deep to be looked into, unless nothing in it can be gated.
    fn too_deep(&mut self, to: u64, out: &mut Vec<u8>) {
        if self.lens.gate.ruling().allows_everything() {
            out.extend_from_slice(self.slice(self.cursor..to));
            self.cursor = to;
            self.state = State::Nested(None);
        } else {
            self.state = State::Dropping;
        }
    }

    /// The rewriting of the part of this page that begins at the cursor.
    fn part(&mut self, lens: Lens) -> Rewriter {
        let mut inner = Self::new(lens, self.config.clone(), None, Kind::Noscript);
        inner.ambiguity = self.ambiguity;
        inner.origin = self.origin + self.cursor;
        inner.line.1 = self.line_of(self.cursor);
        Rewriter::of(inner, super::Syntax::Html)
    }

    fn end_nested(
        &mut self,
        inner: Option<Box<Rewriter>>,
        end: u64,
        out: &mut Vec<u8>,
    ) -> Result<(), Unreadable> {
        self.state = State::Nested(inner);
        self.nested(end, out)?;
        let State::Nested(inner) = std::mem::replace(&mut self.state, State::Flow) else {
            return Ok(());
        };
        let Some(mut inner) = inner else { return Ok(()) };
        inner.parse_end(out)?;
        self.take_in(&mut inner.document);
        self.lens.add_bases_of(inner.document.lens);
        Ok(())
    }

    /// Takes the findings of a part of this page.
    fn take_in(&mut self, inner: &mut Self) {
        self.unlisted += inner.unlisted;
        inner.take_findings().into_iter().for_each(|finding| self.list(finding));
    }

    fn slice(&self, range: Range<u64>) -> &[u8] {
        let at =
            |offset: u64| usize::try_from(offset.saturating_sub(self.base)).unwrap_or(usize::MAX);
        self.window.get(at(range.start)..at(range.end)).unwrap_or_default()
    }

    /// Drops what no decision needs any more.
    fn forget(&mut self) {
        let keep = match &self.state {
            State::Holding(held) => held.tag.start,
            State::Passing { .. } => self.cursor.saturating_sub(content::CONTEXT).max(self.base),
            State::Flow | State::Nested(_) | State::Dropping => self.cursor,
        };
        self.line_of(keep);
        let done = usize::try_from(keep.saturating_sub(self.base)).unwrap_or(0);
        self.window.drain(..done.min(self.window.len()));
        self.base = keep;
    }

    /// The line of `at`; what is asked for grows, so that no byte is counted twice.
    fn line_of(&mut self, at: u64) -> u64 {
        if at > self.line.0 {
            self.line = (at, self.line.1 + newlines(self.slice(self.line.0..at)));
        }
        self.line.1
    }

    fn found(&mut self, judged: Judged, place: Place, what: &str, at: u64) {
        let line = self.line_of(at);
        let what = what.trim().chars().take(EXCERPT).collect();
        self.list(Finding { judged, place, what, at: self.origin + at, line });
    }

    fn list(&mut self, finding: Finding) {
        self.pending.found(&finding.judged.vendor);
        if self.findings.len() < FINDINGS {
            self.findings.push(finding);
        } else {
            self.unlisted += 1;
        }
    }

    /// Lets the text up to `to` leave, as far as the state allows.
    fn text(&mut self, to: u64, out: &mut Vec<u8>) -> Result<(), Unreadable> {
        if to <= self.cursor {
            return Ok(());
        }
        match &self.state {
            State::Flow => out.extend_from_slice(self.slice(self.cursor..to)),
            State::Dropping => {}
            State::Holding(_) => {
                self.overflow(to, out);
                return Ok(());
            }
            State::Passing { what, next } => {
                let what = *what;
                if to >= *next {
                    self.pass(what, to, false, out);
                }
                return Ok(());
            }
            State::Nested(_) => self.nested(to, out)?,
        }
        self.cursor = to;
        Ok(())
    }

    fn token(&mut self, token: &Token, out: &mut Vec<u8>) -> Result<(), Unreadable> {
        match (&self.state, token.kind) {
            (State::Flow, TokenKind::End) if self.ends_body(token) => {
                self.write_end(out);
                Ok(())
            }
            (_, TokenKind::End) if self.ends_body(token) => Ok(()),
            (State::Flow, TokenKind::End) => {
                let name = self.slice(token.range.start + 2..token.range.end).get(..6);
                let is_select = name.is_some_and(|name| name.eq_ignore_ascii_case(b"select"));
                if is_select && self.ambiguity == Ambiguity::Select {
                    self.ambiguity = Ambiguity::None;
                }
                Ok(())
            }
            (State::Flow, TokenKind::StartScanned) => {
                self.scanned(&token.range, out);
                Ok(())
            }
            // It is text, of an element that is held.
            (_, TokenKind::StartScanned) => Ok(()),
            (State::Flow, kind) => {
                self.start(&token.range, kind, out);
                Ok(())
            }
            (State::Dropping, TokenKind::End) => {
                self.cursor = token.range.end;
                self.resume();
                Ok(())
            }
            (
                State::Dropping,
                TokenKind::Start | TokenKind::StartForeign | TokenKind::StartBreakout,
            ) => Ok(()),
            (State::Holding(_) | State::Passing { .. } | State::Nested(_), kind) => {
                self.around = self.around_after(kind);
                self.close(token, out)?;
                if kind != TokenKind::End {
                    self.token(token, out)?;
                }
                if matches!(self.state, State::Flow) {
                    self.resume();
                }
                Ok(())
            }
        }
    }

    /// What the text is around an element in a script or a style, which can have some only in SVG and XML.
    fn around_after(&self, kind: TokenKind) -> Option<Content> {
        match (&self.state, kind) {
            (_, TokenKind::StartBreakout) | (State::Passing { .. }, TokenKind::End) => None,
            (State::Passing { what, .. }, _) => Some(*what),
            (State::Holding(held), TokenKind::Start | TokenKind::StartForeign) => {
                self.around.or(Some(held.what))
            }
            (_, _) => self.around,
        }
    }

    /// Goes on with the text around an element.
    fn resume(&mut self) {
        self.state = match self.around {
            Some(what) => State::Passing { what, next: self.cursor },
            None => State::Flow,
        };
    }

    /// Whether what an element holds would be gated where browsers do not take it for text.
    fn hides_markup(&mut self, range: Range<u64>) -> bool {
        let has_tag = memchr::memchr(b'<', self.slice(range.clone())).is_some();
        if self.ambiguity == Ambiguity::None || !has_tag {
            return false;
        }
        let Some(lens) = self.lens.nested() else { return true };
        self.cursor = range.start;
        let mut inner = self.part(lens);
        let mut out = Vec::new();
        let read =
            inner.parse(self.slice(range), &mut out).and_then(|()| inner.parse_end(&mut out));
        let held = inner.document.findings.iter().any(|finding| finding.judged.is_held());
        self.take_in(&mut inner.document);
        held || read.is_err()
    }

    /// Ends what is held: at its end tag, or in SVG at the next tag of any kind.
    fn close(&mut self, token: &Token, out: &mut Vec<u8>) -> Result<(), Unreadable> {
        let end = token.range.start;
        match std::mem::replace(&mut self.state, State::Flow) {
            State::Holding(held) if self.hides_markup(held.tag.end..end) => {
                out.extend_from_slice(self.head(&held));
                self.cursor = end;
            }
            State::Holding(held) => match held.what {
                Content::Code => self.code(&held, token, out),
                Content::Loads => {
                    out.extend_from_slice(self.head(&held));
                    self.cursor = held.tag.end;
                    self.pass(Content::Loads, end, true, out);
                }
                Content::Style => self.style(&held, end, out),
            },
            State::Passing { what, .. } => self.pass(what, end, true, out),
            State::Nested(inner) => self.end_nested(inner, end, out)?,
            State::Flow | State::Dropping => {}
        }
        Ok(())
    }
}

fn newlines(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}

fn excerpt(text: &[u8]) -> String {
    let text = text.trim_ascii_start();
    String::from_utf8_lossy(text.get(..EXCERPT).unwrap_or(text)).into_owned()
}
