//! What counts of a choice that was made before, and who is asked again.

use super::shop::{
    ALL, ANALYTICS, GA, META, REFUSAL, Shop, asking, cookie, days_ago, engine, page,
};
use consentry::{engine::Site, policy::Regime};
use serde_json::json;

const CLARITY: &str = "<script async src=https://www.clarity.ms/tag/x></script>";

#[tokio::test(flavor = "multi_thread")]
async fn the_state_follows_the_choice() {
    let shop = Shop::open().await;
    assert_eq!(shop.state("").await["asked"], false, "nothing was found yet");
    shop.page("").await;
    let before = shop.state("").await;
    assert_eq!(
        (&before["asked"], &before["day"], &before["purposes"]),
        (&json!(true), &json!(null), &json!([]))
    );
    let granted = cookie(&shop.choose(ANALYTICS).await);
    let state = shop.state(&granted).await;
    assert_eq!((&state["asked"], &state["day"]), (&json!(false), &json!(days_ago(0))));
    assert_eq!((&state["purposes"], &state["policy"]), (&json!(["analytics"]), &before["policy"]));
    let refused = cookie(&shop.choose_with(REFUSAL, &granted).await);
    let state = shop.state(&refused).await;
    assert_eq!((&state["asked"], &state["purposes"]), (&json!(false), &json!([])));
    let withdrawn = "consentry_choices_total{method=\"withdraw\"}";
    assert_eq!(shop.counted(withdrawn).as_deref(), Some("1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gate_keeps_the_choice() {
    let shop = Shop::open().await;
    let loads = |page: &str| (page.contains("/analytics.js"), page.contains("fbevents.js"));
    assert_eq!(loads(&shop.page("").await), (false, false));
    let some = cookie(&shop.choose(ANALYTICS).await);
    assert_eq!(loads(&shop.page(&some).await), (true, false));
    let all = cookie(&shop.choose(ALL).await);
    assert_eq!(loads(&shop.page(&all).await), (true, true));
    let none = cookie(&shop.choose_with(REFUSAL, &all).await);
    assert_eq!(loads(&shop.page(&none).await), (false, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_vendor_asks_those_who_allowed_its_purpose() {
    let shop = Shop::open().await;
    shop.page("").await;
    let (all, none) = (cookie(&shop.choose(ALL).await), cookie(&shop.choose(REFUSAL).await));
    let marketing = cookie(&shop.choose(r#"{"purposes":["marketing"]}"#).await);
    let before = shop.state("").await["policy"].clone();
    let more = Shop::of(shop.site(), page(&[GA, META, CLARITY].concat())).await;
    more.consentry.swap(engine(more.site()).after(&shop.consentry.engine()));
    assert_eq!(more.state("").await["policy"], before);
    for cookie in [&all, &none, &marketing] {
        assert_eq!(more.state(cookie).await["asked"], false);
    }
    more.page("").await;
    assert_ne!(more.state("").await["policy"], before);
    for (cookie, asked, purposes) in [
        (&all, true, json!(["marketing"])),
        (&none, false, json!([])),
        (&marketing, false, json!(["marketing"])),
    ] {
        let state = more.state(cookie).await;
        assert_eq!((&state["asked"], &state["purposes"]), (&json!(asked), &purposes), "{cookie}");
    }
    let held = more.page(&all).await;
    assert!(!held.contains("/analytics.js") && held.contains("fbevents.js"), "{held}");
    // A vendor that is gone asks nobody: the wider list was told of.
    let wide = cookie(&more.choose(ALL).await);
    let fewer = Shop::of(shop.site(), page(GA)).await;
    fewer.consentry.swap(engine(fewer.site()).after(&more.consentry.engine()));
    assert_eq!(fewer.state(&wide).await["asked"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_policy_asks_all_but_those_who_refused() {
    let shop = Shop::open().await;
    shop.page("").await;
    let (all, none) = (cookie(&shop.choose(ALL).await), cookie(&shop.choose(REFUSAL).await));
    let mut site = shop.site();
    site.consent.policy = Some("p2".parse().unwrap());
    shop.consentry.swap(engine(site));
    assert_eq!(shop.state(&all).await["asked"], true);
    assert_eq!(shop.state(&all).await["purposes"], json!([]));
    assert_eq!(shop.state(&none).await["asked"], false);
    let held = shop.page(&all).await;
    assert!(!held.contains("fbevents.js"), "{held}");
}

#[tokio::test(flavor = "multi_thread")]
async fn age_ends_a_choice() {
    let mut site = asking();
    site.consent.max_age_days = 30;
    let shop = Shop::of(site, page(&[GA, META].concat())).await;
    shop.page("").await;
    let policy = shop.state("").await["policy"].as_str().unwrap().to_owned();
    let held = |days, purposes: &str| {
        format!("Cookie: consentry=v1.{policy}.{}.{purposes}\r\n", days_ago(days))
    };
    let tomorrow = format!("Cookie: consentry=v1.{policy}.99991231.f0a1m1\r\n");
    for (cookie, asked) in [
        (held(29, "f0a1m1"), false),
        (held(40, "f0a1m1"), true),
        (held(40, "f0a0m0"), false),
        (held(179, "f0a0m0"), false),
        (held(200, "f0a0m0"), true),
        (tomorrow, true),
        ("Cookie: consentry=garbage\r\n".to_owned(), true),
        ("Cookie: consentry=v1.00000000.20261101.f0a1m1\r\n".to_owned(), true),
    ] {
        assert_eq!(shop.state(&cookie).await["asked"], asked, "{cookie}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_law_decides_who_is_asked() {
    for (regime, allow_implied, asked) in [
        (Regime::OptIn, false, true),
        (Regime::OptIn, true, true),
        (Regime::OptOut, false, true),
        (Regime::OptOut, true, false),
        (Regime::None, false, false),
    ] {
        let mut site = Site { regime, ..asking() };
        site.policy.allow_implied = allow_implied;
        let shop = Shop::of(site, page(GA)).await;
        shop.page("").await;
        assert_eq!(shop.state("").await["asked"], asked, "{regime:?} {allow_implied}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_agree() {
    let one = Shop::of(asking(), page(&[GA, META].concat())).await;
    let two = Shop::of(asking(), page(&[META, GA, META].concat())).await;
    one.page("").await;
    two.page("").await;
    assert_eq!(one.state("").await["policy"], two.state("").await["policy"]);
    let all = cookie(&one.choose(ALL).await);
    assert_eq!(two.state(&all).await["asked"], false);
}

/// Anybody can send requests to vendors' paths: they name no vendor that the site has.
#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_adds_no_vendor() {
    let shop = Shop::of(asking(), page(GA)).await;
    shop.page("").await;
    let before = shop.state("").await["policy"].clone();
    for vendor in ["connect.facebook.net/en_US/fbevents.js", "www.clarity.ms/tag/x"] {
        let path = format!("/_consentry/v/{vendor}");
        shop.ask(&super::shop::get(&path, "Sec-Fetch-Site: same-origin\r\n")).await;
    }
    assert_eq!(shop.state("").await["policy"], before);
}
