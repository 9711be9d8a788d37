//! Anything at all in consent cookies: no panic, no grant from noise, in bounded time, and right where it can be checked.
//!
//! How long the mutations run: `CONSENT_FUZZ_SECONDS`, else a minute where `CI` is `true`, else three seconds.

use super::{
    naive::Naive,
    vectors::{self, OWN, OWN_GPP, read},
};
use consentry::consent::{
    Basis, Cmp, Consent, Iab, Vote,
    gpp::GppString,
    tcf::{Purposes, TcString},
};
use proptest::prelude::*;
use rand::{Rng, SeedableRng as _, rngs::StdRng};
use std::{
    env,
    time::{Duration, Instant, SystemTime},
};

/// The time that one request's consent may take: a millisecond, and more where the code is not optimised or the machine is
/// busy with other tests.
const LONGEST: Duration = Duration::from_millis(if cfg!(debug_assertions) { 60 } else { 1 });

fn names() -> Vec<&'static str> {
    let cmps = Cmp::all().flat_map(Cmp::cookies);
    Iab::ALL.into_iter().flat_map(Iab::cookies).chain(cmps).copied().chain(["consentry"]).collect()
}

fn grants(consent: &Consent) -> bool {
    let explicit = |s: &&consentry::consent::Signal| s.basis == Basis::Explicit;
    consent.signals.iter().filter(explicit).any(|s| s.votes.any(Vote::Grant))
}

/// The shortest of a few runs: others run on the machine too.
fn time(cookie: &[u8]) -> Duration {
    let run = |_| {
        let start = Instant::now();
        std::hint::black_box(read(cookie));
        start.elapsed()
    };
    (0..5).map(run).min().unwrap()
}

/// A TC string whose vendor section repeats the widest range, as `range_bomb.py` prints it, but one that counts.
fn bomb(ranges: usize) -> String {
    let number = |value: u64, bits: usize| format!("{value:0bits$b}");
    let mut bits = number(2, 6);
    for (value, count) in [
        (17_953_920_000, 36),
        (17_953_920_000, 36),
        (31, 12),
        (1, 12),
        (1, 6),
        (133, 12),
        (100, 12),
        (5, 6),
        (1, 1),
        (0, 1),
        (0, 12),
        (0, 24),
        (0, 24),
        (0, 1),
        (0, 12),
        (65_535, 16),
        (1, 1),
        (ranges as u64, 12),
    ] {
        bits += &number(value, count);
    }
    for _ in 0..ranges {
        bits += &(number(1, 1) + &number(1, 16) + &number(65_535, 16));
    }
    bits += &(number(0, 16) + "0" + &number(0, 12));
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let padded = format!("{bits}{}", "0".repeat((6 - bits.len() % 6) % 6));
    let value = |at: usize| usize::from_str_radix(&padded[at..at + 6], 2).unwrap();
    let core: String =
        (0..padded.len()).step_by(6).map(|at| char::from(letters[value(at)])).collect();
    core + ".IAAA"
}

#[test]
fn range_bombs_cost_nothing() {
    for (ranges, is_read) in [(700, true), (4_000, false)] {
        let text = bomb(ranges);
        assert_eq!(TcString::parse(&text).is_ok(), is_read, "{} bytes", text.len());
        for name in ["euconsent-v2", "__gpp", "eupubconsent-v2"] {
            let cookie = format!("{name}={text}");
            assert!(!grants(&read(cookie.as_bytes()).unwrap()));
            let taken = time(cookie.as_bytes());
            assert!(taken < LONGEST, "{taken:?} for {} bytes in {name}", text.len());
        }
    }
}

/// The strings that mutations begin with, by the cookie that holds them.
fn seeds() -> Vec<(&'static str, String)> {
    let tc = vectors::tc().into_iter().map(|truth| ("euconsent-v2", truth.text));
    let gpp = vectors::gpp().into_iter().map(|(text, _)| ("__gpp", text));
    let own = [
        ("euconsent-v2", OWN),
        ("eupubconsent-v2", OWN),
        ("__gpp", OWN_GPP),
        ("addtl_consent", "2~1.35.41~dv.9.21"),
        ("OTAdditionalConsentString", "1~1.35.41.101"),
        ("usprivacy", "1YNN"),
        ("us_privacy", "1YYN"),
    ];
    tc.chain(gpp).chain(own.map(|(name, text)| (name, text.to_owned()))).collect()
}

/// Shapes that consent managers' cookies have, for names of which no string is at hand.
const SHAPES: [&str; 7] = [
    r#"{"necessary":true,"analytics":true,"marketing":true,"timestamp":1795392000}"#,
    "{stamp:'x',necessary:true,preferences:true,statistics:true,marketing:true,method:'explicit',ver:1}",
    "consent:yes,action:yes,necessary:yes,functional:yes,analytics:yes,advertisement:yes",
    "groups=C0001%3A1%2CC0002%3A1&interactionCount=1",
    "eyJhbmFseXRpY3MiOnRydWV9",
    "!gtag=true!facebookpixel=true",
    "v1.p1.20261123.f1a1m1",
];

fn mutated(rng: &mut StdRng, seed: &str, other: &str) -> Vec<u8> {
    let mut bytes = seed.as_bytes().to_vec();
    for _ in 0..rng.random_range(1..=4) {
        let at = rng.random_range(0..=bytes.len());
        let end = rng.random_range(at..=bytes.len());
        match rng.random_range(0..9) {
            0 if at < bytes.len() => bytes[at] ^= 1 << rng.random_range(0..7),
            1 if at < bytes.len() => bytes[at] = b"AZaz09-_.~%{}\":,"[rng.random_range(0..16)],
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..end)),
            4 => bytes.insert(at, rng.random_range(32..127)),
            5 => bytes.extend_from_within(at..end),
            6 => {
                let from = rng.random_range(0..=other.len());
                bytes.splice(at..end, other.bytes().skip(from));
            }
            7 => {
                let encoded: String = bytes.iter().map(|b| format!("%{b:02X}")).collect();
                bytes = encoded.into_bytes();
            }
            _ => bytes.splice(at..at, [b'A'; 24]).for_each(drop),
        }
        bytes.truncate(6_000);
    }
    bytes.retain(|b| !matches!(b, b';' | 0..=31 | 127..));
    bytes
}

/// What both decoders of a TC string make of `text`.
fn compare(text: &str) {
    let (ours, naive) = (TcString::parse(text).ok(), Naive::parse(text));
    assert_eq!(ours.is_some(), naive.is_some(), "{text}");
    let (Some(ours), Some(naive)) = (ours, naive) else { return };
    for vendor in (0..60).chain([299, 300, 755, 1000, 65_535]) {
        for purpose in 1..=24 {
            let unlocked = ours.unlock(vendor, Purposes::of(&[purpose]));
            assert_eq!(unlocked, naive.unlock(vendor, purpose), "{purpose} for {vendor}: {text}");
        }
    }
}

#[test]
fn mutations_are_read_as_they_are() {
    let in_ci = env::var("CI").is_ok_and(|ci| ci == "true");
    let seconds = env::var("CONSENT_FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let end = Instant::now() + Duration::from_secs(seconds.unwrap_or(if in_ci { 60 } else { 3 }));
    let seed = env::var("CONSENT_SEED").ok().and_then(|seed| seed.parse().ok());
    let clock = || SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64;
    let seed = seed.unwrap_or_else(clock);
    println!("CONSENT_SEED={seed}");
    let (mut rng, seeds, names) = (StdRng::seed_from_u64(seed), seeds(), names());
    let mut tried: u64 = 0;
    while Instant::now() < end || tried < 100 {
        let (home, text) = &seeds[rng.random_range(0..seeds.len())];
        let (_, other) = &seeds[rng.random_range(0..seeds.len())];
        let (name, value) = match rng.random_range(0..3) {
            0 => (*home, mutated(&mut rng, text, other)),
            1 => (names[rng.random_range(0..names.len())], mutated(&mut rng, text, other)),
            _ => {
                let shape = SHAPES[rng.random_range(0..SHAPES.len())];
                (names[rng.random_range(0..names.len())], mutated(&mut rng, shape, other))
            }
        };
        let cookie = [name.as_bytes(), b"=", &value].concat();
        let start = Instant::now();
        std::hint::black_box(read(&cookie));
        let shown = String::from_utf8_lossy(&cookie);
        assert!(start.elapsed() < LONGEST || time(&cookie) < LONGEST, "slow: {shown}");
        if let Ok(text) = str::from_utf8(&value) {
            compare(text);
            std::hint::black_box(GppString::parse(text).map(|string| string.opts_out())).ok();
        }
        tried += 1;
    }
    println!("{tried} mutations");
}

#[test]
fn us_strings_never_grant() {
    for (text, ids) in vectors::gpp() {
        let consent = read(format!("__gpp={text}").as_bytes()).unwrap();
        assert!(!grants(&consent), "{text}");
        let [signal] = &consent.signals[..] else { panic!("{consent:?}") };
        let us = ids.iter().any(|id| *id >= 7);
        assert!(us || signal.votes.functional == Vote::Silent);
        let out = GppString::parse(&text).unwrap().opts_out();
        assert!(!out || signal.votes.marketing == Vote::Deny, "{text}");
    }
}

proptest! {
    #[test]
    fn noise_never_grants(
        at in 0_usize..1000,
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        letters in "C[A-Za-z0-9_.-]{0,400}",
    ) {
        let names = names();
        let name = names[at % names.len()].as_bytes();
        for value in [&bytes, letters.as_bytes()] {
            let Some(consent) = read(&[name, b"=", value].concat()) else { continue };
            prop_assert!(!grants(&consent), "{consent:?}");
        }
    }

    #[test]
    fn the_order_of_strings_does_not_matter(
        mut cookies in proptest::sample::subsequence(seeds_of_all(), 0..6).prop_shuffle(),
    ) {
        let whole = |cookies: &[String]| read(cookies.join("; ").as_bytes()).unwrap();
        let outcome = |c: Consent| {
            let signals = c.signals.into_iter().map(|s| (s.name, s.basis, s.votes));
            (signals.collect::<Vec<_>>(), c.tcf)
        };
        let before = outcome(whole(&cookies));
        cookies.sort();
        prop_assert_eq!(before, outcome(whole(&cookies)));
    }

    #[test]
    fn a_refusal_beside_a_grant_stays_a_refusal(
        cookies in proptest::sample::subsequence(seeds_of_all(), 1..6),
        at in 0_usize..6,
    ) {
        let whole = |cookies: &[String]| read(cookies.join("; ").as_bytes()).unwrap();
        let denied = |c: &Consent| c.signals.iter().any(|s| s.votes.marketing == Vote::Deny);
        let after = whole(&cookies);
        let mut fewer = cookies.clone();
        fewer.remove(at % cookies.len());
        prop_assert!(!denied(&whole(&fewer)) || denied(&after));
        for (id, allowed) in after.tcf.iter().flat_map(|answer| answer.vendors()) {
            let before = whole(&fewer).tcf.map(|answer| {
                answer.vendors().find(|(other, _)| *other == id).unwrap().1
            });
            prop_assert!(before.is_none_or(|before| before.has_all(allowed)));
        }
    }
}

/// Cookies of every kind, with strings that differ.
fn seeds_of_all() -> Vec<String> {
    let more =
        ["euconsent-v2=C", "us_privacy=1YYN", "usprivacy=1---", "__gpp=DBAA", "addtl_consent=1~2"];
    let seeds = seeds();
    let some = seeds.iter().step_by(9).map(|(name, text)| format!("{name}={text}"));
    some.chain(more.map(str::to_owned)).collect()
}
