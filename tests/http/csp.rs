//! What pages may contact: the policies that they get, and the reports that come back.

use crate::{
    front::{Front, KINDS, Kind},
    http2,
    matrix::get,
    origin::Origin,
    visitor::{Answer, Visitor},
};
use consentry::{
    consent::Day,
    engine::Site,
    policy::{
        Mode,
        csp::{Config, Wall},
    },
};
use http::{Method, Request};
use serde_json::Value;
use std::time::SystemTime;

const POLICY: &str = "content-security-policy";
const ONLY: &str = "content-security-policy-report-only";
const START: &str =
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob: shop.test:* *.shop.test:*";
const END: &str = "; report-uri /_consentry/report";

fn site(wall: Wall, hosts: &[&str]) -> Site {
    let hosts = hosts.iter().map(ToString::to_string).collect();
    Site { csp: Config { wall, hosts }, ..Site::default() }
}

fn html(headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{headers}Content-Length: 14\r\n\r\n<p>hello</p>\r\n").into_bytes()
}

fn choice(choice: &str) -> String {
    format!("Cookie: consentry=v1.x.{}.{choice}\r\n", Day::of(SystemTime::now()))
}

/// What a visitor with these headers gets of a page with `policies`.
async fn page(kind: Kind, site: Site, policies: &str, headers: &str) -> Answer {
    let origin = Origin::fixed(html(policies), false).await;
    let front = Front::of(kind, origin.address, site).await;
    Visitor::new(front.visitors).await.ask(&get(headers)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_without_a_policy_gets_one() {
    for kind in KINDS {
        let got = page(kind, Site::default(), "", "").await;
        assert_eq!(
            (got.all(POLICY), got.all(ONLY)),
            (vec![], vec![&*format!("{START}{END}")]),
            "{kind:?}"
        );
        let got = page(kind, site(Wall::Enforce, &["cdn.test"]), "", "").await;
        let expected = format!("{START} *.cdn.test cdn.test{END}");
        assert_eq!((got.all(POLICY), got.all(ONLY)), (vec![&*expected], vec![]), "{kind:?}");
        for site in [site(Wall::Off, &[]), Site { mode: Mode::Report, ..site(Wall::Enforce, &[]) }]
        {
            let got = page(kind, site, "", "").await;
            assert_eq!((got.all(POLICY), got.all(ONLY)), (vec![], vec![]), "{kind:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn vendors_are_in_where_the_visitor_allows_them() {
    let of = |answer: &Answer| answer.get(POLICY).unwrap_or_default().to_owned();
    let hosts = ["hotjar", "www.youtube.com", "facebook.com"];
    let nobody = of(&page(Kind::Program, site(Wall::Enforce, &hosts), "", "").await);
    assert_eq!(nobody, format!("{START}{END}"));
    let analytics = page(Kind::Program, site(Wall::Enforce, &hosts), "", &choice("f0a1m0")).await;
    let analytics = of(&analytics);
    assert!(analytics.contains(" hotjar.com") && !analytics.contains("youtube"), "{analytics}");
    assert!(!analytics.contains("facebook"), "{analytics}");
    let everything = page(Kind::Program, site(Wall::Enforce, &hosts), "", &choice("f1a1m1")).await;
    assert_eq!((everything.all(POLICY), everything.all(ONLY)), (vec![], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sites_own_policies_are_narrowed_and_kept() {
    let own = "Content-Security-Policy: default-src 'self'; script-src 'nonce-n' https://connect.facebook.net cdn.test; \
               img-src www.google-analytics.com; frame-ancestors 'none'; report-uri /mine\r\n\
               Content-Security-Policy-Report-Only: img-src www.google-analytics.com\r\n";
    let left = "default-src 'self'; script-src 'nonce-n' cdn.test; img-src 'none'; frame-ancestors 'none'; report-uri /mine";
    for kind in KINDS {
        // A nonce lets scripts of any host in, so there is a policy of hosts beside it.
        let got = page(kind, site(Wall::Enforce, &[]), own, "").await;
        assert_eq!(got.all(POLICY), [left, &format!("{START} cdn.test{END}")], "{kind:?}");
        assert_eq!(got.all(ONLY), ["img-src www.google-analytics.com"], "{kind:?}");
        let got = page(kind, site(Wall::Report, &[]), own, "").await;
        assert_eq!(got.all(POLICY), [left], "{kind:?}");
        assert_eq!(got.all(ONLY)[1..], [format!("{START} cdn.test{END}")], "{kind:?}");
        let closed = "Content-Security-Policy: default-src 'self' 'unsafe-inline' cdn.test\r\n";
        let got = page(kind, site(Wall::Enforce, &[]), closed, "").await;
        assert_eq!(
            (got.all(POLICY), got.all(ONLY)),
            (vec!["default-src 'self' 'unsafe-inline' cdn.test"], vec![])
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_304_keeps_what_the_stored_page_has() {
    for (own, lines) in [("", 0), ("Content-Security-Policy: img-src https:\r\n", 2)] {
        let head = format!("HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n{own}\r\n").into_bytes();
        let origin = Origin::fixed(head, false).await;
        let front = Front::of(Kind::Program, origin.address, site(Wall::Enforce, &[])).await;
        let asked = "Sec-Fetch-Dest: document\r\nIf-None-Match: \"a\"\r\n";
        let mut visitor = Visitor::new(front.visitors).await;
        visitor.send(get(asked).as_bytes()).await;
        let got = visitor.answer(true).await;
        assert_eq!((got.status, got.all(POLICY).len()), (304, lines), "{own}");
    }
}

/// A worker goes by the policy of its own script, whatever its page's is.
#[tokio::test(flavor = "multi_thread")]
async fn the_script_of_a_worker_gets_one_too() {
    let script = "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\nCache-Control: public, max-age=60\r\nContent-Length: 7\r\n\r\nfetch()";
    let origin = Origin::fixed(script.into(), false).await;
    for kind in KINDS {
        let front = Front::of(kind, origin.address, site(Wall::Enforce, &["cdn.test"])).await;
        for to in ["worker", "sharedworker", "serviceworker", "script"] {
            let asked = format!("Sec-Fetch-Dest: {to}\r\nIf-None-Match: \"a\"\r\n");
            let got = Visitor::new(front.visitors).await.ask(&get(&asked)).await;
            let expected = format!("{START} *.cdn.test cdn.test{END}");
            let is_worker = to != "script";
            assert_eq!(got.get(POLICY), is_worker.then_some(&*expected), "{kind:?} {to}");
            let (caching, vary) = (got.get("cache-control"), got.get("vary").unwrap_or_default());
            assert_eq!(caching.unwrap().contains("public"), !is_worker, "{kind:?} {to}");
            assert_eq!(vary.contains("Cookie"), is_worker, "{kind:?} {to}");
            assert_eq!(got.body, b"fetch()");
        }
        let asked = format!("Sec-Fetch-Dest: worker\r\n{}", choice("f1a1m1"));
        let got = Visitor::new(front.visitors).await.ask(&get(&asked)).await;
        assert_eq!((got.all(POLICY), got.all(ONLY)), (vec![], vec![]), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_hosts_leave_the_page_to_the_guard() {
    let many: Vec<String> = (0..400).map(|i| format!("cdn-of-others-{i}.test")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let origin = Origin::fixed(html(""), false).await;
    let front = Front::of(Kind::Program, origin.address, site(Wall::Enforce, &many)).await;
    let got = Visitor::new(front.visitors).await.ask(&get("")).await;
    assert_eq!((got.status, got.all(POLICY).len()), (200, 0));
    front.counted("consentry_csp_pages_total{fit=\"too-many\"} 1").await;
    let few: Vec<String> = (0..400).map(|i| format!("cdn{i}.others.test")).collect();
    let few: Vec<&str> = few.iter().map(String::as_str).collect();
    let got = page(Kind::Program, site(Wall::Enforce, &few), "", "").await;
    assert_eq!(got.get(POLICY), Some(&*format!("{START} *.others.test others.test{END}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn http2_gets_the_same() {
    let origin = Origin::fixed(html(""), false).await;
    let front = Front::of(Kind::Program, origin.address, site(Wall::Enforce, &[])).await;
    let (mut client, _driver) = http2::connect(front.visitors).await;
    let request = Request::get("http://shop.test/page").body(()).unwrap();
    let response = client.send_request(request, true).unwrap().0.await.unwrap();
    assert_eq!(response.headers()[POLICY], format!("{START}{END}"));
    let report = Request::builder().method(Method::POST).uri("http://shop.test/_consentry/report");
    let report = report.header("content-type", OLD).body(()).unwrap();
    let (answer, mut body) = client.send_request(report, false).unwrap();
    body.send_data(old("https://h2.test/x", "shop.test").into(), true).unwrap();
    assert_eq!(answer.await.unwrap().status(), 204);
    assert_eq!(front.consentry.reports()["contacts"][0]["domain"], "h2.test");
}

const OLD: &str = "application/csp-report";

fn old(blocked: &str, host: &str) -> String {
    format!(
        r#"{{"csp-report":{{"document-uri":"http://{host}/order/4711/jane@example.com?token=x","referrer":"http://r.test/","blocked-uri":"{blocked}","effective-directive":"img-src","disposition":"report","script-sample":"secret"}}}}"#
    )
}

fn post(kind: &str, more: &str, body: &str) -> String {
    format!(
        "POST /_consentry/report HTTP/1.1\r\nHost: shop.test\r\nContent-Type: {kind}\r\n{more}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_are_counted_without_personal_data() {
    for kind in KINDS {
        let origin = Origin::fixed(html(""), false).await;
        let front = Front::of(kind, origin.address, Site::default()).await;
        let new = r#"[{"type":"csp-violation","body":{"documentURL":"http://shop.test/p?q","blockedURL":"https://www.facebook.com/tr?id=1","effectiveDirective":"script-src-elem","disposition":"enforce"}}]"#;
        for (kind, body) in [
            (OLD, old("https://u123.unknown.test/a?b=c", "shop.test")),
            (OLD, old("https://u456.unknown.test/a?b=c", "shop.test")),
            ("application/reports+json", new.to_owned()),
            // What counts for nothing: another host's page, the page's own host, an extension.
            (OLD, old("https://x.test/", "other.test")),
            (OLD, old("http://shop.test/a", "shop.test")),
            (OLD, old("chrome-extension://abc/x.js", "shop.test")),
        ] {
            let got = Visitor::new(front.visitors).await.ask(&post(kind, "", &body)).await;
            assert_eq!((got.status, got.body.len()), (204, 0), "{body}");
        }
        let reports = front.consentry.reports();
        let contacts = reports["contacts"].as_array().unwrap();
        assert_eq!(contacts.len(), 2, "{reports}");
        let (unknown, meta) = (&contacts[0], &contacts[1]);
        assert_eq!(
            (unknown["domain"].as_str(), unknown["count"].as_u64()),
            (Some("unknown.test"), Some(2))
        );
        assert_eq!(
            (unknown["vendor"].clone(), unknown["held"].as_bool()),
            (Value::Null, Some(false))
        );
        assert_eq!(
            (meta["vendor"].as_str(), meta["allowed"].as_bool()),
            (Some("meta"), Some(false))
        );
        assert_eq!((meta["path"].as_str(), meta["held"].as_bool()), (Some("/p"), Some(true)));
        let text = reports.to_string();
        for personal in ["jane", "token", "secret", "u123", "r.test", "id=1"] {
            assert!(!text.contains(personal), "{personal} in {text}");
        }
        assert_eq!(origin.requests().len(), 0, "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_reads_them() {
    let origin = Origin::fixed(html(""), false).await;
    let front = Front::of(Kind::Program, origin.address, Site::default()).await;
    let ask = post(OLD, "", &old("https://a.unknown.test/", "shop.test"));
    assert_eq!(Visitor::new(front.visitors).await.ask(&ask).await.status, 204);
    front.counted("consentry_csp_contacts_total{disposition=\"report\",vendor=\"unknown\",verdict=\"unknown\"} 1").await;
    front.counted("consentry_csp_unknown_domains 1").await;
    let ask = "GET /reports HTTP/1.1\r\nHost: admin\r\n\r\n";
    let got = Visitor::new(front.admin.unwrap()).await.ask(ask).await;
    let read: Value = serde_json::from_slice(&got.body).unwrap();
    assert_eq!(
        (got.get("content-type"), read["contacts"][0]["domain"].as_str()),
        (Some("application/json"), Some("unknown.test"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_report_of_a_page_is_refused() {
    let origin = Origin::fixed(html(""), false).await;
    let front = Front::of(Kind::Program, origin.address, Site::default()).await;
    let good = || old("https://x.test/", "shop.test");
    let huge = format!("{{\"csp-report\":{{\"x\":\"{}\"}}}}", "x".repeat(1 << 20));
    let deep = format!("{{\"csp-report\":{}}}", "[".repeat(30_000));
    for (ask, status) in [
        (get("").replace("/page", "/_consentry/report"), 405),
        (post(OLD, "Sec-Fetch-Site: cross-site\r\n", &good()), 403),
        (post(OLD, "Sec-Fetch-Site: same-site\r\n", &good()), 403),
        (post(OLD, "Origin: https://evil.test\r\n", &good()), 403),
        (post(OLD, "Origin: null\r\n", &good()), 403),
        (post(OLD, "Sec-Fetch-Site: same-origin\r\nOrigin: https://shop.test\r\n", &good()), 204),
        (post("application/json", "", &good()), 415),
        (post(OLD, "", "{"), 400),
        (post(OLD, "", &deep), 400),
        (post(OLD, "", &huge), 413),
    ] {
        let head = ask.split("\r\n\r\n").next().unwrap().to_owned();
        let got = Visitor::new(front.visitors).await.ask(&ask).await;
        assert_eq!(got.status, status, "{head}");
        if status == 405 {
            assert_eq!(got.get("allow"), Some("POST"));
        }
    }
    assert_eq!(front.consentry.reports()["contacts"].as_array().unwrap().len(), 1);
    assert_eq!(origin.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn floods_are_refused() {
    let origin = Origin::fixed(html(""), false).await;
    let front = Front::of(Kind::Program, origin.address, Site::default()).await;
    let mut visitor = Visitor::new(front.visitors).await;
    let mut refused = 0;
    for i in 0..300 {
        let ask = post(OLD, "", &old(&format!("https://h{i}.test/"), "shop.test"));
        let status = visitor.ask(&ask).await.status;
        assert!(status == 204 || status == 429, "{status}");
        refused += usize::from(status == 429);
        if status == 429 {
            visitor = Visitor::new(front.visitors).await;
        }
    }
    assert!(refused > 0, "a client may report 100 times at once, and 10 times a second");
}
