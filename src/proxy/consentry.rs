//! Turns an engine into the two calls that a host's proxy makes: [`Consentry::module`] and [`Consentry::handle`].

use super::{
    module::{Builder, PageFilter},
    reply,
};
use crate::{
    coding::Levels,
    engine::{Client, Engine, Reply},
    metrics::Metrics,
};
use arc_swap::ArcSwap;
use http::{
    Method, StatusCode,
    header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE},
};
use pingora_core::{Error, ErrorType, Result, modules::http::HttpModuleBuilder};
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use std::{net::IpAddr, sync::Arc};

/// What holds for all sites.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whether the access log has the paths of pages, which may name people; default false.
    pub log_paths: bool,
    /// Whether `X-Forwarded-*` of the requests can be trusted, because only an own proxy can send them; default false.
    /// The scheme in `X-Forwarded-Proto` counts in any case when it comes from this machine or this network, where
    /// TLS often ends; nothing but the scheme that the origin is told depends on it.
    pub trust_forwarded: bool,
    /// How hard pages are compressed.
    pub levels: Levels,
}

/// What all requests share.
pub(super) struct Shared {
    pub(super) engine: ArcSwap<Engine>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) options: Options,
}

/// Consentry in a Pingora proxy: a handle that can be cloned.
///
/// A host adds [`module`](Self::module) in `init_downstream_modules` and asks [`handle`](Self::handle) in
/// `request_filter`; with the latter left out, requests that are refused here still reach the origin.
#[derive(Clone)]
pub struct Consentry {
    shared: Arc<Shared>,
}

impl Consentry {
    /// A handle to `engine`.
    ///
    /// # Errors
    /// When the metrics cannot be set up.
    pub fn new(engine: Engine, options: Options) -> std::result::Result<Self, prometheus::Error> {
        let metrics = Arc::new(Metrics::new()?);
        let engine = ArcSwap::from_pointee(engine);
        Ok(Self { shared: Arc::new(Shared { engine, metrics, options }) })
    }

    /// Puts `engine` in the place of the one before; requests on their way keep that.
    pub fn swap(&self, engine: Engine) {
        self.shared.engine.store(Arc::new(engine));
    }

    /// The engine that the next request gets.
    #[must_use]
    pub fn engine(&self) -> Arc<Engine> {
        self.shared.engine.load_full()
    }

    /// Every counter.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.shared.metrics
    }

    /// What holds for all sites.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    /// The module that decides, edits heads and rewrites pages.
    #[must_use]
    pub fn module(&self) -> Box<dyn HttpModuleBuilder + 'static + Send + Sync> {
        Box::new(Builder(self.shared.clone()))
    }

    /// Answers what is ours to answer; `true` when the response was sent.
    ///
    /// # Errors
    /// When the host did not add the [`module`](Self::module), or the client cannot be written to.
    pub async fn handle(&self, session: &mut Session) -> Result<bool> {
        let client = self.client(session);
        let Some(filter) = session.downstream_modules_ctx.get_mut::<PageFilter>() else {
            return Error::e_explain(ErrorType::InternalError, "consentry's module was not added");
        };
        filter.identify(client);
        match filter.take_reply() {
            Some(reply) => answer(session, reply).await.map(|()| true),
            None => Ok(false),
        }
    }

    /// Tells that the visitor got `status` from the host itself, in the place of the response that the module saw.
    pub(super) fn answered(session: &mut Session, status: StatusCode) {
        if let Some(filter) = session.downstream_modules_ctx.get_mut::<PageFilter>() {
            filter.answered(status);
        }
    }

    /// The engine that `session` began with.
    pub(super) fn engine_of(&self, session: &Session) -> Arc<Engine> {
        let filter = session.downstream_modules_ctx.get::<PageFilter>();
        filter.map_or_else(|| self.engine(), |filter| filter.engine().clone())
    }

    /// Who sent the request.
    pub(super) fn client(&self, session: &Session) -> Client {
        let ip =
            session.client_addr().and_then(|addr| addr.as_inet()).map(std::net::SocketAddr::ip);
        let tls = session.digest().is_some_and(|digest| digest.ssl_digest.is_some());
        let trusted = self.options().trust_forwarded || ip.is_some_and(is_near);
        let told = || told_ip(session).filter(|_| self.options().trust_forwarded);
        Client { ip: told().or(ip), secure: tls || trusted && is_told_secure(session) }
    }
}

/// Whether the address is of this machine or this network, as that of a balancer that ends TLS.
fn is_near(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// The address from which the proxy before us was asked: the last one in the list, which that proxy wrote itself.
fn told_ip(session: &Session) -> Option<IpAddr> {
    let lines = session.req_header().headers.get_all("x-forwarded-for");
    let last = lines.iter().next_back()?.to_str().ok()?.rsplit(',').next()?;
    last.trim().parse().ok()
}

/// Whether the first of the proxies before us was asked over TLS.
fn is_told_secure(session: &Session) -> bool {
    let told = session.get_header("x-forwarded-proto").and_then(|value| value.to_str().ok());
    let first = told.and_then(|value| value.split(',').next());
    first.is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https"))
}

async fn answer(session: &mut Session, reply: Reply) -> Result<()> {
    let (content_type, page) = reply::body(&reply);
    let mut response = ResponseHeader::build(reply.status, Some(4))?;
    for (name, value) in reply::HEADERS {
        response.insert_header(name, value)?;
    }
    response.insert_header(CONTENT_TYPE, content_type)?;
    if let Some(methods) = reply.allow {
        response.insert_header(ALLOW, methods)?;
    }
    response.insert_header(CONTENT_LENGTH, page.len())?;
    let bare = session.req_header().method == Method::HEAD;
    session.write_response_header(Box::new(response), bare).await?;
    if bare { Ok(()) } else { session.write_response_body(Some(page), true).await }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balancers_are_near() {
        for near in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.1",
            "172.16.0.1",
            "::1",
            "fd00::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(is_near(near.parse().unwrap()), "{near}");
        }
        for far in ["203.0.113.7", "172.32.0.1", "2001:db8::1", "::ffff:8.8.8.8"] {
            assert!(!is_near(far.parse().unwrap()), "{far}");
        }
    }
}
