//! Turns one request's way to an origin into what is tried, once more or not, and what is learned of the servers.
//!
//! 1. A connection that could not be made is tried with another server, whatever the request: nothing of it has left. What
//!    TLS says of a certificate does not change by asking the same server again, so only another one is asked.
//! 2. After that only a request is sent again that may be (RFC 9110 9.2.2): on a kept connection that ended an idempotent one,
//!    as Pingora does, and otherwise a safe one without a body; never one of which an answer has begun, and never one
//!    that took too long, for it may be what makes the server slow.
//! 3. What ends because of the visitor says nothing of the server.

use super::{
    pool::Pool,
    target::{Held, Target},
};
use http::HeaderMap;
use pingora_core::{Error, ErrorSource, ErrorType, Result, upstreams::peer::HttpPeer};
use pingora_proxy::Session;
use std::{net::IpAddr, sync::Arc};

/// What one request remembers of its servers.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Trip {
    pool: Option<Arc<Pool>>,
    tried: Vec<Arc<Target>>,
    held: Option<Held>,
    answered: bool,
}

impl Trip {
    /// The next server, and how to connect to it.
    pub(in crate::proxy) async fn next(
        &mut self,
        pool: Arc<Pool>,
        headers: &HeaderMap,
        ip: Option<IpAddr>,
    ) -> Result<HttpPeer> {
        let target = pool.choose(headers, ip, &self.tried).await;
        let way = target.as_ref().and_then(|target| target.address());
        let (Some(target), Some(address)) = (target, way) else {
            let why = "no server of the origin has an address";
            return Err(Error::explain(ErrorType::ConnectNoRoute, why).into_up());
        };
        let peer = pool.peer(&target, address);
        self.held = Some(target.hold());
        self.tried.push(target);
        self.pool = Some(pool);
        Ok(peer)
    }

    /// The `Host` that the servers are asked for.
    pub(in crate::proxy) fn host(&self) -> Option<&http::HeaderValue> {
        self.pool.as_ref().and_then(|pool| pool.config.host.as_ref())
    }

    /// No connection could be made.
    pub(in crate::proxy) fn lost(&mut self, peer: &HttpPeer, mut error: Box<Error>) -> Box<Error> {
        self.held = None;
        let certificate =
            matches!(error.etype(), ErrorType::TLSHandshakeFailure | ErrorType::InvalidCert);
        let mut another = !certificate;
        if let (Some(pool), Some(target)) = (&self.pool, self.tried.last()) {
            if let Some(address) = peer._address.as_inet() {
                target.turn(*address);
            }
            pool.failed(target, if certificate { "tls" } else { "connect" });
            another |= pool.targets().iter().any(|other| !Arc::ptr_eq(other, target));
        }
        error.set_retry(another && self.may_try());
        error
    }

    /// A connection was made, and something went wrong on it.
    pub(in crate::proxy) fn broke(
        &mut self,
        session: &mut Session,
        mut error: Box<Error>,
        was_kept: bool,
    ) -> Box<Error> {
        self.held = None;
        let bodyless = session.as_downstream_mut().is_body_empty();
        let is_origins = *error.esource() == ErrorSource::Upstream;
        let slow = matches!(error.etype(), ErrorType::ReadTimedout | ErrorType::WriteTimedout);
        let request = session.req_header();
        let downstream = session.as_ref();
        let whole = !downstream.retry_buffer_truncated();
        if request.method.is_idempotent() && whole && !self.answered {
            error.retry.decide_reuse(was_kept);
        } else {
            error.set_retry(false);
        }
        // A kept connection that the server closed in the meantime is no fault of its.
        let is_stale = was_kept && error.retry();
        if is_origins && !is_stale {
            if let (Some(pool), Some(target)) = (&self.pool, self.tried.last()) {
                pool.failed(target, if slow { "slow" } else { "broken" });
            }
            let again = request.method.is_safe() && bodyless && !slow;
            error.set_retry(again && !self.answered);
        }
        let retry = error.retry() && self.may_try();
        error.set_retry(retry);
        error
    }

    /// The head of the answer is here.
    pub(in crate::proxy) fn answered(&mut self, status: u16) {
        if let (Some(pool), Some(target)) = (&self.pool, self.tried.last()) {
            pool.answered(target, status);
        }
        self.answered = true;
    }

    fn may_try(&self) -> bool {
        let retries = self.pool.as_ref().map_or(0, |pool| pool.config.retries);
        self.tried.len() <= retries
    }
}
