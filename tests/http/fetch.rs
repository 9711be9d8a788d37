//! The client that scans pages and fetches lists.

use super::{
    codings,
    origin::{Origin, Step},
};
use consentry::proxy::client::{Error, Limits, get};
use http::{HeaderMap, HeaderValue, header::COOKIE};
use std::time::Duration;
use url::Url;

fn url(origin: &Origin, path: &str) -> Url {
    format!("http://{}{path}", origin.address).parse().unwrap()
}

fn coded(coding: &str, body: &[u8]) -> Vec<u8> {
    let body = codings::encode(coding, body);
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), &body].concat()
}

fn to(location: &str) -> Vec<u8> {
    format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n").into()
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_and_codings_are_followed() {
    for coding in codings::NAMES {
        let origin = Origin::new(move |head| {
            let start = head.starts_with("GET /start?a=b HTTP/1.1\r\n");
            vec![Step::Send(if start { to("next/page") } else { coded(coding, b"<p>text") })]
        })
        .await;
        let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static("a=b"))]);
        let got = get(&url(&origin, "/start?a=b#f"), &headers, &Limits::default()).await.unwrap();
        assert_eq!((got.status.as_u16(), &*got.body), (200, &b"<p>text"[..]), "{coding}");
        assert_eq!(got.url, url(&origin, "/next/page"));
        assert!(origin.requests()[1].contains("a=b\r\n"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_bounded() {
    let limits = Limits { time: Duration::from_millis(300), size: 1000, redirects: 5 };
    let none = HeaderMap::new();
    let turns = Origin::fixed(to("/"), false).await;
    assert!(matches!(get(&url(&turns, "/"), &none, &limits).await, Err(Error::Redirects)));
    assert_eq!(turns.requests().len(), 6);
    let bomb = Origin::fixed(coded("gzip", &[b'a'; 100_000]), true).await;
    assert!(matches!(get(&url(&bomb, "/"), &none, &limits).await, Err(Error::Size(1000))));
    let silent = Origin::new(|_| vec![Step::Hang]).await;
    let slow = get(&url(&silent, "/"), &none, &limits).await;
    assert!(matches!(slow, Err(Error::Time | Error::Connection { .. })));
    let files = Origin::fixed(to("file:///etc/passwd"), false).await;
    assert!(matches!(get(&url(&files, "/"), &none, &limits).await, Err(Error::Url(_))));
}
