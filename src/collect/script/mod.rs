//! Turns the bytes of a script, a vendor's own or the site's, into those whose string literals name the site's own paths, while they
//! stream.
//!
//! 1. A literal that names a served host is pointed to the site where an endpoint is at its host and path, or may be when the script has
//!    put more behind it; a host alone, where anything is served on it. What a literal is says [`crate::catalog::Literal`].
//! 2. Every other byte stays, but for rule 4. Hosts that a script puts together at run time are out of reach: its vendor's setup
//!    has to tell it (gtag.js: `transport_url`).
//! 3. Any way of cutting the script into pieces gives the same output: what is decided for a literal depends on [`BEFORE`] bytes before
//!    it and [`AHEAD`] behind it, and it is decided when these are there.
//! 4. A `sourceMappingURL` comment goes unless it holds its map itself (`data:`): a map fits the vendor's bytes, not these, and whoever
//!    looks for it would ask the site or the vendor for it (ECMA-426, 11.1.2: a comment of its own at the start of a line).
//! 5. In a script of the site itself only what is a vendor's by the site's own settings counts: where it is served, and otherwise
//!    where it is a URL with a path, for the site answers for that path too. It keeps the name of its map as long as nothing
//!    before was changed. What leaves does not depend on the visitor: the paths ask for consent each time.
//! 6. Held in memory at most: [`STEP`] bytes and a piece, beside what is looked at.

use crate::{
    catalog::{AHEAD, Catalog, Literal, Mention},
    policy::Gate,
    vendor::Vendor,
};
use std::{collections::BTreeSet, ops::Range, sync::Arc};
use url::Url;

/// Bytes before a literal that say what it is: a host name's 253, and what may be put before it.
const BEFORE: usize = 640;
/// Bytes behind the start of an edit that say what it is: a scheme and a host name before [`AHEAD`], or a comment.
const BEHIND: usize = AHEAD + 512;
/// How much comes together before it is looked at.
const STEP: usize = 16 << 10;
/// The longest name of a map that is taken out.
const LONGEST_MAP: usize = 512;
const MAP: &[u8] = b"sourceMappingURL=";

/// The rewriting of one script.
pub struct ScriptRewriter {
    catalog: Arc<Catalog>,
    /// The ids of the vendors that are served; none stands for all.
    offered: Arc<BTreeSet<String>>,
    scheme: Box<str>,
    place: Box<str>,
    /// What is not decided, from `done` on, behind what left and says what it is.
    held: Vec<u8>,
    done: usize,
    /// Nothing left yet but what `held` has: a line begins there.
    starts: bool,
    /// Whose the script is, where it is the site's own.
    site: Option<Gate>,
    edited: bool,
}

/// What takes the place of some bytes.
struct Edit {
    range: Range<usize>,
    with: Vec<u8>,
}

impl ScriptRewriter {
    /// A rewriter for a site whose vendors' paths begin at `base`: `https://shop.example/_consentry/v/`.
    #[must_use]
    pub fn new(catalog: Arc<Catalog>, base: &str) -> Self {
        let (scheme, place) = base.split_once("://").unwrap_or(("https", base));
        let (scheme, place) = (scheme.into(), place.into());
        let offered = Arc::default();
        let (held, site) = (Vec::new(), None);
        Self { catalog, offered, scheme, place, held, done: 0, starts: true, site, edited: false }
    }

    /// The same for a script of the site itself, of which `gate` says whose a URL is.
    #[must_use]
    pub fn of_the_site(self, gate: Gate) -> Self {
        Self { site: Some(gate), ..self }
    }

    /// The same for a site that serves only the vendors with these ids; none stands for all.
    #[must_use]
    pub fn offering(self, offered: Arc<BTreeSet<String>>) -> Self {
        Self { offered, ..self }
    }

    fn points(&self, literal: &Literal) -> bool {
        let Some(gate) = &self.site else { return self.serves(literal) };
        let url = || Url::parse(&format!("https://{}{}", literal.host, literal.path)).ok();
        (literal.names_a_resource() || self.serves(literal))
            && url().is_some_and(|url| gate.stand_in(&url).is_some())
    }

    fn serves(&self, literal: &Literal) -> bool {
        let offered = |vendor: &Arc<Vendor>| self.offered.contains(&*vendor.id);
        if self.offered.is_empty() {
            return self.catalog.serves_literal(literal);
        }
        self.catalog.vendors_of(literal).any(offered)
    }

    /// Takes the next bytes of the script and appends what can leave now to `out`.
    pub fn feed(&mut self, mut input: &[u8], out: &mut Vec<u8>) {
        while !input.is_empty() {
            let room = (self.done + STEP + BEHIND).saturating_sub(self.held.len()).max(1);
            let (piece, rest) = input.split_at_checked(room).unwrap_or((input, &[]));
            self.held.extend_from_slice(piece);
            input = rest;
            if self.held.len() >= self.done + STEP + BEHIND {
                self.write(self.held.len() - BEHIND, out);
            }
        }
    }

    /// Ends the script and appends what was held back to `out`.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.write(self.held.len(), out);
    }

    /// Lets go of what begins before `to`.
    fn write(&mut self, to: usize, out: &mut Vec<u8>) {
        for Edit { range, with } in self.edits(to) {
            self.edited |= !with.is_empty();
            out.extend_from_slice(self.held.get(self.done..range.start).unwrap_or_default());
            out.extend_from_slice(&with);
            self.done = range.end;
        }
        // An edit may have ended behind `to`.
        let to = to.max(self.done);
        out.extend_from_slice(self.held.get(self.done..to).unwrap_or_default());
        let forgotten = to.saturating_sub(BEFORE);
        self.starts &= forgotten == 0;
        self.held.drain(..forgotten);
        self.done = to - forgotten;
    }

    /// The edits that begin from what left on and before `to`, in order, none inside another.
    fn edits(&self, to: usize) -> Vec<Edit> {
        let mut edits: Vec<Edit> = self.literals(to).chain(self.maps(to)).collect();
        edits.retain(|edit| edit.range.start >= self.done && edit.range.start < to);
        edits.sort_by_key(|edit| edit.range.start);
        let mut end = 0;
        let (is_own, mut edited) = (self.site.is_some(), self.edited);
        edits.retain(|edit| {
            let is_map = edit.with.is_empty();
            let free = edit.range.start >= end && (!is_map || !is_own || edited);
            if free {
                end = edit.range.end;
                edited |= !is_map;
            }
            free
        });
        edits
    }

    fn literals(&self, to: usize) -> impl Iterator<Item = Edit> {
        let point = move |literal: Literal| {
            let is_due = literal.range.start >= self.done && literal.range.start < to;
            (is_due && self.points(&literal)).then(|| {
                let with = literal.pointed(&self.held, &self.scheme, &self.place);
                Edit { range: literal.range, with }
            })
        };
        let served = self.catalog.mentions(&self.held).filter_map(|mention| match mention {
            Mention::Literal(literal) => Some(literal),
            Mention::Other(_) => None,
        });
        let named = self.site.iter().flat_map(|_| self.catalog.literals_of(&self.held));
        served.chain(named).filter_map(point)
    }

    /// Comments that name a map.
    fn maps(&self, to: usize) -> impl Iterator<Item = Edit> {
        let from = self.done.saturating_sub(MAP.len());
        let text = self.held.get(from..).unwrap_or_default();
        memchr::memmem::find_iter(text, MAP).filter_map(move |at| {
            let range = map(&self.held, from + at, self.starts)?;
            (range.start < to).then(|| Edit { range, with: Vec::new() })
        })
    }
}

/// The comment around the mark at `at`, where it is one that goes.
fn map(text: &[u8], at: usize, starts: bool) -> Option<Range<usize>> {
    let before = text.get(..at)?;
    let comment = before.strip_suffix(b"//# ").or_else(|| before.strip_suffix(b"//@ "))?;
    let line = comment.iter().rev().take_while(|b| matches!(b, b' ' | b'\t')).take(64).count();
    let behind = comment.get(..comment.len() - line)?;
    let begins = behind.last().map_or(starts, |b| matches!(b, b'\n' | b'\r'));
    let name = text.get(at + MAP.len()..)?;
    let length = name.iter().take(LONGEST_MAP).position(|b| b.is_ascii_whitespace());
    let length = length.or_else(|| (name.len() < LONGEST_MAP).then_some(name.len()))?;
    let name = name.get(..length)?;
    let is_url = !name.is_empty() && !name.iter().any(|b| matches!(b, b'"' | b'\'' | b'`'));
    (begins && is_url && !name.starts_with(b"data:"))
        .then_some(comment.len()..at + MAP.len() + length)
}

#[cfg(test)]
mod tests;
