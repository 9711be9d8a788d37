//! Turns a question to a server into whether it is well.
//!
//! 1. Each question makes its own connection: a kept one would say nothing of whether the server takes another.
//! 2. All ways to a server count as one: it is well when the one that requests take is.

use super::{pool::Pool, target::Target};
use crate::engine::{Health, Origin, Probe};
use http::{HeaderValue, Uri, header::HOST};
use pingora_core::{
    Error, ErrorType, Result, connectors::http::Connector, upstreams::peer::HttpPeer,
};
use pingora_http::RequestHeader;
use std::{ops::RangeInclusive, sync::Arc};
use tokio::{net::TcpStream, task::JoinSet, time::timeout};

/// Asks every server of `pool`, all at once.
pub(super) async fn ask_all(pool: &Arc<Pool>, connector: &Arc<Connector>, health: &Health) {
    let mut asked = JoinSet::new();
    for target in pool.targets().iter() {
        let (pool, connector, health) = (pool.clone(), connector.clone(), health.clone());
        let target = target.clone();
        asked.spawn(async move { ask(&pool, &connector, &health, &target).await });
    }
    while asked.join_next().await.is_some() {}
    pool.show();
}

async fn ask(pool: &Pool, connector: &Connector, health: &Health, target: &Target) {
    let Some(address) = target.address() else { return };
    let answer = async {
        match &health.probe {
            Probe::Tcp => TcpStream::connect(address).await.map(drop).map_err(|e| e.to_string()),
            Probe::Http { path, host, status } => {
                let mut peer = pool.peer(target, address);
                peer.options.idle_timeout = Some(std::time::Duration::ZERO);
                let request = request(path, host.as_ref(), &target.origin);
                let told = get(connector, &peer, request, status).await;
                told.map_err(|error| error.to_string())
            }
        }
    };
    let answer = timeout(health.timeout, answer).await;
    let answer = answer.unwrap_or_else(|_| Err(format!("no answer in {:?}", health.timeout)));
    if answer.is_err() {
        target.turn(address);
    }
    match target.probed(answer.is_ok(), health.up, health.down) {
        Some(true) => log::info!("{} is well again", target.name),
        Some(false) => {
            log::warn!("{} is unwell: {}", target.name, answer.err().unwrap_or_default());
        }
        None => {}
    }
}

fn request(path: &Uri, host: Option<&HeaderValue>, origin: &Origin) -> Result<RequestHeader> {
    let path = path.path_and_query().map_or("/", |path| path.as_str());
    let mut request = RequestHeader::build("GET", path.as_bytes(), None)?;
    match host {
        Some(host) => request.insert_header(HOST, host.clone())?,
        None => request.insert_header(HOST, origin.authority())?,
    }
    request.insert_header("user-agent", concat!("consentry/", env!("CARGO_PKG_VERSION")))?;
    Ok(request)
}

async fn get(
    connector: &Connector,
    peer: &HttpPeer,
    request: Result<RequestHeader>,
    well: &RangeInclusive<u16>,
) -> Result<()> {
    let mut request = request?;
    let (mut session, _) = connector.get_http_session(peer).await?;
    if session.as_http2().is_some() {
        request.set_version(http::Version::HTTP_2);
    }
    session.write_request_header(Box::new(request)).await?;
    session.finish_request_body().await?;
    loop {
        session.read_response_header().await?;
        let status = session.response_header().map(|head| head.status);
        match status {
            Some(status) if status.is_informational() => {}
            Some(status) if well.contains(&status.as_u16()) => return Ok(()),
            Some(status) => {
                let what = format!("the answer is {status}");
                return Err(Error::explain(ErrorType::HTTPStatus(status.as_u16()), what));
            }
            None => return Err(Error::new(ErrorType::H1Error)),
        }
    }
}
