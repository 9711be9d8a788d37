//! What the reader of a page is inside of.

use crate::rewrite::Rewriter;
use std::ops::Range;

/// What the reader is inside of.
pub(super) enum State {
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
pub(super) struct Held {
    pub(super) what: Content,
    pub(super) tag: Range<u64>,
    /// The start tag, where it was edited.
    pub(super) edited: Option<Vec<u8>>,
    /// A consent tool runs it later: it is pointed to what the site serves, and never gated.
    pub(super) waits: bool,
    /// Its content is markup (SVG, XML): character references and CDATA sections count.
    pub(super) is_markup: bool,
}

/// Where browsers differ in what is text (HTML Standard, 13.2.6.4.16 and 13.2.6.4.20, which changed).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ambiguity {
    None,
    /// In a `select`, elements are ignored in most browsers, but not what they hold.
    Select,
    /// In and behind a `frameset`, the same.
    Frameset,
}

/// The content of an element that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Code,
    /// Data whose URLs the browser loads.
    Loads,
    Style,
}
