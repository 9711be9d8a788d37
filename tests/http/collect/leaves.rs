//! What reaches a vendor, byte by byte.

use super::{
    super::{
        front::KINDS,
        http2::{connect, whole},
    },
    shop::{Plan, Shop, choice},
};
use consentry::collect::{Config, UserAgent};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

const COLLECT: &str = "/_consentry/v/stats.test/collect";
/// The visitor as a balancer on this machine names him, and an own cookie of the vendor among those of others.
const VISITOR: &str = "X-Forwarded-For: 203.0.113.77\r\n";

fn cookies() -> String {
    choice("f1a1m1").trim_end().to_owned()
        + "; _st_id=abc.7; _ads=adsvalue; session=hush; _st=no; _st_a@b.example=1; _st_203.0.113.77=1; _st_m=a@b.example\r\n"
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_listed_leaves() {
    for kind in KINDS {
        let shop = Shop::of(Plan { kind, ..Plan::default() }).await;
        let headers = format!(
            "{VISITOR}{}Accept: application/json, text/plain;q=0.9\r\nAccept-Language: de-AT,en;q=0.7\r\n\
             User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.6478.61 Safari/537.36\r\n\
             Referer: http://shop.test/shoes?mail=a@b.example\r\nOrigin: http://shop.test\r\n\
             Authorization: Basic aHVzaA==\r\nSec-CH-UA-Model: \"Pixel\"\r\nX-Real-IP: 203.0.113.77\r\n\
             Forwarded: for=203.0.113.77\r\nVia: 1.1 hush\r\nIf-None-Match: \"hush\"\r\nRange: bytes=0-1\r\n\
             Content-Type: text/plain;charset=UTF-8\r\n",
            cookies()
        );
        let query = "?id=1&dl=http%3A%2F%2Fshop.test%2Fshoes%3Fmail%3Da%40b.example&hush=1&event=203.0.113.77";
        let body = r#"{"id":"x1","event":"call +49 30 123456","secret":"hush","other":"hush"}"#;
        let got = shop.send("POST", &format!("{COLLECT}{query}"), &headers, body).await;
        assert_eq!(got.status, 200, "{}", got.head);
        let (head, reached) = (shop.stub.requests().remove(0), shop.reached());
        let lower = head.to_ascii_lowercase();
        for line in [
            "post /collect?id=1&dl=http%3a%2f%2fshop.test%2fshoes&event=%5bredacted%5d http/1.1\r\n",
            "host: stats.test\r\n",
            "accept: application/json, text/plain;q=0.9\r\n",
            "accept-language: de\r\n",
            "user-agent: mozilla/5.0 (windows nt 10.0; win64; x64) chrome/126.0\r\n",
            "referer: http://shop.test/shoes\r\n",
            "origin: http://shop.test\r\n",
            "cookie: _st_id=abc.7\r\n",
            "content-type: text/plain;charset=utf-8\r\n",
        ] {
            assert!(lower.contains(line), "{line} in {head}");
        }
        let bodies = String::from_utf8(shop.stub.bodies()).unwrap();
        assert_eq!(bodies, r#"{"id":"x1","event":"call [redacted]"}"#);
        assert!(lower.contains(&format!("content-length: {}\r\n", bodies.len())), "{head}");
        let known = [
            "host",
            "accept",
            "accept-language",
            "accept-encoding",
            "user-agent",
            "referer",
            "origin",
            "cookie",
            "content-type",
            "content-length",
        ];
        for line in lower.lines().skip(1).filter(|line| !line.is_empty()) {
            let name = line.split(':').next().unwrap();
            assert!(known.contains(&name), "{line}");
        }
        for never in [
            "203.0.113.77",
            "127.0.0.1",
            "hush",
            "b.example",
            "adsvalue",
            "consentry",
            "123456",
            "Pixel",
            "aHVzaA",
        ] {
            assert!(!reached.contains(never), "{never} in {reached}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_headers_nothing_of_them_leaves() {
    let shop = Shop::of(Plan::default()).await;
    let mut random = StdRng::seed_from_u64(7);
    let names = [
        "Authorization",
        "Proxy-Authorization",
        "Forwarded",
        "X-Forwarded-Host",
        "X-Forwarded-For",
        "X-Real-IP",
        "True-Client-IP",
        "CF-Connecting-IP",
        "X-Client-IP",
        "Cookie",
        "DNT",
        "Via",
        "Sec-CH-UA",
        "Sec-CH-UA-Full-Version-List",
        "Device-Memory",
        "Accept-Language",
        "Accept",
        "User-Agent",
        "Content-Encoding",
        "If-None-Match",
        "If-Modified-Since",
        "Range",
        "Expect-CT",
        "X-Requested-With",
        "Referer",
        "Traceparent",
        "Early-Data",
        "Priority",
        "Save-Data",
    ];
    for round in 0..60 {
        let mut headers = format!("{VISITOR}{}Referer: http://shop.test/\r\n", cookies());
        for _ in 0..random.random_range(1..12) {
            let name = names[random.random_range(0..names.len())];
            let odd = format!("X-{}", random.random_range(0..1_000_000));
            let name = if random.random_bool(0.3) { &odd } else { name };
            let value = match random.random_range(0..4) {
                0 => "hush".to_owned(),
                1 => "203.0.113.77".to_owned(),
                2 => "a=hush; b=203.0.113.77".to_owned(),
                _ => "Mozilla/5.0 (hush; 203.0.113.77) hush/1".to_owned(),
            };
            // Another site's page is refused, and so is a coding that cannot be read: also fine here.
            headers += &format!("{name}: {value}\r\n");
        }
        let body = r#"{"id":"1","a":{"b":["hush",{"c":"203.0.113.77"}]},"event":["203.0.113.77"]}"#;
        let got =
            shop.send("POST", &format!("{COLLECT}?hush=hush&x=203.0.113.77"), &headers, body).await;
        assert!([200, 204, 403].contains(&got.status), "{round}: {}", got.head);
    }
    let reached = shop.reached();
    assert!(shop.stub.requests().len() > 10, "{}", shop.stub.requests().len());
    for never in ["hush", "203.0.113", "adsvalue"] {
        assert!(!reached.contains(never), "{never} in {reached}");
    }
}

/// Cookies come one by one over HTTP/2, and bodies may end with an empty frame.
#[tokio::test(flavor = "multi_thread")]
async fn http2_is_read_as_well() {
    let shop = Shop::of(Plan::default()).await;
    let (mut client, _driver) = connect(shop.front.visitors).await;
    let yes = choice("f1a1m1").trim_end().split_once(": ").unwrap().1.to_owned();
    for cookies in [&[][..], &[yes.as_str(), "_st_id=abc.7", "session=hush"]] {
        let request = http::Request::post(format!("http://shop.test{COLLECT}?id=1"));
        let request =
            cookies.iter().fold(request, |request, cookie| request.header("cookie", *cookie));
        let (response, mut stream) = client.send_request(request.body(()).unwrap(), false).unwrap();
        stream.send_data("{\"id\":\"x\",".into(), false).unwrap();
        stream.send_data("\"other\":1}".into(), false).unwrap();
        stream.send_data(bytes::Bytes::new(), true).unwrap();
        let response = response.await.unwrap();
        assert_eq!(response.status(), if cookies.is_empty() { 204 } else { 200 });
        let body = whole(response).await.unwrap();
        assert_eq!(body.is_empty(), cookies.is_empty());
    }
    assert_eq!(shop.stub.bodies(), b"{\"id\":\"x\"}");
    let reached = shop.reached();
    assert!(reached.contains("_st_id=abc.7") && !reached.contains("hush"), "{reached}");
}

/// An answer before the end of the body goes with the stream that is reset then.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_over_http2_comes_through() {
    let shop = Shop::of(Plan::default()).await;
    let (mut client, _driver) = connect(shop.front.visitors).await;
    for _ in 0..20 {
        let request = http::Request::post(format!("http://shop.test{COLLECT}"));
        let (response, mut stream) = client.send_request(request.body(()).unwrap(), false).unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        // The stream must still be there for the body.
        stream.send_data("id=1".into(), true).unwrap();
        assert_eq!(response.await.unwrap().status(), 204);
    }
    assert!(shop.stub.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_may_let_more_of_the_browser_leave() {
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0";
    let headers = format!(
        "{}User-Agent: {agent}\r\nSec-CH-UA-Mobile: ?0\r\nSec-CH-UA-Model: x\r\n",
        choice("f1a1m1")
    );
    let ask = async |collect: Config| {
        let shop = Shop::of(Plan { collect, ..Plan::default() }).await;
        assert_eq!(shop.ask("GET", COLLECT, &headers).await.status, 200);
        shop.reached().to_ascii_lowercase()
    };
    let more = Config {
        user_agent: UserAgent::Pass,
        // What is no client hint does not become one.
        client_hints: vec!["sec-ch-ua-mobile".into(), "cookie".into(), "authorization".into()],
        ..Config::default()
    };
    let reached = ask(more).await;
    assert!(
        reached.contains(&format!("user-agent: {}\r\n", agent.to_ascii_lowercase())),
        "{reached}"
    );
    assert!(reached.contains("sec-ch-ua-mobile: ?0") && !reached.contains("model"), "{reached}");
    assert!(!reached.contains("consentry"), "{reached}");
    let less = Config { user_agent: UserAgent::Drop, ..Config::default() };
    assert!(!ask(less).await.contains("user-agent"));
}

#[tokio::test(flavor = "multi_thread")]
async fn long_and_broken_bodies_do_not_leave() {
    for kind in KINDS {
        let shop = Shop::of(Plan { kind, ..Plan::default() }).await;
        let yes = choice("f1a1m1");
        let long = "x".repeat((256 << 10) + 1);
        assert_eq!(shop.send("POST", COLLECT, &yes, &long).await.status, 413);
        let chunked = format!(
            "POST {COLLECT} HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n{yes}\r\n{:x}\r\n{long}\r\n0\r\n\r\n",
            long.len()
        );
        let got =
            super::super::visitor::Visitor::new(shop.front.visitors).await.ask(&chunked).await;
        assert_eq!(got.status, 413);
        for (headers, body) in [
            ("", "{\"id\":"),
            ("Content-Encoding: gzip\r\n", "no gzip"),
            ("Content-Encoding: dcb\r\n", "x=1"),
        ] {
            let got = shop.send("POST", COLLECT, &(headers.to_owned() + &yes), body).await;
            assert_eq!((got.status, got.get("cache-control")), (204, Some("no-store")), "{body}");
        }
        assert_eq!(shop.stub.connections(), 0);
        shop.front.counted("consentry_collect_malformed_total{vendor=\"stats\"} 3").await;
        shop.front
            .counted("consentry_collect_refused_total{reason=\"too_large\",vendor=\"stats\"} 2")
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_that_name_a_sensitive_page_hold_the_request_back() {
    let collect = Config { sensitive: vec!["/health/*".into()], ..Config::default() };
    let shop = Shop::of(Plan { collect, ..Plan::default() }).await;
    let headers = format!("{}Referer: http://shop.test/shoes\r\n", choice("f1a1m1"));
    for (query, body) in [
        ("?dl=http%3A%2F%2Fshop.test%2Fhealth%2Fhiv", ""),
        ("?dl=%2Fhealth%2Fhiv", ""),
        ("?dl=http://www.shop.test/%2568ealth/x", ""),
        ("?secret=https://shop.test/Health/x", ""),
        ("", r#"{"dl":"http://shop.test/health/hiv?x"}"#),
        ("", r#"{"event":{"deep":["//shop.test/health/"]}}"#),
    ] {
        let got = shop.send("POST", &format!("{COLLECT}{query}"), &headers, body).await;
        assert_eq!(got.status, 204, "{query}{body}");
    }
    assert_eq!(shop.stub.connections(), 0);
    for query in ["?dl=http%3A%2F%2Fshop.test%2Fshoes", "?dl=https://news.test/health/x", ""] {
        let got = shop.send("POST", &format!("{COLLECT}{query}"), &headers, "").await;
        assert_eq!(got.status, 200, "{query}");
    }
}
