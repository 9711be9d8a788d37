//! Turns a page's bytes into the page that the browser gets, with findings aside.
//!
//! 1. What makes a browser contact a gated vendor is taken out or made inert; every other byte stays.
//! 2. Any way of cutting the page into chunks gives the same output.
//! 3. An inline script is held until its end, up to [`Config::max_inline`] bytes, then decided; a longer one is
//!    edited as it passes, host by host.
//! 4. `noscript` and `srcdoc` are pages inside the page and are rewritten in the same way.
//! 5. Held in memory at most: one tag ([`Config::max_tag`]) with what is written in its place, one inline script or style
//!    ([`Config::max_inline`]), twice over while the parser holds a tag too; the parser's list of open elements (24 MiB, about
//!    100,000 of them); 64 KiB behind a policy in a `meta`; 10,000 findings between two looks at them; and that again, with
//!    what is left of the tag that it is in, for each of at most four documents nested in one another.

mod additions;
mod change;
mod charset;
mod config;
mod css;
mod document;
mod element;
mod engine;
mod lens;
mod markup;
mod script;
pub mod sniff;
mod srcset;
mod style;
mod tag;

pub use self::{
    additions::{Additions, End, Ending, LOADER, OwnScript},
    charset::outgoing,
    config::{Config, Gated},
    document::insertions,
    style::StyleRewriter,
};
use self::{
    charset::Charset,
    document::{Document, Kind},
    engine::{Html, HtmlEngine, Token, Xml},
    lens::Lens,
    script::Fate,
};
use crate::policy::{Finding, Gate, Judged, csp::OwnNeeds};

/// How much is read between two looks at what was found; bounds what a tag-dense page holds in tokens.
const STEP: usize = 16 << 10;

/// Why a page could not be read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Unreadable {
    /// A tag is longer than [`Config::max_tag`].
    #[error("a tag is longer than the limit")]
    Tag,
    /// The parser gave up.
    #[error("the markup could not be parsed")]
    Markup,
    /// The charset cannot be read.
    #[error("the charset cannot be read")]
    Charset,
}

/// How a page is to be parsed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Syntax {
    /// As HTML.
    #[default]
    Html,
    /// As XML: `application/xhtml+xml`.
    Xml,
}

/// The rewriting of one page.
pub struct Rewriter {
    charset: Charset,
    engine: Box<dyn HtmlEngine>,
    document: Document,
    tokens: Vec<Token>,
    /// What the charset stage let go, and the parser has not read yet.
    readable: Vec<u8>,
    /// Output behind a policy that may have to be changed yet.
    waiting: Vec<u8>,
}

impl Rewriter {
    /// A rewriter for one response body. `charset` is the label in its header, `nonce` the nonce of its
    /// content security policy, for what is inserted.
    #[must_use]
    pub fn new(
        gate: Gate,
        config: &Config,
        syntax: Syntax,
        charset: Option<&str>,
        nonce: Option<&str>,
    ) -> Self {
        let charset = Charset::new(charset.and_then(charset::of_label));
        let mut document =
            Document::new(Lens::new(gate), config.clone(), nonce.map(Into::into), Kind::Page);
        if syntax == Syntax::Xml {
            document.set_xml();
        }
        Self { charset, ..Self::of(document, syntax) }
    }

    /// The same rewriter, whose page gets these things of our own.
    #[must_use]
    pub fn adding(mut self, additions: Additions) -> Self {
        self.document.set_additions(additions);
        self
    }

    /// The same rewriter, whose page's own policies in `meta` get what `own` needs, where `by_hash` says whether the policies in the head
    /// know scripts by hashes alone; with `narrow` they lose what serves gated vendors alone.
    #[must_use]
    pub fn under(mut self, own: OwnNeeds, by_hash: bool, narrow: bool) -> Self {
        self.document.set_policies(own, by_hash, narrow);
        self
    }

    /// The rewriting of a document whose bytes were read already.
    fn of(document: Document, syntax: Syntax) -> Self {
        let max_tag = document.config().max_tag;
        let engine: Box<dyn HtmlEngine> = match syntax {
            Syntax::Html => Box::new(Html::new(max_tag)),
            Syntax::Xml => Box::new(Xml::new(max_tag)),
        };
        let charset = Charset::new(Some(encoding_rs::UTF_8));
        Self {
            charset,
            engine,
            document,
            tokens: Vec::new(),
            readable: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// Takes the next bytes of the page and appends what can leave now to `out`.
    ///
    /// # Errors
    /// When the page cannot be read; nothing more may be fed then, and `out` ends where reading ended.
    pub fn feed(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), Unreadable> {
        for step in input.chunks(STEP) {
            self.charset.feed(step, false, &mut self.readable)?;
            self.read(out)?;
        }
        Ok(())
    }

    /// Ends the page and appends what was held back to `out`.
    ///
    /// # Errors
    /// As [`Rewriter::feed`].
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Unreadable> {
        self.charset.feed(b"", true, &mut self.readable)?;
        self.read(out)?;
        self.parse_end(out)
    }

    fn read(&mut self, out: &mut Vec<u8>) -> Result<(), Unreadable> {
        let readable = std::mem::take(&mut self.readable);
        self.document.set_charset(self.charset.encoding());
        self.parse(&readable, out)?;
        self.readable = readable;
        self.readable.clear();
        Ok(())
    }

    fn parse(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), Unreadable> {
        self.document.take(input);
        let settled = self.engine.feed(input, &mut self.tokens);
        self.decide(settled, out)
    }

    fn parse_end(&mut self, out: &mut Vec<u8>) -> Result<(), Unreadable> {
        let settled = self.engine.finish(&mut self.tokens);
        let text_ends = self.engine.is_between_tags();
        self.decide(settled, out)?;
        let mut waiting = std::mem::take(&mut self.waiting);
        let target = if waiting.is_empty() { &mut *out } else { &mut waiting };
        let ended = self.document.end(target);
        if ended.is_ok() && text_ends {
            self.document.write_end(target);
        }
        out.append(&mut waiting);
        ended
    }

    /// Lets the document write, behind what waits if something does.
    fn decide(
        &mut self,
        settled: Result<u64, Unreadable>,
        out: &mut Vec<u8>,
    ) -> Result<(), Unreadable> {
        let mut waiting = std::mem::take(&mut self.waiting);
        let target = if waiting.is_empty() { &mut *out } else { &mut waiting };
        let read = settled.and_then(|to| self.document.read(&mut self.tokens, to, target));
        let length = target.len();
        let declared = self.document.declared();
        declared.give_up_at(length - declared.since().unwrap_or(length));
        if let (Some(since), Ok(())) = (declared.since(), &read) {
            declared.shift(since);
            self.waiting = target.split_off(since.min(length));
        }
        out.append(&mut waiting);
        read
    }

    /// The findings since the last call.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        self.document.take_findings()
    }

    /// How many findings were not listed, as there were too many at once.
    #[must_use]
    pub const fn unlisted(&self) -> u64 {
        self.document.unlisted()
    }
}

/// What becomes of the text of an inline script: the gated vendors in it, and whether it is gated whole for them
/// or only their hosts are replaced. It is kept as it is when there are none.
#[must_use]
pub fn snippet(gate: Gate, text: &[u8]) -> (Vec<Judged>, bool) {
    match script::fate(text, &Lens::new(gate)) {
        Fate::Keep => (Vec::new(), false),
        Fate::Whole(judged) => (judged, true),
        Fate::Hosts(held) => (held.into_iter().map(|held| held.judged).collect(), false),
    }
}

#[cfg(test)]
mod tests;
