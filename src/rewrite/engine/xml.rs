//! Turns XHTML that is served as XML into tags.
//!
//! 1. Comments, CDATA sections, processing instructions and the document type hold no tags (XML 1.0, 2.4 to 2.8).
//! 2. An empty-element tag has no content, also of a script (XML 1.0, 3.1), unlike in HTML.
//! 3. `<?xml-stylesheet?>` is reported as a start tag, for it loads (Associating Style Sheets with XML documents).
//! 4. A document type that declares entities or attributes of its own cannot be read here: they can stand for any markup.
//! 5. A `>` inside a quoted attribute value does not end the tag (XML 1.0, 2.3).

use super::{HtmlEngine, Token, TokenKind, reports_end};
use crate::rewrite::{Unreadable, tag::Tag};

/// XHTML, read as XML.
pub(in crate::rewrite) struct Xml {
    /// What is not settled yet, from `at` on.
    held: Vec<u8>,
    at: u64,
    max_tag: usize,
}

/// What the next bytes are.
enum Piece {
    /// Text or something without tags, of this length.
    Plain(usize),
    Start(usize),
    End(usize),
    /// Nothing that can be read.
    Refused,
    /// More bytes are needed.
    Unknown,
}

impl Xml {
    pub(in crate::rewrite) const fn new(max_tag: usize) -> Self {
        Self { held: Vec::new(), at: 0, max_tag }
    }

    fn settle(&mut self, tokens: &mut Vec<Token>) -> Result<u64, Unreadable> {
        let mut rest = &self.held[..];
        loop {
            let (length, kind) = match next(rest) {
                Piece::Plain(length) => (length, None),
                Piece::Start(length) => (length, Some(TokenKind::Start)),
                Piece::End(length) => (length, Some(TokenKind::End)),
                Piece::Refused => return Err(Unreadable::Markup),
                Piece::Unknown => break,
            };
            let Some((piece, after)) = rest.split_at_checked(length) else { break };
            let range = self.at..self.at + length as u64;
            if let Some(kind) = kind {
                report(kind, piece, &range, tokens);
            }
            self.at = range.end;
            rest = after;
        }
        let done = self.held.len() - rest.len();
        self.held.drain(..done);
        Ok(self.at)
    }
}

impl HtmlEngine for Xml {
    fn feed(&mut self, input: &[u8], tokens: &mut Vec<Token>) -> Result<u64, Unreadable> {
        // What is not complete ends with this, whatever it is.
        let completes = self.held.is_empty() || self.held.len() < 9 || input.contains(&b'>');
        self.held.extend_from_slice(input);
        let settled = if completes { self.settle(tokens)? } else { self.at };
        if self.held.len() > self.max_tag {
            return Err(Unreadable::Tag);
        }
        Ok(settled)
    }

    fn finish(&mut self, _: &mut Vec<Token>) -> Result<u64, Unreadable> {
        Ok(self.at)
    }

    /// Nothing may stand behind the root element (XML 1.0, 2.1).
    fn is_between_tags(&self) -> bool {
        false
    }
}

/// Start tags of empty script-like elements are followed by an end tag of no length.
fn report(kind: TokenKind, piece: &[u8], range: &std::ops::Range<u64>, tokens: &mut Vec<Token>) {
    let tag = Tag::new(piece);
    match kind {
        TokenKind::Start
        | TokenKind::StartForeign
        | TokenKind::StartBreakout
        | TokenKind::StartScanned => {
            tokens.push(Token { kind, range: range.clone() });
            if tag.is_self_closing() && reports_end(tag.name()) {
                tokens.push(Token { kind: TokenKind::End, range: range.end..range.end });
            }
        }
        TokenKind::End => {
            let name = piece.get(2..).unwrap_or_default();
            let end = name.iter().position(|b| matches!(b, b'>' | b' ' | b'\t' | b'\r' | b'\n'));
            let name = name.get(..end.unwrap_or(name.len())).unwrap_or_default();
            if name == b"body" || reports_end(name) {
                tokens.push(Token { kind, range: range.clone() });
            }
        }
    }
}

fn next(rest: &[u8]) -> Piece {
    let Some(open) = memchr::memchr(b'<', rest) else {
        return if rest.is_empty() { Piece::Unknown } else { Piece::Plain(rest.len()) };
    };
    if open > 0 {
        return Piece::Plain(open);
    }
    for (start, end) in [(&b"<!--"[..], &b"-->"[..]), (b"<![CDATA[", b"]]>")] {
        if rest.starts_with(start) {
            return up_to(rest, start.len(), end);
        }
        if start.starts_with(rest) {
            return Piece::Unknown;
        }
    }
    if rest.starts_with(b"<?") {
        let piece = up_to(rest, 2, b"?>");
        return match piece {
            Piece::Plain(length) if rest.starts_with(b"<?xml-stylesheet") => Piece::Start(length),
            Piece::Plain(_) | Piece::Start(_) | Piece::End(_) | Piece::Refused | Piece::Unknown => {
                piece
            }
        };
    }
    match (rest.get(1), tag_end(rest)) {
        (_, None) => Piece::Unknown,
        (Some(b'!'), Some(_)) => doctype(rest),
        (Some(b'/'), Some(end)) => Piece::End(end),
        (_, Some(end)) => Piece::Start(end),
    }
}

fn up_to(rest: &[u8], from: usize, end: &[u8]) -> Piece {
    let inside = rest.get(from..).unwrap_or_default();
    memchr::memmem::find(inside, end)
        .map_or(Piece::Unknown, |at| Piece::Plain(from + at + end.len()))
}

/// A document type may have an internal subset in brackets.
fn doctype(rest: &[u8]) -> Piece {
    let mut depth = 0usize;
    for (index, byte) in rest.iter().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' => depth = depth.saturating_sub(1),
            b'>' if depth == 0 => {
                let text = rest.get(..index).unwrap_or_default();
                let has = |d: &[u8]| memchr::memmem::find(text, d).is_some();
                return if has(b"<!ENTITY") || has(b"<!ATTLIST") {
                    Piece::Refused
                } else {
                    Piece::Plain(index + 1)
                };
            }
            _ => {}
        }
    }
    Piece::Unknown
}

fn tag_end(rest: &[u8]) -> Option<usize> {
    let mut quote = None;
    for (index, byte) in rest.iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(index + 1),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            (None | Some(_), _) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_entities_are_refused() {
        let page = b"<!DOCTYPE html [<!ENTITY a '<img/>'>]><html>&a;</html>";
        let read = Xml::new(1000).feed(page, &mut Vec::new());
        assert_eq!(read, Err(Unreadable::Markup));
    }

    #[test]
    fn xml_is_read_as_xml() {
        let page = "<?xml version='1.0'?><!DOCTYPE html [<!ELEMENT a ANY>]><html><!-- <img> -->\
                    <script src='a'/><p a='>'/><script><![CDATA[ <img> ]]></script></html>";
        for size in [1, 7, page.len()] {
            let (mut xml, mut tokens) = (Xml::new(1000), Vec::new());
            for chunk in page.as_bytes().chunks(size) {
                xml.feed(chunk, &mut tokens).unwrap();
            }
            assert_eq!(xml.finish(&mut tokens), Ok(page.len() as u64));
            let texts: Vec<_> = tokens
                .iter()
                .map(|t| &page[t.range.start as usize..t.range.end as usize])
                .collect();
            assert_eq!(
                texts,
                ["<html>", "<script src='a'/>", "", "<p a='>'/>", "<script>", "</script>"]
            );
        }
    }
}
