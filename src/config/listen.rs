//! Turns `[listen]`, the `[[listener]]` tables and what `[limits]` says of visitors into what the proxy listens by.
//!
//! 1. `[listen] address` is a listener where it is written, and where there is no other.
//! 2. A listener with certificates speaks TLS; one that redirects serves nothing, and so needs none.
//! 3. The files of certificates are read where they are served and by `check`, not here: they may be made later.

use super::{
    address::{listen_address, optional_address},
    meaning::{Wrong, boolean, duration, one_of, shown, size, some_text, text, whole},
    reader::{Reader, Table},
    schema::{CERTIFICATE, LISTEN, LISTENER},
};
use crate::proxy::listen::{
    Address, Edge, Files, Forwarding, Limits, Listener, Network, NetworkError, Shared, Tls, Version,
};
use http::HeaderValue;
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};
use toml::de::DeValue;

/// Where and how the program listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// Where visitors come in; default clear text at `127.0.0.1:8080`.
    pub listeners: Vec<Listener>,
    /// For `/healthz` and metrics; default none.
    pub admin: Option<SocketAddr>,
    /// What the listeners have in common.
    pub shared: Shared,
    /// Whom the proxy believes, and what it adds to responses.
    pub edge: Edge,
    /// Where the sockets of a running program can be had by the one that takes its place; default nowhere.
    pub handover: Option<PathBuf>,
}

/// Where visitors come in when nothing says where.
const FIRST: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

const FORWARDING: &[(&str, Forwarding)] =
    &[("x-forwarded", Forwarding::XForwarded), ("forwarded", Forwarding::Forwarded)];

const VERSIONS: &[(&str, Version)] = &[("1.2", Version::Tls12), ("1.3", Version::Tls13)];

impl Listen {
    /// The first IP address where visitors come in.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.listeners.iter().find_map(|listener| listener.address.ip())
    }
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            listeners: vec![Listener::plain(FIRST.into())],
            admin: None,
            shared: Shared::default(),
            edge: Edge::default(),
            handover: None,
        }
    }
}

/// What the file says; `address` is the command line's.
pub(super) fn listen<'t>(
    reader: &mut Reader<'t>,
    top: &Table<'t>,
    address: Option<SocketAddr>,
) -> Listen {
    let table = reader.table(top, "listen", &LISTEN);
    let mut listen = Listen { listeners: Vec::new(), ..Listen::default() };
    let mut first = None;
    if let Some(table) = &table {
        reader.set(&mut first, table, "address", |value| place(value).map(Some));
        reader.set(&mut listen.admin, table, "admin", optional_address);
        shared(reader, table, &mut listen.shared);
        edge(reader, table, &mut listen.edge);
        reader.set(&mut listen.handover, table, "handover", socket_path);
    }
    let tables = reader.tables(top, "listener", &LISTENER).unwrap_or_default();
    let first = address.map(Address::Ip).or(first);
    let first = first.or_else(|| tables.is_empty().then_some(FIRST.into()));
    let start = table.as_ref().map_or(top.start(), |table| table.at("address"));
    let first = first.map(|address| (Listener::plain(address), start));
    let others =
        tables.iter().filter_map(|table| Some((listener(reader, table)?, table.at("address"))));
    let all: Vec<_> = first.into_iter().chain(others).collect();
    apart(reader, &all);
    listen.listeners = all.into_iter().map(|(listener, _)| listener).collect();
    if let Some(table) = &table {
        admin_apart(reader, table, &listen);
    }
    listen
}

/// What of `[limits]` bounds visitors.
pub(super) fn visitors<'t>(reader: &mut Reader<'t>, table: &Table<'t>, limits: &mut Limits) {
    let times = || duration(1..=3600);
    let head = |value: &DeValue<'_>| {
        size(4 << 10..=1 << 20)(value).map(|size| usize::try_from(size).unwrap_or(usize::MAX))
    };
    reader.set(&mut limits.connections, table, "connections", whole(1..=1_000_000));
    let of_one = whole(1..=1_000_000);
    reader.set(&mut limits.connections_per_client, table, "connections_per_client", of_one);
    reader.set(&mut limits.requests_per_client, table, "requests_per_client", whole(1..=100_000));
    reader.set(&mut limits.max_head, table, "max_head", head);
    reader.set(&mut limits.handshake_timeout, table, "handshake_timeout", times());
    reader.set(&mut limits.head_timeout, table, "head_timeout", times());
    reader.set(&mut limits.body_timeout, table, "body_timeout", times());
    reader.set(&mut limits.send_timeout, table, "send_timeout", times());
    reader.set(&mut limits.idle_timeout, table, "idle_timeout", times());
    reader.set(&mut limits.streams, table, "streams", whole(1..=10_000));
    reader.set(&mut limits.resets, table, "resets", whole(10..=100_000));
}

fn shared<'t>(reader: &mut Reader<'t>, table: &Table<'t>, shared: &mut Shared) {
    reader.set(&mut shared.backlog, table, "backlog", whole(1..=65_535));
    reader.set(&mut shared.reuse_port, table, "reuse_port", boolean);
    reader.set(&mut shared.tcp_keepalive, table, "tcp_keepalive", duration(1..=86_400));
    let refresh = duration(1..=86_400);
    reader.set(&mut shared.certificate_refresh, table, "certificate_refresh", refresh);
}

fn edge<'t>(reader: &mut Reader<'t>, table: &Table<'t>, edge: &mut Edge) {
    if let Some(networks) = reader.list(table, "trusted", network) {
        edge.trusted = networks.into_iter().map(|(network, _)| network).collect();
    }
    reader.set(&mut edge.forwarding, table, "forwarding", one_of(FORWARDING));
    reader.set(&mut edge.hsts, table, "hsts", hsts);
}

fn listener<'t>(reader: &mut Reader<'t>, table: &Table<'t>) -> Option<Listener> {
    let address = reader.required(table, "address", "\"0.0.0.0:443\"", place);
    let mut listener = Listener::plain(address?);
    reader.set(&mut listener.socket_mode, table, "socket_mode", socket_mode);
    if table.get("socket_mode").is_some() && listener.address.path().is_none() {
        let what = "`socket_mode` stands at an IP address".to_owned();
        reader.report(
            table.at("socket_mode"),
            what,
            "take it away, or write \"unix:/a/path\" as address",
        );
    }
    reader.set(&mut listener.proxy_protocol, table, "proxy_protocol", boolean);
    reader.set(&mut listener.redirect, table, "redirect", |value| {
        whole(1..=u16::MAX)(value).map(Some)
    });
    listener.tls = tls(reader, table);
    if listener.redirect.is_some() && listener.tls.is_some() {
        let what = "a listener that redirects to https has certificates".to_owned();
        reader.report(table.at("redirect"), what, "take away `redirect` or `certificate`");
    }
    Some(listener)
}

fn tls<'t>(reader: &mut Reader<'t>, table: &Table<'t>) -> Option<Tls> {
    let oldest = reader.value(table, "tls_min", one_of(VERSIONS)).unwrap_or_default();
    let tables = reader.tables(table, "certificate", &CERTIFICATE);
    if tables.is_none() && table.get("tls_min").is_some() {
        let what = "`tls_min` stands at a listener without certificates".to_owned();
        let instead = "add [[listener.certificate]] with `chain` and `key`";
        reader.missing(table.at("tls_min"), what, instead);
    }
    let files: Vec<_> = tables?.iter().filter_map(|table| files(reader, table)).collect();
    (!files.is_empty()).then_some(Tls { certificates: files, oldest })
}

fn files<'t>(reader: &mut Reader<'t>, table: &Table<'t>) -> Option<Files> {
    let base = reader.base();
    let file = |value: &DeValue<'_>| some_text(value).map(|path| base.join(path));
    let chain = reader.required(table, "chain", "\"fullchain.pem\"", file);
    let key = reader.required(table, "key", "\"privkey.pem\"", file);
    Some(Files { chain: chain?, key: key? })
}

/// Finds listeners that are in each other's place.
fn apart(reader: &mut Reader<'_>, all: &[(Listener, usize)]) {
    let mut taken = BTreeMap::new();
    for (Listener { address, .. }, at) in all {
        // Port 0 is any free port, so two of them are never the same.
        if address.ip().is_some_and(|address| address.port() == 0) {
            continue;
        }
        if let Some(first) = taken.insert(address, *at) {
            let line = reader.line(first);
            let what = format!("{address} is already listened on, by line {line}");
            reader.report(*at, what, "write another port, or take one of the two away");
        }
    }
}

fn admin_apart(reader: &mut Reader<'_>, table: &Table<'_>, listen: &Listen) {
    let Some(admin) = listen.admin.filter(|admin| admin.port() != 0) else { return };
    if listen.listeners.iter().any(|listener| listener.address.ip() == Some(admin)) {
        let what = format!("`admin` is {admin}, where visitors are served");
        reader.report(table.at("admin"), what, "write another port");
    }
}

/// An IP address with a port, or `unix:` and a path.
fn place(value: &DeValue<'_>) -> Result<Address, Wrong> {
    let text = text(value)?;
    match text.strip_prefix("unix:") {
        Some(path) if Path::new(path).is_absolute() => Ok(Address::Unix(path.into())),
        Some(_) => Err(Wrong::text(
            &text,
            ", which is no whole path",
            "write \"unix:/run/consentry.sock\"",
        )),
        None => listen_address(&text).map(Address::Ip),
    }
}

/// The whole path of a socket; empty for none.
fn socket_path(value: &DeValue<'_>) -> Result<Option<PathBuf>, Wrong> {
    let written = text(value)?;
    match Path::new(&written) {
        _ if written.is_empty() => Ok(None),
        path if path.is_absolute() && path.file_name().is_some() => Ok(Some(path.to_owned())),
        _ => Err(Wrong::text(
            &written,
            ", which is no whole path",
            "write \"/run/consentry/handover.sock\"",
        )),
    }
}

/// Permissions as `0660`.
fn socket_mode(value: &DeValue<'_>) -> Result<u32, Wrong> {
    let written = text(value)?;
    let mode = u32::from_str_radix(&written, 8).ok().filter(|mode| *mode <= 0o777);
    let digits = written.bytes().all(|byte| byte.is_ascii_digit());
    mode.filter(|_| digits).ok_or_else(|| {
        Wrong::text(&written, ", which are no permissions", "write them as \"0660\"")
    })
}

fn network(value: &DeValue<'_>) -> Result<Network, Wrong> {
    let written = text(value)?;
    written.parse().map_err(|error| match error {
        NetworkError::Syntax => {
            Wrong::text(&written, ", which is no network", "write it as \"10.0.0.0/8\"")
        }
        NetworkError::Bits(meant) => {
            let why = ", which has bits after its prefix";
            Wrong::text(&written, why, format!("write \"{meant}\""))
        }
    })
}

/// The header's value, which has a `max-age` (RFC 6797 6.1); empty for none.
fn hsts(value: &DeValue<'_>) -> Result<Option<HeaderValue>, Wrong> {
    let written = text(value)?;
    if written.is_empty() {
        return Ok(None);
    }
    let instead = "write \"max-age=31536000\", and perhaps \"; includeSubDomains\" after it";
    let wrong =
        || Wrong::new(format!("is {}, which browsers do not know", shown(&written)), instead);
    let mut ages = 0;
    for directive in written.split(';').map(str::trim) {
        let age = directive.to_ascii_lowercase().strip_prefix("max-age=").map(str::parse::<u32>);
        match (age, directive.to_ascii_lowercase().as_str()) {
            (Some(Ok(_)), _) => ages += 1,
            (None, "includesubdomains" | "preload") => {}
            (Some(Err(_)) | None, _) => return Err(wrong()),
        }
    }
    let header = HeaderValue::from_str(&written).ok().filter(|_| ages == 1);
    header.map(Some).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Overrides};

    fn parse(text: &str) -> Result<Listen, Vec<String>> {
        let config = Config::parse(text, "c.toml", Path::new("/conf"), &Overrides::default());
        config
            .map(|config| config.listen)
            .map_err(|problems| problems.to_string().lines().map(str::to_owned).collect())
    }

    fn addresses(text: &str) -> Vec<String> {
        let listen = parse(text).unwrap();
        listen.listeners.iter().map(|listener| listener.address.to_string()).collect()
    }

    #[test]
    fn the_first_place_gives_way_to_others() {
        assert_eq!(addresses(""), ["127.0.0.1:8080"]);
        assert_eq!(addresses("[listen]\nadmin = \"127.0.0.1:1\""), ["127.0.0.1:8080"]);
        assert_eq!(addresses("[[listener]]\naddress = \"[::]:80\""), ["[::]:80"]);
        let both = "[listen]\naddress = \"unix:/run/a\"\n[[listener]]\naddress = \"0.0.0.0:80\"";
        assert_eq!(addresses(both), ["unix:/run/a", "0.0.0.0:80"]);
    }

    #[test]
    fn a_listener_has_what_is_written() {
        let text = "[[listener]]\naddress = \"0.0.0.0:443\"\ntls_min = \"1.3\"\nproxy_protocol = true\ncertificate = [{ chain = \"a.pem\", key = \"/b.pem\" }]\n\
            [[listener]]\naddress = \"unix:/run/a\"\nsocket_mode = \"0666\"\n[[listener]]\naddress = \"0.0.0.0:80\"\nredirect = 443";
        let listeners = parse(text).unwrap().listeners;
        let files = Files { chain: "/conf/a.pem".into(), key: "/b.pem".into() };
        let tls = Tls { certificates: vec![files], oldest: Version::Tls13 };
        let first = listeners.first().unwrap();
        assert_eq!((first.tls.as_ref(), first.proxy_protocol), (Some(&tls), true));
        assert_eq!(listeners.get(1).map(|l| l.socket_mode), Some(0o666));
        assert_eq!(listeners.get(2).and_then(|l| l.redirect), Some(443));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, problem) in [
            (
                "[listen]\ntrusted = [\"10.0.0.1/8\"]",
                "c.toml:2:12: an entry of `trusted` is `10.0.0.1/8`, which has bits after its prefix; write \"10.0.0.0/8\"",
            ),
            (
                "[listen]\ntrusted = [\"lan\"]",
                "c.toml:2:12: an entry of `trusted` is `lan`, which is no network; write it as \"10.0.0.0/8\"",
            ),
            (
                "[listen]\nhsts = \"31536000\"",
                "c.toml:2:8: `hsts` is `31536000`, which browsers do not know; write \"max-age=31536000\", and perhaps \"; includeSubDomains\" after it",
            ),
            (
                "[listen]\naddress = \"unix:a\"",
                "c.toml:2:11: `address` is `unix:a`, which is no whole path; write \"unix:/run/consentry.sock\"",
            ),
            (
                "[[listener]]\nredirect = 443",
                "c.toml:1:1: `address` is missing in [[listener]]; write `address = \"0.0.0.0:443\"`",
            ),
            (
                "[[listener]]\naddress = \"0.0.0.0:80\"\n[[listener]]\naddress = \"0.0.0.0:80\"",
                "c.toml:4:1: 0.0.0.0:80 is already listened on, by line 2; write another port, or take one of the two away",
            ),
            (
                "[[listener]]\naddress = \"0.0.0.0:80\"\nsocket_mode = \"0660\"",
                "c.toml:3:1: `socket_mode` stands at an IP address; take it away, or write \"unix:/a/path\" as address",
            ),
            (
                "[[listener]]\naddress = \"unix:/a\"\nsocket_mode = \"rw\"",
                "c.toml:3:15: `socket_mode` is `rw`, which are no permissions; write them as \"0660\"",
            ),
            (
                "[[listener]]\naddress = \"0.0.0.0:80\"\ntls_min = \"1.3\"",
                "c.toml:3:1: `tls_min` stands at a listener without certificates; add [[listener.certificate]] with `chain` and `key`",
            ),
            (
                "[[listener]]\naddress = \"0.0.0.0:80\"\nredirect = 443\ncertificate = [{ chain = \"a\", key = \"b\" }]",
                "c.toml:3:1: a listener that redirects to https has certificates; take away `redirect` or `certificate`",
            ),
        ] {
            assert_eq!(parse(text), Err(vec![problem.to_owned()]), "{text}");
        }
    }

    #[test]
    fn the_header_of_hsts_is_checked() {
        let value = |text: &str| hsts(&DeValue::String(text.to_owned().into()));
        assert_eq!(value("").unwrap(), None);
        for right in
            ["max-age=0", "max-age=31536000; includeSubDomains; preload", "Max-Age=1;preload"]
        {
            assert_eq!(value(right).unwrap().unwrap(), right);
        }
        for wrong in ["preload", "max-age=", "max-age=1; max-age=2", "max-age=1;", "max-age=1\n"] {
            assert!(value(wrong).is_err(), "{wrong}");
        }
    }
}
