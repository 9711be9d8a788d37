//! What the operator says of one site and of the bounds of all, as plain data.

use super::host::HostPattern;
use crate::{
    catalog, collect, consent,
    engine::{
        Balance, Banner, Capacity, Discovery, Ejection, Enabled, Health, Http, OnOverload,
        OnUnreadable, OriginTls, PathMode,
    },
    page::guard,
    policy::{Mode, Policy, Regime, csp},
    proxy::listen,
    rewrite,
};
use http::HeaderValue;
use std::time::Duration;
use url::Url;

/// Where a site comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The servers, each of which has the whole site; none when the command line must say it.
    pub servers: Vec<Server>,
    /// Which of them gets a request.
    pub balance: Balance,
    /// What the addresses of a server's name are.
    pub discovery: Discovery,
    /// How long these addresses are kept; default 30 s.
    pub resolve: Duration,
    /// How long connecting may take, TLS included; default 3 s.
    pub connect_timeout: Duration,
    /// How long the origin may be silent; default 60 s.
    pub read_timeout: Duration,
    /// How long the origin may not take what is sent to it; default 30 s.
    pub write_timeout: Duration,
    /// How long an idle connection is kept; default 60 s.
    pub idle_timeout: Duration,
    /// How often a request is tried again; default 2.
    pub retries: usize,
    /// The version of HTTP.
    pub http: Http,
    /// The `Host` that the servers are asked for; default the visitor's.
    pub host: Option<HeaderValue>,
    /// How servers of `https` are known.
    pub tls: OriginTls,
    /// How servers are asked whether they are well; default not at all.
    pub health: Option<Health>,
    /// How servers that fail are left alone.
    pub ejection: Option<Ejection>,
}

/// One server behind a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Scheme, host and port.
    pub url: Url,
    /// How much it gets beside the others; default 1.
    pub weight: u32,
}

/// One site.
#[derive(Clone, Debug)]
pub struct SiteConfig {
    /// The hosts that it is served under; empty for any.
    pub hosts: Vec<HostPattern>,
    /// Where it comes from.
    pub origin: Origin,
    /// What the gate does; default [`Mode::Enforce`].
    pub mode: Mode,
    /// What the gate does on some of its paths, in the place of `mode`; the first that means a path.
    pub paths: Vec<PathMode>,
    /// What happens to a page that cannot be inspected; default [`OnUnreadable::Block`].
    pub on_unreadable: OnUnreadable,
    /// What happens to a page that there is no room to inspect; default [`OnOverload::Shed`].
    pub on_overload: OnOverload,
    /// The law in force; default [`Regime::OptIn`].
    pub regime: Regime,
    /// Whether responses say in a `Consentry` header what was decided; default true.
    pub header: bool,
    /// The operator's rules over the law's.
    pub policy: Policy,
    /// How consent is read.
    pub consent: consent::Config,
    /// How visitors are asked; by default where the site has no consent manager of its own.
    pub banner: Banner,
    /// What is gated.
    pub gate: catalog::Config,
    /// What pages may contact.
    pub csp: csp::Config,
    /// How pages are edited; [`Gated::Inert`](rewrite::Gated::Inert) unless it is written or there is no guard.
    pub rewrite: rewrite::Config,
    /// What holds the decision in the browser; default on.
    pub guard: guard::Config,
    /// What leaves for vendors, and how.
    pub collect: collect::Config,
}

/// Bounds that hold for all sites, beside those of [`rewrite::Config`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How much one body may grow to when its content coding is undone; bytes, default 1 GiB.
    pub max_decoded: u64,
    /// How much of one page may leave at once; bytes, default 8 MiB.
    pub max_burst: usize,
    /// How many pages are read at a time, and what they may hold in memory.
    pub capacity: Capacity,
    /// What visitors' connections and requests may cost.
    pub visitors: listen::Limits,
}

impl Default for Origin {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            balance: Balance::default(),
            discovery: Discovery::default(),
            resolve: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(3),
            read_timeout: Duration::from_secs(60),
            write_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(60),
            retries: 2,
            http: Http::default(),
            host: None,
            tls: OriginTls::default(),
            health: None,
            ejection: Some(Ejection::default()),
        }
    }
}

impl Default for SiteConfig {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            origin: Origin::default(),
            mode: Mode::default(),
            paths: Vec::new(),
            on_unreadable: OnUnreadable::default(),
            on_overload: OnOverload::default(),
            regime: Regime::default(),
            header: true,
            policy: Policy::default(),
            consent: consent::Config::default(),
            banner: Banner { enabled: Enabled::Auto, ..Banner::default() },
            gate: catalog::Config::default(),
            csp: csp::Config::default(),
            rewrite: rewrite::Config { gated: rewrite::Gated::Inert, ..Default::default() },
            guard: guard::Config { enabled: true, ..Default::default() },
            collect: collect::Config::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_decoded: 1 << 30,
            max_burst: 8 << 20,
            capacity: Capacity::default(),
            visitors: listen::Limits::default(),
        }
    }
}
