//! Turns a page's bytes and the places of its tags into the page that leaves.
//!
//! 1. Text passes as it is; a start tag is decided by [`Document::start`]; what an element holds is decided at its end.
//! 2. Bytes wait in one window from the oldest that is not decided yet.
//! 3. A script that never ends is left as it is (browsers do not run it); a style that never ends is applied, and so edited.
//! 4. In a `noscript`, a tag that never ends and is gated goes: without scripting the browser would complete it with what follows.

mod additions;
mod attributes;
mod content;
mod nested;
mod policy;
mod served;
mod setup;
mod start;
mod state;
mod window;

use self::additions::Pending;
use self::policy::Declared;
pub(super) use self::served::in_css;
use self::setup::Told;
pub use self::setup::insertions;
use self::state::{Ambiguity, Content, Held, State};
use super::{
    Config, Unreadable,
    engine::{Token, TokenKind},
    lens::Lens,
};
use crate::policy::{Finding, csp::OwnNeeds};
use encoding_rs::Encoding;

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Page,
    Noscript,
    /// A page in an attribute.
    Srcdoc,
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
