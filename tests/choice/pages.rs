//! What pages get of the banner.

use super::{
    origin::{Origin, Step},
    shop::{ALL, ANALYTICS, GA, META, REFUSAL, Shop, asking, cookie, get, page},
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
    let shop = Shop::open().await;
    let chosen = "Cookie: OptanonConsent=isGpcEnabled=0&interactionCount=1&landingPath=NotLandingPage&groups=C0001%3A1%2CC0002%3A0; \
                  OptanonAlertBoxClosed=2026-11-20T10:00:00.000Z\r\n";
    assert_eq!(banner(&shop.page(chosen).await), None);
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
