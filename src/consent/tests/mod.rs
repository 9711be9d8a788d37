//! Real cookies of each consent manager through the whole reader, and what hostile ones must never do.

mod cases;
mod managers;
mod states;

use self::cases::{CLOSED, PATH, cases, cookiebot, onetrust, vanilla};
use super::*;
use crate::purpose::{Purpose, PurposeSet};
use http::{HeaderMap, HeaderName, HeaderValue, header::COOKIE};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// 2026-06-15T12:00:00Z.
fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_781_524_800)
}

fn config() -> Config {
    let klaro = [
        ("googleAnalytics", Purpose::Analytics),
        ("matomo", Purpose::Analytics),
        ("meta", Purpose::Marketing),
    ];
    let map = klaro.map(|(name, purpose)| (name.to_owned(), purpose)).into_iter().collect();
    Config {
        cmps: Cmp::all().filter(|cmp| !cmp.is_in_browser()).collect(),
        maps: [(Cmp::Klaro, map)].into_iter().collect(),
        ..Config::default()
    }
}

fn headers(cookies: &[&str]) -> HeaderMap {
    let value = |cookie: &&str| HeaderValue::from_bytes(cookie.as_bytes()).unwrap();
    cookies.iter().map(|cookie| (COOKIE, value(cookie))).collect()
}

fn read(config: &Config, cookies: &[&str]) -> Consent {
    Reader::new(config).read(&headers(cookies), now())
}

/// The only signal of one cookie header: name, basis, and the votes as `fam` with `+`, `-` and `?`.
fn said(config: &Config, cookie: &str) -> (String, Basis, String) {
    match read(config, &[cookie]).signals.as_slice() {
        [signal] => (signal.name.to_string(), signal.basis, shown(&signal.votes)),
        [] => ("nobody".to_owned(), Basis::None, String::new()),
        more => panic!("{more:?}"),
    }
}

fn shown(votes: &Votes) -> String {
    let letter = |purpose| match votes.on(purpose) {
        Vote::Grant => '+',
        Vote::Deny => '-',
        Vote::Silent => '?',
    };
    Purpose::OPTIONAL.map(letter).iter().collect()
}

fn encoded(cookie: &str) -> String {
    let (name, value) = cookie.split_once('=').unwrap();
    format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))
}

fn check(config: &Config, cookie: &str, name: &str, basis: Basis, votes: &str) {
    let expected = (name.to_owned(), basis, votes.to_owned());
    assert_eq!(said(config, cookie), expected, "{cookie}");
}

#[test]
fn real_cookies_say_what_the_visitor_did() {
    for (cookie, name, basis, votes) in cases() {
        check(&config(), &cookie, name, basis, votes);
    }
}

#[test]
fn raw_encoded_and_doubly_encoded_forms_agree() {
    let foreign = |name| !matches!(name, "own" | "nobody");
    for (cookie, name, basis, votes) in cases().into_iter().filter(|case| foreign(case.1)) {
        let (main, closed) = cookie.split_once(';').unwrap_or((&cookie, ""));
        let once = encoded(main);
        check(&config(), &format!("{once};{closed}"), name, basis, votes);
        check(&config(), &format!("{};{closed}", encoded(&once)), name, basis, votes);
    }
    let captured = "CookieConsent={stamp:%27é==%27%2Cmarketing:true%2Cmethod:%27explicit%27}";
    check(&config(), captured, "cookiebot", Basis::Explicit, "??+");
    let closed = CLOSED.replace(':', "%253A");
    check(&config(), &onetrust("C0004:1", PATH, &closed), "onetrust", Basis::Explicit, "??+");
}

#[test]
fn the_sites_own_names_come_before_the_makers() {
    let names = [("C0007", Purpose::Marketing), ("C0004", Purpose::Necessary)];
    let map = names.map(|(name, purpose)| (name.to_owned(), purpose)).into_iter().collect();
    let shop = [("shop_ads", Purpose::Marketing), ("shop_video", Purpose::Functional)];
    let shop = shop.map(|(name, purpose)| (name.to_owned(), purpose)).into_iter().collect();
    let maps = [(Cmp::OneTrust, map), (Cmp::VanillaCookieConsent, shop)].into_iter().collect();
    let config = Config { maps, ..Config::default() };
    let cookie = onetrust("C0004:0,C0007:1", PATH, CLOSED);
    check(&config, &cookie, "onetrust", Basis::Explicit, "??+");
    let cookie = vanilla(r#""shop_ads","analytics""#, "");
    check(&config, &cookie, "vanilla-cookieconsent", Basis::Explicit, "-?+");
}

#[test]
fn a_choice_under_another_policy_or_revision_says_nothing() {
    let (own, theirs) = ("consentry=v1.p1.20260601.f1a1m1", vanilla(r#""ads""#, ""));
    for (current, basis) in [("p1", Basis::Explicit), ("p2", Basis::None)] {
        let config = Config { policy: Some(current.parse().unwrap()), ..Config::default() };
        assert_eq!(said(&config, own).1, basis);
    }
    for (current, basis) in [("3", Basis::Explicit), ("4", Basis::None)] {
        let revisions = [(Cmp::VanillaCookieConsent, current.to_owned())].into_iter().collect();
        let config = Config { revisions, ..Config::default() };
        assert_eq!(said(&config, &theirs).1, basis);
    }
}

#[test]
fn only_enabled_sources_under_their_own_names_are_read() {
    let cookie = "klaro={\"meta\":true}; kl={\"meta\":true}";
    assert_eq!(read(&Config::default(), &[cookie]), Consent::default());
    let cookies = [(Cmp::Klaro, "kl".to_owned())].into_iter().collect();
    let config = Config { cookies, ..config() };
    check(&config, "kl={\"meta\":true}", "klaro", Basis::Explicit, "??+");
    check(&config, "klaro={\"meta\":true}", "nobody", Basis::None, "");
    let twice = Config { cmps: vec![Cmp::Cookiebot; 2], ..Config::default() };
    check(&twice, "CookieConsent=0", "cookiebot", Basis::Explicit, "---");
}

#[test]
fn twins_combine_to_the_most_restrictive() {
    let explicit = |f: &str| cookiebot(&format!("{f},method:'explicit'"));
    let all = explicit("preferences:true,statistics:true,marketing:true");
    let some = explicit("preferences:true,statistics:true,marketing:false");
    for (a, b, basis, votes) in [
        (&*all, &*some, Basis::Explicit, "++-"),
        (&*all, "CookieConsent=0", Basis::Explicit, "---"),
        (&*all, "CookieConsent=-1", Basis::Implied, "+++"),
        (&*all, "CookieConsent=?", Basis::None, "???"),
        (&*some, "CookieConsent=?", Basis::Explicit, "??-"),
    ] {
        for pair in [[a, b], [b, a]] {
            check(&config(), &pair.join("; "), "cookiebot", basis, votes);
            let split = read(&config(), &pair);
            assert_eq!(split, read(&config(), &[&pair.join(";")]));
        }
    }
}

fn rule(find: Find, equals: &str) -> Config {
    let (cookie, equals) = ("shop".to_owned(), equals.to_owned());
    let rules = vec![Rule { cookie, find, equals, purpose: Purpose::Marketing }];
    Config { rules, ..Config::default() }
}

#[test]
fn rules_read_in_house_cookies() {
    let path = |p: &str, equals| rule(Find::Path(p.to_owned()), equals);
    let regex = |r: &str, equals| rule(Find::Regex(regex::Regex::new(r).unwrap()), equals);
    let list = |separator: &str, equals| rule(Find::List(separator.to_owned()), equals);
    let pairs = |separator: &str, key: &str, equals| {
        rule(Find::Pairs { separator: separator.to_owned(), key: key.to_owned() }, equals)
    };
    let (explicit, none) = (Basis::Explicit, Basis::None);
    for (config, value, basis, votes) in [
        (path("consents.ads", "true"), r#"{"consents":{"ads":true}}"#, explicit, "??+"),
        (
            path("consents.ads", "true"),
            "%7B%22consents%22%3A%7B%22ads%22%3Atrue%7D%7D",
            explicit,
            "??+",
        ),
        (path("consents.ads", "true"), r#"{"consents":{"ads":"no"}}"#, explicit, "??-"),
        (path("consents.ads", "true"), r#"{"consents":{"ads":[true]}}"#, explicit, "??-"),
        (path("consents.ads", "true"), r#"{"consents":{}}"#, none, "???"),
        (path("consents.ads", "true"), "consents.ads=true", none, "???"),
        (path("", "all"), "all", explicit, "??+"),
        (path("", "a b"), "a%2520b", explicit, "??+"),
        (path("", "all"), "none", explicit, "??-"),
        (path("", "all"), "all%", none, "???"),
        (regex("(?:^|,)ads:([01])", "1"), "stats:0,ads:1", explicit, "??+"),
        (regex("(?:^|,)ads:([01])", "1"), "stats:1%2Cads%3A0", explicit, "??-"),
        (regex("(?:^|,)ads:([01])", "1"), "stats:1", none, "???"),
        (regex("ads", "ads"), "x,ads", explicit, "??+"),
        (list(",", "ads"), "stats,ads", explicit, "??+"),
        (list(",", "ads"), "stats%2C%20ads", explicit, "??+"),
        (list(",", "ads"), "stats,ads2", explicit, "??-"),
        (list(",", "ads"), "", explicit, "??-"),
        (list(",", "ads"), "ads,%", none, "???"),
        (list("::", "ads"), "stats::ads", explicit, "??+"),
        (pairs("&", "ads", "1"), "stats=0&ads=1", explicit, "??+"),
        (pairs("&", "ads", "1"), "stats%3D0%26ads%3D0", explicit, "??-"),
        (pairs("|", "ads", "1"), "stats:0|ads:1", explicit, "??+"),
        (pairs("&", "ads", "1"), "ads=1&ads=0", explicit, "??-"),
        (pairs("&", "ads", "1"), "stats=1&badads=1", none, "???"),
        (pairs("&", "ads", "1"), "ads", none, "???"),
    ] {
        check(&config, &format!("shop={value}"), "rule:shop", basis, votes);
    }
    let config = path("", "all");
    check(&config, "shop=all; shop=none", "rule:shop", explicit, "??-");
    assert_eq!(read(&config, &["other=all"]), Consent::default());
}

#[test]
fn hostile_sizes_are_bounded_and_say_nothing() {
    let deep = format!("klaro={}", "{\"meta\":".repeat(1000));
    check(&config(), &deep, "klaro", Basis::None, "???");
    let own = "consentry=v1.p1.20260601.f1a1m1";
    let big = format!("{own}; x={}", "y".repeat(64 * 1024));
    check(&config(), &big, "cookies", Basis::Opaque, "???");
    let many = format!("{own}; {}", "CookieConsent=0;".repeat(4_000));
    let basis: Vec<_> = read(&config(), &[&many]).signals.iter().map(|s| s.basis).collect();
    assert_eq!(basis, [Basis::Explicit, Basis::Explicit]);
    let slow = rule(Find::Regex(regex::Regex::new("(?:(a+)+)+b$").unwrap()), "x");
    let long = format!("shop={}", "a".repeat(8 * 1024));
    let start = std::time::Instant::now();
    check(&slow, &long, "rule:shop", Basis::None, "???");
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[test]
fn gpc_refuses_beside_any_cookie() {
    let mut headers = headers(&["consentry=v1.p1.20260601.f1a1m1"]);
    headers.insert(HeaderName::from_static("sec-gpc"), HeaderValue::from_static("1"));
    let signals = Reader::new(&config()).read(&headers, now()).signals;
    let shown: Vec<_> = signals.iter().map(|s| (&*s.name, shown(&s.votes))).collect();
    assert_eq!(shown, [("own", "+++".to_owned()), ("gpc", "??-".to_owned())]);
    let config = Config { gpc: PurposeSet::EMPTY, ..config() };
    assert_eq!(Reader::new(&config).read(&headers, now()).signals.len(), 1);
}
