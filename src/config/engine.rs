//! Turns what the operator says into what an [`Engine`](crate::engine::Engine) is built from.
//!
//! 1. Without `[[site]]` tables the top of the file is the one site, for every host; with some, they are all.
//! 2. A vendor's hosts that the built-in catalogue does not have are the operator's own: they count on the page's own site too.
//! 3. The fingerprint changes with every setting that can change a page.

use super::{Config, HostPattern, Limits, Origin, Server, SiteConfig, built_in};
use crate::{
    catalog::{Catalog, VendorEntry},
    coding,
    engine::{self, Origins, Site, Timeouts},
};
use std::{collections::BTreeMap, sync::Arc};

/// Why no engine can be built from a configuration that is right by itself.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The vendors' inline texts together are too large.
    #[error("the vendors' inline texts cannot be compiled: {0}")]
    Catalog(String),
    /// An origin is more than scheme, host and port.
    #[error(transparent)]
    Origin(#[from] engine::NoOrigin),
    /// The sites contradict each other.
    #[error(transparent)]
    Sites(#[from] engine::Error),
}

impl Config {
    /// The engine's configuration, with `more` vendors over the catalogue.
    ///
    /// # Errors
    /// When the vendors cannot be compiled.
    pub fn engine(&self, more: &[VendorEntry]) -> Result<engine::Config, EngineError> {
        let (base, mut own) = parted(&self.vendors);
        own.extend_from_slice(more);
        let catalog =
            Catalog::new(&base, &own).map_err(|error| EngineError::Catalog(error.to_string()))?;
        let sites = self.served().map(|site| self.site(site)).collect::<Result<_, _>>()?;
        let (catalog, fingerprint) = (Arc::new(catalog), self.name(more));
        Ok(engine::Config { catalog, sites, locator: self.locator.clone(), fingerprint })
    }

    /// The sites that are served.
    pub fn served(&self) -> impl Iterator<Item = &SiteConfig> {
        let default = self.sites.is_empty().then_some(&self.default);
        self.sites.iter().chain(default)
    }

    fn site(&self, site: &SiteConfig) -> Result<Site, engine::NoOrigin> {
        let SiteConfig {
            hosts,
            origin,
            mode,
            paths,
            on_unreadable,
            on_overload,
            regime,
            header,
            policy,
            consent,
            banner,
            gate,
            csp,
            rewrite,
            guard,
            collect,
        } = site;
        let Limits { max_decoded, max_burst, capacity: _, visitors: _ } = self.limits;
        Ok(Site {
            hosts: hosts.iter().map(HostPattern::to_string).collect(),
            origin: engine_origin(origin)?,
            mode: *mode,
            paths: paths.clone(),
            on_unreadable: *on_unreadable,
            on_overload: *on_overload,
            regime: *regime,
            policy: *policy,
            consent: consent.clone(),
            banner: banner.clone(),
            gate: gate.clone(),
            csp: csp.clone(),
            rewrite: rewrite.clone(),
            guard: *guard,
            limits: coding::Limits {
                max_decoded: Some(max_decoded),
                max_burst,
                ..coding::Limits::default()
            },
            announce: *header,
            collect: collect.clone(),
        })
    }

    /// A text that differs when pages can.
    fn name(&self, more: &[VendorEntry]) -> String {
        let Self {
            listen: _,
            default,
            sites,
            vendors,
            list_cache: _,
            dns: _,
            limits,
            locator,
            collection,
            records: _,
            shutdown: _,
            secret: _,
        } = self;
        let (version, targets) = (env!("CARGO_PKG_VERSION"), &collection.targets);
        let bounds = (limits.max_decoded, limits.max_burst);
        let all = format!("{version} {default:?} {sites:?} {vendors:?} {more:?} {bounds:?}");
        format!("{all} {locator:?} {targets:?}")
    }
}

fn engine_origin(origin: &Origin) -> Result<Option<Origins>, engine::NoOrigin> {
    let Origin { servers, balance, discovery, http, host, tls, health, ejection, .. } = origin;
    let Origin { resolve, connect_timeout, read_timeout, write_timeout, .. } = *origin;
    let timeouts = Timeouts { connect: connect_timeout, read: read_timeout, write: write_timeout };
    let server = |server: &Server| {
        let origin = engine::Origin::of(&server.url)?.within(timeouts);
        Ok(engine::Server { origin, weight: server.weight })
    };
    let servers = servers.iter().map(server).collect::<Result<Vec<_>, engine::NoOrigin>>()?;
    Ok((!servers.is_empty()).then(|| Origins {
        servers,
        balance: balance.clone(),
        discovery: *discovery,
        resolve,
        retries: origin.retries,
        idle: origin.idle_timeout,
        http: *http,
        host: host.clone(),
        tls: tls.clone(),
        health: health.clone(),
        ejection: *ejection,
    }))
}

/// `vendors` without the hosts that the operator added, and those alone.
fn parted(vendors: &[VendorEntry]) -> (Vec<VendorEntry>, Vec<VendorEntry>) {
    let built_in = built_in();
    let known: BTreeMap<&str, &VendorEntry> = built_in.iter().map(|v| (v.id.as_str(), v)).collect();
    let part = |vendor: &VendorEntry| {
        let is_known = |host: &String| {
            known.get(vendor.id.as_str()).is_some_and(|known| known.hosts.contains(host))
        };
        let (old, added) = vendor.hosts.iter().cloned().partition(is_known);
        let own = VendorEntry { id: vendor.id.clone(), hosts: added, ..VendorEntry::default() };
        (VendorEntry { hosts: old, ..vendor.clone() }, own)
    };
    let (base, mut own): (_, Vec<VendorEntry>) = vendors.iter().map(part).unzip();
    own.retain(|vendor| !vendor.hosts.is_empty());
    (base, own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Overrides, engine::Engine};
    use std::path::Path;

    fn engine(text: &str) -> engine::Config {
        let parsed = Config::parse(text, "t.toml", Path::new(""), &Overrides::default()).unwrap();
        parsed.engine(&[]).unwrap()
    }

    #[test]
    fn sites_and_limits_arrive() {
        let config = engine(
            "mode = \"report\"\non_unreadable = \"pass\"\nheader = false\n[limits]\nmax_decoded = \"2MiB\"\nmax_burst = \"16MiB\"\n\
             [origin]\nurl = \"http://127.0.0.1:3000\"\nread_timeout = \"7s\"\n\
             [[site]]\nhosts = [\"a.test\", \"*.a.test\"]\nmode = \"enforce\"\n",
        );
        let [site] = &config.sites[..] else { panic!("{:?}", config.sites) };
        assert_eq!(site.hosts, ["a.test", "*.a.test"]);
        assert_eq!(site.mode, crate::policy::Mode::Enforce);
        assert_eq!(site.on_unreadable, engine::OnUnreadable::Pass);
        assert_eq!((site.limits.max_decoded, site.limits.max_burst), (Some(2 << 20), 16 << 20));
        assert!(!site.announce);
        let [server] = &site.origin.as_ref().unwrap().servers[..] else { panic!("one server") };
        let origin = &server.origin;
        assert_eq!(origin.to_string(), "http://127.0.0.1:3000");
        assert_eq!(origin.timeouts().read.as_secs(), 7);
        assert!(Engine::new(config).is_ok());
    }

    #[test]
    fn the_defaults_are_the_built_in_catalogue() {
        let config = engine("");
        assert!(!config.catalog.has_own_hosts());
        assert!(config.catalog.vendor("ga4").is_some());
    }

    #[test]
    fn an_operators_hosts_are_its_own() {
        let config = engine("[[vendor]]\nid = \"ga4\"\nhosts = [\"stats.shop.example\"]\n");
        assert!(config.catalog.has_own_hosts());
    }

    #[test]
    fn the_fingerprint_follows_the_settings() {
        let print = |text| engine(text).fingerprint;
        assert_eq!(print(""), print("[listen]\naddress = \"127.0.0.1:9\"\n"));
        assert_ne!(print(""), print("[gate]\nheuristics = false\n"));
        assert_ne!(print(""), print("[collect]\nsensitive = [\"/health\"]\n"));
        assert_ne!(print(""), print("[collect]\ntargets = { \"a.test\" = \"http://[::1]:9\" }\n"));
        assert_eq!(print(""), print("[collect.limits]\ntimeout = \"1s\"\n"));
        assert_ne!(
            print(""),
            print("[[vendor]]\nid = \"x\"\npurpose = \"analytics\"\nhosts = [\"x.test\"]\n")
        );
    }
}
