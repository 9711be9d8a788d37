//! Turns an address into sockets: one that accepts, and those that it gives.
//!
//! 1. An IPv6 address takes IPv6 only, so that `0.0.0.0` and `[::]` can stand beside each other on every system.
//! 2. The file of a Unix socket that nobody listens on any more is taken away; one that somebody listens on is not.
//! 3. A Unix socket is made with its permissions: nobody gets in between.

use super::{
    config::{Address, Listener, Shared},
    handover::Inherited,
};
use socket2::{Domain, Protocol, SockAddr, SockRef, Socket as Raw, TcpKeepalive, Type};
use std::{
    fs, io,
    net::SocketAddr,
    os::{
        fd::{AsFd as _, AsRawFd, OwnedFd, RawFd},
        unix::{
            fs::{FileTypeExt as _, PermissionsExt as _},
            net::UnixStream as BlockingUnixStream,
        },
    },
    path::{Path, PathBuf},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
};

/// How often the other end is asked whether it is there, before it is not.
const PROBES: u32 = 4;
/// How long after each other.
const BETWEEN: Duration = Duration::from_secs(15);

/// A socket that accepts connections.
#[derive(Debug)]
pub(in crate::proxy) struct Bound {
    socket: Accepting,
    keepalive: TcpKeepalive,
}

#[derive(Debug)]
enum Accepting {
    Tcp(TcpListener),
    Unix(UnixListener, SocketFile),
}

/// The file of a Unix socket, which goes with it.
#[derive(Debug)]
struct SocketFile(PathBuf);

/// An accepted connection.
#[derive(Debug)]
pub(in crate::proxy) enum Socket {
    /// Over TCP.
    Tcp(TcpStream),
    /// From this machine.
    Unix(UnixStream),
}

impl Bound {
    /// Listens at a listener's address, on the socket that was listened on there before where there is one.
    pub(in crate::proxy) fn at(
        listener: &Listener,
        shared: &Shared,
        inherited: &Inherited,
    ) -> io::Result<Self> {
        let before = inherited.take(&listener.address);
        if let Some(socket) = &before {
            socket.set_nonblocking(true)?;
        }
        let socket = match (&listener.address, before) {
            (Address::Ip(_), Some(socket)) => Accepting::Tcp(TcpListener::from_std(socket.into())?),
            (Address::Ip(address), None) => Accepting::Tcp(tcp(*address, shared)?),
            (Address::Unix(path), before) => {
                let socket = match before {
                    Some(socket) => UnixListener::from_std(socket.into())?,
                    None => unix(path, listener.socket_mode, shared)?,
                };
                Accepting::Unix(socket, SocketFile(path.clone()))
            }
        };
        let keepalive = TcpKeepalive::new()
            .with_time(shared.tcp_keepalive)
            .with_interval(BETWEEN)
            .with_retries(PROBES);
        Ok(Self { socket, keepalive })
    }

    /// The same socket once more, for another program.
    pub(in crate::proxy) fn copy(&self) -> io::Result<OwnedFd> {
        match &self.socket {
            Accepting::Tcp(socket) => socket.as_fd().try_clone_to_owned(),
            Accepting::Unix(socket, _) => socket.as_fd().try_clone_to_owned(),
        }
    }

    /// Where it listens, with the port that it got.
    pub(in crate::proxy) fn address(&self) -> io::Result<Address> {
        match &self.socket {
            Accepting::Tcp(socket) => socket.local_addr().map(Address::Ip),
            Accepting::Unix(_, file) => Ok(Address::Unix(file.0.clone())),
        }
    }

    /// The next connection; its address where it has one.
    pub(in crate::proxy) async fn accept(&self) -> io::Result<(Socket, Option<SocketAddr>)> {
        match &self.socket {
            Accepting::Tcp(listener) => {
                let (socket, peer) = listener.accept().await?;
                // A connection that is gone by now is found out when it is read.
                let _ = SockRef::from(&socket).set_tcp_keepalive(&self.keepalive);
                Ok((Socket::Tcp(socket), Some(peer)))
            }
            Accepting::Unix(listener, _) => {
                let (socket, _) = listener.accept().await?;
                Ok((Socket::Unix(socket), None))
            }
        }
    }
}

impl Socket {
    /// Has what is written leave at once.
    pub(in crate::proxy) fn set_nodelay(&self) -> io::Result<()> {
        match self {
            Self::Tcp(socket) => socket.set_nodelay(true),
            Self::Unix(_) => Ok(()),
        }
    }

    /// Has its end be a reset, where there is such a thing.
    pub(in crate::proxy) fn cut(&self) {
        if let Self::Tcp(socket) = self {
            // The connection is closed in any case.
            let _ = socket.set_zero_linger();
        }
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        match self {
            Self::Tcp(socket) => socket.as_raw_fd(),
            Self::Unix(socket) => socket.as_raw_fd(),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(socket) => Pin::new(socket).poll_read(context, buffer),
            Self::Unix(socket) => Pin::new(socket).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(socket) => Pin::new(socket).poll_write(context, bytes),
            Self::Unix(socket) => Pin::new(socket).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(socket) => Pin::new(socket).poll_flush(context),
            Self::Unix(socket) => Pin::new(socket).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(socket) => Pin::new(socket).poll_shutdown(context),
            Self::Unix(socket) => Pin::new(socket).poll_shutdown(context),
        }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // It may be gone, or another's by now, which listens on it then.
        if !is_listened_on(&self.0) {
            let _ = fs::remove_file(&self.0);
        }
    }
}

fn tcp(address: SocketAddr, shared: &Shared) -> io::Result<TcpListener> {
    let socket = Raw::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    if shared.reuse_port {
        socket.set_reuse_port(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(waiting(shared))?;
    TcpListener::from_std(socket.into())
}

fn unix(path: &Path, mode: u32, shared: &Shared) -> io::Result<UnixListener> {
    clear(path)?;
    let socket = Raw::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SockAddr::unix(path)?)?;
    // Nobody can connect before it listens.
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    socket.listen(waiting(shared))?;
    UnixListener::from_std(socket.into())
}

fn waiting(shared: &Shared) -> i32 {
    i32::try_from(shared.backlog).unwrap_or(i32::MAX)
}

/// Takes away what a program left behind that ended without a word.
fn clear(path: &Path) -> io::Result<()> {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    if is_socket && !is_listened_on(path) { fs::remove_file(path) } else { Ok(()) }
}

fn is_listened_on(path: &Path) -> bool {
    BlockingUnixStream::connect(path).is_ok()
}
