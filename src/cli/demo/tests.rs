//! The demo from outside: over TCP, as a proxy and a browser would ask it.

use super::*;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

async fn send(to: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    answer
}

async fn get(to: SocketAddr, path: &str, fields: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\n{fields}\r\n");
    String::from_utf8_lossy(&send(to, request.as_bytes()).await).into_owned()
}

async fn post(to: SocketAddr, path: &str, body: &str) -> String {
    let length = body.len();
    let request =
        format!("POST {path} HTTP/1.1\r\nHost: shop\r\nContent-Length: {length}\r\n\r\n{body}");
    String::from_utf8(send(to, request.as_bytes()).await).unwrap()
}

#[tokio::test]
async fn pages_hold_each_kind_of_tracker() {
    let demo = start().await.unwrap();
    let kettle = get(demo.shop, "/kettle", "").await;
    for tracker in [
        "'gtm.start'",
        "'//tags.localhost/gtm.js?id='",
        r#"src="//tags.localhost/gtag/js?id=G-"#,
        "gtag('config', ",
        "'//social.localhost/en_US/fbevents.js'",
        "fbq('init', ",
        r#"<noscript><img height="1" width="1" style="display:none" alt=""
  src="//social.localhost/tr?"#,
        r#"<noscript><iframe src="//tags.localhost/ns.html?"#,
        r#"src="//pixels.localhost/g.gif?"#,
        r#"<link rel="preconnect" href="//tags.localhost">"#,
        r#"onclick="gtag('event', 'add_to_cart'"#,
        "fbq('track', 'AddToCart'",
        "dataLayer.push({event: 'addToCart'",
        "link: <http://tags.localhost/gtm.js",
        "set-cookie: _fbp=",
    ] {
        assert!(kettle.contains(tracker), "{tracker}");
    }
    let film = get(demo.shop, "/film", "").await;
    assert!(film.contains(r#"src="//video.localhost/embed/"#));
}

#[tokio::test]
async fn no_page_is_left_unfilled() {
    let demo = start().await.unwrap();
    for path in ["/", "/kettle", "/tea", "/film", "/contact", "/shop.css", "/shop.js", "/logo.svg"]
    {
        let page = get(demo.shop, path, "").await;
        assert!(page.starts_with("HTTP/1.1 200 ") && !page.contains("{{"), "{path}");
    }
    assert!(get(demo.shop, "/thanks", "").await.starts_with("HTTP/1.1 404 "));
}

#[tokio::test]
async fn the_german_page_is_in_windows_1252() {
    let demo = start().await.unwrap();
    let page = send(demo.shop, b"GET /ueber-uns HTTP/1.1\r\n\r\n").await;
    assert!(std::str::from_utf8(&page).is_err());
    let (text, _, wrong) = encoding_rs::WINDOWS_1252.decode(&page);
    assert!(
        !wrong && text.contains("charset=windows-1252\r\n") && text.contains("<h1>Über uns</h1>")
    );
    // No character was out of reach of the charset and became a reference.
    assert!(!text.contains("&#8") && text.contains("12,50 € – fragen Sie uns „einfach so“"));
}

#[tokio::test]
async fn a_form_comes_back_escaped() {
    let demo = start().await.unwrap();
    let body = "name=%3Cscript%3Ealert(1)%3C%2Fscript%3E&%22%3E=x&message={{vendors}}";
    let page = post(demo.shop, "/contact", body).await;
    assert!(page.contains("<dd>&lt;script&gt;alert(1)&lt;/script&gt;</dd>"));
    assert!(page.contains("<dt>&quot;&gt;</dt>") && page.contains("<dd>{{vendors}}</dd>"));
    assert!(!page.contains("<script>alert"));
}

#[tokio::test]
async fn a_choice_is_a_cookie_and_the_way_back() {
    let demo = start().await.unwrap();
    let answer = post(demo.shop, "/choice", "choice=analytics&back=%2Fkettle").await;
    assert!(answer.starts_with("HTTP/1.1 303 ") && answer.contains("\r\nlocation: /kettle\r\n"));
    let (_, cookie) = answer.split_once("set-cookie: consentry=v1.demo.").unwrap();
    let (value, rest) = cookie.split_once("\r\n").unwrap();
    assert!(value.get(8..) == Some(".f0a1m0; Path=/; SameSite=Lax; Max-Age=15552000"), "{value}");
    assert!(!rest.contains("set-cookie"));
    let forget = post(demo.shop, "/choice", "choice=forget&back=//evil.test/").await;
    assert!(forget.contains("consentry=; Path=/; SameSite=Lax; Max-Age=0"));
    assert!(forget.contains("\r\nlocation: /\r\n"));
    assert!(post(demo.shop, "/choice", "choice=f1a1m1").await.starts_with("HTTP/1.1 400 "));
}

#[tokio::test]
async fn the_start_page_tells_what_vendors_received() {
    let demo = start().await.unwrap();
    let yes = "Cookie: consentry=v1.demo.20261123.f0a1m0\r\n";
    get(demo.shop, "/", yes).await;
    let host = "Host: analytics.localhost\r\nReferer: http://shop/\r\n";
    get(demo.stubs, "/g/collect?en=%3Cb%3E&x=1", host).await;
    get(demo.stubs, "/tr/", "Host: social.localhost\r\n").await;
    let json = get(demo.shop, "/stubs.json", "").await;
    let (_, json) = json.split_once("\r\n\r\n").unwrap();
    let counts: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(counts["choice"], serde_json::json!(["analytics"]));
    assert_eq!((&counts["requests"], &counts["without_yes"]), (&2.into(), &1.into()));
    assert_eq!(counts["recent"][0]["line"], "GET /tr/");
    let page = get(demo.shop, "/", "").await;
    assert!(page.contains("GET /g/collect?en=%3Cb%3E&amp;x=1") && page.contains("with referrer"));
    assert!(page.contains("Now: no choice yet."));
    post(demo.shop, "/stubs/reset", "").await;
    assert!(get(demo.shop, "/stubs.json", "").await.contains(r#""requests":0,"without_yes":0"#));
}

#[tokio::test]
async fn bad_requests_are_refused_within_bounds() {
    let demo = start().await.unwrap();
    let long = format!("GET / HTTP/1.1\r\nA: {}", "x".repeat(17 << 10));
    for (request, status) in [
        ("\r\n\r\n", "400"),
        ("GET /\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nno colon\r\n\r\n", "400"),
        ("PUT / HTTP/1.1\r\n\r\n", "405"),
        ("POST /contact HTTP/1.1\r\nContent-Length: x\r\n\r\n", "400"),
        ("POST /contact HTTP/1.1\r\nContent-Length: 65537\r\n\r\n", "413"),
        ("POST /contact HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "411"),
        (long.as_str(), "431"),
    ] {
        let answer = send(demo.shop, request.as_bytes()).await;
        let line = String::from_utf8_lossy(answer.get(..12).unwrap_or_default()).into_owned();
        assert_eq!(line, format!("HTTP/1.1 {status}"), "{}", request.get(..40).unwrap_or(request));
    }
}

#[tokio::test]
async fn a_head_has_no_body() {
    let demo = start().await.unwrap();
    let answer = send(demo.shop, b"HEAD / HTTP/1.1\r\n\r\n").await;
    assert!(answer.starts_with(b"HTTP/1.1 200 ") && answer.ends_with(b"\r\n\r\n"));
}

#[tokio::test]
async fn dropping_the_demo_ends_it() {
    let demo = start().await.unwrap();
    let (shop, stubs) = (demo.shop, demo.stubs);
    drop(demo);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(TcpStream::connect(shop).await.is_err() && TcpStream::connect(stubs).await.is_err());
}

#[test]
fn every_vendor_is_an_addition_to_the_catalogue() {
    for entry in vendors() {
        assert!(!entry.hosts.is_empty() && !entry.endpoints.is_empty() && entry.inline.is_empty());
        assert_eq!(entry.purpose.is_some(), entry.id == "film_player");
        assert!(entry.hosts.iter().all(|h| h.split('/').next().unwrap().ends_with(".localhost")));
    }
}
