//! Turns a page's bytes into the places of its tags, told by whoever reads the tree what is text.
//!
//! 1. `<` and a letter, or `</` and a letter, begin a tag; every other `<` is text, a comment or nothing (HTML Standard, 13.2.5.6, 13.2.5.7).
//! 2. `<!--` begins a comment, `<!` and `<?` and `</` before anything else one that ends at the next `>` (13.2.5.41, 13.2.5.42);
//!    so does a document type, whose quotes hide no `>` (13.2.5.53 to 13.2.5.68).
//! 3. `<![CDATA[` begins a section up to `]]>` where the tree says so (13.2.5.42, 13.2.5.69).
//! 4. Text of an element ends at that element's own end tag (13.2.5.2, 13.2.5.3); the text of a script is read in [`Script`].
//! 5. What the bytes at hand do not tell yet is read again with more of them; that is never more than ten bytes, or one tag.

use super::{
    comment::Comment,
    script_data::Script,
    tag::{Found, TagScan},
};
use crate::rewrite::tag::is_space;

/// Reads one page, piece by piece.
#[derive(Debug)]
pub(super) struct Tokenizer {
    /// Up to where the text was read.
    at: usize,
    state: State,
    /// Whether `<![CDATA[` begins a section.
    pub(super) reads_cdata: bool,
    /// Whether anybody asks for [`Self::saw_text`].
    pub(super) watches_text: bool,
    /// Text that is no white space came by.
    pub(super) saw_text: bool,
    /// A document type came by.
    pub(super) saw_doctype: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Data,
    Tag(TagScan),
    Comment(Comment),
    Bogus,
    Cdata,
    /// Up to the end tag of that name.
    Text(&'static [u8]),
    Script(Script),
    Plaintext,
}

/// What an element's content is, where it is not markup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// RCDATA and RAWTEXT, which end alike.
    Text(&'static [u8]),
    Script,
    Plaintext,
}

impl Tokenizer {
    /// Begins to read markup at `at`.
    pub(super) const fn new(at: usize) -> Self {
        Self {
            at,
            state: State::Data,
            reads_cdata: false,
            watches_text: false,
            saw_text: false,
            saw_doctype: false,
        }
    }

    /// The element whose tag was found last has content that is not markup.
    pub(super) const fn enter(&mut self, content: Content) {
        self.state = match content {
            Content::Text(name) => State::Text(name),
            Content::Script => State::Script(Script::new()),
            Content::Plaintext => State::Plaintext,
        };
    }

    /// Up to where no further tag begins: the start of a tag that is being read, or where reading stopped.
    pub(super) const fn settled(&self) -> usize {
        if let State::Tag(scan) = &self.state { scan.start } else { self.at }
    }

    /// Whether it is between tags, in markup.
    pub(super) const fn is_in_data(&self) -> bool {
        matches!(self.state, State::Data)
    }

    pub(super) const fn is_in_tag(&self) -> bool {
        matches!(self.state, State::Tag(_))
    }

    /// Whether what follows is read in the same way as by `other`.
    pub(super) fn is_at_one_with(&self, other: &Self) -> bool {
        self.at == other.at && self.state == other.state
    }

    /// The text lost its first `bytes`.
    pub(super) const fn shift(&mut self, bytes: usize) {
        self.at = self.at.saturating_sub(bytes);
        if let State::Tag(scan) = &mut self.state {
            scan.start = scan.start.saturating_sub(bytes);
        }
    }

    /// The next tag that ends in `text`.
    pub(super) fn next(&mut self, text: &[u8]) -> Option<Found> {
        loop {
            let goes_on = match &mut self.state {
                State::Data => self.data(text),
                State::Tag(scan) => {
                    let found = scan.run(text, &mut self.at)?;
                    self.state = State::Data;
                    return Some(found);
                }
                State::Comment(comment) => {
                    let ended = comment.run(text, &mut self.at);
                    self.leave(ended)
                }
                State::Bogus => self.skip_behind(text, b">"),
                State::Cdata => self.cdata(text),
                State::Text(name) => {
                    let name = *name;
                    self.text(text, name)
                }
                State::Script(script) => {
                    let start = script.run(text, &mut self.at);
                    start.is_some_and(|start| self.open(start, true))
                }
                State::Plaintext => {
                    self.at = text.len();
                    false
                }
            };
            if !goes_on {
                return None;
            }
        }
    }

    const fn leave(&mut self, ended: bool) -> bool {
        if ended {
            self.state = State::Data;
        }
        ended
    }

    /// Begins the tag whose `<` is at `start`.
    const fn open(&mut self, start: usize, is_end: bool) -> bool {
        let scan = TagScan::new(start, is_end);
        self.at = scan.name_start();
        self.state = State::Tag(scan);
        true
    }

    const fn begin(&mut self, state: State, length: usize) -> bool {
        self.at += length;
        self.state = state;
        true
    }

    /// Data state and tag open state; `false` when more bytes are needed.
    fn data(&mut self, text: &[u8]) -> bool {
        let rest = text.get(self.at..).unwrap_or_default();
        let open = memchr::memchr(b'<', rest).unwrap_or(rest.len());
        let (plain, markup) = rest.split_at_checked(open).unwrap_or_default();
        self.note(plain);
        self.at += open;
        match markup {
            [b'<', letter, ..] if letter.is_ascii_alphabetic() => self.open(self.at, false),
            [b'<', b'/', letter, ..] if letter.is_ascii_alphabetic() => self.open(self.at, true),
            [] | [b'<'] | [b'<', b'/'] => false,
            [b'<', b'/', b'>', ..] => self.begin(State::Data, 3),
            [b'<', b'/' | b'?', ..] => self.begin(State::Bogus, 1),
            [b'<', b'!', ..] => self.declaration(markup),
            [..] => {
                self.note(b"<");
                self.begin(State::Data, 1)
            }
        }
    }

    /// Markup declaration open state.
    fn declaration(&mut self, markup: &[u8]) -> bool {
        let begins = |what: &[u8]| what.starts_with(markup);
        if markup.starts_with(b"<!--") {
            return self.begin(State::Comment(Comment::new()), 4);
        }
        if self.reads_cdata && markup.starts_with(b"<![CDATA[") {
            return self.begin(State::Cdata, 9);
        }
        let is_open = begins(b"<!--") || self.reads_cdata && begins(b"<![CDATA[");
        let head = markup.get(2..9.min(markup.len())).unwrap_or_default();
        let doctype = b"doctype".get(..head.len()).is_some_and(|d| d.eq_ignore_ascii_case(head));
        if is_open || doctype && head.len() < 7 {
            return false;
        }
        self.saw_doctype |= doctype;
        self.begin(State::Bogus, 2)
    }

    /// Goes behind the next `end`, and on with markup there.
    fn skip_behind(&mut self, text: &[u8], end: &[u8]) -> bool {
        let rest = text.get(self.at..).unwrap_or_default();
        let found = memchr::memmem::find(rest, end);
        self.at = found.map_or(text.len(), |at| self.at + at + end.len());
        self.leave(found.is_some())
    }

    fn cdata(&mut self, text: &[u8]) -> bool {
        let from = self.at;
        self.saw_text = true;
        let ended = self.skip_behind(text, b"]]>");
        if !ended {
            // The last bytes may be the start of the end.
            self.at = from.max(text.len().saturating_sub(2));
        }
        ended
    }

    /// RCDATA and RAWTEXT states.
    fn text(&mut self, text: &[u8], name: &[u8]) -> bool {
        loop {
            let rest = text.get(self.at..).unwrap_or_default();
            let Some(open) = memchr::memchr(b'<', rest) else {
                self.at = text.len();
                return false;
            };
            self.at += open;
            match ends(rest.get(open..).unwrap_or_default(), name) {
                Some(true) => return self.open(self.at, true),
                Some(false) => self.at += 1,
                None => return false,
            }
        }
    }

    fn note(&mut self, text: &[u8]) {
        if self.watches_text {
            self.saw_text |= text.iter().any(|byte| !is_space(*byte) && *byte != 0);
        }
    }
}

/// Whether `markup` begins with an end tag of that name; `None` when more bytes are needed.
pub(super) fn ends(markup: &[u8], name: &[u8]) -> Option<bool> {
    match markup.strip_prefix(b"</") {
        Some(rest) => is_word(rest, name),
        None => {
            if markup.len() < 2 {
                None
            } else {
                Some(false)
            }
        }
    }
}

/// Whether `text` begins with the whole word `name`; `None` when more bytes are needed.
pub(super) fn is_word(text: &[u8], name: &[u8]) -> Option<bool> {
    let head = text.get(..name.len().min(text.len())).unwrap_or_default();
    let is_same = name.get(..head.len()).is_some_and(|n| n.eq_ignore_ascii_case(head));
    match text.get(name.len()) {
        _ if !is_same => Some(false),
        Some(next) => Some(is_space(*next) || matches!(next, b'/' | b'>')),
        None => None,
    }
}
