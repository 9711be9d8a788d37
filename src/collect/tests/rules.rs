//! What the rules of fields, the operator's settings and the visitor's choice do.

use super::{body, endpoint, input, query, shape, with};
use crate::{
    catalog::{Action, Dialect, Endpoint},
    collect::{ClientIp, Config, Fields, Input, Secret, Shaped, Shaper, Unlisted},
    purpose::{Purpose, PurposeSet},
};
use std::{net::IpAddr, time::Duration};

fn shaped(config: &Config, endpoint: &Endpoint, input: &Input<'_>) -> Shaped {
    Shaper::new(config).shape(&Fields::new(endpoint), input).unwrap()
}

fn granted(purposes: &[Purpose]) -> PurposeSet {
    purposes.iter().copied().collect()
}

const BOTH: &[Purpose] = &[Purpose::Analytics, Purpose::Marketing];

#[test]
fn the_first_rule_that_matches_decides() {
    let base = endpoint(&["p.*", "q.x", "**"]);
    let endpoint =
        with(with(base, Action::Truncate(1), &["q.*"]), Action::Drop, &["p.secret", "deep"]);
    assert_eq!(query(&endpoint, "p.a=1&p.secret=2&q.x=abc&z=3"), "p.a=1&q.x=a&z=3");
    assert_eq!(
        body(&endpoint, r#"{"deep":{"z":1},"p.secret":2,"list":[{"p.secret":1},[2,[]]]}"#),
        r#"{"list":[{"p.secret":1},[2,[]]]}"#
    );
}

#[test]
fn paths_are_names_and_not_text() {
    let endpoint = endpoint(&["a/b", "c/*/d", "e/**"]);
    assert_eq!(
        body(
            &endpoint,
            r#"{"a/b":1,"a":{"b":2,"c":3},"c":{"x":{"d":4,"e":5},"d":6},"e":{"f":{"g":7}},"b":8}"#
        ),
        r#"{"a":{"b":2},"c":{"x":{"d":4}},"e":{"f":{"g":7}}}"#
    );
    assert_eq!(
        query(&endpoint, "a/b=1&a%2Fb=2&e=3&x=4&c=%7B%22y%22:%7B%22d%22:1%7D%7D"),
        "c=%7B%22y%22:%7B%22d%22:1%7D%7D"
    );
}

#[test]
fn containers_of_which_nothing_is_left_go() {
    let endpoint = endpoint(&["a/b", "tags", "n"]);
    assert_eq!(
        body(&endpoint, r#"{"a":{"c":1},"tags":[],"other":[],"n":null,"x":{}}"#),
        r#"{"tags":[],"n":null}"#
    );
}

#[test]
fn values_that_hold_json_follow_its_rules_or_their_own() {
    let endpoint = endpoint(&["whole", "deep/a"]);
    assert_eq!(
        body(
            &endpoint,
            r#"{"whole":"{\"x\":\"jane@b.com\",\"y\":[1]}","deep":"{\"a\":1,\"b\":2}"}"#
        ),
        r#"{"whole":"{\"x\":\"[redacted]\",\"y\":[1]}","deep":"{\"a\":1}"}"#
    );
    assert_eq!(
        body(&endpoint, r#"{"whole":"[Sale] 5 items","deep":"text"}"#),
        r#"{"whole":"[Sale] 5 items"}"#
    );
}

#[test]
fn hashes_are_the_same_on_all_nodes_for_a_period() {
    let config = Config {
        secret: Some(Secret::new(b"shared")),
        rotate: Duration::from_secs(60),
        ..Config::default()
    };
    let endpoint = with(endpoint(&[]), Action::Hash, &["uid"]);
    let at = |seconds| {
        let base = input(Some("uid=jane%40b.com"), b"");
        shaped(&config, &endpoint, &Input { now: base.now + Duration::from_secs(seconds), ..base })
            .query
            .unwrap()
    };
    assert_eq!(at(0), at(59));
    assert_ne!(at(0), at(60));
    assert_eq!(at(0).len(), "uid=".len() + 16);
    assert_eq!(body(&with(endpoint, Action::Hash, &["n"]), r#"{"n":""}"#), r#"{"n":""}"#);
}

#[test]
fn marketing_fields_need_marketing() {
    let base = Endpoint {
        marketing: vec!["gclid".to_owned(), "ud/**".to_owned()],
        ..endpoint(&["v", "gclid2"])
    };
    let json = br#"{"v":1,"ud":{"em":"x"},"gclid":"y"}"#;
    let without = shape(&base, &input(Some("v=1&gclid=x"), json)).unwrap();
    assert_eq!(
        (without.query.unwrap().as_str(), without.body.as_slice()),
        ("v=1", br#"{"v":1}"#.as_slice())
    );
    assert!(without.report.dropped.contains("gclid"));
    let input = Input { purposes: granted(BOTH), ..input(Some("v=1&gclid=x"), json) };
    let with_marketing = shape(&base, &input).unwrap();
    assert_eq!(
        (with_marketing.query.unwrap().as_str(), with_marketing.body.as_slice()),
        ("v=1&gclid=x", json.as_slice())
    );
}

#[test]
fn unlisted_fields_leave_past_the_detectors_if_the_operator_says_so() {
    let config = Config { unlisted: Unlisted::Keep, ..Config::default() };
    let endpoint = Endpoint {
        marketing: vec!["ad".to_owned()],
        ..with(endpoint(&["id"]), Action::Drop, &["no"])
    };
    let token = "550e8400-e29b-41d4-a716-446655440000";
    let text =
        format!(r#"{{"id":"{token}","other":"{token}","no":{{"x":1}},"ad":1,"jane@b.com":true}}"#);
    let left = shaped(&config, &endpoint, &input(None, text.as_bytes()));
    assert_eq!(
        String::from_utf8(left.body).unwrap(),
        format!(r#"{{"id":"{token}","other":"[redacted]","[redacted]":true}}"#)
    );
    assert!(left.report.kept.contains("[redacted]") && !left.report.kept.contains("jane@b.com"));
}

#[test]
fn the_clients_address_leaves_only_as_its_network_in_the_vendors_field() {
    let endpoint = Endpoint { ip: Some("_uip".to_owned()), ..endpoint(&["v", "_uip"]) };
    let truncate = Config { client_ip: ClientIp::Truncate, ..Config::default() };
    let left = |config: &Config, ip: Option<IpAddr>| {
        let input = Input { client_ip: ip, ..input(Some("v=1&_uip=198.51.100.7"), b"") };
        shaped(config, &endpoint, &input).query.unwrap()
    };
    let ip = |text: &str| Some(text.parse().unwrap());
    assert_eq!(left(&Config::default(), ip("203.0.113.9")), "v=1");
    assert_eq!(left(&truncate, ip("203.0.113.9")), "v=1&_uip=203.0.113.0");
    assert_eq!(left(&truncate, ip("::ffff:203.0.113.9")), "v=1&_uip=203.0.113.0");
    assert_eq!(left(&truncate, ip("2001:db8:1:2:3:4:5:6")), "v=1&_uip=2001%3Adb8%3A1%3A%3A");
    assert_eq!(left(&truncate, None), "v=1");
    let other = Endpoint { ip: None, ..endpoint.clone() };
    assert_eq!(shaped(&truncate, &other, &input(Some("v=1"), b"")).query.unwrap(), "v=1");
}

#[test]
fn urls_leave_without_what_identifies() {
    let config = Config { url_paths: vec!["/patient/*".to_owned()], ..Config::default() };
    let base = with(endpoint(&[]), Action::Url, &["u"]);
    let endpoint = Endpoint { marketing: vec!["gclid".to_owned()], ..base };
    let clean = |url: &str, purposes: &[Purpose]| {
        let text = serde_json::json!({ "u": url }).to_string();
        let input = Input { purposes: granted(purposes), ..input(None, text.as_bytes()) };
        let left: serde_json::Value =
            serde_json::from_slice(&shaped(&config, &endpoint, &input).body).unwrap();
        left["u"].as_str().unwrap().to_owned()
    };
    for (url, left) in [
        (
            "https://jane:pw@x.test:8443/a/b?utm_source=n&q=1#top",
            "https://x.test:8443/a/b?utm_source=n",
        ),
        ("http://x.test", "http://x.test/"),
        ("//x.test/a?b", "//x.test/a"),
        ("/a/b?utm_term=c%20d&x#y", "/a/b?utm_term=c%20d"),
        ("?utm_term=a&b=c", "?utm_term=a"),
        ("#x", ""),
        ("", ""),
        ("/\\evil.test/x", "//evil.test/x"),
        ("https://x.test/u/jane%40b.com/p", "https://x.test/u/%5Bredacted%5D/p"),
        (
            "https://x.test/t/550e8400-e29b-41d4-a716-446655440000",
            "https://x.test/t/%5Bredacted%5D",
        ),
        ("https://x.test/a;jsessionid=12/b", "https://x.test/a/b"),
        ("https://x.test/patient/77/files?utm_source=x", "https://x.test/redacted?utm_source=x"),
        ("https://x.test/p%61tient/7", "https://x.test/redacted"),
        ("https://x.test/?utm_source=jane%40b.com", "https://x.test/?utm_source=%5Bredacted%5D"),
        ("https://x.test/?gclid=Cj0KCQ&fbclid=IwAR", "https://x.test/"),
        ("https://203.0.113.9/x", "[redacted]"),
        ("javascript:alert(1)", "[redacted]"),
        ("data:,jane", "[redacted]"),
        ("Jane Doe", "[redacted]"),
        ("x.test/a", "[redacted]"),
    ] {
        assert_eq!(clean(url, &[Purpose::Analytics]), left, "{url}");
    }
    assert_eq!(
        clean("https://x.test/?gclid=Cj0KCQ&fbclid=IwAR", BOTH),
        "https://x.test/?gclid=Cj0KCQ"
    );
}

#[test]
fn google_is_told_no_more_than_was_granted() {
    let endpoint = Endpoint {
        dialect: Dialect::Google,
        ..endpoint(&["v", "en", "gclid", "em", "gcs", "dma_cps"])
    };
    let analytics: &[Purpose] = &[Purpose::Analytics];
    for (purposes, query, left, mismatch) in [
        (analytics, "v=2", "v=2&gcs=G101&gcd=11p1r1p1p5&npa=1", false),
        (
            analytics,
            "v=2&gcs=G111&gcd=11r1r1r1r5&npa=0&gclid=a&em=b&dma_cps=sypham",
            "v=2&gcs=G101&gcd=11p1r1p1p5&npa=1",
            true,
        ),
        (
            analytics,
            "gcs=G101&v=2&gcd=13p1r1p1p5&npa=1",
            "gcs=G101&v=2&gcd=11p1r1p1p5&npa=1",
            false,
        ),
        (analytics, "v=2&gcs=G100", "v=2&gcs=G100&gcd=11p1p1p1p5&npa=1", false),
        (analytics, "v=2&%67cs=G111&gcs=G111", "v=2&gcs=G101&gcd=11p1r1p1p5&npa=1", true),
        (analytics, "v=2&gcd=13l3l3l3l1", "v=2&gcd=11p1r1p1p5&gcs=G101&npa=1", false),
        (BOTH, "v=2&gclid=a&em=b", "v=2&gclid=a&em=b&gcs=G111&gcd=11r1r1r1r5&npa=0", false),
        (BOTH, "v=2&gclid=a&gcs=G101", "v=2&gcs=G101&gcd=11p1r1r1r5&npa=0", false),
        (BOTH, "v=2&npa=1", "v=2&npa=1&gcs=G111&gcd=11r1r1r1p5", false),
        (BOTH, "v=2&gclid=a&gcd=zzz", "v=2&gcd=11p1r1p1p5&gcs=G101&npa=1", false),
        (BOTH, "v=2&gcd=13l3l3R3l5l1", "v=2&gcd=11r1r1r1r5&gcs=G111&npa=0", false),
        (&[], "v=2&gcs=G111", "v=2&gcs=G100&gcd=11p1p1p1p5&npa=1", true),
    ] {
        let input = Input { purposes: granted(purposes), ..input(Some(query), b"") };
        let shaped = shape(&endpoint, &input).unwrap();
        assert_eq!(shaped.query.unwrap(), left, "{query}");
        assert_eq!(shaped.report.consent_mismatch, mismatch, "{query}");
    }
}

#[test]
fn google_is_told_in_each_line_and_in_paths_too() {
    let endpoint = Endpoint { dialect: Dialect::Google, ..endpoint(&["v", "en", "src"]) };
    let lines = b"en=a&gclid=x\r\nen=b&gcs=G111&npa=0";
    let shaped = shape(&endpoint, &input(Some("v=2"), lines)).unwrap();
    assert_eq!(shaped.query.unwrap(), "v=2&gcs=G101&gcd=11p1r1p1p5&npa=1");
    assert_eq!(String::from_utf8(shaped.body).unwrap(), "en=a\r\nen=b&gcs=G101&npa=1");
    assert!(shaped.report.consent_mismatch);

    let shaped = shape(&endpoint, &input(None, b"v=1&en=x")).unwrap();
    assert_eq!(shaped.query, None);
    assert_eq!(String::from_utf8(shaped.body).unwrap(), "v=1&en=x&gcs=G101&gcd=11p1r1p1p5&npa=1");

    let path = Input { path: "/activity;src=1;gcs=G111;x=y", ..input(None, b"") };
    assert_eq!(
        shape(&endpoint, &path).unwrap().path,
        "/activity;src=1;gcs=G101;gcd=11p1r1p1p5;npa=1"
    );
}
