//! Several ways into one program.

use super::*;
use std::os::unix::fs::PermissionsExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

#[tokio::test(flavor = "multi_thread")]
async fn all_places_lead_to_the_same_site() {
    let (origin, folder) = (origin().await, TempDir::new().unwrap());
    let files = certificate(folder.path(), "shop", &["shop.test"]);
    let unix = folder.path().join("http.sock");
    let six = Address::Ip("[::1]:0".parse().unwrap());
    let listeners = vec![
        Listener::plain(any()),
        secure(vec![files]),
        Listener { socket_mode: 0o600, ..Listener::plain(Address::Unix(unix.clone())) },
        Listener::plain(six),
    ];
    let options = Options::default();
    let (mut front, places) = Front::through(origin.address, options, server(listeners)).await;
    let path = unix.to_str().unwrap();
    for (at, arguments, ending) in [
        (&places[0], &["--http1.1"][..], "ok\n200 1.1"),
        (&places[0], &["--http2-prior-knowledge"], "ok\n200 2"),
        (&places[0], &["--http1.0"], "ok\n200 1.1"),
        (&places[1], &["-k", "--http1.1"], "ok\n200 1.1"),
        (&places[1], &["-k", "--http2"], "ok\n200 2"),
        (&places[1], &["-k", "--tls-max", "1.2"], "ok\n200 2"),
        (&places[2], &["--unix-socket", path], "ok\n200 1.1"),
        (&places[2], &["--unix-socket", path, "--http2-prior-knowledge"], "ok\n200 2"),
        (&places[3], &[], "ok\n200 1.1"),
    ] {
        let told = curl(at, arguments);
        assert!(told.ends_with(ending), "{at} {arguments:?}: {told}");
    }
    assert_eq!(std::fs::metadata(&unix).unwrap().permissions().mode() & 0o777, 0o600);
    front.counted("consentry_connections_total{http=\"2\",tls=\"1.3\"} 1").await;
    front.counted("consentry_connections_total{http=\"2\",tls=\"1.2\"} 1").await;
    front.counted("consentry_connections_total{http=\"1\",tls=\"none\"} 4").await;
    front.end();
    front.ended().await;
    assert!(!unix.exists(), "the socket goes with the program");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_was_left_behind_is_no_obstacle_and_one_in_use_is() {
    let (origin, folder) = (origin().await, TempDir::new().unwrap());
    let unix = folder.path().join("http.sock");
    drop(std::os::unix::net::UnixListener::bind(&unix).unwrap());
    let config = server(vec![Listener::plain(Address::Unix(unix.clone()))]);
    let options = Options::default();
    let (front, _) = Front::through(origin.address, options, config.clone()).await;
    let mut visitor = tokio::net::UnixStream::connect(&unix).await.unwrap();
    visitor.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    let mut told = String::new();
    visitor.read_to_string(&mut told).await.unwrap();
    assert!(told.ends_with("ok"), "{told}");
    let second = front.consentry.clone();
    let taken = consentry::proxy::server::serve(&config, second, |_| (), async {}).await;
    assert!(taken.unwrap_err().to_string().contains("http.sock"));
    assert!(unix.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_share_a_port_only_when_they_both_say_so() {
    let origin = origin().await;
    let mut config = server(vec![Listener::plain(any())]);
    config.shared.reuse_port = true;
    let options = Options::default();
    let (front, places) = Front::through(origin.address, options, config.clone()).await;
    config.listeners = vec![Listener::plain(places[0].address.clone())];
    let again = consentry::proxy::server::serve(&config, front.consentry.clone(), |_| (), async {});
    assert!(again.await.is_ok());
    config.shared.reuse_port = false;
    let again = consentry::proxy::server::serve(&config, front.consentry.clone(), |_| (), async {});
    assert!(again.await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn clear_text_is_sent_to_https() {
    let origin = origin().await;
    let to = |port| Listener { redirect: Some(port), ..Listener::plain(any()) };
    let config = server(vec![to(443), to(8443)]);
    let (front, places) = Front::through(origin.address, Options::default(), config).await;
    let told = curl(&places[0], &[]);
    assert!(told.contains("\r\nlocation: https://shop.test/page?a=b\r\n"), "{told}");
    assert!(told.ends_with("\n308 1.1"), "{told}");
    for arguments in [&["-X", "POST", "-d", "a=b"][..], &["--http2-prior-knowledge"]] {
        let told = curl(&places[1], arguments);
        assert!(told.contains("\nlocation: https://shop.test:8443/page?a=b\r\n"), "{told}");
        assert!(!told.contains("strict-transport-security"));
    }
    let mut nameless = Visitor::new(front.visitors).await;
    assert_eq!(nameless.ask("GET / HTTP/1.0\r\n\r\n").await.status, 400);
    let mut odd = Visitor::new(front.visitors).await;
    assert_eq!(odd.ask("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n").await.status, 400);
    assert_eq!(origin.connections(), 0);
}

/// Between requests nothing is awaited, whatever serves them.
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_redirected_are_kept() {
    let origin = origin().await;
    let to = Listener { redirect: Some(443), ..Listener::plain(any()) };
    let head_timeout = Duration::from_millis(100);
    let limits = Limits { head_timeout, ..Limits::default() };
    let config = Config { limits, ..server(vec![to]) };
    let (front, _) = Front::through(origin.address, Options::default(), config).await;
    let mut visitor = Visitor::new(front.visitors).await;
    for _ in 0..3 {
        let got = visitor.ask("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n").await;
        assert_eq!(got.status, 308);
        tokio::time::sleep(head_timeout * 2).await;
    }
}

/// Those who have come when the program is told to end are served, accepted or not.
#[tokio::test(flavor = "multi_thread")]
async fn the_end_fails_nobody_who_has_come() {
    for _ in 0..20 {
        let origin = origin().await;
        let config = server(vec![Listener::plain(any())]);
        let (mut front, _) = Front::through(origin.address, Options::default(), config).await;
        let mut visitors = Vec::new();
        for _ in 0..20 {
            let mut visitor = Visitor::new(front.visitors).await;
            visitor.send(b"GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n").await;
            visitors.push(visitor);
        }
        front.end();
        for mut visitor in visitors {
            assert_eq!(visitor.answer(false).await.status, 200);
        }
        front.ended().await;
    }
}
