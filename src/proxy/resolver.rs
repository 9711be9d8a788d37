//! Turns a host name into an address without stopping a worker thread, and keeps it for a while.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long an answer is kept.
const KEPT: Duration = Duration::from_secs(30);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many names are kept.
const MAX_NAMES: usize = 1024;

/// A cache over the system's resolver.
#[derive(Debug, Default)]
pub(super) struct Resolver {
    known: Mutex<HashMap<(Box<str>, u16), Known>>,
}

#[derive(Debug)]
struct Known {
    addresses: Vec<SocketAddr>,
    until: Instant,
}

impl Resolver {
    /// An address of `host`; later attempts get the other addresses in turn.
    pub(super) async fn resolve(
        &self,
        host: &str,
        port: u16,
        attempt: usize,
    ) -> io::Result<SocketAddr> {
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Ok(SocketAddr::new(ip, port));
        }
        let addresses = match self.fresh(host, port) {
            Some(addresses) => addresses,
            None => self.ask(host, port).await?,
        };
        let count = addresses.len().max(1);
        addresses.get(attempt % count).copied().ok_or(io::ErrorKind::NotFound.into())
    }

    /// A name that cannot be resolved now keeps the addresses that it had.
    async fn ask(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let answer = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((host, port))).await;
        let answer = answer.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        match answer.map(Iterator::collect::<Vec<_>>) {
            Ok(addresses) if !addresses.is_empty() => {
                self.keep(host, port, addresses.clone());
                Ok(addresses)
            }
            Ok(_) => self.stale(host, port).ok_or(io::ErrorKind::NotFound.into()),
            Err(error) => self.stale(host, port).ok_or(error),
        }
    }

    fn fresh(&self, host: &str, port: u16) -> Option<Vec<SocketAddr>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(&(host.into(), port))?;
        (known.until > Instant::now()).then(|| known.addresses.clone())
    }

    fn stale(&self, host: &str, port: u16) -> Option<Vec<SocketAddr>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Some(known.get(&(host.into(), port))?.addresses.clone())
    }

    pub(super) fn keep(&self, host: &str, port: u16, addresses: Vec<SocketAddr>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_NAMES {
            known.clear();
        }
        let until = Instant::now() + KEPT;
        known.insert((host.into(), port), Known { addresses, until });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn addresses_need_no_lookup() {
        let resolver = Resolver::default();
        for (host, shown) in [("127.0.0.1", "127.0.0.1:80"), ("::1", "[::1]:80")] {
            assert_eq!(resolver.resolve(host, 80, 3).await.unwrap().to_string(), shown);
        }
        assert!(resolver.known.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn names_are_kept_and_attempts_take_turns() {
        let resolver = Resolver::default();
        let addresses: Vec<SocketAddr> =
            ["192.0.2.1:80", "192.0.2.2:80"].map(|a| a.parse().unwrap()).to_vec();
        resolver.keep("shop.test", 80, addresses.clone());
        for attempt in 0..4 {
            let address = resolver.resolve("shop.test", 80, attempt).await.unwrap();
            assert_eq!(address, addresses[attempt % 2]);
        }
    }
}
