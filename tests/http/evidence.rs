//! What the operator sees: the access log, the figures, the operator's header.

use super::{
    codings,
    front::{Front, KINDS, Kind},
    matrix::{cookie, get, page},
    origin::{Origin, Step},
    visitor::Visitor,
};
use consentry::{
    engine::{OnUnreadable, Site},
    policy::Mode,
    proxy::LOG_TARGET,
};
use serde_json::Value;
use std::{
    collections::HashSet,
    sync::{Mutex, Once},
};

/// All lines of the access log of this process.
static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Collector;

impl log::Log for Collector {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target() == LOG_TARGET
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            LINES.lock().unwrap().push(record.args().to_string());
        }
    }

    fn flush(&self) {}
}

fn collect() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_boxed_logger(Box::new(Collector)).unwrap();
        log::set_max_level(log::LevelFilter::Info);
    });
}

fn lines_of(host: &str) -> Vec<String> {
    let lines = LINES.lock().unwrap();
    lines.iter().filter(|line| line.contains(&format!("\"host\":\"{host}\""))).cloned().collect()
}

fn html(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_has_a_line_a_page_and_nobody_in_it() {
    collect();
    let origin = Origin::new(|head| {
        let png = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 3\r\n\r\nPNG";
        vec![Step::Send(match head.contains("/a.png") {
            true => png.into(),
            false => html("", page().as_bytes()),
        })]
    })
    .await;
    let front = Front::new(Kind::Program, origin.address).await;
    let mut visitor = Visitor::new(front.visitors).await;
    let host = "evidence.test";
    let secret = "Cookie: name=alice; consentry=alice\r\nUser-Agent: alice\r\nReferer: http://alice.test/\r\nX-Forwarded-For: 203.0.113.7\r\n";
    let page = get(secret).replace("/page", "/alice?mail=alice").replace("shop.test", host);
    visitor.ask(&page).await;
    visitor.ask(&page.replace("/alice", "/a.png")).await;
    visitor.ask(&page.replace("\r\nCookie: ", &format!("\r\n{}X: ", cookie()))).await;
    while lines_of(host).len() < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    // The picture was answered before the second page.
    let lines = lines_of(host);
    assert_eq!(lines.len(), 2, "{lines:?}");
    for line in &lines {
        let fields: Value = serde_json::from_str(line).unwrap();
        assert!(
            !line.contains("alice") && !line.contains("127.0.0.1") && !line.contains("203.0"),
            "{line}"
        );
        assert!(fields["ms"].as_f64().unwrap() > 0.0 && !line.contains('\n'));
        assert_eq!((&fields["status"], &fields["host"]), (&200.into(), &host.into()));
    }
    let first: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!((&first["outcome"], &first["held"]), (&"rewritten".into(), &1.into()), "{first}");
    let second: Value = serde_json::from_str(&lines[1]).unwrap();
    assert_eq!(second["outcome"], "bypassed", "{second}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_has_the_status_that_the_visitor_got() {
    collect();
    let gzip = "Content-Encoding: gzip\r\n";
    for (host, response, status) in [
        ("corrupt.test", html(gzip, page().as_bytes()), 502),
        ("coding.test", html("Content-Encoding: foo\r\n", page().as_bytes()), 502),
        (
            "missing.test",
            b"HTTP/1.1 404 No\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\n<p>".into(),
            404,
        ),
    ] {
        let origin = Origin::fixed(response, false).await;
        let front = Front::new(Kind::Program, origin.address).await;
        let got = Visitor::new(front.visitors).await.ask(&get("").replace("shop.test", host)).await;
        while lines_of(host).is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let line: Value = serde_json::from_str(&lines_of(host).remove(0)).unwrap();
        assert_eq!((got.status, &line["status"]), (status, &status.into()), "{host} {line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_pages_are_counted_once_and_by_cause() {
    let gzip = codings::encode("gzip", page().as_bytes());
    let cut = &gzip[..gzip.len() - 9];
    let head = |coding: &str| format!("Content-Encoding: {coding}\r\n");
    let part = "HTTP/1.1 206 Partial Content\r\nContent-Type: text/html\r\nContent-Range: bytes 0-2/9\r\nContent-Length: 3\r\n\r\n<p>";
    for kind in KINDS {
        for (response, cause) in [
            (html(&head("foo"), page().as_bytes()), "unknown_coding"),
            (html(&head("gzip, gzip"), &gzip), "several_codings"),
            (html(&head("gzip"), page().as_bytes()), "corrupt"),
            (html(&head("gzip"), cut), "truncated"),
            (part.into(), "range"),
        ] {
            for on_unreadable in [OnUnreadable::Block, OnUnreadable::Pass] {
                let origin = Origin::fixed(response.clone(), true).await;
                let site = Site { on_unreadable, ..Site::default() };
                let front = Front::of(kind, origin.address, site).await;
                let request = get("Accept: text/html\r\nAccept-Encoding: gzip\r\n");
                let got = Visitor::new(front.visitors).await.ask(&request).await;
                let blocked = got.status == 502 || !got.whole;
                assert!(blocked || on_unreadable == OnUnreadable::Pass, "{kind:?} {cause}");
                front
                    .counted(&format!("consentry_unreadable_total{{cause=\"{cause}\"}} 1\n"))
                    .await;
                front.counted("outcome=\"unreadable\"} 1\n").await;
            }
        }
    }
}

/// The text format, as far as a scraper is strict about it (Prometheus, "Exposition formats").
#[tokio::test(flavor = "multi_thread")]
async fn the_figures_are_well_formed_and_bounded() {
    let hosts: String = (0..200)
        .map(|n| format!("<img src=https://pixel{n}.tracker{n}.test/track.gif width=1 height=1>"))
        .collect();
    let origin = Origin::fixed(html("", (page() + &hosts).as_bytes()), false).await;
    let front = Front::new(Kind::Program, origin.address).await;
    for n in 0..5 {
        let request =
            get(&format!("Cookie: c{n}=1\r\n")).replace("shop.test", &format!("s{n}.test"));
        Visitor::new(front.visitors).await.ask(&request).await;
    }
    let mut admin = Visitor::new(front.admin.unwrap()).await;
    let got = admin.ask("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(got.get("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    let text = String::from_utf8(got.body).unwrap();
    assert!(text.ends_with('\n'));
    let (mut typed, mut seen, mut findings) = (HashSet::new(), HashSet::new(), 0);
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            assert!(typed.insert(rest.split(' ').next().unwrap().to_owned()), "{line}");
        } else if !line.starts_with("# HELP ") {
            let (series, value) = line.rsplit_once(' ').unwrap();
            value.parse::<f64>().unwrap();
            assert!(seen.insert(series.to_owned()), "twice: {series}");
            let name = series.split('{').next().unwrap();
            let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            assert!(
                typed.contains(name) || base.is_some_and(|base| typed.contains(base)),
                "{line}"
            );
            findings += usize::from(name == "consentry_findings_total");
        }
    }
    assert!((1..=4).contains(&findings), "{findings} series of findings for 201 hosts:\n{text}");
    assert!(!text.contains(".test"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn managers_are_counted_once_a_page_by_their_cookies() {
    for kind in KINDS {
        let cookies =
            "Cookie: cmplz_marketing=allow; cmplz_statistics=deny; a=1\r\nCookie: klaro=x\r\n";
        let image = "HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\nContent-Length: 1\r\n\r\nx";
        for (response, pages) in [(html("", b"<p>tea"), 1), (image.as_bytes().to_vec(), 0)] {
            let origin = Origin::fixed(response, false).await;
            let front = Front::of(kind, origin.address, Site::default()).await;
            Visitor::new(front.visitors).await.ask(&get(cookies)).await;
            let text = String::from_utf8(front.consentry.metrics().render()).unwrap();
            let seen = |cmp: &str| {
                text.contains(&format!("consentry_cmp_seen_total{{cmp=\"{cmp}\"}} 1\n"))
            };
            assert_eq!((seen("complianz"), seen("klaro")), (pages == 1, pages == 1), "{text}");
            let managers = text.matches("\nconsentry_cmp_seen_total{").count();
            assert_eq!(managers, 2 * pages, "{kind:?} {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_header_is_on_pages_and_can_be_off() {
    for kind in KINDS {
        for (mode, announce, said) in [
            (Mode::Enforce, true, Some("enforce; consent=none")),
            (Mode::Report, true, Some("report")),
            (Mode::Off, true, None),
            (Mode::Enforce, false, None),
        ] {
            let origin = Origin::new(|head| {
                let whole = html("ETag: \"v1\"\r\n", page().as_bytes());
                let end = whole.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
                let same = b"HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n".to_vec();
                vec![Step::Send(match head {
                    _ if head.starts_with("HEAD") => whole[..end].to_vec(),
                    _ if head.to_ascii_lowercase().contains("if-none-match: \"v1\"") => same,
                    _ => whole,
                })]
            })
            .await;
            let front =
                Front::of(kind, origin.address, Site { mode, announce, ..Site::default() }).await;
            let mut visitor = Visitor::new(front.visitors).await;
            let page = visitor.ask(&get("Accept: text/html\r\n")).await;
            let known =
                format!("Accept: text/html\r\nIf-None-Match: {}\r\n", page.get("etag").unwrap());
            let same = visitor.ask(&get(&known)).await;
            let head = visitor.ask(&get("").replace("GET", "HEAD")).await;
            assert_eq!(same.status, 304, "{kind:?} {mode:?}");
            for answer in [&page, &head, &same] {
                assert_eq!(answer.get("consentry"), said, "{kind:?} {mode:?} {}", answer.head);
            }
        }
    }
}

/// In report mode nothing but the operator's header differs from what the origin sent; in mode off nothing at all.
#[tokio::test(flavor = "multi_thread")]
async fn modes_that_gate_nothing_edit_nothing() {
    let headers = "Link: <https://www.google-analytics.com/analytics.js>; rel=preload; as=script\r\n\
                   Refresh: 9;url=https://www.facebook.com/tr\r\nSet-Cookie: _ga=1\r\nCache-Control: public, max-age=9\r\n\
                   Accept-Ranges: bytes\r\nLast-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\nETag: \"v1\"\r\nVary: Accept\r\n";
    for kind in KINDS {
        for mode in [Mode::Report, Mode::Off] {
            let origin = Origin::fixed(html(headers, page().as_bytes()), false).await;
            let site = Site { mode, announce: true, ..Site::default() };
            let front = Front::of(kind, origin.address, site).await;
            let conditions = "If-None-Match: \"v0\"\r\nRange: bytes=0-\r\nIf-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT\r\nAccept-Encoding: dcb, gzip\r\n";
            let got = Visitor::new(front.visitors).await.ask(&get(conditions)).await;
            assert_eq!(got.body, page().as_bytes());
            for line in headers.lines() {
                let (name, value) = line.trim().split_once(": ").unwrap();
                if kind == Kind::Embedded && name == "Accept-Ranges" {
                    continue; // A host's cache has its own ranges.
                }
                assert_eq!(got.all(name), [value], "{kind:?} {mode:?}");
            }
            assert_eq!(got.get("content-length"), Some(&*page().len().to_string()));
            let seen = origin.requests().remove(0).to_ascii_lowercase();
            for line in conditions.to_ascii_lowercase().lines() {
                // A host's cache has its own conditions.
                assert!(kind == Kind::Embedded || seen.contains(line), "{line} in {seen}");
            }
        }
    }
}
