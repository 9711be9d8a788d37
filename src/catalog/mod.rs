//! Turns a URL, an inline snippet or a cookie name into the [`Vendor`] whose it is.
//!
//! 1. Entries are compiled once ([`Catalog::new`]); a request only looks things up.
//! 2. Several rules may speak of a URL: one order says which of them decides ([`Catalog::classify`]).

mod classify;
mod cloaks;
mod compile;
mod config;
mod cookies;
mod endpoint;
mod heuristics;
mod hosts;
mod inline;
mod listing;
mod lists;
mod literal;
mod long_tail;
mod merge;
mod reach;
pub mod refresh;
mod scope;
mod served;
mod target;
mod unnamed;

pub use self::{
    cloaks::{Aliases, Cloaks},
    config::{
        Action, Config, Dialect, Endpoint, Field, FirstParty, Kind, List, ListSource, ThirdParty,
        VendorEntry, Verb,
    },
    endpoint::{BadPrefix, DEFAULT_PREFIX, Prefix},
    inline::{HitKind, after_slash, is_host_byte},
    listing::{CookieRule, HostRule, TailRule, telling_words},
    lists::{Lists, SkippedLine, skipped_lines},
    literal::{AHEAD, BEHIND, Literal, Mention},
    reach::Reach,
    scope::Scope,
    target::{Destination, Page, Shape, Target},
};
use self::{
    cookies::Cookies,
    hosts::Hosts,
    inline::{Hit, Inline},
    long_tail::Known,
    served::Served,
    unnamed::Unnamed,
};
use crate::{purpose::Purpose, vendor::Vendor};
use rustc_hash::FxHashMap;
use std::{ops::Range, sync::Arc};

/// Vendors whose surrogates run under policies that know inline scripts by their hashes.
const HASHED: [&str; 14] = [
    "adsense_gpt",
    "clarity",
    "fb_sdk",
    "ga4",
    "ga_ua",
    "gtm",
    "hotjar",
    "linkedin",
    "matomo",
    "meta",
    "pinterest",
    "tiktok",
    "uet",
    "x",
];

/// A vendor's part in an inline script.
#[derive(Clone, Debug)]
pub struct Snippet<'c> {
    /// Whose it is.
    pub vendor: &'c Arc<Vendor>,
    /// What was found.
    pub kind: HitKind,
    /// Bytes of the text; for a host the whole host name.
    pub range: Range<usize>,
}

/// All vendors, compiled.
#[derive(Debug)]
pub struct Catalog {
    vendors: Vec<Arc<Vendor>>,
    surrogates: FxHashMap<Box<str>, Box<str>>,
    setups: FxHashMap<Box<str>, Box<str>>,
    endpoints: Vec<(usize, Arc<Endpoint>)>,
    served: Served,
    by_id: FxHashMap<Box<str>, usize>,
    /// The host rules of each entry.
    rules: Vec<Box<[Box<str>]>>,
    /// Which of `vendors` are entries of the catalogue; the long tail comes after them.
    entries: usize,
    hosts: Hosts<usize>,
    own_hosts: Hosts<usize>,
    tail: Hosts<Known>,
    inline: Inline,
    cookies: Cookies<usize>,
    /// Of each entry.
    own_cookies: FxHashMap<Box<str>, Cookies<()>>,
    /// By file name, lower case.
    workers: FxHashMap<Box<str>, usize>,
    unnamed: Unnamed,
}

impl Catalog {
    /// The settings of one site, compiled.
    #[must_use]
    pub fn scope(&self, config: &Config) -> Scope {
        Scope::new(config, |id| self.by_id.get(id).copied())
    }

    /// The names under the site's own domain behind which there is a vendor, as far as it is known.
    #[must_use]
    pub fn cloaked_hosts(&self, scope: &Scope) -> Vec<(String, Arc<Vendor>)> {
        let cloaks = scope.cloaks();
        let vendor = |(name, index): (&str, usize)| {
            Some((name.to_owned(), self.vendors.get(index)?.clone()))
        };
        cloaks.names().filter_map(vendor).collect()
    }

    /// The entries of the catalogue, without the long tail.
    pub fn vendors(&self) -> impl Iterator<Item = &Arc<Vendor>> {
        self.vendors.iter().take(self.entries)
    }

    /// The entry with this id.
    #[must_use]
    pub fn vendor(&self, id: &str) -> Option<&Arc<Vendor>> {
        self.vendors.get(*self.by_id.get(id)?)
    }

    /// The vendor that was kept by its purpose and id: the entry with this id, whatever its purpose is now, else that of the
    /// long tail or of what has no name. It looks at all of them.
    #[must_use]
    pub fn kept(&self, purpose: Purpose, id: &str) -> Option<&Arc<Vendor>> {
        let Unnamed { denied, heuristic, third_party, listed } = &self.unnamed;
        let unnamed = [denied, heuristic, third_party].into_iter().chain(listed);
        let rest = self.vendors.iter().skip(self.entries).chain(unnamed);
        self.vendor(id).or_else(|| rest.into_iter().find(|v| v.purpose == purpose && &*v.id == id))
    }

    /// The host rules of the entry with this id, `host` or `host/path`.
    #[must_use]
    pub fn rules_of(&self, id: &str) -> &[Box<str>] {
        let index = self.by_id.get(id);
        index.and_then(|index| self.rules.get(*index)).map_or(&[], |rules| rules)
    }

    /// The vendor with this id, of the long tail too: a search that is not for requests.
    #[must_use]
    pub fn named(&self, id: &str) -> Option<&Arc<Vendor>> {
        self.vendor(id).or_else(|| self.vendors.iter().find(|vendor| *vendor.id == *id))
    }

    /// The vendors' parts in the text of an inline script, in the order of their ends.
    pub fn snippets<'c>(&'c self, text: &'c [u8]) -> impl Iterator<Item = Snippet<'c>> {
        self.inline.hits(text).filter_map(|hit| self.snippet(hit))
    }

    /// What in the text of a style hides the page until a vendor's script arrives.
    pub fn hides<'c>(&'c self, text: &'c [u8]) -> impl Iterator<Item = Snippet<'c>> {
        self.inline.hides(text).filter_map(|hit| self.snippet(hit))
    }

    fn snippet(&self, hit: Hit) -> Option<Snippet<'_>> {
        let vendor = self.vendors.get(hit.vendor)?;
        Some(Snippet { vendor, kind: hit.kind, range: hit.range })
    }

    /// Whether the operator gave vendors hosts of their own.
    #[must_use]
    pub fn has_own_hosts(&self) -> bool {
        !self.own_hosts.is_empty()
    }

    /// Whose cookie `name` is.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&Arc<Vendor>> {
        self.vendors.get(self.cookies.find(name)?)
    }

    /// Whose service worker's script is at `path` of a site.
    #[must_use]
    pub fn worker(&self, path: &str) -> Option<&Arc<Vendor>> {
        let name = path.rsplit('/').next()?.to_ascii_lowercase();
        self.vendors.get(*self.workers.get(&*name)?)
    }

    /// Whether `vendor`'s entry names the cookie `name`; several vendors may share one.
    #[must_use]
    pub fn owns_cookie(&self, vendor: &Vendor, name: &str) -> bool {
        self.own_cookies.get(&vendor.id).is_some_and(|cookies| cookies.find(name).is_some())
    }

    /// Script text that defines the globals of a vendor, doing nothing.
    #[must_use]
    pub fn surrogate(&self, vendor: &str) -> Option<&str> {
        self.surrogates.get(vendor).map(|text| &**text)
    }

    /// What of a vendor is served at this host and path on the site's own paths, and whose it is.
    #[must_use]
    pub fn endpoint(&self, host: &str, path: &str) -> Option<(&Arc<Vendor>, &Arc<Endpoint>)> {
        let (vendor, endpoint) = self.endpoints.get(self.served.find(host, path)?)?;
        Some((self.vendors.get(*vendor)?, endpoint))
    }

    /// Whether anything is served on the site's own paths.
    #[must_use]
    pub const fn serves(&self) -> bool {
        !self.endpoints.is_empty()
    }

    /// The vendors that have an endpoint on `host` (lower case), whatever its path.
    pub fn served_on<'c>(&'c self, host: &str) -> impl Iterator<Item = &'c Arc<Vendor>> + use<'c> {
        self.with_endpoints(self.served.below(host, "/").collect())
    }

    /// The vendors that have an endpoint at what `literal` says, or below it.
    pub fn vendors_of<'c>(
        &'c self,
        literal: &Literal,
    ) -> impl Iterator<Item = &'c Arc<Vendor>> + use<'c> {
        self.with_endpoints(self.served_by(literal))
    }

    /// The vendors that have an endpoint which a source expression of a policy lets through: `host`, which may begin with `*.`, in
    /// lower case, and a path or nothing.
    pub fn vendors_let_through<'c>(
        &'c self,
        host: &str,
        path: &str,
    ) -> impl Iterator<Item = &'c Arc<Vendor>> + use<'c> {
        self.with_endpoints(self.served.let_through(host, path).collect())
    }

    fn with_endpoints<'c>(
        &'c self,
        found: Vec<usize>,
    ) -> impl Iterator<Item = &'c Arc<Vendor>> + use<'c> {
        found.into_iter().filter_map(|index| {
            let (vendor, _) = self.endpoints.get(index)?;
            self.vendors.get(*vendor)
        })
    }

    /// Every endpoint, with its vendor.
    pub fn endpoints(&self) -> impl Iterator<Item = (&Arc<Vendor>, &Arc<Endpoint>)> {
        let vendor = |index: &usize| self.vendors.get(*index);
        self.endpoints.iter().filter_map(move |(index, endpoint)| Some((vendor(index)?, endpoint)))
    }

    /// Script text that tells a vendor's script of the site's own paths; `{base}` in it stands for the absolute URL of their prefix.
    #[must_use]
    pub fn setup(&self, vendor: &str) -> Option<&str> {
        self.setups.get(vendor).map(|text| &**text)
    }

    /// The surrogates that a policy gets hashes for: of the vendors whose globals pages call most. With all of them a
    /// policy would be longer than the header buffers of the proxies in front of us (4 KiB in nginx).
    pub fn hashed_surrogates(&self) -> impl Iterator<Item = (&str, &str)> {
        self.surrogates().filter(|(id, _)| HASHED.contains(id))
    }

    /// Every surrogate, by vendor id.
    pub fn surrogates(&self) -> impl Iterator<Item = (&str, &str)> {
        self.surrogates.iter().map(|(id, text)| (&**id, &**text))
    }
}

#[cfg(test)]
mod tests;
