//! What becomes of cookies that vendors set before they were refused.

use crate::{
    front::{Front, KINDS},
    matrix::{get, page},
    origin::Origin,
    visitor::{Answer, Visitor},
};
use consentry::{consent::Day, engine::Site, policy::Mode};
use std::time::SystemTime;

const COOKIES: &str = "Cookie: a=1; _ga=GA1.1.1.1; _fbp=fb.1; session={\"b\"}";

/// What the visitor gets and the origin got.
async fn ask(kind: crate::front::Kind, site: Site, choice: &str) -> (Answer, String) {
    let page = page();
    let length = page.len();
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\r\n");
    let origin = Origin::fixed(format!("{head}{page}").into_bytes(), false).await;
    let front = Front::of(kind, origin.address, site).await;
    let own = format!("{COOKIES}; consentry=v1.x.{}.{choice}\r\n", Day::of(SystemTime::now()));
    let got = Visitor::new(front.visitors).await.ask(&get(&own)).await;
    (got, origin.requests().concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_vendors_cookies_do_not_reach_the_origin_and_end() {
    for kind in KINDS {
        let (got, asked) = ask(kind, Site::default(), "f0a0m1").await;
        assert!(!asked.contains("_ga=") && asked.contains("_fbp=fb.1; session={\"b\"}"), "{asked}");
        assert_eq!(
            got.all("set-cookie"),
            ["_ga=; Max-Age=0; Path=/", "_ga=; Max-Age=0; Path=/; Domain=shop.test"],
            "{kind:?}"
        );
        let (got, asked) = ask(kind, Site::default(), "f1a1m1").await;
        assert!(asked.contains("_ga=GA1.1.1.1; _fbp=fb.1"), "{asked}");
        assert_eq!(got.all("set-cookie"), [""; 0], "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_choice_cookies_are_kept_back_and_not_ended() {
    for kind in KINDS {
        let (got, asked) = ask(kind, Site::default(), "broken").await;
        assert!(!asked.contains("_ga=") && !asked.contains("_fbp="), "{asked}");
        assert!(asked.contains("a=1; session={\"b\"}; consentry="), "{asked}");
        assert_eq!(got.all("set-cookie"), [""; 0], "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn report_leaves_cookies_alone() {
    for kind in KINDS {
        let site = Site { mode: Mode::Report, ..Site::default() };
        let (got, asked) = ask(kind, site, "f0a0m0").await;
        assert!(asked.contains("_ga=GA1.1.1.1"), "{asked}");
        assert_eq!(got.all("set-cookie"), [""; 0], "{kind:?}");
    }
}
