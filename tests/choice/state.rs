//! What counts of a choice that was made before, and who is asked again.

use super::shop::{
    ALL, ANALYTICS, FORM, GA, JSON, META, OWN, REFUSAL, Shop, asking, cookie, days_ago, engine,
    get, page, post, signed,
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
    let held = |days, purposes: &str| signed(&format!("v1.{policy}.{}.{purposes}", days_ago(days)));
    let tomorrow = signed(&format!("v1.{policy}.99991231.f0a1m1"));
    for (cookie, asked) in [
        (held(29, "f0a1m1"), false),
        (held(40, "f0a1m1"), true),
        (held(40, "f0a0m0"), false),
        (held(179, "f0a0m0"), false),
        (held(200, "f0a0m0"), true),
        (tomorrow, true),
        ("Cookie: consentry=garbage\r\n".to_owned(), true),
        (signed(&format!("v1.00000000.{}.f0a1m1", days_ago(1))), true),
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
        shop.ask(&get(&path, "Sec-Fetch-Site: same-origin\r\n")).await;
    }
    assert_eq!(shop.state("").await["policy"], before);
}

/// The shop before and after it has another vendor, with what `policy` is in both.
async fn changed() -> (Shop, [String; 2]) {
    let shop = Shop::of(asking(), page(GA)).await;
    shop.page("").await;
    let then = shop.state("").await["policy"].as_str().unwrap().to_owned();
    let more = Shop::of(shop.site(), page(&[GA, META].concat())).await;
    more.consentry.swap(engine(more.site()).after(&shop.consentry.engine()));
    more.page("").await;
    let now = more.state("").await["policy"].as_str().unwrap().to_owned();
    assert_ne!(then, now);
    (more, [then, now])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_is_about_the_list_that_was_shown() {
    let (shop, [then, now]) = changed().await;
    let body =
        |policy: &str| format!(r#"{{"purposes":["analytics","marketing"],"policy":"{policy}"}}"#);
    let chosen = shop.choose(&body(&then)).await;
    let answer: serde_json::Value = serde_json::from_slice(&chosen.body).unwrap();
    assert_eq!((&answer["policy"], &answer["purposes"]), (&json!(then), &json!(["analytics"])));
    let old = cookie(&chosen);
    assert!(old.contains(&format!("=v1.{then}.")) && old.contains(".f0a1m0."), "{old}");
    // Nobody was asked about the marketing that came since, and analytics has what it had.
    let page = shop.page(&old).await;
    assert!(page.contains("/analytics.js") && !page.contains("fbevents.js"), "{page}");
    let chosen = shop.choose(&body(&now)).await;
    let answer: serde_json::Value = serde_json::from_slice(&chosen.body).unwrap();
    assert_eq!(
        (&answer["policy"], &answer["granted"]),
        (&json!(now), &json!(["analytics", "marketing"]))
    );
    // Who names no list was shown the present one, by his own word.
    let chosen = shop.choose(ALL).await;
    let answer: serde_json::Value = serde_json::from_slice(&chosen.body).unwrap();
    assert_eq!(answer["policy"], now);
    assert!(shop.page(&cookie(&chosen)).await.contains("fbevents.js"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_list_allows_nothing_and_takes_a_refusal() {
    let (shop, [_, now]) = changed().await;
    for policy in ["00000000", "p1"] {
        let body = format!(r#"{{"purposes":["analytics"],"policy":"{policy}"}}"#);
        let got = shop.choose(&body).await;
        assert_eq!((got.status, got.get("set-cookie")), (409, None), "{policy}");
        let body: serde_json::Value = serde_json::from_slice(&got.body).unwrap();
        assert!(body["error"].as_str().unwrap().contains("has changed"), "{body}");
        let refusal = shop.choose(&format!(r#"{{"purposes":[],"policy":"{policy}"}}"#)).await;
        assert_eq!(refusal.status, 200);
        assert!(
            cookie(&refusal).contains(&format!("=v1.{now}."))
                && cookie(&refusal).contains(".f0a0m0")
        );
    }
    let outdated = "consentry_choices_refused_total{reason=\"outdated\"}";
    assert_eq!(shop.counted(outdated).as_deref(), Some("2"));
    for wrong in ["", "P1", "a b", "12345678901234567"] {
        let got = shop.choose(&format!(r#"{{"purposes":["analytics"],"policy":"{wrong}"}}"#)).await;
        assert_eq!(got.status, 400, "{wrong}");
    }
    let form = "purpose=analytics&policy=00000000&back=%2Fpage%3Fa%3Db";
    let got = shop.ask(&post(FORM, OWN, form)).await;
    let again = "/_consentry/consent?changed=1&back=%2Fpage%3Fa%3Db";
    assert_eq!((got.status, got.get("location"), got.get("set-cookie")), (303, Some(again), None));
    let text = String::from_utf8(shop.ask(&get(again, "")).await.body).unwrap();
    assert!(
        text.contains("have changed since your last choice") && text.contains("Meta"),
        "{text}"
    );
    assert!(text.contains(&format!("name=\"policy\" value=\"{now}\"")), "{text}");
    assert!(text.contains("name=\"back\" value=\"/page?a=b\""), "{text}");
    let first = String::from_utf8(shop.ask(&get("/_consentry/consent", "")).await.body).unwrap();
    assert!(!first.contains("have changed"));
    // A banner of the operator's own has no page to go back to.
    let bare = Shop::of(Site { hosts: vec!["shop.test".into()], ..Site::default() }, String::new());
    let bare = bare.await;
    assert_eq!(bare.ask(&post(FORM, OWN, form)).await.status, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_chosen_is_told_apart_from_what_is_granted() {
    let shop = Shop::open().await;
    shop.page("").await;
    let all = cookie(&shop.choose(ALL).await);
    let state = shop.state(&format!("Sec-GPC: 1\r\n{all}")).await;
    assert_eq!(
        (&state["purposes"], &state["granted"]),
        (&json!(["analytics", "marketing"]), &json!(["analytics"]))
    );
    // Accepting everything is that, also where the browser has refused a part before.
    for body in [ANALYTICS, ALL] {
        let got = shop.ask(&post(JSON, &format!("{OWN}Sec-GPC: 1\r\n"), body)).await;
        let answer: serde_json::Value = serde_json::from_slice(&got.body).unwrap();
        assert_eq!(
            (&answer["purposes"], &answer["granted"]),
            (&json!(["analytics"]), &json!(["analytics"]))
        );
        assert!(cookie(&got).contains(".f0a1m0."));
    }
    let accepted = "consentry_choices_total{method=\"accept-all\"}";
    assert_eq!(shop.counted(accepted).as_deref(), Some("3"));
    let mut site = Site { regime: Regime::OptOut, ..asking() };
    site.policy.allow_implied = true;
    let shop = Shop::of(site, page(&[GA, META].concat())).await;
    shop.page("").await;
    let state = shop.state("").await;
    assert_eq!((&state["purposes"], &state["day"]), (&json!([]), &json!(null)));
    assert_eq!(state["granted"], json!(["functional", "analytics", "marketing"]));
    let refused = shop.choose(REFUSAL).await;
    let answer: serde_json::Value = serde_json::from_slice(&refused.body).unwrap();
    assert_eq!(answer["granted"], json!([]));
    let state = shop.state(&cookie(&refused)).await;
    assert_eq!((&state["granted"], &state["day"]), (&json!([]), &json!(days_ago(0))));
}
