//! How the program ends, and how it tells of itself.

use super::program::{Load, PIECES, Place, ask, origin, until};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::net::UnixDatagram,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

fn config(more: &str) -> String {
    format!(
        "[listen]\naddress = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n\
         [records]\nstore = \"\"\n[origin]\nurl = \"http://{}\"\n{more}",
        origin("page")
    )
}

#[test]
fn it_is_not_ready_at_once_serves_on_and_drains() {
    let place = Place::new();
    place.write(&config("[shutdown]\nwait = \"1s\"\ndrain = \"20s\"\n"));
    let mut program = place.start();
    assert_eq!(program.admin("GET", "/readyz"), (200, "ready\n".to_owned()));
    let visitors = program.visitors;
    let slow = thread::spawn(move || ask(visitors, "GET", "/slow", "").unwrap());
    thread::sleep(Duration::from_millis(300));
    program.signal("TERM");
    let admin = program.admin.unwrap();
    until(|| ask(admin, "GET", "/readyz", "").unwrap().0 == 503, || "still ready".to_owned());
    // Those who come all the same are served, and it says that it lives.
    assert_eq!(ask(visitors, "GET", "/", "").unwrap(), (200, "page".to_owned()));
    assert_eq!(ask(admin, "GET", "/healthz", "").unwrap().0, 200);
    assert_eq!(slow.join().unwrap(), (200, ".".repeat(PIECES)));
    assert!(program.ended().success(), "{}", program.said());
}

#[test]
fn requests_in_time_are_answered_and_others_are_cut() {
    let place = Place::new();
    place.write(&config("[shutdown]\nwait = \"0s\"\ndrain = \"200ms\"\n"));
    let mut program = place.start();
    let visitors = program.visitors;
    let slow = thread::spawn(move || ask(visitors, "GET", "/slow", ""));
    thread::sleep(Duration::from_millis(300));
    program.signal("TERM");
    assert!(program.ended().success());
    let cut = slow.join().unwrap().map_or(true, |(_, body)| body.len() < PIECES);
    assert!(cut, "it took longer than it may");
}

#[test]
fn who_began_to_ask_is_answered_and_who_did_not_is_let_go() {
    let place = Place::new();
    place.write(&config("[shutdown]\nwait = \"0s\"\ndrain = \"20s\"\n"));
    let mut program = place.start();
    let connect = || TcpStream::connect(program.visitors).unwrap();
    let (mut begun, mut kept, silent) = (connect(), connect(), connect());
    begun.write_all(b"GET / HTTP/1.1\r\nHo").unwrap();
    kept.write_all(b"GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n").unwrap();
    assert_ne!(kept.read(&mut [0; 4096]).unwrap(), 0);
    thread::sleep(Duration::from_millis(300));
    program.signal("TERM");
    for mut idle in [kept, silent] {
        idle.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut rest = Vec::new();
        idle.read_to_end(&mut rest).unwrap();
    }
    assert!(program.is_running());
    begun.write_all(b"st: shop.test\r\n\r\n").unwrap();
    let mut answer = String::new();
    begun.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("page"), "{answer}");
    assert!(program.ended().success());
}

#[test]
fn a_second_signal_ends_it_at_once() {
    for first in ["TERM", "INT"] {
        let place = Place::new();
        place.write(&config("[shutdown]\nwait = \"1h\"\ndrain = \"1h\"\n"));
        let mut program = place.start();
        let visitors = program.visitors;
        let slow = thread::spawn(move || ask(visitors, "GET", "/slow", ""));
        thread::sleep(Duration::from_millis(300));
        program.signal(first);
        program.says("asked to end");
        assert!(program.is_running());
        program.signal("TERM");
        assert!(program.ended().success());
        drop(slow.join());
    }
}

#[test]
fn nobody_fails_who_asked_before_the_end() {
    let place = Place::new();
    place.write(&config("[shutdown]\nwait = \"1s\"\n"));
    let mut program = place.start();
    let load = Load::on(program.visitors);
    until(|| load.asked() > 50, || "nothing is served".to_owned());
    program.signal("TERM");
    thread::sleep(Duration::from_millis(500));
    assert_eq!(load.end(), Vec::<String>::new());
    assert!(program.ended().success());
}

#[test]
fn the_service_manager_is_told() {
    let place = Place::new();
    place.write(&config("[shutdown]\nwait = \"0s\"\n"));
    let path = place.folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let told = Arc::new(Mutex::new(Vec::<String>::new()));
    let heard = told.clone();
    thread::spawn(move || {
        let mut bytes = [0; 256];
        while let Ok(length) = socket.recv(&mut bytes) {
            let text = String::from_utf8_lossy(&bytes[..length]);
            heard.lock().unwrap().extend(text.lines().map(str::to_owned));
        }
    });
    let mut program = place.start_with(|command| {
        command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "100000");
    });
    let count =
        |what: &str| told.lock().unwrap().iter().filter(|line| line.starts_with(what)).count();
    until(
        || count("READY=1") == 1 && count("WATCHDOG=1") > 2,
        || format!("{:?}", told.lock().unwrap()),
    );
    program.signal("HUP");
    until(|| count("READY=1") == 2, || format!("{:?}", told.lock().unwrap()));
    assert_eq!((count("RELOADING=1"), count("MONOTONIC_USEC=")), (1, 1));
    program.signal("TERM");
    assert!(program.ended().success());
    until(|| count("STOPPING=1") == 1, || format!("{:?}", told.lock().unwrap()));
}
