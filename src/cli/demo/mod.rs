//! Turns two loopback ports into something to look at: a small legacy shop, and the vendors that its pages call.
//!
//! 1. Nothing leaves the machine: everything listens on 127.0.0.1, and the vendors have `*.localhost` names, which
//!    browsers resolve to loopback by themselves (RFC 6761 6.3). Consentry asks the stubs for them, and for those of the
//!    vendors' own hosts to which their scripts send.
//! 2. The shop knows nothing of Consentry. Its pages hold their trackers as real shops' pages do; what then reaches the
//!    vendors, through the site's own paths, is counted by the vendors.
//! 3. A vendor's request counts as "without a yes" when the page that was last fetched from the shop came with a
//!    choice that does not grant the vendor's purpose.

mod choice;
mod http;
mod page;
mod received;
mod shop;
mod stubs;

pub use self::stubs::{hosts, vendors};
use self::{received::Received, shop::Shop, stubs::Stubs};
use anyhow::Context as _;
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};
use tokio::{net::TcpListener, task::JoinSet};

/// The running shop and vendors; dropping it ends both.
#[derive(Debug)]
pub struct Demo {
    /// Where the shop listens: the origin for the proxy.
    pub shop: SocketAddr,
    /// Where all vendors listen; they are told apart by `Host`.
    pub stubs: SocketAddr,
    _servers: JoinSet<()>,
}

/// Starts the shop and the vendors, each on a free port of 127.0.0.1.
///
/// # Errors
/// When no port can be listened on.
pub async fn start() -> anyhow::Result<Demo> {
    let (shop, shop_at) = listen().await.context("the demo shop cannot listen on 127.0.0.1")?;
    let (stubs, stubs_at) =
        listen().await.context("the demo vendors cannot listen on 127.0.0.1")?;
    let received = Arc::new(Received::default());
    let mut servers = JoinSet::new();
    let site = Shop::new(Arc::clone(&received));
    servers.spawn(http::serve(shop, move |request| site.answer(request)));
    let vendors = Stubs::new(received);
    servers.spawn(http::serve(stubs, move |request| vendors.answer(request)));
    Ok(Demo { shop: shop_at, stubs: stubs_at, _servers: servers })
}

async fn listen() -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

#[cfg(test)]
mod tests;
