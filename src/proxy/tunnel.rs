//! Turns an origin's address into a connection on which an upgrade (RFC 9110 7.8) does not end before it begins.
//!
//! Pingora 0.9.1 takes the end of the request's empty body for the end of the tunnel when it reads the origin's `101`
//! before it has handled that end (`proxy_h1.rs`, `proxy_handle_upstream`). The end is there when the response is first
//! asked for, so it is enough to have each read wait for a few turns of the task.

use super::{
    listen::Socket,
    wire::{Watch, Wire},
};
use async_trait::async_trait;
use bytes::Bytes;
use pingora_core::{
    Error, ErrorType, OrErr as _, Result,
    connectors::l4::Connect,
    protocols::l4::{socket::SocketAddr, stream::Stream, virt::VirtualSocketStream},
};
use std::{
    io,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{net::TcpStream, time::timeout};

/// How many turns a read waits.
const TURNS: u8 = 4;

/// Makes connections for requests that ask for an upgrade.
#[derive(Debug)]
pub(super) struct Tunnel {
    /// How long connecting may take.
    pub(super) patience: Duration,
    /// Whether TLS comes before the request, so that the first read is not the response's.
    pub(super) is_secure: bool,
}

/// Holds reads back for some turns.
#[derive(Debug)]
struct Hold {
    turns: u8,
    again: bool,
}

#[async_trait]
impl Connect for Tunnel {
    async fn connect(&self, address: &SocketAddr) -> Result<Stream> {
        let Some(address) = address.as_inet() else {
            return Error::e_explain(ErrorType::InternalError, "a tunnel needs an IP address");
        };
        let socket = timeout(self.patience, TcpStream::connect(address)).await;
        let socket = socket
            .or_err(ErrorType::ConnectTimedout, "connecting for an upgrade")?
            .or_err(ErrorType::ConnectRefused, "connecting for an upgrade")?;
        let hold = Hold { turns: TURNS, again: self.is_secure };
        Ok(VirtualSocketStream::new(Box::new(Wire::new(Socket::Tcp(socket), Bytes::new(), hold)))
            .into())
    }
}

impl Watch for Hold {
    fn may_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(left) = self.turns.checked_sub(1) else { return Poll::Ready(Ok(())) };
        self.turns = left;
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn has_read(&mut self) {}

    fn has_written(&mut self) {
        if self.again {
            self.turns = TURNS;
        }
    }

    fn is_cut(&self) -> bool {
        false
    }
}
