//! What is not a plain page: heads without bodies, parts, hints, upgrades, streams, old clients, failing origins.

use super::{
    codings,
    front::{Front, KINDS, Kind},
    matrix::{TRACKER, cookie, get, page},
    origin::{Origin, Step},
    visitor::Visitor,
};
use consentry::{
    consent,
    engine::{OnUnreadable, Site},
    policy::Mode,
};
use std::time::Duration;
use tokio::sync::mpsc;

fn answer(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn html(headers: &str, body: &[u8]) -> Vec<u8> {
    answer(&format!("Content-Type: text/html\r\n{headers}"), body)
}

async fn one(kind: Kind, site: Site, response: Vec<u8>, request: &str) -> super::visitor::Answer {
    let origin = Origin::fixed(response, true).await;
    let front = Front::of(kind, origin.address, site).await;
    Visitor::new(front.visitors).await.ask(request).await
}

fn pass() -> Site {
    Site { on_unreadable: OnUnreadable::Pass, ..Site::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_agrees_with_its_page() {
    for kind in KINDS {
        let origin = Origin::new(|head| {
            let whole = html("ETag: \"v1\"\r\nAccept-Ranges: bytes\r\n", page().as_bytes());
            let end = whole.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
            let bytes = if head.starts_with("HEAD") { whole[..end].to_vec() } else { whole };
            vec![Step::Send(bytes)]
        })
        .await;
        let front = Front::new(kind, origin.address).await;
        let mut visitor = Visitor::new(front.visitors).await;
        let head = visitor.ask(&get("").replace("GET", "HEAD")).await;
        let page = visitor.ask(&get("")).await;
        for name in
            ["etag", "vary", "cache-control", "content-type", "accept-ranges", "content-encoding"]
        {
            assert_eq!(head.all(name), page.all(name), "{kind:?} {name}");
        }
        assert!(head.get("etag").unwrap().starts_with("W/\"v1+"), "{}", head.head);
        assert_eq!(head.get("content-length"), None, "{kind:?}");
        assert_eq!(origin.connections(), 1, "{kind:?}: the connection is used again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_304_counts_for_its_own_state_only() {
    for kind in KINDS {
        let origin = Origin::new(|head| {
            let known = head.to_ascii_lowercase().contains("if-none-match: \"v1\"\r\n");
            let whole = html("ETag: \"v1\"\r\n", page().as_bytes());
            let same = b"HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n".to_vec();
            vec![Step::Send(if known { same } else { whole })]
        })
        .await;
        let front = Front::new(kind, origin.address).await;
        let mut visitor = Visitor::new(front.visitors).await;
        let tag = visitor.ask(&get("")).await.get("etag").unwrap().to_owned();
        let known = format!("If-None-Match: {tag}\r\n");
        let same = visitor.ask(&get(&known)).await;
        assert_eq!((same.status, same.get("etag")), (304, Some(&*tag)), "{kind:?}");
        let other = visitor.ask(&get(&(known + &cookie()))).await;
        assert_eq!(other.status, 200, "{kind:?}: another state gets its own page");
        assert_eq!(other.body, page().as_bytes());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_support_of_gpc_is_told_where_the_operator_says_so() {
    let consent =
        consent::Config { gpc_json: "20261101".parse().ok(), ..consent::Config::default() };
    let told = Site { consent, ..Site::default() };
    let ask =
        |method: &str| get("").replace("GET /page", &format!("{method} /.well-known/gpc.json?x=1"));
    for kind in KINDS {
        let origin = || answer("Content-Type: text/plain\r\n", b"the origin's");
        let got = one(kind, told.clone(), origin(), &ask("GET")).await;
        assert_eq!(
            (got.status, got.get("content-type")),
            (200, Some("application/json")),
            "{kind:?}"
        );
        assert_eq!(got.body, br#"{"gpc":true,"lastUpdate":"2026-11-01"}"#, "{kind:?}");
        assert_eq!(got.get("content-length"), Some("38"), "{kind:?}");
        let got = one(kind, told.clone(), origin(), &ask("POST")).await;
        assert_eq!((got.status, got.get("allow")), (405, Some("GET, HEAD")), "{kind:?}");
        let off = Site { mode: Mode::Off, ..told.clone() };
        for site in [Site::default(), off] {
            let got = one(kind, site, origin(), &ask("GET")).await;
            assert_eq!((got.status, &*got.body), (200, &b"the origin's"[..]), "{kind:?}");
        }
        let got =
            one(kind, told.clone(), origin(), &ask("GET").replace("gpc.json", "gpc.jso")).await;
        assert_eq!(got.body, b"the origin's", "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_answers_stay_empty() {
    for kind in KINDS {
        let no_content = b"HTTP/1.1 204 No Content\r\nContent-Type: text/html\r\n\r\n".to_vec();
        let empty = html("", b"");
        let coded = html("Content-Encoding: gzip\r\n", b"");
        for (response, status) in [(no_content, 204), (empty, 200), (coded, 200)] {
            let got = one(kind, Site::default(), response, &get("")).await;
            assert_eq!(
                (got.status, got.body.len(), got.whole),
                (status, 0, true),
                "{kind:?} {}",
                got.head
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_page_is_untouched() {
    let body: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    for kind in KINDS {
        for media_type in
            ["application/octet-stream", "text/plain", "application/json", "image/svg+xml"]
        {
            let headers = format!("Content-Type: {media_type}\r\nETag: \"v1\"\r\nX-Own: 1\r\n");
            let got = one(kind, Site::default(), answer(&headers, &body), &get("")).await;
            assert!(got.body == body && got.get("etag") == Some("\"v1\""), "{kind:?} {}", got.head);
            assert_eq!(got.get("content-length"), Some(&*body.len().to_string()), "{kind:?}");
        }
        let mixed = [page().as_bytes(), &body].concat();
        let download =
            "Content-Type: text/html\r\nContent-Disposition: attachment; filename=a.html\r\n";
        let got = one(kind, Site::default(), answer(download, &mixed), &get("")).await;
        assert!(got.body == mixed, "{kind:?}");
        let part = "HTTP/1.1 206 Partial Content\r\nContent-Type: video/mp4\r\nContent-Range: bytes 0-3/9\r\nContent-Length: 4\r\n\r\nabcd";
        let request = get("Range: bytes=0-3\r\n").replace("/page", "/film.mp4");
        let got = one(kind, Site::default(), part.into(), &request).await;
        assert_eq!((got.status, &*got.body), (206, &b"abcd"[..]), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn untyped_pages_are_recognised() {
    for kind in KINDS {
        for coding in codings::NAMES {
            let headers = format!("Content-Encoding: {coding}\r\n");
            let accepts = get("Accept-Encoding: gzip, deflate, br, zstd\r\n");
            let response = answer(&headers, &codings::encode(coding, page().as_bytes()));
            let got = one(kind, Site::default(), response, &accepts).await;
            let plain = codings::decode(got.get("content-encoding"), &got.body).unwrap();
            let plain = String::from_utf8(plain).unwrap();
            assert!(!plain.contains(TRACKER) && plain.contains("/own.js"), "{kind:?} {coding}");
            let text = codings::encode(
                coding,
                b"GIF89a <script src=\"https://www.google-analytics.com/analytics.js\">",
            );
            let got = one(kind, Site::default(), answer(&headers, &text), &accepts).await;
            assert!(got.body == text && got.whole, "{kind:?} {coding}");
        }
        let sure = answer("X-Content-Type-Options: nosniff\r\n", page().as_bytes());
        assert_eq!(one(kind, Site::default(), sure, &get("")).await.body, page().as_bytes());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_heads_are_blocked_or_passed() {
    let part = format!(
        "HTTP/1.1 206 Partial Content\r\nContent-Type: text/html\r\nContent-Range: bytes 0-{0}/999\r\nContent-Length: {0}\r\n\r\n{1}",
        page().len(),
        page()
    );
    let responses = [
        html("Content-Encoding: dcb\r\n", page().as_bytes()),
        html("Content-Encoding: gzip, br\r\n", page().as_bytes()),
        part.into_bytes(),
    ];
    for kind in KINDS {
        for response in &responses {
            let got = one(kind, Site::default(), response.clone(), &get("")).await;
            let text = String::from_utf8(got.body.clone()).unwrap();
            assert_eq!((got.status, got.whole), (502, true), "{kind:?} {}", got.head);
            assert!(text.starts_with("<!doctype html>") && !text.contains("Shop"), "{text}");
            assert!(!got.head.contains("dcb") && !got.head.contains("gzip"), "{}", got.head);
            let got = one(kind, pass(), response.clone(), &get("")).await;
            assert_eq!((&*got.body, got.whole), (page().as_bytes(), true), "{kind:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_bodies_never_pass_as_whole() {
    let long = page() + &"<p>filler 0123456789 abcdefghij\n".repeat(20_000);
    for kind in KINDS {
        for coding in ["gzip", "deflate", "br", "zstd"] {
            let whole = codings::encode(coding, long.as_bytes());
            let mut corrupt = whole.clone();
            let middle = corrupt.len() / 2;
            corrupt[middle..].iter_mut().for_each(|byte| *byte ^= 0x5a);
            let truncated = whole[..whole.len() - 5].to_vec();
            for (what, body) in [("corrupt", corrupt), ("truncated", truncated)] {
                let headers = format!("Content-Encoding: {coding}\r\n");
                let request = get("Accept-Encoding: gzip, deflate, br, zstd\r\n");
                let got = one(kind, Site::default(), html(&headers, &body), &request).await;
                let blocked =
                    got.status == 502 && !String::from_utf8_lossy(&got.body).contains("Shop");
                assert!(
                    blocked || !got.whole,
                    "{kind:?} {coding} {what}: {} {}",
                    got.head,
                    got.whole
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_body_passes_where_it_may() {
    for kind in KINDS {
        let mut body = codings::encode("gzip", page().as_bytes());
        body[12..].iter_mut().for_each(|byte| *byte ^= 0xff);
        let response = html("Content-Encoding: gzip\r\n", &body);
        let got = one(kind, pass(), response, &get("Accept-Encoding: gzip, zstd\r\n")).await;
        assert_eq!((got.body == body, got.whole), (true, true), "{kind:?} {}", got.head);
        assert_eq!(got.get("content-encoding"), Some("gzip"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hints_lose_gated_links_and_nothing_else() {
    for kind in KINDS {
        let mut response = format!(
            "HTTP/1.1 103 Early Hints\r\nLink: <{TRACKER}>; rel=preload; as=script, </own.css>; rel=preload; as=style\r\n\r\n"
        )
        .into_bytes();
        response.extend(html("", page().as_bytes()));
        let origin = Origin::fixed(response, true).await;
        let front = Front::new(kind, origin.address).await;
        let mut visitor = Visitor::new(front.visitors).await;
        let hints = visitor.ask(&get("")).await;
        assert_eq!(hints.status, 103, "{kind:?}");
        assert!(
            hints.head.contains("/own.css") && !hints.head.contains("google-analytics"),
            "{}",
            hints.head
        );
        let got = visitor.answer(false).await;
        assert!(got.status == 200 && got.whole, "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_clients_get_no_chunks() {
    for kind in KINDS {
        for response in [
            html("", page().as_bytes()),
            answer("Content-Type: text/plain\r\n", page().as_bytes()),
            format!("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n{}", page()).into_bytes(),
        ] {
            let is_page = response.windows(9).any(|w| w == b"text/html");
            let got =
                one(kind, Site::default(), response, "GET / HTTP/1.0\r\nHost: shop.test\r\n\r\n")
                    .await;
            assert_eq!(got.get("transfer-encoding"), None, "{kind:?} {}", got.head);
            let text = String::from_utf8(got.body.clone()).unwrap();
            assert_eq!(text.contains(TRACKER), !is_page, "{kind:?}");
            assert!(text.ends_with("</html>\n"), "{kind:?} {text}");
        }
    }
}

/// Browsers take chunks only where the version is one that has them.
#[tokio::test(flavor = "multi_thread")]
async fn old_origins_answer_in_our_version() {
    for kind in KINDS {
        for of in ["text/html", "text/plain"] {
            let response = format!("HTTP/1.0 200 OK\r\nContent-Type: {of}\r\n\r\n{}", page());
            let got = one(kind, Site::default(), response.into_bytes(), &get("")).await;
            assert!(got.head.starts_with("HTTP/1.1 200"), "{kind:?} {}", got.head);
            assert!(got.whole && got.body.ends_with(b"</html>\n"), "{kind:?} {of}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_pages_leave_as_they_come() {
    for kind in KINDS {
        for coding in ["", "gzip", "br", "zstd"] {
            let (tell, told) = mpsc::channel(1);
            let told = std::sync::Mutex::new(Some(told));
            let origin = Origin::new(move |_| {
                let head =
                    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n";
                let whole = codings::encode("gzip", b"<p>first</p>");
                let second = codings::encode("gzip", b"<p>second</p>");
                let told = told.lock().unwrap().take().unwrap();
                let first = [head.as_bytes(), &whole].concat();
                vec![Step::Send(first), Step::Wait(told), Step::Send(second), Step::Close]
            })
            .await;
            let front = Front::new(kind, origin.address).await;
            let mut visitor = Visitor::new(front.visitors).await;
            visitor.send(get(&format!("Accept-Encoding: {coding}\r\n")).as_bytes()).await;
            let head = visitor.until(b"\r\n\r\n").await;
            assert!(head.starts_with(b"HTTP/1.1 200"), "{kind:?} {coding}");
            // A flush of each coding: the first chunk is there before the origin sends the second.
            let line = visitor.until(b"\r\n").await;
            let length =
                usize::from_str_radix(std::str::from_utf8(&line).unwrap().trim(), 16).unwrap();
            assert!(length > 0, "{kind:?} {coding}");
            if coding.is_empty() {
                visitor.until(b"<p>first</p>").await;
            }
            tell.send(()).await.unwrap();
            visitor.until(b"\r\n0\r\n\r\n").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_stream_untouched() {
    for kind in KINDS {
        let (tell, told) = mpsc::channel(1);
        let told = std::sync::Mutex::new(Some(told));
        let origin = Origin::new(move |_| {
            let first = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n";
            let told = told.lock().unwrap().take().unwrap();
            vec![
                Step::Send(first.into()),
                Step::Wait(told),
                Step::Send(b"data: 2\n\n".to_vec()),
                Step::Close,
            ]
        })
        .await;
        let front = Front::new(kind, origin.address).await;
        let mut visitor = Visitor::new(front.visitors).await;
        visitor.send(get("Accept: text/event-stream\r\n").as_bytes()).await;
        visitor.until(b"data: 1\n\n").await;
        tell.send(()).await.unwrap();
        visitor.until(b"data: 2\n\n").await;
    }
}

const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn upgrades_become_tunnels() {
    for (kind, times) in [(Kind::Program, 50), (Kind::Embedded, 1)] {
        let origin = Origin::new(move |_| {
            let switch = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
            // Pingora 0.9.1 takes the end of the request's empty body for the end of the tunnel when the origin
            // switches before that was handled (proxy_h1.rs:331). The program prevents it; another proxy may not.
            let pause = Step::Pause(Duration::from_millis(if kind == Kind::Program { 0 } else { 100 }));
            vec![pause, Step::Send(switch.into()), Step::Echo]
        })
        .await;
        let front = Front::new(kind, origin.address).await;
        for _ in 0..times {
            let mut visitor = Visitor::new(front.visitors).await;
            let got = visitor.ask(&get(UPGRADE)).await;
            assert_eq!(got.status, 101, "{kind:?} {}", got.head);
            for message in
                ["<script src=https://www.google-analytics.com/analytics.js>", "\u{0}\u{1}"]
            {
                visitor.send(message.as_bytes()).await;
                visitor.until(message.as_bytes()).await;
            }
        }
    }
}

/// The origin speaks first, in the same packet as its `101`, and ends the tunnel.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_origin_says_with_its_switch_arrives() {
    let origin = Origin::fixed(
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nhello".to_vec(),
        true,
    )
    .await;
    let front = Front::new(Kind::Program, origin.address).await;
    for _ in 0..20 {
        let mut visitor = Visitor::new(front.visitors).await;
        visitor.send(get(UPGRADE).as_bytes()).await;
        visitor.until(b"hello").await;
    }
}

/// An origin that does not switch answers with a page, which is a page like any other.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_upgrade_is_a_page() {
    for kind in KINDS {
        let got = one(kind, Site::default(), html("", page().as_bytes()), &get(UPGRADE)).await;
        let text = String::from_utf8(got.body.clone()).unwrap();
        assert!(got.status == 200 && got.whole && !text.contains(TRACKER), "{kind:?} {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_stream_untouched() {
    let body: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
    for kind in KINDS {
        let length = body.len();
        let origin =
            Origin::new(move |_| vec![Step::Read(length), Step::Send(answer("", b"ok"))]).await;
        let front = Front::new(kind, origin.address).await;
        let mut visitor = Visitor::new(front.visitors).await;
        let head = format!(
            "POST /upload HTTP/1.1\r\nHost: shop.test\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\r\n"
        );
        visitor.send(head.as_bytes()).await;
        visitor.send(&body).await;
        let got = visitor.answer(false).await;
        assert_eq!((got.status, &*got.body), (200, &b"ok"[..]), "{kind:?}");
        assert!(origin.bodies() == body, "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_page_is_not_whole() {
    for kind in KINDS {
        let cut = |framing: &str, body: &str| {
            format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{framing}\r\n\r\n{body}")
                .into_bytes()
        };
        for response in [
            cut("Content-Length: 99999", &page()),
            cut("Transfer-Encoding: chunked", "5\r\n<p>ab\r\n"),
        ] {
            let got = one(kind, Site::default(), response, &get("")).await;
            assert!(!got.whole || got.status == 502, "{kind:?} {}", got.head);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn report_changes_nothing() {
    for kind in KINDS {
        let site = || Site { mode: Mode::Report, ..Site::default() };
        let body = codings::encode("gzip", page().as_bytes());
        let headers = "Content-Encoding: gzip\r\nETag: \"v1\"\r\nSet-Cookie: _ga=1\r\n";
        let origin = Origin::fixed(html(headers, &body), false).await;
        let front = Front::of(kind, origin.address, site()).await;
        let got = Visitor::new(front.visitors).await.ask(&get("Accept-Encoding: gzip\r\n")).await;
        assert!(got.body == body && got.get("etag") == Some("\"v1\""), "{kind:?} {}", got.head);
        assert_eq!(got.get("set-cookie"), Some("_ga=1"));
        let text = String::from_utf8(front.consentry.metrics().render()).unwrap();
        assert!(
            text.contains("consentry_findings_total{purpose=\"analytics\",vendor=\""),
            "{text}"
        );
        assert!(
            text.contains("consentry_pages_total{mode=\"report\",outcome=\"rewritten\"} 1"),
            "{text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_paths_and_foreign_hosts_never_reach_the_origin() {
    for kind in KINDS {
        let origin = Origin::fixed(html("", page().as_bytes()), false).await;
        let site = Site { hosts: vec!["shop.test".into()], ..Site::default() };
        let front = Front::of(kind, origin.address, site).await;
        let mut visitor = Visitor::new(front.visitors).await;
        let own = visitor.ask(&get("").replace("/page", "/_consentry/other")).await;
        assert_eq!((own.status, own.whole), (404, true), "{kind:?}");
        let choice = visitor.ask(&get("").replace("/page", "/_consentry/choice")).await;
        assert_eq!((choice.status, choice.whole), (200, true), "{kind:?}");
        let foreign = visitor.ask(&get("").replace("shop.test", "other.test")).await;
        assert_eq!(foreign.status, 421, "{kind:?}");
        assert!(origin.requests().is_empty(), "{kind:?}");
        assert_eq!(visitor.ask(&get("")).await.status, 200, "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_keeps_the_origins_page_and_nobodys_state() {
    let headers = "Cache-Control: public, max-age=600\r\nETag: \"v1\"\r\n";
    let origin = Origin::fixed(html(headers, page().as_bytes()), false).await;
    let front = Front::new(Kind::Embedded, origin.address).await;
    let mut visitor = Visitor::new(front.visitors).await;
    for consented in [false, true, false, true] {
        let got = visitor.ask(&get(&if consented { cookie() } else { String::new() })).await;
        let text = String::from_utf8(got.body.clone()).unwrap();
        assert_eq!(text.contains(TRACKER), consented, "{text}");
        assert!(got.whole && text.ends_with("</html>\n"));
        assert_eq!(got.get("x-stamp"), Some("host"));
        assert!(got.get("cache-control").unwrap().contains("private"));
    }
    assert_eq!(origin.requests().len(), 1, "the rest came from the cache");
}

#[tokio::test(flavor = "multi_thread")]
async fn stubs_run_where_a_policy_names_their_vendors() {
    let page = b"<!doctype html><head><script src=https://cdn.mxpnl.com/libs/mixpanel-2-latest.min.js></script>\
        <script src=https://cdn.segment.com/analytics.js/v1/K/analytics.min.js></script></head>";
    let named = "script-src 'sha256-eA==' https://cdn.mxpnl.com *.segment.com:443";
    for kind in KINDS {
        let header = format!("Content-Security-Policy: {named}\r\n");
        let in_head = one(kind, Site::default(), html(&header, page), &get("")).await;
        let policy = in_head.get("content-security-policy").unwrap().to_owned();
        let meta = format!("<meta http-equiv=Content-Security-Policy content=\"{named}\">");
        let meta = [meta.as_bytes(), page].concat();
        let in_page = one(kind, Site::default(), html("", &meta), &get("")).await;
        let declared = String::from_utf8(in_page.body).unwrap().replace("&#39;", "'");
        for (policy, page) in [(&policy, in_head.body), (&declared, declared.clone().into_bytes())]
        {
            let page = String::from_utf8(page).unwrap();
            let inserted =
                page.split("<script>").skip(1).map(|rest| rest.split("</script>").next().unwrap());
            let hashes: Vec<_> = inserted.map(consentry::policy::csp::sha256_source).collect();
            assert_eq!(hashes.len(), 2, "{kind:?} {page}");
            assert!(hashes.iter().all(|hash| policy.contains(hash)), "{kind:?} {policy}");
        }
    }
}
