//! What the operator says of where and how visitors come in, as plain data.

use super::{forwarded::Forwarding, network::Trusted};
use http::HeaderValue;
use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

/// Where connections are accepted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Address {
    /// An IP address and a port; an IPv6 address takes IPv6 only.
    Ip(SocketAddr),
    /// A Unix socket in the file system.
    Unix(PathBuf),
}

/// One way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Where it is.
    pub address: Address,
    /// The permissions of a Unix socket; default `0o660`.
    pub socket_mode: u32,
    /// Whether each connection begins with a PROXY protocol preamble; default false.
    pub proxy_protocol: bool,
    /// The port of HTTPS that all requests are sent to; default none, which serves them here.
    pub redirect: Option<u16>,
    /// What it proves who it is with; none for clear text.
    pub tls: Option<Tls>,
}

/// How a listener speaks TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The certificates; each serves the names in it, the first one also visitors who ask for another name or for none.
    pub certificates: Vec<Files>,
    /// The oldest version; default [`Version::Tls12`].
    pub oldest: Version,
}

/// The files of one certificate, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The certificate and those that it was signed with, in this order.
    pub chain: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// TLS 1.2 (RFC 5246).
    #[default]
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
}

/// What all listeners have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// How many connections may wait to be accepted at each; default 4096.
    pub backlog: u32,
    /// Whether other processes may listen at the same addresses; default false.
    pub reuse_port: bool,
    /// How long a TCP connection is silent before its other end is asked whether it is there; default 60 s.
    pub tcp_keepalive: Duration,
    /// How often the files of certificates are looked at; default 10 s.
    pub certificate_refresh: Duration,
}

/// Whom the proxy believes, and what it adds to responses; what holds for all sites.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    /// The networks of the proxies before us; default this machine and private networks.
    pub trusted: Trusted,
    /// The headers that they write.
    pub forwarding: Forwarding,
    /// The value of `Strict-Transport-Security` (RFC 6797 6.1) in responses over TLS; default none.
    pub hsts: Option<HeaderValue>,
}

/// What connections and requests may cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time; default 10,000.
    pub connections: usize,
    /// Connections of one client at a time, an IPv6 client having its /64; default 256. None for trusted proxies.
    pub connections_per_client: usize,
    /// Requests of one client a second over a while, ten times that at once; default 200.
    pub requests_per_client: u32,
    /// The bytes in a request's head; default 128 KiB.
    pub max_head: usize,
    /// How long a PROXY preamble and a TLS handshake may take together; default 10 s.
    pub handshake_timeout: Duration,
    /// How long a request's head may take from its first byte on; default 30 s.
    pub head_timeout: Duration,
    /// How long a visitor may be silent within a request's body; default 60 s.
    pub body_timeout: Duration,
    /// How long a visitor may take nothing of a response; default 60 s.
    pub send_timeout: Duration,
    /// How long a connection without a request is kept; default 60 s.
    pub idle_timeout: Duration,
    /// Requests at a time on one connection of HTTP/2; default 100.
    pub streams: u32,
    /// Requests that may be cancelled, and other frames that carry nothing, on one connection of HTTP/2: so many at once, and
    /// a tenth of them a second; default 200.
    pub resets: u32,
}

impl Listener {
    /// Clear text at `address`.
    #[must_use]
    pub const fn plain(address: Address) -> Self {
        Self { address, socket_mode: 0o660, proxy_protocol: false, redirect: None, tls: None }
    }
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            backlog: 4096,
            reuse_port: false,
            tcp_keepalive: Duration::from_secs(60),
            certificate_refresh: Duration::from_secs(10),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_client: 256,
            requests_per_client: 200,
            max_head: 128 << 10,
            handshake_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(60),
            send_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(60),
            streams: 100,
            resets: 200,
        }
    }
}

impl Address {
    /// The path of a Unix socket.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Unix(path) => Some(path),
            Self::Ip(_) => None,
        }
    }

    /// The IP address and port.
    #[must_use]
    pub const fn ip(&self) -> Option<SocketAddr> {
        match self {
            Self::Ip(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self::Ip(address)
    }
}

/// As it is written in the configuration.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}
