//! The rules of the list one by one, and that a refusal never opens anything.

mod listed;
mod told;

use super::*;
use crate::{
    consent::{Basis, Consent, Signal, Vote, Votes},
    purpose::Purpose,
};
use proptest::prelude::*;

fn signal(name: &'static str, basis: Basis, marketing: Vote) -> Signal {
    let votes = Votes { marketing, ..Votes::default() };
    Signal {
        name: name.into(),
        basis,
        votes,
        note: "its cookie was written without a click".into(),
    }
}

fn marketing(policy: Policy, regime: Regime, signals: &[Signal]) -> Grant {
    policy.rule(&Consent::from(signals.to_vec()), regime).marketing
}

const STRICT: Policy = Policy { allow_implied: false, tcf: Tcf::IfPresent };
const LENIENT: Policy = Policy { allow_implied: true, tcf: Tcf::IfPresent };

/// Who asks, what was sent, and what comes out: granted, basis, reason.
type Case<'a> = (Policy, Regime, &'a [&'a Signal], bool, Basis, &'a str);

#[test]
fn each_rule_decides_in_its_turn() {
    let yes = signal("own", Basis::Explicit, Vote::Grant);
    let no = signal("cookiebot", Basis::Explicit, Vote::Deny);
    let gpc = signal("gpc", Basis::Explicit, Vote::Deny);
    let assumed = signal("cookiebot", Basis::Implied, Vote::Grant);
    let off = signal("onetrust", Basis::Implied, Vote::Deny);
    let blob = signal("osano", Basis::Opaque, Vote::Silent);
    let broken = signal("klaro", Basis::None, Vote::Silent);
    let (opt_in, opt_out, none) = (Regime::OptIn, Regime::OptOut, Regime::None);
    let cases: [Case<'_>; 20] = [
        (
            STRICT,
            opt_in,
            &[&yes, &no],
            false,
            Basis::Explicit,
            "cookiebot: the visitor refused marketing",
        ),
        (STRICT, none, &[&no], false, Basis::Explicit, "cookiebot: the visitor refused marketing"),
        (STRICT, opt_in, &[&yes, &gpc], false, Basis::Explicit, "GPC refuses marketing"),
        (LENIENT, opt_out, &[&assumed, &gpc], false, Basis::Explicit, "GPC refuses marketing"),
        (STRICT, none, &[], true, Basis::None, "no consent rule applies to the visitor"),
        (
            STRICT,
            none,
            &[&off, &broken],
            true,
            Basis::None,
            "no consent rule applies to the visitor",
        ),
        (
            STRICT,
            opt_in,
            &[&yes, &off],
            false,
            Basis::Implied,
            "onetrust: marketing is off by default",
        ),
        (
            LENIENT,
            opt_out,
            &[&assumed, &off],
            false,
            Basis::Implied,
            "onetrust: marketing is off by default",
        ),
        (
            STRICT,
            opt_in,
            &[&assumed, &yes],
            true,
            Basis::Explicit,
            "own: the visitor allowed marketing",
        ),
        (
            STRICT,
            opt_in,
            &[&blob, &yes],
            true,
            Basis::Explicit,
            "own: the visitor allowed marketing",
        ),
        (
            STRICT,
            opt_out,
            &[&broken, &yes],
            true,
            Basis::Explicit,
            "own: the visitor allowed marketing",
        ),
        (
            STRICT,
            opt_in,
            &[&blob, &assumed],
            false,
            Basis::Opaque,
            "osano: its cookie was written without a click",
        ),
        (
            LENIENT,
            opt_out,
            &[&blob],
            false,
            Basis::Opaque,
            "osano: its cookie was written without a click",
        ),
        (
            LENIENT,
            opt_out,
            &[&assumed],
            true,
            Basis::Implied,
            "nobody refused, and the law is opt-out",
        ),
        (LENIENT, opt_out, &[], true, Basis::None, "nobody refused, and the law is opt-out"),
        (
            LENIENT,
            opt_out,
            &[&broken],
            false,
            Basis::None,
            "klaro: its cookie was written without a click",
        ),
        (
            LENIENT,
            opt_in,
            &[&assumed],
            false,
            Basis::Implied,
            "cookiebot: its cookie was written without a click",
        ),
        (
            STRICT,
            opt_out,
            &[&assumed],
            false,
            Basis::Implied,
            "cookiebot: its cookie was written without a click",
        ),
        (
            STRICT,
            opt_in,
            &[&broken],
            false,
            Basis::None,
            "klaro: its cookie was written without a click",
        ),
        (STRICT, opt_in, &[], false, Basis::None, "no consent signal"),
    ];
    for (policy, regime, signals, granted, basis, reason) in cases {
        let signals: Vec<Signal> = signals.iter().map(|s| (*s).clone()).collect();
        let grant = marketing(policy, regime, &signals);
        assert_eq!((grant.granted, grant.basis, &*grant.reason), (granted, basis, reason));
    }
}

#[test]
fn a_choice_that_cannot_be_read_stands_for_a_refusal_unless_it_is_mirrored() {
    let signals = |unread: &'static str, name| {
        let blob = signal(unread, Basis::Opaque, Vote::Silent);
        [blob, signal(name, Basis::Explicit, Vote::Grant)]
    };
    for (unread, name, granted, listed) in [
        ("usercentrics", "own", true, true),
        ("usercentrics", "rule:uc_mirror", true, true),
        ("usercentrics", "cookiebot", false, false),
        ("usercentrics", "tcf", false, false),
        ("sourcepoint", "tcf", false, true),
        ("didomi", "gpp", false, true),
        ("sourcepoint", "cookiebot", false, false),
        ("cookies", "tcf", false, false),
    ] {
        let grant = marketing(STRICT, Regime::OptIn, &signals(unread, name));
        assert_eq!((grant.granted, grant.listed), (granted, listed), "{unread}, {name}");
        let basis = if listed { Basis::Explicit } else { Basis::Opaque };
        assert_eq!(grant.basis, basis, "{unread}, {name}");
    }
    let two = [&signals("sourcepoint", "tcf")[..], &signals("osano-cmp", "cookiebot")].concat();
    assert!(!marketing(STRICT, Regime::OptIn, &two).listed, "one of the two is not mirrored");
    // A refusal that can be read still counts for more than the mirror's yes.
    let refused = signal("cookiebot", Basis::Explicit, Vote::Deny);
    let all = [&signals("usercentrics", "own")[..], &[refused]].concat();
    assert!(!marketing(STRICT, Regime::OptIn, &all).granted);
}

#[test]
fn necessary_needs_nothing_and_the_class_names_what_is_granted() {
    let ruling = STRICT.rule(&Consent::default(), Regime::OptIn);
    assert!(ruling.grants(Purpose::Necessary) && !ruling.grants(Purpose::Functional));
    assert_eq!(ruling.class(), "none");
    assert_eq!(STRICT.rule(&Consent::default(), Regime::None).class(), "fam");
}

fn any_vote() -> impl Strategy<Value = Vote> {
    prop_oneof![Just(Vote::Grant), Just(Vote::Deny), Just(Vote::Silent)]
}

fn any_signal() -> impl Strategy<Value = Signal> {
    let basis = prop_oneof![
        Just(Basis::Explicit),
        Just(Basis::Implied),
        Just(Basis::None),
        Just(Basis::Opaque)
    ];
    let name =
        prop_oneof![Just("own"), Just("gpc"), Just("cookiebot"), Just("tcf"), Just("usprivacy")];
    (name, basis, any_vote()).prop_map(|(name, basis, vote)| signal(name, basis, vote))
}

fn any_law() -> impl Strategy<Value = (Policy, Regime)> {
    let policy = prop_oneof![Just(STRICT), Just(LENIENT)];
    (policy, prop_oneof![Just(Regime::OptIn), Just(Regime::OptOut), Just(Regime::None)])
}

proptest! {
    #[test]
    fn what_does_not_grant_never_opens_anything(
        law in any_law(),
        signals in proptest::collection::vec(any_signal(), 0..5),
        more in any_signal().prop_filter("grants", |s| s.votes.marketing != Vote::Grant),
        at in 0_usize..6,
    ) {
        let before = marketing(law.0, law.1, &signals).granted;
        let mut signals = signals;
        signals.insert(at.min(signals.len()), more);
        prop_assert!(before || !marketing(law.0, law.1, &signals).granted);
    }

    #[test]
    fn what_does_not_grant_never_opens_anything_to_listed_vendors(
        law in any_law(),
        signals in proptest::collection::vec(any_signal(), 0..5),
        more in any_signal().prop_filter("grants", |s| s.votes.marketing != Vote::Grant),
    ) {
        let before = marketing(law.0, law.1, &signals).listed;
        let mut signals = signals;
        signals.push(more);
        prop_assert!(before || !marketing(law.0, law.1, &signals).listed);
    }

    #[test]
    fn order_does_not_matter_to_the_outcome(
        law in any_law(),
        signals in proptest::collection::vec(any_signal(), 0..5).prop_shuffle(),
    ) {
        let mut sorted = signals.clone();
        sorted.sort_by_key(|s| format!("{s:?}"));
        let (a, b) = (marketing(law.0, law.1, &signals), marketing(law.0, law.1, &sorted));
        prop_assert_eq!((a.granted, a.basis), (b.granted, b.basis));
    }

    #[test]
    fn under_opt_in_only_the_visitors_act_unlocks(
        lenient in any::<bool>(),
        signals in proptest::collection::vec(any_signal(), 0..5),
    ) {
        let grant = marketing(Policy { allow_implied: lenient, ..STRICT }, Regime::OptIn, &signals);
        let acts = signals.iter().any(|s| s.basis == Basis::Explicit && s.votes.marketing == Vote::Grant);
        prop_assert!(!grant.granted || (acts && grant.basis == Basis::Explicit));
    }
}
