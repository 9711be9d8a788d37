//! Each page of `tests/golden/served` leaves as the files beside it say, for each consent, however it is cut into chunks: what a
//! vendor serves is pointed to the site's own paths.
//!
//! `CONSENTRY_BLESS=1 cargo test --test served` writes those files anew; look at every difference before it is committed.
#![expect(clippy::unwrap_used, reason = "tests")]

use consentry::{
    catalog::{Catalog, Endpoint, Kind, VendorEntry, Verb},
    collect, config,
    consent::Day,
    engine::{Body, Client, Config, Engine, Plan, Site, Treatment, View},
    policy::Finding,
};
use http::{Request, Response, header};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
    time::SystemTime,
};

const CONSENTS: [(&str, &str); 3] = [("all", "f1a1m1"), ("analytics", "f0a1m0"), ("none", "")];

static CATALOG: LazyLock<Arc<Catalog>> = LazyLock::new(|| {
    let mut built_in = config::Config::default().vendors;
    for entry in &mut built_in {
        entry.endpoints.clear();
        entry.setup.clear();
    }
    Arc::new(Catalog::new(&built_in, &vendors()).unwrap())
});

fn vendors() -> Vec<VendorEntry> {
    let entry = |id: &str, setup: &str, endpoints: &[(Kind, &[&str])]| {
        let endpoint = |(kind, paths): &(Kind, &[&str])| Endpoint {
            paths: paths.iter().map(ToString::to_string).collect(),
            kind: *kind,
            methods: vec![Verb::Get, Verb::Post],
            ..Endpoint::default()
        };
        VendorEntry {
            id: id.to_owned(),
            setup: setup.to_owned(),
            endpoints: endpoints.iter().map(endpoint).collect(),
            ..VendorEntry::default()
        }
    };
    let ga4 = r#"dataLayer=window.dataLayer||[];(function(){dataLayer.push(arguments)})("set",{transport_url:"{base}www.google-analytics.com"});"#;
    vec![
        entry(
            "ga4",
            ga4,
            &[
                (Kind::Script, &["googletagmanager.com/gtag/js"]),
                (Kind::Beacon, &["google-analytics.com/g/collect"]),
            ],
        ),
        entry(
            "ga_ua",
            "",
            &[(Kind::Script, &["google-analytics.com/analytics.js", "google-analytics.com/ga.js"])],
        ),
        entry(
            "gtm",
            "",
            &[
                (Kind::Script, &["googletagmanager.com/gtm.js"]),
                (Kind::Frame, &["googletagmanager.com/ns.html"]),
            ],
        ),
        entry(
            "meta",
            "",
            &[
                (Kind::Script, &["connect.facebook.net/en_US/fbevents.js"]),
                (Kind::Image, &["www.facebook.com/tr"]),
            ],
        ),
        entry(
            "posthog",
            "",
            &[
                (Kind::Script, &["us-assets.i.posthog.com/static"]),
                (Kind::Beacon, &["us.i.posthog.com/e", "us.i.posthog.com/flags"]),
            ],
        ),
        entry(
            "mixpanel",
            "",
            &[
                (Kind::Script, &["cdn.mxpnl.com/libs"]),
                (Kind::Beacon, &["api-eu.mixpanel.com/track"]),
            ],
        ),
    ]
}

fn engine(enabled: bool) -> Engine {
    let collect = collect::Config { enabled, ..collect::Config::default() };
    let sites = vec![Site { collect, ..Site::default() }];
    Engine::new(Config { catalog: CATALOG.clone(), sites, fingerprint: "tests".to_owned() })
        .unwrap()
}

fn view(engine: &Engine, choice: &str) -> Box<View> {
    let today = Day::of(SystemTime::now());
    let request = Request::get("https://www.shop.example/de/index.html")
        .header(header::HOST, "www.shop.example")
        .header(header::ACCEPT, "text/html")
        .header(header::COOKIE, format!("consentry=v1.x.{today}.{choice}"));
    let request = request.body(()).unwrap().into_parts().0;
    let Plan::Proxy(view) = engine.plan(&request, Client { ip: None, secure: true }) else {
        panic!()
    };
    view
}

fn head(headers: &[(&str, &str)]) -> http::response::Parts {
    let mut response = Response::builder().header(header::CONTENT_TYPE, "text/html; charset=utf-8");
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(()).unwrap().into_parts().0
}

/// The page as it leaves, with what was found in it; `None` when it is not read at all.
fn rewritten(
    view: &View,
    headers: &[(&str, &str)],
    page: &[u8],
    size: usize,
) -> Option<(Vec<u8>, Vec<Finding>)> {
    let Treatment::Rewrite(body) = view.body(&head(headers)) else { return None };
    let Body { mut rewriter, .. } = *body;
    let (mut out, mut findings) = (Vec::new(), Vec::new());
    for chunk in page.chunks(size) {
        rewriter.feed(chunk, &mut out).unwrap();
        findings.extend(rewriter.take_findings());
    }
    rewriter.finish(&mut out).unwrap();
    findings.extend(rewriter.take_findings());
    Some((out, findings))
}

fn pages() -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/served");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_page =
        |p: &PathBuf| p.file_name().is_some_and(|n| n.to_string_lossy().matches('.').count() == 1);
    let mut all: Vec<_> =
        files.filter(is_page).map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    all.sort();
    all
}

#[test]
fn pages_leave_as_expected() {
    let engine = engine(true);
    for (path, page) in pages() {
        for (name, choice) in CONSENTS {
            let file = path.with_extension(format!("{name}.html"));
            let view = view(&engine, choice);
            let (whole, findings) = rewritten(&view, &[], &page, usize::MAX).unwrap();
            if std::env::var_os("CONSENTRY_BLESS").is_some() {
                fs::write(&file, &whole).unwrap();
            }
            let expected = fs::read_to_string(&file).unwrap_or_default();
            assert_eq!(String::from_utf8_lossy(&whole), expected, "{}", file.display());
            for size in [1, 2, 7, 61, 500] {
                let (cut, again) = rewritten(&view, &[], &page, size).unwrap();
                assert_eq!(String::from_utf8_lossy(&cut), expected, "{} in {size}", file.display());
                assert_eq!(again, findings, "{} in {size}", file.display());
            }
        }
    }
}

#[test]
fn a_page_with_nothing_to_point_leaves_as_it_came() {
    let page =
        fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/served/nothing.html"))
            .unwrap();
    let (out, findings) = rewritten(&view(&engine(true), "f1a1m1"), &[], &page, 100).unwrap();
    assert_eq!((out, findings), (page, Vec::new()));
}

#[test]
fn where_it_is_off_pages_under_consent_pass() {
    let off = view(&engine(false), "f1a1m1");
    assert!(matches!(off.body(&head(&[])), Treatment::Bypass));
    let empty = Arc::new(Catalog::new(&[], &[]).unwrap());
    let config = Config { catalog: empty, sites: Vec::new(), fingerprint: String::new() };
    assert!(matches!(
        view(&Engine::new(config).unwrap(), "f1a1m1").body(&head(&[])),
        Treatment::Bypass
    ));
}

#[test]
fn a_page_that_cannot_be_read_passes_where_everything_is_granted() {
    let view = view(&engine(true), "f1a1m1");
    assert!(matches!(view.body(&head(&[("content-encoding", "dcb")])), Treatment::Unreadable(_)));
    assert_eq!(view.on_unreadable(), consentry::engine::OnUnreadable::Pass);
}
