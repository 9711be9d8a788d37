//! What a choice leaves with the visitor.

use super::{
    origin::Origin,
    shop::{
        ALL, ANALYTICS, FORM, GA, JSON, META, OWN, REFUSAL, Shop, asking, cookie, days_ago, get,
        page, post, signed, signing,
    },
    visitor::Answer,
};
use consentry::{
    consent::OwnCookie,
    engine::{Banner, Enabled, Site},
};
use std::collections::BTreeSet;

fn value(line: &str) -> &str {
    line.split(';').next().unwrap().strip_prefix("consentry=").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_the_same_for_everybody() {
    let shop = Shop::open().await;
    shop.page("").await;
    let mut lines = BTreeSet::new();
    for headers in
        ["", "User-Agent: a\r\n", "Cookie: a=b; consentry=garbage\r\n", "Accept-Language: nb\r\n"]
    {
        let got = shop.choose_with(REFUSAL, headers).await;
        assert_eq!(got.all("set-cookie").len(), 1);
        lines.insert(got.get("set-cookie").unwrap().to_owned());
        let body: serde_json::Value = serde_json::from_slice(&got.body).unwrap();
        assert_eq!(
            (&body["purposes"], &body["receipt"]),
            (&serde_json::json!([]), &serde_json::Value::Null)
        );
    }
    let [line] = &lines.into_iter().collect::<Vec<_>>()[..] else { panic!("they differ") };
    let (day, state) = (days_ago(0), shop.state("").await);
    let policy = state["policy"].as_str().unwrap();
    let expected =
        format!("consentry=v1.{policy}.{day}.f0a0m0; Path=/; Max-Age=15552000; SameSite=Lax");
    assert_eq!(*line, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_allowed_has_a_receipt_that_is_its_own() {
    let shop = Shop::open().await;
    let mut receipts = BTreeSet::new();
    for _ in 0..20 {
        let got = shop.choose(ANALYTICS).await;
        let cookie: OwnCookie = value(got.get("set-cookie").unwrap()).parse().unwrap();
        let body: serde_json::Value = serde_json::from_slice(&got.body).unwrap();
        assert_eq!(body["receipt"], cookie.receipt.as_ref().unwrap().as_str());
        assert_eq!(body["recorded"], false);
        assert!(cookie.signature.is_some());
        receipts.insert(cookie.receipt.unwrap().to_string());
    }
    assert_eq!(receipts.len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn https_makes_it_secure_and_the_operator_its_name_and_age() {
    let mut site = asking();
    site.consent.cookie = "__Host-choice".into();
    site.consent.max_age_days = 30;
    let shop = Shop::of(site, String::new()).await;
    // TLS ended at a balancer on this machine.
    let tls = "X-Forwarded-Proto: https\r\nOrigin: https://shop.test\r\n";
    let granted = shop.ask(&post(JSON, tls, ALL)).await;
    let line = granted.get("set-cookie").unwrap();
    assert!(line.starts_with("__Host-choice=v1."), "{line}");
    assert!(line.ends_with("; Path=/; Max-Age=2592000; SameSite=Lax; Secure"), "{line}");
    let refused = shop.ask(&post(JSON, tls, REFUSAL)).await;
    assert!(refused.get("set-cookie").unwrap().contains("; Max-Age=15552000;"));
    // A page over plain HTTP does not speak for one over TLS.
    let downgraded = tls.replace("Origin: https", "Origin: http");
    assert_eq!(shop.ask(&post(JSON, &downgraded, ALL)).await.status, 403);
}

/// Asks as a browser on `host` does that has these cookies.
async fn on(shop: &Shop, host: &str, request: &str) -> Answer {
    shop.ask(&request.replace("shop.test", host)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hosts_of_a_site_may_share_it() {
    let mut site = asking();
    site.hosts.push("shop.other.test".into());
    site.consent.cookie_domain = Some("shop.test".into());
    let shop = Shop::of(site, page(&[GA, META].concat())).await;
    shop.page("").await;
    for (host, body) in
        [("www.shop.test", ALL), ("shop.test", ANALYTICS), ("a.b.shop.test", REFUSAL)]
    {
        let got = on(&shop, host, &post(JSON, OWN, body)).await;
        let [ended, set] = got.all("set-cookie")[..] else { panic!("{}", got.head) };
        // The host's own, from before there was a domain: browsers would send both.
        assert_eq!(ended, "consentry=; Path=/; Max-Age=0; SameSite=Lax");
        assert!(
            set.starts_with("consentry=v1.") && set.contains("; Path=/; Domain=shop.test; "),
            "{set}"
        );
        let cookie = format!("Cookie: {}\r\n", set.split(';').next().unwrap());
        let state = on(&shop, "blog.shop.test", &get("/_consentry/choice", &cookie)).await;
        let state: serde_json::Value = serde_json::from_slice(&state.body).unwrap();
        assert_eq!((&state["asked"], &state["day"]), (&false.into(), &days_ago(0).into()));
        assert_eq!(state.get("verified"), (body != REFUSAL).then_some(&true.into()));
    }
    // A form does the same.
    let form = on(&shop, "www.shop.test", &post(FORM, OWN, "purpose=analytics")).await;
    assert_eq!((form.status, form.all("set-cookie").len()), (303, 2));
    // A host that is not in it keeps its own; browsers would refuse the other.
    let got = on(&shop, "shop.other.test", &post(JSON, OWN, ALL)).await;
    let [set] = got.all("set-cookie")[..] else { panic!("{}", got.head) };
    assert!(!set.contains("Domain"), "{set}");
    // Nor does a page of one host choose for another.
    let crossing = post(JSON, "Origin: http://www.shop.test\r\n", ALL);
    assert_eq!(shop.ask(&crossing).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_are_told_from_forged_ones() {
    let origin = || Origin::fixed(Vec::new(), true);
    let shop = Shop::before(asking(), origin().await, |c| c).await;
    let other = Shop::before(asking(), origin().await, |c| c).await;
    let stranger = Shop::before(asking(), origin().await, |c| c.signing(signing(b"other"))).await;
    let got = shop.choose(ANALYTICS).await;
    let own = cookie(&got);
    assert_eq!(shop.state(&own).await["verified"], true);
    assert_eq!(other.state(&own).await["verified"], true);
    assert_eq!(stranger.state(&own).await["verified"], false);
    let forged = own.replace("f0a1m0", "f1a1m1");
    assert_eq!(shop.state(&forged).await["verified"], false);
    assert_eq!(shop.state("").await.get("verified"), None);
    // Another host of the site is the same site.
    let www = format!("GET /_consentry/choice HTTP/1.1\r\nHost: www.shop.test\r\n{own}\r\n");
    let state: serde_json::Value = serde_json::from_slice(&shop.ask(&www).await.body).unwrap();
    assert_eq!(state["verified"], true);
}

/// What a script of the page, or another site below the same domain, writes into the cookie was chosen by nobody.
#[tokio::test(flavor = "multi_thread")]
async fn where_our_banner_asks_nothing_unsigned_allows() {
    let shop = Shop::open().await;
    shop.page("").await;
    let version = shop.state("").await["policy"].as_str().unwrap().to_owned();
    let own = cookie(&shop.choose(ALL).await);
    let today = days_ago(0);
    let forged = |version: &str| format!("Cookie: consentry=v1.{version}.{today}.f1a1m1\r\n");
    let (receipt, other) = ("0123456789abcdef0123456789abcdef", "0123456789abcdef1123456789abcdef");
    let ended = |end: &str| forged(&version).replace("\r\n", &format!(".{end}\r\n"));
    for (headers, counts) in [
        (own.clone(), true),
        (signed(&format!("v1.{version}.{today}.f0a1m1")), true),
        (forged("p1"), false),
        (forged("0"), false),
        (forged(&version), false),
        (ended(receipt), false),
        (ended(&format!("{receipt}.{other}")), false),
        (own.replace("f0a1m1", "f1a1m1"), false),
        (own.replace(&today, &days_ago(1)), false),
        (signed(&format!("v1.p1.{today}.f0a1m1")), false),
        (signed(&format!("v1.00000000.{today}.f0a1m1")), false),
    ] {
        let (page, state) = (shop.page(&headers).await, shop.state(&headers).await);
        assert_eq!(page.contains("fbevents.js"), counts, "{headers}");
        assert_eq!(
            (&state["asked"], state["granted"] != serde_json::json!([])),
            (&(!counts).into(), counts),
            "{headers}"
        );
    }
    // A refusal needs no signature, and counts under any name.
    let refusal = format!("Cookie: consentry=v1.p1.{today}.f0a0m0\r\n");
    assert_eq!(shop.state(&refusal).await["asked"], false);
    let swapped = super::shop::engine(shop.site()).after(&shop.consentry.engine());
    shop.consentry.swap(swapped);
    assert!(!shop.page(&forged("p1")).await.contains("fbevents.js"));
    assert!(shop.page(&own).await.contains("fbevents.js"));
}

/// Without our banner the cookie is the operator's, who writes it under a name of his own.
#[tokio::test(flavor = "multi_thread")]
async fn without_our_banner_the_operator_writes_the_cookie() {
    for (policy, counts) in [(None, true), (Some("p1"), true), (Some("p2"), false)] {
        let banner = Banner { enabled: Enabled::Never, ..Banner::default() };
        let mut site = Site { banner, ..asking() };
        site.consent.policy = policy.map(|name| name.parse().unwrap());
        let shop = Shop::of(site, page(&[GA, META].concat())).await;
        let own = format!("Cookie: consentry=v1.p1.{}.f0a1m0\r\n", days_ago(0));
        assert_eq!(shop.page(&own).await.contains("/analytics.js"), counts, "{policy:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_that_is_sent_twice_changes_nothing() {
    let shop = Shop::open().await;
    shop.page("").await;
    let request = post(JSON, OWN, ANALYTICS);
    let (first, second) = (shop.ask(&request).await, shop.ask(&request).await);
    let (first, second) = (first.get("set-cookie").unwrap(), second.get("set-cookie").unwrap());
    let choice = |line: &str| value(line).split('.').take(4).collect::<Vec<_>>().join(".");
    assert_eq!(choice(first), choice(second));
    assert_ne!(first, second);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_without_a_banner_takes_choices_too() {
    let shop =
        Shop::of(Site { hosts: vec!["shop.test".into()], ..Site::default() }, String::new()).await;
    assert_eq!(shop.choose(ANALYTICS).await.status, 200);
    for path in ["/_consentry/consent", "/_consentry/banner/en/x.js"] {
        assert_eq!(shop.ask(&get(path, "")).await.status, 404, "{path}");
    }
}
