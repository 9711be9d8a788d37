//! Turns a URL, an inline snippet or a cookie name into the [`Vendor`] whose it is.
//!
//! A URL is looked at in this order, and the first that speaks decides:
//! 1. the operator's `allow`: nobody's;
//! 2. the operator's `deny`;
//! 3. on the page's own site: the operator's own host rules and first-party copies, and names that are aliases of a vendor's
//!    host, and nothing else;
//! 4. the vendor catalogue, the operator's entries with it;
//! 5. the long tail of tracker domains;
//! 6. the operator's filter lists;
//! 7. heuristics, where they are on, unless the host is known to be harmless or to belong to the page's own company, or goes by its name;
//! 8. any other site, where `third_party = "all"`.

mod cloaks;
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
pub mod refresh;
mod scope;
mod served;
mod target;

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
    scope::Scope,
    target::{Destination, Page, Shape, Target},
};
use self::{
    cookies::Cookies,
    hosts::Hosts,
    inline::{Builder, Hit, Inline},
    long_tail::{Known, Standing},
    scope::Word,
    served::Served,
};
use crate::{
    purpose::Purpose,
    site::Site,
    vendor::{Facts, Source, Vendor},
};
use rustc_hash::FxHashMap;
use std::{ops::Range, sync::Arc};

/// The long tail that comes with the program.
const LONG_TAIL: &str = include_str!("../../conf/third-parties.tsv");

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

/// Who can be reached through a source of a policy.
#[derive(Clone, Debug)]
pub struct Reach<'c> {
    /// The vendors, each once.
    pub vendors: Vec<&'c Arc<Vendor>>,
    /// Whether nobody else can.
    pub is_whole: bool,
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

/// The vendors of what has no name.
#[derive(Debug)]
struct Unnamed {
    denied: Arc<Vendor>,
    heuristic: Arc<Vendor>,
    third_party: Arc<Vendor>,
    listed: [Arc<Vendor>; 4],
}

impl Catalog {
    /// Compiles the built-in entries with the operator's over them: of one id, what the operator's gives replaces, lists are added.
    ///
    /// # Errors
    /// When the inline texts together are too large to be compiled.
    pub fn new(
        built_in: &[VendorEntry],
        own: &[VendorEntry],
    ) -> Result<Self, aho_corasick::BuildError> {
        let entries = merged(built_in, own);
        let mut vendors: Vec<Vendor> = entries.iter().map(vendor).collect();
        let by_id = vendors.iter().enumerate().map(|(i, v)| (v.id.clone(), i)).collect();
        let (mut hosts, mut own_hosts) = (Hosts::default(), Hosts::default());
        let (mut inline, mut cookies) = (Builder::default(), Cookies::default());
        for (index, entry) in entries.iter().enumerate() {
            entry.hosts.iter().for_each(|rule| hosts.insert(rule, index));
            entry.cookies.iter().for_each(|rule| cookies.insert(rule, index));
            add_inline(&mut inline, index, entry);
            let own_entry = own.iter().filter(|o| o.id == entry.id);
            own_entry.flat_map(|o| &o.hosts).for_each(|rule| own_hosts.insert(rule, index));
        }
        let (endpoints, served) = endpoints(&entries);
        let mut tail = Hosts::default();
        long_tail::read(LONG_TAIL, &mut vendors, &mut tail);
        Ok(Self {
            vendors: vendors.into_iter().map(Arc::new).collect(),
            surrogates: texts(&entries, |entry| &entry.surrogate),
            setups: texts(&entries, |entry| &entry.setup),
            endpoints,
            served: served.build()?,
            by_id,
            rules: entries
                .iter()
                .map(|e| e.hosts.iter().map(|h| h.as_str().into()).collect())
                .collect(),
            entries: entries.len(),
            hosts,
            own_hosts,
            tail,
            inline: inline.build()?,
            cookies,
            own_cookies: entries.iter().map(own_cookies).collect(),
            workers: workers(&entries),
            unnamed: Unnamed::new(),
        })
    }

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

    /// Whose `target` is, seen from `page`.
    #[must_use]
    pub fn classify(
        &self,
        target: &Target<'_>,
        page: &Page,
        scope: &Scope,
        lists: &Lists,
    ) -> Option<&Arc<Vendor>> {
        let (host, path) = (target.host(), target.path());
        match scope.word(host) {
            Some(Word::Allow) => return None,
            Some(Word::Deny) => return Some(&self.unnamed.denied),
            None => {}
        }
        if page.site().contains(host) {
            let cloaked = || scope.cloaked(host).filter(|_| page.url().host_str() != Some(host));
            let own = self.own_hosts.find(host, path).or_else(|| scope.copy(path)).or_else(cloaked);
            return own.and_then(|index| self.vendors.get(index));
        }
        if let Some(index) = self.hosts.find(host, path) {
            return self.vendors.get(index);
        }
        let known = self.tail.find(host, path);
        if let Some(Known { standing: Standing::Tracker(index), visited, .. }) = known {
            let link = visited
                && target.shape() == Shape::Mention
                && target.destination() == Destination::Other;
            return self.vendors.get(index).filter(|_| !link);
        }
        if let Some(purpose) = lists.find(target, page) {
            return self.unnamed.listed(purpose);
        }
        if scope.heuristics
            && heuristics::announces_itself(target)
            && !known.is_some_and(|known| self.is_innocent(known, page))
            && !is_akin(host, page)
        {
            return Some(&self.unnamed.heuristic);
        }
        (scope.third_party == ThirdParty::All).then_some(&self.unnamed.third_party)
    }

    /// Whether the host is known to serve files for others: hosting, CDN, utility.
    #[must_use]
    pub fn is_harmless(&self, target: &Target<'_>) -> bool {
        let known = self.tail.find(target.host(), target.path());
        known.is_some_and(|known| known.standing == Standing::Harmless)
    }

    /// Whether a known host is harmless, or belongs to the page's own company.
    fn is_innocent(&self, known: Known, page: &Page) -> bool {
        let own = || self.tail.find(page.site().as_str(), "/").map(|own| own.entity);
        known.standing == Standing::Harmless || own() == Some(known.entity)
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

impl Unnamed {
    fn new() -> Self {
        let vendor = |id: &str, name: &str, purpose, source| {
            Arc::new(Vendor {
                id: id.into(),
                name: name.into(),
                purpose,
                gvl: None,
                atp: None,
                source,
                facts: Facts::default(),
            })
        };
        let marketing = Purpose::Marketing;
        Self {
            denied: vendor("denied", "Denied by the operator", marketing, Source::Operator),
            heuristic: vendor("unknown-tracker", "Unknown tracker", marketing, Source::Heuristic),
            third_party: vendor("third-party", "Another site", marketing, Source::ThirdParty),
            listed: Purpose::ALL
                .map(|purpose| vendor("listed", "On a filter list", purpose, Source::List)),
        }
    }

    fn listed(&self, purpose: Purpose) -> Option<&Arc<Vendor>> {
        self.listed.iter().find(|vendor| vendor.purpose == purpose)
    }
}

/// Whether a host goes by the page's own name, as `shop-cdn.example` on `shop.example`: then it is the site's own.
fn is_akin(host: &str, page: &Page) -> bool {
    let name = |site: &Site| site.as_str().split('.').next().unwrap_or_default().to_owned();
    let (own, other) = (name(page.site()), name(&Site::of_host(host)));
    let holds = |long: &str, short: &str| short.len() > 2 && long.contains(short);
    holds(&other, &own) || holds(&own, &other)
}

/// The cookies that one entry names.
fn own_cookies(entry: &VendorEntry) -> (Box<str>, Cookies<()>) {
    let mut cookies = Cookies::default();
    entry.cookies.iter().for_each(|rule| cookies.insert(rule, ()));
    (entry.id.as_str().into(), cookies)
}

/// The file names of the entries' service workers.
fn workers(entries: &[VendorEntry]) -> FxHashMap<Box<str>, usize> {
    let named = |(index, entry): (usize, &VendorEntry)| {
        let names = entry.workers.iter().map(|name| name.to_ascii_lowercase().into());
        names.map(|name: Box<str>| (name, index)).collect::<Vec<_>>()
    };
    entries.iter().enumerate().flat_map(named).collect()
}

fn add_inline(inline: &mut Builder, index: usize, entry: &VendorEntry) {
    entry.inline.iter().for_each(|text| inline.text(index, HitKind::Snippet, text));
    entry.hides.iter().for_each(|text| inline.text(index, HitKind::Hides, text));
    let literals = if entry.literals.is_empty() { &entry.hosts } else { &entry.literals };
    literals.iter().for_each(|rule| inline.host(index, rule));
}

/// The entries' texts that are not empty, by id.
fn texts(
    entries: &[VendorEntry],
    text: impl Fn(&VendorEntry) -> &String,
) -> FxHashMap<Box<str>, Box<str>> {
    let given = entries.iter().map(|entry| (entry.id.as_str(), text(entry).as_str()));
    given.filter(|(_, text)| !text.is_empty()).map(|(id, text)| (id.into(), text.into())).collect()
}

/// The entries' endpoints, each with its entry's index, and which hosts and paths they serve.
fn endpoints(entries: &[VendorEntry]) -> (Vec<(usize, Arc<Endpoint>)>, served::Builder) {
    let (mut all, mut served) = (Vec::new(), served::Builder::default());
    for (vendor, entry) in entries.iter().enumerate() {
        for endpoint in &entry.endpoints {
            let paths: Vec<String> =
                endpoint.paths.iter().flat_map(|rule| on_hosts(rule, &entry.hosts)).collect();
            paths.iter().for_each(|rule| served.insert(rule, all.len()));
            all.push((vendor, Arc::new(Endpoint { paths, ..endpoint.clone() })));
        }
    }
    (all, served)
}

/// The rules that `rule`, one of an endpoint's paths, stands for: `*/path` is that path on each of the vendor's hosts.
fn on_hosts(rule: &str, hosts: &[String]) -> Vec<String> {
    match rule.strip_prefix("*/") {
        Some(path) => hosts
            .iter()
            .filter(|host| !host.ends_with('*'))
            .map(|host| format!("{}/{path}", host.trim_end_matches('/')))
            .collect(),
        None => vec![rule.to_owned()],
    }
}

fn vendor(entry: &VendorEntry) -> Vendor {
    let name = if entry.name.is_empty() { &entry.id } else { &entry.name };
    Vendor {
        id: entry.id.as_str().into(),
        name: name.as_str().into(),
        purpose: entry.purpose.unwrap_or(Purpose::Marketing),
        gvl: entry.gvl,
        atp: entry.atp,
        source: Source::Catalog,
        facts: entry.facts.clone(),
    }
}

/// `built_in` with `own` over it.
fn merged(built_in: &[VendorEntry], own: &[VendorEntry]) -> Vec<VendorEntry> {
    let mut entries = built_in.to_vec();
    for entry in own {
        match entries.iter_mut().find(|e| e.id == entry.id) {
            Some(old) => old.extend(entry),
            None => entries.push(entry.clone()),
        }
    }
    entries
}

impl VendorEntry {
    fn extend(&mut self, over: &Self) {
        let Self {
            id: _,
            name,
            purpose,
            gvl,
            atp,
            facts,
            hosts,
            literals,
            inline,
            hides,
            cookies,
            workers,
            surrogate,
            setup,
            gated_only,
            endpoints,
        } = over;
        if !literals.is_empty() || !hosts.is_empty() {
            let both = if literals.is_empty() { hosts } else { literals };
            if !self.literals.is_empty() {
                self.literals.extend_from_slice(both);
            }
        }
        if !name.is_empty() {
            self.name.clone_from(name);
        }
        if !surrogate.is_empty() {
            self.surrogate.clone_from(surrogate);
        }
        if !setup.is_empty() {
            self.setup.clone_from(setup);
        }
        if !gated_only.is_empty() {
            self.gated_only.clone_from(gated_only);
        }
        self.purpose = purpose.or(self.purpose);
        self.gvl = gvl.or(self.gvl);
        self.atp = atp.or(self.atp);
        self.facts.replace(facts);
        self.hosts.extend_from_slice(hosts);
        self.inline.extend_from_slice(inline);
        self.hides.extend_from_slice(hides);
        self.cookies.extend_from_slice(cookies);
        self.workers.extend_from_slice(workers);
        self.endpoints.extend_from_slice(endpoints);
    }
}

#[cfg(test)]
mod tests;
