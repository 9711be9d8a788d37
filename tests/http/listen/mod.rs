//! The ways in: addresses, TLS, balancers in front, and what visitors may cost.

mod limits;
mod places;
mod proxies;
mod tls;

use super::{
    front::Front,
    origin::{Origin, Step},
    visitor::Visitor,
};
use consentry::proxy::{
    Options,
    listen::{Address, Edge, Files, Limits, Listener, Shared, Tls, Trusted, Version},
    server::{Config, Place},
};
use std::{
    net::SocketAddr,
    path::Path,
    process::{Command, Output},
    time::Duration,
};
use tempfile::TempDir;

/// A page of which only its length counts.
const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";

/// Any free port of this machine.
fn any() -> Address {
    Address::Ip(SocketAddr::from(([127, 0, 0, 1], 0)))
}

/// A server with these ways in, whose patience is short.
fn server(listeners: Vec<Listener>) -> Config {
    let shared = Shared { certificate_refresh: Duration::from_millis(20), ..Shared::default() };
    Config { listeners, shared, ..Config::at(SocketAddr::from(([127, 0, 0, 1], 0))) }
}

/// A server in clear text with these limits.
fn limited(limits: Limits) -> Config {
    Config { limits, ..server(vec![Listener::plain(any())]) }
}

/// Options under which nobody is believed.
fn trusting_nobody() -> Options {
    Options { edge: Edge { trusted: Trusted::nobody(), ..Edge::default() }, ..Options::default() }
}

async fn origin() -> Origin {
    Origin::fixed(PAGE.into(), false).await
}

/// A certificate for `names`, signed by itself, as the files `name.pem` and `name.key` in `folder`.
fn certificate(folder: &Path, name: &str, names: &[&str]) -> Files {
    let files = Files {
        chain: folder.join(format!("{name}.pem")),
        key: folder.join(format!("{name}.key")),
    };
    let alternatives: Vec<_> = names.iter().map(|name| format!("DNS:{name}")).collect();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-days", "30", "-subj", &format!("/CN={name}"), "-out"])
        .arg(&files.chain)
        .arg("-keyout")
        .arg(&files.key)
        .args(["-addext", &format!("subjectAltName={}", alternatives.join(","))])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    files
}

fn secure(certificates: Vec<Files>) -> Listener {
    let tls = Some(Tls { certificates, oldest: Version::Tls12 });
    Listener { tls, ..Listener::plain(any()) }
}

/// What a command gives; the runtime's other threads go on.
fn run(command: &mut Command) -> Output {
    tokio::task::block_in_place(|| command.output().unwrap())
}

/// What `curl` makes of a URL at `shop.test`: the status and version of HTTP, then the head, then the body.
fn curl(at: &Place, arguments: &[&str]) -> String {
    let port = at.address.ip().map_or(80, |address| address.port());
    let ip = at.address.ip().map_or_else(
        || "127.0.0.1".to_owned(),
        |address| match address {
            SocketAddr::V4(address) => address.ip().to_string(),
            SocketAddr::V6(address) => format!("[{}]", address.ip()),
        },
    );
    let scheme = if at.secure { "https" } else { "http" };
    let mut command = Command::new("curl");
    command
        .args(["-sS", "--max-time", "20", "-i", "-w", "\n%{http_code} %{http_version}"])
        .args(["--connect-to", &format!("::{ip}:{port}")])
        .args(arguments)
        .arg(format!("{scheme}://shop.test:{port}/page?a=b"));
    let output = run(&mut command);
    let (out, error) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{out}{error}").to_ascii_lowercase()
}
