//! Turns a page's bytes into the page that the browser gets, with findings aside.

mod config;

pub use self::config::{Config, Gated};
use crate::policy::{Finding, Gate};

/// Why a page could not be read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
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

/// The rewriting of one page.
pub struct Rewriter {
    findings: Vec<Finding>,
}

impl Rewriter {
    /// A rewriter for one response body in an ASCII-compatible charset.
    /// `nonce` is the page's content security policy nonce for what is inserted.
    #[must_use]
    pub fn new(_gate: Gate, _config: &Config, _nonce: Option<&str>) -> Self {
        Self { findings: Vec::new() }
    }

    /// Takes the next bytes of the page and appends what can leave now to `out`.
    ///
    /// # Errors
    /// When the page cannot be read; nothing more may be fed then, and `out` ends where reading ended.
    pub fn feed(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), Unreadable> {
        out.extend_from_slice(input);
        Ok(())
    }

    /// Ends the page and appends what was held back to `out`.
    ///
    /// # Errors
    /// As [`Rewriter::feed`].
    pub fn finish(&mut self, _out: &mut Vec<u8>) -> Result<(), Unreadable> {
        Ok(())
    }

    /// The findings since the last call.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.findings)
    }
}
