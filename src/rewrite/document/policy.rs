//! Turns a content security policy in a `meta` into one that takes our stubs, if there comes one.
//!
//! 1. The page waits from the first `meta` on whose policy would stop a stub that the page's nonce does not help.
//! 2. With the first stub the policies get the hashes of all stubs, and the page goes on.
//! 3. What our files need it gets at once, as the policies in the head do, and what serves gated vendors alone goes.
//! 4. A page that gets no stub, or none before [`WAIT`] bytes more, leaves as it came.

use crate::{
    policy::{
        Gate,
        csp::{self, Inline, OwnNeeds},
    },
    rewrite::{
        additions::LOADER,
        change::Change,
        tag::{Attribute, Tag},
    },
};
use std::ops::Range;

/// How many bytes wait for the first stub.
const WAIT: usize = 64 << 10;

/// The policies that a page declares in its markup.
pub(in crate::rewrite) struct Declared {
    waiting: Vec<Waiting>,
    /// What our files need.
    own: OwnNeeds,
    /// Whether a policy knows files by hashes alone.
    pub(super) by_hash: bool,
    /// Whether what serves gated vendors alone goes.
    narrow: bool,
}

/// A policy and where in the output its tag is.
struct Waiting {
    tag: Range<usize>,
    content: Attribute,
    policy: String,
    /// The policy as it was written, with the hosts that were taken out of it.
    written: String,
}

impl Declared {
    pub(super) const fn new() -> Self {
        let own = OwnNeeds {
            inline: Vec::new(),
            nonce: None,
            scripts: Vec::new(),
            files: Vec::new(),
            connect: Vec::new(),
            types: Vec::new(),
        };
        Self { waiting: Vec::new(), own, by_hash: false, narrow: false }
    }

    /// Takes what holds for every policy of the page.
    pub(super) fn set(&mut self, own: OwnNeeds, by_hash: bool, narrow: bool) {
        (self.own, self.by_hash, self.narrow) = (own, by_hash, narrow);
    }

    /// `policy` of a `meta` as it is to be, of a page on which scripts of ours have this nonce.
    pub(super) fn changed(&mut self, policy: String, gate: &Gate, nonce: Option<&str>) -> String {
        let mut text = policy;
        if self.narrow {
            text = csp::narrowed(&text, |source| gate.only_held(source)).unwrap_or(text);
        }
        let served = csp::with_sources(&text, |source| gate.own_source(source));
        text = served.unwrap_or(text);
        if self.own.scripts.is_empty() {
            return text;
        }
        let nonce = nonce.map(str::to_owned).or_else(|| match csp::inline_script(&[&text]) {
            Inline::Nonce(nonce) => Some(nonce),
            Inline::Free | Inline::Hashes => None,
        });
        self.by_hash |= csp::needs_integrity(&text, nonce.as_deref());
        let loader = if self.by_hash { vec![csp::sha256_source(LOADER)] } else { Vec::new() };
        csp::for_own(&text, &OwnNeeds { inline: loader, nonce, ..self.own.clone() })
    }

    /// From which byte of the output on the page waits.
    pub(in crate::rewrite) fn since(&self) -> Option<usize> {
        self.waiting.first().map(|first| first.tag.start)
    }

    /// The policies that wait, as they were written.
    pub(super) fn policies(&self) -> Vec<&str> {
        self.waiting.iter().map(|waiting| waiting.written.as_str()).collect()
    }

    /// The output lost its first `bytes`.
    pub(in crate::rewrite) fn shift(&mut self, bytes: usize) {
        for Waiting { tag, .. } in &mut self.waiting {
            *tag = tag.start.saturating_sub(bytes)..tag.end.saturating_sub(bytes);
        }
    }

    /// Lets a page go that has waited too long: `length` bytes of output wait.
    pub(in crate::rewrite) fn give_up_at(&mut self, length: usize) {
        if length > WAIT {
            self.waiting.clear();
        }
    }

    /// The tag with the policy will be at `tag` in the output.
    pub(super) fn wait(
        &mut self,
        tag: Range<usize>,
        content: Attribute,
        policy: String,
        written: String,
    ) {
        self.waiting.push(Waiting { tag, content, policy, written });
    }

    /// A stub is about to be inserted: the policies get its hash and those of the stubs that are most likely to follow.
    pub(super) fn open<'s>(
        &mut self,
        surrogates: impl Iterator<Item = &'s str>,
        out: &mut Vec<u8>,
    ) {
        if self.waiting.is_empty() {
            return;
        }
        let mut hashes: Vec<String> = surrogates.map(csp::sha256_source).collect();
        hashes.sort_unstable();
        hashes.dedup();
        for Waiting { tag, content, policy, written: _ } in self.waiting.drain(..).rev() {
            let raw = out.get(tag.clone()).unwrap_or_default().to_vec();
            let mut change = Change::default();
            change.set(&content, &csp::with_hashes(&policy, &hashes));
            let mut changed = Vec::new();
            change.write(&Tag::new(&raw), &mut changed);
            out.splice(tag, changed);
        }
    }
}
