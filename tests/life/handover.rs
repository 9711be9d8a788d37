//! A program that takes the place of another, with its sockets.

use super::program::{Load, Place, Program, ask, origin, until};
use std::{
    net::{SocketAddr, TcpListener},
    os::fd::OwnedFd,
    process::Stdio,
    sync::atomic::{AtomicU8, Ordering::Relaxed},
};

/// An address that nobody listens on, where no test's own connections take the port in the meantime.
fn free() -> SocketAddr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let at = format!("127.77.0.{}:0", NEXT.fetch_add(1, Relaxed));
    TcpListener::bind(at).unwrap().local_addr().unwrap()
}

fn write(place: &Place, at: SocketAddr, origin: SocketAddr, handover: &str) {
    place.write(&format!(
        "header = false\n[listen]\naddress = \"{at}\"\nadmin = \"127.0.0.1:0\"\nhandover = \"{handover}\"\n\
         [shutdown]\nwait = \"0s\"\n[records]\nstore = \"\"\n[origin]\nurl = \"http://{origin}\"\n"
    ));
}

#[test]
fn ten_upgrades_fail_nobody() {
    let (place, at, origin) = (Place::new(), free(), origin("page"));
    let handover = place.folder.path().join("handover");
    write(&place, at, origin, handover.to_str().unwrap());
    let mut program = place.start();
    let load = Load::on(at);
    for _ in 0..10 {
        let before = load.asked();
        until(|| load.asked() > before + 20, || "nothing is served".to_owned());
        let mut old = std::mem::replace(&mut program, place.start());
        assert!(old.ended().success(), "{}", old.said());
        old.says("another program serves in this one's place");
    }
    let before = load.asked();
    until(|| load.asked() > before + 20, || program.said());
    assert_eq!(load.end(), Vec::<String>::new());
}

#[test]
fn one_that_cannot_start_changes_nothing() {
    let (place, at, one) = (Place::new(), free(), origin("one"));
    let handover = place.folder.path().join("handover");
    write(&place, at, one, handover.to_str().unwrap());
    let mut program = place.start();
    // It gets the socket, and then finds that it cannot listen at another address.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    place.write(&format!(
        "[listen]\naddress = \"{at}\"\nhandover = \"{}\"\n[[listener]]\naddress = \"{}\"\n[records]\nstore = \"\"\n[origin]\nurl = \"http://{one}\"\n",
        handover.display(),
        taken.local_addr().unwrap()
    ));
    let output = place.command().stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot listen on"));
    assert!(program.is_running());
    assert_eq!(ask(at, "GET", "/", "").unwrap().1, "one");
}

/// Started as a service manager does that keeps the socket: descriptor 3, and two variables.
fn activated(place: &Place, socket: &TcpListener) -> Program {
    let fd = OwnedFd::from(socket.try_clone().unwrap());
    place.start_by(fd, "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\" 3<&0 </dev/null")
}

#[test]
fn a_restart_on_the_managers_socket_fails_nobody() {
    let (place, origin) = (Place::new(), origin("page"));
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = socket.local_addr().unwrap();
    write(&place, at, origin, "");
    let mut program = activated(&place, &socket);
    let load = Load::on(at);
    for _ in 0..4 {
        let before = load.asked();
        until(|| load.asked() > before + 20, || program.said());
        program.signal("TERM");
        assert!(program.ended().success());
        program = activated(&place, &socket);
    }
    let before = load.asked();
    until(|| load.asked() > before + 20, || program.said());
    assert_eq!(load.end(), Vec::<String>::new());
}
