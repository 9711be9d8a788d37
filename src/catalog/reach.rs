//! Turns a source of a policy into the vendors that can be reached through it.
//!
//! 1. What decides on one URL ([`Catalog::classify`]) decides on each that the source lets through, but for filter lists and
//!    heuristics, which go by what is in a URL.
//! 2. The catalogue's entries come before the long tail, which speaks where they are silent.

use super::{
    Catalog, Page, Scope,
    long_tail::{Known, Standing},
    scope::Word,
};
use crate::vendor::Vendor;
use std::sync::Arc;

/// Who can be reached through a source of a policy.
#[derive(Clone, Debug)]
pub struct Reach<'c> {
    /// The vendors, each once.
    pub vendors: Vec<&'c Arc<Vendor>>,
    /// Whether nobody else can.
    pub is_whole: bool,
}

impl Catalog {
    /// Whose URLs lie on `host` (lower case), or with `below` on any host under it, whose path is `path` or goes on from it; an empty path
    /// is any. Filter lists and heuristics are not asked: they go by what is in a URL.
    #[must_use]
    pub fn reach(
        &self,
        host: &str,
        below: bool,
        path: &str,
        page: &Page,
        scope: &Scope,
    ) -> Reach<'_> {
        let mut reach = Reach { vendors: Vec::new(), is_whole: false };
        let root = if path.is_empty() { "/" } else { path };
        match scope.word(host) {
            Some(Word::Allow) => return reach,
            Some(Word::Deny) => {
                reach.vendors.push(&self.unnamed.denied);
                reach.is_whole = true;
                return reach;
            }
            None => {}
        }
        let own = page.site().contains(host);
        let rules = if own { &self.own_hosts } else { &self.hosts };
        let mut found = rules.within(host, below, path);
        reach.is_whole = rules.find(host, root).is_some();
        if !own {
            let tracker = |known: Known| match known.standing {
                Standing::Tracker(index) => Some(index),
                Standing::Harmless | Standing::Mixed => None,
            };
            let tail = self.tail.within(host, below, path);
            // The catalogue's entries come first, so the tail speaks where they are silent.
            let by_tail = || tail.iter().all(|known| tracker(*known).is_some()) && !tail.is_empty();
            reach.is_whole |= self.tail.find(host, root).and_then(tracker).is_some() && by_tail();
            found.extend(tail.iter().copied().filter_map(tracker));
        }
        reach.is_whole &= !(below && scope.allows_below(host));
        found.sort_unstable();
        found.dedup();
        reach.vendors.extend(found.into_iter().filter_map(|index| self.vendors.get(index)));
        if below && scope.denies_below(host) {
            reach.vendors.push(&self.unnamed.denied);
        }
        reach
    }
}
