//! What is refused, what is nobody's, and what goes through.

use super::{
    super::front::KINDS,
    shop::{Plan, Shop, choice},
};
use consentry::collect::{Config, Share};

const COLLECT: &str = "/_consentry/v/stats.test/collect?id=1&gcs=G111";

#[tokio::test(flavor = "multi_thread")]
async fn a_permitted_beacon_reaches_the_vendor() {
    for kind in KINDS {
        let shop = Shop::of(Plan { kind, ..Plan::default() }).await;
        let got = shop.ask("GET", COLLECT, &choice("f0a1m0")).await;
        assert_eq!((got.status, got.body.as_slice()), (200, &b"{\"ok\":1}"[..]), "{}", got.head);
        let requests = shop.stub.requests();
        assert_eq!(requests.len(), 1);
        assert!(requests[0].starts_with("GET /collect"), "{}", requests[0]);
        assert!(shop.origin.requests().is_empty());
        shop.front
            .counted("consentry_collect_forwarded_total{class=\"2xx\",vendor=\"stats\"} 1")
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_consent_each_kind_gets_nothing_and_the_vendor_too() {
    for kind in KINDS {
        let shop = Shop::of(Plan { kind, ..Plan::default() }).await;
        let yes = choice("f1a1m1");
        let gpc = format!("{}Sec-GPC: 1\r\n", choice("f1a1m1"));
        for (method, path, headers, status, length) in [
            ("GET", COLLECT, "", 204, 0),
            ("GET", COLLECT, "Cookie: consentry=v1.x.20200101.f1a1m1\r\n", 204, 0),
            ("POST", COLLECT, &choice("f1a0m1"), 204, 0),
            ("GET", "/_consentry/v/stats.test/js/a.js", "", 200, 0),
            ("GET", "/_consentry/v/stats.test/pixel", "", 200, 43),
            ("GET", "/_consentry/v/stats.test/frame", "", 200, 30),
            ("POST", "/_consentry/v/ads.test/e", &gpc, 204, 0),
        ] {
            let got = shop.ask(method, path, headers).await;
            assert_eq!((got.status, got.body.len()), (status, length), "{path} {}", got.head);
            assert_eq!(got.get("cache-control"), Some("no-store"), "{path}");
        }
        // With consent first: what was cached by then helps nobody without it.
        assert_eq!(shop.ask("GET", COLLECT, &yes).await.status, 200);
        assert_eq!(shop.ask("GET", COLLECT, &choice("f1a0m1")).await.status, 204);
        assert_eq!(shop.stub.requests().len(), 1);
        assert_eq!(shop.stub.connections(), 1);
        assert!(shop.origin.requests().is_empty());
        shop.front
            .counted("consentry_collect_refused_total{reason=\"consent\",vendor=\"stats\"} 7")
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_the_catalogues_places_is_reached() {
    for kind in KINDS {
        let shop = Shop::of(Plan { kind, unmapped: false, ..Plan::default() }).await;
        let yes = choice("f1a1m1");
        for path in [
            "/_consentry/v/",
            "/_consentry/v",
            "/_consentry/v/evil.test/collect",
            "/_consentry/v/stats.test/",
            "/_consentry/v/stats.test/admin",
            "/_consentry/v/stats.test/collection",
            "/_consentry/v/stats.test/collect/../admin",
            "/_consentry/v/stats.test/js/%2e%2e/admin",
            "/_consentry/v/stats.test/js/..%2fadmin",
            "/_consentry/v/stats.test/js/..\\admin",
            "/_consentry/v/stats.test:8080/collect",
            "/_consentry/v/stats.test:443/collect",
            "/_consentry/v/u@stats.test/collect",
            "/_consentry/v/stats.test@evil.test/collect",
            "/_consentry/v/evil.test%2f@stats.test/collect",
            "/_consentry/v/STATS.test/collect",
            "/_consentry/v/stats.test./collect",
            "/_consentry/v/stats%2etest/collect",
            "/_consentry/v/stats.test%00.evil.test/collect",
            "/_consentry/v//stats.test/collect",
            "/_consentry/v/https://stats.test/collect",
            "/_consentry/v/http:/stats.test/collect",
            "/_consentry/v/evilstats.test/collect",
            "/_consentry/v/stats.test.evil.test/collect",
            "/_consentry/v/127.0.0.1/collect",
            "/_consentry/v/[::1]/collect",
            "/_consentry/v/2130706433/collect",
            "/_consentry/v/localhost/collect",
            "/_consentry/v/../v/evil.test/collect",
            "/_consentry/x",
        ] {
            let got = shop.ask("GET", path, &yes).await;
            assert_eq!(got.status, 404, "{path}");
        }
        for headers in [
            "X-Forwarded-Host: stats.test\r\nX-Original-URL: /_consentry/v/stats.test/collect\r\n",
            "X-Rewrite-URL: /collect\r\nForwarded: host=stats.test\r\n",
        ] {
            let path = "/_consentry/v/evil.test/collect";
            assert_eq!(shop.ask("GET", path, &(headers.to_owned() + &yes)).await.status, 404);
        }
        // An absolute target names the site, not the vendor.
        let absolute = "http://stats.test/_consentry/v/evil.test/collect";
        assert!([400, 404].contains(&shop.ask("GET", absolute, &yes).await.status));
        assert_eq!(shop.stub.connections(), 0);
        assert!(shop.origin.requests().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_are_not_allowed() {
    let shop = Shop::of(Plan::default()).await;
    let yes = choice("f1a1m1");
    for method in ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"] {
        let got = shop.ask(method, COLLECT, &yes).await;
        assert_eq!(
            (got.status, got.get("allow")),
            (405, Some("GET, HEAD, POST, OPTIONS")),
            "{method}"
        );
    }
    let got = shop.ask("GET", "/_consentry/v/ads.test/e", &yes).await;
    assert_eq!((got.status, got.get("allow")), (405, Some("POST, OPTIONS")));
    let own = "Origin: http://shop.test\r\nAccess-Control-Request-Method: POST\r\n";
    let got = shop.ask("OPTIONS", COLLECT, own).await;
    assert_eq!(got.status, 204);
    assert!(!got.head.to_lowercase().contains("access-control"), "{}", got.head);
    let foreign = "Origin: https://evil.test\r\nAccess-Control-Request-Method: POST\r\n";
    let got = shop.ask("OPTIONS", COLLECT, foreign).await;
    assert_eq!(got.status, 403);
    assert!(!got.head.to_lowercase().contains("access-control"), "{}", got.head);
    assert_eq!(shop.stub.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_sites_are_refused() {
    let shop = Shop::of(Plan::default()).await;
    let yes = choice("f1a1m1");
    for headers in [
        "Sec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: same-origin\r\nOrigin: https://evil.test\r\n",
        "Origin: https://evil.test\r\n",
        "Origin: null\r\n",
        "Referer: https://evil.test/\r\n",
        "Service-Worker: script\r\n",
    ] {
        let got = shop.ask("GET", COLLECT, &(headers.to_owned() + &yes)).await;
        assert_eq!((got.status, got.body.len()), (403, 0), "{headers}");
    }
    assert_eq!(shop.stub.connections(), 0);
    for headers in ["Sec-Fetch-Site: same-origin\r\n", "Origin: https://shop.test\r\n", ""] {
        let got = shop.ask("GET", COLLECT, &(headers.to_owned() + &yes)).await;
        assert_eq!(got.status, 200, "{headers}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sensitive_pages_share_nothing() {
    for kind in KINDS {
        let collect = Config { sensitive: vec!["/health/*".into()], ..Config::default() };
        let shop = Shop::of(Plan { kind, collect, ..Plan::default() }).await;
        let from = |page: &str| format!("{}Referer: http://shop.test{page}\r\n", choice("f1a1m1"));
        for headers in [
            from("/health/hiv?x"),
            from("/Health/hiv"),
            from("/%68ealth/hiv"),
            choice("f1a1m1"),
            format!("{}Sec-Fetch-Site: same-origin\r\nReferer: nonsense\r\n", choice("f1a1m1")),
            // To another host browsers send no path.
            format!(
                "{}Sec-Fetch-Site: same-site\r\nReferer: http://www.shop.test/\r\n",
                choice("f1a1m1")
            ),
        ] {
            let got = shop.ask("GET", COLLECT, &headers).await;
            assert_eq!(
                (got.status, got.get("cache-control")),
                (204, Some("no-store")),
                "{headers}"
            );
        }
        assert_eq!(shop.stub.connections(), 0);
        assert_eq!(shop.ask("GET", COLLECT, &from("/shoes")).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sensitive_pages_have_no_vendor_whatever_the_visitor_allows() {
    for kind in KINDS {
        let collect = Config { sensitive: vec!["/health/*".into()], ..Config::default() };
        let shop = Shop::of(Plan { kind, collect, ..Plan::default() }).await;
        for (path, has) in [("/shoes", true), ("/health/hiv", false), ("/%48ealth", false)] {
            let got = shop.ask("GET", path, &choice("f1a1m1")).await;
            let page = String::from_utf8(got.body).unwrap();
            assert!(page.starts_with("<p>the origin's</p>"), "{path} {page}");
            assert_eq!(page.contains("stats.test"), has, "{path} {page}");
        }
        let collect = Config { share: Share::None, ..Config::default() };
        let shop = Shop::of(Plan { kind, collect, ..Plan::default() }).await;
        let got = shop.ask("GET", "/shoes", &choice("f1a1m1")).await;
        assert!(!String::from_utf8(got.body).unwrap().contains("stats.test"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_prefix_is_the_operators() {
    let prefix = consentry::catalog::Prefix::new("/m/").unwrap();
    let collect = Config { prefix, ..Config::default() };
    let shop = Shop::of(Plan { collect, ..Plan::default() }).await;
    let yes = choice("f1a1m1");
    assert_eq!(shop.ask("GET", "/m/stats.test/collect", &yes).await.status, 200);
    assert_eq!(shop.ask("GET", "/m/evil.test/collect", &yes).await.status, 404);
    assert_eq!(shop.ask("GET", COLLECT, &yes).await.status, 404);
    assert!(shop.origin.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_shares_nothing_forwards_nothing() {
    let collect = Config { share: Share::None, ..Config::default() };
    let shop = Shop::of(Plan { collect, ..Plan::default() }).await;
    assert_eq!(shop.ask("GET", COLLECT, &choice("f1a1m1")).await.status, 204);
    let off = Config { enabled: false, ..Config::default() };
    let none = Shop::of(Plan { collect: off, ..Plan::default() }).await;
    assert_eq!(none.ask("GET", COLLECT, &choice("f1a1m1")).await.status, 404);
    assert_eq!(shop.stub.connections() + none.stub.connections(), 0);
}
