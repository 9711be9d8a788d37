//! Turns a connection into one that Pingora drives while a [`Watch`] decides when it may read and how it ends.
//!
//! 1. Bytes that were read before, to see what the connection is, are read again first.
//! 2. Small writes are gathered until the next flush, as Pingora's own sockets do.
//! 3. A connection that is dropped within a message ends with a reset, not with an end of data that a peer takes for
//!    the message's.

use super::listen::Socket;
use bytes::{Buf as _, Bytes};
use pingora_core::protocols::l4::virt::{VirtualSockOpt, VirtualSocket};
use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, BufWriter, ReadBuf};

/// As much as fits into one packet.
const GATHERED: usize = 1460;

/// What a connection is watched for.
pub(super) trait Watch: fmt::Debug + Send + Sync + Unpin + 'static {
    /// Asked before each read; an error ends the connection.
    fn may_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>>;
    /// Told after each read that gave bytes.
    fn has_read(&mut self);
    /// Told after each write.
    fn has_written(&mut self);
    /// Whether a connection that is dropped now breaks a message off.
    fn is_cut(&self) -> bool;
}

/// A watched connection.
#[derive(Debug)]
pub(super) struct Wire<W: Watch> {
    socket: BufWriter<Socket>,
    seen: Bytes,
    watch: W,
}

impl<W: Watch> Wire<W> {
    /// Watches `socket`, of which `seen` was read already.
    pub(super) fn new(socket: Socket, seen: Bytes, watch: W) -> Self {
        Self { socket: BufWriter::with_capacity(GATHERED, socket), seen, watch }
    }
}

impl<W: Watch> AsyncRead for Wire<W> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.watch.may_read(context))?;
        let before = buffer.filled().len();
        if self.seen.is_empty() {
            ready!(Pin::new(&mut self.socket).poll_read(context, buffer))?;
        } else {
            let length = self.seen.len().min(buffer.remaining());
            buffer.put_slice(&self.seen.copy_to_bytes(length));
        }
        if buffer.filled().len() > before {
            self.watch.has_read();
        }
        Poll::Ready(Ok(()))
    }
}

impl<W: Watch> AsyncWrite for Wire<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.watch.has_written();
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

impl<W: Watch> VirtualSocket for Wire<W> {
    fn set_socket_option(&self, option: VirtualSockOpt) -> io::Result<()> {
        if let VirtualSockOpt::NoDelay = option {
            return self.socket.get_ref().set_nodelay();
        }
        Ok(())
    }
}

impl<W: Watch> Drop for Wire<W> {
    fn drop(&mut self) {
        if self.watch.is_cut() {
            self.socket.get_ref().cut();
        }
    }
}
