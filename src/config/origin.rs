//! Turns `[origin]` into the servers behind a site: where they are, which gets a request, and how they are known.
//!
//! 1. `url`, `urls` and `server` add up: they are three ways to write the same. A site that writes any of them has none of the
//!    top's.
//! 2. What only counts beside something else is a mistake where that is not written.

use super::{
    address::{optional_url, origin_url},
    meaning::{Wrong, boolean, duration, kind, one_of, shown, some_text, text, whole},
    reader::{Reader, Table},
    schema::{EJECT, HEALTH, ORIGIN, ORIGIN_TLS, SERVER},
    site::{Origin, Server},
};
use crate::engine::{Balance, Discovery, Ejection, Health, Http, Key, OriginTls, Probe};
use http::{HeaderValue, Uri, uri::Authority};
use std::{ops::RangeInclusive, time::Duration};
use toml::de::DeValue;

/// The seconds in an hour.
const HOUR: u64 = 3600;
/// How much more one server can get than another.
const MOST_WEIGHT: u32 = 1000;

const DISCOVERY: &[(&str, Discovery)] = &[("static", Discovery::Static), ("dns", Discovery::Dns)];

const HTTP: &[(&str, Http)] = &[("1.1", Http::One), ("2", Http::Two), ("auto", Http::Agreed)];

const BALANCE: &[(&str, Way)] = &[
    ("round-robin", Way::RoundRobin),
    ("random", Way::Random),
    ("least-connections", Way::LeastConnections),
    ("hash", Way::Hash),
];

const KINDS: &[(&str, Kind)] = &[("none", Kind::None), ("tcp", Kind::Tcp), ("http", Kind::Http)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    RoundRobin,
    Random,
    LeastConnections,
    Hash,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    None,
    Tcp,
    Http,
}

/// `[origin]` of the top or of a site.
pub(super) fn origin<'t>(reader: &mut Reader<'t>, parent: &Table<'t>, origin: &mut Origin) {
    let Some(table) = reader.table(parent, "origin", &ORIGIN) else { return };
    servers(reader, &table, origin);
    balance(reader, &table, &mut origin.balance);
    reader.set(&mut origin.discovery, &table, "discovery", one_of(DISCOVERY));
    reader.set(&mut origin.resolve, &table, "resolve", duration(1..=24 * HOUR));
    reader.set(&mut origin.connect_timeout, &table, "connect_timeout", duration(0..=HOUR));
    reader.set(&mut origin.read_timeout, &table, "read_timeout", duration(0..=HOUR));
    reader.set(&mut origin.write_timeout, &table, "write_timeout", duration(0..=HOUR));
    reader.set(&mut origin.idle_timeout, &table, "idle_timeout", duration(0..=HOUR));
    reader.set(&mut origin.retries, &table, "retries", whole(0..=10));
    reader.set(&mut origin.http, &table, "http", one_of(HTTP));
    reader.set(&mut origin.host, &table, "host", optional_host);
    tls(reader, &table, &mut origin.tls);
    health(reader, &table, &mut origin.health);
    ejection(reader, &table, &mut origin.ejection);
}

fn servers<'t>(reader: &mut Reader<'t>, table: &Table<'t>, origin: &mut Origin) {
    let mut servers = Vec::new();
    if let Some(Some(url)) = reader.value(table, "url", optional_url) {
        servers.push((Server { url, weight: 1 }, table.at("url")));
    }
    let more = |value: &DeValue<'_>| origin_url(&some_text(value)?);
    for (url, at) in reader.list(table, "urls", more).unwrap_or_default() {
        servers.push((Server { url, weight: 1 }, at));
    }
    for entry in reader.tables(table, "server", &SERVER).unwrap_or_default() {
        let example = "\"http://127.0.0.1:3000\"";
        let Some(url) = reader.required(&entry, "url", example, more) else { continue };
        let mut weight = 1;
        reader.set(&mut weight, &entry, "weight", whole(1..=MOST_WEIGHT));
        servers.push((Server { url, weight }, entry.at("url")));
    }
    for (place, (server, at)) in servers.iter().enumerate() {
        if servers.iter().take(place).any(|(other, _)| other.url == server.url) {
            let url = server.url.as_str().trim_end_matches('/');
            let what = format!("the server {} is there twice", shown(url));
            reader.report(*at, what, "take one away, and write its `weight` in [[origin.server]]");
        }
    }
    if !servers.is_empty() {
        origin.servers = servers.into_iter().map(|(server, _)| server).collect();
    }
}

fn balance<'t>(reader: &mut Reader<'t>, table: &Table<'t>, balance: &mut Balance) {
    let mut key = match &*balance {
        Balance::Hash(key) => key.clone(),
        Balance::RoundRobin | Balance::Random | Balance::LeastConnections => Key::Address,
    };
    reader.set(&mut key, table, "hash", hash_key);
    match reader.value(table, "balance", one_of(BALANCE)) {
        Some(Way::RoundRobin) => *balance = Balance::RoundRobin,
        Some(Way::Random) => *balance = Balance::Random,
        Some(Way::LeastConnections) => *balance = Balance::LeastConnections,
        Some(Way::Hash) => *balance = Balance::Hash(key),
        None if matches!(balance, Balance::Hash(_)) => *balance = Balance::Hash(key),
        None => {}
    }
}

/// `address`, or `cookie:` and a name.
fn hash_key(value: &DeValue<'_>) -> Result<Key, Wrong> {
    let written = text(value)?;
    match written.split_once(':') {
        None if written == "address" => Ok(Key::Address),
        Some(("cookie", name)) if is_token(name) => Ok(Key::Cookie(name.to_owned())),
        Some(_) | None => Err(Wrong::text(
            &written,
            ", which requests do not have",
            "write \"address\", or \"cookie:session\" with a cookie's name",
        )),
    }
}

/// The name of a cookie (RFC 6265 4.1.1).
fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(&b))
}

/// A host with a port or without; empty for none.
fn optional_host(value: &DeValue<'_>) -> Result<Option<HeaderValue>, Wrong> {
    let written = text(value)?;
    if written.is_empty() {
        return Ok(None);
    }
    let host = written.parse::<Authority>().ok().filter(|host| !host.as_str().contains('@'));
    let host = host.and_then(|host| HeaderValue::from_str(host.as_str()).ok());
    host.map(Some).ok_or_else(|| {
        Wrong::text(&written, ", which is no host", "write a host, as \"shop.internal\"")
    })
}

fn tls<'t>(reader: &mut Reader<'t>, parent: &Table<'t>, tls: &mut OriginTls) {
    let Some(table) = reader.table(parent, "tls", &ORIGIN_TLS) else { return };
    let base = reader.base();
    let file = |value: &DeValue<'_>| {
        let name = text(value)?;
        Ok((!name.is_empty()).then(|| base.join(name)))
    };
    reader.set(&mut tls.verify, &table, "verify", boolean);
    reader.set(&mut tls.name, &table, "name", optional_name);
    reader.set(&mut tls.ca, &table, "ca", file);
    let certificate = reader.value(&table, "certificate", file);
    let key = reader.value(&table, "key", file);
    match (certificate.flatten(), key.flatten()) {
        (Some(certificate), Some(key)) => tls.certificate = Some((certificate, key)),
        (None, None) => {}
        (Some(_), None) => {
            let what = "`certificate` stands without its `key`".to_owned();
            reader.missing(table.at("certificate"), what, "write `key = \"client.key\"`");
        }
        (None, Some(_)) => {
            let what = "`key` stands without its `certificate`".to_owned();
            reader.missing(table.at("key"), what, "write `certificate = \"client.pem\"`");
        }
    }
    if !tls.verify && tls.ca.is_some() {
        let what = "`ca` is written, and `verify = false` looks at no certificate".to_owned();
        let key = if table.get("verify").is_some() { "verify" } else { "ca" };
        reader.report(table.at(key), what, "take one of the two away");
    }
}

/// A name of a certificate; empty for none.
fn optional_name(value: &DeValue<'_>) -> Result<Option<String>, Wrong> {
    let written = text(value)?;
    if written.is_empty() {
        return Ok(None);
    }
    match url::Host::parse(&written) {
        Ok(url::Host::Domain(name)) => Ok(Some(name)),
        Ok(url::Host::Ipv4(_) | url::Host::Ipv6(_)) | Err(_) => Err(Wrong::text(
            &written,
            ", which is no host name",
            "write the name in the server's certificate, as \"shop.internal\"",
        )),
    }
}

fn health<'t>(reader: &mut Reader<'t>, parent: &Table<'t>, health: &mut Option<Health>) {
    let Some(table) = reader.table(parent, "health", &HEALTH) else { return };
    let kind = reader.value(&table, "kind", one_of(KINDS));
    let (mut path, mut host, mut status) = match health.as_ref().map(|health| &health.probe) {
        Some(Probe::Http { path, host, status }) => (path.clone(), host.clone(), status.clone()),
        Some(Probe::Tcp) | None => (Uri::from_static("/"), None, 200..=399),
    };
    reader.set(&mut path, &table, "path", local_path);
    reader.set(&mut host, &table, "host", optional_host);
    reader.set(&mut status, &table, "status", statuses);
    let before = match health.as_ref().map(|health| &health.probe) {
        Some(Probe::Http { .. }) => Kind::Http,
        Some(Probe::Tcp) => Kind::Tcp,
        None => Kind::None,
    };
    let probe = match kind.unwrap_or(before) {
        Kind::None => None,
        Kind::Tcp => Some(Probe::Tcp),
        Kind::Http => Some(Probe::Http { path, host, status }),
    };
    let mut whole_health = health.take().unwrap_or_else(|| Health::by(Probe::Tcp));
    reader.set(&mut whole_health.interval, &table, "interval", duration(0..=HOUR));
    reader.set(&mut whole_health.timeout, &table, "timeout", duration(0..=HOUR));
    reader.set(&mut whole_health.up, &table, "up", whole(1..=100));
    reader.set(&mut whole_health.down, &table, "down", whole(1..=100));
    if probe.is_none() && kind.is_none() && table.get("path").is_some() {
        let what = "`path` stands in a table without `kind`".to_owned();
        reader.missing(table.at("path"), what, "add `kind = \"http\"`");
    }
    *health = probe.map(|probe| Health { probe, ..whole_health });
}

/// A path, with a query or without.
fn local_path(value: &DeValue<'_>) -> Result<Uri, Wrong> {
    let written = some_text(value)?;
    let path = written.parse::<Uri>().ok().filter(|_| written.starts_with('/'));
    path.filter(|path| path.authority().is_none())
        .ok_or_else(|| Wrong::text(&written, ", which is no path", "write one as \"/healthz\""))
}

/// `200`, or `"200-399"`.
fn statuses(value: &DeValue<'_>) -> Result<RangeInclusive<u16>, Wrong> {
    let instead = "write a range in quotes, as \"200-399\"";
    let written =
        value.as_str().ok_or_else(|| Wrong::new(format!("is {}", kind(value)), instead))?;
    let (first, last) = written.split_once('-').unwrap_or((written, written));
    let status = |text: &str| text.parse().ok().filter(|status| (100..=599).contains(status));
    let range = status(first).zip(status(last)).filter(|(first, last)| first <= last);
    let range = range.map(|(first, last)| first..=last);
    range.ok_or_else(|| Wrong::text(written, ", which are no statuses", instead))
}

fn ejection<'t>(reader: &mut Reader<'t>, parent: &Table<'t>, ejection: &mut Option<Ejection>) {
    let Some(table) = reader.table(parent, "eject", &EJECT) else { return };
    let mut rule = ejection.unwrap_or_default();
    let failures = reader.value(&table, "failures", whole(0..=1000));
    reader.set(&mut rule.pause, &table, "pause", duration(0..=HOUR));
    reader.set(&mut rule.longest, &table, "longest", duration(0..=24 * HOUR));
    rule.failures = failures.unwrap_or(rule.failures);
    if rule.longest < rule.pause {
        let what = format!("`longest` is shorter than `pause`, {}", seconds(rule.pause));
        let key = if table.get("longest").is_some() { "longest" } else { "pause" };
        reader.report(table.at(key), what, "write a longer time for `longest`");
    }
    let was_off = ejection.is_none() && failures.is_none();
    *ejection = (!was_off && rule.failures > 0).then_some(rule);
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Overrides};
    use std::path::Path;

    fn parse(text: &str) -> Result<Config, Vec<String>> {
        let config = Config::parse(text, "c.toml", Path::new("/conf"), &Overrides::default());
        config.map_err(|problems| problems.to_string().lines().map(str::to_owned).collect())
    }

    fn servers_of(origin: &Origin) -> Vec<(&str, u32)> {
        origin.servers.iter().map(|server| (server.url.as_str(), server.weight)).collect()
    }

    #[test]
    fn all_ways_to_write_servers_add_up_and_a_site_has_its_own() {
        let config = parse(
            "[origin]\nurl = \"http://a.test\"\nurls = [\"http://b.test\"]\nserver = [{ url = \"http://c.test\", weight = 3 }]\n\
             balance = \"hash\"\nhash = \"cookie:sid\"\nretries = 0\n\
             [[site]]\nhosts = [\"x.test\"]\norigin.urls = [\"https://d.test:8443\"]\n[[site]]\nhosts = [\"y.test\"]\norigin.balance = \"random\"\n",
        )
        .unwrap();
        let top = &config.default.origin;
        assert_eq!(
            servers_of(top),
            [("http://a.test/", 1), ("http://b.test/", 1), ("http://c.test/", 3)]
        );
        assert_eq!(top.balance, Balance::Hash(Key::Cookie("sid".to_owned())));
        let [first, second] = &config.sites[..] else { panic!("two sites") };
        assert_eq!(servers_of(&first.origin), [("https://d.test:8443/", 1)]);
        assert_eq!((&first.origin.balance, first.origin.retries), (&top.balance, 0));
        assert_eq!(servers_of(&second.origin), servers_of(top));
        assert_eq!(second.origin.balance, Balance::Random);
    }

    #[test]
    fn health_ejection_and_credentials_arrive() {
        let config = parse(
            "[origin]\nurl = \"https://a.test\"\nhttp = \"auto\"\nhost = \"shop.internal:81\"\ndiscovery = \"dns\"\nresolve = \"5s\"\n\
             [origin.tls]\nname = \"b.test\"\nca = \"ca.pem\"\ncertificate = \"c.pem\"\nkey = \"/k.pem\"\n\
             [origin.health]\nkind = \"http\"\npath = \"/healthz?a\"\nstatus = \"200-204\"\ninterval = \"1s\"\nup = 1\n\
             [origin.eject]\nfailures = 3\n\
             [[site]]\nhosts = [\"x.test\"]\norigin.health.interval = \"9s\"\norigin.eject.failures = 0\n\
             [[site]]\nhosts = [\"y.test\"]\norigin.health.kind = \"none\"\n",
        )
        .unwrap();
        let origin = &config.default.origin;
        let certificate = Some(("/conf/c.pem".into(), "/k.pem".into()));
        let (name, ca) = (Some("b.test".to_owned()), Some("/conf/ca.pem".into()));
        assert_eq!(origin.tls, OriginTls { verify: true, name, ca, certificate });
        let health = origin.health.clone().unwrap();
        let path = Uri::from_static("/healthz?a");
        assert_eq!(health.probe, Probe::Http { path, host: None, status: 200..=204 });
        assert_eq!((health.interval.as_secs(), health.up, health.down), (1, 1, 3));
        assert_eq!(origin.ejection.unwrap().failures, 3);
        let [first, second] = &config.sites[..] else { panic!("two sites") };
        let own = first.origin.health.as_ref().unwrap();
        assert_eq!((own.interval.as_secs(), &own.probe), (9, &health.probe));
        assert_eq!((first.origin.ejection, &second.origin.health), (None, &None));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, problem) in [
            (
                "[origin]\nurls = [\"a.test\"]",
                "c.toml:2:9: an entry of `urls` is `a.test`, which is no URL (relative URL without a base); write a URL such as \"http://127.0.0.1:3000\"",
            ),
            (
                "[origin]\nurl = \"http://a.test\"\nurls = [\"http://a.test:80\"]",
                "c.toml:3:9: the server `http://a.test` is there twice; take one away, and write its `weight` in [[origin.server]]",
            ),
            (
                "[[origin.server]]\nweight = 2",
                "c.toml:1:1: `url` is missing in [[origin.server]]; write `url = \"http://127.0.0.1:3000\"`",
            ),
            (
                "[origin]\nbalance = \"leastconn\"",
                "c.toml:2:11: `balance` is `leastconn`; write one of \"round-robin\", \"random\", \"least-connections\", \"hash\"",
            ),
            (
                "[origin]\nhash = \"cookie:a b\"",
                "c.toml:2:8: `hash` is `cookie:a b`, which requests do not have; write \"address\", or \"cookie:session\" with a cookie's name",
            ),
            (
                "[origin.tls]\ncertificate = \"a.pem\"",
                "c.toml:2:1: `certificate` stands without its `key`; write `key = \"client.key\"`",
            ),
            (
                "[origin.tls]\nverify = false\nca = \"a.pem\"",
                "c.toml:2:1: `ca` is written, and `verify = false` looks at no certificate; take one of the two away",
            ),
            (
                "[origin.health]\nkind = \"http\"\npath = \"healthz\"",
                "c.toml:3:8: `path` is `healthz`, which is no path; write one as \"/healthz\"",
            ),
            (
                "[origin.health]\nkind = \"http\"\nstatus = \"ok\"",
                "c.toml:3:10: `status` is `ok`, which are no statuses; write a range in quotes, as \"200-399\"",
            ),
            (
                "[origin.eject]\npause = \"10m\"",
                "c.toml:2:1: `longest` is shorter than `pause`, 600 s; write a longer time for `longest`",
            ),
        ] {
            assert_eq!(parse(text).unwrap_err(), [problem.to_owned()], "{text}");
        }
    }
}
