//! Turns an engine into the two calls that a host's proxy makes: [`Consentry::module`] and [`Consentry::handle`].

use super::{
    collect::Collector,
    module::{Builder, PageFilter},
    own, reply,
};
use crate::{
    coding::Levels,
    collect::Call,
    engine::{Client, Engine, Plan, Reply},
    metrics::Metrics,
};
use arc_swap::ArcSwap;
use http::{
    Method, StatusCode,
    header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, SET_COOKIE},
};
use pingora_core::{Error, ErrorType, Result, modules::http::HttpModuleBuilder};
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

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
    collector: Collector,
}

/// Consentry in a Pingora proxy: a handle that can be cloned.
///
/// A host adds [`module`](Self::module) in `init_downstream_modules` and asks [`handle`](Self::handle) in
/// `request_filter`; with the latter left out, requests that are refused here still reach the origin, and no vendor is
/// served on the site's own paths.
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
        let collector = Collector::new(engine.collection(), metrics.clone());
        let engine = ArcSwap::from_pointee(engine);
        Ok(Self { shared: Arc::new(Shared { engine, metrics, options, collector }) })
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

    /// Answers what is ours to answer, vendors' first-party paths among it; `true` when the response was sent. The
    /// ledger, the vendors' connections and their scripts are those of this handle, over reloads too; where the ledger is
    /// written is what the first engine says.
    ///
    /// # Errors
    /// When the host did not add the [`module`](Self::module), or the client cannot be written to.
    pub async fn handle(&self, session: &mut Session) -> Result<bool> {
        let client = Client { ip: self.visitor(session), ..self.client(session) };
        let Some(filter) = session.downstream_modules_ctx.get_mut::<PageFilter>() else {
            return Error::e_explain(ErrorType::InternalError, "consentry's module was not added");
        };
        filter.identify(client);
        let engine = filter.engine().clone();
        let own = filter.take_own();
        match (filter.take_reply(), filter.take_call()) {
            (Some(reply), _) => answer(session, reply).await?,
            (None, None) if own.is_some() => {
                if let Some(own) = own {
                    own::serve(session, own, (&engine, client), self.metrics()).await?;
                }
            }
            (None, Some(call)) => {
                let Shared { collector, options, .. } = &*self.shared;
                let call = located(session, &engine, client).unwrap_or(call);
                collector.serve(session, *call, client, (&engine, &options.levels)).await?;
            }
            (None, None) => return Ok(false),
        }
        Ok(true)
    }

    /// The visitor's address: behind a balancer that is near, or that the operator trusts, the one that it names.
    fn visitor(&self, session: &Session) -> Option<IpAddr> {
        let ip = self.client(session).ip;
        // Without an address the connection is one of this machine's own.
        let trusted = self.options().trust_forwarded || ip.is_none_or(is_near);
        let lines = session.req_header().headers.get_all("x-forwarded-for").iter();
        let last = lines.filter_map(|line| line.to_str().ok()?.rsplit(',').next()).next_back();
        last.filter(|_| trusted).and_then(told_address).or(ip)
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
        let ip = session.client_addr().and_then(|addr| addr.as_inet()).map(SocketAddr::ip);
        let tls = session.digest().is_some_and(|digest| digest.ssl_digest.is_some());
        let trusted = self.options().trust_forwarded || ip.is_some_and(is_near);
        Client { ip, secure: tls || trusted && is_told_secure(session) }
    }
}

/// The request to a vendor once more, where the visitor's address, which was not known at first, decides on the law.
fn located(session: &Session, engine: &Engine, client: Client) -> Option<Box<Call>> {
    let asks = engine.asks_for_address();
    match asks.then(|| engine.plan(session.req_header().as_ref(), client)) {
        Some(Plan::Collect(call)) => Some(call),
        Some(Plan::Respond(_) | Plan::Own(_) | Plan::Proxy(_)) | None => None,
    }
}

/// Whether the address is of this machine or this network, as that of a balancer that ends TLS.
fn is_near(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// An address as balancers write it: alone, in brackets, or with a port.
fn told_address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    text.parse().ok().or_else(with_port).or_else(bare)
}

/// Whether the first of the proxies before us was asked over TLS.
fn is_told_secure(session: &Session) -> bool {
    let told = session.get_header("x-forwarded-proto").and_then(|value| value.to_str().ok());
    let first = told.and_then(|value| value.split(',').next());
    first.is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https"))
}

pub(super) async fn answer(session: &mut Session, reply: Reply) -> Result<()> {
    let (content_type, page) = reply::body(&reply);
    let mut response = ResponseHeader::build(reply.status, Some(4))?;
    for (name, value) in reply::HEADERS {
        response.insert_header(name, value)?;
    }
    response.insert_header(CONTENT_TYPE, content_type)?;
    if let Some(methods) = reply.allow {
        response.insert_header(ALLOW, methods)?;
    }
    if let Some(cookie) = reply.set_cookie {
        response.insert_header(SET_COOKIE, cookie)?;
    }
    if let Some(location) = &reply.location {
        response.insert_header(LOCATION, &**location)?;
    }
    let bodyless = reply.status == StatusCode::NO_CONTENT;
    if bodyless {
        response.remove_header(&CONTENT_TYPE);
    } else {
        response.insert_header(CONTENT_LENGTH, page.len())?;
    }
    let bare = bodyless || session.req_header().method == Method::HEAD;
    session.write_response_header(Box::new(response), bare).await?;
    if bare { Ok(()) } else { session.write_response_body(Some(page), true).await }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balancers_write_addresses_in_their_ways() {
        for (text, address) in [
            ("203.0.113.7", Some("203.0.113.7")),
            (" 203.0.113.7:4711 ", Some("203.0.113.7")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("[2001:db8::1]:4711", Some("2001:db8::1")),
            ("unknown", None),
            ("203.0.113.7:x", None),
            ("", None),
        ] {
            assert_eq!(told_address(text), address.map(|a| a.parse().unwrap()), "{text}");
        }
    }

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
