//! Turns what is compiled back into lists of rules, for whoever decides by them elsewhere: in the browser.
//!
//! 1. The lists hold what [`Catalog::classify`] looks up, rule by rule, and nothing of how it looks.

use super::{
    Catalog, Scope, heuristics,
    hosts::Hosts,
    long_tail::{Known, Standing},
    scope::Word,
};
use crate::{site::Site, vendor::Vendor};
use std::sync::Arc;

/// A rule of hosts and paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRule<'c, V> {
    /// Lower case; empty in a rule of paths on the site itself.
    pub host: &'c str,
    /// Begins with `/`; empty where the rule is for all of the host.
    pub path: &'c str,
    /// Whether anything may follow the path, and not only another segment.
    pub open: bool,
    /// What it says.
    pub value: V,
}

/// What the long tail says of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TailRule<'c> {
    /// A vendor's.
    Tracker(&'c Arc<Vendor>),
    /// It announces nothing, whatever its name.
    Innocent,
    /// Nothing by itself.
    Mixed,
}

/// A cookie's name or pattern, in which `*` stands for any characters, and whose it is.
pub type CookieRule<'c> = (String, &'c Arc<Vendor>);

impl Catalog {
    /// The vendors' hosts and paths.
    pub fn host_rules(&self) -> impl Iterator<Item = HostRule<'_, &Arc<Vendor>>> {
        self.of_vendors(&self.hosts)
    }

    /// What counts on the site itself.
    pub fn own_rules<'c>(
        &'c self,
        scope: &'c Scope,
    ) -> impl Iterator<Item = HostRule<'c, &'c Arc<Vendor>>> {
        self.of_vendors(&self.own_hosts).chain(self.of_vendors(scope.copies()))
    }

    fn of_vendors<'c>(
        &'c self,
        hosts: &'c Hosts<usize>,
    ) -> impl Iterator<Item = HostRule<'c, &'c Arc<Vendor>>> {
        hosts.rules().filter_map(|(host, path, open, index)| {
            Some(HostRule { host, path, open, value: self.vendors.get(index)? })
        })
    }

    /// What is served on the site's own paths, and whose it is.
    pub fn served_rules(&self) -> impl Iterator<Item = HostRule<'_, &Arc<Vendor>>> {
        self.served.rules().filter_map(|(host, path, open, index)| {
            let (vendor, _) = self.endpoints.get(index)?;
            Some(HostRule { host, path, open, value: self.vendors.get(*vendor)? })
        })
    }

    /// The long tail as a page of `site` sees it: what belongs to the site's own company is innocent.
    pub fn tail_rules(&self, site: &Site) -> impl Iterator<Item = (&str, TailRule<'_>)> {
        let own = self.tail.find(site.as_str(), "/").map(|own| own.entity);
        self.tail.rules().filter_map(move |(host, _, _, known)| {
            let Known { entity, standing, visited: _ } = known;
            let rule = match standing {
                Standing::Tracker(index) => TailRule::Tracker(self.vendors.get(index)?),
                Standing::Harmless => TailRule::Innocent,
                Standing::Mixed if own == Some(entity) => TailRule::Innocent,
                Standing::Mixed => TailRule::Mixed,
            };
            Some((host, rule))
        })
    }

    /// The hosts that say nothing by themselves and belong to the company of `site`.
    pub fn kin(&self, site: &Site) -> impl Iterator<Item = &str> {
        let own = self.tail.find(site.as_str(), "/").map(|own| own.entity);
        own.into_iter().flat_map(move |own| {
            let mixed = self.tail.rules().filter(|(.., known)| known.standing == Standing::Mixed);
            mixed.filter(move |(.., known)| known.entity == own).map(|(host, ..)| host)
        })
    }

    /// The vendors' cookies; of two patterns that match a name the one with the longer start counts, and a name before both.
    pub fn cookie_rules(&self) -> impl Iterator<Item = CookieRule<'_>> {
        let rules = self.cookies.rules();
        rules.filter_map(|(rule, index)| Some((rule, self.vendors.get(index)?)))
    }
}

impl Scope {
    /// The operator's words on hosts: whether each is allowed or denied.
    pub fn words(&self) -> impl Iterator<Item = (&str, bool)> {
        self.word_rules().rules().map(|(host, _, _, word)| (host, word == Word::Allow))
    }

    /// Whether hosts and paths that announce themselves count.
    #[must_use]
    pub const fn guesses(&self) -> bool {
        self.heuristics
    }

    /// Whether every other site counts.
    #[must_use]
    pub fn gates_all(&self) -> bool {
        self.third_party == super::ThirdParty::All
    }
}

/// The words by which a host or a path announces itself, and those that also count inside a word of a host.
#[must_use]
pub const fn telling_words() -> (&'static [&'static str], &'static [&'static str]) {
    (heuristics::WORDS, heuristics::STEMS)
}
