//! Choices on our own banner, which are about the vendors of a list: who may run by them, and what lifts the list.

use super::{LENIENT, STRICT, signal};
use crate::{
    consent::{
        Basis, Choice, Config, Consent, OwnCookie, PolicyVersion, Reader, Signal, Terms,
        VendorList, Vote,
    },
    policy::{Policy, Regime, Ruling, Verdict},
    purpose::{Purpose, PurposeSet},
    vendor::{Facts, Source, Vendor},
};
use http::{HeaderMap, HeaderValue, header::COOKIE};
use proptest::prelude::*;
use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

/// A list of vendors by their ids.
#[derive(Clone, Debug)]
struct List(PolicyVersion, &'static [&'static str]);

impl VendorList for List {
    fn version(&self) -> &PolicyVersion {
        &self.0
    }

    fn has(&self, vendor: &Vendor) -> bool {
        self.1.contains(&&*vendor.id)
    }
}

/// Two lists that are known: `aaaaaaaa` and `bbbbbbbb`. Everything counts.
struct Lists;

impl Terms for Lists {
    fn upheld(&self, cookie: &OwnCookie) -> PurposeSet {
        cookie.choice.purposes
    }

    fn told(&self, choice: &Choice) -> Option<Arc<dyn VendorList>> {
        let ids: &[_] = match choice.policy.as_str() {
            "aaaaaaaa" => &["old", "older"],
            "bbbbbbbb" => &["old", "new"],
            _ => return None,
        };
        Some(Arc::new(List(choice.policy.clone(), ids)))
    }
}

const UNTOLD: &str = "own: the vendor was not in the list that was shown to the visitor";

fn consent(cookies: &str) -> Consent {
    let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(cookies).unwrap())]);
    let now = UNIX_EPOCH + Duration::from_secs(1_781_524_800);
    Reader::new(&Config::default()).read_under(&headers, now, &Lists)
}

fn vendor(id: &str, purpose: Purpose) -> Vendor {
    Vendor {
        id: id.into(),
        name: id.into(),
        purpose,
        gvl: None,
        atp: None,
        source: Source::Catalog,
        facts: Facts::default(),
    }
}

fn allows(ruling: &Ruling, id: &str) -> bool {
    ruling.decide(&vendor(id, Purpose::Marketing)).verdict == Verdict::Allow
}

const A: &str = "consentry=v1.aaaaaaaa.20260601.f0a0m1";
const B: &str = "consentry=v1.bbbbbbbb.20260601.f1a1m1";

#[test]
fn a_choice_is_for_the_vendors_of_its_list() {
    let ruling = STRICT.rule(&consent(A), Regime::OptIn);
    assert!(ruling.grants(Purpose::Marketing) && ruling.goes_by_list(Purpose::Marketing));
    assert!(!ruling.goes_by_list(Purpose::Analytics) && !ruling.goes_by_list(Purpose::Necessary));
    let decision = ruling.decide(&vendor("new", Purpose::Marketing));
    assert_eq!((decision.verdict, decision.reason()), (Verdict::Gate, UNTOLD));
    assert!(ruling.permit(&vendor("new", Purpose::Marketing)).is_none());
    assert!(ruling.permit(&vendor("old", Purpose::Marketing)).is_some());
    let refused = ruling.decide(&vendor("new", Purpose::Analytics));
    assert_eq!(refused.reason(), "own: the visitor refused analytics");
    assert!(!ruling.refuses(Purpose::Marketing), "what was not asked is not refused");
    for (cookies, allowed) in [
        (A.to_owned(), "old older"),
        (B.to_owned(), "old new"),
        // Values of one cookie combine to the most restrictive.
        (format!("{A}; {B}"), "old"),
        (format!("{B}; {A}"), "old"),
        // An operator's own name stands for no list.
        ("consentry=v1.p1.20260601.f1a1m1".to_owned(), "old older new"),
        ("consentry=v1.aaaaaaaa.20260601.f1a1m0".to_owned(), ""),
    ] {
        let ruling = STRICT.rule(&consent(&cookies), Regime::OptIn);
        let all = ["old", "older", "new"].into_iter().filter(|id| allows(&ruling, id));
        assert_eq!(all.collect::<Vec<_>>().join(" "), allowed, "{cookies}");
    }
}

#[test]
fn pages_under_other_lists_are_other_pages() {
    let rulings = [A, B, &format!("{A}; {B}"), &format!("{B}; {A}"), "a=b"]
        .map(|cookies| STRICT.rule(&consent(cookies), Regime::OptIn));
    let [a, b, both, turned, none] = rulings.each_ref().map(Ruling::stamp);
    assert_eq!((&*a, &*b, &*none), ("aaaaaaaa", "bbbbbbbb", ""));
    assert_eq!((&*both, &*turned), ("aaaaaaaabbbbbbbb", "aaaaaaaabbbbbbbb"));
    assert!(rulings.iter().all(|ruling| !ruling.allows_everything()));
    let named = STRICT.rule(&consent("consentry=v1.p1.20260601.f1a1m1"), Regime::OptIn);
    assert_eq!((named.stamp(), named.allows_everything()), (String::new(), true));
}

#[test]
fn another_grant_lifts_the_list() {
    let with = |name, basis, vote| {
        let mut consent = consent(A);
        consent.signals.push(signal(name, basis, vote));
        consent
    };
    let only = consent(A);
    let (yes, unread) =
        (with("cookiebot", Basis::Explicit, Vote::Grant), with("klaro", Basis::None, Vote::Silent));
    let assumed = with("cookiebot", Basis::Implied, Vote::Grant);
    for (policy, regime, consent, everybody) in [
        (STRICT, Regime::OptIn, &yes, true),
        (STRICT, Regime::OptIn, &assumed, false),
        (LENIENT, Regime::OptIn, &assumed, false),
        // Nobody has to say yes there.
        (STRICT, Regime::None, &only, true),
        (LENIENT, Regime::OptOut, &only, true),
        (STRICT, Regime::OptOut, &only, false),
        (LENIENT, Regime::OptOut, &unread, false),
    ] {
        let ruling = policy.rule(consent, regime);
        assert!(allows(&ruling, "old"));
        assert_eq!(allows(&ruling, "new"), everybody, "{policy:?} {regime:?} {consent:?}");
        assert_eq!(ruling.stamp().is_empty(), everybody);
    }
}

fn any_signal() -> impl Strategy<Value = Signal> {
    let basis = prop_oneof![
        Just(Basis::Explicit),
        Just(Basis::Implied),
        Just(Basis::None),
        Just(Basis::Opaque)
    ];
    let vote = prop_oneof![Just(Vote::Grant), Just(Vote::Deny), Just(Vote::Silent)];
    let name = prop_oneof![Just("cookiebot"), Just("klaro"), Just("gpc"), Just("rule:x")];
    (name, basis, vote).prop_map(|(name, basis, vote)| signal(name, basis, vote))
}

proptest! {
    /// With the lists known, no vendor runs that did not run without them, and what does not grant opens nothing.
    #[test]
    fn a_list_only_ever_holds(
        cookies in prop_oneof![Just(A), Just(B), Just("a=b")],
        signals in proptest::collection::vec(any_signal(), 0..4),
        more in any_signal(),
        implied in any::<bool>(),
        regime in prop_oneof![Just(Regime::OptIn), Just(Regime::OptOut), Just(Regime::None)],
    ) {
        let policy = Policy { allow_implied: implied, ..STRICT };
        let mut known = consent(cookies);
        known.signals.extend(signals);
        let unknown = Consent { told: [].into_iter().collect(), ..known.clone() };
        let mut wider = known.clone();
        wider.signals.push(more.clone());
        let [known, unknown, wider] = [known, unknown, wider].map(|consent| policy.rule(&consent, regime));
        for id in ["old", "older", "new"] {
            prop_assert!(!allows(&known, id) || allows(&unknown, id));
            prop_assert!(!allows(&wider, id) || allows(&known, id) || more.votes.marketing == Vote::Grant);
        }
    }
}
