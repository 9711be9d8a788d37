//! The shared strings with their decoded truth, through the decoders and through whole requests.

use super::truth::{Truth, ids};
use consentry::{
    consent::{
        Basis, Config, Consent, Iab, Reader, Vote,
        gpp::GppString,
        tcf::{Purposes, TcString},
    },
    purpose::Purpose,
};
use flate2::read::GzDecoder;
use http::{HeaderMap, HeaderValue, header::COOKIE};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::{
    env, fs,
    io::Read as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A string of our own beside the shared ones: a TC string with publisher restrictions, disclosed vendors and a publisher
/// segment, made with the IAB's library.
pub(crate) const OWN: &str =
    "CQuIxQAQuIxQABOAgFENAqEkAJMgAEKAABpwAAAACIAQ6ACAAMlABAAE.IABu.aSAAAAAAAAAA";
pub(crate) const OWN_GPP: &str = "DBACPeA~CQuIxQAQuIxQAAfAAAENAAFgAAAAAAAAAAAAAAAAAAAA.IAAA.YAAAAAAAAAAA~CAAQAAAAAABA.QA~BAEAAAQA~BAQAAAEA.QA";

/// A file of the folder `VECTORS`, else of `../shared/vectors` beside the crate.
fn file(name: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors");
    let path = env::var_os("VECTORS").map_or_else(beside, PathBuf::from).join(name);
    if !path.is_file() {
        println!("SKIPPED: {} is missing", path.display());
        return None;
    }
    Some(path)
}

/// The shared TC strings; none where they are not there.
pub(crate) fn tc() -> Vec<Truth> {
    let Some(path) = file("tc.jsonl.gz") else { return Vec::new() };
    let mut text = String::new();
    GzDecoder::new(fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text.lines().map(|line| truth(&serde_json::from_str(line).unwrap())).collect()
}

fn truth(line: &Value) -> Truth {
    let restricted = |(key, vendors): (&String, &Value)| {
        let (purpose, kind) = key.split_once('-').unwrap();
        (purpose.parse().unwrap(), kind.parse().unwrap(), ids(vendors))
    };
    Truth {
        text: line["tc"].as_str().unwrap().to_owned(),
        cmp: line["cmp"].as_u64().unwrap(),
        policy: line["policy"].as_u64().unwrap(),
        is_service_specific: line["ss"].as_bool().unwrap(),
        created: line["created"].as_i64().unwrap(),
        features: ids(&line["sf"]),
        purposes: ids(&line["pc"]),
        interests: ids(&line["pli"]),
        vendors: ids(&line["vc"]),
        vendor_interests: ids(&line["vli"]),
        disclosed: ids(&line["disc"]),
        publisher: ids(&line["pubc"]),
        restrictions: line["pr"].as_object().unwrap().iter().map(restricted).collect(),
    }
}

/// The shared GPP strings with their section ids; none where they are not there.
pub(crate) fn gpp() -> Vec<(String, Vec<u16>)> {
    let Some(path) = file("gpp.txt") else { return Vec::new() };
    let text = fs::read_to_string(path).unwrap();
    let parsed = |line: &str| {
        let (text, ids) = line.split_once(' ').unwrap();
        (text.to_owned(), ids.split(',').map(|id| id.parse().unwrap()).collect())
    };
    text.lines().map(parsed).collect()
}

#[test]
fn tc_strings_are_what_they_are() {
    tc().iter().for_each(Truth::check);
}

#[test]
fn gpp_strings_are_what_they_are() {
    for (text, ids) in gpp() {
        let string = GppString::parse(&text).unwrap();
        let ours: Vec<u16> = string.sections().map(|(id, _)| id).collect();
        assert_eq!(ours, ids, "{text}");
        let texts: Vec<&str> = string.sections().map(|(_, text)| text).collect();
        assert_eq!(texts.join("~"), text.split_once('~').unwrap().1);
    }
}

/// A day after the strings were made.
pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_392_000 + 86_400)
}

/// What a request with this `Cookie` header says.
pub(crate) fn read(cookie: &[u8]) -> Option<Consent> {
    let value = HeaderValue::from_bytes(cookie).ok()?;
    let headers: HeaderMap = [(COOKIE, value)].into_iter().collect();
    let reader = Reader::new(&Config::default()).asking_about(1..=400);
    Some(reader.read(&headers, now()))
}

#[test]
fn raw_encoded_and_doubly_encoded_strings_agree() {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let tc = tc().into_iter().map(|truth| ("euconsent-v2", truth.text));
    let gpp = gpp().into_iter().map(|(text, _)| ("__gpp", text));
    let own = [("euconsent-v2", OWN), ("__gpp", OWN_GPP), ("addtl_consent", "2~1.2~dv.3")];
    let own = own.map(|(name, text)| (name, text.to_owned()));
    for (name, text) in tc.chain(gpp).chain(own) {
        let once = encoded(&text);
        let forms = [text.clone(), once.clone(), encoded(&once)];
        let [raw, once, twice] = forms.map(|form| read(format!("{name}={form}").as_bytes()));
        assert!(raw.as_ref().is_some_and(|consent| consent.signals.len() == 1), "{text}");
        assert_eq!((&raw, &raw), (&once, &twice), "{text}");
    }
}

#[test]
fn a_request_is_told_what_the_string_says() {
    for truth in tc() {
        let consent = read(format!("euconsent-v2={}", truth.text).as_bytes()).unwrap();
        let [signal] = &consent.signals[..] else { panic!("{consent:?}") };
        assert_eq!((&*signal.name, signal.basis), (Iab::Tcf.name(), Basis::Explicit));
        let has = |purposes: &[u16]| purposes.iter().all(|p| truth.purposes.contains(p));
        assert_eq!(signal.votes.marketing, Vote::of(has(&[1, 2, 3, 4, 7])), "{}", truth.text);
        assert_eq!(signal.votes.analytics, Vote::of(has(&[1, 8]) || has(&[1, 9])));
        let answer = consent.tcf.unwrap();
        let string = TcString::parse(&truth.text).unwrap();
        for (vendor, purposes) in answer.vendors() {
            let unlocked = |number: &u8| string.unlock(vendor, Purposes::of(&[*number]));
            assert_eq!(purposes, Purposes::of(&(1..=24).filter(unlocked).collect::<Vec<_>>()));
            let marketing = answer.unlock(vendor, Purpose::Marketing).is_ok();
            assert_eq!(marketing, purposes.has_all(Purposes::of(&[1, 2, 3, 4, 7])));
        }
    }
}
