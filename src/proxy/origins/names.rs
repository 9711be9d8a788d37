//! Turns host names into addresses: the system's resolver, behind what the operator says of single names.

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{net::lookup_host, time::timeout};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many addresses of one name are used.
const MAX_ADDRESSES: usize = 64;

/// What host names stand for where that is not the system's resolver's to say; by default that is nowhere.
#[derive(Clone)]
pub struct Names(Arc<Known>);

type Known = dyn Fn(&str) -> Option<Vec<IpAddr>> + Send + Sync;

impl Names {
    /// Asks `known` first; `None` leaves a name to the system.
    #[must_use]
    pub fn new(known: impl Fn(&str) -> Option<Vec<IpAddr>> + Send + Sync + 'static) -> Self {
        Self(Arc::new(known))
    }

    /// The addresses of `host` with `port`, each once and in order, so that the same answer is the same list.
    pub(super) async fn addresses(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(ip, port)]);
        }
        let mut addresses: Vec<_> = match (self.0)(host) {
            Some(known) => known.into_iter().map(|ip| SocketAddr::new(ip, port)).collect(),
            None => {
                let answer = timeout(PATIENCE, lookup_host((host, port))).await;
                answer.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?.collect()
            }
        };
        addresses.sort_by_key(|address| (address.is_ipv6(), *address));
        addresses.dedup();
        addresses.truncate(MAX_ADDRESSES);
        if addresses.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(addresses) }
    }
}

impl Default for Names {
    fn default() -> Self {
        Self::new(|_| None)
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Names")
    }
}
