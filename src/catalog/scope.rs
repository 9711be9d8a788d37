//! Turns the operator's settings of one site into what [`Catalog::classify`](super::Catalog::classify) asks of them.
//!
//! 1. `allow` wins over everything; `deny` wins over the catalogue.
//! 2. A host in either covers its subdomains, on label boundaries.

use super::{Cloaks, Config, ThirdParty, cloaks::Noted, hosts::Hosts, lists::Lists};
use arc_swap::ArcSwap;
use std::{collections::BTreeSet, sync::Arc};

/// The operator's word on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Allow,
    Deny,
}

/// The operator's settings of one site, compiled.
#[derive(Debug)]
pub struct Scope {
    pub(super) heuristics: bool,
    pub(super) third_party: ThirdParty,
    words: Hosts<Word>,
    copies: Hosts<usize>,
    lists: ArcSwap<Lists>,
    cname: bool,
    cloaks: ArcSwap<Cloaks>,
    noted: Noted,
}

impl Scope {
    /// Compiles `config`; `vendor` finds a vendor's index by its id, and unknown ids are left out.
    pub(super) fn new(config: &Config, vendor: impl Fn(&str) -> Option<usize>) -> Self {
        let mut words = Hosts::default();
        for host in &config.deny {
            words.insert(host, Word::Deny);
        }
        for host in &config.allow {
            words.insert(host, Word::Allow);
        }
        let mut copies = Hosts::default();
        for copy in &config.first_party {
            if let Some(vendor) = vendor(&copy.vendor) {
                copies.insert(&format!("/{}", copy.path.trim_start_matches('/')), vendor);
            }
        }
        let lists = ArcSwap::from_pointee(Lists::default());
        Self {
            heuristics: config.heuristics,
            third_party: config.third_party,
            words,
            copies,
            lists,
            cname: config.cname,
            cloaks: ArcSwap::default(),
            noted: Noted::default(),
        }
    }

    /// Replaces the filter lists, whole.
    pub fn set_lists(&self, lists: Arc<Lists>) {
        self.lists.store(lists);
    }

    /// The filter lists as they are now.
    #[must_use]
    pub fn lists(&self) -> Arc<Lists> {
        self.lists.load_full()
    }

    /// Replaces what is known of the names under the site's own domain, whole.
    pub fn set_cloaks(&self, cloaks: Arc<Cloaks>) {
        self.cloaks.store(cloaks);
    }

    /// What is known of the names under the site's own domain.
    #[must_use]
    pub fn cloaks(&self) -> Arc<Cloaks> {
        self.cloaks.load_full()
    }

    /// Takes the names under the site's own domain of which pages made use, and of which nothing is known.
    #[must_use]
    pub fn take_noted(&self) -> BTreeSet<Box<str>> {
        self.noted.take()
    }

    /// The vendor behind a name under the site's own domain, by its index.
    pub(super) fn cloaked(&self, host: &str) -> Option<usize> {
        if !self.cname {
            return None;
        }
        let known = self.cloaks.load().find(host);
        if known.is_none() {
            self.noted.note(host);
        }
        known.flatten()
    }

    /// Whether the site has first-party copies of vendors' scripts.
    #[must_use]
    pub fn has_copies(&self) -> bool {
        !self.copies.is_empty()
    }

    /// Whether the operator allows a host under `domain`.
    pub(super) fn allows_below(&self, domain: &str) -> bool {
        self.words.within(domain, true, "").contains(&Word::Allow)
    }

    /// Whether the operator denies a host under `domain`.
    pub(super) fn denies_below(&self, domain: &str) -> bool {
        self.words.within(domain, true, "").contains(&Word::Deny)
    }

    pub(super) fn word(&self, host: &str) -> Option<Word> {
        self.words.find(host, "/")
    }

    pub(super) const fn word_rules(&self) -> &Hosts<Word> {
        &self.words
    }

    pub(super) const fn copies(&self) -> &Hosts<usize> {
        &self.copies
    }

    pub(super) fn copy(&self, path: &str) -> Option<usize> {
        self.copies.find("", path)
    }
}
