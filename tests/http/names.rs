//! Names under the site's own domain that are aliases of a vendor's host, with a DNS server of the test's own.

use super::{
    front::{Front, Kind, engine},
    origin::{Origin, Step},
    visitor::Visitor,
};
use consentry::{catalog, engine::Site, proxy::names, rewrite};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::net::UdpSocket;

const PAGE: &str = "<script src=https://metrics.shop.example/b/ss.js></script><img src=//cdn.shop.example/a.png>\
                    <script src=https://sneaky.shop.example/x.js></script><a href=//metrics.shop.example/>x</a>";
const GATED: &str = "<img src=//cdn.shop.example/a.png><a href=//metrics.shop.example/>x</a>";

/// Without stubs, which are not looked at here.
fn site() -> Site {
    let rewrite = rewrite::Config { surrogates: false, ..rewrite::Config::default() };
    Site { rewrite, ..Site::default() }
}

/// A server that knows aliases, and what it was asked.
struct Dns {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Dns {
    async fn new(aliases: &[(&str, &str)], silent: bool) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let (address, asked) = (socket.local_addr().unwrap(), Arc::<Mutex<Vec<String>>>::default());
        let aliases: BTreeMap<String, String> =
            aliases.iter().map(|(name, alias)| (name.to_string(), alias.to_string())).collect();
        let told = asked.clone();
        tokio::spawn(async move {
            let mut packet = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut packet).await {
                let (name, end) = name(&packet[..length]);
                let kind = u16::from_be_bytes([packet[end], packet[end + 1]]);
                assert_eq!(kind, 5, "only aliases are asked for");
                told.lock().unwrap().push(name.clone());
                if !silent {
                    let answer = answer(&packet[..end + 4], aliases.get(&name));
                    socket.send_to(&answer, from).await.unwrap();
                }
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().unwrap().clone();
        asked.sort();
        asked
    }
}

/// The name in a question, and where its type is (RFC 1035, 4.1.2).
fn name(packet: &[u8]) -> (String, usize) {
    let (mut labels, mut at) = (Vec::new(), 12);
    while packet[at] != 0 {
        let length = usize::from(packet[at]);
        labels.push(String::from_utf8_lossy(&packet[at + 1..=at + length]).to_ascii_lowercase());
        at += 1 + length;
    }
    (labels.join("."), at + 1)
}

/// One CNAME record, or that there is no such name with the SOA record that says for how long (RFC 2308, 3).
fn answer(question: &[u8], alias: Option<&String>) -> Vec<u8> {
    let mut out = question.to_vec();
    out[2..12].copy_from_slice(&[
        0x81,
        0x80,
        0,
        1,
        0,
        u8::from(alias.is_some()),
        0,
        u8::from(alias.is_none()),
        0,
        0,
    ]);
    let encoded = |name: &str| {
        let labels = name.split('.').filter(|label| !label.is_empty());
        let mut bytes: Vec<u8> = labels
            .flat_map(|label| [&[u8::try_from(label.len()).unwrap()], label.as_bytes()].concat())
            .collect();
        bytes.push(0);
        bytes
    };
    let (kind, data) = match alias {
        Some(alias) => (5, encoded(alias)),
        None => {
            out[3] = 0x83;
            (6, [encoded("ns.example"), encoded("x.example"), [0, 0, 0, 60].repeat(5)].concat())
        }
    };
    out.extend_from_slice(&[0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 60]);
    out.extend_from_slice(&u16::try_from(data.len()).unwrap().to_be_bytes());
    out.extend_from_slice(&data);
    out
}

async fn origin() -> Origin {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nETag: \"x\"\r\nContent-Length: {}\r\n\r\n{PAGE}",
        PAGE.len()
    );
    Origin::new(move |_| vec![Step::Send(head.clone().into())]).await
}

/// The page and its validator.
async fn load(front: &Front) -> (String, String) {
    let request = "GET / HTTP/1.1\r\nHost: www.shop.example\r\nAccept: text/html\r\n\r\n";
    let answer = Visitor::new(front.visitors).await.ask(request).await;
    let tag = answer.get("etag").unwrap().to_owned();
    (String::from_utf8(answer.body).unwrap(), tag)
}

async fn until_gated(front: &Front) -> String {
    for _ in 0..400 {
        let (page, tag) = load(front).await;
        if page == GATED {
            return tag;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{:?}", load(front).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_of_a_vendors_host_is_the_vendors() {
    let dns = Dns::new(
        &[
            ("metrics.shop.example", "shop.example.102.122.2o7.net"),
            ("sneaky.shop.example", "one.shop.example"),
            ("one.shop.example", "edge.hosting.example"),
            ("edge.hosting.example", "Shop.ct.Eulerian.NET"),
            ("cdn.shop.example", "d1.cdn.example"),
        ],
        false,
    )
    .await;
    let origin = origin().await;
    let front = Front::of(Kind::Program, origin.address, site()).await;
    let _names = names::watch(front.consentry.clone(), Some(dns.address)).unwrap();
    // The first page is not held up: its names are the site's own.
    let (page, before) = load(&front).await;
    assert_eq!(page, PAGE);
    let after = until_gated(&front).await;
    assert_ne!(before, after);
    // Each was asked for once, its chain to the end.
    let asked = dns.asked();
    let count = |name: &str| asked.iter().filter(|asked| *asked == name).count();
    assert_eq!((count("metrics.shop.example"), count("cdn.shop.example")), (1, 1), "{asked:?}");
    assert_eq!(count("shop.ct.eulerian.net"), 1);
    assert_eq!(count("www.shop.example"), 0);
    // Another engine knows it too, and asks nobody.
    front.consentry.swap(engine(front.site()));
    assert_eq!(until_gated(&front).await, after);
    assert_eq!(dns.asked(), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_answer_names_stay_the_sites() {
    let origin = origin().await;
    for silent in [true, false] {
        let dns = Dns::new(&[], silent).await;
        let front = Front::of(Kind::Program, origin.address, site()).await;
        let _names = names::watch(front.consentry.clone(), Some(dns.address)).unwrap();
        let (_, tag) = load(&front).await;
        while dns.asked().len() < 3 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(load(&front).await, (PAGE.to_owned(), tag));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_can_leave_names_alone() {
    let aliases = [("metrics.shop.example", "x.2o7.net"), ("sneaky.shop.example", "x.2o7.net")];
    let origin = origin().await;
    let dns = Dns::new(&aliases, false).await;
    let off = catalog::Config { cname: false, ..catalog::Config::default() };
    let front = Front::of(Kind::Program, origin.address, Site { gate: off, ..site() }).await;
    let _names = names::watch(front.consentry.clone(), Some(dns.address)).unwrap();
    load(&front).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!((load(&front).await.0, dns.asked().len()), (PAGE.to_owned(), 0));
    let allow = vec!["metrics.shop.example".to_owned(), "sneaky.shop.example".to_owned()];
    let allowed = catalog::Config { allow, ..catalog::Config::default() };
    let front = Front::of(Kind::Program, origin.address, Site { gate: allowed, ..site() }).await;
    let _names = names::watch(front.consentry.clone(), Some(dns.address)).unwrap();
    load(&front).await;
    while dns.asked().is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(load(&front).await.0, PAGE);
}

/// A host that embeds the library and resolves names in its own way.
#[tokio::test(flavor = "multi_thread")]
async fn a_host_can_tell_aliases_itself() {
    let origin = origin().await;
    let front = Front::of(Kind::Embedded, origin.address, site()).await;
    load(&front).await;
    let engine = front.consentry.engine();
    let noted = engine.take_noted();
    assert_eq!(
        noted.iter().map(|name| &**name).collect::<Vec<_>>(),
        ["cdn.shop.example", "metrics.shop.example", "sneaky.shop.example"]
    );
    let chain =
        |name: &str| if name.starts_with("cdn") { vec![] } else { vec!["a.omtrdc.net".to_owned()] };
    engine.uncloak(&noted.iter().map(|name| (name.clone(), chain(name))).collect());
    assert_eq!(load(&front).await.0, GATED);
    assert!(engine.take_noted().is_empty());
}
