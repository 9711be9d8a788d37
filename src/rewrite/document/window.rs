//! Turns a page's bytes into a window on it, and what is found in it into a list.
//!
//! 1. The window begins at the oldest byte that a decision may still need.
//! 2. A finding has its place in the whole page, nested pages included, and its line, for which no byte is counted twice.
//! 3. At most [`FINDINGS`] findings are listed between two calls of [`Document::take_findings`]; the rest is counted.

use super::{Document, State, content};
use crate::policy::{Finding, Judged, Place};
use std::ops::Range;

/// Characters of a URL or a snippet in a finding.
const EXCERPT: usize = 200;
/// How many findings are listed.
const FINDINGS: usize = 10_000;

impl Document {
    pub(in crate::rewrite) fn take_findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.findings)
    }

    pub(in crate::rewrite) const fn unlisted(&self) -> u64 {
        self.unlisted
    }

    pub(super) fn slice(&self, range: Range<u64>) -> &[u8] {
        let at =
            |offset: u64| usize::try_from(offset.saturating_sub(self.base)).unwrap_or(usize::MAX);
        self.window.get(at(range.start)..at(range.end)).unwrap_or_default()
    }

    /// Drops what no decision needs any more.
    pub(super) fn forget(&mut self) {
        let keep = match &self.state {
            State::Holding(held) => held.tag.start,
            State::Passing { .. } => self.cursor.saturating_sub(content::CONTEXT).max(self.base),
            State::Flow | State::Nested(_) | State::Dropping => self.cursor,
        };
        self.line_of(keep);
        let done = usize::try_from(keep.saturating_sub(self.base)).unwrap_or(0);
        self.window.drain(..done.min(self.window.len()));
        self.base = keep;
    }

    /// The line of `at`; what is asked for grows, so that no byte is counted twice.
    pub(super) fn line_of(&mut self, at: u64) -> u64 {
        if at > self.line.0 {
            self.line = (at, self.line.1 + newlines(self.slice(self.line.0..at)));
        }
        self.line.1
    }

    pub(super) fn found(&mut self, judged: Judged, place: Place, what: &str, at: u64) {
        let line = self.line_of(at);
        let what = what.trim().chars().take(EXCERPT).collect();
        self.list(Finding { judged, place, what, at: self.origin + at, line });
    }

    pub(super) fn list(&mut self, finding: Finding) {
        self.pending.found(&finding.judged.vendor);
        if self.findings.len() < FINDINGS {
            self.findings.push(finding);
        } else {
            self.unlisted += 1;
        }
    }
}

fn newlines(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}

pub(super) fn excerpt(text: &[u8]) -> String {
    let text = text.trim_ascii_start();
    String::from_utf8_lossy(text.get(..EXCERPT).unwrap_or(text)).into_owned()
}
