//! What visitors may cost.

use super::{super::http2::connect, *};
use bytes::Bytes;
use http::Request;

fn get(headers: &str) -> String {
    format!("GET /page HTTP/1.1\r\nHost: shop.test\r\n{headers}\r\n")
}

fn request() -> Request<()> {
    Request::get("http://shop.test/page").body(()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_bounded_in_all() {
    let origin = origin().await;
    let config = limited(Limits { connections: 2, ..Limits::default() });
    let (front, _) = Front::through(origin.address, Options::default(), config).await;
    let mut first = Visitor::new(front.visitors).await;
    assert_eq!(first.ask(&get("")).await.status, 200);
    let mut second = Visitor::new(front.visitors).await;
    assert_eq!(second.ask(&get("")).await.status, 200);
    front.counted("consentry_connections_open 2").await;
    assert_eq!(Visitor::new(front.visitors).await.rest().await, b"");
    front.counted("consentry_connections_refused_total{cause=\"full\"} 1").await;
    drop(first);
    front.counted("consentry_connections_open 1").await;
    assert_eq!(Visitor::new(front.visitors).await.ask(&get("")).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_bounded_by_client_but_not_for_balancers() {
    let origin = origin().await;
    let config = limited(Limits { connections_per_client: 1, ..Limits::default() });
    for (options, refused) in [(trusting_nobody(), true), (Options::default(), false)] {
        let (front, _) = Front::through(origin.address, options, config.clone()).await;
        let mut first = Visitor::new(front.visitors).await;
        assert_eq!(first.ask(&get("")).await.status, 200);
        let mut second = Visitor::new(front.visitors).await;
        if refused {
            assert_eq!(second.rest().await, b"");
            front.counted("consentry_connections_refused_total{cause=\"client_full\"} 1").await;
        } else {
            assert_eq!(second.ask(&get("")).await.status, 200);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_behind_a_balancer_has_a_limit_of_its_own() {
    let origin = origin().await;
    let mut config = limited(Limits { connections_per_client: 1, ..Limits::default() });
    config.listeners[0].proxy_protocol = true;
    let (front, _) = Front::through(origin.address, Options::default(), config).await;
    let mut kept = Vec::new();
    for (source, served) in [("203.0.113.7", true), ("203.0.113.7", false), ("203.0.113.8", true)] {
        let mut visitor = Visitor::new(front.visitors).await;
        visitor.send(format!("PROXY TCP4 {source} 192.0.2.1 4711 443\r\n").as_bytes()).await;
        match served {
            true => assert_eq!(visitor.ask(&get("")).await.status, 200),
            false => assert_eq!(visitor.rest().await, b""),
        }
        kept.push(visitor);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_one_visitor_are_bounded() {
    let origin = origin().await;
    let config = limited(Limits { requests_per_client: 1, ..Limits::default() });
    let (front, _) = Front::through(origin.address, Options::default(), config).await;
    let mut balancer = Visitor::new(front.visitors).await;
    let mut ask = async |headers: &str| balancer.ask(&get(headers)).await;
    let (one, other) = ("X-Forwarded-For: 203.0.113.7\r\n", "X-Forwarded-For: 203.0.113.8\r\n");
    for _ in 0..10 {
        assert_eq!(ask(one).await.status, 200);
    }
    let mut refused = Visitor::new(front.visitors).await.ask(&get(one)).await;
    for _ in 0..20 {
        // A second may have passed on a slow machine.
        if refused.status == 429 {
            break;
        }
        refused = Visitor::new(front.visitors).await.ask(&get(one)).await;
    }
    assert_eq!((refused.status, refused.get("retry-after")), (429, Some("1")), "{}", refused.head);
    let claimed = "X-Forwarded-For: 6.6.6.6, 203.0.113.7\r\n";
    let mut again = Visitor::new(front.visitors).await.ask(&get(claimed)).await;
    for _ in 0..20 {
        if again.status == 429 {
            break;
        }
        again = Visitor::new(front.visitors).await.ask(&get(claimed)).await;
    }
    assert_eq!(again.status, 429, "a claim changes nothing");
    assert_eq!(ask(other).await.status, 200);
    for _ in 0..30 {
        assert_eq!(ask("").await.status, 200, "the balancer itself is not counted");
    }
    front.counted("consentry_requests_limited_total{limit=\"rate\"}").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_are_bounded_in_size() {
    let origin = origin().await;
    let config = limited(Limits { max_head: 8 << 10, ..Limits::default() });
    let (front, places) = Front::through(origin.address, Options::default(), config).await;
    let long = format!("X-Long: {}\r\n", "x".repeat(9000));
    assert_eq!(Visitor::new(front.visitors).await.ask(&get(&long)).await.status, 431);
    front.counted("consentry_requests_limited_total{limit=\"head\"} 1").await;
    let header = long.trim();
    let told = curl(&places[0], &["--http2-prior-knowledge", "-H", header]);
    assert!(told.contains("\n431 2"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_are_bounded_in_time() {
    let (origin, folder) = (origin().await, TempDir::new().unwrap());
    let files = certificate(folder.path(), "shop", &["shop.test"]);
    let short = Duration::from_millis(150);
    let limits = Limits { head_timeout: short, handshake_timeout: short, ..Limits::default() };
    let config = Config { limits, ..server(vec![Listener::plain(any()), secure(vec![files])]) };
    let (front, places) = Front::through(origin.address, Options::default(), config).await;
    let mut silent = Visitor::new(front.visitors).await;
    silent.send(b"GET / HTTP/1.1\r\nHo").await;
    assert_eq!(silent.rest().await, b"");
    front.counted("consentry_connections_cut_total{cause=\"slow_head\"} 1").await;
    // The second request of a connection has the same time, and the time between them is not counted.
    let mut second = Visitor::new(front.visitors).await;
    assert_eq!(second.ask(&get("")).await.status, 200);
    tokio::time::sleep(short * 2).await;
    assert_eq!(second.ask(&get("")).await.status, 200);
    second.send(b"GET /").await;
    assert_eq!(second.rest().await, b"");
    front.counted("consentry_connections_cut_total{cause=\"slow_head\"} 2").await;
    let mut handshake = Visitor::new(places[1].address.ip().unwrap()).await;
    handshake.send(b"\x16\x03\x01\x02").await;
    assert_eq!(handshake.rest().await, b"");
    front.counted("consentry_connections_refused_total{cause=\"slow_handshake\"} 1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_and_idle_connections_are_bounded_in_time() {
    let origin = Origin::new(|head| match head.starts_with("POST") {
        true => vec![Step::Read(10), Step::Send(PAGE.into())],
        false => vec![Step::Send(PAGE.into())],
    })
    .await;
    let body_timeout = Duration::from_millis(150);
    let idle_timeout = Duration::from_secs(1);
    let config = limited(Limits { body_timeout, idle_timeout, ..Limits::default() });
    let (front, _) = Front::through(origin.address, Options::default(), config).await;
    let mut slow = Visitor::new(front.visitors).await;
    let post = "POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 10\r\n\r\n12345";
    assert_eq!(slow.ask(post).await.status, 408);
    front.counted("consentry_connections_cut_total{cause=\"slow_body\"} 1").await;
    assert_eq!(Visitor::new(front.visitors).await.rest().await, b"", "silent from the start");
    let mut kept = Visitor::new(front.visitors).await;
    assert_eq!(kept.ask(&get("")).await.status, 200);
    assert_eq!(kept.rest().await, b"");
}

/// What a client of HTTP/2 sends first: its preface and settings of none.
const FIRST: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// `GET http://shop.test/page` whose stream is cancelled in the same breath (RFC 9113 6.2 and 6.4, RFC 7541 6).
fn cancelled(stream: u32) -> Vec<u8> {
    let head = b"\x82\x86\x04\x05/page\x01\x09shop.test";
    let frame = |length: u8, kind: u8, flags: u8| {
        [&[0, 0, length, kind, flags], &stream.to_be_bytes()[..]].concat()
    };
    [&frame(head.len() as u8, 1, 4)[..], head, &frame(4, 3, 0), &8u32.to_be_bytes()].concat()
}

/// Requests that are cancelled as soon as they are made (CVE-2023-44487).
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_cancelled_requests_ends_its_connection() {
    let origin = origin().await;
    let config = limited(Limits { resets: 20, ..Limits::default() });
    let (front, _) = Front::through(origin.address, Options::default(), config).await;
    let mut visitor = Visitor::new(front.visitors).await;
    let flood: Vec<u8> = (0..100).flat_map(|n| cancelled(2 * n + 1)).collect();
    visitor.send(&[FIRST, &flood].concat()).await;
    visitor.rest().await;
    front.counted("consentry_connections_cut_total{cause=\"flood\"} 1").await;
    assert!(origin.requests().len() < 100, "{}", origin.requests().len());
    // Others do not notice, and some cancelling is a browser's own way.
    let mut visitor = Visitor::new(front.visitors).await;
    let some: Vec<u8> = (0..10).flat_map(|n| cancelled(2 * n + 1)).collect();
    visitor.send(&[FIRST, &some].concat()).await;
    let (mut client, _driver) = connect(front.visitors).await;
    for _ in 0..10 {
        let (response, _) = client.send_request(request(), true).unwrap();
        assert_eq!(response.await.unwrap().status(), 200);
    }
    front.counted("consentry_connections_cut_total{cause=\"flood\"} 1").await;
}

/// Pings come as fast as the client likes, and carry nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_pings_ends_its_connection() {
    let origin = origin().await;
    let config = limited(Limits { resets: 20, ..Limits::default() });
    let (front, _) = Front::through(origin.address, Options::default(), config).await;
    let mut visitor = Visitor::new(front.visitors).await;
    let ping = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
    visitor.send(&[FIRST, &ping.repeat(100)].concat()).await;
    visitor.rest().await;
    front.counted("consentry_connections_cut_total{cause=\"flood\"} 1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_bounded() {
    let (tell, told) = tokio::sync::mpsc::channel::<()>(1);
    let told = std::sync::Mutex::new(Some(told));
    let origin = Origin::new(move |_| {
        let wait = told.lock().unwrap().take().map(Step::Wait);
        wait.into_iter().chain([Step::Send(PAGE.into())]).collect()
    })
    .await;
    let config = limited(Limits { streams: 1, ..Limits::default() });
    let (front, _) = Front::through(origin.address, Options::default(), config).await;
    let (mut client, _driver) = connect(front.visitors).await;
    // The first answer comes after the server's settings.
    tell.send(()).await.unwrap();
    let first = client.send_request(request(), true).unwrap().0.await.unwrap();
    assert_eq!(super::super::http2::whole(first).await.unwrap(), Bytes::from_static(b"ok"));
    assert_eq!(client.current_max_send_streams(), 1);
}
