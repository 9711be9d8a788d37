//! What the operator says of one site and of the bounds of all, as plain data.

use super::host::HostPattern;
use crate::{
    catalog, collect, consent,
    engine::{Banner, Enabled, OnUnreadable},
    page::guard,
    policy::{Mode, Policy, Regime, csp},
    proxy::listen,
    rewrite::{self, Gated},
};
use std::time::Duration;
use url::Url;

/// Where a site comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Scheme, host and port; none when the command line must say it.
    pub url: Option<Url>,
    /// How long connecting may take, TLS included; default 3 s.
    pub connect_timeout: Duration,
    /// How long the origin may be silent; default 60 s.
    pub read_timeout: Duration,
    /// How long the origin may not take what is sent to it; default 30 s.
    pub write_timeout: Duration,
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
    /// What happens to a page that cannot be inspected; default [`OnUnreadable::Block`].
    pub on_unreadable: OnUnreadable,
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
    /// How pages are edited; default [`Gated::Inert`], as the guard brings back what is inert.
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
    /// What visitors' connections and requests may cost.
    pub visitors: listen::Limits,
}

impl Default for Origin {
    fn default() -> Self {
        Self {
            url: None,
            connect_timeout: Duration::from_secs(3),
            read_timeout: Duration::from_secs(60),
            write_timeout: Duration::from_secs(30),
        }
    }
}

impl Default for SiteConfig {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            origin: Origin::default(),
            mode: Mode::default(),
            on_unreadable: OnUnreadable::default(),
            regime: Regime::default(),
            header: true,
            policy: Policy::default(),
            consent: consent::Config::default(),
            banner: Banner { enabled: Enabled::Auto, ..Banner::default() },
            gate: catalog::Config::default(),
            csp: csp::Config::default(),
            rewrite: rewrite::Config { gated: Gated::Inert, ..rewrite::Config::default() },
            guard: guard::Config { enabled: true, ..guard::Config::default() },
            collect: collect::Config::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_decoded: 1 << 30, max_burst: 8 << 20, visitors: listen::Limits::default() }
    }
}
