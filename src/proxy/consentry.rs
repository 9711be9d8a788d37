//! Turns an engine into the two calls that a host's proxy makes: [`Consentry::module`] and [`Consentry::handle`].

use super::{
    choice::{Desk, Signing},
    collect::Collector,
    line::Line,
    listen::{Edge, told},
    load::Load,
    module::{Builder, PageFilter},
    origins::Names,
    own, reply,
    reports::Reports,
};
use crate::{
    choice::Keys,
    coding::Levels,
    collect::Call,
    engine::{Client, Engine, Plan, Reply},
    metrics::Metrics,
    record::{Entry, News, Outcome, Recorder},
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
    sync::{Arc, OnceLock},
};
use tokio::sync::watch;

/// What holds for all sites.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Whether the access log has the paths of pages, which may name people; default false.
    pub log_paths: bool,
    /// Which proxies before us are believed, and what responses over TLS get.
    pub edge: Edge,
    /// How hard pages are compressed.
    pub levels: Levels,
    /// What the host names of origins stand for, where that is not DNS's to say.
    pub names: Names,
}

/// Who sent a request, as far as it can be known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker {
    /// The other end of the connection; what a balancer said of it in a PROXY preamble.
    pub(super) peer: Option<IpAddr>,
    /// Whether it is a trusted proxy, so that what it says of others counts.
    pub(super) is_proxy: bool,
    /// The visitor's address.
    pub(super) visitor: Option<IpAddr>,
    /// Whether the visitor asked over TLS.
    pub(super) secure: bool,
}

/// What all requests share.
pub(super) struct Shared {
    pub(super) engine: ArcSwap<Engine>,
    swapped: watch::Sender<()>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) options: Options,
    pub(super) reports: Reports,
    pub(super) load: Arc<Load>,
    collector: Collector,
    recorder: OnceLock<Recorder>,
    desk: Arc<Desk>,
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
        let (recorder, desk) = (OnceLock::new(), Arc::<Desk>::default());
        let keys: Arc<dyn Keys> = desk.clone();
        let engine = ArcSwap::from_pointee(engine.signed_with(&keys));
        let (reports, load) = (Reports::new(metrics.clone()), Load::new(metrics.clone()));
        let swapped = watch::Sender::default();
        let shared =
            Shared { engine, swapped, metrics, options, reports, load, collector, recorder, desk };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Keeps the proof of visitors' choices with `recorder`, over reloads too; a second one is not taken.
    #[must_use]
    pub fn recording(self, recorder: Recorder) -> Self {
        let _ = self.shared.recorder.set(recorder);
        self
    }

    /// Puts a choice, with the text and the list that it names, on the disk, as [`Recorder::record`] does, and counts what
    /// became of it; `None` where no choices are recorded.
    pub async fn record(&self, entries: &[Entry]) -> Option<Outcome> {
        let outcome = self.shared.recorder.get()?.record(entries).await;
        self.metrics().records.with_label_values(&[outcome.name()]).inc();
        Some(outcome)
    }

    /// Counts what a drain of records tells; what a person should know comes back.
    pub fn count_news(&self, news: News) -> Option<String> {
        let metrics = self.metrics();
        match news {
            News::Said(text) => return Some(text),
            News::Stored(entries) => metrics.records_stored.inc_by(entries),
            News::Failed => metrics.records_failures.inc(),
            News::Waiting(bytes) => {
                metrics.records_spool.set(i64::try_from(bytes).unwrap_or(i64::MAX));
            }
        }
        None
    }

    /// Signs and keeps choices as `signing` says, over reloads too; a second one is not taken. Without one they are signed with a
    /// key of this process, so that on sites with a banner what visitors allowed counts until it ends.
    #[must_use]
    pub fn signing(self, signing: Signing) -> Self {
        self.shared.desk.sign_with(signing);
        self
    }

    /// Puts `engine` in the place of the one before, of which it keeps what is known of the sites' vendors; requests on their way
    /// keep that.
    pub fn swap(&self, engine: Engine) {
        let keys: Arc<dyn Keys> = self.shared.desk.clone();
        let engine = engine.signed_with(&keys).after(&self.engine());
        self.shared.engine.store(Arc::new(engine));
        self.shared.swapped.send_replace(());
    }

    /// Tells of each engine that takes the place of another.
    pub(super) fn swaps(&self) -> watch::Receiver<()> {
        self.shared.swapped.subscribe()
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

    /// Whom pages contacted, by what browsers reported; see [`crate::report::Tally::json`].
    #[must_use]
    pub fn reports(&self) -> serde_json::Value {
        self.shared.reports.json()
    }

    /// Who takes reports of violations.
    pub(super) fn report_desk(&self) -> &Reports {
        &self.shared.reports
    }

    /// Who takes choices.
    pub(super) fn desk(&self) -> &Desk {
        &self.shared.desk
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
        let client = self.client(session);
        let Some(filter) = session.downstream_modules_ctx.get_mut::<PageFilter>() else {
            return Error::e_explain(ErrorType::InternalError, "consentry's module was not added");
        };
        filter.identify(client);
        let engine = filter.engine().clone();
        let own = filter.take_own();
        match (filter.take_reply(), filter.take_call()) {
            (Some(reply), _) => answer(session, reply).await?,
            (None, None) if own.is_some() => {
                // The law, and the page's scheme, were not known for sure at first.
                match engine.plan(session.req_header().as_ref(), client) {
                    Plan::Own(own) => {
                        own::serve(session, own, client, self).await?;
                    }
                    Plan::Respond(_) | Plan::Collect(_) | Plan::Proxy(_) => return Ok(false),
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

    /// The visitor.
    fn client(&self, session: &Session) -> Client {
        let Asker { visitor, secure, .. } = self.asker(session);
        Client { ip: visitor, secure }
    }

    /// Who sent the request.
    pub(super) fn asker(&self, session: &Session) -> Asker {
        let edge = &self.options().edge;
        let peer = session.client_addr().and_then(|addr| addr.as_inet()).map(SocketAddr::ip);
        let peer = peer.map(|ip| ip.to_canonical());
        // Without an address the connection is one of this machine's own.
        let is_proxy = peer.is_none_or(|ip| edge.trusted.holds(ip));
        let headers = &session.req_header().headers;
        let told = is_proxy.then(|| told(headers, edge.forwarding, &edge.trusted));
        let told = told.unwrap_or_default();
        let tls = session.digest().is_some_and(|digest| digest.ssl_digest.is_some());
        let here = tls || Line::is_told_secure(session);
        let secure = here || told.secure.unwrap_or(false);
        Asker { peer, is_proxy, visitor: told.visitor.or(peer), secure }
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
