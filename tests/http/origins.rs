//! Several servers behind a site: which gets a request, and what happens when one of them fails.

use super::{
    front::Front,
    origin::{Origin, Step},
    visitor::Visitor,
};
use consentry::{
    collect,
    engine::{
        Balance, Discovery, Ejection, Health, Http, Key, OriginTls, Origins, Probe, Server, Site,
    },
    proxy::{Options, origins::Names, server::Config},
};
use std::{
    net::{IpAddr, SocketAddr},
    path::Path,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tempfile::TempDir;

const GET: &str = "GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n";

fn says(text: &str) -> Vec<u8> {
    let length = text.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{text}")
        .into()
}

async fn saying(text: &'static str) -> Origin {
    Origin::fixed(says(text), false).await
}

fn server(address: SocketAddr, weight: u32) -> Server {
    Server { origin: format!("http://{address}").parse().unwrap(), weight }
}

async fn nobody() -> SocketAddr {
    tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

async fn front(origins: Origins) -> Front {
    named(origins, Names::default()).await
}

async fn named(origins: Origins, names: Names) -> Front {
    let collect = collect::Config { enabled: false, ..collect::Config::default() };
    let site = Site { origin: Some(origins), collect, ..Site::default() };
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let options = Options { names, ..Options::default() };
    Front::of_site(site, options, Config { admin: Some(any), ..Config::at(any) }).await
}

/// What `count` requests get, one after the other on one connection.
async fn asked(front: &Front, request: &str, count: usize) -> Vec<String> {
    let mut visitor = Visitor::new(front.visitors).await;
    let mut told = Vec::new();
    for _ in 0..count {
        let answer = visitor.ask(request).await;
        told.push(if answer.status == 200 {
            String::from_utf8(answer.body).unwrap()
        } else {
            answer.status.to_string()
        });
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn weights_share_requests_out() {
    let (a, b) = (saying("a").await, saying("b").await);
    let front = front(Origins::of(vec![server(a.address, 3), server(b.address, 1)])).await;
    let told = asked(&front, GET, 40).await;
    assert_eq!(told.iter().filter(|text| *text == "a").count(), 30);
    let line = format!(
        "consentry_origin_requests_total{{class=\"2xx\",origin=\"http://{}\"}} 10",
        b.address
    );
    front.counted(&line).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_keeps_a_visitor_at_one_server() {
    let (a, b) = (saying("a").await, saying("b").await);
    let balance = Balance::Hash(Key::Cookie("sid".to_owned()));
    let servers = vec![server(a.address, 1), server(b.address, 1)];
    let front = front(Origins { balance, ..Origins::of(servers) }).await;
    let mut seen = std::collections::BTreeSet::new();
    for visitor in 0..32 {
        let get = GET.replace("\r\n\r\n", &format!("\r\nCookie: sid=v{visitor}\r\n\r\n"));
        let told = asked(&front, &get, 3).await;
        assert!(told.iter().all(|text| *text == told[0]), "{told:?}");
        seen.insert(told[0].clone());
    }
    assert_eq!(seen.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_reached_nobody_goes_to_the_next_server() {
    let a = saying("a").await;
    let dead = nobody().await;
    let rule = Ejection { failures: 3, ..Ejection::default() };
    let servers = vec![server(dead, 1), server(a.address, 1)];
    let front = front(Origins { ejection: Some(rule), ..Origins::of(servers) }).await;
    // A POST as well: nothing of it has left.
    let post = "POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 2\r\n\r\nhi";
    let told = asked(&front, post, 20).await;
    assert!(told.iter().all(|text| text == "a"), "{told:?}");
    // After three failures nobody asks it any more.
    let failed =
        format!("consentry_origin_failures_total{{cause=\"connect\",origin=\"http://{dead}\"}} 3");
    front.counted(&failed).await;
    front.counted(&format!("consentry_origin_healthy{{origin=\"http://{dead}\"}} 0")).await;
    front.counted(&format!("consentry_origin_healthy{{origin=\"http://{}\"}} 1", a.address)).await;
}

/// A server that takes a request and says nothing of it.
async fn dropping() -> Origin {
    Origin::new(|_| vec![Step::Close]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_safe_is_sent_again() {
    for (request, status) in [
        (GET, 200),
        ("HEAD / HTTP/1.1\r\nHost: shop.test\r\n\r\n", 200),
        ("POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 2\r\n\r\nhi", 502),
        ("POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 0\r\n\r\n", 502),
        ("DELETE / HTTP/1.1\r\nHost: shop.test\r\n\r\n", 502),
        ("GET / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 2\r\n\r\nhi", 502),
    ] {
        let (bad, good) = (dropping().await, saying("good").await);
        // The first in turn is the one that fails.
        let servers = vec![server(bad.address, 1), server(good.address, 1)];
        let front = front(Origins::of(servers)).await;
        let answer = Visitor::new(front.visitors).await.ask(request).await;
        assert_eq!(answer.status, status, "{request}");
        assert_eq!(bad.requests().len(), 1, "{request}");
        assert_eq!(good.requests().len(), usize::from(status == 200), "{request}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_has_begun_is_never_asked_for_again() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nfirst";
    let bad = Origin::fixed(head.into(), true).await;
    let good = saying("good").await;
    let front = front(Origins::of(vec![server(bad.address, 1), server(good.address, 1)])).await;
    let answer = Visitor::new(front.visitors).await.ask(GET).await;
    assert_eq!((answer.status, answer.whole), (200, false));
    assert!(good.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn retries_end() {
    let servers = vec![server(nobody().await, 1), server(nobody().await, 1)];
    for retries in [0, 2] {
        let front =
            front(Origins { retries, ejection: None, ..Origins::of(servers.clone()) }).await;
        assert_eq!(asked(&front, GET, 1).await, ["502"]);
        let failures = front.consentry.metrics().render();
        let failures = String::from_utf8(failures).unwrap();
        let lines = failures.lines().filter(|l| l.starts_with("consentry_origin_failures_total"));
        let tried: usize =
            lines.map(|l| l.rsplit(' ').next().unwrap().parse::<usize>().unwrap()).sum();
        assert_eq!(tried, retries + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_take_a_server_out_and_back() {
    let well = Arc::new(AtomicBool::new(true));
    let state = well.clone();
    let a = Origin::new(move |head| {
        let probe = head.starts_with("GET /healthz?x ");
        let status = if probe && !state.load(Relaxed) { "503 No" } else { "200 OK" };
        vec![Step::Send(format!("HTTP/1.1 {status}\r\nContent-Length: 1\r\n\r\na").into())]
    })
    .await;
    let b = saying("b").await;
    let probe = Probe::Http { path: "/healthz?x".parse().unwrap(), host: None, status: 200..=399 };
    let health = Health { interval: Duration::from_millis(1), up: 1, down: 2, ..Health::by(probe) };
    let servers = vec![server(a.address, 1), server(b.address, 1)];
    let front = front(Origins { health: Some(health), ..Origins::of(servers) }).await;
    let shown =
        |used: i32| format!("consentry_origin_healthy{{origin=\"http://{}\"}} {used}", a.address);
    well.store(false, Relaxed);
    front.counted(&shown(0)).await;
    assert!(asked(&front, GET, 10).await.iter().all(|text| text == "b"));
    well.store(true, Relaxed);
    front.counted(&shown(1)).await;
    assert!(asked(&front, GET, 10).await.contains(&"a".to_owned()));
    let host = format!("\r\nhost: {}\r\n", a.address);
    let probes: Vec<_> = a.requests().into_iter().filter(|r| r.contains("/healthz")).collect();
    assert!(probes.iter().all(|head| head.to_ascii_lowercase().contains(&host)), "{probes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_nobody_listens_on_is_unwell() {
    let (dead, b) = (nobody().await, saying("b").await);
    let health = Health { interval: Duration::from_millis(1), down: 1, ..Health::by(Probe::Tcp) };
    let servers = vec![server(dead, 1), server(b.address, 1)];
    let front = front(Origins { health: Some(health), ..Origins::of(servers) }).await;
    front.counted(&format!("consentry_origin_healthy{{origin=\"http://{dead}\"}} 0")).await;
    assert_eq!(asked(&front, GET, 4).await, ["b"; 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_resolved_again() {
    // Two servers at one port of different addresses of this machine.
    let first = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = first.local_addr().unwrap().port();
    let second = std::net::TcpListener::bind(("127.0.0.2", port)).unwrap();
    let _servers = [one_text(first, "first"), one_text(second, "second")];
    let list: Arc<Mutex<Vec<IpAddr>>> = Arc::new(Mutex::new(vec![[127, 0, 0, 1].into()]));
    let known = list.clone();
    let names = Names::new(move |name| (name == "app.test").then(|| known.lock().unwrap().clone()));
    let origin = format!("http://app.test:{port}").parse().unwrap();
    let origins = Origins {
        discovery: Discovery::Dns,
        resolve: Duration::from_millis(20),
        ..Origins::of(vec![Server { origin, weight: 1 }])
    };
    let front = named(origins, names).await;
    assert_eq!(asked(&front, GET, 2).await, ["first"; 2]);
    let shown = |count: i32| {
        format!("consentry_origin_healthy{{origin=\"http://app.test:{port}\"}} {count}")
    };
    list.lock().unwrap().push([127, 0, 0, 2].into());
    front.counted(&shown(2)).await;
    let mut both = asked(&front, GET, 2).await;
    both.sort();
    assert_eq!(both, ["first", "second"]);
    list.lock().unwrap().remove(0);
    front.counted(&shown(1)).await;
    assert_eq!(asked(&front, GET, 2).await, ["second"; 2]);
    list.lock().unwrap().clear();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(asked(&front, GET, 1).await, ["second"], "no answer changes nothing");
}

/// A server on a listener of the test's own.
fn one_text(listener: std::net::TcpListener, text: &'static str) -> tokio::task::JoinHandle<()> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    tokio::spawn(async move {
        // They end with the server.
        let mut connections = tokio::task::JoinSet::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            connections.spawn(async move {
                let mut bytes = vec![0; 4096];
                while stream.read(&mut bytes).await.is_ok_and(|read| read > 0) {
                    let _ = stream.write_all(&says(text)).await;
                }
            });
        }
    })
}

/// A certificate authority in `folder`, with `server.pem` for `app.test` and `client.pem`, and their keys.
fn authority(folder: &Path) {
    let run = |line: &str| {
        let output = Command::new("sh").arg("-ec").arg(line).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let new = "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    run(&format!(
        "{new} -x509 -days 30 -subj /CN=ca -keyout ca.key -out ca.pem -addext basicConstraints=critical,CA:TRUE"
    ));
    for (name, usage) in [("server", "serverAuth"), ("client", "clientAuth")] {
        run(&format!("{new} -subj /CN={name} -keyout {name}.key -out {name}.csr"));
        run(&format!(
            "printf 'subjectAltName=DNS:app.test\\nextendedKeyUsage={usage}\\nbasicConstraints=CA:FALSE\\n' > {name}.ext; \
             openssl x509 -req -days 30 -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile {name}.ext -out {name}.pem"
        ));
    }
}

/// `openssl s_server`, which answers every request with a page of its own, and asks for a certificate.
struct Secure(std::process::Child, u16);

impl Secure {
    async fn start(folder: &Path) -> Self {
        let port = nobody().await.port();
        let child = Command::new("openssl")
            .args([
                "s_server",
                "-accept",
                &format!("127.0.0.1:{port}"),
                "-www",
                "-cert",
                "server.pem",
            ])
            .args([
                "-key",
                "server.key",
                "-CAfile",
                "ca.pem",
                "-Verify",
                "1",
                "-verify_return_error",
            ])
            .current_dir(folder)
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        for _ in 0..400 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        Self(child, port)
    }
}

impl Drop for Secure {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn origins_are_known_by_their_authority_and_know_us_by_ours() {
    let folder = TempDir::new().unwrap();
    authority(folder.path());
    let file = |name: &str| folder.path().join(name);
    let secure = Secure::start(folder.path()).await;
    let own = Some((file("client.pem"), file("client.key")));
    let right = OriginTls {
        name: Some("app.test".to_owned()),
        ca: Some(file("ca.pem")),
        certificate: own.clone(),
        ..OriginTls::default()
    };
    for (what, tls, status) in [
        ("all right", right.clone(), 200),
        ("no check", OriginTls { verify: false, ca: None, name: None, ..right.clone() }, 200),
        ("another name", OriginTls { name: Some("other.test".to_owned()), ..right.clone() }, 502),
        ("the host's address as name", OriginTls { name: None, ..right.clone() }, 502),
        ("the system's authorities", OriginTls { ca: None, ..right.clone() }, 502),
        ("no certificate of ours", OriginTls { certificate: None, ..right.clone() }, 502),
    ] {
        let origin = format!("https://127.0.0.1:{}", secure.1).parse().unwrap();
        let servers = vec![Server { origin, weight: 1 }];
        let front = front(Origins { tls, http: Http::Agreed, ..Origins::of(servers) }).await;
        let answer = Visitor::new(front.visitors).await.ask(GET).await;
        assert_eq!(answer.status, status, "{what}: {}", answer.head);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_host_can_be_asked_for() {
    let a = saying("a").await;
    let host = Some(http::HeaderValue::from_static("shop.internal:81"));
    let front = front(Origins { host, ..Origins::of(vec![server(a.address, 1)]) }).await;
    let absolute = GET.replace("GET /", "GET http://shop.test/");
    for request in [GET, &absolute] {
        assert_eq!(asked(&front, request, 1).await, ["a"]);
    }
    for head in a.requests() {
        let head = head.to_ascii_lowercase();
        assert!(
            head.starts_with("get / ") && head.contains("\r\nhost: shop.internal:81\r\n"),
            "{head}"
        );
        assert!(head.contains("\r\nx-forwarded-host: shop.test\r\n"), "{head}");
    }
}

/// Servers that come and go while visitors ask: they get pages, or the errors that say that there is no server.
#[tokio::test(flavor = "multi_thread")]
async fn servers_that_die_under_load_cost_no_more_than_their_own_answers() {
    let steady = saying("steady").await;
    let mut addresses = vec![server(steady.address, 1)];
    let stop = Arc::new(AtomicBool::new(false));
    let mut killers = Vec::new();
    for seed in 0..2_u64 {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        addresses.push(server(address, 1));
        let stop = stop.clone();
        killers.push(tokio::spawn(async move {
            let mut next = Some(listener);
            let mut round = seed;
            while !stop.load(Relaxed) {
                round += 1;
                let again = || std::net::TcpListener::bind(address);
                let Some(listener) = next.take().or_else(|| again().ok()) else { continue };
                let running = one_text(listener, "shaky");
                tokio::time::sleep(Duration::from_millis(20 + round * 37 % 60)).await;
                running.abort();
                let _ = running.await;
                tokio::time::sleep(Duration::from_millis(10 + round * 53 % 40)).await;
            }
        }));
    }
    let ejection = Ejection {
        failures: 2,
        pause: Duration::from_millis(20),
        longest: Duration::from_millis(50),
    };
    let front =
        Arc::new(front(Origins { ejection: Some(ejection), ..Origins::of(addresses) }).await);
    let (asked, failed) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
    let mut visitors = Vec::new();
    for _ in 0..4 {
        let (front, asked, failed) = (front.clone(), asked.clone(), failed.clone());
        visitors.push(tokio::spawn(async move {
            let mut visitor = Visitor::new(front.visitors).await;
            for _ in 0..300 {
                let answer = visitor.ask(GET).await;
                asked.fetch_add(1, Relaxed);
                if answer.status != 200 || !answer.whole {
                    failed.lock().unwrap().push(answer.status);
                    visitor = Visitor::new(front.visitors).await;
                }
            }
        }));
    }
    for visitor in visitors {
        visitor.await.unwrap();
    }
    stop.store(true, Relaxed);
    for killer in killers {
        killer.await.unwrap();
    }
    let failed = failed.lock().unwrap();
    assert_eq!((asked.load(Relaxed), failed.len()), (1200, 0), "{failed:?}");
}
