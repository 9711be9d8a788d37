//! Turns a page's bytes and the places of its tags into the page that leaves.
//!
//! 1. Text passes as it is; a start tag is decided by [`Document::start`]; what an element holds is decided at its end.
//! 2. Bytes wait in one window from the oldest that is not decided yet.
//! 3. A script that never ends is left as it is (browsers do not run it); a style that never ends is applied, and so edited.
//! 4. In a `noscript`, a tag that never ends is taken out: without scripting the browser would complete it with what follows.

mod attributes;
mod content;
mod start;

use super::{
    Config, Rewriter, Unreadable,
    engine::{Token, TokenKind},
    lens::Lens,
};
use crate::policy::{Finding, Judged, Place};
use encoding_rs::Encoding;
use std::ops::Range;

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
}

fn newlines(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}

fn excerpt(text: &[u8]) -> String {
    let text = text.trim_ascii_start();
    String::from_utf8_lossy(text.get(..EXCERPT).unwrap_or(text)).into_owned()
}
