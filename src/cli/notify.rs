//! Turns what becomes of the program into datagrams to the service manager that started it (sd_notify(3)).
//!
//! 1. Without `NOTIFY_SOCKET` nobody wants to know, and nothing is sent.
//! 2. The watchdog is told from the threads that serve, twice in the time that it waits: when they stand still, it is not.

use std::{
    env,
    ffi::OsStr,
    io,
    os::unix::{ffi::OsStrExt as _, net::UnixDatagram},
    process,
    time::Duration,
};
use tokio::time::sleep;

/// It serves.
pub(super) const READY: &str = "READY=1";
/// It ends.
pub(super) const STOPPING: &str = "STOPPING=1";

/// Tells the service manager `state`, where there is one.
pub(super) fn tell(state: &str) {
    let Some(path) = env::var_os("NOTIFY_SOCKET") else { return };
    if let Err(error) = send(&path, state) {
        log::warn!("the service manager cannot be told {state:?}: {error}");
    }
}

/// It reads its configuration again, and says `READY=1` after it.
pub(super) fn tell_reloading() {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let micros = now.tv_sec.saturating_mul(1_000_000).saturating_add(now.tv_nsec / 1000);
    tell(&format!("RELOADING=1\nMONOTONIC_USEC={micros}"));
}

/// Tells the watchdog that the program lives, as long as it does; at once done where there is none.
pub(super) async fn watchdog() {
    let of = |name| env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let ours = of("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(process::id()));
    let Some(wait) = of("WATCHDOG_USEC").filter(|wait| ours && *wait > 0) else { return };
    loop {
        tell("WATCHDOG=1");
        sleep(Duration::from_micros(wait / 2)).await;
    }
}

/// A path, or after `@` a name that is in no file system.
fn send(path: &OsStr, state: &str) -> io::Result<()> {
    let socket = UnixDatagram::unbound()?;
    #[cfg(target_os = "linux")]
    if let Some(name) = path.as_bytes().strip_prefix(b"@") {
        use std::os::{linux::net::SocketAddrExt as _, unix::net::SocketAddr};
        let address = SocketAddr::from_abstract_name(name)?;
        return socket.send_to_addr(state.as_bytes(), &address).map(drop);
    }
    socket.send_to(state.as_bytes(), path).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_datagram_holds_the_state() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        send(path.as_os_str(), "READY=1\nMAINPID=7").unwrap();
        let mut bytes = [0; 64];
        let length = socket.recv(&mut bytes).unwrap();
        assert_eq!(&bytes[..length], b"READY=1\nMAINPID=7");
        assert!(send(folder.path().join("nobody").as_os_str(), READY).is_err());
    }
}
