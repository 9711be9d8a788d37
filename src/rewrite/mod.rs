//! Turns a page's bytes into the page that the browser gets, with findings aside.
//!
//! 1. What makes a browser contact a gated vendor is taken out or made inert; every other byte stays.
//! 2. Any way of cutting the page into chunks gives the same output.
//! 3. An inline script is held until its end, up to [`Config::max_inline`] bytes, then decided; a longer one is
//!    edited as it passes, host by host.
//! 4. `noscript` and `srcdoc` are pages inside the page and are rewritten in the same way.
//! 5. Held in memory at most: one tag ([`Config::max_tag`]), one inline script, and the parser's list of open elements.

mod change;
mod config;
mod css;
mod document;
mod element;
mod engine;
mod lens;
mod markup;
mod script;
mod srcset;
mod tag;

pub use self::config::{Config, Gated};
use self::{
    document::{Document, Kind},
    engine::{HtmlEngine, Lol, Token, Xml},
    lens::Lens,
};
use crate::policy::{Finding, Gate};
use encoding_rs::Encoding;

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
    engine: Box<dyn HtmlEngine>,
    document: Document,
    tokens: Vec<Token>,
}

impl Rewriter {
    /// A rewriter for one response body in `charset`, which is ASCII-compatible.
    /// `nonce` is the page's content security policy nonce for what is inserted.
    #[must_use]
    pub fn new(
        gate: Gate,
        config: &Config,
        syntax: Syntax,
        charset: &'static Encoding,
        nonce: Option<&str>,
    ) -> Self {
        let lens = Lens::new(gate, charset);
        Self::of(Document::new(lens, config.clone(), nonce.map(Into::into), Kind::Page), syntax)
    }

    fn of(document: Document, syntax: Syntax) -> Self {
        let max_tag = document.config().max_tag;
        let engine: Box<dyn HtmlEngine> = match syntax {
            Syntax::Html => Box::new(Lol::new(max_tag)),
            Syntax::Xml => Box::new(Xml::new(max_tag)),
        };
        Self { engine, document, tokens: Vec::new() }
    }

    /// Takes the next bytes of the page and appends what can leave now to `out`.
    ///
    /// # Errors
    /// When the page cannot be read; nothing more may be fed then, and `out` ends where reading ended.
    pub fn feed(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), Unreadable> {
        for step in input.chunks(STEP) {
            self.document.take(step);
            let settled = self.engine.feed(step, &mut self.tokens)?;
            self.document.read(&mut self.tokens, settled, out)?;
        }
        Ok(())
    }

    /// Ends the page and appends what was held back to `out`.
    ///
    /// # Errors
    /// As [`Rewriter::feed`].
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Unreadable> {
        let settled = self.engine.finish(&mut self.tokens)?;
        self.document.read(&mut self.tokens, settled, out)?;
        self.document.end(out)
    }

    /// The findings since the last call.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        self.document.take_findings()
    }
}

#[cfg(test)]
mod tests;
