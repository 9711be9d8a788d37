//! Turns an address and a [`Consentry`] into a running program, with its end.
//!
//! Pingora's own `Server` ends the process, waits for minutes on a signal, and does not tell which port it got. Its
//! proxy is driven here by an accept loop on an own runtime instead: a port can be 0, several can run in one process,
//! and an end is prompt. What is lost is handing sockets over to a new process.
//!
//! 1. `ready` is called when connections are accepted.
//! 2. At the end no connection is accepted, idle ones are closed, and requests on their way get [`Config::drain`].

use super::{Consentry, admin::Admin, service::Service, visitor};
use pingora_core::{
    apps::{HttpServerApp, HttpServerOptions},
    server::{ShutdownWatch, configuration::ServerConf},
};
use pingora_proxy::http_proxy;
use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    runtime,
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

/// How many connections may wait to be accepted; a burst over it waits for a second, the site's own visitors with it.
const WAITING: u32 = 4096;
/// How long an HTTP/2 connection without requests is kept.
const IDLE_HTTP2: Duration = Duration::from_secs(60);

/// How the program listens and ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where visitors come in; port 0 for any free one.
    pub listen: SocketAddr,
    /// Where health and metrics are read; default nowhere.
    pub admin: Option<SocketAddr>,
    /// Worker threads; default as many as there are cores.
    pub threads: Option<usize>,
    /// How long requests on their way may take at the end; default 10 s.
    pub drain: Duration,
}

/// Why a program did not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken, or not ours.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, #[source] io::Error),
    /// The system gave no threads or no signals.
    #[error("cannot start: {0}")]
    Start(#[from] io::Error),
}

/// Where a program listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listening {
    /// For visitors.
    pub visitors: SocketAddr,
    /// For health and metrics.
    pub admin: Option<SocketAddr>,
}

impl Config {
    /// The defaults, at `listen`.
    #[must_use]
    pub const fn at(listen: SocketAddr) -> Self {
        Self { listen, admin: None, threads: None, drain: Duration::from_secs(10) }
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
/// When an address cannot be listened on.
pub async fn serve(
    config: &Config,
    consentry: Consentry,
    ready: impl FnOnce(Listening),
    end: impl Future<Output = ()>,
) -> Result<(), Error> {
    let visitors = bind(config.listen)?;
    let admin = match config.admin {
        Some(address) => Some(bind(address)?),
        None => None,
    };
    let listening = Listening {
        visitors: visitors.local_addr()?,
        admin: admin.as_ref().map(TcpListener::local_addr).transpose()?,
    };
    let (ending, watch) = watch::channel(false);
    let figures = Arc::new(Admin(consentry.clone()));
    let mut proxy = http_proxy(&Arc::new(conf()), Service::new(consentry));
    proxy.server_options = Some(options());
    let proxy = Arc::new(proxy);
    let mut connections = JoinSet::new();
    ready(listening);
    tokio::pin!(end);
    loop {
        tokio::select! {
            () = &mut end => break,
            accepted = visitors.accept() => admit(accepted, &proxy, &watch, &mut connections).await,
            accepted = accept(admin.as_ref()) => admit(accepted, &figures, &watch, &mut connections).await,
            Some(_) = connections.join_next() => {}
        }
    }
    drop((visitors, admin));
    // Nobody may be listening any more, which is fine.
    let _ = ending.send(true);
    proxy.http_cleanup().await;
    // Those still open at the end of the time are cut off when the set is dropped.
    let _ = timeout(config.drain, async { while connections.join_next().await.is_some() {} }).await;
    Ok(())
}

fn bind(address: SocketAddr) -> Result<TcpListener, Error> {
    let bound = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(WAITING)
    };
    bound().map_err(|error| Error::Listen(address, error))
}

/// Never, without a listener.
async fn accept(listener: Option<&TcpListener>) -> io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

async fn admit<A: HttpServerApp + Send + Sync + 'static>(
    accepted: io::Result<(TcpStream, SocketAddr)>,
    app: &Arc<A>,
    watch: &ShutdownWatch,
    connections: &mut JoinSet<()>,
) {
    match accepted {
        Ok((socket, _)) => {
            connections.spawn(visitor::attend(socket, app.clone(), watch.clone()));
        }
        Err(error) => {
            log::warn!("a connection was not accepted: {error}");
            // Out of file descriptors: others have to close first.
            sleep(Duration::from_millis(50)).await;
        }
    }
}

fn conf() -> ServerConf {
    ServerConf { max_retries: 4, ..ServerConf::default() }
}

fn options() -> HttpServerOptions {
    let mut options = HttpServerOptions::default();
    options.h2c = true;
    options.h2_idle_timeout = Some(IDLE_HTTP2);
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
