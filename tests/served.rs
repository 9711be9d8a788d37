//! Each page of `tests/golden/served` leaves as the files beside it say, for each consent, however it is cut into chunks: what a
//! vendor serves is pointed to the site's own paths.
//!
//! `CONSENTRY_BLESS=1 cargo test --test served` writes those files anew; look at every difference before it is committed.
#![expect(clippy::unwrap_used, reason = "tests")]

use consentry::{
    catalog::{Catalog, Endpoint, Kind, VendorEntry, Verb},
    collect, config,
    consent::Day,
    engine::{Body, Client, Config, Engine, Locator, Plan, Site, Treatment, View},
    policy::Finding,
};
use http::{Request, Response, header};
use proptest::prelude::*;
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

static ENGINE: LazyLock<Engine> = LazyLock::new(|| engine(true));

const PIECES: &[&str] = &[
    "<p>text ",
    "<script src=https://www.googletagmanager.com/gtm.js?id=1></script>",
    "<script type=text/plain src=https://www.googletagmanager.com/gtag/js></script>",
    "<script type=text/plain>",
    "<script>x.src='https://connect.facebook.net/en_US/fbevents.js';",
    "<script>",
    "gtag('js')",
    "</script>",
    "<noscript>",
    "</noscript>",
    "<img src='https://www.facebook.com/tr?id=1'",
    " srcset='a.png 1x, //www.facebook.com/tr 2x'",
    " onload=\"u='//www.facebook.com/tr'\"",
    " style='background:url(//www.facebook.com/tr)'",
    " srcdoc='<img src=//www.facebook.com/tr>'",
    "<link rel=preconnect href=https://connect.facebook.net>",
    "<base href=https://x.example/>",
    "<meta http-equiv=content-security-policy content='script-src www.googletagmanager.com'>",
    "<svg>",
    "</svg>",
    "<style>",
    "</style>",
    "<!--",
    "-->",
    ">",
    "'",
];

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
    let (catalog, locator) = (CATALOG.clone(), Locator::default());
    Engine::new(Config { catalog, sites, locator, fingerprint: "tests".to_owned() }).unwrap()
}

fn view(engine: &Engine, choice: &str) -> Box<View> {
    let today = Day::of(SystemTime::now());
    let request = Request::get("https://www.shop.example/de/index.html")
        .header(header::HOST, "www.shop.example")
        .header(header::ACCEPT, "text/html")
        .header(header::COOKIE, format!("consentry=v1.x.{today}.{choice}"));
    let request = request.body(()).unwrap().into_parts().0;
    let Plan::Proxy(view) = engine.plan(&request, Client { ip: None, secure: true }) else {
        unreachable!()
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

/// The values of `name` when a page came with `headers`.
fn headers_of(view: &View, headers: &[(&str, &str)], name: &header::HeaderName) -> Vec<String> {
    let mut response = head(headers);
    let (edits, _) = view.head(&response, &view.body(&response));
    consentry::headers::apply(&edits, &mut response.headers);
    let values = response.headers.get_all(name).iter();
    values.map(|value| value.to_str().unwrap().to_owned()).collect()
}

#[test]
fn a_policy_lets_our_own_paths_and_scripts_through() {
    let (engine, name) = (engine(true), header::CONTENT_SECURITY_POLICY);
    let of = |choice, policy| {
        headers_of(&view(&engine, choice), &[("content-security-policy", policy)], &name).remove(0)
    };
    let policy = "script-src https://www.googletagmanager.com 'nonce-x'; img-src *.facebook.com data:; connect-src 'self' https://us.i.posthog.com";
    let own = "https://www.shop.example/_consentry/v/";
    assert_eq!(
        of("f1a1m1", policy),
        format!(
            "script-src https://www.googletagmanager.com 'nonce-x' {own}; img-src *.facebook.com data: {own}; connect-src 'self' https://us.i.posthog.com"
        )
    );
    assert_eq!(
        of("f0a1m0", policy),
        format!(
            "script-src https://www.googletagmanager.com 'nonce-x' {own}; img-src data:; connect-src 'self' https://us.i.posthog.com"
        )
    );
    assert_eq!(of("", policy), "script-src 'nonce-x'; img-src data:; connect-src 'self'");
    let kept = "script-src www.google-analytics.com/other/; form-action www.facebook.com";
    assert!(!of("f1a1m1", kept).contains("_consentry"));
    let hashed = of("f1a1m1", "script-src 'self' www.googletagmanager.com");
    let page = rewritten(
        &view(&engine, "f1a1m1"),
        &[],
        b"<script src=https://www.googletagmanager.com/gtag/js></script>",
        99,
    )
    .unwrap()
    .0;
    let page = String::from_utf8(page).unwrap();
    let scripts: Vec<_> = page
        .split("<script>")
        .skip(1)
        .map(|rest| rest.split("</script>").next().unwrap())
        .collect();
    assert_eq!(scripts.len(), 2);
    for script in scripts {
        assert!(hashed.contains(&consentry::policy::csp::sha256_source(script)), "{hashed}");
    }
}

#[test]
fn links_point_to_the_site() {
    let engine = engine(true);
    let link = "<https://www.googletagmanager.com>; rel=preconnect, <https://www.googletagmanager.com/gtag/js?id=1>; rel=preload; as=script";
    let left = |choice| headers_of(&view(&engine, choice), &[("link", link)], &header::LINK);
    assert_eq!(
        left("f1a1m1"),
        ["</_consentry/v/www.googletagmanager.com/gtag/js?id=1>; rel=preload; as=script"]
    );
    assert_eq!(left(""), [""; 0]);
}

#[test]
fn a_pointed_page_is_of_one_consent_state() {
    let engine = engine(true);
    let view = view(&engine, "f1a1m1");
    let given =
        [("etag", "\"x\""), ("cache-control", "public, max-age=9"), ("content-length", "5")];
    let of = |name| headers_of(&view, &given, &name);
    assert_eq!(of(header::VARY), ["Cookie, Sec-GPC, DNT, Accept-Encoding"]);
    assert_eq!(of(header::CACHE_CONTROL), ["private, max-age=9"]);
    assert!(of(header::ETAG)[0].starts_with("W/\"x+s-fam-"));
    assert_eq!(of(header::CONTENT_LENGTH), [""; 0]);
}

#[test]
fn what_cannot_be_read_is_said() {
    let page = b"<script>s.src=('https:'==p?'https://ssl':'http://www')+'.google-analytics.com/ga.js'</script>";
    let (out, findings) = rewritten(&view(&engine(true), "f1a1m1"), &[], page, 99).unwrap();
    assert!(String::from_utf8(out).unwrap().ends_with(str::from_utf8(page).unwrap()));
    let direct: Vec<_> =
        findings.iter().filter(|f| f.judged.served().is_none()).map(|f| &*f.what).collect();
    assert_eq!(direct, [".google-analytics.com"]);
}

#[test]
fn long_scripts_are_pointed_as_they_pass() {
    let engine = engine(true);
    let filler = "var x=\"text, and more of it\";\n".repeat(12_000);
    let snippet = "gtag('config','G-1');h='https://us.i.posthog.com';s='https:\\/\\/www.google-analytics.com\\/g\\/collect';";
    let dense = "'https://us.i.posthog.com/e/',".repeat(9_000);
    let page = format!("<script>{snippet}{filler}{snippet}var a=[{dense}];{filler}</script><p>end");
    let view = view(&engine, "f1a1m1");
    let (whole, _) = rewritten(&view, &[], page.as_bytes(), usize::MAX).unwrap();
    let text = String::from_utf8(whole.clone()).unwrap();
    assert_eq!(text.matches("/_consentry/v/us.i.posthog.com").count(), 9_002);
    assert_eq!(text.matches("'https://us.i").count(), 0);
    assert!(text.starts_with("<script>(function(){var d=window.dataLayer"));
    for size in [1, 4_099, 70_000] {
        assert!(rewritten(&view, &[], page.as_bytes(), size).unwrap().0 == whole, "{size}");
    }
}

#[test]
fn xhtml_is_pointed_as_xml() {
    let view = view(&engine(true), "f1a1m1");
    let mut response = head(&[]);
    response.headers.insert(header::CONTENT_TYPE, "application/xhtml+xml".parse().unwrap());
    let Treatment::Rewrite(body) = view.body(&response) else { unreachable!() };
    let Body { mut rewriter, .. } = *body;
    let page = br#"<html xmlns="http://www.w3.org/1999/xhtml"><head><script src="https://connect.facebook.net/en_US/fbevents.js" integrity="x"/></head></html>"#;
    let mut out = Vec::new();
    rewriter.feed(page, &mut out).unwrap();
    rewriter.finish(&mut out).unwrap();
    let expected = r#"<html xmlns="http://www.w3.org/1999/xhtml"><head><script src="/_consentry/v/connect.facebook.net/en_US/fbevents.js" /></head></html>"#;
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

proptest! {
    #[test]
    fn any_pieces_of_any_page_give_the_same(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..25),
        choice in prop::sample::select(vec!["f1a1m1", "f0a1m0", "f0a0m1"]),
        seed: u64,
    ) {
        let (page, view) = (pieces.concat(), view(&ENGINE, choice));
        let (whole, _) = rewritten(&view, &[], page.as_bytes(), usize::MAX).unwrap();
        let size = usize::try_from(seed % 40).unwrap() + 1;
        let (cut, _) = rewritten(&view, &[], page.as_bytes(), size).unwrap();
        prop_assert_eq!(String::from_utf8_lossy(&whole), String::from_utf8_lossy(&cut));
    }

    #[test]
    fn what_names_nobody_leaves_as_it_came(page in "([a-z <>/=\"'!-]|<script|</script>|<style>|</style>|<svg>|<img src=|https://example.org/|<!--|-->|<noscript>|</noscript>){0,60}") {
        let (out, _) = rewritten(&view(&ENGINE, "f1a1m1"), &[], page.as_bytes(), 7).unwrap();
        prop_assert_eq!(String::from_utf8_lossy(&out), page);
    }
}

#[test]
fn where_it_is_off_pages_under_consent_pass() {
    let off = view(&engine(false), "f1a1m1");
    assert!(matches!(off.body(&head(&[])), Treatment::Bypass));
    let empty = Arc::new(Catalog::new(&[], &[]).unwrap());
    let (sites, locator) = (Vec::new(), Locator::default());
    let config = Config { catalog: empty, sites, locator, fingerprint: String::new() };
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
