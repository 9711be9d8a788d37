//! Pieces of pages that scripts fetch: gated as pages are, with nothing of ours in them.

use super::{
    front::{Front, KINDS},
    origin::{Origin, Step},
    visitor::{Answer, Visitor},
};
use consentry::{
    consent::{self, Cmp},
    engine::{Banner, Enabled, Site},
    page::guard,
};

/// What looks like a page, with a tracker in it.
const PIECES: [&str; 3] = [
    "<title>Shop</title><p>a</p><script src=https://static.hotjar.com/c/h.js></script>",
    "<link rel=stylesheet href=/a.css><p>a</p><script src=https://static.hotjar.com/c/h.js></script>",
    "<!doctype html><head><title>x</title></head><p>a</p><script src=https://static.hotjar.com/c/h.js></script>",
];
/// What a whole page of that kind gets.
const SCRIPTS: [&str; 3] = ["/_consentry/guard/", "/_consentry/mirror/", "/_consentry/banner/"];

/// A site that adds everything.
fn adding() -> Site {
    let banner = Banner { enabled: Enabled::Always, ..Banner::default() };
    let guard = guard::Config { enabled: true, keep_queues: false };
    let consent = consent::Config { cmps: vec![Cmp::Usercentrics], ..consent::Config::default() };
    Site { banner, guard, consent, ..Site::default() }
}

/// An origin of one page, which knows its validator.
async fn origin(page: &'static str) -> Origin {
    Origin::new(move |head| {
        let known = head.lines().any(|line| {
            line.to_ascii_lowercase().starts_with("if-none-match:") && line.contains("\"x\"")
        });
        let head = "Content-Type: text/html\r\nETag: \"x\"\r\nCache-Control: max-age=60\r\n";
        let answer = if known {
            format!("HTTP/1.1 304 Not Modified\r\n{head}\r\n")
        } else {
            format!("HTTP/1.1 200 OK\r\n{head}Content-Length: {}\r\n\r\n{page}", page.len())
        };
        vec![Step::Send(answer.into())]
    })
    .await
}

async fn ask(front: &Front, headers: &str) -> Answer {
    let head =
        format!("GET /part HTTP/1.1\r\nHost: shop.test\r\nAccept: text/html\r\n{headers}\r\n");
    Visitor::new(front.visitors).await.ask(&head).await
}

fn text(answer: &Answer) -> &str {
    std::str::from_utf8(&answer.body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_piece_gets_nothing_of_ours_and_is_gated() {
    for kind in KINDS {
        for page in PIECES {
            let origin = origin(page).await;
            let front = Front::of(kind, origin.address, adding()).await;
            for (headers, added) in [
                ("", [true, true, true]),
                ("Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\n", [true, true, true]),
                // A service worker that passes a navigation on.
                ("Sec-Fetch-Dest: empty\r\nSec-Fetch-Mode: navigate\r\n", [true, true, true]),
                ("Sec-Fetch-Dest: iframe\r\nSec-Fetch-Mode: navigate\r\n", [true, false, true]),
                ("Sec-Fetch-Dest: empty\r\nSec-Fetch-Mode: cors\r\n", [false; 3]),
                ("Sec-Fetch-Dest: empty\r\nHX-Request: true\r\n", [false; 3]),
                ("Sec-Fetch-Dest: style\r\n", [false; 3]),
            ] {
                let got = ask(&front, headers).await;
                let body = text(&got);
                assert_eq!(SCRIPTS.map(|path| body.contains(path)), added, "{headers}{body}");
                assert!(!body.contains(" src=https://static.hotjar.com"), "{headers}{body}");
                assert!(!body.contains(" src=\"https://static.hotjar.com"), "{headers}{body}");
            }
        }
    }
}

/// A page that a browser kept does not stand for a piece, nor the other way around.
#[tokio::test(flavor = "multi_thread")]
async fn a_piece_and_a_page_are_two_versions() {
    const PAGE: &str = "Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\n";
    const FRAME: &str = "Sec-Fetch-Dest: iframe\r\nSec-Fetch-Mode: navigate\r\n";
    const PIECE: &str = "Sec-Fetch-Dest: empty\r\nSec-Fetch-Mode: cors\r\n";
    for kind in KINDS {
        let origin = origin(PIECES[0]).await;
        let front = Front::of(kind, origin.address, adding()).await;
        ask(&front, PAGE).await;
        let mut tags = Vec::new();
        for headers in [PAGE, FRAME, PIECE] {
            let got = ask(&front, headers).await;
            let vary = got.get("vary").unwrap();
            assert!(vary.contains("Sec-Fetch-Dest") && vary.contains("Accept-Language"), "{vary}");
            tags.push((headers, got.get("etag").unwrap().to_owned()));
        }
        for (headers, _) in &tags {
            for (of, tag) in &tags {
                let got = ask(&front, &format!("{headers}If-None-Match: {tag}\r\n")).await;
                let status = if headers == of { 304 } else { 200 };
                assert_eq!(got.status, status, "{headers}with the tag of {of}");
            }
        }
        // Who says nothing gets what a navigation gets.
        assert_eq!(ask(&front, "").await.get("etag"), Some(&*tags[0].1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_additions_nothing_depends_on_it() {
    for kind in KINDS {
        let origin = origin(PIECES[0]).await;
        let front = Front::of(kind, origin.address, Site::default()).await;
        let (page, piece) = (
            ask(&front, "Sec-Fetch-Dest: document\r\n").await,
            ask(&front, "Sec-Fetch-Dest: empty\r\n").await,
        );
        let plain = ask(&front, "").await;
        for got in [&page, &piece] {
            assert_eq!((got.get("etag"), got.get("vary")), (plain.get("etag"), plain.get("vary")));
            assert_eq!(text(got), text(&plain));
        }
        assert!(!plain.get("vary").unwrap().contains("Sec-Fetch"), "{}", plain.head);
    }
}
