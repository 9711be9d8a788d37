use super::{
    fake::{Fake, Nobody},
    *,
};
use crate::policy::Place;
use http::{HeaderName, header::*};
use proptest::{collection::vec, prelude::*};

static OWN: OwnNeeds = OwnNeeds {
    inline: Vec::new(),
    nonce: None,
    scripts: Vec::new(),
    files: Vec::new(),
    connect: Vec::new(),
    types: Vec::new(),
};

const FACTS: Facts<'_> = Facts {
    rewritten: true,
    depends_on_consent: true,
    state: State { class: "none", fingerprint: "1a2b" },
    signals: &["Cookie"],
    own: &OWN,
    narrow: true,
    ours: None,
};

fn head(lines: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    headers
}

fn shown(headers: &HeaderMap) -> Vec<String> {
    let mut lines: Vec<_> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    lines.sort();
    lines
}

#[test]
fn a_page_leaves_with_a_clean_head() {
    let mut headers = head(&[
        ("accept-ranges", "bytes"),
        ("cache-control", "public, max-age=60"),
        ("content-length", "5"),
        ("content-type", "text/html"),
        ("etag", "\"x\""),
        ("last-modified", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("link", "<https://held.test/>; rel=preconnect, </a.css>; rel=preload; as=style"),
        ("link", "<//held.test/x.js>; rel=preload; as=script"),
        ("nel", r#"{"report_to":"default"}"#),
        ("refresh", "1;url=//held.test/"),
        ("report-to", r#"{"endpoints":[{"url":"https://held.test/r"}]}"#),
        ("server-timing", "db;dur=5"),
        ("set-cookie", "held=1"),
        ("set-cookie", "own=1"),
    ]);
    let (edits, findings) = page(&headers, &Fake, &FACTS);
    apply(&edits, &mut headers);
    assert_eq!(
        shown(&headers),
        [
            "cache-control: private, max-age=60",
            "content-type: text/html",
            "etag: W/\"x+s-none-1a2b\"",
            "link: </a.css>; rel=preload; as=style",
            "server-timing: db;dur=5",
            "set-cookie: own=1",
            "vary: Cookie",
        ]
    );
    let places: Vec<_> = findings.into_iter().map(|finding| finding.place).collect();
    let header = Place::Header;
    let cookie = Place::Cookie("held".to_owned());
    assert_eq!(
        places,
        [header("link"), header("link"), header("refresh"), cookie, header("report-to")]
    );
}

#[test]
fn a_head_on_which_consent_decided_is_private() {
    for line in [("set-cookie", "held=1"), ("link", "<//granted.test/>; rel=preload")] {
        let mut headers = head(&[line, ("etag", "\"x\"")]);
        apply(&subresource(&headers, &Fake, &["Cookie"]).0, &mut headers);
        assert_eq!(headers[CACHE_CONTROL], "private");
        assert_eq!(headers[VARY], "Cookie");
        assert_eq!(headers[ETAG], "\"x\"");
    }
    assert_eq!(subresource(&head(&[("etag", "\"x\"")]), &Fake, &["Cookie"]).0, []);
}

#[test]
fn early_hints_lose_their_links_and_nothing_else() {
    let mut headers =
        head(&[("link", "<//held.test>; rel=preload"), ("link", "</a>; rel=preload")]);
    let (edits, findings) = early_hints(&headers, &Fake);
    apply(&edits, &mut headers);
    assert_eq!(shown(&headers), ["link: </a>; rel=preload"]);
    assert_eq!(findings.len(), 1);
}

#[test]
fn the_operator_is_told() {
    assert_eq!(operator(Mode::Enforce, "none"), "enforce; consent=none");
    assert_eq!(operator(Mode::Enforce, "\n"), "enforce");
    assert_eq!(operator(Mode::Report, "fa"), "report");
    assert_eq!(operator(Mode::Off, "\n"), "off");
}

#[test]
fn hostile_heads_take_linear_time() {
    let begun = std::time::Instant::now();
    for (name, start, unit) in [
        ("cache-control", "private", ",x1,x2=\"y"),
        ("content-security-policy", "script-src", " 'nonce-a' 'nonce-b'"),
        ("content-security-policy", "", "script-src 'nonce-a',"),
        ("content-security-policy", "", "report-uri //held.test /a;"),
        ("etag", "\"", "+s-none-"),
        ("link", "", "<//held.test/>;rel=preload,"),
        ("link", "</a>;rel=\"", "preload icon "),
        ("link", "</a>;rel=preload;imagesrcset=\"", "a (,b "),
        ("link", "", ";rel=<"),
        ("report-to", "", "{\"endpoints\":[{\"url\":\"//held.test\"}]},"),
        ("report-to", "", "{\"a\":["),
        ("reporting-endpoints", "", "a=\"//held.test\",b=\"\\\\\","),
        ("refresh", "0;", "url=//held.test "),
        ("refresh", "", "//held.test/"),
        ("vary", "", "a,"),
    ] {
        let value = format!("{start}{}", unit.repeat((256 << 10) / unit.len()));
        let headers = head(&[(name, &value), ("content-security-policy", "script-src 'nonce-b'")]);
        let _ = page(
            &headers,
            &Fake,
            &Facts { own: &OwnNeeds::inline(vec!["'sha256-YQ=='".to_owned()]), ..FACTS },
        );
    }
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
}

const READ: [&str; 14] = [
    "cache-control",
    "content-security-policy",
    "content-security-policy-report-only",
    "etag",
    "link",
    "nel",
    "refresh",
    "report-to",
    "reporting-endpoints",
    "set-cookie",
    "speculation-rules",
    "vary",
    "x-other",
    "if-none-match",
];

fn any_head() -> impl Strategy<Value = HeaderMap> {
    let text = "([-a-z;,=<>\"'\\\\{}\\[\\]: ]|//held\\.test/|rel=preload|report-uri|0;url=|\"url\":){0,20}";
    let bytes = prop_oneof![
        text.prop_map(String::into_bytes),
        vec(prop_oneof![Just(9_u8), 0x20_u8..0x7f, 0x80_u8..=0xff], 0..60),
    ];
    vec((proptest::sample::select(&READ[..]), bytes), 0..8).prop_map(|lines| {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, HeaderValue::from_bytes(&value).unwrap());
        }
        headers
    })
}

proptest! {
    #[test]
    fn a_head_of_nobody_stays(headers in any_head()) {
        prop_assert_eq!(subresource(&headers, &Nobody, &["Cookie"]), (vec![], vec![]));
        prop_assert_eq!(early_hints(&headers, &Nobody), (vec![], vec![]));
        let mut changed = headers.clone();
        apply(&page(&headers, &Nobody, &FACTS).0, &mut changed);
        for name in READ.iter().filter(|n| !["cache-control", "vary", "etag"].contains(*n)) {
            prop_assert!(changed.get_all(*name).iter().eq(headers.get_all(*name).iter()));
        }
    }

    #[test]
    fn a_clean_head_has_nothing_more_to_hold(headers in any_head()) {
        let mut clean = headers;
        apply(&page(&clean, &Fake, &FACTS).0, &mut clean);
        let (_, findings) = page(&clean, &Fake, &FACTS);
        prop_assert!(findings.iter().all(|finding| !finding.judged.is_held()), "{findings:?}");
    }
}
