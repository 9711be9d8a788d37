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
use http::{Method, header::CONTENT_LENGTH};
use pingora_core::{Error, ErrorType, Result, modules::http::HttpModuleBuilder};
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use std::sync::Arc;

/// What holds for all sites.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whether the access log has the paths of pages, which may name people; default false.
    pub log_paths: bool,
    /// Whether `X-Forwarded-*` of the requests can be trusted, because only an own proxy can send them; default false.
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
        let told = || session.get_header("x-forwarded-proto").is_some_and(|proto| proto == "https");
        Client { ip, secure: tls || self.options().trust_forwarded && told() }
    }
}

async fn answer(session: &mut Session, reply: Reply) -> Result<()> {
    let page = reply::error_page(reply.status);
    let mut response = ResponseHeader::build(reply.status, Some(4))?;
    for (name, value) in reply::HEADERS {
        response.insert_header(name, value)?;
    }
    response.insert_header(CONTENT_LENGTH, page.len())?;
    let bare = session.req_header().method == Method::HEAD;
    session.write_response_header(Box::new(response), bare).await?;
    if bare { Ok(()) } else { session.write_response_body(Some(page), true).await }
}
