//! For every host of the catalogue and the long tail, for every path of an endpoint and for URLs at random, under several consents.

use super::{CATALOG, files, folder, node, scope};
use consentry::{
    catalog::{Config, Destination, Page, Prefix, Scope, Shape, Target, ThirdParty},
    choice::Offer,
    consent::{Basis, Consent, Signal, VendorList, Vote, Votes},
    page::guard::told,
    policy::{Gate, Policy, Regime, Ruling},
    purpose::Purpose,
    site::Site,
};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{TestRng, TestRunner},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path, sync::Arc};
use url::Url;

const DESTINATIONS: [(Destination, &str); 10] = [
    (Destination::Script, "S"),
    (Destination::Image, "I"),
    (Destination::Style, "Y"),
    (Destination::Font, "T"),
    (Destination::Iframe, "F"),
    (Destination::Object, "O"),
    (Destination::Media, "M"),
    (Destination::Connect, "C"),
    (Destination::Ping, "P"),
    (Destination::Other, "X"),
];

/// `shown` is the list of vendors that the visitor was shown.
fn ruling(granted: &str, shown: Option<&Offer>) -> Ruling {
    let vote = |letter| if granted.contains(letter) { Vote::Grant } else { Vote::Deny };
    let votes = Votes { functional: vote('f'), analytics: vote('a'), marketing: vote('m') };
    let signal = Signal { name: "own".into(), basis: Basis::Explicit, votes, note: "".into() };
    let told = shown.map(|offer| Arc::new(offer.clone()) as Arc<dyn VendorList>);
    let told = told.into_iter().collect();
    Policy::default().rule(&Consent { told, ..vec![signal].into() }, Regime::OptIn)
}

fn letter(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Necessary => "n",
        Purpose::Functional => "f",
        Purpose::Analytics => "a",
        Purpose::Marketing => "m",
    }
}

/// The URLs of everything that is known, and of what is near it.
fn known() -> Vec<String> {
    let catalog = *CATALOG;
    let rules = catalog.host_rules().chain(catalog.served_rules()).flat_map(|rule| {
        let (host, path) = (rule.host, rule.path);
        [
            format!("https://{host}{path}"),
            format!("https://x.{host}{path}/a.js?b=c"),
            format!("//{host}{path}x"),
            format!("https://{host}/"),
            format!("https://{host}:8443{path}"),
            format!("https://x{host}{path}"),
        ]
    });
    let site = Site::of_host("invalid");
    let tail = catalog.tail_rules(&site).flat_map(|(host, _)| {
        [format!("https://{host}/"), format!("wss://a.b.{host}/ads/pixel.gif")]
    });
    rules.chain(tail).collect()
}

/// A URL of each host that saved pages name, where there are some: most of these hosts are nobody's.
fn saved() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/pages");
    let Ok(files) = fs::read_dir(&folder) else {
        println!("SKIPPED: saved pages: {} is missing", folder.display());
        return Vec::new();
    };
    let mut hosts = BTreeSet::new();
    for file in files.flatten() {
        let text = fs::read(file.path()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).to_ascii_lowercase();
        for rest in text.split("//").skip(1) {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-')));
            let host = rest.split_at(end.unwrap_or(rest.len())).0;
            if host.contains('.') && !host.starts_with('.') && host.len() < 80 {
                hosts.insert(format!("https://{host}/x"));
            }
        }
    }
    println!("{} hosts of saved pages", hosts.len());
    hosts.into_iter().collect()
}

fn random(count: usize) -> Vec<String> {
    let hosts = "(www\\.|ads\\.|a1\\.|stats2\\.|)(shop|shopcdn|example|doubleclick|google|facebook|ad-server|webtrackingfoo|trackpad|xn--mnchen-3ya|cdn)\\.(com|net|example|co\\.uk|de)";
    let paths =
        "(/(ads|tr|gtag|js|AD|ad|7b|x|pixel\\.gif|track-er|a%2Fb|%2e%2e|ad516|add|G|collect|))*";
    let url = (r"(https?:|wss:|)", hosts, "(\\.|)(:8080|)", paths, "(\\?a=//b|#c|)");
    let mut runner = TestRunner::new_with_rng(
        ProptestConfig::default(),
        TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let one = |runner: &mut TestRunner| {
        let (scheme, host, port, path, rest) = url.new_tree(runner).unwrap().current();
        format!("{scheme}//{host}{port}{path}{rest}")
    };
    (0..count).map(|_| one(&mut runner)).collect()
}

fn expected(gate: &Gate, url: &str, to: Destination, shape: Shape) -> Value {
    let parsed = gate.page().url().join(url).ok();
    let target = parsed.as_ref().and_then(|url| Target::new(url, to, shape));
    match target.and_then(|target| gate.target(&target)) {
        None => Value::Null,
        Some(judged) if judged.is_held() => letter(judged.vendor.purpose).into(),
        Some(judged) if judged.is_needless() => "".into(),
        Some(judged) => {
            judged.served().map_or(Value::Null, |path| format!("https://shop.example{path}").into())
        }
    }
}

fn site(scope: &Arc<Scope>, granted: &str, shown: Option<&Offer>, urls: &[String]) -> Value {
    let page = Arc::new(Page::new(Url::parse("https://shop.example/a/b").unwrap()));
    let catalog = super::CATALOG_SHARED.clone();
    let ruling = ruling(granted, shown);
    let told = shown.map(|_| told(&CATALOG, scope, "fam", ruling.lists())).unwrap_or_default();
    let gate =
        Gate::new(catalog, scope.clone(), Arc::new(ruling), page).serving(&Prefix::default());
    let cases: Vec<Value> = urls
        .iter()
        .enumerate()
        .flat_map(|(at, url)| {
            // Each URL in some of the ways; together in all of them.
            let (to, name) = DESTINATIONS[at % 10];
            let (other, other_name) = DESTINATIONS[(at / 10 + 3) % 10];
            let hidden = expected(&gate, url, to, Shape::Hidden);
            let plain = expected(&gate, url, other, Shape::Plain);
            [json!([url, name, true, hidden]), json!([url, other_name, false, plain])]
        })
        .collect();
    let names = CATALOG.cookie_rules().flat_map(|(rule, _)| {
        [rule.replace('*', "12"), rule.replace('*', ""), format!("x{rule}"), format!("{rule}x")]
    });
    let cookies: Vec<Value> = names
        .filter(|name| !CATALOG.cookie_rules().any(|(rule, _)| rule.contains('*') && *name == rule))
        .map(|name| {
            let owner = gate.catalog().cookie(&name).map(|vendor| letter(vendor.purpose));
            json!([name, owner])
        })
        .collect();
    json!({ "granted": granted, "told": told, "urls": cases, "cookies": cookies })
}

fn compare(name: &str, config: &Config, shown: Option<&Offer>, granted: &[&str]) {
    let urls: Vec<String> = known().into_iter().chain(random(4000)).collect();
    decide(name, config, shown, granted, &urls, 3);
}

/// Compares what becomes of `urls`; of hosts that are nobody's so many may be taken for somebody's.
fn decide(
    name: &str,
    config: &Config,
    shown: Option<&Offer>,
    granted: &[&str],
    urls: &[String],
    mistaken: usize,
) {
    let scope = Arc::new(scope(config));
    let folder = folder("guard-decisions");
    let path = |end| folder.join(format!("{name}{end}"));
    let (first, second, cases) = (path(".js"), path(".second.js"), path(".json"));
    let files = files(&scope);
    println!("{name}: {} bytes", files.first.body.len());
    fs::write(&first, files.first.body).unwrap();
    fs::write(&second, files.second.body).unwrap();
    let sites: Vec<Value> =
        granted.iter().map(|granted| site(&scope, granted, shown, urls)).collect();
    fs::write(&cases, json!({ "sites": sites }).to_string()).unwrap();
    let mistaken = mistaken.to_string();
    node("tests/guard/decisions.mjs", &[&first, &second, &cases, Path::new(&mistaken)]);
}

#[test]
fn nobody_of_saved_pages_is_mistaken() {
    // What is shop.example's own is guessed of names like these.
    let urls: Vec<String> = saved().into_iter().filter(|url| !url.contains("shop")).collect();
    decide("saved", &Config::default(), None, &["", "fam"], &urls, 0);
}

#[test]
fn the_guard_decides_as_the_server_does() {
    compare("known", &Config::default(), None, &["", "a", "fam"]);
}

#[test]
fn the_operators_words_count_too() {
    let config = Config {
        allow: vec!["google.com".into(), "ads.example.net".into()],
        deny: vec!["cdn.example".into(), "maps.google.com".into()],
        heuristics: false,
        ..Config::default()
    };
    compare("words", &config, None, &["f"]);
}

#[test]
fn every_other_site_can_be_gated() {
    let config =
        Config { third_party: ThirdParty::All, allow: vec!["cdn.com".into()], ..Config::default() };
    compare("all", &config, None, &["a"]);
}

/// Of what the visitor allowed, what he was not told of is held, whoever's host it is on.
#[test]
fn a_list_holds_all_others() {
    use Purpose::{Analytics as A, Functional as F, Marketing as M};
    let vendors = [
        (A, "ga4"),
        (A, "gtm"),
        (M, "gtm"),
        (M, "meta"),
        (M, "google_ads"),
        (F, "youtube"),
        (M, "unknown-tracker"),
        (M, "criteo"),
        (A, "hotjar"),
        (M, "amplience"),
    ];
    let list = Offer::new(None, vendors);
    compare("told", &Config::default(), Some(&list), &["m", "fam"]);
    let third_party = ThirdParty::All;
    let all = Config { third_party, deny: vec!["cdn.example".into()], ..Config::default() };
    let some = Offer::new(None, [(M, "google_ads"), (M, "meta"), (A, "ga4")]);
    compare("told-all", &all, Some(&some), &["am"]);
    let denied = Offer::new(None, [(M, "denied"), (A, "matomo")]);
    compare("told-denied", &all, Some(&denied), &["am"]);
}
