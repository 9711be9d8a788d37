//! Turns the demo's shop and vendors into something that a browser can look at, with Consentry in front.

use super::{
    Usage, demo, print,
    serve::{asked_to_end, at, runtime},
};
use crate::{
    config::{Config, Overrides, listen_address},
    engine::Engine,
    proxy::{
        Consentry, Options,
        server::{self, Error, Listening},
    },
};
use clap::Args;
use std::{
    net::{Ipv4Addr, SocketAddr},
    process::ExitCode,
    time::Duration,
};
use url::Url;

/// How long requests on their way may take at the end.
const DRAIN: Duration = Duration::from_secs(1);

/// The shop asks by itself and writes the cookie, which on a site with our banner only the server may.
const CONFIG: &str = "[banner]\nenabled = false\n";

/// Show it on a small shop with stub vendors, all on this machine.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where to listen; 127.0.0.1:8080 where it is free, or else any free port.
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    super::log::start("warn");
    let address = arguments.listen.as_deref().map(listen_address).transpose();
    let address = address.map_err(|why| Usage(format!("`--listen` {why}")))?;
    let runtime = runtime()?;
    let shown = runtime.block_on(show(address));
    runtime.shutdown_timeout(DRAIN);
    shown.map(|()| ExitCode::SUCCESS)
}

async fn show(address: Option<SocketAddr>) -> anyhow::Result<()> {
    let demo = demo::start().await?;
    let origin = Url::parse(&format!("http://{}", demo.shop))?;
    let overrides = Overrides { origin: Some(origin), ..Overrides::default() };
    let config = Config::parse(CONFIG, "the demo's configuration", "".as_ref(), &overrides)?;
    let mut collection = config.collection.clone();
    for host in demo::hosts() {
        collection.targets.insert(host.to_owned(), format!("http://{}", demo.stubs).parse()?);
    }
    let engine = Engine::new(config.engine(&demo::vendors())?)?.collecting(collection);
    let consentry = Consentry::new(engine, Options::default())?;
    let first = address.or(config.listen.address());
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    match serve(first.unwrap_or(anywhere), consentry.clone()).await {
        Err(Error::Listen(..)) if address.is_none() => {
            serve(anywhere, consentry).await?;
        }
        served => served?,
    }
    Ok(())
}

async fn serve(address: SocketAddr, consentry: Consentry) -> Result<(), Error> {
    let server = server::Config { drain: DRAIN, ..at(address) };
    server::serve(&server, consentry, announce, asked_to_end()?).await
}

fn announce(Listening { visitors, admin: _ }: Listening) {
    let place = visitors.first().map(ToString::to_string).unwrap_or_default();
    // Nobody may be reading, which is no reason not to serve.
    let _ = print(&format!(
        "consentry: {place}/

Open it in a browser. The shop's pages hold Google Tag Manager, gtag, the Meta
Pixel, counting pixels and a video, as real shops' pages do; the vendors are
stubs on this machine, and nothing leaves it.

Look for:
  - what the vendors have received, on the start page: nothing
  - the source of any page: its trackers are gone, and nothing else is
  - the buttons at the top: what you allow works, and nothing else
  - the network log after a yes: your browser asks this site alone, and the
    vendors get what is left of it on the way

Press Ctrl-C to end it."
    ));
}
