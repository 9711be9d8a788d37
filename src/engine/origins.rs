//! What the operator says of the servers behind a site, as plain data.

use super::{NoOrigin, Origin};
use http::{HeaderValue, Uri};
use std::{ops::RangeInclusive, path::PathBuf, str::FromStr, time::Duration};

/// The servers behind one site: any of them can answer any request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origins {
    /// The servers; without any, requests are answered with an error.
    pub servers: Vec<Server>,
    /// Which of them gets a request.
    pub balance: Balance,
    /// What the addresses of a server's name are.
    pub discovery: Discovery,
    /// How long the addresses of a name are kept; default 30 s.
    pub resolve: Duration,
    /// How often a request is tried again; default 2.
    pub retries: usize,
    /// How long an idle connection is kept; default 60 s.
    pub idle: Duration,
    /// The version of HTTP that is spoken.
    pub http: Http,
    /// The `Host` that the servers are asked for; default the visitor's.
    pub host: Option<HeaderValue>,
    /// How servers of `https` are known.
    pub tls: OriginTls,
    /// How servers are asked whether they are well; default not at all.
    pub health: Option<Health>,
    /// How servers that fail are left alone; default as in [`Ejection`].
    pub ejection: Option<Ejection>,
}

/// One server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server {
    /// Where it is.
    pub origin: Origin,
    /// How much it gets, beside the others; 0 is taken for 1.
    pub weight: u32,
}

/// Which server gets a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Balance {
    /// One after the other.
    #[default]
    RoundRobin,
    /// Any of them.
    Random,
    /// The one that has the fewest requests now.
    LeastConnections,
    /// The same one for all requests with the same key; when servers come and go, few keys move.
    Hash(Key),
}

/// What requests go together by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// The visitor's address.
    Address,
    /// The value of a cookie, or the visitor's address where there is none.
    Cookie(String),
}

/// What the addresses of a server's name are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Discovery {
    /// Ways to one server: the next one is taken when one fails.
    #[default]
    Static,
    /// Each a server of its own.
    Dns,
}

/// The version of HTTP that is spoken to servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Http {
    /// HTTP/1.1 (RFC 9112).
    #[default]
    One,
    /// HTTP/2 (RFC 9113); by prior knowledge where there is no TLS.
    Two,
    /// What TLS agrees on (RFC 7301); HTTP/1.1 without TLS.
    Agreed,
}

/// How servers of `https` are known, and how they know us.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OriginTls {
    /// Whether the certificate is looked at at all; default true.
    pub verify: bool,
    /// The name in it, and in SNI; default the server's host.
    pub name: Option<String>,
    /// A file with the certificates, in PEM, that it is signed with; default the system's.
    pub ca: Option<PathBuf>,
    /// The files of our own certificate and its key, in PEM; default none.
    pub certificate: Option<(PathBuf, PathBuf)>,
}

/// How servers are asked whether they are well.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Health {
    /// What is asked.
    pub probe: Probe,
    /// How often; default 5 s.
    pub interval: Duration,
    /// How long an answer may take; default 2 s.
    pub timeout: Duration,
    /// How many good answers in a row make a server well again; default 2.
    pub up: u32,
    /// How many bad ones make it unwell; default 3.
    pub down: u32,
}

/// What a server is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Probe {
    /// To take a connection.
    Tcp,
    /// To answer `GET` of a path.
    Http {
        /// The path.
        path: Uri,
        /// The `Host`; default the servers' own.
        host: Option<HeaderValue>,
        /// The statuses that say that it is well; default 200 to 399.
        status: RangeInclusive<u16>,
    },
}

/// How servers that fail are left alone: the first time for `pause`, twice as long each time after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ejection {
    /// How many failures in a row; default 5. A failure is no connection, or no answer of HTTP.
    pub failures: u32,
    /// How long at first; default 10 s.
    pub pause: Duration,
    /// How long at most; default 5 min.
    pub longest: Duration,
}

impl Origins {
    /// These servers, with defaults.
    #[must_use]
    pub fn of(servers: Vec<Server>) -> Self {
        Self {
            servers,
            balance: Balance::default(),
            discovery: Discovery::default(),
            resolve: Duration::from_secs(30),
            retries: 2,
            idle: Duration::from_secs(60),
            http: Http::default(),
            host: None,
            tls: OriginTls::default(),
            health: None,
            ejection: Some(Ejection::default()),
        }
    }
}

impl From<Origin> for Origins {
    fn from(origin: Origin) -> Self {
        Self::of(vec![Server { origin, weight: 1 }])
    }
}

/// One server: scheme, host and port.
impl FromStr for Origins {
    type Err = NoOrigin;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<Origin>().map(Self::from)
    }
}

impl Default for OriginTls {
    fn default() -> Self {
        Self { verify: true, name: None, ca: None, certificate: None }
    }
}

impl Default for Ejection {
    fn default() -> Self {
        let (pause, longest) = (Duration::from_secs(10), Duration::from_secs(300));
        Self { failures: 5, pause, longest }
    }
}

impl Health {
    /// This probe, with defaults.
    #[must_use]
    pub const fn by(probe: Probe) -> Self {
        let (interval, timeout) = (Duration::from_secs(5), Duration::from_secs(2));
        Self { probe, interval, timeout, up: 2, down: 3 }
    }
}
