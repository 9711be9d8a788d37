//! Who may choose, and what is no choice.

use super::{
    shop::{ALL, ANALYTICS, FORM, JSON, OWN, REFUSAL, Shop, get, post},
    visitor::Visitor,
};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn only_pages_of_the_site_choose() {
    let shop = Shop::open().await;
    shop.page("").await;
    for (headers, status) in [
        ("Sec-Fetch-Site: same-origin\r\n", 200),
        ("Sec-Fetch-Site: same-origin\r\nOrigin: http://shop.test\r\n", 200),
        ("Origin: http://shop.test\r\n", 200),
        ("Origin: https://shop.test\r\n", 200),
        ("Referer: http://shop.test/page\r\n", 200),
        ("Sec-Fetch-Site: cross-site\r\nOrigin: http://shop.test\r\n", 403),
        ("Sec-Fetch-Site: same-site\r\n", 403),
        ("Sec-Fetch-Site: none\r\n", 403),
        ("Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: same-origin\r\n", 403),
        ("Origin: http://evil.test\r\n", 403),
        ("Origin: http://www.shop.test\r\n", 403),
        ("Origin: http://shop.test:81\r\n", 403),
        ("Origin: null\r\n", 403),
        ("Referer: http://evil.test/?http://shop.test/\r\n", 403),
        ("", 403),
        ("X-Forwarded-Host: evil.test\r\nOrigin: http://evil.test\r\n", 403),
    ] {
        let got = shop.ask(&post(JSON, headers, ALL)).await;
        assert_eq!(got.status, status, "{headers}: {}", String::from_utf8_lossy(&got.body));
        assert_eq!(got.get("set-cookie").is_some(), status == 200, "{headers}");
        if status != 200 {
            let body: serde_json::Value = serde_json::from_slice(&got.body).unwrap();
            assert!(body["error"].as_str().unwrap().contains("site"), "{body}");
        }
    }
    assert_eq!(
        shop.counted("consentry_choices_total{method=\"accept-all\"}").as_deref(),
        Some("5")
    );
    assert_eq!(shop.origin.requests().len(), 1, "a choice reached the origin");
}

#[tokio::test(flavor = "multi_thread")]
async fn old_browsers_may_refuse_and_no_more_without_a_sender() {
    let shop = Shop::open().await;
    assert_eq!(shop.ask(&post(FORM, "", "back=%2Fa")).await.status, 303);
    assert_eq!(shop.ask(&post(FORM, "", "purpose=analytics")).await.status, 403);
    assert_eq!(shop.ask(&post(JSON, "", REFUSAL)).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_choice_is_refused_with_a_sentence() {
    let shop = Shop::open().await;
    for (content_type, body, status) in [
        (JSON, "", 400),
        (JSON, "{}", 400),
        (JSON, r#"{"purposes":["everything"]}"#, 400),
        (JSON, r#"{"purposes":["analytics","analytics"]}"#, 400),
        (JSON, r#"{"purposes":[["analytics"]]}"#, 400),
        (JSON, r#"{"purposes":"analytics"}"#, 400),
        (JSON, r#"{"purposes":[],"purposes":["analytics"]}"#, 400),
        (JSON, r#"{"purposes":[],"id":"me"}"#, 400),
        (JSON, r#"{"purposes":[],"lang":"<script>"}"#, 400),
        (FORM, "purpose=everything", 400),
        (FORM, "purpose=%ff", 400),
        (FORM, "back=//evil.test", 400),
        (FORM, "back=%2F%5Cevil.test", 400),
        (FORM, "back=/_consentry/v/www.google-analytics.com/g/collect", 400),
        (FORM, "back=/%0d%0aSet-Cookie:a=b", 400),
        ("text/plain", ANALYTICS, 415),
        ("multipart/form-data; boundary=x", ANALYTICS, 415),
        ("application/json; charset=utf-16", ANALYTICS, 415),
        (JSON, r#"{"purposes":["necessary"]}"#, 200),
        ("application/json; charset=UTF-8", ANALYTICS, 200),
    ] {
        let got = shop.ask(&post(content_type, OWN, body)).await;
        let text = String::from_utf8_lossy(&got.body);
        assert_eq!(got.status, status, "{content_type} {body}: {text}");
        assert_eq!(got.get("cache-control"), Some("no-store"));
        assert_eq!(got.get("set-cookie").is_some(), status == 200, "{body}");
        assert!(status == 200 || text.contains("error") || text.contains("<h1>"), "{text}");
    }
    let coded = [OWN, "Content-Encoding: gzip\r\n"].concat();
    assert_eq!(shop.ask(&post(JSON, &coded, ANALYTICS)).await.status, 415);
    let refused =
        |reason| shop.counted(&format!("consentry_choices_refused_total{{reason=\"{reason}\"}}"));
    assert_eq!(
        (refused("malformed").as_deref(), refused("type").as_deref()),
        (Some("15"), Some("4"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn long_bodies_are_refused_however_they_come() {
    let shop = Shop::open().await;
    let long = format!("{{\"purposes\":[]{}}}", " ".repeat(9000));
    assert_eq!(shop.choose(&long).await.status, 413);
    let announced = format!(
        "POST /_consentry/choice HTTP/1.1\r\nHost: shop.test\r\nContent-Type: {JSON}\r\nContent-Length: 999999999\r\n{OWN}\r\n"
    );
    assert_eq!(shop.ask(&announced).await.status, 413);
    let chunked = format!(
        "POST /_consentry/choice HTTP/1.1\r\nHost: shop.test\r\nContent-Type: {JSON}\r\nTransfer-Encoding: chunked\r\n{OWN}\r\n"
    );
    let mut visitor = Visitor::new(shop.address).await;
    visitor.send(chunked.as_bytes()).await;
    visitor.send(format!("{:x}\r\n{long}\r\n", long.len()).as_bytes()).await;
    assert_eq!(visitor.answer(false).await.status, 413);
    let mut visitor = Visitor::new(shop.address).await;
    let body = format!("{:x}\r\n{ANALYTICS}\r\n0\r\n\r\n", ANALYTICS.len());
    assert_eq!(visitor.ask(&[chunked, body].concat()).await.status, 200);
}

/// It is asked whether to send the body before it is sent.
#[tokio::test(flavor = "multi_thread")]
async fn bodies_may_be_asked_for() {
    let shop = Shop::open().await;
    let mut visitor = Visitor::new(shop.address).await;
    let request = post(JSON, &[OWN, "Expect: 100-continue\r\n"].concat(), ANALYTICS);
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    visitor.send([head, "\r\n\r\n"].concat().as_bytes()).await;
    assert!(visitor.until(b"\r\n\r\n").await.starts_with(b"HTTP/1.1 100"));
    visitor.send(body.as_bytes()).await;
    assert_eq!(visitor.answer(false).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_waited_for_in_vain() {
    let shop = Shop::open().await;
    let mut visitor = Visitor::new(shop.address).await;
    let request = post(JSON, OWN, ANALYTICS);
    visitor.send(&request.as_bytes()[..request.len() - 5]).await;
    let got = visitor.answer(false).await;
    assert_eq!((got.status, got.get("set-cookie")), (408, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_are_told() {
    let shop = Shop::open().await;
    let as_method = |method: &str| get("/_consentry/choice", "").replacen("GET", method, 1);
    for method in ["PUT", "DELETE", "PATCH"] {
        let got = shop.ask(&as_method(method)).await;
        assert_eq!((got.status, got.get("allow")), (405, Some("GET, HEAD, POST")), "{method}");
    }
    let options = shop.ask(&as_method("OPTIONS")).await;
    assert_eq!((options.status, options.get("allow")), (204, Some("GET, HEAD, POST")));
    assert_eq!(options.get("access-control-allow-origin"), None);
    let head = shop.ask(&as_method("HEAD")).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.get("cache-control"), Some("no-store"));
    assert_eq!(shop.ask(&get("/_consentry/choice/", "")).await.status, 404);
    assert_eq!(shop.ask(&get("/_consentry/other", "")).await.status, 404);
    assert!(shop.origin.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_stopped_and_nobody_elses_choice() {
    let shop = Shop::open().await;
    let mut visitor = Visitor::new(shop.address).await;
    let mut stopped = None;
    for _ in 0..200 {
        let got = visitor.ask(&post(JSON, OWN, REFUSAL)).await;
        if got.status != 200 {
            stopped = Some(got);
            break;
        }
    }
    let stopped = stopped.expect("nobody was stopped");
    assert_eq!((stopped.status, stopped.get("retry-after")), (429, Some("10")));
    assert_eq!(stopped.get("set-cookie"), None);
    // The state is read as before.
    assert_eq!(shop.state("").await["day"], serde_json::Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_choose_at_once() {
    let shop = std::sync::Arc::new(Shop::open().await);
    let choices = (0..40).map(|n| {
        let shop = shop.clone();
        tokio::spawn(async move {
            let got = shop.choose(if n % 2 == 0 { REFUSAL } else { ALL }).await;
            (got.status, got.get("set-cookie").unwrap().to_owned())
        })
    });
    let mut lines = std::collections::BTreeSet::new();
    for choice in choices {
        let (status, line) = choice.await.unwrap();
        assert_eq!(status, 200);
        lines.insert(line);
    }
    // 20 receipts, and one refusal that is everybody's.
    assert_eq!(lines.len(), 21);
    tokio::time::timeout(Duration::from_secs(20), shop.page("")).await.unwrap();
}
