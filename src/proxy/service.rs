//! Turns visitors' requests into requests to the site's origin: the program's own Pingora proxy.
//!
//! 1. The visitor's `Host` goes to the origin as it is; `X-Forwarded-*` say who asked. What stands in them already is
//!    kept and added to where a trusted proxy sent it, and replaced where anybody else did.
//! 2. Each error becomes a status in one place, [`status_of`], and a page that says nothing of the inside.
//! 3. A message that has begun is never ended as whole after an error: its connection is closed.
//! 4. Which server of the origin gets a request, and whether it is sent again, is [`Trip`]'s to say.
//! 5. A request of HTTP/1.1 without a host is refused (RFC 9112 3.2), and so is one whose head is too large (RFC 6585 5)
//!    or whose visitor asks too often (RFC 6585 4); trusted proxies stand for many visitors, and are not counted.

use super::{
    Consentry,
    consentry::Asker,
    hsts::{self, Hsts},
    line::Line,
    listen::{Limits, Visitors},
    origins::{Pools, Trip},
    reply,
    told::tell_origin,
    tunnel::Tunnel,
};
use crate::engine::{Origins, authority};
use async_trait::async_trait;
use bytes::Bytes;
use http::{
    Method, StatusCode, Version,
    header::{CONTENT_LENGTH, HOST, RETRY_AFTER, STRICT_TRANSPORT_SECURITY, TRANSFER_ENCODING},
};
use pingora_core::{
    Error, ErrorSource, ErrorType, Result, modules::http::HttpModules, protocols::ALPN,
    upstreams::peer::HttpPeer,
};
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_proxy::{FailToProxy, ProxyHttp, Session};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// How long the rest of a request is read that nobody wants.
const DRAIN: Duration = Duration::from_secs(5);

/// Sets the connections of upgrades apart from each other; those of other requests have 0.
static TUNNELS: AtomicU64 = AtomicU64::new(1);

/// The proxy.
pub(super) struct Service {
    consentry: Consentry,
    pools: Arc<Pools>,
    limits: Limits,
    visitors: Visitors,
}

/// What one request needs to remember.
#[derive(Debug, Default)]
pub(super) struct Visit {
    trip: Trip,
}

impl Service {
    pub(super) fn new(consentry: Consentry, pools: Arc<Pools>, limits: Limits) -> Self {
        Self { consentry, pools, limits, visitors: Visitors::default() }
    }

    /// How to connect to the next server of `origins`.
    async fn peer(
        &self,
        session: &Session,
        origins: &Origins,
        trip: &mut Trip,
    ) -> Result<HttpPeer> {
        let pool = self.pools.of(origins).map_err(|error| {
            Error::explain(ErrorType::InternalError, format!("the origin's files: {error}"))
        })?;
        let visitor = self.consentry.asker(session).visitor;
        let mut peer = trip.next(pool, &session.req_header().headers, visitor).await?;
        if session.as_downstream().is_upgrade_req() {
            let patience = peer.options.connection_timeout.unwrap_or(DRAIN);
            let tunnel = Tunnel { patience, is_secure: peer.is_tls() };
            peer.options.custom_l4 = Some(Arc::new(tunnel));
            peer.options.alpn = ALPN::H1;
            // Kept connections of others are not held back, and this one is not for others.
            peer.group_key = TUNNELS.fetch_add(1, Relaxed);
            peer.options.idle_timeout = Some(Duration::ZERO);
        }
        Ok(peer)
    }

    /// Tells the origin who asked.
    fn forwarded(&self, session: &Session, request: &mut RequestHeader) -> Result<()> {
        let asker = self.consentry.asker(session);
        let host = authority(session.req_header().as_ref());
        tell_origin(request, asker, self.consentry.options().edge.forwarding, host)
    }

    /// Whether the request may be served, as far as its size and its visitor's other requests go.
    fn admit(&self, session: &mut Session) -> Result<()> {
        let head = session.req_header();
        let lines = head.headers.iter();
        let size: usize = lines.map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        if size + head.raw_path().len() > self.limits.max_head {
            return self.limited("head", 431, "the request's head is too large");
        }
        let nameless = !head.headers.contains_key(HOST) && head.uri.authority().is_none();
        if nameless && head.version >= Version::HTTP_11 {
            return Error::e_explain(ErrorType::HTTPStatus(400), "the request has no host");
        }
        let Asker { visitor, secure, .. } = self.consentry.asker(session);
        if let Some(hsts) = session.downstream_modules_ctx.get_mut::<Hsts>() {
            hsts.secure = secure;
        }
        let trusted = &self.consentry.options().edge.trusted;
        let rate = self.limits.requests_per_client;
        let counted = visitor.filter(|ip| !trusted.holds(*ip));
        if counted.is_some_and(|ip| !self.visitors.may_ask(ip, rate, Instant::now())) {
            return self.limited("rate", 429, "the visitor asks too often");
        }
        Ok(())
    }

    fn limited(&self, limit: &str, status: u16, why: &'static str) -> Result<()> {
        self.consentry.metrics().limited.with_label_values(&[limit]).inc();
        Error::e_explain(ErrorType::HTTPStatus(status), why)
    }

    /// Sends an error page past the modules, whose state belongs to the response that failed.
    async fn refuse(&self, session: &mut Session, status: StatusCode) -> Result<()> {
        let bare = session.req_header().method == Method::HEAD;
        let page = reply::error_page(status);
        let mut response = ResponseHeader::build(status, Some(4))?;
        for (name, value) in reply::HEADERS {
            response.insert_header(name, value)?;
        }
        response.insert_header(CONTENT_LENGTH, page.len())?;
        if status == StatusCode::TOO_MANY_REQUESTS {
            response.insert_header(RETRY_AFTER, "1")?;
        }
        let hsts = self.consentry.options().edge.hsts.as_ref();
        if let Some(value) = hsts.filter(|_| self.consentry.asker(session).secure) {
            response.insert_header(STRICT_TRANSPORT_SECURITY, value.clone())?;
        }
        let page = if bare { Bytes::new() } else { page };
        session.as_downstream_mut().write_error_response(response, page).await
    }

    fn count(&self, session: &Session, failure: Option<&Error>) {
        let metrics = self.consentry.metrics();
        let status = session.response_written().map(|response| response.status.as_u16());
        let class = match status.map(|status| status / 100) {
            Some(1) => "1xx",
            Some(2) => "2xx",
            Some(3) => "3xx",
            Some(4) => "4xx",
            Some(_) => "5xx",
            None => "none",
        };
        metrics.requests.with_label_values(&[class]).inc();
        if let Some(error) = failure {
            metrics.failures.with_label_values(&[cause_of(error)]).inc();
            if let Some(cause) = slowness_of(error) {
                metrics.connections_cut.with_label_values(&[cause]).inc();
            }
        }
    }
}

#[async_trait]
impl ProxyHttp for Service {
    type CTX = Visit;

    fn new_ctx(&self) -> Visit {
        Visit::default()
    }

    fn init_downstream_modules(&self, modules: &mut HttpModules) {
        modules.add_module(self.consentry.module());
        if let Some(value) = &self.consentry.options().edge.hsts {
            modules.add_module(Box::new(hsts::Builder(value.clone())));
        }
    }

    async fn early_request_filter(&self, session: &mut Session, _: &mut Visit) -> Result<()> {
        if let Some(line) = Line::of(session) {
            line.begin();
        }
        let downstream = session.as_downstream_mut();
        downstream
            .set_keepalive(downstream.get_keepalive().map(|_| self.limits.idle_timeout.as_secs()));
        downstream.set_read_timeout(Some(self.limits.body_timeout));
        downstream.set_write_timeout(Some(self.limits.send_timeout));
        downstream.set_total_drain_timeout(Some(DRAIN));
        downstream.set_pipelining_enabled(true);
        self.admit(session)
    }

    async fn request_filter(&self, session: &mut Session, _: &mut Visit) -> Result<bool> {
        self.consentry.handle(session).await
    }

    async fn upstream_peer(
        &self,
        session: &mut Session,
        visit: &mut Visit,
    ) -> Result<Box<HttpPeer>> {
        let engine = self.consentry.engine_of(session);
        let Some(origins) = engine.origins(authority(session.req_header().as_ref())) else {
            return Error::e_explain(ErrorType::HTTPStatus(421), "the host has no origin");
        };
        Ok(Box::new(self.peer(session, origins, &mut visit.trip).await?))
    }

    fn fail_to_connect(
        &self,
        _: &mut Session,
        peer: &HttpPeer,
        visit: &mut Visit,
        error: Box<Error>,
    ) -> Box<Error> {
        visit.trip.lost(peer, error)
    }

    fn error_while_proxy(
        &self,
        peer: &HttpPeer,
        session: &mut Session,
        error: Box<Error>,
        visit: &mut Visit,
        was_kept: bool,
    ) -> Box<Error> {
        let error = error.more_context(format!("Peer: {peer}"));
        visit.trip.broke(session, error, was_kept)
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        request: &mut RequestHeader,
        visit: &mut Visit,
    ) -> Result<()> {
        in_origin_form(request);
        self.forwarded(session, request)?;
        if let Some(host) = visit.trip.host() {
            request.insert_header(HOST, host.clone())?;
        }
        Ok(())
    }

    async fn upstream_response_filter(
        &self,
        _: &mut Session,
        response: &mut ResponseHeader,
        visit: &mut Visit,
    ) -> Result<()> {
        if !response.status.is_informational() || response.status == StatusCode::SWITCHING_PROTOCOLS
        {
            visit.trip.answered(response.status.as_u16());
        }
        Ok(())
    }

    /// An empty last piece would be written as a second end of the body, into the next request on the connection
    /// (<https://github.com/cloudflare/pingora/issues/935>).
    async fn request_body_filter(
        &self,
        _: &mut Session,
        body: &mut Option<Bytes>,
        end: bool,
        _: &mut Visit,
    ) -> Result<()> {
        if end && body.as_ref().is_some_and(Bytes::is_empty) {
            *body = None;
        }
        Ok(())
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        _: &mut Visit,
    ) -> FailToProxy {
        let status = status_of(error);
        let written = session.response_written().is_some_and(|r| !r.status.is_informational());
        if let Some(status) = status.filter(|_| !written) {
            // The visitor may be gone; there is nobody to tell then.
            let _ = self.refuse(session, status).await;
            Consentry::answered(session, status);
        }
        let cut = Line::of(session).filter(|_| written && ends_with_connection(session));
        if let Some(line) = cut {
            line.abort();
        }
        let error_code = status.map_or(0, |status| status.as_u16());
        FailToProxy { error_code, can_reuse_downstream: false }
    }

    async fn logging(&self, session: &mut Session, error: Option<&Error>, _: &mut Visit) {
        self.count(session, error);
        if let Some(line) = Line::of(session) {
            line.end();
        }
    }

    /// Of the request only what is no personal data, for Pingora's own messages.
    fn request_summary(&self, session: &Session, _: &Visit) -> String {
        let head = session.req_header();
        let path = if self.consentry.options().log_paths { head.uri.path() } else { "" };
        format!("{} {}{path}", head.method, authority(head.as_ref()))
    }
}

/// An origin is asked as an origin, whatever form the visitor's target has (RFC 9112 3.2.1, 3.2.2). Pingora keeps the
/// path of an absolute target in the URI, and the whole of it for the wire.
fn in_origin_form(request: &mut RequestHeader) {
    let target = request.raw_path();
    if !target.starts_with(b"/") && memchr::memmem::find(target, b"://").is_some() {
        request.set_uri(request.uri.clone());
    }
}

/// Whether nothing but the end of the connection ends the response.
fn ends_with_connection(session: &Session) -> bool {
    session.response_written().is_some_and(|response| {
        ![CONTENT_LENGTH, TRANSFER_ENCODING].iter().any(|name| response.headers.contains_key(name))
    })
}

/// The status that tells the visitor of `error`; none when there is no visitor any more.
fn status_of(error: &Error) -> Option<StatusCode> {
    use ErrorType::{
        ConnectTimedout, ConnectionClosed, HTTPStatus, ReadError, ReadTimedout,
        TLSHandshakeTimedout, WriteError, WriteTimedout,
    };
    let kind = error.etype();
    if let HTTPStatus(code) = kind {
        return StatusCode::from_u16(*code).ok();
    }
    let slow =
        matches!(kind, ConnectTimedout | TLSHandshakeTimedout | ReadTimedout | WriteTimedout);
    let gone = matches!(kind, ReadError | WriteError | WriteTimedout | ConnectionClosed);
    match error.esource() {
        ErrorSource::Upstream if slow => Some(StatusCode::GATEWAY_TIMEOUT),
        ErrorSource::Upstream => Some(StatusCode::BAD_GATEWAY),
        ErrorSource::Downstream if gone => None,
        ErrorSource::Downstream if slow => Some(StatusCode::REQUEST_TIMEOUT),
        ErrorSource::Downstream => Some(StatusCode::BAD_REQUEST),
        ErrorSource::Internal | ErrorSource::Unset => Some(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// What was too slow at the visitor's side, if that was it.
fn slowness_of(error: &Error) -> Option<&'static str> {
    let is = |kind| *error.esource() == ErrorSource::Downstream && *error.etype() == kind;
    let slow_body = is(ErrorType::ReadTimedout).then_some("slow_body");
    slow_body.or_else(|| is(ErrorType::WriteTimedout).then_some("slow_reader"))
}

/// The label of `error` in the metrics.
fn cause_of(error: &Error) -> &'static str {
    if let ErrorType::HTTPStatus(code) = error.etype() {
        return if *code < 500 { "visitor" } else { "page" };
    }
    match error.esource() {
        ErrorSource::Downstream => "visitor",
        ErrorSource::Upstream => match status_of(error) {
            Some(StatusCode::GATEWAY_TIMEOUT) => "origin_slow",
            Some(_) | None => "origin",
        },
        ErrorSource::Internal | ErrorSource::Unset => "internal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_become_statuses() {
        use ErrorType::{
            ConnectRefused, ConnectTimedout, HTTPStatus, InvalidHTTPHeader, ReadError, ReadTimedout,
        };
        let new = |kind| Error::new(kind);
        for (error, status) in [
            (new(ConnectRefused).into_up(), Some(502)),
            (new(ConnectTimedout).into_up(), Some(504)),
            (new(ReadTimedout).into_up(), Some(504)),
            (new(ReadError).into_up(), Some(502)),
            (new(ReadTimedout).into_down(), Some(408)),
            (new(ReadError).into_down(), None),
            (new(InvalidHTTPHeader).into_down(), Some(400)),
            (new(HTTPStatus(431)), Some(431)),
            (new(ErrorType::InternalError), Some(500)),
        ] {
            assert_eq!(status_of(&error).map(|s| s.as_u16()), status, "{error}");
        }
    }
}
