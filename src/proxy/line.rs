//! Turns a connection into one that its requests can find again, and that ends when a request's head does not come.
//!
//! 1. A request's head has so much time from its first byte on, however many pieces it comes in.
//! 2. A response without length and chunks that breaks off ends with a reset, for its end would be taken for a whole.
//! 3. A connection is idle until the first byte of a head: then a server may close it without a word (RFC 9112 9.5), and later not.
//! 4. A proxy's digest is the only thing of a connection's own that Pingora shows to requests; it is used for that.

use super::wire::Watch;
use http::StatusCode;
use pingora_core::protocols::{GetProxyDigest as _, l4::stream::Stream, raw_connect::ProxyDigest};
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use prometheus::IntCounter;
use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep_until};

/// What a connection and the requests on it tell each other.
#[derive(Debug, Default)]
pub(super) struct Line {
    busy: AtomicBool,
    /// Whether a part of the next request's head is there.
    begun: AtomicBool,
    aborted: AtomicBool,
    /// Whether streams share it.
    is_shared: AtomicBool,
    /// Whether a balancer said that the visitor came over TLS.
    secure: AtomicBool,
}

/// Ends connections whose request heads do not come, and tells a cut from an end.
#[derive(Debug)]
pub(super) struct Patience {
    line: Arc<Line>,
    head: Duration,
    since: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
    slow: IntCounter,
}

impl Line {
    /// A line for a new connection, on which nothing is awaited until [`Self::end`].
    pub(super) fn new(secure: bool) -> Arc<Self> {
        let (busy, secure) = (AtomicBool::new(true), AtomicBool::new(secure));
        Arc::new(Self { busy, secure, ..Self::default() })
    }

    /// The line of the connection that `session` is on; none for HTTP/2, whose streams share one.
    pub(super) fn of(session: &Session) -> Option<&Arc<Self>> {
        Self::any_of(session).filter(|line| !line.is_shared.load(Relaxed))
    }

    /// Whether a balancer said that the visitor came over TLS.
    pub(super) fn is_told_secure(session: &Session) -> bool {
        Self::any_of(session).is_some_and(|line| line.secure.load(Relaxed))
    }

    fn any_of(session: &Session) -> Option<&Arc<Self>> {
        let data = session.digest()?.proxy_digest.as_ref()?.user_data.as_ref()?;
        data.downcast_ref()
    }

    /// Has the requests on `stream` find this line.
    pub(super) fn join(self: &Arc<Self>, stream: &mut Stream) -> Option<()> {
        let response = ResponseHeader::build(StatusCode::OK, Some(0)).ok()?;
        stream.set_proxy_digest(ProxyDigest::new(Box::new(response), Some(Box::new(self.clone()))));
        Some(())
    }

    /// A request's head is there.
    pub(super) fn begin(&self) {
        self.busy.store(true, Relaxed);
    }

    /// The response is over; the next request may come.
    pub(super) fn end(&self) {
        self.busy.store(false, Relaxed);
    }

    /// Whether nothing of a request is there.
    pub(super) fn is_idle(&self) -> bool {
        !self.is_busy() && !self.begun.load(Relaxed)
    }

    /// Whether a request is there and its response is not over.
    pub(super) fn is_busy(&self) -> bool {
        self.busy.load(Relaxed)
    }

    /// Streams share the connection, and have their own ends.
    pub(super) fn share(&self) {
        self.is_shared.store(true, Relaxed);
    }

    /// The response broke off and must not look whole.
    pub(super) fn abort(&self) {
        self.aborted.store(true, Relaxed);
    }
}

impl Patience {
    /// Lets a request's head take `head`; those that take longer are counted in `slow`.
    pub(super) const fn new(line: Arc<Line>, head: Duration, slow: IntCounter) -> Self {
        Self { line, head, since: None, alarm: None, slow }
    }

    fn forget(&mut self) {
        (self.since, self.alarm) = (None, None);
        self.line.begun.store(false, Relaxed);
    }

    fn is_waiting(&self) -> bool {
        !self.line.is_busy() && !self.line.is_shared.load(Relaxed)
    }
}

impl Watch for Patience {
    fn may_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(since) = self.since.filter(|_| self.is_waiting()) else {
            self.forget();
            return Poll::Ready(Ok(()));
        };
        let end = since + self.head;
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(end)));
        match alarm.as_mut().poll(context) {
            Poll::Ready(()) => {
                self.slow.inc();
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Poll::Pending => Poll::Ready(Ok(())),
        }
    }

    fn has_read(&mut self) {
        if self.is_waiting() {
            self.since.get_or_insert_with(Instant::now);
            self.line.begun.store(true, Relaxed);
        }
    }

    /// Nothing is written before a head is there; apps that are no proxy tell nothing else.
    fn has_written(&mut self) {
        self.forget();
    }

    /// A request that is not over has lost its task: the program ends.
    fn is_cut(&self) -> bool {
        let is_alone = !self.line.is_shared.load(Relaxed);
        is_alone && (self.line.aborted.load(Relaxed) || self.line.is_busy())
    }
}
