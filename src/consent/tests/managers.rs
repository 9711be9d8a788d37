//! Every consent manager in its five states, and what no cookie of any of them may ever do.

use super::{
    cases::cases,
    check, encoded, headers, now, read, said, shown,
    states::{At, MAP, MAPPED, State, states},
};
use crate::{consent::*, purpose::Purpose};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderValue, header::COOKIE};
use proptest::prelude::*;
use std::time::{Duration, Instant};

/// 2026-06-01T10:11:12Z.
const AT: At<'static> = At { seconds: 1_780_308_672, iso: "2026-06-01T10:11:12.345Z" };
/// More than 180 days before.
const LONG_AGO: At<'static> = At { seconds: 1_748_772_672, iso: "2025-06-01T10:11:12.345Z" };

/// The cookies that make others a choice.
const ACTS: &str = "OptanonAlertBoxClosed=2026-06-01T10:11:12.345Z; cmplz_banner-status=dismissed; \
    viewed_cookie_policy=yes; notice_behavior=expressed,eu";

fn map(cmp: Cmp) -> Config {
    let purposes = [Purpose::Functional, Purpose::Analytics, Purpose::Marketing];
    let names = MAP.iter().zip(purposes).map(|((id, _), purpose)| ((*id).to_owned(), purpose));
    let mapped = cmp.name() == MAPPED;
    let maps = mapped.then(|| (cmp, names.collect())).into_iter().collect();
    Config { cmps: vec![cmp], maps, ..Config::default() }
}

fn only(state: &State) -> Config {
    map(state.cmp.parse().unwrap())
}

/// All managers and two rules.
fn everything() -> Config {
    let rules =
        [Find::Path("a.b".into()), Find::Path(String::new()), Find::List(",".into())].map(|find| {
            Rule {
                cookie: "shop".into(),
                find,
                equals: "yes please".to_owned(),
                purpose: Purpose::Analytics,
            }
        });
    let cmps = Cmp::all().filter(|cmp| !cmp.is_in_browser()).collect();
    Config { cmps, rules: rules.into(), ..map(Cmp::CommandersAct) }
}

#[test]
fn every_manager_is_read_in_every_state() {
    let states = states(&AT);
    for State { cmp, cookie, signal, basis, votes } in &states {
        let consent = read(&map(cmp.parse().unwrap()), &[cookie]);
        let found = consent.signals.iter().find(|s| s.name == *signal);
        let found = found.map(|s| (&*s.name, s.basis.name(), shown(&s.votes)));
        let expected = Some((*signal, *basis, (*votes).to_owned())).filter(|_| !basis.is_empty());
        assert_eq!(found, expected, "{cookie}");
    }
    let named: Vec<_> = states.iter().map(|state| state.cmp).collect();
    for cmp in Cmp::all() {
        assert_eq!(named.iter().filter(|name| **name == cmp.name()).count(), 5, "{cmp}");
    }
}

#[test]
fn every_manager_reads_encoded_values_alike() {
    for state in states(&AT).iter().filter(|state| !state.basis.is_empty()) {
        let config = only(state);
        let each = |encode: &dyn Fn(&str) -> String| {
            let pairs: Vec<_> = state.cookie.split("; ").map(encode).collect();
            pairs.join("; ")
        };
        let raw = read(&config, &[&state.cookie]);
        assert_eq!(read(&config, &[&each(&encoded)]), raw, "{}", state.cookie);
        if !state.cookie.contains('%') {
            assert_eq!(
                read(&config, &[&each(&|pair| encoded(&encoded(pair)))]),
                raw,
                "{}",
                state.cookie
            );
        }
    }
}

#[test]
fn a_choice_that_is_too_old_opens_nothing() {
    for (new, old) in states(&AT).into_iter().zip(states(&LONG_AGO)) {
        if new.basis == "explicit" && new.cookie != old.cookie && new.cmp != "matomo" {
            let consent = read(&only(&old), &[&old.cookie]);
            let signal = consent.signals.iter().find(|s| s.name == old.signal).unwrap();
            let found = (signal.basis, shown(&signal.votes));
            assert_eq!(found, (Basis::None, "???".to_owned()), "{}", old.cookie);
        }
    }
    let old = "mtm_consent=1748772672345";
    check(&map(Cmp::Matomo), old, "matomo", Basis::None, "???");
}

#[test]
fn a_choice_under_another_revision_says_nothing() {
    for (cmp, held) in [
        (Cmp::Borlabs, "1"),
        (Cmp::Complianz, "12"),
        (Cmp::CookieFirst, "8d1e"),
        (Cmp::CookieHub, "1"),
        (Cmp::DrupalEucc, "1.0.0"),
        (Cmp::VanillaCookieConsent, "0"),
    ] {
        assert!(cmp.has_revision());
        let states = states(&AT);
        let accepted = states.iter().find(|state| state.cmp == cmp.name()).unwrap();
        for (revision, basis) in [(held, Basis::Explicit), ("other", Basis::None)] {
            let revisions = [(cmp, revision.to_owned())].into_iter().collect();
            let config = Config { revisions, ..map(cmp) };
            assert_eq!(said(&config, &accepted.cookie).1, basis, "{cmp}");
        }
    }
    assert_eq!(Cmp::all().filter(|cmp| cmp.has_revision()).count(), 6);
}

#[test]
fn traps_of_single_managers() {
    let (explicit, implied, none) = (Basis::Explicit, Basis::Implied, Basis::None);
    for (cookie, name, basis, votes) in [
        ("cmplz_consent_status=deny; cmplz_marketing=allow", "complianz", explicit, "---"),
        ("cmplz_consent_status=allow", "complianz", explicit, "+++"),
        ("cmplz_consent_status=dismiss; cmplz_marketing=allow", "complianz", implied, "??+"),
        ("cmplz_banner-status=show; cmplz_marketing=allow", "complianz", implied, "??+"),
        (
            "cmplz_banner-status=dismissed; cmplz_banner-status=show; cmplz_marketing=allow",
            "complianz",
            implied,
            "??+",
        ),
        (
            "viewed_cookie_policy=no; cookielawinfo-checkbox-analytics=yes",
            "cookielawinfo-legacy",
            explicit,
            "---",
        ),
        (
            "viewed_cookie_policy=yes; cookielawinfo-checkbox-non-necessary=no; cookielawinfo-checkbox-analytics=yes",
            "cookielawinfo-legacy",
            explicit,
            "---",
        ),
        (
            "viewed_cookie_policy=yes; cookielawinfo-checkbox-analytics=yes; CookieLawInfoConsent=eyJhbmFse",
            "cookielawinfo-legacy",
            none,
            "???",
        ),
        ("wp_consent_statistics-anonymous=allow", "nobody", none, ""),
        (
            "wp_consent_marketing=allow; cmplz_banner-status=dismissed; cmplz_marketing=deny",
            "wp-consent-api",
            explicit,
            "??-",
        ),
        ("cookie-agreed=1", "drupal-eucc", explicit, "+++"),
        ("cookie-agreed=true", "drupal-eucc", none, "???"),
        ("didomi_dcs=CAESBAgBEAE", "didomi", Basis::Opaque, "???"),
        ("mtm_consent_removed=?", "matomo", explicit, "?-?"),
        ("tarteaucitron=!gtag=true!gtag=false", "tarteaucitron", none, "???"),
        // Substrings are not tokens.
        ("tarteaucitron=!xgtag=true", "tarteaucitron", none, "???"),
        ("tarteaucitron=!gtag=true!acme=false", "tarteaucitron", none, "???"),
        ("tarteaucitron=!gcmanalyticsstorage=true", "tarteaucitron", explicit, "?+?"),
        (r#"klaro={"matomo":true,"acmeTracker":false}"#, "klaro", none, "???"),
        (r#"klaro={"matomo":false,"acmeTracker":false}"#, "klaro", explicit, "?-?"),
        (r#"klaro={"matomo":true,"acmeTracker":true}"#, "klaro", explicit, "?+?"),
        ("__hs_cookie_cat_pref=1:true,1:false", "hubspot", none, "???"),
        (r#"_iub_cs-123={"consent":true}"#, "iubenda", explicit, "+++"),
        (r#"_iub_cs-123={"consent":false,"purposes":{"4":true}}"#, "iubenda", explicit, "---"),
        (
            r#"_iub_cs-123={"consent":true}; _iub_cs-s9={"consent":false}"#,
            "iubenda",
            explicit,
            "---",
        ),
        (r#"_iub_cs-123-uspr={"consent":true}"#, "nobody", none, ""),
        ("CONSENTMGR=consent:true|ts:1780308672345", "tealium", explicit, "+++"),
        ("CONSENTMGR=consent:true|consent:false", "tealium", none, "???"),
        ("CONSENTMGR=1780308672345:undefined|consent:true|c1:1", "tealium", explicit, "?+?"),
        ("TC_PRIVACY=0@007|3|2741@ALL@@1780308672345", "commanders-act", explicit, "+++"),
        (
            "TC_PRIVACY=0@007|3|2741@ALL@1748772672345,1748772672345,1799999999999@",
            "commanders-act",
            none,
            "???",
        ),
        (
            "cmapi_cookie_privacy=permit 1,2,3; notice_behavior=expressed,eu",
            "trustarc",
            implied,
            "+++",
        ),
        ("notice_preferences=2:", "trustarc", implied, "+++"),
        (
            "notice_gdpr_prefs=0::implied,eu; notice_behavior=expressed,eu",
            "trustarc",
            implied,
            "---",
        ),
        (
            "notice_behavior=expressed,eu; notice_preferences=2:; cmapi_cookie_privacy=permit 1",
            "trustarc",
            explicit,
            "---",
        ),
        (
            r#"_cmp_a={"purposes":{"a":true,"p":true,"m":false,"t":false}}"#,
            "shopify",
            implied,
            "++-",
        ),
        (
            r#"_tracking_consent={"con":{"CMP":{"a":"1","m":"1","s":"0"}}}"#,
            "shopify",
            explicit,
            "?+-",
        ),
        (
            r#"CookieScriptConsent={"action":"accept","categories":"[]"}"#,
            "cookie-script",
            none,
            "???",
        ),
        (
            r#"CookieInformationConsent={"consents_approved":["cookie_cat_marketing"],"consents_denied":["cookie_cat_marketing"]}"#,
            "cookie-information",
            explicit,
            "??-",
        ),
        (
            r#"ppms_privacy_a={"consents":{"analytics":{"status":1},"remarketing":{"status":-1}}}"#,
            "piwikpro",
            explicit,
            "?+?",
        ),
        (
            r#"CookieControl={"optionalCookies":{"analytics":"legitimate interest"},"interactedWith":true}"#,
            "civic",
            none,
            "???",
        ),
    ] {
        let owner = if name == "nobody" { Cmp::WpConsentApi } else { name.parse().unwrap() };
        check(&map(owner), cookie, name, basis, votes);
    }
}

#[test]
fn a_newer_cookie_that_is_not_read_silences_the_older_ones_grants() {
    let states: Vec<_> = states(&AT).into_iter().filter(|state| state.cmp == "didomi").collect();
    for (state, basis, votes) in [(0, Basis::Opaque, "???"), (2, Basis::Explicit, "-?-")] {
        let cookie = format!("{}; didomi_dcs=CAESBAgBEAE", states[state].cookie);
        check(&map(Cmp::Didomi), &cookie, "didomi", basis, votes);
    }
}

/// Each signal and its votes, with what is left of the answer about vendor 755.
fn strings(config: &Config, cookie: &str) -> (Vec<(String, Basis, String)>, Option<bool>) {
    let consent = Reader::new(config).asking_about([755]).read(&headers(&[cookie]), now());
    let said = consent.signals.iter().map(|s| (s.name.to_string(), s.basis, shown(&s.votes)));
    (said.collect(), consent.tcf.map(|answer| answer.unlock(755, Purpose::Analytics).is_ok()))
}

#[test]
fn the_strings_in_googles_cookie_are_read_as_those_of_others() {
    use Basis::{Explicit, None as Nothing, Opaque};
    let states: Vec<_> = states(&AT).into_iter().filter(|state| state.cmp == "google-fc").collect();
    let [all, none, some, before, broken] = &states[..] else { panic!("five states") };
    let google = map(Cmp::GoogleFc);
    let signal = |name: &str, basis, votes: &str| (name.to_owned(), basis, votes.to_owned());
    let read = |tcf| vec![signal("google-fc", Explicit, "???"), tcf, signal("ac", Explicit, "???")];
    for (state, votes, unlocked) in [(all, "?++", true), (none, "?--", false), (some, "?+-", true)]
    {
        let said = (read(signal("tcf", Explicit, votes)), Some(unlocked));
        assert_eq!(strings(&google, &state.cookie), said);
    }
    for twin in [before, broken] {
        let (said, answer) = strings(&google, &format!("{}; {}", all.cookie, twin.cookie));
        assert_eq!(said[..2], [signal("google-fc", Nothing, "???"), signal("tcf", Nothing, "???")]);
        assert_eq!(answer, Some(false), "it may have been a refusal");
    }
    let alone = |cookie: &str| strings(&google, cookie);
    assert_eq!(alone("FCNEC=[[\"AKsRol9\"],null,[]]"), (vec![], None));
    let tampered = all.cookie.replace("\"C", "\"?");
    assert_eq!(alone(&tampered).0[1], signal("tcf", Nothing, "???"));
    let without = Config { iab: vec![Iab::Ac], ..google.clone() };
    assert_eq!(strings(&without, &all.cookie).0[0], signal("google-fc", Opaque, "???"));
    let unread = Config { cmps: vec![], ..google.clone() };
    assert_eq!(strings(&unread, &all.cookie), (vec![], None));
    let renamed = Config { cookies: [(Cmp::GoogleFc, "fc".to_owned())].into(), ..google.clone() };
    let cookie = all.cookie.replace("FCCDCF", "fc");
    assert_eq!(strings(&renamed, &cookie), strings(&google, &all.cookie));
    // A manager's category and Google's string must both allow.
    let both = Config { cmps: vec![Cmp::GoogleFc, Cmp::Cookiebot], ..google };
    let consent = super::read(&both, &[&format!("CookieConsent=0; {}", all.cookie)]);
    assert_eq!(opened(&consent), [false; 3]);
}

#[test]
fn renamed_cookies_and_prefixes_are_followed() {
    for (cmp, name, cookie) in [
        (Cmp::Complianz, "cmplz_rt_", "cmplz_rt_banner-status=dismissed; cmplz_rt_marketing=allow"),
        (
            Cmp::Complianz,
            "cmplz_rt_*",
            "cmplz_rt_banner-status=dismissed; cmplz_rt_marketing=allow",
        ),
        (Cmp::Tarteaucitron, "tac", "tac=!googleads=true"),
        (
            Cmp::DrupalEucc,
            "cookie-agreed-de",
            "cookie-agreed-de=2; cookie-agreed-de-categories=[\"ads\"]",
        ),
    ] {
        let cookies = [(cmp, name.to_owned())].into_iter().collect();
        let config = Config { cookies, ..map(cmp) };
        let (_, basis, votes) = said(&config, cookie);
        assert_eq!((basis, votes.ends_with('+')), (Basis::Explicit, true), "{cookie}");
    }
}

#[test]
fn a_manager_that_keeps_the_choice_says_so_without_a_trace() {
    for cmp in Cmp::all().filter(|cmp| cmp.is_in_browser()) {
        let signals = read(&map(cmp), &[]).signals;
        let note = "this consent manager keeps its choice in the browser";
        assert_eq!(signals.len(), 1);
        assert_eq!((signals[0].basis, &*signals[0].note), (Basis::None, note));
    }
}

/// The names under which something is read, those with `*` ended.
fn names() -> Vec<String> {
    let of = |cmp: Cmp| cmp.cookies().iter().map(|name| name.replace('*', "1"));
    let more = ["cmplz_marketing", "cookielawinfo-checkbox-analytics", "wp_consent_statistics"];
    let more = more.into_iter().chain(["consentry", "shop"]).map(str::to_owned);
    Cmp::all().flat_map(of).chain(more).collect()
}

#[test]
fn hostile_values_say_nothing_and_are_read_fast() {
    let deep = "{\"a\":".repeat(1000);
    let lists = "[".repeat(4000);
    let base64 = BASE64_STANDARD.encode(&deep);
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(9000));
    let commas = ",".repeat(8000);
    let pairs = "1:true|".repeat(1000);
    let tokens = "!gtag=true".repeat(800);
    let reader = Reader::new(&everything());
    for value in [&deep, &lists, &base64, &long, &commas, &pairs, &tokens] {
        for name in names() {
            let headers = headers(&[&format!("{name}={value}; {ACTS}")]);
            let start = Instant::now();
            let consent = reader.read(&headers, now());
            assert!(start.elapsed() < Duration::from_millis(200), "{name}");
            assert_eq!(opened(&consent), [false; 3], "{name}={value}");
        }
    }
}

#[test]
fn a_value_that_is_cut_off_opens_nothing() {
    for state in states(&AT).iter().filter(|state| state.votes.contains('+')) {
        let (first, more) = state.cookie.split_once("; ").unwrap_or((&state.cookie, ""));
        let (name, value) = first.split_once('=').unwrap();
        if !(value.starts_with(['{', '[']) || value.starts_with("eyJ")) {
            continue;
        }
        // What is only padding may be missing.
        for cut in 0..value.trim_end_matches('=').len() {
            let Some(value) = value.get(..cut) else { continue };
            let consent = read(&only(state), &[&format!("{name}={value}; {more}")]);
            assert_eq!(opened(&consent), [false; 3], "{name}={value}");
        }
    }
}

/// Whether each purpose has an explicit grant and no denial.
fn opened(consent: &Consent) -> [bool; 3] {
    let voted = |purpose, vote| consent.signals.iter().any(move |s| s.votes.on(purpose) == vote);
    let explicit = |purpose| {
        let by = |s: &Signal| s.basis == Basis::Explicit && s.votes.on(purpose) == Vote::Grant;
        consent.signals.iter().any(by)
    };
    Purpose::OPTIONAL.map(|p| explicit(p) && !voted(p, Vote::Deny))
}

/// A cookie as it was captured, or noise under a name that is read.
fn any_cookie() -> impl Strategy<Value = String> {
    let mut real: Vec<String> = cases().into_iter().map(|case| case.0).collect();
    real.extend(states(&AT).into_iter().map(|state| state.cookie));
    let junk = (proptest::sample::select(names()), "[ -:<-~é]{0,40}");
    prop_oneof![
        3 => proptest::sample::select(real),
        1 => junk.prop_map(|(name, value)| format!("{name}={value}")),
    ]
}

fn shuffled_pairs() -> impl Strategy<Value = (Vec<String>, Vec<String>)> {
    let pairs = proptest::collection::vec(any_cookie(), 0..6)
        .prop_map(|all| all.iter().flat_map(|c| c.split(';')).map(str::to_owned).collect());
    pairs.prop_flat_map(|pairs: Vec<String>| (Just(pairs.clone()), Just(pairs).prop_shuffle()))
}

/// A refusal of everything by each source that is read.
fn refusals() -> Vec<String> {
    let refused = states(&AT).into_iter().filter(|state| matches!(state.votes, "---" | "?--"));
    let ours =
        ["consentry=v1.p1.20260601.f0a0m0", "consentry=?", "mtm_consent_removed=1", "shop=no"];
    // By itself Complianz's mark is no refusal: it is what makes defaults a choice.
    let refused = refused.map(|state| match state.cmp {
        "wp-consent-api" => state.cookie.replace("; cmplz_banner-status=dismissed", ""),
        _ => state.cookie,
    });
    refused.chain(ours.map(str::to_owned)).collect()
}

proptest! {
    #[test]
    fn random_bytes_never_grant(
        name in proptest::sample::select(names()),
        bytes in proptest::collection::vec(any::<u8>(), 8..200),
    ) {
        let line = [name.as_bytes(), b"=", &bytes, b"; ", ACTS.as_bytes()].concat();
        let Ok(value) = HeaderValue::from_bytes(&line) else { return Ok(()) };
        let headers: HeaderMap = [(COOKIE, value)].into_iter().collect();
        let consent = Reader::new(&everything()).read(&headers, now());
        prop_assert_eq!(opened(&consent), [false; 3]);
    }

    #[test]
    fn noise_in_a_real_grammar_never_panics(
        name in proptest::sample::select(names()),
        value in "[\\[\\]{}\":,!|@=_ a-c0-9%truefalse]{0,60}",
    ) {
        let line = format!("{name}={value}; {name}=<{value}>");
        let _ = Reader::new(&everything()).read(&headers(&[&line]), now());
    }

    #[test]
    fn a_refusal_more_never_opens_what_was_denied(
        cookies in proptest::collection::vec(any_cookie(), 1..8),
        more in proptest::sample::select(refusals()),
    ) {
        let reader = Reader::new(&everything());
        let join = |list: &[String]| headers(&[&list.join("; ")]);
        let before = opened(&reader.read(&join(&cookies), now()));
        let mut cookies = cookies;
        cookies.push(more);
        let after = opened(&reader.read(&join(&cookies), now()));
        prop_assert!(before.iter().zip(after).all(|(before, after)| *before || !after));
    }

    #[test]
    fn a_refusal_more_never_opens_by_one_manager_alone(
        cookies in proptest::collection::vec(any_cookie(), 1..8),
        more in proptest::sample::select(refusals()),
        cmp in proptest::sample::select(Cmp::all().collect::<Vec<_>>()),
    ) {
        let reader = Reader::new(&map(cmp));
        let before = opened(&reader.read(&headers(&[&cookies.join("; ")]), now()));
        let after = opened(&reader.read(&headers(&[&cookies.join("; "), &more]), now()));
        prop_assert!(before.iter().zip(after).all(|(before, after)| *before || !after));
    }

    #[test]
    fn the_order_of_cookies_does_not_matter((pairs, shuffled) in shuffled_pairs()) {
        let reader = Reader::new(&everything());
        let together = reader.read(&headers(&[&pairs.join(";")]), now());
        let apart: Vec<&str> = shuffled.iter().map(String::as_str).collect();
        let apart = reader.read(&headers(&apart), now());
        let outcome = |c: &Consent| -> Vec<_> {
            c.signals.iter().map(|s| (s.name.clone(), s.basis, s.votes)).collect()
        };
        prop_assert_eq!(outcome(&together), outcome(&apart));
    }
}
