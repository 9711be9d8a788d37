//! Turns HTML into the places of its tags, as the browser's two readers of a page find them.
//!
//! 1. The tree builder is what counts: a [`Tokenizer`] finds tags, and a [`Tree`] tells it what is text
//!    (HTML Standard, 13.2.5 and 13.2.6, with scripting).
//! 2. A preload scanner reads ahead of it and loads what it sees. It knows neither SVG nor MathML: it takes a CDATA section
//!    for markup, and what a `style` holds for text. Where a page is foreign, a second [`Tokenizer`] reads as it does, until
//!    both read the same again.
//! 3. Tags that only the scanner sees are reported as such. One that overlaps a tag of the tree's is not: the tree wins.
//! 4. Memory is bounded: one tag by the caller's limit, the open elements by their number.

mod comment;
mod name;
mod script_data;
mod tag;
mod tokenizer;
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "names are an open set: what has no rule is read as any other element"
)]
mod tree;

#[cfg(test)]
mod tests;

use self::{
    name::Name,
    tag::Found,
    tokenizer::{Content, Tokenizer},
    tree::{Start, Tree},
};
use super::{HtmlEngine, Token, TokenKind, reports_end};
use crate::rewrite::Unreadable;
use std::ops::Range;

/// A page, read as a browser does.
pub(in crate::rewrite) struct Html {
    /// What is not read yet, and the tag that is being read.
    window: Vec<u8>,
    /// Where the window begins in the page.
    base: u64,
    tokenizer: Tokenizer,
    tree: Tree,
    /// What the tokenizer reads is no markup, so that the next tag can only be its end.
    in_text: bool,
    /// The preload scanner, where it does not read the same.
    scanner: Option<Tokenizer>,
    /// Where in the window the last tag of the tree's ended.
    last_end: usize,
    max_tag: usize,
}

impl Html {
    /// A parser that gives up on a tag longer than `max_tag` bytes.
    pub(in crate::rewrite) fn new(max_tag: usize) -> Self {
        let mut tokenizer = Tokenizer::new(0);
        tokenizer.watches_text = true;
        Self {
            window: Vec::new(),
            base: 0,
            tokenizer,
            tree: Tree::new(),
            in_text: false,
            scanner: None,
            last_end: 0,
            max_tag,
        }
    }

    fn read(&mut self, tokens: &mut Vec<Token>) -> Result<(), Unreadable> {
        while let Some(found) = self.tokenizer.next(&self.window) {
            if found.range.len() > self.max_tag {
                return Err(Unreadable::Tag);
            }
            if self.tree.is_too_deep() {
                return Err(Unreadable::Markup);
            }
            self.scan(&found.range, tokens);
            self.tell_text();
            self.last_end = found.range.end;
            if found.is_end {
                self.end(&found, tokens)
            } else {
                self.start(&found, tokens)
            }
            self.tokenizer.reads_cdata = self.tree.is_foreign();
            self.tokenizer.watches_text = self.tree.asks_for_text();
            self.meet();
        }
        self.scan(&(self.tokenizer.settled()..self.tokenizer.settled()), tokens);
        Ok(())
    }

    /// Tells the tree what came by since the last tag.
    fn tell_text(&mut self) {
        if std::mem::take(&mut self.tokenizer.saw_doctype) {
            self.tree.doctype();
        }
        if std::mem::take(&mut self.tokenizer.saw_text) {
            self.tree.text();
        }
    }

    fn start(&mut self, found: &Found, tokens: &mut Vec<Token>) {
        let raw = self.window.get(found.range.clone()).unwrap_or_default();
        let name = Name::of(found.key);
        let is_self_closing = found.is_self_closing;
        let kind = self.tree.start(&Start { name, key: found.key, is_self_closing, raw });
        let foreign = kind == TokenKind::StartForeign;
        self.report(kind, &found.range, tokens);
        if foreign && is_self_closing && reports_end(name_of(raw)) {
            self.report(TokenKind::End, &(found.range.end..found.range.end), tokens);
        }
        match content_of(name) {
            content if foreign => self.part(content),
            Some(content) => {
                self.tokenizer.enter(content);
                self.in_text = true;
            }
            None => {}
        }
        // What a start tag closes ends at that tag, which is told to whoever asks.
        self.tree.take_closed_text();
    }

    /// Reports the end tags that are asked for, and where other tags end what they would have.
    fn end(&mut self, found: &Found, tokens: &mut Vec<Token>) {
        if std::mem::take(&mut self.in_text) {
            self.report(TokenKind::End, &found.range, tokens);
            return;
        }
        let name = Name::of(found.key);
        self.tree.end(name, found.key);
        let closed = self.tree.take_closed_text();
        if closed == Some(found.key) || name == Name::Select && !self.tree.is_in_select() {
            self.report(TokenKind::End, &found.range, tokens);
        } else if closed.is_some() {
            self.report(TokenKind::End, &(found.range.start..found.range.start), tokens);
        }
    }

    fn report(&self, kind: TokenKind, range: &Range<usize>, tokens: &mut Vec<Token>) {
        let range = self.base + range.start as u64..self.base + range.end as u64;
        tokens.push(Token { kind, range });
    }

    /// Lets the preload scanner read up to the end of a tag, and reports what only it takes for tags.
    fn scan(&mut self, up_to: &Range<usize>, tokens: &mut Vec<Token>) {
        let Some(mut scanner) = self.scanner.take() else { return };
        let text = self.window.get(..up_to.end).unwrap_or_default();
        while let Some(found) = scanner.next(text) {
            if let (false, Some(content)) = (found.is_end, content_of(Name::of(found.key))) {
                scanner.enter(content);
            }
            let is_apart = found.range.start >= self.last_end && found.range.end <= up_to.start;
            if is_apart && !found.is_end {
                self.report(TokenKind::StartScanned, &found.range, tokens);
            }
        }
        self.scanner = Some(scanner);
    }

    /// Sends the scanner off behind a start tag that is read in another way than it does.
    fn part(&mut self, content: Option<Content>) {
        if self.scanner.is_none() {
            let mut scanner = Tokenizer::new(self.last_end);
            if let Some(content) = content {
                scanner.enter(content);
            }
            self.scanner = Some(scanner);
        }
    }

    /// Lets the scanner go where it reads the same as the tree builder.
    fn meet(&mut self) {
        let is_same = |scanner: &mut Tokenizer| scanner.is_at_one_with(&self.tokenizer);
        if !self.tree.is_foreign() {
            self.scanner.take_if(is_same);
        }
    }

    /// Up to where no further tag begins, in the window.
    fn settled(&self) -> usize {
        let settled = self.tokenizer.settled();
        let scanned = self.scanner.as_ref().map_or(settled, Tokenizer::settled);
        // What the scanner reads across a tag of the tree's is not reported.
        if scanned < self.last_end { settled } else { settled.min(scanned) }
    }

    /// A scanner that is in a tag longer than the limit begins anew.
    fn tire(&mut self) {
        let settled = self.tokenizer.settled();
        if let Some(scanner) = &mut self.scanner
            && settled.saturating_sub(scanner.settled()) > self.max_tag
        {
            *scanner = Tokenizer::new(settled);
        }
    }

    /// Drops what was read.
    fn forget(&mut self) {
        let settled = self.settled();
        let scanned = self.scanner.as_ref().map_or(settled, Tokenizer::settled);
        let done = settled.min(scanned).min(self.window.len());
        self.window.drain(..done);
        self.base += done as u64;
        self.last_end = self.last_end.saturating_sub(done);
        self.tokenizer.shift(done);
        if let Some(scanner) = &mut self.scanner {
            scanner.shift(done);
        }
    }
}

impl HtmlEngine for Html {
    fn feed(&mut self, input: &[u8], tokens: &mut Vec<Token>) -> Result<u64, Unreadable> {
        self.window.extend_from_slice(input);
        self.read(tokens)?;
        self.tire();
        let settled = self.base + self.settled() as u64;
        self.forget();
        if self.window.len() - self.tokenizer.settled().min(self.window.len()) > self.max_tag {
            return Err(Unreadable::Tag);
        }
        Ok(settled)
    }

    fn finish(&mut self, tokens: &mut Vec<Token>) -> Result<u64, Unreadable> {
        if !self.tokenizer.is_in_tag() {
            // A CDATA section that never ends kept its last bytes back.
            let end = self.window.len();
            self.scan(&(end..end), tokens);
        }
        Ok(self.base + self.settled() as u64)
    }

    fn is_between_tags(&self) -> bool {
        self.tokenizer.is_in_data() && !self.tree.is_foreign()
    }
}

fn name_of(tag: &[u8]) -> &[u8] {
    crate::rewrite::tag::Tag::new(tag).name()
}

/// What an HTML element holds where that is not markup (HTML Standard, 13.2.6.2, and 13.2.6.4.7 with scripting).
#[expect(clippy::wildcard_enum_match_arm, reason = "the content of all others is markup")]
const fn content_of(name: Name) -> Option<Content> {
    Some(match name {
        Name::Title => Content::Text(b"title"),
        Name::Textarea => Content::Text(b"textarea"),
        Name::Style => Content::Text(b"style"),
        Name::Xmp => Content::Text(b"xmp"),
        Name::Iframe => Content::Text(b"iframe"),
        Name::Noembed => Content::Text(b"noembed"),
        Name::Noframes => Content::Text(b"noframes"),
        Name::Noscript => Content::Text(b"noscript"),
        Name::Script => Content::Script,
        Name::Plaintext => Content::Plaintext,
        _ => return None,
    })
}
