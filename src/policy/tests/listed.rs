//! Vendors of the Global Vendor List under TC strings of the IAB's own library: what each string unlocks, and for whom.

use super::{LENIENT, STRICT, signal};
use crate::{
    consent::{Basis, Cmp, Config, Consent, Reader, Vote},
    policy::{Policy, Regime, Ruling, Tcf, Verdict},
    purpose::{Purpose, PurposeSet},
    vendor::{Facts, Source, Vendor},
};
use http::{HeaderMap, HeaderValue, header::COOKIE};
use std::time::{Duration, UNIX_EPOCH};

/// Created on 2026-06-01: all purposes for all vendors (ids 755 and 32 among them), for 755 alone, for nobody.
const ALL: &str = "CQlH_MAQlH_MAAfABAENBjFgAP_gAEPgAAYgGMwDgAFAAZABAAC0AGQANAAigBMAC2AGEAQgApAF5gMZAxmAcAAoADIAIAAWgAyABoAEUAJgAWwAwgCEAFIAvMBjIAAA.IGMwDgAFAAZABAAC0AGQANAAigBMAC2AGEAQgApAF5gMZAAA.YAAAAAAAAAAA";
const GOOGLE: &str = "CQlH_MAQlH_MAAfABAENBjFgAP_gAEPgAAYgF5wAQF5gYzAOAAUABkAEAALQAZAA0ACKAEwALYAYQBCACkAXmAxkAAAA.IGMwDgAFAAZABAAC0AGQANAAigBMAC2AGEAQgApAF5gMZAAA.YAAAAAAAAAAA";
const NONE: &str = "CQlH_MAQlH_MAAfABAENBjFgAAAAAEPgAAYgAAAMZgHAAKAAyACAAFoAMgAaABFACYAFsAMIAhABSALzAYyAAAAA.IGMwDgAFAAZABAAC0AGQANAAigBMAC2AGEAQgApAF5gMZAAA.YAAAAAAAAAAA";
/// All vendors, for purposes 1 and 9.
const AUDIENCE: &str = "CQlH_MAQlH_MAAfABAENBjFgAICAAEPgAAYgGMwDgAFAAZABAAC0AGQANAAigBMAC2AGEAQgApAF5gMZAxmAcAAoADIAIAAWgAyABoAEUAJgAWwAwgCEAFIAvMBjIAAA.IGMwDgAFAAZABAAC0AGQANAAigBMAC2AGEAQgApAF5gMZAAA.YAAAAAAAAAAA";
/// All purposes for all vendors, but the publisher forbids purpose 4 to vendor 755.
const RESTRICTED: &str = "CQlH_MAQlH_MAAfABAENBjFgAP_gAEPgAAYgGMwDgAFAAZABAAC0AGQANAAigBMAC2AGEAQgApAF5gMZAxmAcAAoADIAIAAWgAyABoAEUAJgAWwAwgCEAFIAvMBjIAIgACAvMAAA.IGMwDgAFAAZABAAC0AGQANAAigBMAC2AGEAQgApAF5gMZAAA.YAAAAAAAAAAA";

const REQUIRE: Policy = Policy { allow_implied: false, tcf: Tcf::Require };
const OFF: Policy = Policy { allow_implied: false, tcf: Tcf::Off };
/// Our own banner's yes to everything.
const YES: &str = "consentry=v1.p1.20260601.f1a1m1";
const MARKETING: &str = "consentry=v1.p1.20260601.f0a0m1";

fn consent(cookies: &[&str]) -> Consent {
    let value = |cookie: &&str| HeaderValue::from_str(cookie).unwrap();
    let headers: HeaderMap = cookies.iter().map(|cookie| (COOKIE, value(cookie))).collect();
    let now = UNIX_EPOCH + Duration::from_secs(1_781_524_800);
    let reader = Reader::new(&Config::default()).asking_about([755, 32, 755]);
    reader.asking_about_providers([89, 35, 89]).read(&headers, now)
}

fn ruling(policy: Policy, cookies: &[&str]) -> Ruling {
    policy.rule(&consent(cookies), Regime::OptIn)
}

fn vendor(purpose: Purpose, gvl: Option<u16>) -> Vendor {
    Vendor {
        id: "v".into(),
        name: "V".into(),
        purpose,
        gvl,
        atp: None,
        source: Source::Catalog,
        facts: Facts::default(),
    }
}

#[track_caller]
fn decides(ruling: &Ruling, purpose: Purpose, gvl: Option<u16>, verdict: Verdict, reason: &str) {
    let decision = ruling.decide(&vendor(purpose, gvl));
    assert_eq!((decision.verdict, decision.reason()), (verdict, reason), "{gvl:?}");
}

fn tc(text: &str) -> String {
    format!("euconsent-v2={text}")
}

#[test]
fn a_tc_string_alone_allows_the_vendors_that_it_names_and_no_others() {
    let all = ruling(STRICT, &[&tc(ALL)]);
    let alone = "tcf: marketing is allowed to vendors of the Global Vendor List alone";
    decides(&all, Purpose::Marketing, None, Verdict::Gate, alone);
    let yes = "tcf: the visitor consented to this vendor";
    decides(&all, Purpose::Marketing, Some(755), Verdict::Allow, yes);
    decides(&all, Purpose::Analytics, Some(755), Verdict::Allow, yes);
    // The framework has no purpose for what is functional.
    decides(&all, Purpose::Functional, Some(755), Verdict::Gate, "no consent signal");
    let unknown = "tcf: the visitor was not shown this vendor";
    decides(&all, Purpose::Marketing, Some(99), Verdict::Gate, unknown);
    let google = ruling(STRICT, &[&tc(GOOGLE)]);
    let refused = "tcf: the visitor did not consent to this vendor";
    decides(&google, Purpose::Marketing, Some(32), Verdict::Gate, refused);
    decides(&google, Purpose::Marketing, Some(755), Verdict::Allow, yes);
    let audience = ruling(STRICT, &[&tc(AUDIENCE)]);
    decides(&audience, Purpose::Analytics, Some(755), Verdict::Allow, yes);
    let no = "tcf: the visitor refused marketing";
    decides(&audience, Purpose::Marketing, Some(755), Verdict::Gate, no);
}

#[test]
fn a_category_and_a_tc_string_must_both_allow() {
    let both = ruling(STRICT, &[YES, &tc(GOOGLE)]);
    let own = "own: the visitor allowed marketing";
    decides(&both, Purpose::Marketing, None, Verdict::Allow, own);
    decides(&both, Purpose::Marketing, Some(755), Verdict::Allow, own);
    let refused = "tcf: the visitor did not consent to this vendor";
    decides(&both, Purpose::Marketing, Some(32), Verdict::Gate, refused);
    decides(&both, Purpose::Functional, Some(32), Verdict::Gate, refused);
    decides(&both, Purpose::Necessary, Some(32), Verdict::Allow, "necessary: no consent is needed");
    let category = ruling(STRICT, &[MARKETING, &tc(ALL)]);
    let no = "own: the visitor refused analytics";
    decides(&category, Purpose::Analytics, Some(755), Verdict::Gate, no);
    let string = ruling(STRICT, &[YES, &tc(NONE)]);
    let no = "tcf: the visitor refused marketing";
    decides(&string, Purpose::Marketing, None, Verdict::Gate, no);
    decides(&string, Purpose::Marketing, Some(755), Verdict::Gate, no);
    let restricted = ruling(STRICT, &[YES, &tc(RESTRICTED)]);
    let reason = "tcf: the site lets this vendor do less than it does (publisher restriction)";
    decides(&restricted, Purpose::Marketing, Some(755), Verdict::Gate, reason);
    decides(&restricted, Purpose::Marketing, Some(32), Verdict::Allow, own);
}

#[track_caller]
fn provider(ruling: &Ruling, purpose: Purpose, atp: u32, verdict: Verdict, reason: &str) {
    let decision = ruling.decide(&Vendor { atp: Some(atp), ..vendor(purpose, None) });
    assert_eq!((decision.verdict, decision.reason()), (verdict, reason), "{atp}");
}

#[test]
fn additional_consent_is_asked_about_googles_providers_beside_a_tc_string() {
    let (all, audience, ac) = (tc(ALL), tc(AUDIENCE), "addtl_consent=1~1.89");
    let (yes, no) = (
        "ac: the visitor consented to this vendor",
        "ac: the visitor did not consent to this vendor",
    );
    let both = ruling(STRICT, &[&all, ac]);
    provider(&both, Purpose::Marketing, 89, Verdict::Allow, yes);
    provider(&both, Purpose::Analytics, 89, Verdict::Allow, yes);
    provider(&both, Purpose::Functional, 89, Verdict::Gate, "no consent signal");
    provider(&both, Purpose::Marketing, 35, Verdict::Gate, no);
    // Nobody asked about this one.
    provider(&both, Purpose::Marketing, 7, Verdict::Gate, no);
    // An id in the Global Vendor List goes before.
    let listed = Vendor { atp: Some(35), ..vendor(Purpose::Marketing, Some(755)) };
    assert!(both.allows(&listed, Purpose::Marketing));
    let some = ruling(STRICT, &[YES, &audience, ac]);
    let refused = "tcf: the visitor refused marketing";
    provider(&some, Purpose::Marketing, 89, Verdict::Gate, refused);
    let own = "own: the visitor allowed analytics";
    provider(&some, Purpose::Analytics, 89, Verdict::Allow, own);
    provider(&some, Purpose::Analytics, 35, Verdict::Gate, no);
    // Two strings of it, and one that cannot be read.
    for more in ["OTAdditionalConsentString=2~1~dv.89", "addtl_consent=1~89.x"] {
        let differing = ruling(STRICT, &[YES, &all, ac, more]);
        provider(&differing, Purpose::Marketing, 89, Verdict::Gate, no);
    }
    let silenced = ruling(STRICT, &[YES, &all, "euconsent-v2=CQlH", ac]);
    let purpose = "tcf: the visitor did not consent to what this vendor does";
    provider(&silenced, Purpose::Marketing, 89, Verdict::Gate, purpose);
}

#[test]
fn additional_consent_alone_allows_nothing_and_without_it_the_purpose_decides() {
    let alone = ruling(STRICT, &["addtl_consent=1~1.89"]);
    let without = "ac: Additional Consent without a TC string that counts in addtl_consent";
    provider(&alone, Purpose::Marketing, 89, Verdict::Gate, without);
    let invalid = ruling(STRICT, &["euconsent-v2=CQlH", "addtl_consent=1~1.89"]);
    assert!(
        !invalid.allows(
            &Vendor { atp: Some(89), ..vendor(Purpose::Marketing, None) },
            Purpose::Marketing
        )
    );
    let own = "own: the visitor allowed marketing";
    provider(
        &ruling(STRICT, &[YES, "addtl_consent=1~"]),
        Purpose::Marketing,
        89,
        Verdict::Allow,
        own,
    );
    provider(&ruling(STRICT, &[YES, &tc(ALL)]), Purpose::Marketing, 89, Verdict::Allow, own);
    let off = ruling(OFF, &[YES, &tc(ALL), "addtl_consent=1~"]);
    provider(&off, Purpose::Marketing, 89, Verdict::Allow, own);
    let tcf = "tcf: marketing is allowed to vendors of the Global Vendor List alone";
    provider(&ruling(STRICT, &[&tc(ALL)]), Purpose::Marketing, 89, Verdict::Gate, tcf);
}

#[test]
fn a_page_under_another_additional_consent_is_another_page() {
    let with = |ac: &str| ruling(STRICT, &[YES, &tc(ALL), ac]);
    let (all, some) = (with("addtl_consent=1~35.89"), with("addtl_consent=1~35"));
    assert_ne!(all.stamp(), some.stamp());
    assert!(all.allows_everything() && !some.allows_everything());
}

#[test]
fn the_operator_can_require_a_string_or_ask_none() {
    let own = "own: the visitor allowed marketing";
    let google = vendor(Purpose::Marketing, Some(755));
    decides(&ruling(STRICT, &[YES]), Purpose::Marketing, Some(755), Verdict::Allow, own);
    decides(&ruling(OFF, &[YES, &tc(GOOGLE)]), Purpose::Marketing, Some(32), Verdict::Allow, own);
    assert!(!ruling(OFF, &[&tc(ALL)]).allows(&google, Purpose::Marketing), "it asks none");
    let without = ruling(REQUIRE, &[YES]);
    let missing = "tcf: the operator requires a TC string, and none here counts";
    decides(&without, Purpose::Marketing, Some(755), Verdict::Gate, missing);
    decides(&without, Purpose::Marketing, None, Verdict::Allow, own);
    let refused = ruling(REQUIRE, &[]);
    decides(&refused, Purpose::Marketing, Some(755), Verdict::Gate, "no consent signal");
    let broken = ruling(REQUIRE, &[YES, "euconsent-v2=CQlH"]);
    decides(&broken, Purpose::Marketing, Some(755), Verdict::Gate, missing);
    let elsewhere = REQUIRE.rule(&consent(&[YES]), Regime::OptOut);
    assert!(elsewhere.allows(&google, Purpose::Marketing), "TC strings are for the EU");
}

#[test]
fn strings_that_differ_allow_what_all_of_them_do() {
    let other = format!("eupubconsent-v2={GOOGLE}");
    let refused = "tcf: the visitor did not consent to this vendor";
    for cookies in [[tc(ALL), other.clone()], [other, tc(ALL)], [tc(ALL), tc(GOOGLE)]] {
        let both = ruling(STRICT, &cookies.each_ref().map(String::as_str));
        decides(&both, Purpose::Marketing, Some(32), Verdict::Gate, refused);
        assert!(both.allows(&vendor(Purpose::Marketing, Some(755)), Purpose::Marketing));
    }
    let broken = ruling(STRICT, &[YES, &tc(ALL), "euconsent-v2=CQlH"]);
    let silenced = "tcf: the visitor did not consent to what this vendor does";
    decides(&broken, Purpose::Marketing, Some(755), Verdict::Gate, silenced);
    let gpp = ruling(STRICT, &[YES, &format!("__gpp=DBABMA~{GOOGLE}")]);
    decides(&gpp, Purpose::Marketing, Some(32), Verdict::Gate, refused);
}

#[test]
fn a_page_under_another_string_is_another_page() {
    let [all, google, none] = [ALL, GOOGLE, NONE].map(|text| ruling(STRICT, &[YES, &tc(text)]));
    assert_eq!(
        (all.class(), google.class(), none.class()),
        ("famt".into(), "famt".into(), "ft".into())
    );
    assert_ne!(all.stamp(), google.stamp());
    assert_eq!(all.stamp(), ruling(STRICT, &[YES, &tc(ALL)]).stamp());
    assert!(all.stamp().bytes().all(|b| b.is_ascii_hexdigit()) && !all.stamp().is_empty());
    let plain = ruling(STRICT, &[YES]);
    assert_eq!((plain.class(), plain.stamp()), ("fam".into(), String::new()));
    let everything = [&all, &google, &none, &plain].map(|ruling| ruling.allows_everything());
    assert_eq!(everything, [true, false, false, true]);
    assert!(!ruling(REQUIRE, &[YES]).allows_everything());
}

#[test]
fn a_permit_names_what_the_vendor_itself_may_do() {
    let permit = ruling(STRICT, &[&tc(AUDIENCE)]).permit(&vendor(Purpose::Analytics, Some(755)));
    let allowed: PurposeSet = [Purpose::Necessary, Purpose::Analytics].into_iter().collect();
    assert_eq!(permit.unwrap().purposes(), allowed);
    let google = ruling(STRICT, &[YES, &tc(GOOGLE)]);
    assert!(google.permit(&vendor(Purpose::Marketing, Some(32))).is_none());
    let all: PurposeSet = Purpose::ALL.into_iter().collect();
    assert_eq!(google.permit(&vendor(Purpose::Marketing, Some(755))).unwrap().purposes(), all);
}

#[test]
fn an_opt_out_string_beats_what_nobody_refused() {
    let out = LENIENT.rule(&consent(&["usprivacy=1YYN"]), Regime::OptOut);
    assert_eq!(&*out.marketing.reason, "usprivacy: the visitor refused marketing");
    assert!(!out.marketing.granted && out.analytics.granted);
    let no_out = LENIENT.rule(&consent(&["usprivacy=1YNN"]), Regime::OptOut);
    assert!(no_out.marketing.granted);
    let broken = LENIENT.rule(&consent(&["usprivacy=1YXN"]), Regime::OptOut);
    assert!(!broken.marketing.granted, "it may have been an opt-out");
    // A yes of another source does not outweigh it; where the law is opt-in it is no signal at all.
    for string in ["usprivacy=1YXN", "us_privacy=", "usprivacy=1YNN; usprivacy=2YNN"] {
        let with = consent(&[YES, string]);
        let out = STRICT.rule(&with, Regime::OptOut);
        let why = "usprivacy: cannot be read, which counts as opted out where the law is opt-out";
        assert_eq!((out.marketing.granted, &*out.marketing.reason), (false, why), "{string}");
        assert!(out.analytics.granted && !out.refuses(Purpose::Marketing), "{string}");
        for regime in [Regime::OptIn, Regime::None] {
            assert!(STRICT.rule(&with, regime).marketing.granted, "{string}");
        }
    }
    let yes = consent(&[YES, "__gpp=DBABBg~BAQAAABA.QA"]);
    assert!(!STRICT.rule(&yes, Regime::OptIn).marketing.granted);
}

#[test]
fn our_own_banner_speaks_beside_a_manager_that_keeps_its_choice() {
    let named = Config { cmps: vec![Cmp::Usercentrics, Cmp::Cookiebot], ..Config::default() };
    let granted = |cookies: &str| {
        let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(cookies).unwrap())]);
        let now = UNIX_EPOCH + Duration::from_secs(1_781_524_800);
        STRICT.rule(&Reader::new(&named).read(&headers, now), Regime::OptIn).marketing.granted
    };
    let cookiebot = "CookieConsent={stamp:'x',marketing:true,method:'explicit'}";
    assert!(granted(YES) && granted(cookiebot));
    assert!(granted(&format!("{YES}; ucString=0a1b")));
    assert!(!granted(&format!("{cookiebot}; ucString=0a1b")));
}

#[test]
fn a_listed_grant_does_not_hide_a_grant_to_all() {
    let mut signals = consent(&[&tc(ALL)]).signals;
    signals.push(signal("cookiebot", Basis::Explicit, Vote::Grant));
    let grant = STRICT.rule(&signals.into(), Regime::OptIn).marketing;
    assert_eq!((grant.granted, &*grant.reason), (true, "cookiebot: the visitor allowed marketing"));
    let lenient = LENIENT.rule(&consent(&[&tc(ALL)]), Regime::OptOut);
    assert!(lenient.marketing.granted, "nobody refused, and the law is opt-out");
}
