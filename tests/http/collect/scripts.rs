//! Vendors' scripts: asked for once, kept for as long as their vendors say.

use super::{
    super::{codings, origin::Step, visitor::Visitor},
    shop::{Plan, Shop, choice, with},
};
use consentry::{collect::Limits, engine::Collection};
use std::time::Duration;

const SCRIPT: &str = "/_consentry/v/stats.test/js/a.js?id=1";

fn script(headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/javascript\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
        .into()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_at_a_time_and_none_while_it_is_fresh() {
    let text = "var vendor = 1;\n".repeat(200);
    let sent = script(
        "Cache-Control: private, max-age=900\r\nLast-Modified: Fri, 01 Aug 2025 00:00:00 GMT\r\n",
        &text,
    );
    let shop = Shop::new(Plan::default(), move |_| {
        vec![Step::Pause(Duration::from_millis(200)), Step::Send(sent.clone())]
    })
    .await;
    let yes = choice("f1a1m1");
    let codings = ["gzip", "br", "zstd", "identity"];
    let request = |coding: &str| {
        format!(
            "GET {SCRIPT} HTTP/1.1\r\nHost: shop.test\r\nAccept-Encoding: {coding}\r\n{yes}\r\n"
        )
    };
    let mut visitors = Vec::new();
    for coding in codings.iter().cycle().take(16) {
        let mut visitor = Visitor::new(shop.front.visitors).await;
        visitor.send(request(coding).as_bytes()).await;
        visitors.push((coding, visitor));
    }
    for (coding, mut visitor) in visitors {
        let got = visitor.answer(false).await;
        assert_eq!(got.status, 200);
        assert_eq!(got.get("content-encoding").unwrap_or("identity"), *coding);
        assert_eq!(
            codings::decode(got.get("content-encoding"), &got.body).unwrap(),
            text.as_bytes()
        );
        let lifetime: u32 = got
            .get("cache-control")
            .unwrap()
            .strip_prefix("private, max-age=")
            .unwrap()
            .parse()
            .unwrap();
        assert!((890..=900).contains(&lifetime));
        assert_eq!(got.get("content-type"), Some("application/javascript"));
        assert_eq!(got.get("last-modified"), Some("Fri, 01 Aug 2025 00:00:00 GMT"));
        assert!(got.get("etag").unwrap().starts_with("W/\""));
    }
    assert_eq!(shop.stub.requests().len(), 1);
    let asked = shop.stub.requests().remove(0).to_ascii_lowercase();
    assert!(!asked.contains("cookie") && asked.contains("user-agent: mozilla/5.0\r\n"), "{asked}");
    // Consent comes first: without it nothing is served from what is kept either.
    let refused = shop.ask("GET", SCRIPT, "").await;
    assert_eq!(
        (refused.status, refused.body.len(), refused.get("cache-control")),
        (200, 0, Some("no-store"))
    );
    let tag = shop.ask("GET", SCRIPT, &yes).await.get("etag").unwrap().to_owned();
    let known = shop.ask("GET", SCRIPT, &format!("{yes}If-None-Match: {tag}\r\n")).await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    let head = shop.ask("HEAD", SCRIPT, &yes).await;
    assert_eq!(head.status, 200);
    assert_eq!(shop.stub.requests().len(), 1);
    shop.front.counted("consentry_collect_scripts_total{cache=\"miss\"} 1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_script_is_better_than_none() {
    let count = std::sync::atomic::AtomicUsize::new(0);
    let shop = Shop::new(Plan::default(), move |_| {
        let first = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        if first {
            vec![Step::Send(script("Cache-Control: max-age=0\r\n", "old()"))]
        } else {
            vec![Step::Close]
        }
    })
    .await;
    for _ in 0..3 {
        let got = shop.ask("GET", SCRIPT, &choice("f1a1m1")).await;
        assert_eq!((got.status, got.body.as_slice()), (200, &b"old()"[..]), "{}", got.head);
        assert_eq!(got.get("cache-control"), Some("private, max-age=0"));
    }
    shop.front.counted("consentry_collect_scripts_total{cache=\"stale\"} 1").await;
    // After a failure the vendor is left alone for a while.
    assert_eq!(shop.stub.connections(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_is_not_there_is_empty_and_asked_for_seldom() {
    let shop = Shop::answering(
        Plan::default(),
        b"HTTP/1.1 404 X\r\nContent-Length: 3\r\n\r\nno!".to_vec(),
    )
    .await;
    for _ in 0..4 {
        let got = shop.ask("GET", SCRIPT, &choice("f1a1m1")).await;
        assert_eq!(
            (got.status, got.body.len(), got.get("cache-control")),
            (200, 0, Some("no-store"))
        );
        assert_eq!(got.get("content-type"), Some("text/javascript; charset=utf-8"));
    }
    assert_eq!(shop.stub.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_kept_is_not() {
    let shop = Shop::answering(Plan::default(), script("Cache-Control: no-store\r\n", "x()")).await;
    for _ in 0..3 {
        let got = shop.ask("GET", SCRIPT, &choice("f1a1m1")).await;
        assert_eq!(
            (got.body.as_slice(), got.get("cache-control")),
            (&b"x()"[..], Some("no-store"))
        );
    }
    assert_eq!(shop.stub.requests().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_is_bounded() {
    let limits = Limits { script_cache: 64 << 10, per_client: 1000, ..Limits::default() };
    let collection = Collection { limits, ..Collection::default() };
    let sent = script("Cache-Control: max-age=900\r\n", &"x".repeat(10 << 10));
    let shop = Shop::answering(Plan { collection, ..Plan::default() }, sent).await;
    let yes = choice("f1a1m1");
    for round in 0..2 {
        for id in 0..8 {
            let path = format!("/_consentry/v/stats.test/js/{id}.js");
            assert_eq!(shop.ask("GET", &path, &yes).await.body.len(), 10 << 10, "{round}");
        }
    }
    // Three of 21 KiB fit; eight in turn never meet again.
    assert_eq!(shop.stub.requests().len(), 16);
    shop.ask("GET", "/_consentry/v/stats.test/js/7.js", &yes).await;
    assert_eq!(shop.stub.requests().len(), 16);
}

#[tokio::test(flavor = "multi_thread")]
async fn source_maps_are_taken_out_and_fields_not_listed_too() {
    let text = "a()\n//# sourceMappingURL=https://stats.test/a.js.map\n";
    let shop = Shop::answering(Plan::default(), with("text/javascript", text)).await;
    let got = shop.ask("GET", &format!("{SCRIPT}&hush=1"), &choice("f1a1m1")).await;
    let body = String::from_utf8(got.body).unwrap();
    assert!(body.starts_with("a()\n") && !body.contains("sourceMappingURL"), "{body}");
    assert!(
        shop.stub.requests()[0].starts_with("GET /js/a.js?id=1 "),
        "{}",
        shop.stub.requests()[0]
    );
}
