//! A site with vendors, their stub, and visitors of it.

use super::super::{
    front::{Front, Kind},
    origin::{Origin, Step},
    visitor::{Answer, Visitor},
};
use consentry::{
    catalog::{self, Action, Catalog, Endpoint, Field, VendorEntry, Verb},
    collect,
    consent::Day,
    engine::{Collection, Config, Engine, Locator, Site},
    purpose::Purpose,
};
use std::{
    sync::{Arc, LazyLock},
    time::SystemTime,
};

/// A site before its origin, with a stub in the place of all vendors.
pub(crate) struct Shop {
    pub(crate) front: Front,
    pub(crate) origin: Origin,
    pub(crate) stub: Origin,
}

/// What differs from shop to shop.
pub(crate) struct Plan {
    pub(crate) kind: Kind,
    pub(crate) collect: collect::Config,
    pub(crate) collection: Collection,
    /// Hosts that are not mapped to the stub.
    pub(crate) unmapped: bool,
}

impl Default for Plan {
    fn default() -> Self {
        let (collect, collection) = Default::default();
        Self { kind: Kind::Program, collect, collection, unmapped: false }
    }
}

fn endpoint(kind: catalog::Kind, paths: &[&str], methods: &[Verb]) -> Endpoint {
    let keep = |path: &str| Field { path: path.into(), action: Action::Keep };
    Endpoint {
        paths: paths.iter().map(ToString::to_string).collect(),
        kind,
        methods: methods.to_vec(),
        fields: vec![
            Field { path: "dl".into(), action: Action::Url },
            Field { path: "secret".into(), action: Action::Drop },
            keep("id"),
            keep("event"),
            keep("next"),
        ],
        ..Endpoint::default()
    }
}

static CATALOG: LazyLock<Arc<Catalog>> = LazyLock::new(|| {
    use catalog::Kind::{Beacon, Frame, Image, Script};
    let stats = VendorEntry {
        id: "stats".into(),
        purpose: Some(Purpose::Analytics),
        hosts: vec!["stats.test".into()],
        cookies: vec!["_st_*".into()],
        endpoints: vec![
            endpoint(Beacon, &["stats.test/collect"], &[Verb::Get, Verb::Post]),
            endpoint(Script, &["stats.test/js/*"], &[Verb::Get]),
            endpoint(Image, &["stats.test/pixel"], &[Verb::Get]),
            endpoint(Frame, &["stats.test/frame"], &[Verb::Get]),
        ],
        ..VendorEntry::default()
    };
    let ads = VendorEntry {
        id: "ads".into(),
        purpose: Some(Purpose::Marketing),
        hosts: vec!["ads.test".into()],
        cookies: vec!["_ads".into()],
        endpoints: vec![endpoint(Beacon, &["ads.test/e"], &[Verb::Post])],
        ..VendorEntry::default()
    };
    Arc::new(Catalog::new(&[stats, ads], &[]).unwrap())
});

pub(crate) fn engine(site: Site, collection: Collection) -> Engine {
    let config = Config {
        catalog: CATALOG.clone(),
        sites: vec![site],
        locator: Locator::default(),
        fingerprint: "tests".into(),
    };
    Engine::new(config).unwrap().collecting(collection)
}

/// The origin's page.
pub(crate) const PAGE: &str =
    "<p>the origin's</p><script src=\"https://cdn.stats.test/x.js\"></script>";

pub(crate) fn html(body: &str) -> Vec<u8> {
    with("text/html", body)
}

pub(crate) fn with(media_type: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into()
}

/// The visitor's choice of today: `f1a1m0`.
pub(crate) fn choice(choice: &str) -> String {
    format!("Cookie: consentry=v1.x.{}.{choice}\r\n", Day::of(SystemTime::now()))
}

/// The length of the body after `head`.
fn length(head: &str) -> usize {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let length = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    length.map_or(0, |(_, length)| length.trim().parse().unwrap())
}

impl Shop {
    /// A shop whose vendors answer as `answer` says.
    pub(crate) async fn new(
        plan: Plan,
        answer: impl Fn(&str) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        let origin = Origin::fixed(html(PAGE), false).await;
        let stub = Origin::new(answer).await;
        let Plan { kind, collect, mut collection, unmapped } = plan;
        if !unmapped {
            for host in ["stats.test", "www.stats.test", "ads.test"] {
                let target = format!("http://{}", stub.address).parse().unwrap();
                collection.targets.insert(host.into(), target);
            }
        }
        let site = Site { collect, ..Site::default() };
        let made = |site| engine(site, collection);
        let front = Front::made(kind, origin.address, site, made).await;
        Self { front, origin, stub }
    }

    /// A shop whose vendors read what comes, and answer 200 and a little JSON.
    pub(crate) async fn of(plan: Plan) -> Self {
        Self::answering(plan, with("application/json", "{\"ok\":1}")).await
    }

    /// A shop whose vendors read what comes, and answer `bytes`.
    pub(crate) async fn answering(plan: Plan, bytes: Vec<u8>) -> Self {
        Self::new(plan, move |head| vec![Step::Read(length(head)), Step::Send(bytes.clone())]).await
    }

    /// All bytes that reached the vendors.
    pub(crate) fn reached(&self) -> String {
        self.stub.requests().concat() + &String::from_utf8_lossy(&self.stub.bodies())
    }

    /// Sends `method` to `path` with `headers`, on a new connection.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &str) -> Answer {
        self.send(method, path, headers, "").await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let length = if body.is_empty() && method != "POST" {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        let request =
            format!("{method} {path} HTTP/1.1\r\nHost: shop.test\r\n{length}{headers}\r\n{body}");
        Visitor::new(self.front.visitors).await.ask(&request).await
    }
}
