//! Hostile visitors, broken origins and odd heads, each of which once did harm or could.

use super::{
    codings,
    front::{Front, KINDS, Kind},
    matrix::{TRACKER, get, page},
    origin::{Origin, Step},
    visitor::Visitor,
};
use consentry::{
    coding::Limits,
    engine::{Origin as Upstream, Site, Timeouts},
};
use std::time::Duration;

fn html(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// Browsers show each of these as a page.
#[tokio::test(flavor = "multi_thread")]
async fn odd_types_hide_no_page() {
    for kind in KINDS {
        for media_type in [
            &b"text/html; charset=\xff"[..],
            b"TEXT/HTML;CHARSET=UTF-8",
            b"text/plain, text/html",
            b"garbage",
            b"",
            b"*/*",
            b"unknown/unknown",
            b"application/unknown",
        ] {
            let length = format!("\r\nContent-Length: {}\r\n\r\n", page().len());
            let start = b"HTTP/1.1 200 OK\r\nContent-Type: ";
            let whole = [start, media_type, length.as_bytes(), page().as_bytes()].concat();
            let origin = Origin::fixed(whole, false).await;
            let front = Front::new(kind, origin.address).await;
            let mut visitor = Visitor::new(front.visitors).await;
            visitor.send(get("").as_bytes()).await;
            let got = visitor.until(b"\r\n0\r\n\r\n").await;
            let text = String::from_utf8_lossy(&got);
            assert!(text.contains("/own.js") && !text.contains(TRACKER), "{kind:?} {text}");
        }
    }
}

/// For HTTP/1.0 the end of the connection is the end of the page, so a cut page ends with a reset.
#[tokio::test(flavor = "multi_thread")]
async fn old_clients_take_no_half_for_a_whole() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let chunk = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<p>ab\r\n";
    for (headers, body) in
        [("Content-Type: text/html", "<p>half"), ("Content-Type: text/plain", "half")]
    {
        let length = format!("HTTP/1.1 200 OK\r\n{headers}\r\nContent-Length: 99999\r\n\r\n{body}");
        for response in [length, chunk.to_owned()] {
            let origin = Origin::fixed(response.into(), true).await;
            let front = Front::new(Kind::Program, origin.address).await;
            let mut stream = tokio::net::TcpStream::connect(front.visitors).await.unwrap();
            stream.write_all(b"GET /page HTTP/1.0\r\nHost: shop.test\r\n\r\n").await.unwrap();
            let mut all = Vec::new();
            let read = stream.read_to_end(&mut all).await;
            let text = String::from_utf8_lossy(&all).into_owned();
            let measured = text.to_ascii_lowercase().contains("content-length: ");
            assert!(read.is_err() || measured || text.contains(" 502 "), "{headers}: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_stops_midway_cuts_the_page() {
    let origin = Origin::new(|_| {
        let start =
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 999\r\n\r\n<p>half";
        vec![Step::Send(start.into()), Step::Hang]
    })
    .await;
    let timeouts = Timeouts { read: Duration::from_millis(50), ..Timeouts::default() };
    let upstream: Upstream = format!("http://{}", origin.address).parse().unwrap();
    let site = Site { origin: Some(upstream.within(timeouts).into()), ..Site::default() };
    let front = Front::with(site).await;
    let got = Visitor::new(front.visitors).await.ask(&get("")).await;
    assert!(!got.whole, "{}", got.head);
    front.counted("consentry_failures_total{cause=\"origin_slow\"} 1\n").await;
    front.counted("outcome=\"aborted\"} 1\n").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_is_cut_and_counted() {
    for coding in ["gzip", "br", "zstd", "deflate"] {
        let bomb = codings::encode(coding, &vec![0; 64 << 20]);
        let headers = format!("Content-Type: text/html\r\nContent-Encoding: {coding}\r\n");
        let origin = Origin::fixed(html(&headers, &bomb), false).await;
        let limits = Limits { max_decoded: Some(1 << 20), ..Limits::default() };
        let site = Site { limits, ..Site::default() };
        let front = Front::of(Kind::Program, origin.address, site).await;
        let got = Visitor::new(front.visitors).await.ask(&get("")).await;
        assert!(!got.whole || got.status == 502, "{coding}");
        assert!(got.body.len() <= 1 << 20, "{coding} {}", got.body.len());
        front.counted("consentry_unreadable_total{cause=\"too_large\"} 1\n").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_in_one_packet_are_answered_in_order() {
    let origin = Origin::new(|head| {
        let path = head.split(' ').nth(1).unwrap().to_owned();
        vec![Step::Send(html("Content-Type: text/html\r\n", format!("<p>{path}").as_bytes()))]
    })
    .await;
    let front = Front::new(Kind::Program, origin.address).await;
    let mut visitor = Visitor::new(front.visitors).await;
    let all: String =
        (0..20).map(|n| get("").replace("/page", &format!("/{n}"))).collect::<Vec<_>>().concat();
    visitor.send(all.as_bytes()).await;
    for n in 0..20 {
        assert_eq!(visitor.answer(false).await.body, format!("<p>/{n}").as_bytes());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_and_hosts_are_what_they_say() {
    let origin = Origin::fixed(html("Content-Type: text/html\r\n", b"<p>ok"), false).await;
    let front = Front::new(Kind::Program, origin.address).await;
    for (request, status) in [
        ("GET http://shop.test/page?q HTTP/1.1\r\nHost: shop.test\r\n\r\n", 200),
        ("GET http://shop.test HTTP/1.1\r\nHost: shop.test\r\n\r\n", 200),
        ("GET http://other.test/page HTTP/1.1\r\nHost: shop.test\r\n\r\n", 400),
        ("GET /page HTTP/1.1\r\n\r\n", 400),
        ("GET /page HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("GET /page HTTP/1.1\r\nHost: user@shop.test\r\n\r\n", 400),
        ("GET /page HTTP/1.1\r\nHost: SHOP.test.:80\r\n\r\n", 200),
        ("GET /page HTTP/1.1\r\nHost: xn--mller-kva.test\r\n\r\n", 200),
        ("GET /page HTTP/1.0\r\n\r\n", 200),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", 400),
        ("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 405),
    ] {
        let got = Visitor::new(front.visitors).await.ask(request).await;
        assert_eq!(got.status, status, "{request}");
    }
    let seen = origin.requests();
    assert!(seen[0].starts_with("GET /page?q HTTP/1.1\r\n"), "{}", seen[0]);
    assert!(seen[1].starts_with("GET / HTTP/1.1\r\n"), "{}", seen[1]);
    assert!(seen[0].contains("Host: shop.test\r\n"), "{}", seen[0]);
}

/// What a connection-specific header names is taken out, and the decision stands all the same.
#[tokio::test(flavor = "multi_thread")]
async fn connection_headers_hide_nothing_from_the_gate() {
    let origin = Origin::fixed(html("Content-Type: text/html\r\n", page().as_bytes()), false).await;
    let front = Front::new(Kind::Program, origin.address).await;
    for named in ["cookie", "sec-gpc", "accept-encoding", "if-none-match, range"] {
        let headers = format!("Connection: {named}\r\nCookie: a=b\r\nSec-GPC: 1\r\n");
        let got = Visitor::new(front.visitors).await.ask(&get(&headers)).await;
        let text = String::from_utf8(got.body.clone()).unwrap();
        assert!(got.status == 200 && !text.contains(TRACKER), "{named} {text}");
    }
}

/// Silent, half-spoken and kept connections do not hold up the end.
#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_do_not_hold_up_the_end() {
    let origin = Origin::fixed(html("Content-Type: text/html\r\n", b"<p>ok"), false).await;
    let mut front = Front::new(Kind::Program, origin.address).await;
    let silent = Visitor::new(front.visitors).await;
    let mut half = Visitor::new(front.visitors).await;
    half.send(b"GET /page HT").await;
    let mut preface = Visitor::new(front.visitors).await;
    preface.send(b"PRI * HTTP").await;
    let mut kept = Visitor::new(front.visitors).await;
    assert_eq!(kept.ask(&get("")).await.status, 200);
    front.end();
    let ended = tokio::time::timeout(Duration::from_secs(5), front.ended()).await;
    assert!(ended.is_ok());
    drop((silent, half, preface, kept));
}
