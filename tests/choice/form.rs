//! The way without JavaScript.

use super::{
    shop::{FORM, OWN, Shop, asking, cookie, get, post},
    visitor::Visitor,
};
use consentry::coding::{Coding, Encoder, Levels};

#[tokio::test(flavor = "multi_thread")]
async fn a_page_links_to_the_form_and_the_form_goes_back() {
    let shop = Shop::open().await;
    let page = shop.page("").await;
    let link = "href=\"/_consentry/consent?back=%2Fpage%3Fa%3Db\"";
    assert!(page.contains(link) && page.contains("<noscript>"), "{page}");
    let form = shop.ask(&get("/_consentry/consent?back=%2Fpage%3Fa%3Db", "")).await;
    let text = String::from_utf8(form.body.clone()).unwrap();
    assert_eq!((form.status, form.get("content-type")), (200, Some("text/html; charset=utf-8")));
    assert_eq!(form.get("cache-control"), Some("no-store"));
    assert!(form.get("content-security-policy").unwrap().contains("default-src 'none'"));
    assert!(text.contains("value=\"/page?a=b\"") && text.contains("Universal Analytics"), "{text}");
    assert!(!text.contains(" checked"));
    let chosen = shop
        .ask(&post(FORM, OWN, "purpose=analytics&method=custom&lang=en&back=%2Fpage%3Fa%3Db"))
        .await;
    assert_eq!((chosen.status, chosen.get("location")), (303, Some("/page?a=b")));
    assert_eq!(chosen.get("cache-control"), Some("no-store"));
    let again = shop.ask(&get("/_consentry/consent", &cookie(&chosen))).await;
    let text = String::from_utf8(again.body).unwrap();
    assert_eq!(text.matches(" checked").count(), 1, "{text}");
}

/// Each of the page's forms is sent as a browser sends it.
#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_the_page_is_a_choice() {
    let shop = Shop::open().await;
    shop.page("").await;
    let text = shop.ask(&get("/_consentry/consent", "")).await.body;
    let text = String::from_utf8(text).unwrap();
    let forms: Vec<_> =
        text.split("<form ").skip(1).map(|form| form.split("</form>").next().unwrap()).collect();
    assert_eq!(forms.len(), 3);
    let mut purposes = Vec::new();
    for form in forms {
        assert!(form.contains("action=\"/_consentry/choice\"") && form.contains("method=\"post\""));
        let hidden = form.split("<input type=\"hidden\" ").skip(1);
        let of = |field: &str, name: &str| {
            field.split_once(&format!("{name}=\"")).unwrap().1.split('"').next().unwrap().to_owned()
        };
        let fields: Vec<_> =
            hidden.map(|field| format!("{}={}", of(field, "name"), of(field, "value"))).collect();
        let got = shop.ask(&post(FORM, OWN, &fields.join("&"))).await;
        assert_eq!((got.status, got.get("location")), (303, Some("/")), "{fields:?}");
        purposes.push(cookie(&got).split('.').nth(3).unwrap().trim().to_owned());
    }
    assert_eq!(purposes, ["f0a0m0", "f0a0m0", "f0a1m1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sent_elsewhere() {
    let shop = Shop::open().await;
    shop.page("").await;
    for back in [
        "//evil.test",
        "/%5Cevil.test",
        "https://evil.test",
        "/_consentry/v/x",
        "/.//evil.test",
        "javascript:alert(1)",
    ] {
        let form = shop.ask(&get(&format!("/_consentry/consent?back={back}"), "")).await;
        let text = String::from_utf8(form.body).unwrap();
        assert!(
            text.contains("name=\"back\" value=\"/\"") && !text.contains("evil.test"),
            "{back}"
        );
    }
    let refused = shop.ask(&post(FORM, OWN, "back=//evil.test")).await;
    assert_eq!((refused.status, refused.get("location")), (400, None));
    assert!(String::from_utf8(refused.body).unwrap().contains("<h1>Bad Request</h1>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_is_read_only() {
    let shop = Shop::of(asking(), String::new()).await;
    let posted = get("/_consentry/consent", "Content-Length: 0\r\n").replacen("GET", "POST", 1);
    let got = shop.ask(&posted).await;
    assert_eq!((got.status, got.get("allow")), (405, Some("GET, HEAD")));
    let head = shop.ask(&get("/_consentry/consent", "").replacen("GET", "HEAD", 1)).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
}

/// A page that is made for each request is coded as quickly as pages are, not as small as files.
#[tokio::test(flavor = "multi_thread")]
async fn the_form_costs_no_more_than_a_page() {
    let shop = Shop::open().await;
    let plain = shop.ask(&get("/_consentry/consent", "")).await.body;
    for (name, coding) in [("br", Coding::Brotli), ("gzip", Coding::Gzip)] {
        let got =
            shop.ask(&get("/_consentry/consent", &format!("Accept-Encoding: {name}\r\n"))).await;
        let (mut encoder, mut coded) = (Encoder::new(coding, &Levels::default()), Vec::new());
        encoder.write(&plain, &mut coded).unwrap();
        encoder.finish(&mut coded).unwrap();
        assert_eq!((got.status, got.get("content-encoding")), (200, Some(name)));
        assert!(got.body == coded, "{name}: {} bytes, not {}", got.body.len(), coded.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_forms_is_stopped_and_nobodys_choice() {
    let shop = Shop::open().await;
    let mut visitor = Visitor::new(shop.address).await;
    let mut stopped = None;
    for _ in 0..1000 {
        let got = visitor.ask(&get("/_consentry/consent", "Accept-Encoding: br\r\n")).await;
        if got.status != 200 {
            stopped = Some(got);
            break;
        }
    }
    let stopped = stopped.expect("nobody was stopped");
    assert_eq!((stopped.status, stopped.get("retry-after")), (429, Some("10")));
    assert_eq!(
        shop.counted("consentry_requests_limited_total{limit=\"own\"}").as_deref(),
        Some("1")
    );
    let chosen = shop.ask(&post(FORM, OWN, "purpose=analytics")).await;
    assert_eq!(chosen.status, 303, "choices have tokens of their own");
    shop.page("").await;
}
