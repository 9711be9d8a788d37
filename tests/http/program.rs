//! What only the program does: failing origins, the admin listener, its end.

use super::{
    front::{Front, Kind},
    matrix::{TRACKER, get, page},
    origin::{Origin, Step},
    visitor::Visitor,
};
use consentry::engine::{Origin as Upstream, Site, Timeouts};
use std::{net::SocketAddr, time::Duration};

fn html(body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into()
}

/// An address at which nobody listens.
async fn nobody() -> SocketAddr {
    tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_is_down_is_a_plain_page() {
    let front = Front::new(Kind::Program, nobody().await).await;
    let got = Visitor::new(front.visitors).await.ask(&get("")).await;
    let text = String::from_utf8(got.body.clone()).unwrap();
    assert_eq!((got.status, got.whole), (502, true), "{}", got.head);
    assert_eq!(got.get("cache-control"), Some("no-store"));
    assert!(
        text.contains("<h1>") && !text.contains("127.0.0.1") && !text.contains("onnection"),
        "{text}"
    );
    let head = Visitor::new(front.visitors).await.ask(&get("").replace("GET", "HEAD")).await;
    assert_eq!(head.status, 502);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_is_slow_is_a_504() {
    let origin = Origin::new(|_| vec![Step::Hang]).await;
    let timeouts = Timeouts { read: Duration::from_millis(50), ..Timeouts::default() };
    let upstream: Upstream = format!("http://{}", origin.address).parse().unwrap();
    let site = Site { origin: Some(upstream.within(timeouts).into()), ..Site::default() };
    let front = Front::with(site).await;
    let got = Visitor::new(front.visitors).await.ask(&get("")).await;
    assert_eq!((got.status, got.whole), (504, true), "{}", got.head);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_talks_nonsense_is_a_502() {
    let origin = Origin::fixed(b"SSH-2.0-OpenSSH_9\r\n\r\n".to_vec(), true).await;
    let front = Front::new(Kind::Program, origin.address).await;
    assert_eq!(Visitor::new(front.visitors).await.ask(&get("")).await.status, 502);
}

#[tokio::test(flavor = "multi_thread")]
async fn large_heads_are_bounded() {
    let origin = Origin::fixed(html(&page()), false).await;
    let front = Front::new(Kind::Program, origin.address).await;
    let cookie = |length: usize| format!("Cookie: a={}\r\n", "x".repeat(length));
    assert_eq!(Visitor::new(front.visitors).await.ask(&get(&cookie(64 << 10))).await.status, 200);
    assert_eq!(Visitor::new(front.visitors).await.ask(&get(&cookie(200 << 10))).await.status, 431);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_admin_listener_tells_health_and_figures() {
    let origin = Origin::fixed(html(&page()), false).await;
    let front = Front::new(Kind::Program, origin.address).await;
    Visitor::new(front.visitors).await.ask(&get("")).await;
    let mut admin = Visitor::new(front.admin.unwrap()).await;
    let health = admin.ask(&get("").replace("/page", "/healthz")).await;
    assert_eq!((health.status, &*health.body), (200, &b"ok\n"[..]));
    let figures = admin.ask(&get("").replace("/page", "/metrics")).await;
    let text = String::from_utf8(figures.body).unwrap();
    assert!(
        text.contains("consentry_pages_total{mode=\"enforce\",outcome=\"rewritten\"} 1"),
        "{text}"
    );
    assert_eq!(admin.ask(&get("")).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_is_prompt_and_lets_requests_finish() {
    let (tell, told) = tokio::sync::mpsc::channel(1);
    let told = std::sync::Mutex::new(Some(told));
    let origin = Origin::new(move |_| {
        let told = told.lock().unwrap().take().unwrap();
        vec![Step::Wait(told), Step::Send(html(&page()))]
    })
    .await;
    let mut front = Front::new(Kind::Program, origin.address).await;
    let mut busy = Visitor::new(front.visitors).await;
    busy.send(get("").as_bytes()).await;
    while origin.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    front.end();
    tell.send(()).await.unwrap();
    let got = busy.answer(false).await;
    assert_eq!((got.status, got.whole), (200, true));
    front.ended().await;
    assert!(tokio::net::TcpStream::connect(front.visitors).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_midway_changes_nothing_of_a_response() {
    let (tell, told) = tokio::sync::mpsc::channel(1);
    let told = std::sync::Mutex::new(Some(told));
    let origin = Origin::new(move |_| {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>first</p>";
        let second = Step::Send(page().into_bytes());
        let wait = told.lock().unwrap().take().map(Step::Wait);
        [Some(Step::Send(head.into())), wait, Some(second), Some(Step::Close)]
            .into_iter()
            .flatten()
            .collect()
    })
    .await;
    let front = Front::new(Kind::Program, origin.address).await;
    let mut visitor = Visitor::new(front.visitors).await;
    visitor.send(get("").as_bytes()).await;
    visitor.until(b"<p>first</p>").await;
    let site = Site { mode: consentry::policy::Mode::Off, ..front.site() };
    front.consentry.swap(super::front::engine(site));
    tell.send(()).await.unwrap();
    let rest = visitor.until(b"\r\n0\r\n\r\n").await;
    let rest = String::from_utf8(rest).unwrap();
    assert!(rest.contains("/own.js") && !rest.contains(TRACKER), "{rest}");
    let next = Visitor::new(front.visitors).await.ask(&get("")).await;
    assert!(String::from_utf8(next.body).unwrap().contains(TRACKER));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_keeps_its_engine_over_a_reload() {
    let origin = Origin::fixed(html(&page()), false).await;
    let front = Front::new(Kind::Program, origin.address).await;
    let mut visitor = Visitor::new(front.visitors).await;
    let before = visitor.ask(&get("")).await;
    let site = Site { mode: consentry::policy::Mode::Off, ..front.site() };
    front.consentry.swap(super::front::engine(site));
    let after = visitor.ask(&get("")).await;
    assert_ne!(before.body, after.body);
    assert_eq!(after.body, page().as_bytes());
}
