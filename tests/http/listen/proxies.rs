//! Behind balancers: whom the program believes, and what the origin hears.

use super::*;

const CLAIMS: &str = "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.test\r\nX-Forwarded-Port: 1\r\nX-Real-IP: 6.6.6.6\r\nForwarded: for=6.6.6.6;proto=https;host=evil.test\r\n";

fn get(headers: &str) -> String {
    format!("GET /page HTTP/1.1\r\nHost: shop.test\r\n{headers}\r\n")
}

/// What the origin hears of a request with `headers` under `options`, after `first` on the connection.
async fn heard(options: Options, listener: Listener, first: &[u8], headers: &str) -> String {
    let origin = origin().await;
    let (front, _) = Front::through(origin.address, options, server(vec![listener])).await;
    let mut visitor = Visitor::new(front.visitors).await;
    visitor.send(first).await;
    assert_eq!(visitor.ask(&get(headers)).await.status, 200);
    origin.requests().remove(0).to_ascii_lowercase()
}

fn believing(forwarding: consentry::proxy::listen::Forwarding) -> Options {
    Options { edge: Edge { forwarding, ..Edge::default() }, ..Options::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_believed_who_is_not_trusted() {
    let seen = heard(trusting_nobody(), Listener::plain(any()), b"", CLAIMS).await;
    for claim in ["6.6.6.6", "evil.test", "https", "x-real-ip", "forwarded-port", "\r\nforwarded:"]
    {
        assert!(!seen.contains(claim), "{claim} in {seen}");
    }
    for line in [
        "\r\nhost: shop.test\r\n",
        "x-forwarded-for: 127.0.0.1\r\n",
        "x-forwarded-proto: http\r\n",
        "x-forwarded-host: shop.test\r\n",
    ] {
        assert_eq!(seen.matches(line).count(), 1, "{line} in {seen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_balancer_says_reaches_the_origin() {
    let claims = CLAIMS.replace("For: 6.6.6.6", "For: 6.6.6.6, 203.0.113.7");
    let seen = heard(Options::default(), Listener::plain(any()), b"", &claims).await;
    for line in [
        "x-forwarded-for: 6.6.6.6, 203.0.113.7\r\n",
        "x-forwarded-for: 127.0.0.1\r\n",
        "x-forwarded-proto: https\r\n",
        "x-forwarded-host: evil.test\r\n",
        "x-real-ip: 203.0.113.7\r\n",
    ] {
        assert_eq!(seen.matches(line).count(), 1, "{line} in {seen}");
    }
    assert!(!seen.contains("\r\nforwarded:"), "another family: {seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_standard_header_is_believed_in_its_turn() {
    let options = believing(consentry::proxy::listen::Forwarding::Forwarded);
    let claims =
        CLAIMS.replace("for=6.6.6.6;proto=https", "for=7.7.7.7, for=203.0.113.7;proto=https");
    let seen = heard(options, Listener::plain(any()), b"", &claims).await;
    for line in [
        "x-forwarded-for: 203.0.113.7\r\n",
        "x-forwarded-proto: https\r\n",
        "x-forwarded-host: shop.test\r\n",
        "forwarded: for=7.7.7.7, for=203.0.113.7;proto=https;host=evil.test\r\n",
        "forwarded: for=127.0.0.1;proto=https\r\n",
    ] {
        assert!(seen.contains(line), "{line} in {seen}");
    }
    assert!(!seen.contains("6.6.6.6") && !seen.contains("forwarded-port"), "{seen}");
}

fn proxied() -> Listener {
    Listener { proxy_protocol: true, ..Listener::plain(any()) }
}

/// Version 2 with a source of 203.0.113.7:4711, whose client came over TLS.
fn version_2() -> Vec<u8> {
    let mut bytes = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x14".to_vec();
    bytes.extend([203, 0, 113, 7, 192, 0, 2, 1, 0x12, 0x67, 1, 187, 0x20, 0, 5, 1, 0, 0, 0, 0]);
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn preambles_name_the_visitor() {
    let first = b"PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\n";
    let seen = heard(Options::default(), proxied(), first, CLAIMS).await;
    assert!(seen.contains("x-forwarded-for: 203.0.113.7\r\n"), "{seen}");
    assert!(seen.contains("x-forwarded-proto: http\r\n"), "{seen}");
    assert!(!seen.contains("6.6.6.6"), "the visitor is no proxy: {seen}");
    let seen = heard(Options::default(), proxied(), &version_2(), CLAIMS).await;
    assert!(seen.contains("x-forwarded-for: 203.0.113.7\r\n"), "{seen}");
    assert!(seen.contains("x-forwarded-proto: https\r\n"), "{seen}");
    let own = b"PROXY UNKNOWN\r\n";
    let seen = heard(Options::default(), proxied(), own, "").await;
    assert!(seen.contains("x-forwarded-for: 127.0.0.1\r\n"), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn preambles_come_in_pieces_and_before_anything() {
    let (origin, folder) = (origin().await, TempDir::new().unwrap());
    let files = certificate(folder.path(), "shop", &["shop.test"]);
    let tls = Listener { proxy_protocol: true, ..secure(vec![files]) };
    let config = server(vec![proxied(), tls]);
    let (front, places) = Front::through(origin.address, Options::default(), config).await;
    for (place, arguments, ending) in [
        (0, &["--haproxy-protocol"][..], "ok\n200 1.1"),
        (0, &["--haproxy-protocol", "--http2-prior-knowledge"], "ok\n200 2"),
        (1, &["--haproxy-protocol", "-k", "--http1.1"], "ok\n200 1.1"),
        (1, &["--haproxy-protocol", "-k", "--http2"], "ok\n200 2"),
    ] {
        let told = curl(&places[place], arguments);
        assert!(told.ends_with(ending), "{arguments:?}: {told}");
    }
    let mut visitor = Visitor::new(front.visitors).await;
    for byte in version_2() {
        visitor.send(&[byte]).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(visitor.ask(&get("")).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_preamble_is_closed_and_counted() {
    let origin = origin().await;
    let limits = Limits { handshake_timeout: Duration::from_millis(200), ..Limits::default() };
    let config = Config { limits, ..server(vec![proxied()]) };
    let (front, _) = Front::through(origin.address, Options::default(), config).await;
    let long = format!("PROXY UNKNOWN {}", "x".repeat(200));
    let large = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff";
    for bytes in [get("").as_bytes(), b"PROXY TCP4 a b 1 2\r\n", long.as_bytes(), &large[..]] {
        let mut visitor = Visitor::new(front.visitors).await;
        visitor.send(bytes).await;
        assert_eq!(visitor.rest().await, b"");
    }
    front.counted("consentry_connections_refused_total{cause=\"preamble\"} 4").await;
    let mut slow = Visitor::new(front.visitors).await;
    slow.send(b"PROXY TCP4 203.0").await;
    assert_eq!(slow.rest().await, b"");
    front.counted("consentry_connections_refused_total{cause=\"slow_handshake\"} 1").await;
    assert_eq!(origin.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn preambles_of_others_than_balancers_are_closed_and_counted() {
    let origin = origin().await;
    let (front, _) =
        Front::through(origin.address, trusting_nobody(), server(vec![proxied()])).await;
    let mut visitor = Visitor::new(front.visitors).await;
    visitor.send(b"PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\n").await;
    assert_eq!(visitor.rest().await, b"");
    front.counted("consentry_connections_refused_total{cause=\"untrusted\"} 1").await;
}
