//! Measures what one request's consent costs: from its headers to the ruling that every URL of the page is looked up in.
//!
//! 1. `three_managers` is an 8 KB `Cookie` header as shops have it: OneTrust, Cookiebot and CookieYes, a TC string beside them, and the
//!    rest cookies of others. All vendors of the built-in catalogue that have an id in the Global Vendor List are asked about.
//! 2. `others_alone` is as long a header without any consent in it; the other `_alone` have nothing but the one manager.
//! 3. `nothing` is a request without cookies.
//! 4. Time is the thread's own, as in `benches/engine.rs`.
//! 5. `range_bomb` is the widest range as often as 4 KB hold it.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench that cannot run should say so"
)]

mod core_time;

use self::core_time::CoreTime;
use consentry::{
    config::built_in,
    consent::{Config, Reader},
    policy::{Policy, Regime},
};
use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};
use http::{HeaderMap, HeaderValue, header::COOKIE};
use std::{
    hint::black_box,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Made with the IAB's library on 2026-06-01: 14 vendors, all purposes.
const TC: &str = "CQlH_MAQlH_MAAfABAENBjFgAP_gAEPgAAYgGMwDgAFAAZABAAC0AGQANAAigBMAC2AGEAQgApAF5gMZAxmAcAAoADIAIAAWgAyABoAEUAJgAWwAwgCEAFIAvMBjIAAA.IGMwDgAFAAZABAAC0AGQANAAigBMAC2AGEAQgApAF5gMZAAA.YAAAAAAAAAAA";

fn managers() -> Vec<String> {
    vec![
        "OptanonConsent=isGpcEnabled=0&datestamp=Mon+Jun+01+2026+12%3A11%3A12+GMT%2B0200+(Central+European+Summer+Time)\
         &version=202512.1.0&browserGpcFlag=0&isIABGlobal=false&hosts=&consentId=1f2e3d4c-0000-4000-8000-000000000000\
         &interactionCount=1&isAnonUser=1&landingPath=NotLandingPage\
         &groups=C0001%3A1%2CC0002%3A1%2CC0003%3A1%2CC0004%3A1&intType=1&geolocation=NO%3B&AwaitingReconsent=false"
            .to_owned(),
        "OptanonAlertBoxClosed=2026-06-01T10:11:12.345Z".to_owned(),
        "CookieConsent={stamp:%27Tx6T+a/b==%27%2Cnecessary:true%2Cpreferences:true%2Cstatistics:true%2Cmarketing:true\
         %2Cmethod:%27explicit%27%2Cver:1%2Cutc:1780155987483%2Cregion:%27be%27}"
            .to_owned(),
        "cookieyes-consent=consentid:YjZOdg,consent:yes,action:yes,necessary:yes,functional:yes,analytics:yes,performance:yes,\
         advertisement:yes,other:yes"
            .to_owned(),
    ]
}

/// Cookies of others, `bytes` of them.
fn others(bytes: usize) -> Vec<String> {
    let cookie = |at: usize| format!("shop_{at}_x={}", "x".repeat(40 + at * 7 % 150));
    let mut total = 0;
    (0..)
        .map(cookie)
        .take_while(|c| {
            total += c.len() + 2;
            total <= bytes
        })
        .collect()
}

fn headers(cookies: &[String]) -> HeaderMap {
    let line = cookies.join("; ");
    HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(&line).unwrap())])
}

/// 2026-06-15T12:00:00Z.
fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_781_524_800)
}

fn bomb() -> String {
    let number = |value: u64, bits: usize| format!("{value:0bits$b}");
    let tenths = 17_803_584_000;
    let head = [
        (2, 6),
        (tenths, 36),
        (tenths, 36),
        (31, 12),
        (1, 12),
        (1, 6),
        (0, 12),
        (100, 12),
        (5, 6),
        (2, 2),
    ];
    let ranges = 700;
    let rest = [(0, 12), (0, 24), (0, 24), (0, 13), (65_535, 16), (1, 1), (ranges, 12)];
    let mut bits: String =
        head.iter().chain(&rest).map(|(value, count)| number(*value, *count)).collect();
    (0..ranges).for_each(|_| bits += &(number(1, 1) + &number(1, 16) + &number(65_535, 16)));
    bits += &"0".repeat(32);
    let letters: Vec<char> =
        ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_']).collect();
    let six = |bits: &[u8]| u8::from_str_radix(str::from_utf8(bits).unwrap(), 2).unwrap();
    let core: String = bits
        .as_bytes()
        .chunks_exact(6)
        .map(|bits| letters.get(usize::from(six(bits))).unwrap())
        .collect();
    format!("euconsent-v2={core}A.IAAA")
}

fn verdicts(c: &mut Criterion<CoreTime>) {
    let vendors = built_in();
    let reader = Reader::new(&Config::default()).asking_about(vendors.iter().filter_map(|v| v.gvl));
    let tc = format!("euconsent-v2={TC}");
    let mut three = managers();
    three.push(tc.clone());
    let length: usize = three.iter().map(|cookie| cookie.len() + 2).sum();
    three.extend(others((8 << 10) - length));
    // The consent cookies stand anywhere in a real header.
    let half = three.len() / 2;
    three.rotate_left(half);
    let mut group = c.benchmark_group("consent");
    // The thread's time comes in steps of some milliseconds, so each sample has to be long.
    group.sampling_mode(SamplingMode::Flat).sample_size(20);
    let [onetrust, closed, cookiebot, cookieyes] = managers().try_into().unwrap();
    for (name, cookies) in [
        ("three_managers", three),
        ("onetrust_alone", vec![onetrust, closed]),
        ("cookiebot_alone", vec![cookiebot]),
        ("cookieyes_alone", vec![cookieyes]),
        ("others_alone", others(8 << 10)),
        ("tcf_alone", vec![tc]),
        ("range_bomb", vec![bomb()]),
        ("nothing", vec![]),
    ] {
        let headers = headers(&cookies);
        let consent = reader.read(&headers, now());
        let said: Vec<_> =
            consent.signals.iter().map(|s| format!("{}: {}", s.name, s.basis.name())).collect();
        println!(
            "{name}: {} cookies, {} bytes, {}",
            cookies.len(),
            headers.get(COOKIE).map_or(0, HeaderValue::len),
            said.join(", ")
        );
        group.bench_function(name, |b| {
            b.iter(|| {
                let consent = reader.read(black_box(&headers), now());
                Policy::default().rule(&consent, Regime::OptIn)
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CoreTime::default()).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = verdicts
}
criterion_main!(benches);
