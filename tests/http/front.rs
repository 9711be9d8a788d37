//! The two proxies that hold the gate: our own program, and another one that embeds the library.

use super::embed;
use consentry::{
    catalog::Catalog,
    collect, config,
    engine::{Config, Engine, Locator, Site},
    proxy::{Consentry, Options, server},
};
use std::{
    net::SocketAddr,
    sync::{Arc, LazyLock},
};
use tokio::{sync::oneshot, task::JoinHandle};

/// Which proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The program's own.
    Program,
    /// One that embeds the library.
    Embedded,
}

pub(crate) const KINDS: [Kind; 2] = [Kind::Program, Kind::Embedded];

/// A running proxy.
pub(crate) struct Front {
    pub(crate) visitors: SocketAddr,
    pub(crate) admin: Option<SocketAddr>,
    pub(crate) consentry: Consentry,
    site: Site,
    /// Ends it when it is dropped.
    end: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<()>>,
}

/// The built-in vendors, before this site.
pub(crate) fn engine(site: Site) -> Engine {
    static CATALOG: LazyLock<Arc<Catalog>> =
        LazyLock::new(|| Arc::new(Catalog::new(&config::built_in(), &[]).unwrap()));
    let catalog = CATALOG.clone();
    let (sites, locator) = (vec![site], Locator::default());
    Engine::new(Config { catalog, sites, locator, fingerprint: "tests".into() }).unwrap()
}

impl Front {
    /// A proxy with default settings before `origin`, but for the vendors on the site's own paths: a page under consent passes.
    pub(crate) async fn new(kind: Kind, origin: SocketAddr) -> Self {
        let collect = collect::Config { enabled: false, ..collect::Config::default() };
        Self::of(kind, origin, Site { collect, ..Site::default() }).await
    }

    /// A proxy with these settings before `origin`.
    pub(crate) async fn of(kind: Kind, origin: SocketAddr, site: Site) -> Self {
        Self::made(kind, origin, site, engine).await
    }

    /// A proxy with these settings before `origin`, whose engine is `made` of them.
    pub(crate) async fn made(
        kind: Kind,
        origin: SocketAddr,
        site: Site,
        made: impl FnOnce(Site) -> Engine,
    ) -> Self {
        let site = Site { origin: Some(format!("http://{origin}").parse().unwrap()), ..site };
        match kind {
            Kind::Program => Self::run(made(site.clone()), site).await,
            Kind::Embedded => {
                let consentry = Consentry::new(made(site.clone()), Options::default()).unwrap();
                let (end, ended) = oneshot::channel();
                let visitors = embed::start(consentry.clone(), origin, ended).await;
                Self { visitors, admin: None, consentry, site, end: Some(end), running: None }
            }
        }
    }

    /// The program with these settings, the origin's too.
    pub(crate) async fn with(site: Site) -> Self {
        Self::run(engine(site.clone()), site).await
    }

    async fn run(engine: Engine, site: Site) -> Self {
        let any = "127.0.0.1:0".parse().unwrap();
        let config = server::Config { admin: Some(any), ..server::Config::at(any) };
        Self::listening(engine, site, Options::default(), config).await.0
    }

    /// The program before `origin`, listening as `config` says; also gives all its places.
    pub(crate) async fn through(
        origin: SocketAddr,
        options: Options,
        config: server::Config,
    ) -> (Self, Vec<server::Place>) {
        let collect = collect::Config { enabled: false, ..collect::Config::default() };
        let origin = Some(format!("http://{origin}").parse().unwrap());
        let site = Site { origin, collect, ..Site::default() };
        Self::listening(engine(site.clone()), site, options, config).await
    }

    /// The program for `site`, as `options` and `config` say.
    pub(crate) async fn of_site(site: Site, options: Options, config: server::Config) -> Self {
        Self::listening(engine(site.clone()), site, options, config).await.0
    }

    async fn listening(
        engine: Engine,
        site: Site,
        options: Options,
        config: server::Config,
    ) -> (Self, Vec<server::Place>) {
        let consentry = Consentry::new(engine, options).unwrap();
        let (end, ended) = oneshot::channel::<()>();
        let (ready, listening) = oneshot::channel();
        let handle = consentry.clone();
        let running = tokio::spawn(async move {
            let ended = async { drop(ended.await) };
            server::serve(&config, handle, |at| ready.send(at).unwrap(), ended).await.unwrap();
        });
        let listening = listening.await.unwrap();
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        let visitors = listening.first().unwrap_or(nowhere);
        let (admin, end, running) = (listening.admin, Some(end), Some(running));
        (Self { visitors, admin, consentry, site, end, running }, listening.visitors)
    }

    /// Waits until the figures hold `line`: a page is counted when it has left, which its visitor may see before.
    pub(crate) async fn counted(&self, line: &str) {
        for _ in 0..1000 {
            let figures = String::from_utf8(self.consentry.metrics().render()).unwrap();
            if figures.contains(line) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        panic!("{line} is not in {}", String::from_utf8_lossy(&self.consentry.metrics().render()));
    }

    /// Its settings.
    pub(crate) fn site(&self) -> Site {
        self.site.clone()
    }

    /// Asks it to end.
    pub(crate) fn end(&mut self) {
        self.end = None;
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) {
        self.running.take().unwrap().await.unwrap();
    }
}
