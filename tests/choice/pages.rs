//! What pages get of the banner.

use super::{
    origin::{Origin, Step},
    shop::{ALL, ANALYTICS, GA, META, REFUSAL, Shop, asking, cookie, days_ago, get, page},
};
use consentry::{
    collect::Share,
    engine::{Banner, Enabled, Site},
    policy::{Mode, Regime},
};

/// The attributes of the banner's script, if the page has it.
fn banner(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once("<script src=\"/_consentry/banner/")?;
    rest.split_once('>').map(|(tag, _)| tag)
}

/// State, ask, signal, removed.
fn told(page: &str) -> [&str; 4] {
    ["state", "ask", "signal", "removed"].map(|name| attribute(page, name))
}

fn attribute<'p>(page: &'p str, name: &str) -> &'p str {
    let (_, rest) = banner(page).unwrap().split_once(&format!("data-{name}=\"")).expect(name);
    rest.split('"').next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_told_what_it_was_made_with() {
    let of = |page: &str| ["state", "granted", "ask"].map(|name| attribute(page, name).to_owned());
    let shop = Shop::open().await;
    assert_eq!(of(&shop.page("").await), ["", "", "1"]);
    let all = cookie(&shop.choose(ALL).await);
    assert_eq!(of(&shop.page(&all).await), ["am", "am", "0"]);
    let with_gpc = format!("Sec-GPC: 1\r\n{all}");
    let page_with_gpc = shop.page(&with_gpc).await;
    assert_eq!(of(&page_with_gpc), ["am", "a", "0"]);
    assert!(!page_with_gpc.contains("fbevents.js"));
    let mut site = Site { regime: Regime::OptOut, ..asking() };
    site.policy.allow_implied = true;
    site.collect.sensitive = vec!["/health".into()];
    let shop = Shop::of(site, page(&[GA, META].concat())).await;
    assert_eq!(of(&shop.page("").await), ["", "fam", "0"]);
    assert_eq!(of(&shop.page("Sec-GPC: 1\r\n").await), ["", "fa", "0"]);
    let form = shop.ask(&get("/_consentry/consent", "Sec-GPC: 1\r\n")).await;
    let form = String::from_utf8(form.body).unwrap();
    assert!(
        form.contains("Allowed at present: Statistics.") && form.contains("Already refused"),
        "{form}"
    );
    let none = cookie(&shop.choose(REFUSAL).await);
    assert_eq!(of(&shop.page(&none).await), ["-", "", "0"]);
    let accept = "Accept: text/html\r\nSec-Fetch-Dest: document\r\n";
    let sensitive = shop.ask(&get("/health", accept)).await;
    assert_eq!(of(&String::from_utf8(sensitive.body).unwrap()), ["", "-", "0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_told_where_its_visitor_stands() {
    let shop = Shop::open().await;
    assert_eq!(told(&shop.page("").await), ["", "1", "", "am"]);
    assert_eq!(told(&shop.page("Sec-GPC: 1\r\n").await), ["", "1", "gpc", "am"]);
    let some = cookie(&shop.choose(ANALYTICS).await);
    assert_eq!(told(&shop.page(&some).await), ["a", "0", "", "m"]);
    let all = cookie(&shop.choose(ALL).await);
    assert_eq!(told(&shop.page(&all).await), ["am", "0", "", ""]);
    let none = cookie(&shop.choose(REFUSAL).await);
    assert_eq!(told(&shop.page(&none).await), ["-", "0", "", "am"]);
    let other = "Cookie: consentry=v1.00000000.20261101.f0a1m1\r\n";
    assert_eq!(told(&shop.page(other).await)[..2], ["-", "1"]);
    assert_eq!(shop.page("").await.matches("/_consentry/banner/").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_with_another_vendor_asks_already() {
    let origin = Origin::new(|asked| {
        let elements = if asked.to_ascii_lowercase().contains("x-more:") {
            [GA, META].concat()
        } else {
            GA.into()
        };
        let (page, head) = (page(&elements), "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n");
        vec![Step::Send(format!("{head}Content-Length: {}\r\n\r\n{page}", page.len()).into())]
    });
    let shop = Shop::before(asking(), origin.await, |c| c).await;
    assert_eq!(told(&shop.page("").await), ["", "1", "", "a"]);
    let (all, none) = (shop.choose(ALL).await, shop.choose(REFUSAL).await);
    let (all, none) = (cookie(&all), cookie(&none));
    assert_eq!(told(&shop.page(&all).await)[..2], ["am", "0"]);
    let more = |cookie: &str| format!("x-more: 1\r\n{cookie}");
    assert_eq!(told(&shop.page(&more(&all)).await)[..2], ["am", "1"]);
    assert_eq!(told(&shop.page(&all).await)[..2], ["a", "1"]);
    assert_eq!(told(&shop.page(&more(&none)).await)[..2], ["-", "0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_script_is_kept_under_its_name_and_under_no_other() {
    let shop = Shop::open().await;
    let page = shop.page("").await;
    let path = banner(&page).unwrap().split('"').next().unwrap();
    let path = format!("/_consentry/banner/{path}");
    let got = shop.ask(&get(&path, "")).await;
    assert_eq!(
        (got.status, got.get("content-type")),
        (200, Some("text/javascript; charset=utf-8"))
    );
    assert_eq!(got.get("cache-control"), Some("public, max-age=31536000, immutable"));
    let text = String::from_utf8(got.body).unwrap();
    for vendor in ["Universal Analytics", "Meta"] {
        assert!(text.contains(vendor), "{vendor}");
    }
    let old = shop.ask(&get("/_consentry/banner/en/00.js", "")).await;
    assert_eq!((old.status, old.get("cache-control")), (200, Some("no-cache")));
    assert_eq!(old.body, text.as_bytes());
    for path in ["banner/xx/00.js", "banner/en/00", "banner/en", "banner/en/00.js/x"] {
        assert_eq!(shop.ask(&get(&format!("/_consentry/{path}"), "")).await.status, 404, "{path}");
    }
    let posted = get(&path, "Content-Length: 0\r\n").replacen("GET", "POST", 1);
    assert_eq!(shop.ask(&posted).await.get("allow"), Some("GET, HEAD"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_otherwise_gets_no_banner() {
    let both = [GA, META].concat();
    let with = |enabled| Site { banner: Banner { enabled, ..Banner::default() }, ..asking() };
    let cookiebot = "<script src=https://consent.cookiebot.com/uc.js></script>";
    let mut named = asking();
    named.consent.cmps = vec!["onetrust".parse().unwrap()];
    let mut named_and_on = with(Enabled::Always);
    named_and_on.consent.cmps.clone_from(&named.consent.cmps);
    let mut nothing = asking();
    nothing.collect.share = Share::None;
    let off = Site { mode: Mode::Off, ..asking() };
    let report = Site { mode: Mode::Report, ..asking() };
    for (why, site, elements, has) in [
        ("it has vendors", asking(), both.clone(), true),
        ("it has none", asking(), String::new(), false),
        ("it is off", with(Enabled::Never), both.clone(), false),
        ("the page has a manager", asking(), [cookiebot, &both].concat(), false),
        ("it is on", with(Enabled::Always), [cookiebot, &both].concat(), true),
        ("a manager is named", named, both.clone(), false),
        ("it is on besides", named_and_on, both.clone(), true),
        ("nothing is shared", nothing, both.clone(), false),
        ("nothing is edited", off, both.clone(), false),
        ("it is a dry run", report, both, false),
    ] {
        let shop = Shop::of(site, page(&elements)).await;
        assert_eq!(banner(&shop.page("").await).is_some(), has, "{why}");
    }
}

/// Who chose with a manager is not asked besides; who chose here keeps the way back, whatever else stands in his cookies.
#[tokio::test(flavor = "multi_thread")]
async fn only_a_choice_made_elsewhere_takes_the_banner_away() {
    let onetrust = "OptanonConsent=isGpcEnabled=0&interactionCount=1&landingPath=NotLandingPage&groups=C0001%3A1%2CC0002%3A0; \
                    OptanonAlertBoxClosed=2026-11-20T10:00:00.000Z";
    let wordpress = "wp_consent_marketing=allow; wp_consent_statistics=allow";
    let answered = "wp_consent_marketing=allow; cmplz_banner-status=dismissed";
    let writes = Banner { wp_consent: true, ..asking().banner };
    let shop = Shop::open().await;
    let other = Shop::of(Site { banner: writes, ..asking() }, page(&[GA, META].concat())).await;
    shop.page("").await;
    other.page("").await;
    for (shop, cookies, has) in [
        (&shop, onetrust, false),
        (&shop, answered, false),
        // It assumed what it says: CookieConsent of Cookiebot, without a click.
        (&shop, "CookieConsent=-1", true),
        (&shop, wordpress, true),
        (&other, wordpress, true),
    ] {
        let got = shop.page(&format!("Cookie: {cookies}\r\n")).await;
        assert_eq!(banner(&got).is_some(), has, "{cookies}");
        for choice in [ALL, REFUSAL] {
            let own = cookie(&shop.choose(choice).await);
            let both = own.replace("\r\n", &format!("; {cookies}\r\n"));
            assert_eq!(told(&shop.page(&both).await)[1], "0", "{both}");
        }
        let unknown =
            format!("Cookie: consentry=v1.00000000.{}.f0a1m1; {cookies}\r\n", days_ago(1));
        assert_eq!(told(&shop.page(&unknown).await)[1], "1", "{unknown}");
        assert_eq!(shop.state(&unknown).await["asked"], true, "{unknown}");
    }
}

/// The first page with a vendor that the visitor was not told of holds it back, wherever it stands, and asks.
#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_that_was_not_in_the_list_is_held() {
    const TIKTOK: &str =
        "<script async src=https://analytics.tiktok.com/i18n/pixel/events.js></script>";
    let origin = Origin::new(|asked| {
        let asked = asked.to_ascii_lowercase();
        let more = if asked.contains("x-more: html") { TIKTOK } else { "" };
        let link = if asked.contains("x-more: link") {
            "Link: <https://analytics.tiktok.com/i18n/pixel/events.js>; rel=preload; as=script\r\n"
        } else {
            ""
        };
        let page = page(&[GA, META, more].concat());
        let length = page.len();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nETag: \"x\"\r\n";
        vec![Step::Send(format!("{head}{link}Content-Length: {length}\r\n\r\n{page}").into())]
    })
    .await;
    let mut site = asking();
    site.collect.enabled = true;
    let shop = Shop::before(site, origin, |c| c).await;
    shop.page("").await;
    let all = cookie(&shop.choose(ALL).await);
    let accept = "Accept: text/html\r\nSec-Fetch-Dest: document\r\n";
    let page_of = |more: &str, cookie: &str| {
        let request = get("/page", &format!("{accept}{more}{cookie}"));
        let shop = &shop;
        async move { shop.ask(&request).await }
    };
    let served = "/_consentry/v/connect.facebook.net/en_US/fbevents.js";
    let untold = "/_consentry/v/analytics.tiktok.com/i18n/pixel/events.js";
    let first = page_of("", &all).await;
    assert!(String::from_utf8_lossy(&first.body).contains(served));
    // No page of the site has it, and none of its scripts may bring it.
    assert_eq!(shop.ask(&get(untold, &all)).await.body, b"");
    let counter = "consentry_collect_refused_total{reason=\"consent\",vendor=\"tiktok\"}";
    assert_eq!(shop.counted(counter).as_deref(), Some("1"));
    // A request of a visitor's puts nobody on the list.
    assert_eq!(told(&String::from_utf8(page_of("", &all).await.body).unwrap())[1], "0");
    let link = page_of("x-more: link\r\n", &all).await;
    assert_eq!(link.get("link"), None, "{}", link.head);
    let version = shop.state("").await["policy"].clone();
    let shown = all.split('.').nth(1).unwrap();
    assert_ne!(version, shown);

    // What was chosen under the longer list is for all on it; what was chosen before asks again.
    assert_eq!(told(&String::from_utf8(page_of("", &all).await.body).unwrap())[..2], ["a", "1"]);
    let again = cookie(&shop.choose(ALL).await);
    let html = page_of("x-more: html\r\n", &again).await;
    let text = String::from_utf8(html.body.clone()).unwrap();
    assert!(text.contains(untold), "{text}");
    assert_ne!(first.get("etag"), html.get("etag"));
    assert_eq!(told(&text)[1], "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_that_brings_a_vendor_asks_at_once() {
    const TIKTOK: &str =
        "<script async src=https://analytics.tiktok.com/i18n/pixel/events.js></script>";
    let origin = Origin::new(|asked| {
        let more = if asked.to_ascii_lowercase().contains("x-more:") { TIKTOK } else { "" };
        let (page, head) =
            (page(&[META, more].concat()), "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n");
        vec![Step::Send(format!("{head}Content-Length: {}\r\n\r\n{page}", page.len()).into())]
    });
    let shop = Shop::before(asking(), origin.await, |c| c).await;
    shop.page("").await;
    let all = cookie(&shop.choose(ALL).await);
    let first = shop.page(&format!("x-more: 1\r\n{all}")).await;
    assert!(first.contains("fbevents.js") && !first.contains("tiktok.com"), "{first}");
    assert_eq!(told(&first)[1], "1");
    // The purpose is asked about again as a whole.
    let second = shop.page(&format!("x-more: 1\r\n{all}")).await;
    assert!(!second.contains("fbevents.js") && !second.contains("tiktok.com"), "{second}");
    let again = cookie(&shop.choose(ALL).await);
    let third = shop.page(&format!("x-more: 1\r\n{again}")).await;
    assert!(third.contains("fbevents.js") && third.contains("tiktok.com"), "{third}");
    assert_eq!(told(&third)[1], "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_share_nothing_do_not_ask() {
    let mut site = asking();
    site.collect.sensitive = vec!["/page".into()];
    let shop = Shop::of(site, page(&[GA, META].concat())).await;
    assert_eq!(told(&shop.page("").await)[1], "0");
}

/// A page that a browser kept is not shown again where the visitor stands elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn kept_pages_follow_the_choice() {
    let shop = Shop::open().await;
    shop.page("").await;
    let accept = "Accept: text/html\r\nSec-Fetch-Dest: document\r\n";
    let tag = |cookie: String| {
        let shop = &shop;
        async move {
            let got = shop.ask(&get("/page", &[accept, &cookie].concat())).await;
            assert!(got.get("vary").unwrap().contains("Accept-Language"), "{}", got.head);
            got.get("etag").unwrap().to_owned()
        }
    };
    let undecided = tag(String::new()).await;
    let refused = tag(cookie(&shop.choose(REFUSAL).await)).await;
    assert_ne!(undecided, refused);
    assert_eq!(tag(String::new()).await, undecided);
    assert_ne!(tag("Sec-GPC: 1\r\n".to_owned()).await, undecided);
}

/// What scripts add is held by the same list: in the guard's element, and, for what is allowed in the page itself, in the banner's.
#[tokio::test(flavor = "multi_thread")]
async fn the_guard_is_told_the_list() {
    const MARKETING: &str = r#"{"purposes":["marketing"]}"#;
    const TIKTOK: &str =
        "<script async src=https://analytics.tiktok.com/i18n/pixel/events.js></script>";
    let origin = Origin::new(|asked| {
        let more = if asked.to_ascii_lowercase().contains("x-more:") { TIKTOK } else { "" };
        let (page, head) =
            (page(&[META, more].concat()), "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n");
        vec![Step::Send(format!("{head}Content-Length: {}\r\n\r\n{page}", page.len()).into())]
    });
    let mut site = asking();
    site.guard.enabled = true;
    let shop = Shop::before(site, origin.await, |c| c).await;
    let lists = |page: &str| {
        let (_, guard) = page.split_once("<script src=\"/_consentry/guard/").expect("no guard");
        let (guard, _) = guard.split_once('>').unwrap();
        [guard, banner(page).unwrap()].map(|tag| {
            let (_, told) = tag.split_once("data-told=\"")?;
            told.split('"').next().map(str::to_owned)
        })
    };
    let [head, end] = lists(&shop.page("").await);
    let meta = end.unwrap();
    assert_eq!(head, None, "nothing is allowed yet");
    assert!(
        meta.starts_with("fam|meta|") && meta.contains("connect.facebook.net/en_US/fbevents.js "),
        "{meta}"
    );
    let all = cookie(&shop.choose(MARKETING).await);
    assert_eq!(lists(&shop.page(&all).await), [Some(meta.clone()), None]);
    let state = shop.ask(&get("/_consentry/guard/state", &all)).await;
    let state: serde_json::Value = serde_json::from_slice(&state.body).unwrap();
    assert_eq!(state["told"], *meta);

    let new = shop.page(&format!("x-more: 1\r\n{all}")).await;
    let [head, end] = lists(&new);
    assert_eq!(head.as_deref(), Some(&*meta));
    assert!(end.unwrap().starts_with("fam|meta tiktok|"), "{new}");
    assert!(banner(&new).unwrap().contains("data-new=\"m\""), "{new}");
    // The purpose is asked about again: nothing goes by the old list any more.
    let [head, end] = lists(&shop.page(&all).await);
    assert_eq!((head, end.unwrap().starts_with("fam|meta tiktok|")), (None, true));
    let again = cookie(&shop.choose(MARKETING).await);
    assert!(!shop.page(&format!("x-more: 1\r\n{again}")).await.contains("data-new"));
}

/// Where nobody has to be asked, no list holds anybody.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_need_for_consent_there_is_no_list() {
    let mut site = asking();
    site.guard.enabled = true;
    site.regime = Regime::OptOut;
    site.policy.allow_implied = true;
    let shop = Shop::of(site, page(&[GA, META].concat())).await;
    shop.page("").await;
    let some = cookie(&shop.choose(ANALYTICS).await);
    for headers in ["", &some] {
        let page = shop.page(headers).await;
        assert!(!page.contains("data-told") && !page.contains("data-new"), "{page}");
    }
}
