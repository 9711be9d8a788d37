//! Turns an accepted connection into one of HTTP/1 or HTTP/2, and bounds what an idle or hostile visitor can hold.
//!
//! 1. A connection that begins with HTTP/2's preface is HTTP/2 by prior knowledge (RFC 9113 3.3); Pingora's own test
//!    for it waits for bytes that a short HTTP/1 request does not have, so it is made here.
//! 2. A request's head has [`HEAD`] from its first byte on, however many pieces it comes in.
//! 3. A response without length and chunks that breaks off ends with a reset, for its end would be taken for a whole.

use super::wire::{Watch, Wire};
use http::StatusCode;
use pingora_core::{
    apps::{HttpServerApp, ReusedHttpStream, ServerApp},
    protocols::{
        GetProxyDigest as _, GetSocketDigest as _, SocketDigest, Stream,
        http::ServerSession,
        l4::{stream::Stream as Socket, virt::VirtualSocketStream},
        raw_connect::ProxyDigest,
    },
    server::ShutdownWatch,
};
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use std::{
    io,
    os::fd::AsRawFd as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};

/// How long a connection may be silent before its first request.
const SILENT: Duration = Duration::from_secs(60);
/// How long a request's head may take.
const HEAD: Duration = Duration::from_secs(30);
/// What HTTP/2 begins with (RFC 9113 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What a connection and the requests on it tell each other.
#[derive(Debug, Default)]
pub(super) struct Line {
    busy: AtomicBool,
    aborted: AtomicBool,
}

/// Ends connections whose request heads do not come.
#[derive(Debug)]
struct Patience {
    line: Arc<Line>,
    since: Option<Instant>,
}

impl Line {
    /// The line of the connection that `session` is on; none for HTTP/2, whose streams share one.
    pub(super) fn of(session: &Session) -> Option<&Arc<Self>> {
        let data = session.digest()?.proxy_digest.as_ref()?.user_data.as_ref()?;
        data.downcast_ref()
    }

    /// A request's head is there.
    pub(super) fn begin(&self) {
        self.busy.store(true, Relaxed);
    }

    /// The response is over; the next request may come.
    pub(super) fn end(&self) {
        self.busy.store(false, Relaxed);
    }

    /// The response broke off and must not look whole.
    pub(super) fn abort(&self) {
        self.aborted.store(true, Relaxed);
    }
}

impl Watch for Patience {
    /// Whoever sends a head byte by byte wakes this with each.
    fn may_read(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.line.busy.load(Relaxed) {
            self.since = None;
        }
        match self.since {
            Some(since) if since.elapsed() > HEAD => {
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Some(_) | None => Poll::Ready(Ok(())),
        }
    }

    fn has_read(&mut self) {
        if !self.line.busy.load(Relaxed) {
            self.since.get_or_insert_with(Instant::now);
        }
    }

    fn has_written(&mut self) {}

    fn is_aborted(&self) -> bool {
        self.line.aborted.load(Relaxed)
    }
}

/// Serves one connection to its end.
pub(super) async fn attend<A>(socket: TcpStream, app: Arc<A>, mut watch: ShutdownWatch)
where
    A: HttpServerApp + Send + Sync + 'static,
{
    let start = tokio::select! {
        start = timeout(SILENT, begins_http2(&socket)) => start,
        _ = watch.changed() => return,
    };
    let Ok(Ok(is_http2)) = start else { return };
    let line = Arc::<Line>::default();
    if is_http2 {
        line.begin();
    }
    let Some(stream) = stream(socket, line, is_http2) else { return };
    if is_http2 {
        drop(app.process_new(stream, &watch).await);
    } else {
        one_by_one(stream, &app, &watch).await;
    }
}

/// As Pingora does, but for the test for HTTP/2.
async fn one_by_one<A>(stream: Stream, app: &Arc<A>, watch: &ShutdownWatch)
where
    A: HttpServerApp + Send + Sync + 'static,
{
    let mut session = ServerSession::new_http1(stream);
    session.set_keepalive((!*watch.borrow()).then_some(SILENT.as_secs()));
    loop {
        let next = app.process_new_http(session, watch).await.map(ReusedHttpStream::consume);
        let Some((stream, settings)) = next else { return };
        session = ServerSession::new_http1(stream);
        if let Some(settings) = settings {
            settings.apply_to_session(&mut session);
        }
    }
}

/// Looks at the first bytes and leaves them where they are.
async fn begins_http2(socket: &TcpStream) -> io::Result<bool> {
    let mut start = [0; PREFACE.len()];
    loop {
        let length = socket.peek(&mut start).await?;
        let seen = start.get(..length).unwrap_or_default();
        if length == 0 || !PREFACE.starts_with(seen) {
            return Ok(false);
        }
        if length == PREFACE.len() {
            return Ok(true);
        }
        // The rest of a preface: nothing tells when more than the seen bytes are there.
        sleep(Duration::from_millis(5)).await;
    }
}

fn stream(socket: TcpStream, line: Arc<Line>, is_http2: bool) -> Option<Stream> {
    socket.set_nodelay(true).ok()?;
    let digest = SocketDigest::from_raw_fd(socket.as_raw_fd());
    let watch = Patience { line: line.clone(), since: None };
    let wire = Wire::new(socket, watch);
    let mut socket = Socket::from(VirtualSocketStream::new(Box::new(wire)));
    socket.set_socket_digest(digest);
    if !is_http2 {
        // The only thing of a connection's own that Pingora shows to its requests.
        let response = ResponseHeader::build(StatusCode::OK, Some(0)).ok()?;
        socket.set_proxy_digest(ProxyDigest::new(Box::new(response), Some(Box::new(line))));
    }
    Some(Box::new(socket))
}
