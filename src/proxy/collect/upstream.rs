//! Turns a request for a vendor into the vendor's answer, or into why there is none.
//!
//! 1. A name is resolved once, and the address that was looked at is the one that is connected to: a name whose address changes
//!    leads nowhere new. Only public addresses will do, unless the operator mapped the host to a server himself.
//! 2. TLS is always verified, against the name that is asked for.
//! 3. Time, the body as it comes and the body as it is decoded are bounded; what is over that is no answer, and its
//!    connection is closed.
//! 4. A kept connection that breaks before the answer begins may have been closed meanwhile: one more is made, once.

use super::{
    super::resolver::Resolver,
    address::is_public,
    hosts::{Hosts, Ticket},
};
use crate::{
    coding::{self, Coding, Decoder},
    collect::{Outgoing, Received, Refused},
    engine::{Collection, Origin},
};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, HOST},
};
use pingora_core::{
    Error, ErrorType, connectors::http::Connector, protocols::http::client::HttpSession,
    upstreams::peer::HttpPeer,
};
use pingora_http::RequestHeader;
use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};
use tokio::time::timeout;
use url::Position;

/// How long an idle connection to a vendor is kept.
const IDLE: Duration = Duration::from_secs(30);
/// How many informational heads may come before an answer.
const HINTS: usize = 8;

/// Sets connections apart that must not be kept ones.
static FRESH: AtomicU64 = AtomicU64::new(1);

/// The way to all vendors.
pub(super) struct Upstream {
    connector: Connector,
    resolver: Resolver,
    hosts: Hosts,
}

/// Where a request goes.
struct Way {
    peer: HttpPeer,
    host: String,
}

/// Why an exchange gave no answer.
enum Failed {
    /// Before anything of an answer came, on a kept connection.
    Stale,
    For(Refused),
}

/// The body is over its bound.
struct Full;

impl Default for Upstream {
    fn default() -> Self {
        let (resolver, hosts) = Default::default();
        Self { connector: Connector::new(None), resolver, hosts }
    }
}

impl Upstream {
    /// The vendor's answer to `outgoing`, whose body has at most `most` bytes.
    pub(super) async fn ask(
        &self,
        outgoing: &Outgoing,
        collection: &Collection,
        most: usize,
    ) -> Result<Received, Refused> {
        let host = outgoing.url.host_str().unwrap_or_default();
        let limits = &collection.limits;
        let ticket = self.hosts.admit(host, limits.concurrency, Instant::now())?;
        let answer = timeout(limits.timeout, self.twice(outgoing, collection, most)).await;
        settle(ticket, answer.unwrap_or(Err(Refused::Slow)))
    }

    /// How many hosts are left alone.
    pub(super) fn broken(&self) -> usize {
        self.hosts.open()
    }

    async fn twice(
        &self,
        outgoing: &Outgoing,
        collection: &Collection,
        most: usize,
    ) -> Result<Received, Refused> {
        let mut way = self.way(outgoing, collection).await?;
        match self.exchange(&way, outgoing, most).await {
            Err(Failed::Stale) => way.peer.group_key = FRESH.fetch_add(1, Relaxed),
            Err(Failed::For(why)) => return Err(why),
            Ok(received) => return Ok(received),
        }
        self.exchange(&way, outgoing, most).await.map_err(|failed| match failed {
            Failed::Stale => Refused::Unreachable,
            Failed::For(why) => why,
        })
    }

    async fn way(&self, outgoing: &Outgoing, collection: &Collection) -> Result<Way, Refused> {
        let vendor = outgoing.url.host_str().unwrap_or_default();
        let target = collection.targets.get(vendor);
        let (name, port, secure) = target.map_or((vendor, 443, true), |target| {
            (target.host(), target.port(), target.is_secure())
        });
        if secure && !cfg!(any(feature = "rustls", feature = "openssl")) {
            log::warn!("vendors cannot be reached: built without the feature rustls or openssl");
            return Err(Refused::Unreachable);
        }
        let address = self.resolver.resolve(name, port, 0).await;
        let address = address.map_err(|_| Refused::Unreachable)?;
        if target.is_none() && !is_public(address.ip()) {
            return Err(Refused::Private);
        }
        let mut peer = HttpPeer::new(address, secure, name.to_owned());
        let time = collection.limits.timeout;
        peer.options.connection_timeout = Some(time);
        peer.options.total_connection_timeout = Some(time);
        peer.options.idle_timeout = Some(IDLE);
        Ok(Way { peer, host: named(vendor, target) })
    }

    async fn exchange(
        &self,
        way: &Way,
        outgoing: &Outgoing,
        most: usize,
    ) -> Result<Received, Failed> {
        let connected = self.connector.get_http_session(&way.peer).await;
        let (mut session, kept) = connected.map_err(|error| Failed::For(cause(&error)))?;
        let stale =
            |error: Box<Error>| if kept { Failed::Stale } else { Failed::For(cause(&error)) };
        send(&mut session, way, outgoing).await.map_err(stale)?;
        let (status, headers) = head(&mut session, stale).await?;
        let body = body(&mut session, &headers, most).await.map_err(Failed::For)?;
        self.connector.release_http_session(session, &way.peer, Some(IDLE)).await;
        Ok(Received { url: outgoing.url.clone(), status, headers, body })
    }
}

/// The name by which the server is asked: its own, where it has one.
fn named(vendor: &str, target: Option<&Origin>) -> String {
    let is_address = |host: &str| host.parse::<std::net::IpAddr>().is_ok();
    match target.filter(|target| !is_address(target.host())) {
        Some(target) if [80, 443].contains(&target.port()) => target.host().to_owned(),
        Some(target) => format!("{}:{}", target.host(), target.port()),
        None => vendor.to_owned(),
    }
}

/// Refusals of our own say nothing of the host.
fn settle(ticket: Ticket<'_>, answer: Result<Received, Refused>) -> Result<Received, Refused> {
    match &answer {
        Ok(_) => ticket.settle(true),
        Err(why) => ticket.settle(!why.is_the_vendors()),
    }
    answer
}

async fn send(session: &mut HttpSession, way: &Way, outgoing: &Outgoing) -> Result<(), Box<Error>> {
    let target = &outgoing.url[Position::BeforePath..Position::AfterQuery];
    let mut request = RequestHeader::build(outgoing.method.clone(), target.as_bytes(), None)?;
    request.insert_header(HOST, &*way.host)?;
    request.insert_header(ACCEPT_ENCODING, "gzip, br")?;
    for (name, value) in &outgoing.headers {
        request.append_header(name.clone(), value.clone())?;
    }
    if !outgoing.body.is_empty() || outgoing.method == http::Method::POST {
        request.insert_header(CONTENT_LENGTH, outgoing.body.len())?;
    }
    session.write_request_header(Box::new(request)).await?;
    if !outgoing.body.is_empty() {
        session.write_request_body(Bytes::from(outgoing.body.clone()), true).await?;
    }
    session.finish_request_body().await
}

/// The final head, after any informational ones.
async fn head(
    session: &mut HttpSession,
    stale: impl Fn(Box<Error>) -> Failed,
) -> Result<(StatusCode, HeaderMap), Failed> {
    for _ in 0..HINTS {
        session.read_response_header().await.map_err(&stale)?;
        match session.response_header() {
            Some(head) if head.status == StatusCode::SWITCHING_PROTOCOLS => break,
            Some(head) if head.status.is_informational() => {}
            Some(head) => return Ok((head.status, head.headers.clone())),
            None => break,
        }
    }
    Err(Failed::For(Refused::Garbage))
}

async fn body(
    session: &mut HttpSession,
    headers: &HeaderMap,
    most: usize,
) -> Result<Vec<u8>, Refused> {
    let length = headers.get(CONTENT_LENGTH).and_then(|length: &HeaderValue| length.to_str().ok());
    if length.is_some_and(|length| length.parse().is_ok_and(|length: usize| length > most)) {
        return Err(Refused::Garbage);
    }
    let coding = Coding::of_response(headers.get_all(CONTENT_ENCODING));
    let coding = coding.map_err(|_| Refused::Garbage)?;
    let mut decoder = Decoder::new(coding, &coding::Limits::default());
    let (mut body, mut came) = (Vec::new(), 0);
    let mut emit = |plain: &[u8]| {
        body.extend_from_slice(plain);
        if body.len() > most { Err(Full) } else { Ok(()) }
    };
    while let Some(bytes) = session.read_response_body().await.map_err(|error| cause(&error))? {
        came += bytes.len();
        if came > most || decoder.feed(&bytes, &mut emit).is_err() {
            return Err(Refused::Garbage);
        }
    }
    decoder.finish().map_err(|_| Refused::Garbage)?;
    Ok(body)
}

/// What an error says of the vendor.
fn cause(error: &Error) -> Refused {
    use ErrorType::{
        ConnectError, ConnectNoRoute, ConnectRefused, ConnectTimedout, InvalidCert, ReadTimedout,
        TLSHandshakeFailure, TLSHandshakeTimedout, WriteTimedout,
    };
    let kind = error.etype();
    if matches!(kind, ConnectTimedout | TLSHandshakeTimedout | ReadTimedout | WriteTimedout) {
        Refused::Slow
    } else if matches!(
        kind,
        ConnectError | ConnectNoRoute | ConnectRefused | InvalidCert | TLSHandshakeFailure
    ) {
        Refused::Unreachable
    } else {
        Refused::Garbage
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::Report;
    use tokio::net::TcpListener;

    fn outgoing(host: &str) -> Outgoing {
        let url = format!("https://{host}/collect").parse().unwrap();
        let (headers, report) = (HeaderMap::new(), Report::default());
        Outgoing { url, method: http::Method::GET, headers, body: Vec::new(), report }
    }

    #[tokio::test]
    async fn a_name_that_leads_into_the_network_leads_nowhere() {
        let upstream = Upstream::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let collection = Collection::default();
        for address in
            ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00::1"]
        {
            // However often the name changes its mind, the address at hand decides.
            let address = (address.parse::<std::net::IpAddr>().unwrap(), 443).into();
            upstream.resolver.keep("vendor.test", 443, vec![address]);
            let got = upstream.ask(&outgoing("vendor.test"), &collection, 100).await;
            assert_eq!(got.unwrap_err(), Refused::Private, "{address}");
        }
        let accepted = timeout(Duration::from_millis(50), listener.accept()).await;
        assert!(accepted.is_err());
    }

    #[test]
    fn a_server_with_a_name_is_asked_by_it() {
        let origin = |text: &str| text.parse::<Origin>().unwrap();
        for (target, name) in [
            (None, "v.test"),
            (Some("http://127.0.0.1:9"), "v.test"),
            (Some("http://[::1]:9"), "v.test"),
            (Some("https://sgtm.shop.example"), "sgtm.shop.example"),
            (Some("http://collector:9000"), "collector:9000"),
        ] {
            assert_eq!(named("v.test", target.map(origin).as_ref()), name);
        }
    }
}
