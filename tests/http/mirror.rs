//! What a mirror tells, and the cookie and the pages that follow from it.

use super::{
    front::{Front, KINDS, Kind},
    origin::{Origin, Step},
    visitor::{Answer, Visitor},
};
use consentry::{
    consent::{self, Cmp},
    engine::Site,
};

const PAGE: &str = "<!doctype html><head><title>x</title></head><p>x</p><script src=https://static.hotjar.com/c/h.js></script>";

fn site() -> Site {
    let cmps = vec![Cmp::Usercentrics, Cmp::Klaro, Cmp::OneTrust];
    let map = [("x".to_owned(), consentry::purpose::Purpose::Analytics)].into();
    let maps = [(Cmp::Klaro, map)].into();
    Site {
        consent: consent::Config { cmps, maps, ..consent::Config::default() },
        ..Site::default()
    }
}

fn page() -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{PAGE}",
        PAGE.len()
    )
    .into()
}

async fn front(kind: Kind, site: Site) -> (Front, Origin) {
    let origin = Origin::new(|_| vec![Step::Send(page())]).await;
    (Front::of(kind, origin.address, site).await, origin)
}

async fn ask(front: &Front, request: &str) -> Answer {
    Visitor::new(front.visitors).await.ask(request).await
}

async fn tell(front: &Front, headers: &str, body: &str) -> Answer {
    let length = body.len();
    let head = format!(
        "POST /_consentry/mirror HTTP/1.1\r\nHost: shop.test\r\n{headers}Content-Length: {length}\r\n\r\n"
    );
    ask(front, &format!("{head}{body}")).await
}

const OWN: &str =
    "Origin: http://shop.test\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n";
const YES: &str = r#"{"cmp":"usercentrics","purposes":["analytics","marketing"]}"#;
const NO: &str = r#"{"cmp":"usercentrics","purposes":[]}"#;

fn json(answer: &Answer) -> &str {
    std::str::from_utf8(&answer.body).unwrap()
}

/// The cookie as a browser sends it back.
fn cookie(answer: &Answer) -> String {
    let line = answer.get("set-cookie").unwrap();
    format!("Cookie: {}\r\n", line.split(';').next().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_becomes_a_cookie_under_which_pages_are_made() {
    for kind in KINDS {
        let (front, origin) = front(kind, site()).await;
        let yes = tell(&front, OWN, YES).await;
        assert_eq!(
            (yes.status, json(&yes)),
            (200, r#"{"cmp":"usercentrics","before":"","granted":"am"}"#)
        );
        let line = yes.get("set-cookie").unwrap();
        assert!(
            line.starts_with("consentry-mirror-usercentrics=v1.0.") && line.contains(".f0a1m1.e; "),
            "{line}"
        );
        assert!(line.ends_with("; Path=/; Max-Age=15552000; SameSite=Lax"), "{line}");
        assert_eq!(yes.get("cache-control"), Some("no-store"));
        let given = cookie(&yes);
        let get = |headers: &str| {
            format!(
                "GET / HTTP/1.1\r\nHost: shop.test\r\nAccept: text/html\r\nSec-Fetch-Dest: document\r\n{headers}\r\n"
            )
        };
        let loads = |answer: &Answer| String::from_utf8_lossy(&answer.body).contains("hotjar");
        assert!(!loads(&ask(&front, &get("")).await));
        assert!(loads(&ask(&front, &get(&given)).await), "{kind:?}");
        // Taken back: denials in the place of the grants.
        let no = tell(&front, &format!("{OWN}{given}"), NO).await;
        assert_eq!(json(&no), r#"{"cmp":"usercentrics","before":"am","granted":""}"#);
        assert!(!loads(&ask(&front, &get(&cookie(&no))).await));
        // An opt-out header refuses whatever a mirror tells.
        let gpc = tell(&front, &format!("{OWN}Sec-GPC: 1\r\n"), YES).await;
        assert_eq!(json(&gpc), r#"{"cmp":"usercentrics","before":"","granted":"a"}"#);
        assert!(origin.requests().iter().all(|request| request.starts_with("GET / ")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_tells_anything() {
    let (front, origin) = front(Kind::Program, site()).await;
    let json_type = "Content-Type: application/json\r\n";
    for (headers, body, status) in [
        (format!("Origin: http://evil.test\r\n{json_type}"), YES, 403),
        (format!("Origin: null\r\n{json_type}"), YES, 403),
        (format!("Origin: http://shop.test\r\nSec-Fetch-Site: same-site\r\n{json_type}"), YES, 403),
        (json_type.to_owned(), YES, 403),
        ("Origin: http://shop.test\r\nContent-Type: text/plain\r\n".to_owned(), YES, 415),
        (OWN.to_owned(), "{", 400),
        (OWN.to_owned(), r#"{"cmp":"klaro","purposes":["analytics"]}"#, 400),
        (OWN.to_owned(), r#"{"cmp":"onetrust","purposes":["analytics"]}"#, 400),
        (OWN.to_owned(), &*format!("{YES}{}", " ".repeat(1024)), 413),
    ] {
        let got = tell(&front, &headers, body).await;
        assert_eq!((got.status, got.get("set-cookie")), (status, None), "{headers} {body}");
    }
    let get = ask(&front, "GET /_consentry/mirror HTTP/1.1\r\nHost: shop.test\r\n\r\n").await;
    assert_eq!((get.status, get.get("allow")), (405, Some("POST")));
    let none = Front::of(Kind::Program, origin.address, Site::default()).await;
    assert_eq!(tell(&none, OWN, YES).await.status, 404);
    assert!(origin.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_pages_of_sites_that_need_it_get_the_script() {
    let (front, origin) = front(Kind::Program, site()).await;
    let get = |to: &str| {
        let to = if to.is_empty() { String::new() } else { format!("Sec-Fetch-Dest: {to}\r\n") };
        format!("GET / HTTP/1.1\r\nHost: shop.test\r\nAccept: text/html\r\n{to}\r\n")
    };
    let path = |answer: &Answer| {
        let page = String::from_utf8_lossy(&answer.body).into_owned();
        let start = page.split_once("/_consentry/mirror/").map(|(_, rest)| rest.to_owned());
        start.map(|rest| format!("/_consentry/mirror/{}", rest.split('"').next().unwrap()))
    };
    for (to, has) in [("document", true), ("", true), ("iframe", false), ("empty", false)] {
        assert_eq!(path(&ask(&front, &get(to)).await).is_some(), has, "{to}");
    }
    let path = path(&ask(&front, &get("document")).await).unwrap();
    let file = ask(&front, &format!("GET {path} HTTP/1.1\r\nHost: shop.test\r\n\r\n")).await;
    assert_eq!(file.get("cache-control"), Some("public, max-age=31536000, immutable"));
    assert!(String::from_utf8_lossy(&file.body).contains("\"usercentrics\""));
    let none = Front::of(Kind::Program, origin.address, Site::default()).await;
    let bare = ask(&none, &get("document")).await;
    assert!(!String::from_utf8_lossy(&bare.body).contains("/_consentry/mirror"));
    assert_eq!(
        ask(&none, &format!("GET {path} HTTP/1.1\r\nHost: shop.test\r\n\r\n")).await.status,
        404
    );
}
