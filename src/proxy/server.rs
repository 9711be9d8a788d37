//! Turns listeners and a [`Consentry`] into a running program, with its end.
//!
//! Pingora's own `Server` ends the process, waits for minutes on a signal, does not tell which port it got, and has no
//! place for a PROXY preamble or a new certificate. Its proxy is driven here by accept loops on an own runtime instead: a
//! port can be 0, several can run in one process, and an end is prompt.
//!
//! 1. Nothing is accepted before everything is listened on and every certificate is read; `ready` is called then.
//! 2. Certificates whose files change are read again; those that cannot be leave the ones before where they are.
//! 3. When it is told to end it is not ready at once, and serves on for [`Config::wait`]. Then no connection is accepted, idle ones
//!    are closed, and requests on their way get [`Config::drain`].
//! 4. A program that takes this one's place gets its sockets, and when that one serves this one drains. From when it is ready
//!    another one can take its place.
//! 5. Servers behind sites are looked after from the start, and those of another engine from when it is there.

use super::{
    Consentry,
    admin::Admin,
    life::{Life, Order},
    listen::{
        Address, Bound, Crowd, Handover, Inherited, Limits, Listener, Redirect, Shared, Trusted,
    },
    origins::Pools,
    refresh::Refresh,
    service::Service,
    tls::{self, Acceptor},
    visitor::{Desk, attend},
};
use crate::metrics::Metrics;
use pingora_core::{
    apps::{HttpServerApp, HttpServerOptions},
    protocols::http::v2::server::{H2Options, default_h2_options},
    server::{ShutdownWatch, configuration::ServerConf},
};
use pingora_proxy::{HttpProxy, http_proxy};
use std::{
    convert::Infallible,
    fmt,
    future::Future,
    io,
    net::SocketAddr,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    runtime,
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

/// How long accepting rests when the system has no room: others have to close first.
const REST: Duration = Duration::from_millis(50);

/// How the program listens and ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where visitors come in; port 0 for any free one.
    pub listeners: Vec<Listener>,
    /// What these have in common.
    pub shared: Shared,
    /// Where health and metrics are read; default nowhere.
    pub admin: Option<SocketAddr>,
    /// What visitors' connections may cost.
    pub limits: Limits,
    /// Where a program that takes this one's place gets its sockets, and where this one gets those of the one before; default
    /// nowhere.
    pub handover: Option<PathBuf>,
    /// Worker threads; default as many as there are cores.
    pub threads: Option<usize>,
    /// How long it serves on after it was told to leave; default not at all.
    pub wait: Duration,
    /// How long requests on their way may take at the end; default 10 s.
    pub drain: Duration,
}

/// Why a program did not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken, or not ours.
    #[error("cannot listen on {0}: {1}")]
    Listen(Address, #[source] io::Error),
    /// A certificate cannot be served.
    #[error("cannot listen on {0}: {1}")]
    Certificate(Address, #[source] tls::Error),
    /// The system gave no threads or no signals.
    #[error("cannot start: {0}")]
    Start(#[from] io::Error),
}

/// Where a program listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listening {
    /// For visitors, in the configuration's order.
    pub visitors: Vec<Place>,
    /// For health and metrics.
    pub admin: Option<SocketAddr>,
}

/// One place where visitors come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where it is.
    pub address: Address,
    /// Whether it speaks TLS.
    pub secure: bool,
}

/// A listener that is bound.
struct Door {
    /// As it is written, with port 0 for any.
    at: Address,
    socket: Bound,
    tls: Option<Acceptor>,
    proxy_protocol: bool,
    redirect: Option<u16>,
}

/// What all doors lead to.
struct House {
    proxy: Arc<HttpProxy<Service>>,
    pools: Arc<Pools>,
    consentry: Consentry,
    trusted: Trusted,
    limits: Limits,
    crowd: Arc<Crowd>,
    metrics: Arc<Metrics>,
    watch: ShutdownWatch,
}

impl Config {
    /// The defaults, in clear text at `listen`.
    #[must_use]
    pub fn at(listen: SocketAddr) -> Self {
        Self {
            listeners: vec![Listener::plain(listen.into())],
            shared: Shared::default(),
            admin: None,
            limits: Limits::default(),
            handover: None,
            threads: None,
            wait: Duration::ZERO,
            drain: Duration::from_secs(10),
        }
    }
}

/// As a URL, or as a Unix socket is named.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address {
            Address::Ip(address) => {
                let scheme = if self.secure { "https" } else { "http" };
                write!(f, "{scheme}://{address}")
            }
            unix @ Address::Unix(_) => unix.fmt(f),
        }
    }
}

impl Listening {
    /// The first IP address for visitors.
    #[must_use]
    pub fn first(&self) -> Option<SocketAddr> {
        self.visitors.iter().find_map(|place| place.address.ip())
    }
}

/// Runs until Ctrl-C or `SIGTERM`.
///
/// # Errors
/// When an address cannot be listened on, or the system gives no threads or signals.
pub fn run(
    config: &Config,
    consentry: Consentry,
    ready: impl FnOnce(Listening),
) -> Result<(), Error> {
    let mut builder = runtime::Builder::new_multi_thread();
    if let Some(threads) = config.threads {
        builder.worker_threads(threads.max(1));
    }
    let runtime = builder.enable_all().build()?;
    let result = runtime.block_on(async {
        let asked = asked_to_end()?;
        serve(config, consentry, ready, asked).await
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}

/// Runs on the caller's runtime until `end`.
///
/// # Errors
/// When an address cannot be listened on, or a certificate not served.
pub async fn serve(
    config: &Config,
    consentry: Consentry,
    ready: impl FnOnce(Listening),
    end: impl Future<Output = ()>,
) -> Result<(), Error> {
    let life = Life::default();
    let ended = async {
        end.await;
        life.tell(Order::Leave);
        std::future::pending::<Infallible>().await
    };
    tokio::select! {
        served = live(config, consentry, ready, &life) => served,
        never = ended => match never {},
    }
}

/// Runs on the caller's runtime until `life` is told to end.
///
/// # Errors
/// When an address cannot be listened on, or a certificate not served.
pub async fn live(
    config: &Config,
    consentry: Consentry,
    ready: impl FnOnce(Listening),
    life: &Life,
) -> Result<(), Error> {
    let inherited = Inherited::find(config.handover.as_deref());
    let open = |listener: &Listener| Door::open(listener, &config.shared, &inherited);
    let doors = config.listeners.iter().map(open).collect::<Result<Vec<_>, _>>()?;
    let admin = config.admin.map(|at| open(&Listener::plain(at.into()))).transpose()?;
    let copies: Vec<_> =
        doors.iter().chain(&admin).map(|door| door.socket.copy()).collect::<Result<_, _>>()?;
    let listening = Listening {
        visitors: doors.iter().map(Door::place).collect::<Result<_, _>>()?,
        admin: admin.as_ref().map(Door::place).transpose()?.and_then(|place| place.address.ip()),
    };
    let (ending, watch) = watch::channel(false);
    let house = House::new(config, consentry, watch);
    let mut tasks = JoinSet::new();
    let speaking: Vec<_> =
        doors.iter().filter_map(|door| Some((door.at.clone(), door.tls.clone()?))).collect();
    let acceptors = speaking.iter().map(|(_, acceptor)| acceptor.clone()).collect();
    let refresh = Refresh::new(acceptors, &house.metrics);
    tasks.spawn(refresh.run(config.shared.certificate_refresh, house.watch.clone()));
    let mut following = JoinSet::new();
    following.spawn(follow(house.pools.clone(), house.consentry.clone()));
    for door in doors {
        house.receive(door, &mut tasks);
    }
    if let Some(door) = admin {
        house.show(door, life, &mut tasks);
    }
    // It waits for its successor before the one before it ends, which leaves the file to it, and before anybody hears of it.
    let handover = config.handover.as_deref().and_then(wait_at);
    life.listens(speaking);
    ready(listening);
    let giving = async {
        inherited.serves();
        give(handover, copies, life).await;
    };
    // The sockets are closed with the others, or what waits on them would wait for nobody.
    tokio::select! {
        () = giving => {}
        () = life.told(Order::Leave) => {}
    }
    // Only who asks whether it is ready needs the time.
    let wait = if config.admin.is_some() { config.wait } else { Duration::ZERO };
    let _ = timeout(wait, life.told(Order::Drain)).await;
    // Nobody may be listening any more, which is fine.
    let _ = ending.send(true);
    let drained = async { while tasks.join_next().await.is_some() {} };
    // Those still open at the end of the time are cut off when the set is dropped.
    tokio::select! {
        _ = timeout(config.drain, drained) => {}
        () = life.told(Order::Stop) => {}
    }
    Ok(())
}

fn wait_at(path: &Path) -> Option<Handover> {
    Handover::at(path)
        .inspect_err(|error| {
            log::error!("sockets cannot be handed over at {}: {error}", path.display());
        })
        .ok()
}

/// Gives `sockets` to the program that takes this one's place, and has this one drain when that one serves.
async fn give(handover: Option<Handover>, sockets: Vec<OwnedFd>, life: &Life) {
    if let Some(handover) = handover {
        handover.give(sockets).await;
        return life.tell(Order::Drain);
    }
    drop(sockets);
    life.told(Order::Leave).await;
}

/// Has the servers of each engine be looked after, as long as it is there.
async fn follow(pools: Arc<Pools>, consentry: Consentry) {
    let mut swaps = consentry.swaps();
    loop {
        pools.follow(&consentry.engine());
        if swaps.changed().await.is_err() {
            return;
        }
    }
}

impl Door {
    fn open(listener: &Listener, shared: &Shared, inherited: &Inherited) -> Result<Self, Error> {
        let at = || listener.address.clone();
        let tls = listener.tls.as_ref().map(Acceptor::new).transpose();
        let tls = tls.map_err(|error| Error::Certificate(at(), error))?;
        let socket = Bound::at(listener, shared, inherited);
        let socket = socket.map_err(|error| Error::Listen(at(), error))?;
        let Listener { proxy_protocol, redirect, .. } = *listener;
        Ok(Self { at: at(), socket, tls, proxy_protocol, redirect })
    }

    fn place(&self) -> io::Result<Place> {
        Ok(Place { address: self.socket.address()?, secure: self.tls.is_some() })
    }
}

impl House {
    fn new(config: &Config, consentry: Consentry, watch: ShutdownWatch) -> Self {
        let metrics = consentry.metrics().clone();
        let trusted = consentry.options().edge.trusted.clone();
        let limits = config.limits.clone();
        let open = metrics.connections_open.clone();
        let crowd = Crowd::new(limits.connections, limits.connections_per_client, open);
        let pools = Arc::new(Pools::new(consentry.options().names.clone(), metrics.clone()));
        let service = Service::new(consentry.clone(), pools.clone(), limits.clone());
        let mut proxy = http_proxy(&Arc::new(conf()), service);
        proxy.server_options = Some(options(&limits));
        proxy.h2_options = Some(h2_options(&limits));
        let proxy = Arc::new(proxy);
        Self { proxy, pools, consentry, trusted, limits, crowd, metrics, watch }
    }

    /// Lets visitors in at `door`.
    fn receive(&self, door: Door, tasks: &mut JoinSet<()>) {
        match door.redirect {
            None => tasks.spawn(accept(
                self.desk(&door, self.proxy.clone()),
                door.socket,
                self.watch.clone(),
            )),
            Some(port) => {
                let app = Arc::new(Redirect { port, metrics: self.metrics.clone() });
                tasks.spawn(accept(self.desk(&door, app), door.socket, self.watch.clone()))
            }
        };
    }

    /// Shows health and figures at `door`. Whoever can get there is not counted among visitors.
    fn show(&self, door: Door, life: &Life, tasks: &mut JoinSet<()>) {
        let app = Arc::new(Admin { consentry: self.consentry.clone(), life: life.clone() });
        let desk = Desk { crowd: Crowd::unseen(), ..self.desk(&door, app) };
        tasks.spawn(accept(desk, door.socket, self.watch.clone()));
    }

    fn desk<A>(&self, door: &Door, app: Arc<A>) -> Desk<A> {
        Desk {
            app,
            tls: door.tls.clone(),
            proxy_protocol: door.proxy_protocol,
            trusted: self.trusted.clone(),
            limits: self.limits.clone(),
            crowd: self.crowd.clone(),
            metrics: self.metrics.clone(),
        }
    }
}

/// Accepts connections until the end, and waits for theirs.
async fn accept<A>(desk: Desk<A>, socket: Bound, mut watch: ShutdownWatch)
where
    A: HttpServerApp + Send + Sync + 'static,
{
    let desk = Arc::new(desk);
    // The end is news to a connection, whenever it was accepted.
    let news = watch.clone();
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            _ = watch.changed() => break,
            accepted = socket.accept() => accepted,
            Some(ended) = connections.join_next() => {
                if ended.is_err_and(|error| error.is_panic()) {
                    desk.metrics.faults.with_label_values(&["connection"]).inc();
                }
                continue;
            }
        };
        match accepted {
            Ok((socket, peer)) => {
                connections.spawn(attend(socket, peer, desk.clone(), news.clone()));
            }
            Err(error) => {
                log::warn!("a connection was not accepted: {error}");
                sleep(REST).await;
            }
        }
    }
    // Those who came before the end, and were not accepted yet, are served.
    while let Ok(Ok((socket, peer))) = timeout(Duration::ZERO, socket.accept()).await {
        connections.spawn(attend(socket, peer, desk.clone(), news.clone()));
    }
    drop(socket);
    while connections.join_next().await.is_some() {}
}

/// More than an origin's `retries` can be.
const MOST_RETRIES: usize = 10;

fn conf() -> ServerConf {
    ServerConf { max_retries: MOST_RETRIES + 1, ..ServerConf::default() }
}

fn options(limits: &Limits) -> HttpServerOptions {
    let mut options = HttpServerOptions::default();
    options.h2c = true;
    options.h2_idle_timeout = Some(limits.idle_timeout);
    options
}

fn h2_options(limits: &Limits) -> H2Options {
    let mut options = default_h2_options();
    options.max_concurrent_streams(limits.streams);
    options.max_header_list_size(u32::try_from(limits.max_head).unwrap_or(u32::MAX));
    options
}

fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
