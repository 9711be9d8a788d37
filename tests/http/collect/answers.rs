//! What of a vendor's answer reaches the browser.

use super::shop::{Plan, Shop, choice, with};
use crate::visitor::Answer;

const COLLECT: &str = "/_consentry/v/stats.test/collect";
const SCRIPT: &str = "/_consentry/v/stats.test/js/a.js";

async fn answered(bytes: impl Into<Vec<u8>>, path: &str, headers: &str) -> Answer {
    let shop = Shop::answering(Plan::default(), bytes.into()).await;
    shop.ask("GET", path, &(choice("f1a1m1").trim_end().to_owned() + headers + "\r\n")).await
}

fn head(lines: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{lines}Content-Length: 2\r\n\r\n{{}}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn no_header_of_a_vendor_governs_the_site() {
    let lines = "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\n\
        Strict-Transport-Security: max-age=1\r\nContent-Security-Policy: default-src *\r\nReport-To: {}\r\n\
        Reporting-Endpoints: a=\"https://evil.test\"\r\nNEL: {}\r\nClear-Site-Data: \"*\"\r\nLink: <https://evil.test>; rel=preload\r\n\
        Refresh: 0;url=https://evil.test\r\nAlt-Svc: h3=\":443\"\r\nSourceMap: https://stats.test/x.map\r\nX-SourceMap: x\r\n\
        Service-Worker-Allowed: /\r\nServer: vendor\r\nSet-Cookie: session=evil\r\nWWW-Authenticate: Basic\r\nLocation: https://evil.test\r\n\
        Content-Disposition: attachment\r\nPermissions-Policy: *\r\nOrigin-Trial: x\r\nTiming-Allow-Origin: *\r\nVary: *\r\n\
        Cache-Control: public, max-age=999\r\nETag: \"v\"\r\nX-Vendor: hush\r\n";
    let got = answered(head(lines), COLLECT, "").await;
    assert_eq!((got.status, got.body.as_slice()), (200, &b"{}"[..]), "{}", got.head);
    let names: Vec<String> = got
        .head
        .lines()
        .skip(1)
        .filter_map(|l| Some(l.split_once(':')?.0.to_ascii_lowercase()))
        .collect();
    for name in &names {
        let known = [
            "content-type",
            "content-length",
            "cache-control",
            "x-content-type-options",
            "content-security-policy",
            "cross-origin-resource-policy",
            "date",
            "connection",
            "keep-alive",
        ];
        assert!(known.contains(&name.as_str()), "{name} in {}", got.head);
    }
    assert_eq!(got.get("cache-control"), Some("no-store"));
    assert_eq!(got.get("x-content-type-options"), Some("nosniff"));
    assert_eq!(got.get("content-security-policy"), Some("default-src 'none'; sandbox"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_shown_as_a_page_of_the_site() {
    let evil = "<script>alert(1)</script>";
    for (path, sent, shown, body) in [
        (COLLECT, "text/html", "text/plain; charset=utf-8", evil),
        (COLLECT, "Text/HTML; charset=utf-8", "text/plain; charset=utf-8", evil),
        (COLLECT, "image/svg+xml", "text/plain; charset=utf-8", evil),
        (COLLECT, "application/xhtml+xml", "text/plain; charset=utf-8", evil),
        (COLLECT, "text/xml", "text/plain; charset=utf-8", evil),
        (COLLECT, "text/javascript", "text/plain; charset=utf-8", evil),
        (COLLECT, "application/json, text/html", "text/plain; charset=utf-8", evil),
        (COLLECT, "x", "text/plain; charset=utf-8", evil),
        (COLLECT, "application/json", "application/json", evil),
        // Browsers take the last type of a list, wherever its comma is.
        (COLLECT, "application/json;x, text/html", "application/json", evil),
        (COLLECT, "text/plain; charset=\"utf-8\"; x, text/html", "text/plain; charset=utf-8", evil),
        ("/_consentry/v/stats.test/pixel", "image/gif;x, text/html", "image/gif", evil),
        ("/_consentry/v/stats.test/frame", "text/html;x, image/svg+xml", "text/html", evil),
        (SCRIPT, "text/javascript;x, text/html", "text/javascript", evil),
        (SCRIPT, "application/json;charset=x\", text/html", "application/json", evil),
        (SCRIPT, "text/plain;x, text/html", "text/javascript", evil),
        (SCRIPT, "application/octet-stream", "text/javascript", evil),
        (SCRIPT, "text/html", "text/javascript; charset=utf-8", ""),
        ("/_consentry/v/stats.test/pixel", "text/html", "image/gif", "GIF"),
        ("/_consentry/v/stats.test/pixel", "image/svg+xml", "image/gif", "GIF"),
        (
            "/_consentry/v/stats.test/frame",
            "application/xhtml+xml",
            "text/html; charset=utf-8",
            "<!doctype",
        ),
    ] {
        let got = answered(with(sent, evil), path, "").await;
        assert_eq!((got.status, got.get("content-type")), (200, Some(shown)), "{path} {sent}");
        let text = String::from_utf8_lossy(&got.body);
        assert!(
            text.starts_with(body) && (body == evil || !text.contains("alert")),
            "{path} {sent} {text}"
        );
        assert_eq!(got.get("x-content-type-options"), Some("nosniff"), "{path}");
    }
    let frame = answered(with("text/html", evil), "/_consentry/v/stats.test/frame", "").await;
    let policy = frame.get("content-security-policy").unwrap();
    assert!(
        policy.starts_with("sandbox allow-scripts;") && !policy.contains("allow-same-origin"),
        "{policy}"
    );
    assert_eq!(frame.body, evil.as_bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_come_back_as_the_sites_own() {
    let lines = "Set-Cookie: _st_a=1; Domain=stats.test; Path=/x; SameSite=None; Secure; Max-Age=999999999\r\n\
        Set-Cookie: _st_b=2; Expires=Tue, 31-Dec-2199 23:59:59 GMT; HttpOnly\r\nSet-Cookie: _st_c=3\r\n\
        Set-Cookie: session=evil\r\nSet-Cookie: consentry=v1\r\nSet-Cookie: _ads=x\r\nSet-Cookie: _st_id=new; Max-Age=60\r\n\
        Set-Cookie: _st_old=; Max-Age=0\r\nSet-Cookie: __Host-x=1\r\nSet-Cookie: =_st_x\r\n";
    let got = answered(head(lines), COLLECT, "; _st_id=old; _st_old=1\r\n").await;
    assert_eq!(
        got.all("set-cookie"),
        [
            "_st_a=1; Path=/; Max-Age=34128000; Secure; SameSite=Lax",
            "_st_b=2; Path=/; Max-Age=34128000; Secure; HttpOnly; SameSite=Lax",
            "_st_c=3; Path=/; Secure; SameSite=Lax",
            "_st_old=; Path=/; Max-Age=0; Secure; SameSite=Lax",
        ]
    );
    let bomb: String =
        (0..2000).map(|i| format!("Set-Cookie: _st_{i}={}\r\n", "x".repeat(400))).collect();
    let got = answered(head(&bomb), COLLECT, "").await;
    let cookies = got.all("set-cookie");
    assert!(cookies.len() <= 10 && cookies.concat().len() <= 8 << 10, "{}", cookies.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_stay_on_our_paths() {
    for (status, location, path) in [
        (
            302,
            "https://stats.test/collect?id=2",
            Some((302, "/_consentry/v/stats.test/collect?id=2")),
        ),
        (301, "/collect?next=1#f", Some((302, "/_consentry/v/stats.test/collect?next=1"))),
        (308, "//ads.test/e", Some((307, "/_consentry/v/ads.test/e"))),
        (302, "https://evil.test/collect", None),
        (302, "https://stats.test/admin", None),
        (302, "https://stats.test:8443/collect", None),
        (302, "javascript:alert(1)", None),
        (302, "http://127.0.0.1/collect", None),
        (304, "/collect", None),
        (300, "/collect", None),
    ] {
        let sent =
            format!("HTTP/1.1 {status} X\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        let got = answered(sent, COLLECT, "").await;
        match path {
            Some((status, path)) => {
                assert_eq!((got.status, got.get("location")), (status, Some(path)), "{location}");
            }
            None => assert_eq!((got.status, got.get("location")), (204, None), "{location}"),
        }
        assert_eq!(got.get("cache-control"), Some("no-store"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vendors_status_is_the_beacons() {
    for status in [200, 202, 204, 400, 404, 429, 503] {
        let sent = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(answered(sent.clone(), COLLECT, "").await.status, status);
        let pixel = answered(sent, "/_consentry/v/stats.test/pixel", "").await;
        assert_eq!((pixel.status, pixel.body.len()), (200, 43), "{status}");
    }
}
