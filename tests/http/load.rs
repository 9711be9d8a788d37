//! What there is no room to read is shed, or passes under a policy; never in silence.

use super::{
    front::{Front, Kind, engine},
    matrix::{TRACKER, cookie, get, page},
    origin::{Origin, Step},
    visitor::Visitor,
};
use consentry::{
    catalog::{Config as Gate, FirstParty},
    collect,
    engine::{Capacity, OnOverload, PathMode, Site},
    policy::Mode,
};
use std::sync::Mutex;
use tokio::sync::mpsc;

/// An origin whose first page waits within its body until it is told, and whose others come at once.
async fn waiting() -> (Origin, mpsc::Sender<()>) {
    let (tell, told) = mpsc::channel(1);
    let told = Mutex::new(Some(told));
    let origin = Origin::new(move |_| {
        let body = page();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nETag: \"1\"\r\nLink: <{TRACKER}>; rel=preload\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let (start, rest) = body.split_at(20);
        let start = Step::Send([head.as_bytes(), start.as_bytes()].concat());
        let wait = told.lock().unwrap().take().map(Step::Wait);
        let rest = Step::Send(rest.as_bytes().to_vec());
        [Some(start), wait, Some(rest)].into_iter().flatten().collect()
    })
    .await;
    (origin, tell)
}

fn site(on_overload: OnOverload) -> Site {
    let collect = collect::Config { enabled: false, ..collect::Config::default() };
    Site { on_overload, collect, announce: true, ..Site::default() }
}

/// A front with room for one page, which is taken until `tell` is told.
async fn full(site: Site) -> (Front, Visitor, Origin, mpsc::Sender<()>) {
    let (origin, tell) = waiting().await;
    let room = Capacity { rewrites: 1, ..Capacity::default() };
    let made = |site| engine(site).holding(room);
    let front = Front::made(Kind::Program, origin.address, site, made).await;
    let mut first = Visitor::new(front.visitors).await;
    first.send(get("").as_bytes()).await;
    first.until(b"<!doctype").await;
    (front, first, origin, tell)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_there_is_no_room_for_is_shed() {
    let (front, mut first, _origin, tell) = full(site(OnOverload::Shed)).await;
    let mut second = Visitor::new(front.visitors).await;
    let got = second.ask(&get("")).await;
    let text = String::from_utf8(got.body.clone()).unwrap();
    assert_eq!((got.status, got.get("retry-after")), (503, Some("5")), "{}", got.head);
    assert!(got.whole && text.contains("too busy") && !text.contains(TRACKER), "{text}");
    assert_eq!((got.get("cache-control"), got.get("link")), (Some("no-store"), None));
    // What is not read needs no room.
    assert_eq!(second.ask(&get(&cookie())).await.status, 200);
    tell.send(()).await.unwrap();
    let rest = first.until(b"</html>\n").await;
    assert!(!String::from_utf8(rest).unwrap().contains(TRACKER));
    front.counted("consentry_rewrite_memory_bytes 0").await;
    let after = second.ask(&get("")).await;
    assert_eq!(after.status, 200);
    front.counted("consentry_overloads_total{action=\"shed\",cause=\"rewrites\"} 1").await;
    front.counted("consentry_pages_total{mode=\"enforce\",outcome=\"overloaded\"} 1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_passes_a_policy_holds_it() {
    let (front, _first, _origin, _tell) = full(site(OnOverload::Pass)).await;
    let got = Visitor::new(front.visitors).await.ask(&get("")).await;
    assert_eq!((got.status, got.body == page().as_bytes()), (200, true), "{}", got.head);
    assert_eq!(
        got.get("content-security-policy"),
        Some(
            "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob: shop.test:* *.shop.test:*",
        )
    );
    assert_eq!((got.get("link"), got.get("etag")), (None, None));
    assert_eq!(got.get("cache-control"), Some("private, no-store"));
    assert!(got.get("consentry").unwrap().ends_with("; unread"), "{}", got.head);
    front.counted("consentry_overloads_total{action=\"pass\",cause=\"rewrites\"} 1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_with_copies_of_vendors_scripts_sheds_in_any_case() {
    let copy = FirstParty { path: "/js/matomo.js".into(), vendor: "matomo".into() };
    let gate = Gate { first_party: vec![copy], ..Gate::default() };
    let (front, _first, _origin, _tell) = full(Site { gate, ..site(OnOverload::Pass) }).await;
    assert_eq!(Visitor::new(front.visitors).await.ask(&get("")).await.status, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_bounded_and_a_reload_makes_room() {
    let (origin, tell) = waiting().await;
    drop(tell);
    let room = Capacity { memory: 1 << 20, ..Capacity::default() };
    let made = |site| engine(site).holding(room);
    let front = Front::made(Kind::Program, origin.address, site(OnOverload::Shed), made).await;
    // The first one is the one that the origin does not end.
    drop(Visitor::new(front.visitors).await.ask(&get("")).await);
    let ask = async |request: String| Visitor::new(front.visitors).await.ask(&request).await;
    assert_eq!(ask(get("")).await.status, 503);
    // A head alone is not read.
    assert_eq!(ask(get("").replace("GET", "HEAD")).await.status, 200);
    front.counted("consentry_overloads_total{action=\"shed\",cause=\"memory\"} 2").await;
    front.consentry.swap(engine(front.site()));
    assert_eq!(ask(get("")).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_has_a_mode_of_its_own() {
    let body = page();
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let origin = Origin::fixed(answer.into(), false).await;
    let paths = vec![PathMode { path: "/api/*".into(), mode: Mode::Off }];
    let front =
        Front::of(Kind::Program, origin.address, Site { paths, ..site(OnOverload::Shed) }).await;
    let mut visitor = Visitor::new(front.visitors).await;
    let got = visitor.ask(&get("").replace("/page", "/api/page")).await;
    assert_eq!(got.body, page().as_bytes());
    assert_eq!(got.get("consentry"), None);
    for path in ["/page", "/api/%2e%2e/page"] {
        let got = visitor.ask(&get("").replace("/page", path)).await;
        assert!(!String::from_utf8(got.body).unwrap().contains(TRACKER), "{path}");
    }
}
