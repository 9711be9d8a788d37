//! Turns the listening sockets of a running program into those of the one that takes its place, and takes those that a
//! service manager opened (sd_listen_fds(3)).
//!
//! 1. The sockets themselves change hands (unix(7), `SCM_RIGHTS`), and with them the connections that wait on them. Other sockets
//!    beside them (`SO_REUSEPORT`) would not do: what waits on one when it is closed is reset.
//! 2. A socket is taken for the listener whose address it has; what nobody wants is closed.
//! 3. The old program goes on until the new one says that it serves. One that goes away without a word changes nothing.
//! 4. Only who may open the socket's file gets anything: it is its owner's alone.

use super::config::Address;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use socket2::Socket;
use std::{
    fs,
    io::{self, ErrorKind, IoSlice, IoSliceMut, Write as _},
    mem::MaybeUninit,
    os::{
        fd::{AsFd as _, BorrowedFd, OwnedFd},
        unix::{
            fs::{MetadataExt as _, PermissionsExt as _},
            net::UnixStream as BlockingStream,
        },
    },
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::AsyncReadExt as _,
    net::{UnixListener, UnixStream},
    time::timeout,
};

/// How many sockets change hands at most.
const MOST: usize = 64;
/// How long the old program may take to hand its sockets over.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the new one may take until it serves.
const START: Duration = Duration::from_secs(120);
/// What the new one says then.
const SERVES: u8 = b'R';

/// Sockets that were listened on before this program was there.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Inherited {
    sockets: Mutex<Vec<(Address, Socket)>>,
    /// The way to the program that had them.
    before: Option<BlockingStream>,
}

/// Where a program's sockets can be had by the one after it.
#[derive(Debug)]
pub(in crate::proxy) struct Handover {
    listener: UnixListener,
    path: PathBuf,
    /// Which file is its own, by device and inode.
    file: (u64, u64),
}

impl Inherited {
    /// Those of the service manager, and those of the program that hands them over at `path`.
    pub(in crate::proxy) fn find(path: Option<&Path>) -> Self {
        let mut sockets = of_manager();
        let before = path.and_then(|path| match ask(path) {
            Ok((stream, more)) => {
                sockets.extend(more);
                Some(stream)
            }
            Err(error) if is_nobody(&error) => None,
            Err(error) => {
                log::warn!("no sockets are handed over at {}: {error}", path.display());
                None
            }
        });
        let addressed = |fd: OwnedFd| {
            let socket = Socket::from(fd);
            Some((address(&socket)?, socket))
        };
        let sockets = Mutex::new(sockets.into_iter().filter_map(addressed).collect());
        Self { sockets, before }
    }

    /// The socket that listens at `address`.
    pub(super) fn take(&self, address: &Address) -> Option<Socket> {
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        let place = sockets.iter().position(|(own, _)| own == address)?;
        Some(sockets.swap_remove(place).1)
    }

    /// Tells the program before that this one serves; others' sockets are closed.
    pub(in crate::proxy) fn serves(self) {
        for (address, _) in self.sockets.into_inner().unwrap_or_else(PoisonError::into_inner) {
            log::warn!("nobody listens at {address} any more: the configuration does not say so");
        }
        if let Some(mut before) = self.before
            && let Err(error) = before.write_all(&[SERVES])
        {
            log::warn!("the program before cannot be told that this one serves: {error}");
        }
    }
}

impl Handover {
    /// Waits at `path`, in the place of whoever waited there before.
    pub(in crate::proxy) fn at(path: &Path) -> io::Result<Self> {
        let new = path.with_extension("new");
        let gone = fs::remove_file(&new);
        gone.or_else(|e| if e.kind() == ErrorKind::NotFound { Ok(()) } else { Err(e) })?;
        let listener = UnixListener::bind(&new)?;
        fs::set_permissions(&new, fs::Permissions::from_mode(0o600))?;
        let file = identity(&new)?;
        fs::rename(&new, path)?;
        Ok(Self { listener, path: path.to_owned(), file })
    }

    /// Gives `sockets` to a program that asks for them; done when it serves.
    pub(in crate::proxy) async fn give(self, sockets: Vec<OwnedFd>) {
        loop {
            let Ok((stream, _)) = self.listener.accept().await else {
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            };
            match timeout(START, hand_over(stream, &sockets)).await {
                Ok(Ok(true)) => return log::info!("another program serves in this one's place"),
                Ok(Ok(false)) => {}
                Ok(Err(error)) => log::warn!("{}: not handed over: {error}", self.path.display()),
                Err(_) => log::warn!("{}: the other does not serve", self.path.display()),
            }
        }
    }
}

/// Whether the other says that it serves.
async fn hand_over(mut stream: UnixStream, sockets: &[OwnedFd]) -> io::Result<bool> {
    stream.writable().await?;
    let fds: Vec<BorrowedFd<'_>> = sockets.iter().take(MOST).map(|fd| fd.as_fd()).collect();
    let mut space = vec![MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(&fds)) {
        return Err(ErrorKind::InvalidInput.into());
    }
    sendmsg(&stream, &[IoSlice::new(b"S")], &mut control, SendFlags::NOSIGNAL)?;
    let mut said = [0];
    Ok(stream.read(&mut said).await? == 1 && said == [SERVES])
}

/// Asks the program that waits at `path` for its sockets.
fn ask(path: &Path) -> io::Result<(BlockingStream, Vec<OwnedFd>)> {
    let stream = BlockingStream::connect(path)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut space = vec![MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let message =
        recvmsg(&stream, &mut [IoSliceMut::new(&mut byte)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    if message.bytes == 0 {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    let mut sockets = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(fds) = message {
            sockets.extend(fds);
        }
    }
    Ok((stream, sockets))
}

fn is_nobody(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused)
}

/// Where a socket listens.
fn address(socket: &Socket) -> Option<Address> {
    let address = socket.local_addr().ok()?;
    let ip = address.as_socket().map(Address::Ip);
    ip.or_else(|| address.as_pathname().map(|path| Address::Unix(path.to_owned())))
}

/// The sockets that the service manager opened for this process; copies, for the numbers themselves belong to nobody.
#[cfg(target_os = "linux")]
fn of_manager() -> Vec<OwnedFd> {
    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
    let of = |name| std::env::var(name).ok().and_then(|text| text.parse::<i32>().ok());
    if of("LISTEN_PID") != i32::try_from(std::process::id()).ok() {
        return Vec::new();
    }
    let count = of("LISTEN_FDS").unwrap_or(0).clamp(0, i32::try_from(MOST).unwrap_or(i32::MAX));
    let own = match pidfd_open(getpid(), PidfdFlags::empty()) {
        Ok(own) => own,
        Err(error) => {
            log::warn!("the service manager's sockets cannot be had: {error}");
            return Vec::new();
        }
    };
    let first = 3;
    let copies = (first..first + count).map(|fd| pidfd_getfd(&own, fd, PidfdGetfdFlags::empty()));
    copies
        .filter_map(|copy| {
            copy.inspect_err(|error| log::warn!("a socket of the service manager's: {error}")).ok()
        })
        .collect()
}

#[cfg(not(target_os = "linux"))]
fn of_manager() -> Vec<OwnedFd> {
    Vec::new()
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|file| (file.dev(), file.ino()))
}

impl Drop for Handover {
    fn drop(&mut self) {
        // Another's file may be there by now, which somebody waits at.
        if identity(&self.path).is_ok_and(|file| file == self.file) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[tokio::test(flavor = "multi_thread")]
    async fn sockets_go_over_and_whoever_says_nothing_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("handover");
        assert!(Inherited::find(Some(&path)).before.is_none());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = Address::Ip(listener.local_addr().unwrap());
        let handover = Handover::at(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let giving = tokio::spawn(handover.give(vec![listener.into()]));
        let find = || tokio::task::block_in_place(|| Inherited::find(Some(&path)));
        drop(find());
        let inherited = find();
        assert!(!giving.is_finished());
        assert!(inherited.take(&Address::Unix("/a".into())).is_none());
        let taken = inherited.take(&at).unwrap();
        assert!(inherited.take(&at).is_none());
        inherited.serves();
        giving.await.unwrap();
        assert_eq!(address(&taken), Some(at));
        assert!(!path.exists(), "nobody waits there any more");
    }
}
