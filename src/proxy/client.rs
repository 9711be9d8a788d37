//! Turns a URL into the response that it gives: a small client for scanning pages and fetching lists.
//!
//! 1. Redirects are followed, five at most (RFC 9110 15.4), and never from `https` to `http`.
//! 2. Time, the size of the decoded body and the number of requests are bounded.

use super::resolver::Resolver;
use crate::coding::{self, Coding, Decoder};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, HOST, LOCATION, USER_AGENT},
};
use pingora_core::{
    ErrorType, connectors::http::Connector, protocols::http::client::HttpSession,
    upstreams::peer::HttpPeer,
};
use pingora_http::RequestHeader;
use std::time::Duration;
use tokio::time::timeout;
use url::{Host, Position, Url};

/// What a request may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For everything together; default 30 s.
    pub time: Duration,
    /// Of the decoded body; bytes, default 64 MiB.
    pub size: usize,
    /// How many redirects are followed; default 5.
    pub redirects: usize,
}

/// A response, decoded.
#[derive(Clone, Debug)]
pub struct Response {
    /// Where it came from, after redirects.
    pub url: Url,
    /// The status.
    pub status: StatusCode,
    /// The headers as they came.
    pub headers: HeaderMap,
    /// The body without its content coding.
    pub body: Vec<u8>,
}

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another scheme than `http` and `https`, or no host.
    #[error("`{0}` cannot be fetched; write a URL that begins with http:// or https://")]
    Url(String),
    /// The program was built without TLS.
    #[error("`{0}` needs TLS; build with the feature rustls or openssl")]
    Tls(Url),
    /// The connection failed, or what came is not HTTP.
    #[error("{server} {why}")]
    Connection {
        /// Host and port.
        server: String,
        /// What it did.
        why: Failure,
    },
    /// The host has no address.
    #[error("the host cannot be resolved ({0}); see that its name is right")]
    Resolve(std::io::Error),
    /// The body's content coding cannot be read.
    #[error("the body cannot be read: {0}")]
    Coding(#[from] coding::Unreadable),
    /// More bytes than [`Limits::size`].
    #[error("the body is longer than {0} bytes")]
    Size(usize),
    /// More redirects than [`Limits::redirects`], or one to nowhere.
    #[error("redirected too often, or to nowhere")]
    Redirects,
    /// More time than [`Limits::time`].
    #[error("no whole answer came in time")]
    Time,
}

/// What a server did instead of answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Nothing listens there.
    #[error("refuses the connection; see that the server runs and that host and port are right")]
    Refused,
    /// The network has no way there.
    #[error(
        "cannot be reached; see that the host is right and that the network lets this machine go there"
    )]
    Unreachable,
    /// The connection was not made in time.
    #[error(
        "takes no connection in time; see that the server runs and that no firewall is in between"
    )]
    Slow,
    /// No TLS, or a certificate that is not trusted.
    #[error(
        "makes no trusted TLS connection; see that it speaks https on this port, and put the root of its certificate into SSL_CERT_FILE"
    )]
    Tls,
    /// It speaks something else.
    #[error("does not answer in HTTP; see that scheme and port are right")]
    NoHttp,
    /// The connection ended in the middle.
    #[error(
        "ends the connection before its answer is whole; try again, or look into the server's log"
    )]
    Broken,
}

/// The body is over its size.
struct Full;

impl Default for Limits {
    fn default() -> Self {
        Self { time: Duration::from_secs(30), size: 64 << 20, redirects: 5 }
    }
}

/// Fetches `url` with `headers` added to the request.
///
/// # Errors
/// When no whole response can be had within `limits`; a status of failure is a response.
pub async fn get(url: &Url, headers: &HeaderMap, limits: &Limits) -> Result<Response, Error> {
    let all = follow(url.clone(), headers, limits);
    timeout(limits.time, all).await.unwrap_or(Err(Error::Time))
}

async fn follow(mut url: Url, headers: &HeaderMap, limits: &Limits) -> Result<Response, Error> {
    let connector = Connector::new(None);
    let resolver = Resolver::default();
    for _ in 0..=limits.redirects {
        let response = one(&connector, &resolver, &url, headers, limits).await?;
        let Some(next) = redirect(&response) else { return Ok(response) };
        url = next?;
    }
    Err(Error::Redirects)
}

async fn one(
    connector: &Connector,
    resolver: &Resolver,
    url: &Url,
    headers: &HeaderMap,
    limits: &Limits,
) -> Result<Response, Error> {
    let peer = peer(resolver, url, limits).await?;
    let request = request(url, headers).map_err(|_| Error::Url(url.to_string()))?;
    let failed = |error: Box<pingora_core::Error>| {
        if *error.etype() == ErrorType::ReadTimedout {
            return Error::Time;
        }
        let server = url[Position::BeforeHost..Position::AfterPort].to_owned();
        Error::Connection { server, why: Failure::of(&error) }
    };
    let (mut session, _) = connector.get_http_session(&peer).await.map_err(failed)?;
    session.set_read_timeout(Some(limits.time));
    session.write_request_header(Box::new(request)).await.map_err(failed)?;
    session.finish_request_body().await.map_err(failed)?;
    let (status, headers) = head(&mut session).await.map_err(failed)?;
    let body = body(&mut session, &headers, limits, failed).await?;
    Ok(Response { url: url.clone(), status, headers, body })
}

async fn peer(resolver: &Resolver, url: &Url, limits: &Limits) -> Result<HttpPeer, Error> {
    let refused = || Error::Url(url.to_string());
    let secure = match url.scheme() {
        "http" => false,
        "https" => true,
        _ => return Err(refused()),
    };
    if secure && !cfg!(any(feature = "rustls", feature = "openssl")) {
        return Err(Error::Tls(url.clone()));
    }
    let host = match url.host().ok_or_else(refused)? {
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    let port = url.port_or_known_default().ok_or_else(refused)?;
    let address = resolver.resolve(&host, port, 0).await.map_err(Error::Resolve)?;
    let mut peer = HttpPeer::new(address, secure, host);
    peer.options.total_connection_timeout = Some(limits.time);
    Ok(peer)
}

fn request(url: &Url, headers: &HeaderMap) -> pingora_core::Result<RequestHeader> {
    let target = &url[Position::BeforePath..Position::AfterQuery];
    let mut request = RequestHeader::build("GET", target.as_bytes(), None)?;
    let host = &url[Position::BeforeHost..Position::AfterPort];
    request.insert_header(HOST, host)?;
    request.insert_header(USER_AGENT, concat!("consentry/", env!("CARGO_PKG_VERSION")))?;
    request.insert_header(ACCEPT, "text/html,*/*;q=0.8")?;
    request.insert_header(ACCEPT_ENCODING, "zstd, gzip, br")?;
    for (name, value) in headers {
        request.insert_header(name.clone(), value.clone())?;
    }
    Ok(request)
}

/// The final head, after any informational ones.
async fn head(session: &mut HttpSession) -> pingora_core::Result<(StatusCode, HeaderMap)> {
    loop {
        session.read_response_header().await?;
        match session.response_header() {
            Some(head) if head.status.is_informational() => {}
            Some(head) => return Ok((head.status, head.headers.clone())),
            None => return Err(pingora_core::Error::new(ErrorType::H1Error)),
        }
    }
}

async fn body(
    session: &mut HttpSession,
    headers: &HeaderMap,
    limits: &Limits,
    failed: impl Fn(Box<pingora_core::Error>) -> Error,
) -> Result<Vec<u8>, Error> {
    let coding = Coding::of_response(headers.get_all(CONTENT_ENCODING))?;
    let mut decoder = Decoder::new(coding, &coding::Limits::default());
    let mut body = Vec::new();
    let mut emit = |plain: &[u8]| {
        body.extend_from_slice(plain);
        if body.len() > limits.size { Err(Full) } else { Ok(()) }
    };
    while let Some(bytes) = session.read_response_body().await.map_err(&failed)? {
        decoder.feed(&bytes, &mut emit).map_err(|error| match error {
            coding::Error::Unreadable(why) => Error::Coding(why),
            coding::Error::Emit(Full) => Error::Size(limits.size),
        })?;
    }
    decoder.finish()?;
    Ok(body)
}

impl Failure {
    fn of(error: &pingora_core::Error) -> Self {
        use ErrorType::{
            ConnectNoRoute, ConnectRefused, ConnectTimedout, H1Error, H2Error, InvalidCert,
            InvalidH2, InvalidHTTPHeader, TLSHandshakeFailure, TLSHandshakeTimedout,
        };
        let kind = error.etype();
        if *kind == ConnectRefused {
            Self::Refused
        } else if matches!(kind, ConnectTimedout | TLSHandshakeTimedout) {
            Self::Slow
        } else if matches!(kind, InvalidCert | TLSHandshakeFailure) {
            Self::Tls
        } else if matches!(kind, InvalidHTTPHeader | H1Error | H2Error | InvalidH2) {
            Self::NoHttp
        } else if matches!(kind, ConnectNoRoute | ErrorType::ConnectError | ErrorType::SocketError)
        {
            Self::Unreachable
        } else {
            Self::Broken
        }
    }
}

/// Where the response sends us.
fn redirect(response: &Response) -> Option<Result<Url, Error>> {
    if ![301, 302, 303, 307, 308].contains(&response.status.as_u16()) {
        return None;
    }
    let location = response.headers.get(LOCATION).map(HeaderValue::to_str)?;
    let next = location.ok().and_then(|location| response.url.join(location).ok());
    let weaker = |next: &Url| response.url.scheme() == "https" && next.scheme() != "https";
    Some(next.filter(|next| !weaker(next)).ok_or(Error::Redirects))
}
