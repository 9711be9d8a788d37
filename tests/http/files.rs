//! The site's own scripts and style sheets, rewritten on their way: one text for every visitor, and HTTP that stays right.

use super::{
    codings,
    front::{Front, KINDS, Kind},
    origin::{Origin, Step},
    visitor::{Answer, Visitor},
};
use consentry::{consent::Day, engine::Site, rewrite};
use std::time::SystemTime;

const SCRIPT: &str = "const a='https://www.google-analytics.com/g/collect?v=2',b=\"https://static.hotjar.com/c/hotjar-1.js\",\
                      o='https://static.hotjar.com',i='https://images.example/x.js';\n//# sourceMappingURL=app.js.map\n";
const STYLE: &str = "@import 'https://fonts.googleapis.com/css2?family=Inter';a{background:url(//www.facebook.com/tr?id=1)}b{background:url(/own.png)}";

fn site() -> Site {
    let rewrite = rewrite::Config { assets: true, ..rewrite::Config::default() };
    Site { rewrite, ..Site::default() }
}

fn served(head: &str, coding: &str, body: &[u8]) -> Vec<u8> {
    let body = codings::encode(coding, body);
    let line = if coding == "identity" {
        String::new()
    } else {
        format!("Content-Encoding: {coding}\r\n")
    };
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\n{head}{line}Content-Length: {length}\r\n\r\n");
    [head.as_bytes(), &body].concat()
}

const FACTS: &str = "ETag: \"x\"\r\nLast-Modified: Fri, 01 Aug 2025 00:00:00 GMT\r\nAccept-Ranges: bytes\r\nContent-MD5: x\r\n\
                     Repr-Digest: sha-256=:x:\r\nSourceMap: app.js.map\r\nCache-Control: public, max-age=600\r\n";

async fn ask(front: &Front, method: &str, path: &str, headers: &str) -> Answer {
    let request = format!("{method} {path} HTTP/1.1\r\nHost: shop.test\r\n{headers}\r\n");
    Visitor::new(front.visitors).await.ask(&request).await
}

fn choice(choice: &str) -> String {
    format!("Cookie: consentry=v1.x.{}.{choice}\r\n", Day::of(SystemTime::now()))
}

fn text(answer: &Answer) -> String {
    let body = codings::decode(answer.get("content-encoding"), &answer.body).unwrap();
    String::from_utf8(body).unwrap()
}

fn script() -> String {
    SCRIPT
        .replace(
            "https://www.google-analytics.com/",
            "http://shop.test/_consentry/v/www.google-analytics.com/",
        )
        .replace("https://static.hotjar.com/c", "http://shop.test/_consentry/v/static.hotjar.com/c")
        .replace("//# sourceMappingURL=app.js.map", "")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_is_the_same_for_every_visitor_and_names_the_sites_paths() {
    for kind in KINDS {
        for coding in ["identity", "gzip", "br", "zstd"] {
            let head = format!("Content-Type: text/javascript; charset=utf-8\r\n{FACTS}");
            let sent = served(&head, coding, SCRIPT.as_bytes());
            let origin = Origin::fixed(sent, false).await;
            let front = Front::of(kind, origin.address, site()).await;
            let accepts = format!("Accept-Encoding: {coding}\r\n");
            let no = ask(&front, "GET", "/app.js", &accepts).await;
            assert_eq!(text(&no), script(), "{kind:?} {coding}");
            assert_eq!(no.get("cache-control"), Some("public, max-age=600"));
            for gone in
                ["last-modified", "accept-ranges", "content-md5", "repr-digest", "sourcemap"]
            {
                assert_eq!(no.get(gone), None, "{gone}");
            }
            assert_eq!(no.all("vary"), [""; 0]);
            let yes =
                ask(&front, "GET", "/app.js", &format!("{accepts}{}", choice("f1a1m1"))).await;
            assert_eq!((yes.get("etag"), &yes.body), (no.get("etag"), &no.body));
            let bare = ask(&front, "HEAD", "/app.js", &accepts).await;
            assert_eq!((bare.get("etag"), bare.get("content-length")), (no.get("etag"), None));
            front.counted("consentry_files_total{outcome=\"rewritten\"} 3").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_style_sheet_asks_for_its_vendors_at_the_site() {
    let origin =
        Origin::fixed(served("Content-Type: text/css\r\n", "identity", STYLE.as_bytes()), false)
            .await;
    let front = Front::of(Kind::Program, origin.address, site()).await;
    let got = ask(&front, "GET", "/a", "Sec-Fetch-Dest: style\r\n").await;
    let expected = STYLE
        .replace("https://fonts.googleapis.com", "/_consentry/v/fonts.googleapis.com")
        .replace("//www.facebook.com", "/_consentry/v/www.facebook.com");
    assert_eq!(text(&got), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_nothing_of_a_vendors_keeps_its_bytes() {
    let own = "fetch('/api');import('./x.js');\n//# sourceMappingURL=own.js.map\n";
    let head = "Content-Type: application/javascript\r\n";
    let origin = Origin::fixed(served(head, "identity", own.as_bytes()), false).await;
    let front = Front::of(Kind::Program, origin.address, site()).await;
    assert_eq!(text(&ask(&front, "GET", "/own.js", "").await), own);
    // Without the key nothing is touched, its length neither.
    let front = Front::of(Kind::Program, origin.address, Site::default()).await;
    let got = ask(&front, "GET", "/own.js", "").await;
    assert_eq!(got.get("content-length"), Some(&*own.len().to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_asked_for_whole_and_known_by_our_own_validator() {
    let origin = Origin::new(|head| {
        let known = head.contains("if-none-match: \"x\"") || head.contains("If-None-Match: \"x\"");
        let head = "Content-Type: text/javascript\r\nETag: \"x\"\r\n";
        vec![Step::Send(if known {
            b"HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n".to_vec()
        } else {
            served(head, "identity", SCRIPT.as_bytes())
        })]
    })
    .await;
    let front = Front::of(Kind::Program, origin.address, site()).await;
    let got = ask(&front, "GET", "/app.js", "Range: bytes=0-9\r\nIf-Modified-Since: x\r\n").await;
    assert_eq!((got.status, text(&got)), (200, script()));
    let asked = origin.requests().remove(0).to_ascii_lowercase();
    assert!(!asked.contains("range:") && !asked.contains("if-modified-since"), "{asked}");
    let tag = got.get("etag").unwrap().to_owned();
    assert!(tag.starts_with("W/\"x+s-own-"), "{tag}");
    let consent = choice("f1a1m1");
    let known = ask(&front, "GET", "/app.js", &format!("If-None-Match: {tag}\r\n{consent}")).await;
    assert_eq!((known.status, known.get("etag")), (304, Some(&*tag)));
    // One that is older than the rewriting is not revived.
    for foreign in ["\"x\"", "*", "W/\"x+s-own-00000000\""] {
        let got = ask(&front, "GET", "/app.js", &format!("If-None-Match: {foreign}\r\n")).await;
        assert_eq!(got.status, 200, "{foreign}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_passes_and_is_counted() {
    let head = "Content-Type: text/javascript\r\nETag: \"x\"\r\nContent-Encoding: dcb\r\n";
    let part = SCRIPT.as_bytes();
    let ranged = format!(
        "HTTP/1.1 206 Partial Content\r\nContent-Type: text/javascript\r\nContent-Range: bytes 0-{}/999\r\nContent-Length: {}\r\n\r\n{SCRIPT}",
        part.len() - 1,
        part.len()
    );
    for sent in [served(head, "identity", part), ranged.into_bytes()] {
        let origin = Origin::fixed(sent, false).await;
        let front = Front::of(Kind::Program, origin.address, site()).await;
        let got = ask(&front, "GET", "/app.js", "").await;
        assert_eq!(got.body, part);
        front.counted("consentry_files_total{outcome=\"unreadable\"} 1").await;
    }
    // What is no gzip at all passes as it came too.
    let head = "Content-Type: text/javascript\r\nContent-Encoding: gzip\r\n";
    let origin = Origin::fixed(served(head, "identity", part), false).await;
    let front = Front::of(Kind::Program, origin.address, site()).await;
    assert_eq!(ask(&front, "GET", "/app.js", "Accept-Encoding: gzip\r\n").await.body, part);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_does_not_hold_its_files_to_their_old_bytes() {
    let page = "<script src=/app.js integrity=sha384-x></script><link rel=stylesheet href=/a.css integrity='sha384-y'>\
                <script src=https://cdn.example/x.js integrity=sha384-z></script>";
    let head = "Content-Type: text/html\r\n";
    let origin = Origin::fixed(served(head, "identity", page.as_bytes()), false).await;
    let front = Front::of(Kind::Program, origin.address, site()).await;
    let expected = "<script src=/app.js ></script><link rel=stylesheet href=/a.css >\
                    <script src=https://cdn.example/x.js integrity=sha384-z></script>";
    let everything = choice("f1a1m1");
    for headers in ["", &*everything] {
        let headers = format!("Accept: text/html\r\n{headers}");
        assert_eq!(text(&ask(&front, "GET", "/", &headers).await), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_paths_of_what_is_not_served_lead_to_the_vendor_or_to_nothing() {
    const HOTJAR: &str = "/_consentry/v/static.hotjar.com/c/hotjar-1.js?sv=6";
    const TO: Option<&str> = Some("https://static.hotjar.com/c/hotjar-1.js?sv=6");
    let origin = Origin::fixed(served("", "identity", b""), false).await;
    let front = Front::of(Kind::Program, origin.address, site()).await;
    let (script, analytics) = ("Sec-Fetch-Dest: script\r\n", choice("f0a1m0"));
    let no = ask(&front, "GET", HOTJAR, script).await;
    assert_eq!((no.status, no.body.len(), no.get("location")), (200, 0, None));
    assert!(no.get("content-type").unwrap().starts_with("text/javascript"));
    let yes = ask(&front, "GET", HOTJAR, &format!("{script}{analytics}")).await;
    assert_eq!((yes.status, yes.get("location")), (307, TO));
    assert_eq!(yes.get("cache-control"), Some("no-store"));
    // The visitor's own way there is a link's.
    let link = ask(&front, "GET", HOTJAR, "Sec-Fetch-Dest: document\r\n").await;
    assert_eq!((link.status, link.get("location")), (307, TO));
    // Another site is not helped, nor is anybody sent to a host of no vendor.
    let foreign = format!("{script}{analytics}Sec-Fetch-Site: cross-site\r\n");
    assert_eq!(ask(&front, "GET", HOTJAR, &foreign).await.status, 404);
    for path in [
        "/_consentry/v/evil.example/",
        "/_consentry/v/www.shop.test/x",
        "/_consentry/v/google.com/",
    ] {
        assert_eq!(ask(&front, "GET", path, &analytics).await.status, 404, "{path}");
    }
    assert!(origin.requests().is_empty());
    let front = Front::of(Kind::Program, origin.address, Site::default()).await;
    assert_eq!(ask(&front, "GET", HOTJAR, &analytics).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_vendors_worker_ends_itself_until_it_is_allowed() {
    let origin =
        Origin::fixed(served("Content-Type: text/javascript\r\n", "identity", b"push()"), false)
            .await;
    for kind in KINDS {
        let front = Front::of(kind, origin.address, Site::default()).await;
        let worker = "Service-Worker: script\r\nSec-Fetch-Dest: serviceworker\r\n";
        for path in [
            "/OneSignalSDKWorker.js?appId=1",
            "/push/onesignalsdkworker.js",
            "/firebase-messaging-sw.js",
        ] {
            let got = ask(&front, "GET", path, worker).await;
            assert!(text(&got).contains("self.registration.unregister()"), "{path}");
            assert!(got.get("content-type").unwrap().starts_with("text/javascript"));
            assert_eq!(got.get("cache-control"), Some("no-store"));
            for asked in [format!("{worker}{}", choice("f0a0m1")), String::new()] {
                assert_eq!(text(&ask(&front, "GET", path, &asked).await), "push()", "{path}");
            }
        }
        assert_eq!(text(&ask(&front, "GET", "/sw.js", worker).await), "push()");
        front.counted("consentry_workers_refused_total{vendor=\"onesignal\"} 2").await;
    }
}
