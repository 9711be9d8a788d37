//! What one engine is built from, as plain data.

use super::{Banner, Locator, Origins};
use crate::{
    catalog::{self, Catalog},
    coding, collect, consent,
    page::guard,
    policy::{Mode, Policy, Regime, csp},
    rewrite,
};
use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc, time::Duration};
use url::{Host, Url};

/// What becomes of a page that cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnUnreadable {
    /// The visitor gets an error instead.
    #[default]
    Block,
    /// It goes out as the origin sent it, trackers and all.
    Pass,
}

/// What becomes of a page that there is no room to read, or on which the engine failed not long ago.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnOverload {
    /// The visitor is asked to come again (503).
    #[default]
    Shed,
    /// It goes out unread, under a policy that lets the browser contact the site itself and `csp_hosts` alone.
    Pass,
}

/// How much may be read at a time, of all sites together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Pages; default 1000.
    pub rewrites: usize,
    /// What reading them holds in memory; bytes, default 1 GiB.
    pub memory: usize,
}

impl Default for Capacity {
    fn default() -> Self {
        Self { rewrites: 1000, memory: 1 << 30 }
    }
}

/// What the gate does on some paths of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathMode {
    /// The paths, as in [`crate::collect::Paths`].
    pub path: String,
    /// What it does there.
    pub mode: Mode,
}

/// How long an origin may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Timeouts {
    /// To take a connection, TLS included; default 3 s.
    pub connect: Duration,
    /// Between two pieces of a response; default 60 s.
    pub read: Duration,
    /// To take a piece of a request; default 30 s.
    pub write: Duration,
}

/// The server behind a site: scheme, host and port, nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    secure: bool,
    host: Box<str>,
    port: u16,
    timeouts: Timeouts,
}

/// Why a text is not an [`Origin`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an origin; write a URL like http://127.0.0.1:3000 or https://shop.example")]
pub struct NoOrigin(pub String);

impl Default for Timeouts {
    fn default() -> Self {
        let [connect, read, write] = [3, 60, 30].map(Duration::from_secs);
        Self { connect, read, write }
    }
}

impl Origin {
    /// The origin at `url`, with the default timeouts.
    ///
    /// # Errors
    /// When it is another URL than scheme, host and port.
    pub fn of(url: &Url) -> Result<Self, NoOrigin> {
        of_url(url).ok_or_else(|| NoOrigin(url.to_string()))
    }

    /// The same origin, given this time.
    #[must_use]
    pub fn within(self, timeouts: Timeouts) -> Self {
        Self { timeouts, ..self }
    }

    /// How long it may take.
    #[must_use]
    pub const fn timeouts(&self) -> &Timeouts {
        &self.timeouts
    }

    /// Whether the connection to it is made with TLS.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// A host name or an IP address, IPv6 without brackets.
    #[must_use]
    pub const fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Host and port as they stand in `Host` (RFC 9110 7.2): without a port that the scheme has anyway.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = &self.host;
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_string() };
        let default = if self.secure { 443 } else { 80 };
        if self.port == default { host } else { format!("{host}:{}", self.port) }
    }
}

impl FromStr for Origin {
    type Err = NoOrigin;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Url::parse(text).ok().and_then(|url| of_url(&url)).ok_or_else(|| NoOrigin(text.to_owned()))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        let Self { secure: _, host, port, timeouts: _ } = self;
        if host.contains(':') {
            write!(f, "{scheme}://[{host}]:{port}")
        } else {
            write!(f, "{scheme}://{host}:{port}")
        }
    }
}

/// A path, a query, a user or a fragment would be ignored, so they are refused.
fn of_url(url: &Url) -> Option<Origin> {
    let secure = match url.scheme() {
        "http" => false,
        "https" => true,
        _ => return None,
    };
    let bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let host = match url.host().filter(|_| bare)? {
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    let port = url.port_or_known_default()?;
    Some(Origin { secure, host: host.into(), port, timeouts: Timeouts::default() })
}

/// One site and how it is gated.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// Host names without ports, exact or `*.example.com`; none means every host.
    pub hosts: Vec<String>,
    /// Where its pages come from; an embedding proxy has its own way to know.
    pub origin: Option<Origins>,
    /// What the gate does.
    pub mode: Mode,
    /// What it does on some paths, in the place of `mode`; the first that means a path.
    pub paths: Vec<PathMode>,
    /// What becomes of pages that cannot be read.
    pub on_unreadable: OnUnreadable,
    /// What becomes of pages that there is no room to read.
    pub on_overload: OnOverload,
    /// The law in force.
    pub regime: Regime,
    /// The operator's rules.
    pub policy: Policy,
    /// How consent is read.
    pub consent: consent::Config,
    /// What is gated.
    pub gate: catalog::Config,
    /// What pages may contact.
    pub csp: csp::Config,
    /// How pages are edited.
    pub rewrite: rewrite::Config,
    /// What holds the decision in the browser.
    pub guard: guard::Config,
    /// What leaves the site for vendors.
    pub collect: collect::Config,
    /// Bounds on decoding.
    pub limits: coding::Limits,
    /// How visitors are asked.
    pub banner: Banner,
    /// Whether pages say in a `Consentry` header what was decided; default false.
    pub announce: bool,
}

/// Collection, as far as it is the same for all sites.
#[derive(Clone, Debug, Default)]
pub struct Collection {
    /// Bounds.
    pub limits: collect::Limits,
    /// Servers that stand for vendors' hosts, by host: an own collector, or a stub. They may be at any address.
    pub targets: BTreeMap<String, Origin>,
    /// Where the ledger is written; default nowhere.
    pub ledger: Option<collect::LedgerFile>,
}

/// Everything.
#[derive(Clone, Debug)]
pub struct Config {
    /// All vendors.
    pub catalog: Arc<Catalog>,
    /// The sites; none means one for every host, with defaults.
    pub sites: Vec<Site>,
    /// Where visitors are, and the law there.
    pub locator: Locator,
    /// Names this configuration and catalogue: any text that differs when they do. Validators carry it, so that
    /// a browser never keeps a page that was made under other settings.
    pub fingerprint: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        for (text, shown) in [
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("https://Shop.Example/", "https://shop.example:443"),
            ("http://[::1]:8", "http://[::1]:8"),
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().to_string(), shown);
        }
        for text in ["shop.example", "ftp://a", "http://a/path", "http://u@a", "http://a?q", ""] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }
}
