//! Turns a connection of HTTP/2 into one that ends when its client floods it with frames that only make work.
//!
//! 1. A request that is cancelled as soon as it is made costs the client nothing and is no concurrent stream
//!    (CVE-2023-44487); `PING`, `SETTINGS`, `PRIORITY` and empty `DATA` frames cost it as little (CVE-2019-9512 to 9518).
//! 2. So many of these frames may come at once, and a tenth of them a second: a browser cancels no more requests than it
//!    has on their way when its user goes on to the next page.
//! 3. Only the heads of frames are looked at (RFC 9113 4.1); what is wrong with them is for HTTP/2 itself to find.

use async_trait::async_trait;
use pingora_core::protocols::{
    ALPN, GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl,
    Stream, TimingDigest, UniqueID, UniqueIDType, raw_connect::ProxyDigest, tls::SslDigest,
};
use prometheus::IntCounter;
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What HTTP/2 begins with (RFC 9113 3.4).
pub(in crate::proxy) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// In how many seconds all frames that were used up may come again.
const AGAIN: f32 = 10.0;

// The types of frames (RFC 9113 6), and the flags of `END_STREAM` and `ACK`, which are the same.
const DATA: u8 = 0;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const FLAG: u8 = 1;

/// A connection whose frames are counted.
#[derive(Debug)]
pub(in crate::proxy) struct Guarded {
    stream: Stream,
    frames: Frames,
    floods: IntCounter,
}

/// What is known of the frames so far.
#[derive(Debug)]
struct Frames {
    /// The head of the next frame, as far as it is there.
    head: [u8; 9],
    filled: usize,
    /// How many bytes come before it.
    skip: usize,
    left: f32,
    most: f32,
    at: Instant,
}

impl Guarded {
    /// Lets `most` frames that only make work through at once; a connection with more is counted in `floods`.
    pub(in crate::proxy) fn new(stream: Stream, most: u32, floods: IntCounter) -> Self {
        Self { stream, frames: Frames::new(most, Instant::now()), floods }
    }
}

impl Frames {
    fn new(most: u32, at: Instant) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "limits are small")]
        let most = most as f32;
        Self { head: [0; 9], filled: 0, skip: PREFACE.len(), left: most, most, at }
    }

    /// Whether `bytes`, which come next, are no flood.
    fn bears(&mut self, mut bytes: &[u8], now: Instant) -> bool {
        while !bytes.is_empty() {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            bytes = bytes.get(skipped..).unwrap_or_default();
            let Some(rest) = self.head.get_mut(self.filled..).filter(|_| self.skip == 0) else {
                break;
            };
            let length = rest.len().min(bytes.len());
            let (now_read, later) = bytes.split_at_checked(length).unwrap_or_default();
            rest.iter_mut().zip(now_read).for_each(|(to, from)| *to = *from);
            (self.filled, bytes) = (self.filled + length, later);
            if self.filled == self.head.len() && !self.frame(now) {
                return false;
            }
        }
        true
    }

    /// Whether the frame whose head is there may come.
    fn frame(&mut self, now: Instant) -> bool {
        let [a, b, c, kind, flags, ..] = self.head;
        let length = u32::from_be_bytes([0, a, b, c]);
        self.filled = 0;
        self.skip = usize::try_from(length).unwrap_or(usize::MAX);
        let makes_work = match kind {
            RST_STREAM | PRIORITY => true,
            PING | SETTINGS => flags & FLAG == 0,
            DATA => length == 0 && flags & FLAG == 0,
            _ => false,
        };
        !makes_work || self.take(now)
    }

    fn take(&mut self, now: Instant) -> bool {
        let passed =
            now.saturating_duration_since(self.at).min(Duration::from_secs(60)).as_secs_f32();
        self.left = (self.left + passed * self.most / AGAIN).min(self.most) - 1.0;
        self.at = now;
        self.left >= 0.0
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let new = buffer.filled().get(before..).unwrap_or_default();
        if self.frames.bears(new, Instant::now()) {
            return Poll::Ready(Ok(()));
        }
        self.floods.inc();
        Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()))
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[async_trait]
impl Shutdown for Guarded {
    async fn shutdown(&mut self) {
        self.stream.shutdown().await;
    }
}

impl UniqueID for Guarded {
    fn id(&self) -> UniqueIDType {
        self.stream.id()
    }
}

impl Ssl for Guarded {
    fn get_ssl_digest(&self) -> Option<Arc<SslDigest>> {
        self.stream.get_ssl_digest()
    }

    fn selected_alpn_proto(&self) -> Option<ALPN> {
        // What comes here begins with the preface, whatever was agreed on.
        Some(ALPN::H2)
    }
}

impl GetTimingDigest for Guarded {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.stream.get_timing_digest()
    }
}

impl GetProxyDigest for Guarded {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.stream.get_proxy_digest()
    }
}

impl GetSocketDigest for Guarded {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.stream.get_socket_digest()
    }
}

impl Peek for Guarded {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let [_, a, b, c] = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&[a, b, c, kind, flags, 0, 0, 0, 1], payload].concat()
    }

    fn flood(frames: &[Vec<u8>]) -> usize {
        let now = Instant::now();
        let mut watched = Frames::new(10, now);
        assert!(watched.bears(PREFACE, now));
        frames.iter().take_while(|frame| watched.bears(frame, now)).count()
    }

    #[test]
    fn frames_that_only_make_work_are_bounded() {
        for work in [
            frame(RST_STREAM, 0, &[0; 4]),
            frame(PING, 0, &[0; 8]),
            frame(SETTINGS, 0, &[]),
            frame(PRIORITY, 0, &[0; 5]),
            frame(DATA, 0, &[]),
        ] {
            assert_eq!(flood(&vec![work; 50]), 10);
        }
        for other in [
            frame(PING, FLAG, &[0; 8]),
            frame(DATA, FLAG, &[]),
            frame(DATA, 0, &[RST_STREAM; 40]),
            frame(1, 4, &[0; 30]),
            frame(8, 0, &[0; 4]),
        ] {
            assert_eq!(flood(&vec![other; 50]), 50);
        }
    }

    #[test]
    fn time_makes_good_for_them() {
        let mut now = Instant::now();
        let mut watched = Frames::new(10, now);
        assert!(watched.bears(PREFACE, now));
        for _ in 0..100 {
            now += Duration::from_millis(1100);
            assert!(watched.bears(&frame(RST_STREAM, 0, &[0; 4]), now));
        }
    }

    proptest! {
        /// The pieces in which bytes come change nothing.
        #[test]
        fn pieces_change_nothing(bytes in proptest::collection::vec(0_u8..8, 0..600), cuts in proptest::collection::vec(1_usize..40, 1..40)) {
            let now = Instant::now();
            let (mut whole, mut pieces) = (Frames::new(3, now), Frames::new(3, now));
            let expected = whole.bears(&bytes, now);
            let (mut rest, mut bears) = (&bytes[..], true);
            for cut in cuts.iter().cycle() {
                if rest.is_empty() || !bears {
                    break;
                }
                let (piece, later) = rest.split_at((*cut).min(rest.len()));
                bears = pieces.bears(piece, now);
                rest = later;
            }
            prop_assert_eq!(bears, expected);
        }
    }
}
