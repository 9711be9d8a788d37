//! Turns the sites' hosts into a lookup from a request's host to its site.

use super::{
    Error, Inventory, PathMode, Site, banner::Banners, guard::Guard, mirror::Mirror, wall::Needs,
};
use crate::{
    catalog::{Catalog, Scope},
    choice::{Keys, Signed},
    collect::{Paths, Refused, Rules},
    consent::{Consent, Held, Reader, Terms},
    policy::{Location, Mode, Regime, Regions, Ruling},
    site::canonical,
};
use http::HeaderMap;
use rustc_hash::FxHashMap;
use std::{
    sync::{Arc, OnceLock},
    time::SystemTime,
};

/// Why a page gets no vendor that needs consent, whatever the visitor allows.
const SHARES_NOTHING: &str = "the operator shares nothing on this site (share in [collect])";
const SENSITIVE: &str = "the operator shares nothing on this page (sensitive in [collect])";

/// A site that is ready for requests.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) config: Site,
    pub(super) scope: Arc<Scope>,
    pub(super) rules: Arc<Rules>,
    pub(super) inventory: Arc<Inventory>,
    pub(super) banners: Banners,
    pub(super) needs: Needs,
    pub(super) guard: Option<Guard>,
    pub(super) mirror: Option<Mirror>,
    modes: Vec<(Paths, Mode)>,
    reader: Reader,
    keys: OnceLock<Arc<dyn Keys>>,
}

impl Compiled {
    fn new(config: Site, catalog: &Arc<Catalog>) -> Self {
        let scope = Arc::new(catalog.scope(&config.gate));
        let rules = Arc::new(Rules::new(&config.collect));
        let named = config.collect.vendors.iter().chain(config.collect.accounts.keys());
        let named = named.chain(&config.banner.vendors);
        let named = named.filter_map(|id| catalog.vendor(id));
        let inventory = Arc::new(Inventory::new(config.consent.policy.as_ref(), named));
        let banners = Banners::new(&config.banner, &config.consent, catalog.clone());
        let listed = catalog.vendors().filter_map(|vendor| vendor.gvl);
        let providers = catalog.vendors().filter_map(|vendor| vendor.atp);
        let reader = Reader::new(&config.consent).asking_about(listed);
        let reader = reader.asking_about_providers(providers);
        let needs = Needs::new(&config, catalog, &scope);
        let guard = Guard::new(&config, catalog, &scope);
        let mirror = Mirror::new(&config.consent);
        let mode = |rule: &PathMode| (Paths::new(std::slice::from_ref(&rule.path)), rule.mode);
        let modes = config.paths.iter().map(mode).collect();
        let keys = OnceLock::new();
        Self { modes, scope, rules, inventory, banners, needs, guard, mirror, reader, keys, config }
    }

    /// What the gate does at `path`. A rule that makes it do less counts where every reading of the path that a server may make
    /// is meant, any other one where one of them is.
    pub(super) fn mode(&self, path: &str) -> Mode {
        let own = self.config.mode;
        let means = |(paths, mode): &&(Paths, Mode)| {
            if strictness(*mode) < strictness(own) {
                paths.cover_wholly(path)
            } else {
                paths.cover(path)
            }
        };
        self.modes.iter().find(means).map_or(own, |(_, mode)| *mode)
    }

    /// The name in records and signatures: the first of the site's hosts, else the registrable domain of the one that was asked for.
    pub(super) fn name(&self, host: &str) -> Box<str> {
        match self.own_name() {
            Some(name) => name.into(),
            None => crate::site::Site::of_host(host).as_str().into(),
        }
    }

    /// The first of the site's hosts, without `*.`; none where it is served under any.
    pub(super) fn own_name(&self) -> Option<&str> {
        self.config.hosts.first().map(|host| host.strip_prefix("*.").unwrap_or(host))
    }

    /// Whether nothing is shared on any of its pages.
    pub(super) fn shares_nothing(&self) -> bool {
        self.rules.share_nothing()
    }

    /// What was chosen before on `host`, as far as it is not too old.
    pub(super) fn held(&self, host: &str, headers: &HeaderMap, now: SystemTime) -> Option<Held> {
        self.under_terms(host, |terms| self.reader.held(headers, now, terms))
    }

    /// Tells what choices are signed with; from now on only those count on a site with a banner that are.
    pub(super) fn sign_with(&self, keys: Arc<dyn Keys>) {
        // The first one stays.
        let _ = self.keys.set(keys);
    }

    /// What `read` makes of the terms for a choice on `host`.
    fn under_terms<R>(&self, host: &str, read: impl FnOnce(&dyn Terms) -> R) -> R {
        let now = self.inventory.now();
        let terms = now.terms();
        match self.keys.get().filter(|_| self.banners.is_on(&self.config.consent)) {
            Some(keys) => read(&Signed { terms, keys: &**keys, name: || self.name(host) }),
            None => read(terms),
        }
    }

    /// Why the page at `path` gets no vendor that needs consent, whatever the visitor allows.
    pub(super) fn withheld(&self, path: &str) -> Option<&'static str> {
        let refused = self.rules.withhold(path)?;
        Some(if refused == Refused::Share { SHARES_NOTHING } else { SENSITIVE })
    }

    /// What a request to `host` with these `headers` says at the time `now`, and from where.
    pub(super) fn visitor(
        &self,
        host: &str,
        headers: &HeaderMap,
        location: Location,
        now: SystemTime,
    ) -> Visitor {
        let read = |terms: &dyn Terms| self.reader.read_under(headers, now, terms);
        Visitor { consent: self.under_terms(host, read), location }
    }

    /// The law that holds for `visitor`, and what the site grants.
    pub(super) fn ruling(&self, visitor: &Visitor, regions: &Regions) -> (Regime, Ruling) {
        let regime = regions.regime(&visitor.location, self.config.regime);
        (regime, self.config.policy.rule(&visitor.consent, regime))
    }
}

const fn strictness(mode: Mode) -> u8 {
    match mode {
        Mode::Off => 0,
        Mode::Report => 1,
        Mode::Enforce => 2,
    }
}

/// What is known of who sent a request.
#[derive(Debug)]
pub(super) struct Visitor {
    pub(super) consent: Consent,
    pub(super) location: Location,
}

#[derive(Debug, Default)]
pub(super) struct Sites {
    exact: FxHashMap<String, Arc<Compiled>>,
    below: FxHashMap<String, Arc<Compiled>>,
    every: Option<Arc<Compiled>>,
    all: Vec<Arc<Compiled>>,
}

impl Sites {
    pub(super) fn new(mut sites: Vec<Site>, catalog: &Arc<Catalog>) -> Result<Self, Error> {
        if sites.is_empty() {
            sites.push(Site::default());
        }
        let mut all = Self::default();
        for site in sites {
            all.add(Arc::new(Compiled::new(site, catalog)))?;
        }
        Ok(all)
    }

    pub(super) fn find(&self, host: &str) -> Option<&Arc<Compiled>> {
        let host = canonical(host);
        self.exact.get(&host).or_else(|| self.suffix(&host)).or(self.every.as_ref())
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Compiled>> {
        self.all.iter()
    }

    /// The longest suffix on a label boundary.
    fn suffix(&self, mut host: &str) -> Option<&Arc<Compiled>> {
        while let Some((_, parent)) = host.split_once('.') {
            if let Some(site) = self.below.get(parent) {
                return Some(site);
            }
            host = parent;
        }
        None
    }

    fn add(&mut self, site: Arc<Compiled>) -> Result<(), Error> {
        if site.config.hosts.is_empty() && self.every.replace(site.clone()).is_some() {
            return Err(Error::TwoDefaults);
        }
        for host in &site.config.hosts {
            let (hosts, name) = match host.strip_prefix("*.") {
                Some(parent) => (&mut self.below, canonical(parent)),
                None => (&mut self.exact, canonical(host)),
            };
            if !is_host(&name) {
                return Err(Error::Host(host.clone()));
            }
            if hosts.insert(name, site.clone()).is_some() {
                return Err(Error::TwoSites(host.clone()));
            }
        }
        self.all.push(site);
        Ok(())
    }
}

/// A domain, an IPv4 address, or an IPv6 address in brackets; no scheme, no port, no further `*`.
fn is_host(name: &str) -> bool {
    !name.contains('*') && url::Host::parse(name).is_ok_and(|host| host.to_string() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(hosts: &[&str]) -> Site {
        Site { hosts: hosts.iter().map(ToString::to_string).collect(), ..Site::default() }
    }

    fn sites(sites: Vec<Site>) -> Result<Sites, Error> {
        Sites::new(sites, &Arc::new(Catalog::new(&[], &[]).unwrap()))
    }

    fn first_host<'s>(sites: &'s Sites, host: &str) -> Option<&'s str> {
        sites.find(host).map(|s| s.config.hosts.first().map_or("any", String::as_str))
    }

    #[test]
    fn paths_have_modes_of_their_own_that_nobody_widens() {
        let rule = |path: &str, mode| PathMode { path: path.to_owned(), mode };
        let paths = vec![rule("/api/shop/*", Mode::Report), rule("/api/*", Mode::Off)];
        let sites = sites(vec![Site { paths, ..site(&[]) }]).unwrap();
        let mode = |path: &str| sites.find("a.test").unwrap().mode(path);
        for path in ["/api", "/api/", "/api/v1/items", "/API/v1"] {
            assert_eq!(mode(path), Mode::Off, "{path}");
        }
        assert_eq!(mode("/api/shop/1"), Mode::Report);
        for path in
            ["/", "/apis", "/api/../page", "/api/%2e%2e/page", "/api%2f..%2fpage", "/page?/api/"]
        {
            assert_eq!(mode(path), Mode::Enforce, "{path}");
        }
        let paths = vec![rule("/shop/*", Mode::Enforce)];
        let strict = Site { paths, mode: Mode::Off, ..site(&[]) };
        let sites = super::Sites::new(vec![strict], &Arc::new(Catalog::new(&[], &[]).unwrap()));
        let sites = sites.unwrap();
        let mode = |path: &str| sites.find("a.test").unwrap().mode(path);
        assert_eq!((mode("/x/..%2fshop/1"), mode("/api")), (Mode::Enforce, Mode::Off));
    }

    #[test]
    fn the_nearest_site_is_found() {
        let sites =
            sites(vec![site(&["a.test"]), site(&["*.a.test"]), site(&["*.b.a.test"])]).unwrap();
        assert_eq!(first_host(&sites, "A.test."), Some("a.test"));
        assert_eq!(first_host(&sites, "x.y.a.test"), Some("*.a.test"));
        assert_eq!(first_host(&sites, "x.b.a.test"), Some("*.b.a.test"));
        assert_eq!(first_host(&sites, "evila.test"), None);
        assert_eq!(first_host(&sites, "a.test.evil.test"), None);
    }

    #[test]
    fn without_sites_every_host_is_served() {
        let sites = sites(Vec::new()).unwrap();
        assert_eq!(first_host(&sites, "anything.test"), Some("any"));
        assert_eq!(first_host(&sites, ""), Some("any"));
    }

    #[test]
    fn hosts_are_checked() {
        let errors = |wrong| sites(wrong).unwrap_err();
        let twice = vec![site(&["a.test"]), site(&["A.test"])];
        assert_eq!(errors(twice), Error::TwoSites("A.test".to_owned()));
        assert_eq!(errors(vec![site(&[]), site(&[])]), Error::TwoDefaults);
        for host in ["http://a.test", "a.test:80", "a.*.test", "a b", "*."] {
            assert_eq!(errors(vec![site(&[host])]), Error::Host(host.to_owned()), "{host}");
        }
    }
}
