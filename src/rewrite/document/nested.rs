//! Turns text that some browsers read as a page into what leaves of it.
//!
//! 1. What `iframe`, `noembed` and `noframes` hold is text to most browsers, but inside a `select` or a `frameset` not to all: it is
//!    read as a page too.
//! 2. A page that is nested too deep loses its content, unless nothing in it can be gated.
//! 3. A nested page's findings are the whole page's.

use super::{Ambiguity, Document, Kind, State};
use crate::rewrite::{Lens, Rewriter, Syntax, Unreadable};
use std::ops::Range;

impl Document {
    /// Reads text that is a page in some browsers, up to `to`.
    pub(super) fn nested(&mut self, to: u64, out: &mut Vec<u8>) -> Result<(), Unreadable> {
        let State::Nested(inner) = &mut self.state else { return Ok(()) };
        let mut inner = inner.take();
        if inner.is_none() {
            let text = self.slice(self.cursor..to);
            let plain = memchr::memchr(b'<', text).unwrap_or(text.len());
            out.extend_from_slice(text.get(..plain).unwrap_or_default());
            self.cursor += plain as u64;
            if self.cursor < to {
                let Some(lens) = self.lens.nested() else {
                    self.too_deep(to, out);
                    return Ok(());
                };
                inner = Some(Box::new(self.part(lens)));
            }
        }
        if let Some(inner) = &mut inner {
            inner.parse(self.slice(self.cursor..to), out)?;
        }
        self.state = State::Nested(inner);
        Ok(())
    }

    /// Leaves out what is nested too deep to be looked into, unless nothing in it can be gated.
    fn too_deep(&mut self, to: u64, out: &mut Vec<u8>) {
        if self.lens.gate.ruling().allows_everything() {
            out.extend_from_slice(self.slice(self.cursor..to));
            self.cursor = to;
            self.state = State::Nested(None);
        } else {
            self.state = State::Dropping;
        }
    }

    /// The rewriting of the part of this page that begins at the cursor.
    fn part(&mut self, lens: Lens) -> Rewriter {
        let mut inner = Self::new(lens, self.config.clone(), None, Kind::Noscript);
        inner.ambiguity = self.ambiguity;
        inner.origin = self.origin + self.cursor;
        inner.line.1 = self.line_of(self.cursor);
        Rewriter::of(inner, Syntax::Html)
    }

    pub(super) fn end_nested(
        &mut self,
        inner: Option<Box<Rewriter>>,
        end: u64,
        out: &mut Vec<u8>,
    ) -> Result<(), Unreadable> {
        self.state = State::Nested(inner);
        self.nested(end, out)?;
        let State::Nested(inner) = std::mem::replace(&mut self.state, State::Flow) else {
            return Ok(());
        };
        let Some(mut inner) = inner else { return Ok(()) };
        inner.parse_end(out)?;
        self.take_in(&mut inner.document);
        self.lens.add_bases_of(inner.document.lens);
        Ok(())
    }

    /// Takes the findings of a part of this page.
    pub(super) fn take_in(&mut self, inner: &mut Self) {
        self.unlisted += inner.unlisted;
        inner.take_findings().into_iter().for_each(|finding| self.list(finding));
    }

    /// Whether what an element holds would be gated where browsers do not take it for text.
    pub(super) fn hides_markup(&mut self, range: Range<u64>) -> bool {
        let has_tag = memchr::memchr(b'<', self.slice(range.clone())).is_some();
        if self.ambiguity == Ambiguity::None || !has_tag {
            return false;
        }
        let Some(lens) = self.lens.nested() else { return true };
        self.cursor = range.start;
        let mut inner = self.part(lens);
        let mut out = Vec::new();
        let read =
            inner.parse(self.slice(range), &mut out).and_then(|()| inner.parse_end(&mut out));
        let held = inner.document.findings.iter().any(|finding| finding.judged.is_held());
        self.take_in(&mut inner.document);
        held || read.is_err()
    }
}
