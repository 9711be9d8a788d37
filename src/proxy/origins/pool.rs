//! Turns the servers of one site, as they are written, into those that requests can go to now.
//!
//! 1. Addresses need no resolver. Names are resolved before the first request that needs them, and then every so often by the
//!    pool's own task; a name that cannot be resolved keeps the addresses that it had.
//! 2. A server that stays keeps what is known of it, whatever becomes of the others.
//! 3. What the origin's servers are known by is read when the pool is made.

use super::{
    choose::{Turns, choose},
    names::Names,
    target::Target,
};
use crate::{
    engine::{Balance, Discovery, Http, Key, Origins},
    metrics::Metrics,
    proxy::tls::{Credentials, Error as TlsError},
};
use arc_swap::ArcSwap;
use http::HeaderMap;
use pingora_core::{protocols::ALPN, upstreams::peer::HttpPeer};
use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// How soon names are asked for again that could not be resolved.
const AGAIN: Duration = Duration::from_secs(1);
/// How many requests may be on their way on one connection of HTTP/2 to a server.
const STREAMS: usize = 100;
/// Sets the connections of pools with own credentials apart from all others; those of tunnels are counted from 1 up.
const OWN: u64 = 1 << 63;

/// Tells one pool's connections from another's.
static POOLS: AtomicU64 = AtomicU64::new(OWN);

/// The servers behind a site.
#[derive(Debug)]
pub(in crate::proxy) struct Pool {
    pub(super) config: Origins,
    pub(super) metrics: Arc<Metrics>,
    targets: ArcSwap<Vec<Arc<Target>>>,
    turns: Turns,
    credentials: Credentials,
    group: u64,
    names: Names,
    /// When names are asked for again.
    due: Mutex<Option<Instant>>,
    /// Held by who asks.
    asking: tokio::sync::Mutex<()>,
}

impl Pool {
    /// The servers that `config` says; those that are addresses can be used at once.
    pub(super) fn new(
        config: &Origins,
        names: Names,
        metrics: Arc<Metrics>,
    ) -> Result<Self, TlsError> {
        let credentials = Credentials::read(&config.tls)?;
        let group = if credentials.are_own() { POOLS.fetch_add(1, Relaxed) } else { 0 };
        let (targets, turns, due, asking) = Default::default();
        let config = config.clone();
        let pool = Self { config, metrics, targets, turns, credentials, group, names, due, asking };
        pool.put(|origin| {
            origin.0.parse::<IpAddr>().ok().map(|ip| vec![SocketAddr::new(ip, origin.1)])
        });
        Ok(pool)
    }

    /// Whether the files of its credentials are as they were.
    pub(super) fn is_current(&self) -> bool {
        self.credentials.are_current(&self.config.tls)
    }

    /// The server for a request with these `headers` of the client at `ip`, which `tried` others.
    pub(super) async fn choose(
        &self,
        headers: &HeaderMap,
        ip: Option<IpAddr>,
        tried: &[Arc<Target>],
    ) -> Option<Arc<Target>> {
        if self.targets.load().is_empty() {
            self.resolve().await;
        }
        let key = match &self.config.balance {
            Balance::Hash(key) => key_of(key, headers, ip),
            Balance::RoundRobin | Balance::Random | Balance::LeastConnections => Vec::new(),
        };
        choose(&self.targets.load(), &self.config.balance, &self.turns, &key, tried)
    }

    /// All servers.
    pub(super) fn targets(&self) -> Arc<Vec<Arc<Target>>> {
        self.targets.load_full()
    }

    /// Asks for the addresses of names, where that is due; one at a time.
    pub(super) async fn resolve(&self) {
        let _asking = self.asking.lock().await;
        let now = Instant::now();
        if self.due().is_some_and(|due| due > now) {
            return;
        }
        let servers = self.config.servers.iter().map(|server| &server.origin);
        let mut answers = Vec::new();
        let mut missing = false;
        for origin in servers {
            let answer = self.names.addresses(origin.host(), origin.port()).await;
            missing |= answer.is_err();
            if let Err(error) = &answer {
                log::warn!("{origin}: its address cannot be had, what was known stays: {error}");
            }
            answers.push(((origin.host(), origin.port()), answer.ok()));
        }
        self.put(|origin| {
            answers.iter().find(|(asked, _)| *asked == origin).and_then(|(_, a)| a.clone())
        });
        let pause = if missing { AGAIN } else { self.config.resolve };
        *self.due.lock().unwrap_or_else(PoisonError::into_inner) = now.checked_add(pause);
    }

    fn due(&self) -> Option<Instant> {
        *self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the servers be those that `found` has addresses for; the others stay as they were.
    fn put<'p>(&'p self, found: impl Fn((&'p str, u16)) -> Option<Vec<SocketAddr>>) {
        let before = self.targets.load();
        let mut targets = Vec::new();
        for (place, server) in self.config.servers.iter().enumerate() {
            let Some(addresses) = found((server.origin.host(), server.origin.port())) else {
                targets.extend(before.iter().filter(|target| target.server == place).cloned());
                continue;
            };
            let ways: Vec<Vec<SocketAddr>> = match self.config.discovery {
                Discovery::Static => vec![addresses],
                Discovery::Dns => addresses.into_iter().map(|address| vec![address]).collect(),
            };
            for ways in ways {
                let known = before.iter().find(|target| target.is(place, &ways)).cloned();
                targets.push(known.unwrap_or_else(|| {
                    let (origin, discovery) = (server.origin.clone(), self.config.discovery);
                    Arc::new(Target::new(origin, server.weight, place, ways, discovery))
                }));
            }
        }
        self.targets.store(Arc::new(targets));
        self.show();
    }

    /// How to connect to `target` at `address`.
    pub(super) fn peer(&self, target: &Target, address: SocketAddr) -> HttpPeer {
        let origin = &target.origin;
        let name = self.config.tls.name.clone().unwrap_or_else(|| origin.host().to_owned());
        let mut peer = HttpPeer::new(address, origin.is_secure(), name);
        let timeouts = origin.timeouts();
        let options = &mut peer.options;
        options.connection_timeout = Some(timeouts.connect);
        options.total_connection_timeout = Some(timeouts.connect);
        options.read_timeout = Some(timeouts.read);
        options.write_timeout = Some(timeouts.write);
        options.idle_timeout = Some(self.config.idle);
        options.max_h2_streams = STREAMS;
        options.alpn = match (self.config.http, origin.is_secure()) {
            (Http::One, _) | (Http::Agreed, false) => ALPN::H1,
            (Http::Two, _) => ALPN::H2,
            (Http::Agreed, true) => ALPN::H2H1,
        };
        options.verify_cert = self.config.tls.verify;
        options.verify_hostname = self.config.tls.verify;
        peer.group_key = self.group;
        self.credentials.put(&mut peer);
        peer
    }

    /// A request to `target` failed because of it.
    pub(super) fn failed(&self, target: &Target, cause: &str) {
        let origin = target.origin.to_string();
        self.metrics.origin_failures.with_label_values(&[origin.as_str(), cause]).inc();
        let alone = target.failed(self.config.ejection.as_ref(), Instant::now());
        if let Some(pause) = alone.filter(|_| self.targets.load().len() > 1) {
            self.metrics.origin_ejections.with_label_values(&[origin.as_str()]).inc();
            log::warn!("{} failed too often and is left alone for {pause:?}", target.name);
            self.show();
        }
    }

    /// A request to `target` was answered with `status`.
    pub(super) fn answered(&self, target: &Target, status: u16) {
        target.answered();
        let class = match status / 100 {
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            5 => "5xx",
            _ => "1xx",
        };
        let origin = target.origin.to_string();
        self.metrics.origin_requests.with_label_values(&[origin.as_str(), class]).inc();
    }

    /// Shows how many addresses of each server are used.
    pub(super) fn show(&self) {
        let now = Instant::now();
        let targets = self.targets.load();
        for (place, server) in self.config.servers.iter().enumerate() {
            let own = targets.iter().filter(|target| target.server == place);
            let used = own.filter(|target| target.is_used(now)).count();
            let origin = server.origin.to_string();
            let shown = self.metrics.origin_healthy.with_label_values(&[origin.as_str()]);
            shown.set(i64::try_from(used).unwrap_or(i64::MAX));
        }
    }
}

fn key_of(key: &Key, headers: &HeaderMap, ip: Option<IpAddr>) -> Vec<u8> {
    let value = match key {
        Key::Address => None,
        Key::Cookie(name) => cookie(headers, name),
    };
    let address = || ip.map(|ip| ip.to_canonical().to_string().into_bytes());
    value.map(<[u8]>::to_vec).or_else(address).unwrap_or_default()
}

/// The value of the first cookie `name` (RFC 6265 5.4).
fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h [u8]> {
    let lines = headers.get_all(http::header::COOKIE).iter().map(http::HeaderValue::as_bytes);
    let mut pairs = lines.flat_map(|line| line.split(|byte| *byte == b';')).map(<[u8]>::trim_ascii);
    pairs.find_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Server;
    use http::HeaderValue;

    fn pool(urls: &[&str], discovery: Discovery, names: Names) -> Pool {
        let server = |url: &&str| Server { origin: url.parse().unwrap(), weight: 1 };
        let servers = urls.iter().map(server).collect();
        let config =
            Origins { discovery, resolve: Duration::from_nanos(1), ..Origins::of(servers) };
        Pool::new(&config, names, Arc::new(Metrics::new().unwrap())).unwrap()
    }

    fn names(list: &Arc<Mutex<Vec<IpAddr>>>) -> Names {
        let list = list.clone();
        Names::new(move |_| Some(list.lock().unwrap().clone()))
    }

    fn shown(pool: &Pool) -> Vec<String> {
        pool.targets().iter().map(|target| target.name.clone()).collect()
    }

    #[tokio::test]
    async fn addresses_are_there_at_once_and_names_when_they_are_needed() {
        let list = Arc::new(Mutex::new(vec![[192, 0, 2, 2].into(), [192, 0, 2, 1].into()]));
        let numbers = pool(&["http://127.0.0.1:1", "http://[::1]:2"], Discovery::Dns, names(&list));
        assert_eq!(numbers.targets().len(), 2);
        let named = pool(&["http://a.test:3"], Discovery::Static, names(&list));
        assert!(named.targets().is_empty());
        let target = named.choose(&HeaderMap::new(), None, &[]).await.unwrap();
        assert_eq!(target.address().unwrap().to_string(), "192.0.2.1:3");
        assert_eq!(shown(&named), ["http://a.test:3"]);
    }

    #[tokio::test]
    async fn servers_that_stay_keep_what_is_known_of_them() {
        let list = Arc::new(Mutex::new(vec![[192, 0, 2, 1].into(), [192, 0, 2, 2].into()]));
        let pool = pool(&["http://a.test:3"], Discovery::Dns, names(&list));
        pool.resolve().await;
        assert_eq!(
            shown(&pool),
            ["http://a.test:3 at 192.0.2.1:3", "http://a.test:3 at 192.0.2.2:3"]
        );
        pool.targets()[1].probed(false, 1, 1);
        *list.lock().unwrap() = vec![[192, 0, 2, 3].into(), [192, 0, 2, 2].into()];
        pool.resolve().await;
        assert_eq!(
            shown(&pool),
            ["http://a.test:3 at 192.0.2.2:3", "http://a.test:3 at 192.0.2.3:3"]
        );
        assert!(pool.targets()[0].is_unwell());
        list.lock().unwrap().clear();
        pool.resolve().await;
        assert_eq!(pool.targets().len(), 2, "no answer changes nothing");
    }

    #[test]
    fn keys_are_cookies_or_addresses() {
        let mut headers = HeaderMap::new();
        headers.append("cookie", HeaderValue::from_static("a=1; session=x=y"));
        headers.append("cookie", HeaderValue::from_static("session=z; b"));
        let (ip, cookie) = (Some([192, 0, 2, 1].into()), Key::Cookie("session".to_owned()));
        assert_eq!(key_of(&cookie, &headers, ip), b"x=y");
        assert_eq!(key_of(&cookie, &HeaderMap::new(), ip), b"192.0.2.1");
        assert_eq!(key_of(&Key::Address, &headers, ip), b"192.0.2.1");
    }
}
