//! What `consentry explain --forward` says of requests to sites with settings of their own: what the proxy would do.

use crate::choice;
use serde_json::Value;
use std::{fs, process::Command};

const CONFIG: &str = r#"
[collect]
prefix = "/m/"
[collect.limits]
max_body = "1KiB"
[[site]]
hosts = ["shop.example"]
origin.url = "http://127.0.0.1:1"
[site.collect]
unlisted = "keep"
url_query = ["q"]
url_paths = ["/order/*"]
patterns = ["CUST-[0-9]{6}"]
user_agent = "drop"
client_hints = ["sec-ch-ua-mobile"]
client_ip = "truncate"
sensitive = ["/health/*"]
[[site]]
hosts = ["closed.example"]
origin.url = "http://127.0.0.1:1"
collect.share = "none"
[[site]]
hosts = ["direct.example"]
origin.url = "http://127.0.0.1:1"
collect.enabled = false
"#;
const GA4: &str = "https://www.google-analytics.com/g/collect?v=2&tid=G-1&en=page_view";

/// What is said of a request with these arguments, of a visitor who allows everything.
fn forward(arguments: &[&str]) -> Value {
    forward_by(CONFIG, arguments)
}

fn forward_by(config: &str, arguments: &[&str]) -> Value {
    let text = config;
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("consentry.toml");
    fs::write(&config, text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_consentry"))
        .args(["explain", "--json", "--cookie", &choice("f1a1m1"), "--forward", "--config"])
        .arg(&config)
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice::<Value>(&output.stdout).unwrap()["forward"].take()
}

fn refused<'t>(told: &'t Value, answer: &str) -> &'t str {
    assert_eq!(
        (&told["outcome"], &told["answer"]),
        (&"refused".into(), &answer.into()),
        "{told:#}"
    );
    told["reason"].as_str().unwrap()
}

#[test]
fn the_sites_own_settings_shape_the_request() {
    let url = format!(
        "{GA4}&dl=https%3A%2F%2Fshop.example%2Forder%2F7%3Fq%3Dtea%26r%3D1&own=CUST-123456&_uip=198.51.100.9"
    );
    let headers = [
        "-H",
        "User-Agent: Agent/1",
        "-H",
        "Sec-CH-UA-Mobile: ?1",
        "-H",
        "X-Real-IP: 203.0.113.77",
    ];
    let page = ["--page", "https://shop.example/order/7?q=tea#top", "--ip", "203.0.113.77"];
    let told = forward(&[&["--url", &url], &headers[..], &page].concat());
    assert_eq!(told["outcome"], "sent", "{told:#}");
    let sent = |name: &str| {
        let pairs = told["query"].as_array().unwrap().iter();
        pairs.clone().find(|pair| pair[0] == name).map(|pair| pair[1].as_str().unwrap().to_owned())
    };
    assert_eq!(sent("dl").unwrap(), "https://shop.example/redacted?q=tea");
    assert_eq!(sent("own").unwrap(), "[redacted]");
    let names: Vec<&String> = told["headers"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["accept", "referer", "sec-ch-ua-mobile"]);
    assert_eq!(told["headers"]["referer"], "https://shop.example/redacted");
    assert!(!told.to_string().contains("203.0.113.77") && !told.to_string().contains("198.51.100"));
}

#[test]
fn the_address_leaves_cut_in_the_vendors_own_field() {
    let page = ["--page", "https://shop.example/", "--ip", "203.0.113.77"];
    let url = "https://www.google-analytics.com/collect?v=1&tid=UA-1-1&t=pageview&uip=203.0.113.77";
    let told = forward(&[&["--url", url], &page[..]].concat());
    let query = told["query"].to_string();
    assert!(query.contains(r#"["uip","203.0.113.0"]"#), "{told:#}");
}

#[test]
fn a_vendors_url_and_its_own_path_are_told_the_same() {
    let own = "https://shop.example/m/www.google-analytics.com/g/collect?v=2&tid=G-1&en=page_view";
    let page = ["--page", "https://shop.example/"];
    assert_eq!(
        forward(&[&["--url", own], &page[..]].concat()),
        forward(&[&["--url", GA4], &page[..]].concat())
    );
    // The default prefix is another path of a page of this site, and nobody's.
    let old = own.replace("/m/", "/_consentry/v/");
    let told = forward(&[&["--url", &old], &page[..]].concat());
    assert_eq!(
        refused(&told, "404"),
        "no vendor of the catalogue is at shop.example/_consentry/v/www.google-analytics.com/g/collect"
    );
}

#[test]
fn each_refusal_has_its_reason() {
    let ask =
        |page: &str, more: &[&str]| forward(&[&["--url", GA4, "--page", page], more].concat());
    let shop = "https://shop.example/";
    for (told, answer, reason) in [
        (ask("https://closed.example/", &[]), "204", "the site shares nothing"),
        (
            ask("https://direct.example/", &[]),
            "404",
            "the site serves no vendors (enabled in [collect])",
        ),
        (ask("https://shop.example/health/a", &[]), "204", "the page shares nothing"),
        (ask(shop, &["-H", "Origin: https://evil.example"]), "403", "another site asks"),
        (ask(shop, &["-X", "PUT"]), "405", "the endpoint takes no PUT"),
        (ask(shop, &["--data", &"en=x&".repeat(300)]), "413", "the body is over the limit"),
        (ask(shop, &["--data", "{\"broken\":"]), "204", "the body cannot be read"),
    ] {
        assert_eq!(refused(&told, answer), reason, "{told:#}");
    }
    let own = "https://shop.example/m/www.google-analytics.com/g/collect?v=2&tid=G-1";
    let told = forward(&["--url", own]);
    assert_eq!(
        refused(&told, "204"),
        "the request names no page, and some of the site's pages share nothing"
    );
    let named = "{\"dl\":\"https://shop.example/health/a\"}";
    let told = ask(shop, &["--data", named]);
    assert_eq!(refused(&told, "204"), "the page shares nothing");
    let gpc = forward(&[
        "--url",
        "https://www.facebook.com/tr/?id=1&ev=PageView",
        "--page",
        shop,
        "-H",
        "Sec-GPC: 1",
    ]);
    assert!(refused(&gpc, "a transparent GIF of 1x1").starts_with("no permit: "), "{gpc:#}");
    let port =
        forward(&["--url", "https://www.google-analytics.com:8443/g/collect?v=2", "--page", shop]);
    refused(&port, "404");
}

/// The head of the configuration of a site with accounts of its own.
const OWN: &str = "[collect]\nvendors = [\"ga4\", \"gtm\", \"meta\", \"segment\", \"matomo\", \"hubspot\", \"floodlight\"]\n\
    accounts = { gtm = [\"GTM-OURS\"], ga4 = [\"G-OURS\"], meta = [\"11\"], segment = [\"ours\"], matomo = [\"7\"], hubspot = [\"123\"], \
    floodlight = [\"42\"] }\n[[vendor]]\nid = \"matomo\"\nhosts = [\"stats.shop.example\"]\n";

#[test]
fn only_the_sites_own_accounts_are_served() {
    for (url, data, is_own) in [
        ("https://www.googletagmanager.com/gtm.js?id=GTM-OURS", "", true),
        ("https://www.googletagmanager.com/gtm.js?id=GTM-EVIL", "", false),
        ("https://www.googletagmanager.com/gtm.js?id=GTM-OURS&id=GTM-EVIL", "", false),
        ("https://www.googletagmanager.com/gtm.js?l=x", "", false),
        ("https://www.googletagmanager.com/gtm.js?%69d=GTM-EVIL&l=x", "", false),
        ("https://www.googletagmanager.com/gtag/js?id=G-OURS", "", true),
        ("https://www.google-analytics.com/g/collect?v=2&tid=G-OURS&en=x", "", true),
        ("https://www.google-analytics.com/g/collect?v=2&tid=G-EVIL&en=x", "", false),
        ("https://connect.facebook.net/en_US/fbevents.js", "", true),
        ("https://connect.facebook.net/signals/config/11?v=1", "", true),
        ("https://connect.facebook.net/signals/config/12?v=1", "", false),
        ("https://www.facebook.com/tr/?id=12&ev=PageView", "", false),
        ("https://cdn.segment.com/analytics.js/v1/ours/analytics.min.js", "", true),
        ("https://cdn.segment.com/analytics.js/v1/evil/analytics.min.js", "", false),
        ("https://api.segment.io/v1/b", r#"{"batch":[{"type":"page","writeKey":"ours"}]}"#, true),
        (
            "https://api.segment.io/v1/b",
            r#"{"batch":[{"type":"page","writeKey":"ours"},{"writeKey":"evil"}]}"#,
            false,
        ),
        ("https://stats.shop.example/matomo.php", r#"{"requests":["?idsite=7&rec=1"]}"#, true),
        (
            "https://stats.shop.example/matomo.php",
            r#"{"requests":["?idsite=7&rec=1","?idsite=8&rec=1"]}"#,
            false,
        ),
        ("https://js.hs-scripts.com/123.js", "", true),
        ("https://js.hs-scripts.com/1234.js", "", false),
        ("https://ad.doubleclick.net/activity;src=42;type=a;ord=1", "", true),
        ("https://ad.doubleclick.net/activity;src=43;type=a;ord=1", "", false),
    ] {
        let page = ["--url", url, "--page", "https://shop.example/"];
        let data: &[&str] = if data.is_empty() { &[] } else { &["--data", data] };
        let told = forward_by(OWN, &[&page, data].concat());
        if is_own {
            assert_eq!(told["outcome"], "sent", "{url} {told:#}");
        } else {
            let reason =
                "it names no account of the site's with the vendor (accounts in [collect])";
            assert_eq!(refused(&told, "403"), reason, "{url}");
        }
    }
}

#[test]
fn a_vendor_that_is_not_offered_is_nobodys() {
    let plausible = [
        "--url",
        "https://plausible.io/api/event",
        "--page",
        "https://shop.example/",
        "--data",
        "{\"n\":\"x\"}",
    ];
    assert_eq!(
        refused(&forward_by(OWN, &plausible), "404"),
        "the site does not serve Plausible (vendors in [collect])"
    );
    assert_eq!(forward_by("", &plausible)["outcome"], "sent");
}
