//! Turns a page's bytes into the places of its tags: the one boundary between the decisions and a parser.
//!
//! 1. A parser reports every start tag, and the end tags of elements whose content is not markup, by their offsets in the page.
//! 2. It never changes a byte; everything that is decided and edited is outside of it.
//! 3. What it reports does not depend on how the page is cut into chunks.

mod html;
mod xml;

pub(super) use self::{html::Html, xml::Xml};
use super::Unreadable;
use std::ops::Range;

/// A tag and its place in the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    /// Offsets from the first byte of the page.
    pub(super) range: Range<u64>,
}

/// What kind of tag it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A start tag of HTML.
    Start,
    /// A start tag in SVG or MathML, where no content is raw text; or one that is ignored, whose content is then none.
    StartForeign,
    /// A start tag of HTML that ended the SVG or MathML in which it is.
    StartBreakout,
    /// What only a preload scanner takes for a start tag: in the page it is text.
    StartScanned,
    /// An end tag.
    End,
}

/// A parser of pages.
pub(super) trait HtmlEngine: Send {
    /// Takes the next bytes, appends the tags that they complete to `tokens`, in order, and says up to
    /// which offset no further tag will begin.
    fn feed(&mut self, input: &[u8], tokens: &mut Vec<Token>) -> Result<u64, Unreadable>;

    /// Ends the page; says as [`HtmlEngine::feed`] up to where it was markup or text. What is behind that
    /// is a tag or a comment that was never closed.
    fn finish(&mut self, tokens: &mut Vec<Token>) -> Result<u64, Unreadable>;

    /// Whether what would come next is read as markup: not the rest of a tag, a comment or a text.
    fn is_between_tags(&self) -> bool;
}

/// Elements whose end tag is reported too: what is in them is held, skipped or read in another way, at least in a `select`.
pub(super) fn reports_end(name: &[u8]) -> bool {
    let first = name.first().map(u8::to_ascii_lowercase);
    matches!(first, Some(b's' | b'n' | b'i' | b't' | b'x')) && {
        let names = [&b"script"[..], b"style", b"noscript", b"iframe", b"noembed", b"noframes"];
        let text = [&b"title"[..], b"textarea", b"xmp", b"select"];
        names.iter().chain(&text).any(|n| n.eq_ignore_ascii_case(name))
    }
}
