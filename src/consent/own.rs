//! Turns the cookie of our own banner into a [`Choice`], and a choice into the cookie's value.
//!
//! 1. The value is `v1.<policy>.<yyyymmdd>.f<0|1>a<0|1>m<0|1>`, and may have more fields after it, each of
//!    `[A-Za-z0-9_-]`; anything else is malformed. What the banner puts there is an [`OwnCookie`]'s.
//! 2. It is always the visitor's act: nothing but a click sets it.
//! 3. What is refused is refused for [`LASTS`] days, under whatever policy it was (CNIL 2020-092: nobody who refused is asked again
//!    for six months).
//! 4. What is allowed counts for as long as the operator says, at most as long as that, and only while the site's [`Terms`] uphold
//!    it; after that the purpose is one that nothing was said of (GDPR 7(1): consent is to what was shown).
//! 5. A choice dated in the future says nothing.
//! 6. The value of a refusal holds no identifier (ePrivacy Directive 5(3): strictly necessary).

use super::{
    date::{Clock, Day},
    held::OwnCookie,
    signal::{Consent, Vote, Votes},
    source::{Said, Source},
    told::{VendorList, VendorLists},
};
use crate::purpose::{Purpose, PurposeSet};
use std::{borrow::Cow, fmt, str::FromStr, sync::Arc};

/// The name of what our own banner's cookie says.
pub(super) const OWN: &str = "own";
/// Why it counts.
const CHOSEN: &str = "chosen on the banner";
/// How long a choice counts at most; days.
pub const LASTS: u32 = 180;

/// What a site goes by when it looks at a choice that was made on it before.
pub trait Terms {
    /// Of what the choice in `cookie` allows, what it still allows here.
    fn upheld(&self, cookie: &OwnCookie) -> PurposeSet;

    /// The vendors that `choice` was about, where that is known: what it allows, it allows to these.
    fn told(&self, _: &Choice) -> Option<Arc<dyn VendorList>> {
        None
    }
}

/// The terms of a site whose operator names its policy, if at all: a choice counts under that name, or under any.
#[derive(Clone, Copy, Debug, Default)]
pub struct Named<'p>(pub Option<&'p PolicyVersion>);

/// What a visitor chose on our own banner; written as the cookie's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is allowed; the rest is refused. `necessary` is not written.
    pub purposes: PurposeSet,
    /// The day of the choice.
    pub day: Day,
    /// The policy that it was made under.
    pub policy: PolicyVersion,
}

/// The version of a policy: 1 to 16 lower case ASCII letters and digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyVersion(Box<str>);

/// Text that is not a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a choice written v1.<policy>.<yyyymmdd>.f<0|1>a<0|1>m<0|1>")]
pub struct NotAChoice;

/// Text that is not the version of a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bad policy version `{0}`; write 1 to 16 of a-z and 0-9")]
pub struct BadPolicyVersion(pub String);

pub(super) fn read(source: &Source<'_>, terms: &dyn Terms) -> Option<Said> {
    source.each(|value| Some(said(&value.parse().ok()?, source.clock, terms)))
}

/// The lists of vendors that the values of the source's cookie are about.
pub(super) fn told(source: &Source<'_>, terms: &dyn Terms) -> VendorLists {
    let values = source.cookies.values(source.cookie);
    let choices = values.iter().filter_map(|forms| forms.find(|value| value.parse().ok()));
    choices.filter_map(|choice| terms.told(&choice)).collect()
}

fn said(cookie: &OwnCookie, clock: Clock, terms: &dyn Terms) -> Said {
    let (upheld, why) = match upheld(cookie, clock, terms) {
        Ok(upheld) => upheld,
        Err(why) => return Said::nothing(why),
    };
    match (why, votes(&cookie.choice, upheld)) {
        (Some(why), votes) if votes == Votes::default() => Said::nothing(why),
        (Some(_) | None, votes) => Said::explicit(votes, CHOSEN),
    }
}

/// What `choice` says, of whose grants these count.
fn votes(choice: &Choice, upheld: PurposeSet) -> Votes {
    Votes::from_fn(|purpose| match choice.purposes.contains(purpose) {
        true if upheld.contains(purpose) => Vote::Grant,
        true => Vote::Silent,
        false => Vote::Deny,
    })
}

/// What counts of what is allowed, and why not all of it; the error is why nothing of the choice counts, its refusals neither.
pub(super) fn upheld(
    cookie: &OwnCookie,
    clock: Clock,
    terms: &dyn Terms,
) -> Result<(PurposeSet, Option<Cow<'static, str>>), Cow<'static, str>> {
    let choice = &cookie.choice;
    if let Some(why) = clock.lasting(LASTS).refuses_day(choice.day) {
        return Err(why);
    }
    if let Some(why) = clock.at_most(LASTS).refuses_day(choice.day) {
        return Ok((PurposeSet::EMPTY, Some(why)));
    }
    let upheld = terms.upheld(cookie);
    let all = Purpose::OPTIONAL.into_iter().filter(|p| choice.purposes.contains(*p));
    let counts = all.clone().filter(|p| upheld.contains(*p)).collect();
    let why = (counts != all.collect()).then(|| "the choice was made under another policy".into());
    Ok((counts, why))
}

// === impl Named ===

impl Terms for Named<'_> {
    fn upheld(&self, OwnCookie { choice, .. }: &OwnCookie) -> PurposeSet {
        let other = self.0.is_some_and(|current| *current != choice.policy);
        if other { PurposeSet::EMPTY } else { choice.purposes }
    }
}

// === impl Consent ===

impl Consent {
    /// The same for a visitor who has just chosen this on our own banner, `upheld` of which counts.
    #[must_use]
    pub fn choosing(&self, choice: &Choice, upheld: PurposeSet) -> Self {
        let own = Said::explicit(votes(choice, upheld), CHOSEN).named(OWN);
        let others = self.signals.iter().filter(|signal| signal.name != OWN).cloned();
        Self { signals: [own].into_iter().chain(others).collect(), ..self.clone() }
    }
}

// === impl Choice ===

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bit = |purpose| u8::from(self.purposes.contains(purpose));
        let (functional, analytics) = (bit(Purpose::Functional), bit(Purpose::Analytics));
        let marketing = bit(Purpose::Marketing);
        write!(f, "v1.{}.{}.f{functional}a{analytics}m{marketing}", self.policy, self.day)
    }
}

impl FromStr for Choice {
    type Err = NotAChoice;
    fn from_str(value: &str) -> Result<Self, NotAChoice> {
        let mut fields = value.split('.');
        let mut next = || fields.next().ok_or(NotAChoice);
        let (version, policy, day, choices) = (next()?, next()?, next()?, next()?);
        if version != "v1" || !fields.all(is_field) {
            return Err(NotAChoice);
        }
        Ok(Self {
            purposes: purposes(choices).ok_or(NotAChoice)?,
            day: day.parse().map_err(|_| NotAChoice)?,
            policy: policy.parse().map_err(|_| NotAChoice)?,
        })
    }
}

fn purposes(text: &str) -> Option<PurposeSet> {
    let &[b'f', functional, b'a', analytics, b'm', marketing] = text.as_bytes() else {
        return None;
    };
    let bits = [functional, analytics, marketing];
    let allowed = Purpose::OPTIONAL.into_iter().zip(bits).filter(|(_, bit)| *bit == b'1');
    bits.iter().all(|bit| matches!(bit, b'0' | b'1')).then(|| allowed.map(|(p, _)| p).collect())
}

fn is_field(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

// === impl PolicyVersion ===

impl PolicyVersion {
    /// The version that a list with this `hash` gives a policy: its first 8 hexadecimal digits.
    #[must_use]
    pub fn of_hash(hash: &str) -> Self {
        let digits = hash.chars().filter(|c| matches!(c, '0'..='9' | 'a'..='f'));
        Self(digits.take(8).collect())
    }

    /// Whether it is one that [`Self::of_hash`] gives, and no name that an operator wrote.
    #[must_use]
    pub fn is_of_hash(&self) -> bool {
        self.0.len() == 8 && self.0.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    }

    /// The version as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PolicyVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PolicyVersion {
    type Err = BadPolicyVersion;
    fn from_str(text: &str) -> Result<Self, BadPolicyVersion> {
        let plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let version = (plain && (1..=16).contains(&text.len())).then(|| Self(text.into()));
        version.ok_or_else(|| BadPolicyVersion(text.chars().take(32).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_but_the_grammar_is_a_choice() {
        for good in ["v1.p1.20251201.f0a1m0", "v1.p1.20251201.f0a1m0.R3-x_.9"] {
            let choice: Choice = good.parse().unwrap();
            assert_eq!(choice.purposes, PurposeSet::EMPTY.with(Purpose::Analytics));
            assert_eq!(choice.to_string(), "v1.p1.20251201.f0a1m0");
        }
        for bad in [
            "",
            "v2.p1.20251201.f1a1m1",
            "v1.p1.20251201",
            "v1.P1.20251201.f1a1m1",
            "v1..20251201.f1a1m1",
            "v1.abcdefghijklmnopq.20251201.f1a1m1",
            "v1.p1.20251301.f1a1m1",
            "v1.p1.20251201.f1a1m2",
            "v1.p1.20251201.a1f1m1",
            "v1.p1.20251201.f1a1m1.",
            "v1.p1.20251201.f1a1m1.x y",
            " v1.p1.20251201.f1a1m1",
        ] {
            assert_eq!(bad.parse::<Choice>(), Err(NotAChoice), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_choice_round_trips(bits in 0_usize..8, days in 0_u64..40_000, policy in "[a-z0-9]{1,16}") {
            let allowed = Purpose::OPTIONAL.into_iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1);
            let day = Day::of(std::time::UNIX_EPOCH + std::time::Duration::from_secs(days * 86_400));
            let purposes = allowed.map(|(_, purpose)| purpose).collect();
            let choice = Choice { purposes, day, policy: policy.parse().unwrap() };
            prop_assert_eq!(choice.to_string().parse(), Ok(choice));
        }

        #[test]
        fn any_text_is_a_choice_or_not(text in "\\PC{0,60}") {
            let _ = text.parse::<Choice>();
        }
    }
}
