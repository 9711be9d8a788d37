//! A shop with trackers and no consent manager, behind the proxy.

use super::{
    origin::{Origin, Step},
    visitor::{Answer, Visitor},
};
use consentry::{
    catalog::Catalog,
    choice::Key,
    config::built_in,
    consent::OwnCookie,
    engine::{Banner, Config, Enabled, Engine, Locator, Site},
    proxy::{
        Consentry, Options,
        choice::{Secret, Signing},
        server,
    },
    record::Refusals,
};
use std::{
    net::SocketAddr,
    sync::{Arc, LazyLock},
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::sync::oneshot;

pub(crate) const GA: &str =
    "<script async src=https://www.google-analytics.com/analytics.js></script>";
pub(crate) const META: &str =
    "<script async src=https://connect.facebook.net/en_US/fbevents.js></script>";

/// A running proxy before a shop.
pub(crate) struct Shop {
    pub(crate) address: SocketAddr,
    pub(crate) consentry: Consentry,
    pub(crate) origin: Origin,
    site: Site,
    _end: oneshot::Sender<()>,
}

/// The built-in vendors, before this site.
pub(crate) fn engine(site: Site) -> Engine {
    static CATALOG: LazyLock<Arc<Catalog>> =
        LazyLock::new(|| Arc::new(Catalog::new(&built_in(), &[]).unwrap()));
    let (catalog, sites, locator) = (CATALOG.clone(), vec![site], Locator::default());
    Engine::new(Config { catalog, sites, locator, fingerprint: "tests".into() }).unwrap()
}

/// A site with a banner.
pub(crate) fn asking() -> Site {
    let banner = Banner { enabled: Enabled::Auto, ..Banner::default() };
    Site { hosts: vec!["shop.test".into(), "*.shop.test".into()], banner, ..Site::default() }
}

/// A page with these elements.
pub(crate) fn page(elements: &str) -> String {
    format!(
        "<!doctype html><html lang=en><head><title>Shop</title>{elements}</head><body><p>Hello</body></html>"
    )
}

impl Shop {
    /// The shop whose pages have both trackers.
    pub(crate) async fn open() -> Self {
        Self::of(asking(), page(&[GA, META].concat())).await
    }

    /// The shop with these settings, all of whose pages are `page`.
    pub(crate) async fn of(site: Site, page: String) -> Self {
        let length = page.len();
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nETag: \"x\"\r\nContent-Length: {length}\r\n\r\n{page}"
        );
        Self::before(
            site,
            Origin::new(move |_| vec![Step::Send(answer.clone().into())]).await,
            |c| c,
        )
        .await
    }

    /// The shop before this origin, with more of the proxy's settings.
    pub(crate) async fn before(
        site: Site,
        origin: Origin,
        with: impl FnOnce(Consentry) -> Consentry,
    ) -> Self {
        let site =
            Site { origin: Some(format!("http://{}", origin.address).parse().unwrap()), ..site };
        let consentry = with(Consentry::new(engine(site.clone()), Options::default()).unwrap());
        // Where `with` said nothing of it.
        let consentry = consentry.signing(signing(KEY));
        let (end, ended) = oneshot::channel::<()>();
        let (ready, listening) = oneshot::channel();
        let config = server::Config::at("127.0.0.1:0".parse().unwrap());
        let handle = consentry.clone();
        tokio::spawn(async move {
            let ended = async { drop(ended.await) };
            server::serve(&config, handle, |at| ready.send(at).unwrap(), ended).await.unwrap();
        });
        let address = listening.await.unwrap().first().unwrap();
        Self { address, consentry, origin, site, _end: end }
    }

    /// Its settings.
    pub(crate) fn site(&self) -> Site {
        self.site.clone()
    }

    /// Asks on a new connection.
    pub(crate) async fn ask(&self, request: &str) -> Answer {
        Visitor::new(self.address).await.ask(request).await
    }

    /// A page, with these headers.
    pub(crate) async fn page(&self, headers: &str) -> String {
        let accept = "Accept: text/html\r\nSec-Fetch-Dest: document\r\n";
        let got = self.ask(&get("/page?a=b", &[accept, headers].concat())).await;
        assert_eq!(got.status, 200, "{}", got.head);
        String::from_utf8(got.body).unwrap()
    }

    /// A choice by a script on a page of the shop.
    pub(crate) async fn choose(&self, body: &str) -> Answer {
        self.choose_with(body, "").await
    }

    /// The same, with more headers.
    pub(crate) async fn choose_with(&self, body: &str, headers: &str) -> Answer {
        self.ask(&post(JSON, &[OWN, headers].concat(), body)).await
    }

    /// The state, with these headers.
    pub(crate) async fn state(&self, headers: &str) -> serde_json::Value {
        let got = self.ask(&get("/_consentry/choice", headers)).await;
        assert_eq!((got.status, got.get("cache-control")), (200, Some("no-store")));
        serde_json::from_slice(&got.body).unwrap()
    }

    /// The value of the counter that `line` begins.
    pub(crate) fn counted(&self, line: &str) -> Option<String> {
        let figures = String::from_utf8(self.consentry.metrics().render()).unwrap();
        let rest = figures.lines().find_map(|text| text.strip_prefix(line));
        rest.map(|rest| rest.trim().to_owned())
    }
}

pub(crate) const JSON: &str = "application/json";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
pub(crate) const OWN: &str = "Sec-Fetch-Site: same-origin\r\n";
pub(crate) const REFUSAL: &str = r#"{"purposes":[]}"#;
pub(crate) const ANALYTICS: &str = r#"{"purposes":["analytics"]}"#;
pub(crate) const ALL: &str = r#"{"purposes":["analytics","marketing"]}"#;

pub(crate) fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: shop.test\r\n{headers}\r\n")
}

pub(crate) fn post(content_type: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST /_consentry/choice HTTP/1.1\r\nHost: shop.test\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
}

/// The name and value of the cookie that an answer sets, as a request has it.
pub(crate) fn cookie(answer: &Answer) -> String {
    let line = answer.get("set-cookie").expect("no cookie was set");
    format!("Cookie: {}\r\n", line.split(';').next().unwrap())
}

/// What choices are signed with on all nodes.
pub(crate) const KEY: &[u8] = b"the same on all nodes";

/// Choices are signed with `secret`.
pub(crate) fn signing(secret: &[u8]) -> Signing {
    Signing { with: Secret::Key(Key::new(secret)), kept: Refusals::Records }
}

/// The cookie of `choice`, as a request has it, signed as a choice on the shop.
pub(crate) fn signed(choice: &str) -> String {
    let cookie: OwnCookie = choice.parse().unwrap();
    let receipt = "0123456789abcdef0123456789abcdef".parse().ok();
    let cookie = OwnCookie { receipt, ..cookie };
    let signature = Key::new(KEY).sign(&cookie, "shop.test");
    format!("Cookie: consentry={}\r\n", OwnCookie { signature, ..cookie })
}

/// The day of so many days ago, as a cookie has it.
pub(crate) fn days_ago(days: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    consentry::consent::Day::of(UNIX_EPOCH + std::time::Duration::from_secs(now - days * 86_400))
        .to_string()
}
