//! Turns an accepted connection into one of HTTP/1 or HTTP/2, and bounds what an idle or hostile visitor can hold.
//!
//! 1. There is room for it, in all and for its client; trusted proxies stand for many clients and have no share.
//! 2. What a balancer says of it comes first, and only from trusted ones; then TLS; both in the time for handshakes.
//! 3. Over TLS the version of HTTP is agreed on. In clear text a connection that begins with HTTP/2's preface is HTTP/2 by
//!    prior knowledge (RFC 9113 3.3); Pingora's own test for it waits for bytes that a short HTTP/1 request does not
//!    have, so it is made here.
//! 4. A connection that is not served is counted by why.

use super::{
    line::{Line, Patience},
    listen::{Crowd, Guarded, Limits, PREFACE, Preamble, Read, Share, Socket, Trusted, read},
    tls::Acceptor,
    wire::Wire,
};
use crate::metrics::Metrics;
use bytes::BytesMut;
use pingora_core::{
    apps::{HttpServerApp, ReusedHttpStream, ServerApp},
    protocols::{
        GetSocketDigest as _, SocketDigest, Stream,
        http::ServerSession,
        l4::{
            socket::SocketAddr as AnyAddress, stream::Stream as Transport,
            virt::VirtualSocketStream,
        },
    },
    server::ShutdownWatch,
};
use std::{net::SocketAddr, os::fd::AsRawFd as _, sync::Arc, time::Duration};
use tokio::{
    io::AsyncReadExt as _,
    time::{Instant, sleep, timeout, timeout_at},
};

/// How much is read at once to see what a connection is; bytes.
const PIECE: usize = 1024;
/// How long a request that is on its way at the program's end may take to arrive.
const LAST_WORD: Duration = Duration::from_millis(250);
/// How many times [`LAST_WORD`] a request may take of which a part is there.
const LAST_WORDS: u32 = 8;

/// What a listener knows of how its connections are served.
pub(super) struct Desk<A> {
    pub(super) app: Arc<A>,
    pub(super) tls: Option<Acceptor>,
    /// Whether a PROXY preamble comes first.
    pub(super) proxy_protocol: bool,
    pub(super) trusted: Trusted,
    pub(super) limits: Limits,
    pub(super) crowd: Arc<Crowd>,
    pub(super) metrics: Arc<Metrics>,
}

/// Why a connection is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// There are too many.
    Full,
    /// Its client has too many.
    Client,
    /// A balancer's preamble was due, and who came is no balancer.
    Untrusted,
    /// The preamble is none.
    Preamble,
    /// The preamble or the handshake did not come in time.
    Slow,
    /// The handshake failed.
    Tls,
    /// Nothing came at all, or the visitor went away.
    Silent,
}

/// A connection on which requests can be read.
struct Open {
    stream: Stream,
    line: Arc<Line>,
    is_http2: bool,
}

/// A connection of which the beginning was looked at.
struct Begun {
    socket: Socket,
    seen: BytesMut,
    peer: Option<SocketAddr>,
    secure: bool,
}

impl Refusal {
    const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Client => "client_full",
            Self::Untrusted => "untrusted",
            Self::Preamble => "preamble",
            Self::Slow => "slow_handshake",
            Self::Tls => "tls",
            Self::Silent => "silent",
        }
    }
}

/// Serves one connection to its end.
pub(super) async fn attend<A>(
    socket: Socket,
    peer: Option<SocketAddr>,
    desk: Arc<Desk<A>>,
    mut watch: ShutdownWatch,
) where
    A: HttpServerApp + Send + Sync + 'static,
{
    let mut held = Vec::new();
    let opened = match desk.crowd.room() {
        Some(_room) => match desk.open(socket, peer, &mut held, &mut watch).await {
            Ok(open) => return desk.serve(open, &watch).await,
            Err(why) => why,
        },
        None => Refusal::Full,
    };
    desk.metrics.connections_refused.with_label_values(&[opened.name()]).inc();
}

impl<A> Desk<A>
where
    A: HttpServerApp + Send + Sync + 'static,
{
    /// Finds out what the connection is; what its client has of the room goes into `held`.
    async fn open(
        &self,
        socket: Socket,
        peer: Option<SocketAddr>,
        held: &mut Vec<Share>,
        watch: &mut ShutdownWatch,
    ) -> Result<Open, Refusal> {
        let end = Instant::now() + self.limits.handshake_timeout;
        let mut begun = Begun { socket, seen: BytesMut::new(), peer, secure: false };
        self.admit(peer, held)?;
        if self.proxy_protocol {
            let preamble = timeout_at(end, begun.preamble());
            let preamble =
                if self.trusts(peer) { preamble } else { return Err(Refusal::Untrusted) };
            let said = preamble.await.unwrap_or(Err(Refusal::Slow))?;
            begun.peer = said.source.or(peer);
            begun.secure = said.secure;
            if said.source.is_some() {
                self.admit(said.source, held)?;
            }
        }
        match &self.tls {
            Some(acceptor) => {
                let (transport, line) = self.wired(begun).ok_or(Refusal::Silent)?;
                let accepted = timeout_at(end, acceptor.accept(transport)).await;
                let accepted = accepted.map_err(|_| Refusal::Slow)?.ok_or(Refusal::Tls)?;
                self.count(accepted.is_http2, accepted.version);
                Ok(Open { stream: accepted.stream, line, is_http2: accepted.is_http2 })
            }
            None => {
                let is_http2 = self.begins_http2(&mut begun, watch).await?;
                let (transport, line) = self.wired(begun).ok_or(Refusal::Silent)?;
                self.count(is_http2, "none");
                Ok(Open { stream: Box::new(transport), line, is_http2 })
            }
        }
    }

    /// Takes a share of the room for the client at `peer`, unless it is a proxy that stands for many.
    fn admit(&self, peer: Option<SocketAddr>, held: &mut Vec<Share>) -> Result<(), Refusal> {
        if let Some(peer) = peer.filter(|_| !self.trusts(peer)) {
            held.push(self.crowd.share(peer.ip()).ok_or(Refusal::Client)?);
        }
        Ok(())
    }

    /// Whether `peer` is believed; what comes over a Unix socket is, for the file's permissions say who may.
    fn trusts(&self, peer: Option<SocketAddr>) -> bool {
        peer.is_none_or(|peer| self.trusted.holds(peer.ip()))
    }

    fn count(&self, is_http2: bool, tls: &str) {
        let http = if is_http2 { "2" } else { "1" };
        self.metrics.connections.with_label_values(&[http, tls]).inc();
    }

    /// Reads until it is clear whether the connection is one of HTTP/2; at the program's end no longer than [`LAST_WORD`].
    async fn begins_http2(
        &self,
        begun: &mut Begun,
        watch: &mut ShutdownWatch,
    ) -> Result<bool, Refusal> {
        let start = begun.begins_http2();
        tokio::pin!(start);
        let seen = tokio::select! {
            biased;
            seen = timeout(self.limits.idle_timeout, &mut start) => seen,
            _ = watch.changed() => timeout(LAST_WORD, start).await,
        };
        seen.unwrap_or(Err(Refusal::Silent))
    }

    /// As Pingora's listeners make it: small writes leave at once, and addresses can be asked for.
    fn wired(&self, begun: Begun) -> Option<(Transport, Arc<Line>)> {
        let Begun { socket, seen, peer, secure } = begun;
        socket.set_nodelay().ok()?;
        let digest = SocketDigest::from_raw_fd(socket.as_raw_fd());
        if let Some(peer) = peer {
            // Nobody can have asked for it yet.
            let _ = digest.peer_addr.set(Some(AnyAddress::Inet(peer)));
        }
        let line = Line::new(secure);
        let slow = self.metrics.connections_cut.with_label_values(&["slow_head"]);
        let patience = Patience::new(line.clone(), self.limits.head_timeout, slow);
        let wire = Wire::new(socket, seen.freeze(), patience);
        let mut transport = Transport::from(VirtualSocketStream::new(Box::new(wire)));
        transport.set_socket_digest(digest);
        line.join(&mut transport)?;
        Some((transport, line))
    }

    async fn serve(&self, open: Open, watch: &ShutdownWatch) {
        let Open { stream, line, is_http2 } = open;
        if is_http2 {
            line.share();
            let floods = self.metrics.connections_cut.with_label_values(&["flood"]);
            let stream = Guarded::new(stream, self.limits.resets, floods);
            drop(self.app.process_new(Box::new(stream), watch).await);
        } else {
            line.end();
            tokio::select! {
                biased;
                () = self.one_by_one(stream, watch) => {}
                () = left(&line, watch.clone()) => {}
            }
        }
    }

    /// As Pingora does, but for the test for HTTP/2.
    async fn one_by_one(&self, stream: Stream, watch: &ShutdownWatch) {
        let mut session = ServerSession::new_http1(stream);
        session.set_keepalive((!*watch.borrow()).then_some(self.limits.idle_timeout.as_secs()));
        loop {
            let next = self.app.process_new_http(session, watch).await;
            let Some((stream, settings)) = next.map(ReusedHttpStream::consume) else { return };
            session = ServerSession::new_http1(stream);
            if let Some(settings) = settings {
                settings.apply_to_session(&mut session);
            }
        }
    }
}

/// Done when the program ends, and no request has been on `line` for [`LAST_WORD`], or part of one for [`LAST_WORDS`].
///
/// Pingora's own end of waiting connections cuts off those of whose request a part is there.
async fn left(line: &Line, mut watch: ShutdownWatch) {
    let _ = watch.wait_for(|ends| *ends).await;
    let mut in_parts = 0;
    while in_parts < LAST_WORDS {
        sleep(LAST_WORD).await;
        if line.is_idle() {
            return;
        }
        in_parts = if line.is_busy() { 0 } else { in_parts + 1 };
    }
}

impl Begun {
    /// Reads what a balancer says, with what comes after it.
    async fn preamble(&mut self) -> Result<Preamble, Refusal> {
        loop {
            let missing = match read(&self.seen).map_err(|_| Refusal::Preamble)? {
                Read::Whole(preamble, length) => {
                    let _ = self.seen.split_to(length);
                    return Ok(preamble);
                }
                Read::Part(missing) => missing,
            };
            self.more(missing.max(PIECE)).await?;
        }
    }

    async fn begins_http2(&mut self) -> Result<bool, Refusal> {
        loop {
            let start = self.seen.get(..PREFACE.len()).unwrap_or(&self.seen);
            if !PREFACE.starts_with(start) {
                return Ok(false);
            }
            if start.len() == PREFACE.len() {
                return Ok(true);
            }
            self.more(PIECE).await?;
        }
    }

    /// Reads at most `length` bytes more.
    async fn more(&mut self, length: usize) -> Result<(), Refusal> {
        let mut piece = BytesMut::with_capacity(length);
        match self.socket.read_buf(&mut piece).await {
            Ok(0) | Err(_) => Err(Refusal::Silent),
            Ok(_) => {
                self.seen.extend_from_slice(&piece);
                Ok(())
            }
        }
    }
}
