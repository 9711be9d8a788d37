//! Turns the whole value of our own banner's cookie into an [`OwnCookie`], and what it says here into what is [`Held`].
//!
//! 1. Behind the choice stand a receipt id and a signature: `v1.<policy>.<day>.<purposes>.<receipt>.<signature>`, 32 hexadecimal
//!    digits each. A refusal has neither, so that it is the same for every visitor of a day.
//! 2. Other fields there are of another version, and are left out.

use super::{
    date::Clock,
    own::{self, Choice, NotAChoice, Terms},
};
use crate::purpose::{Purpose, PurposeSet};
use std::{cmp::Reverse, fmt, str::FromStr};

/// What the visitor can name a choice by: 32 hexadecimal digits in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Receipt(Box<str>);

/// The proof that a receipt was given here: 32 hexadecimal digits in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Signature(Box<str>);

/// The whole value of our own banner's cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnCookie {
    /// The choice.
    pub choice: Choice,
    /// What it can be named by; only where something was allowed.
    pub receipt: Option<Receipt>,
    /// The proof of the receipt. Where our own banner is on, nothing is allowed without it.
    pub signature: Option<Signature>,
}

/// A choice that was made before, and is not too old.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// It.
    pub cookie: OwnCookie,
    /// What still counts of what it allows.
    pub upheld: PurposeSet,
}

macro_rules! digits {
    ($($name:ident)+) => {$(
        impl $name {
            /// The digits.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NotAChoice;
            fn from_str(text: &str) -> Result<Self, NotAChoice> {
                are_digits(text).then(|| Self(text.into())).ok_or(NotAChoice)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

digits! { Receipt Signature }

fn are_digits(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

// === impl OwnCookie ===

impl From<Choice> for OwnCookie {
    /// Without a receipt.
    fn from(choice: Choice) -> Self {
        Self { choice, receipt: None, signature: None }
    }
}

impl fmt::Display for OwnCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.choice)?;
        let Some(receipt) = &self.receipt else { return Ok(()) };
        write!(f, ".{receipt}")?;
        self.signature.as_ref().map_or(Ok(()), |signature| write!(f, ".{signature}"))
    }
}

impl FromStr for OwnCookie {
    type Err = NotAChoice;
    fn from_str(value: &str) -> Result<Self, NotAChoice> {
        let choice = value.parse()?;
        let mut more = value.split('.').skip(4);
        let receipt = more.next().and_then(|field| field.parse().ok());
        let signature = more.next().and_then(|field| field.parse().ok());
        Ok(Self { choice, signature: signature.filter(|_| receipt.is_some()), receipt })
    }
}

// === impl Held ===

impl Held {
    /// What `cookie` says under `terms`; `None` where it is too old, or dated in the future.
    pub(super) fn new(cookie: OwnCookie, clock: Clock, terms: &dyn Terms) -> Option<Self> {
        let (upheld, _) = own::upheld(&cookie, clock, terms).ok()?;
        Some(Self { cookie, upheld })
    }

    /// Whether all that it allows still counts; else the visitor is asked again. A refusal always does.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.upheld == allowed(self.cookie.choice.purposes)
    }

    /// The same under terms that came since: what counts no more does not come back.
    #[must_use]
    pub fn under(&self, terms: &dyn Terms) -> Self {
        let still = terms.upheld(&self.cookie);
        let counts = |purpose: &Purpose| self.upheld.contains(*purpose) && still.contains(*purpose);
        let upheld = Purpose::OPTIONAL.into_iter().filter(counts).collect();
        Self { cookie: self.cookie.clone(), upheld }
    }

    /// The newest comes last, and of one day the one that allows least.
    pub(super) fn rank(&self) -> impl Ord + use<> {
        let choice = &self.cookie.choice;
        (choice.day, Reverse(allowed(choice.purposes).iter().count()))
    }
}

fn allowed(purposes: PurposeSet) -> PurposeSet {
    Purpose::OPTIONAL.into_iter().filter(|purpose| purposes.contains(*purpose)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::own::Named;
    use std::time::{Duration, UNIX_EPOCH};

    const RECEIPT: &str = "0123456789abcdef0123456789abcdef";
    const SIGNATURE: &str = "fedcba9876543210fedcba9876543210";

    /// 2026-11-23.
    fn clock(max_age_days: u32) -> Clock {
        Clock::new(UNIX_EPOCH + Duration::from_secs(20_780 * 86_400), max_age_days)
    }

    fn held(value: &str, max_age_days: u32, policy: Option<&str>) -> Option<Held> {
        let policy = policy.map(|name| name.parse().unwrap());
        Held::new(value.parse().unwrap(), clock(max_age_days), &Named(policy.as_ref()))
    }

    #[test]
    fn receipts_and_signatures_stand_behind_the_choice() {
        let choice = "v1.a1b2c3d4.20261123.f0a1m0";
        for (fields, receipt, signature) in [
            (String::new(), false, false),
            (format!(".{RECEIPT}"), true, false),
            (format!(".{RECEIPT}.{SIGNATURE}"), true, true),
        ] {
            let value = format!("{choice}{fields}");
            let cookie: OwnCookie = value.parse().unwrap();
            assert_eq!(
                (cookie.receipt.is_some(), cookie.signature.is_some()),
                (receipt, signature)
            );
            assert_eq!(cookie.to_string(), value);
        }
        for other in ["id-1.sig_2", &format!("short.{SIGNATURE}"), &RECEIPT.to_uppercase()] {
            let cookie: OwnCookie = format!("{choice}.{other}").parse().unwrap();
            assert_eq!(cookie.to_string(), choice, "{other}");
        }
        assert!(format!("{choice}.").parse::<OwnCookie>().is_err());
    }

    #[test]
    fn a_refusal_stands_for_six_months_and_a_grant_as_the_operator_says() {
        for (value, max_age_days, policy, stands) in [
            ("v1.p1.20261123.f1a1m1", 180, None, Some(true)),
            ("v1.p1.20261123.f1a1m1", 180, Some("p1"), Some(true)),
            ("v1.p1.20261123.f1a1m1", 180, Some("p2"), Some(false)),
            ("v1.p1.20261123.f0a0m0", 180, Some("p2"), Some(true)),
            ("v1.p1.20260601.f0a0m0", 30, Some("p2"), Some(true)),
            ("v1.p1.20260601.f0a1m0", 30, Some("p1"), Some(false)),
            ("v1.p1.20260526.f0a0m0", 180, None, None),
            ("v1.p1.20260526.f0a1m0", 3650, None, None),
            ("v1.p1.20260527.f0a1m0", 3650, None, Some(true)),
            ("v1.p1.20261125.f0a0m0", 180, None, None),
        ] {
            let held = held(value, max_age_days, policy);
            assert_eq!(held.map(|held| held.stands()), stands, "{value} {max_age_days} {policy:?}");
        }
    }
}
