//! Turns a configuration into a proxy that runs until Ctrl-C or `SIGTERM`.
//!
//! 1. What is wrong is said before anything is listened on.
//! 2. One line on standard output says when it is ready, and where.

use super::{
    ConfigFile, ModeName, Usage, notify, print,
    records::Recording,
    refresh::Shelf,
    reload::{self, Reloading, Source},
};
use crate::{
    config::{Config, Listen, Overrides, Server, Shutdown, SiteConfig, listen_address, origin_url},
    policy::Mode,
    proxy::{
        Consentry, Options,
        choice::{Memory, Secret, Signing},
        life::{Life, Order},
        names,
        server::{self, Listening},
    },
};
use anyhow::Context as _;
use clap::Args;
use std::{
    io,
    net::SocketAddr,
    process::{self, ExitCode},
    time::Duration,
};
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
    sync::oneshot,
    task::JoinSet,
    time::timeout,
};

/// How long tasks that are not done yet may take at the end.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// Stand in front of a website.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    file: ConfigFile,
    /// The website: scheme, host and port.
    #[arg(long, value_name = "URL")]
    origin: Option<String>,
    /// Where to listen; 127.0.0.1:8080 unless the file says otherwise. Port 0 is any free one.
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// What the gate does.
    #[arg(long, value_name = "MODE")]
    mode: Option<ModeName>,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    super::log::start("warn,consentry=info");
    let (file, overrides) = (arguments.file.clone(), arguments.overrides()?);
    let text = file.text()?;
    let config = file.parse(&text, &overrides)?;
    has_origin(&config)?;
    let engine = reload::engine(&config)?;
    let shelf = Shelf::open(&engine, config.list_cache.as_deref())?;
    let options = Options { edge: config.listen.edge.clone(), ..Options::default() };
    let consentry = Consentry::new(engine, options)?.signing(signing(&config));
    let mut memory = Memory::new(&config.records.spool, config.records.store.clone());
    memory.recall(&consentry);
    let runtime = runtime()?;
    let served = runtime.block_on(async {
        let life = Life::default();
        let source = Source { file, overrides, text };
        let reloading = Reloading::new(source, shelf, consentry.clone(), life.clone())?;
        let mut beside = JoinSet::new();
        beside.spawn(reloading.run());
        beside.spawn(notify::watchdog());
        beside.spawn(obey(life.clone())?);
        let _names = names(&config, &consentry);
        let (end, ended) = oneshot::channel::<()>();
        let ended = async { drop(ended.await) };
        let remembering = tokio::spawn(memory.keep(consentry.clone(), ended));
        let recording = Recording::start(&config.records, &consentry)?;
        let server = server(&config);
        let served = server::live(&server, consentry, |at| announce(&config, at), &life).await;
        recording.end().await;
        drop(end);
        let _ = timeout(LAST_MOMENT, remembering).await;
        anyhow::Ok(served?)
    });
    runtime.shutdown_timeout(LAST_MOMENT);
    served.map(|()| ExitCode::SUCCESS)
}

impl Arguments {
    fn overrides(&self) -> Result<Overrides, Usage> {
        let wrong = |flag: &str, why: String| Usage(format!("`{flag}` {why}"));
        let origin = self.origin.as_deref().map(origin_url).transpose();
        let address = self.listen.as_deref().map(listen_address).transpose();
        Ok(Overrides {
            origin: origin.map_err(|why| wrong("--origin", why.to_string()))?,
            address: address.map_err(|why| wrong("--listen", why.to_string()))?,
            mode: self.mode.map(Mode::from),
            offline: false,
        })
    }
}

/// How choices are signed and kept.
fn signing(config: &Config) -> Signing {
    let with = match &config.secret {
        Some(key) => Secret::Key(key.clone()),
        None => Secret::Folder(config.records.spool.clone()),
    };
    Signing { with, kept: config.records.refusals }
}

/// A server as `config` says.
fn server(config: &Config) -> server::Config {
    let Listen { listeners, admin, shared, edge: _, handover } = config.listen.clone();
    let limits = config.limits.visitors.clone();
    let Shutdown { wait, drain } = config.shutdown;
    server::Config { listeners, admin, shared, limits, handover, threads: None, wait, drain }
}

/// A server at `address`.
pub(super) fn at(address: SocketAddr) -> server::Config {
    server::Config::at(address)
}

/// What the program runs on.
pub(super) fn runtime() -> anyhow::Result<Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().build().context("no threads can be had")
}

/// Has a program end on `SIGTERM`, without a wait on Ctrl-C, and at once on a second signal.
fn obey(life: Life) -> io::Result<impl Future<Output = ()> + use<>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        let first = tokio::select! {
            _ = interrupt.recv() => Order::Drain,
            _ = terminate.recv() => Order::Leave,
        };
        notify::tell(notify::STOPPING);
        log::info!("asked to end");
        life.tell(first);
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        life.tell(Order::Stop);
    })
}

/// Ends on Ctrl-C and on `SIGTERM`.
pub(super) fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Resolves the names that pages use, where a site says so; a machine that cannot is no reason not to serve.
fn names(config: &Config, consentry: &Consentry) -> Option<JoinSet<()>> {
    config
        .served()
        .any(|site| site.gate.cname)
        .then(|| names::watch(consentry.clone(), config.dns))?
        .inspect_err(|error| {
            log::warn!("names under the sites' own domains are not resolved: {error}")
        })
        .ok()
}

pub(super) fn has_origin(config: &Config) -> Result<(), Usage> {
    if config.served().all(|site| !site.origin.servers.is_empty()) {
        return Ok(());
    }
    let what = "nothing says which website is behind";
    let instead = "write --origin http://127.0.0.1:3000, or `url` in [origin] of the configuration";
    Err(Usage(format!("{what}; {instead}")))
}

fn announce(config: &Config, listening: Listening) {
    let places: Vec<_> = listening.visitors.iter().map(ToString::to_string).collect();
    let mut line = format!("consentry: {}", places.join(", "));
    let sites: Vec<&SiteConfig> = config.served().collect();
    if let [site] = &sites[..] {
        let shown = |server: &Server| server.url.as_str().trim_end_matches('/').to_owned();
        let origin: Vec<_> = site.origin.servers.iter().map(shown).collect();
        line.push_str(&format!(" -> {} ({})", origin.join(", "), site.mode.name()));
    } else {
        line.push_str(&format!(" -> {} sites", sites.len()));
    }
    if let Some(admin) = listening.admin {
        line.push_str(&format!(", admin http://{admin}"));
    }
    // Nobody may be reading, which is no reason not to serve.
    let _ = print(&line);
    notify::tell(&format!("{}\nMAINPID={}", notify::READY, process::id()));
}
