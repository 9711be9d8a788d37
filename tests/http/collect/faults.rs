//! Vendors that fail, and visitors that ask too much: the site never feels it.

use super::{
    super::{front::KINDS, origin::Step, visitor::Visitor},
    shop::{Plan, Shop, choice, with},
};
use consentry::{collect::Limits, engine::Collection};
use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

const COLLECT: &str = "/_consentry/v/stats.test/collect";
const PATHS: [(&str, u16); 4] = [
    (COLLECT, 204),
    ("/_consentry/v/stats.test/js/a.js", 200),
    ("/_consentry/v/stats.test/pixel", 200),
    ("/_consentry/v/stats.test/frame", 200),
];

fn limited(limits: Limits) -> Collection {
    Collection { limits, ..Collection::default() }
}

fn quick() -> Collection {
    limited(Limits { timeout: Duration::from_millis(300), ..Limits::default() })
}

/// Asks all kinds of endpoints; each answer is the empty one, and comes soon.
async fn fails(steps: fn() -> Vec<Step>, cause: &str) {
    for kind in KINDS {
        let shop =
            Shop::new(Plan { kind, collection: quick(), ..Plan::default() }, move |_| steps())
                .await;
        for (path, status) in PATHS {
            let started = Instant::now();
            let got = shop.ask("GET", path, &choice("f1a1m1")).await;
            assert_eq!(
                (got.status, got.get("cache-control")),
                (status, Some("no-store")),
                "{path}"
            );
            assert!(got.body.len() < 50, "{path}");
            assert!(started.elapsed() < Duration::from_secs(3), "{path}");
        }
        let page = shop.ask("GET", "/", "").await;
        assert_eq!(page.status, 200);
        shop.front
            .counted(&format!(
                "consentry_collect_failures_total{{cause=\"{cause}\",vendor=\"stats\"}} 4"
            ))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_may_be_silent_cut_short_or_mad() {
    fails(|| vec![Step::Hang], "slow").await;
    fails(
        || {
            vec![
                Step::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".to_vec()),
                Step::Hang,
            ]
        },
        "slow",
    )
    .await;
    fails(|| vec![Step::Close], "garbage").await;
    fails(
        || {
            vec![
                Step::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".to_vec()),
                Step::Close,
            ]
        },
        "garbage",
    )
    .await;
    fails(|| vec![Step::Send(b"SSH-2.0-OpenSSH_9\r\n\r\n".to_vec()), Step::Close], "garbage").await;
    fails(|| vec![Step::Send(b"HTTP/1.1 101 X\r\nUpgrade: x\r\n\r\n".to_vec())], "garbage").await;
    fails(|| vec![Step::Send(with("application/json", &"x".repeat(9 << 20)))], "garbage").await;
    fails(
        || {
            vec![Step::Send(
                b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b"
                    .to_vec(),
            )]
        },
        "garbage",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_megabytes_are_not_read() {
    let shop = Shop::new(Plan { collection: quick(), ..Plan::default() }, |_| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\nTransfer-Encoding: chunked\r\n\r\n";
        let chunk = [&b"100000\r\n"[..], &vec![b'x'; 1 << 20], b"\r\n"].concat();
        let chunks = (0..100).map(|_| Step::Send(chunk.clone()));
        std::iter::once(Step::Send(head.to_vec())).chain(chunks).collect()
    })
    .await;
    for (path, status) in PATHS {
        assert_eq!(shop.ask("GET", path, &choice("f1a1m1")).await.status, status, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_is_not_unpacked() {
    let bomb = crate::codings::encode("gzip", &vec![b'a'; 64 << 20]);
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        bomb.len()
    );
    let sent = [head.as_bytes(), &bomb].concat();
    let shop = Shop::answering(Plan::default(), sent).await;
    for (path, status) in PATHS {
        let got = shop.ask("GET", path, &choice("f1a1m1")).await;
        assert!(got.status == status && got.body.len() < 50, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_that_is_down_is_left_alone() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut collection = quick();
    collection.targets.insert("stats.test".into(), format!("http://{nobody}").parse().unwrap());
    let shop = Shop::of(Plan { collection, unmapped: true, ..Plan::default() }).await;
    for _ in 0..8 {
        assert_eq!(shop.ask("GET", COLLECT, &choice("f1a1m1")).await.status, 204);
    }
    shop.front
        .counted("consentry_collect_failures_total{cause=\"unreachable\",vendor=\"stats\"} 5")
        .await;
    shop.front
        .counted("consentry_collect_refused_total{reason=\"broken\",vendor=\"stats\"} 3")
        .await;
    shop.front.counted("consentry_collect_broken_hosts 1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrency_is_bounded() {
    let limits = Limits { concurrency: 4, timeout: Duration::from_secs(5), ..Limits::default() };
    let shop =
        Shop::new(Plan { collection: limited(limits), ..Plan::default() }, |_| vec![Step::Hang])
            .await;
    let mut first = Visitor::new(shop.front.visitors).await;
    first
        .send(
            format!("GET {COLLECT} HTTP/1.1\r\nHost: shop.test\r\n{}\r\n", choice("f1a1m1"))
                .as_bytes(),
        )
        .await;
    while shop.stub.requests().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let started = Instant::now();
    assert_eq!(shop.ask("GET", COLLECT, &choice("f1a1m1")).await.status, 204);
    assert!(started.elapsed() < Duration::from_secs(2));
    shop.front.counted("consentry_collect_refused_total{reason=\"busy\",vendor=\"stats\"} 1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_answered_429() {
    let limits = Limits { per_client: 1, ..Limits::default() };
    for kind in KINDS {
        let shop =
            Shop::of(Plan { kind, collection: limited(limits.clone()), ..Plan::default() }).await;
        let mut statuses = Vec::new();
        for _ in 0..20 {
            statuses.push(shop.ask("GET", COLLECT, "").await.status);
        }
        let refused = statuses.iter().filter(|status| **status == 429).count();
        assert!((8..=10).contains(&refused), "{statuses:?}");
        let other = format!("{}X-Forwarded-For: 198.51.100.9\r\n", choice("f1a1m1"));
        assert_eq!(shop.ask("GET", COLLECT, &other).await.status, 200);
        assert_eq!(shop.ask("GET", "/", "").await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_connection_that_was_closed_is_made_anew() {
    let shop = Shop::new(Plan::default(), |_| {
        vec![Step::Send(with("application/json", "{}")), Step::Close]
    })
    .await;
    for _ in 0..5 {
        assert_eq!(shop.ask("GET", COLLECT, &choice("f1a1m1")).await.status, 200);
    }
    assert_eq!(shop.stub.requests().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_before_sending_is_told_to_go_on() {
    for kind in KINDS {
        let shop = Shop::of(Plan { kind, ..Plan::default() }).await;
        let mut visitor = Visitor::new(shop.front.visitors).await;
        let head = format!(
            "POST {COLLECT} HTTP/1.1\r\nHost: shop.test\r\nExpect: 100-continue\r\nContent-Length: 8\r\n{}\r\n",
            choice("f1a1m1")
        );
        visitor.send(head.as_bytes()).await;
        assert!(visitor.until(b"\r\n\r\n").await.starts_with(b"HTTP/1.1 100 "));
        assert_eq!(visitor.ask("event=ok").await.status, 200);
        assert_eq!(shop.stub.bodies(), b"event=ok");
        // Who is refused needs not send.
        let mut visitor = Visitor::new(shop.front.visitors).await;
        let refused = head.replace("f1a1m1", "f1a0m1");
        assert_eq!(visitor.ask(&refused).await.status, 204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_none_is_the_visitors_fault() {
    for kind in KINDS {
        let shop = Shop::of(Plan { kind, ..Plan::default() }).await;
        let headers = choice("f1a1m1") + "Transfer-Encoding: chunked\r\n";
        let request =
            format!("POST {COLLECT} HTTP/1.1\r\nHost: shop.test\r\n{headers}\r\nzz\r\nid=1");
        assert_eq!(Visitor::new(shop.front.visitors).await.ask(&request).await.status, 400);
        assert!(shop.stub.requests().is_empty());
    }
}

/// A TLS server whose certificate nobody vouches for; it prints what it is sent.
struct Impostor {
    server: Child,
    port: u16,
    folder: TempDir,
}

impl Impostor {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let of = "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost";
        let made = Command::new("openssl").args(of.split(' ')).current_dir(folder.path()).output();
        assert!(made.unwrap().status.success());
        let serve = format!("s_server -accept 127.0.0.1:{port} -cert cert.pem -key key.pem -quiet");
        let seen = std::fs::File::create(folder.path().join("seen")).unwrap();
        let server = Command::new("openssl")
            .args(serve.split(' '))
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(seen)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Self { server, port, folder }
    }

    fn seen(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("seen")).unwrap()
    }
}

impl Drop for Impostor {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_whose_certificate_is_not_trusted_gets_nothing() {
    let impostor = Impostor::start().await;
    let mut collection = Collection::default();
    let target = format!("https://localhost:{}", impostor.port).parse().unwrap();
    collection.targets.insert("stats.test".into(), target);
    let plan = Plan { collection, unmapped: true, ..Plan::default() };
    let shop = Shop::of(plan).await;
    assert_eq!(shop.ask("GET", COLLECT, &choice("f1a1m1")).await.status, 204);
    let counted = "consentry_collect_failures_total{cause=\"unreachable\",vendor=\"stats\"} 1";
    shop.front.counted(counted).await;
    assert_eq!(impostor.seen(), "");
    // The server does take requests: of who does not look at its certificate.
    let url = format!("https://localhost:{}/collect?id=1", impostor.port);
    let asked = Command::new("curl").args(["-sk", "-m", "2", &url]).output().unwrap();
    assert!(impostor.seen().contains("GET /collect?id=1"), "{asked:?}");
}
