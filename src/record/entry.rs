//! Turns one choice into a [`ConsentRecord`], and that into the bytes that its hash is made of (ISO/IEC TS 27560).
//!
//! 1. Times are to the minute: more would help to tell visitors apart.
//! 2. Ids are 128 random bits, in hexadecimal digits; texts and lists are named by the SHA-256 of their bytes.
//! 3. The hashed bytes are the fields in a fixed order, each with its length before it, so that no two records share them.

use crate::purpose::{Purpose, PurposeSet};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    fmt::Write as _,
    str::FromStr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Minutes since 1970, UTC.
pub type Minute = i64;

/// How a choice was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Everything was allowed with one click.
    AcceptAll,
    /// Everything was refused with one click.
    RejectAll,
    /// Purposes were chosen one by one.
    Custom,
    /// Something allowed before was taken back.
    Withdraw,
}

/// What was chosen, on what, when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentRecord {
    /// Of this record alone.
    pub id: String,
    /// When.
    pub at: Minute,
    /// The site's host name.
    pub site: String,
    /// The version of the policy.
    pub policy: String,
    /// The hash of the text that was shown.
    pub text: String,
    /// The language that it was shown in (BCP 47).
    pub language: String,
    /// The law in force for the visitor: `opt-in`, `opt-out`, `none`.
    pub regime: String,
    /// How.
    pub method: Method,
    /// What was allowed; all else was refused.
    #[serde(with = "names")]
    pub purposes: PurposeSet,
    /// The hash of the list of vendors that it is about.
    pub vendors: String,
    /// What the visitor can name the record by; only where something was allowed.
    pub receipt: Option<String>,
    /// What showed the banner, with its version.
    pub software: String,
}

/// What goes into the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Entry {
    /// A choice.
    Record(ConsentRecord),
    /// A text that visitors are shown, kept once.
    Text {
        /// Of its body.
        hash: String,
        /// Its language (BCP 47).
        language: String,
        /// All of it.
        body: String,
    },
    /// A list of vendors that visitors are asked about, kept once.
    Vendors {
        /// Of its body.
        hash: String,
        /// JSON.
        body: String,
    },
    /// A refusal where only their number is kept.
    Refusal {
        /// Of this entry alone, so that it counts once.
        id: String,
        /// Minutes since 1970 at the start of its day, UTC.
        day: Minute,
        /// The site's host name.
        site: String,
        /// The version of the policy.
        policy: String,
    },
}

impl ConsentRecord {
    /// The hash of this record after the one whose hash is `previous`; 64 hexadecimal digits.
    #[must_use]
    pub fn hash_after(&self, previous: &str) -> String {
        let Self {
            id,
            at,
            site,
            policy,
            text,
            language,
            regime,
            method,
            purposes,
            vendors,
            receipt,
            software,
        } = self;
        let purposes: Vec<_> = purposes.iter().map(Purpose::name).collect();
        let mut hash = Sha256::new();
        for field in [
            previous,
            id,
            &at.to_string(),
            site,
            policy,
            text,
            language,
            regime,
            method.name(),
            &purposes.join(","),
            vendors,
            receipt.as_deref().unwrap_or_default(),
            software,
        ] {
            hash.update(u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(field);
        }
        hex(&hash.finalize())
    }
}

impl Entry {
    /// The text `body`, in `language`.
    #[must_use]
    pub fn text(language: &str, body: &str) -> Self {
        Self::Text { hash: hash_of(body), language: language.to_owned(), body: body.to_owned() }
    }

    /// The list of vendors `body`.
    #[must_use]
    pub fn vendors(body: &str) -> Self {
        Self::Vendors { hash: hash_of(body), body: body.to_owned() }
    }

    /// Whether it is a visitor's choice, rather than what one was shown.
    pub(super) const fn is_choice(&self) -> bool {
        match self {
            Self::Record(_) | Self::Refusal { .. } => true,
            Self::Text { .. } | Self::Vendors { .. } => false,
        }
    }
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 4] = [Self::AcceptAll, Self::RejectAll, Self::Custom, Self::Withdraw];

    /// The name in exports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AcceptAll => "accept-all",
            Self::RejectAll => "reject-all",
            Self::Custom => "custom",
            Self::Withdraw => "withdraw",
        }
    }
}

impl FromStr for Method {
    type Err = ();
    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|method| method.name() == name).ok_or(())
    }
}

/// The minute of `time`; the first one for times before 1970.
pub(super) fn minute(time: SystemTime) -> Minute {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_secs() / 60).unwrap_or(i64::MAX)
}

/// The name of a text or a list: the SHA-256 of its bytes, 64 hexadecimal digits.
#[must_use]
pub fn hash_of(body: &str) -> String {
    hex(&Sha256::digest(body))
}

/// A new id: 32 hexadecimal digits.
#[must_use]
pub fn new_id() -> String {
    hex(&rand::random::<[u8; 16]>())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Purposes by their names.
mod names {
    use crate::purpose::{Purpose, PurposeSet};
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(set: &PurposeSet, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(set.iter())
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<PurposeSet, D::Error> {
        Vec::<Purpose>::deserialize(from).map(|purposes| purposes.into_iter().collect())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A record that differs from others in `n`.
    pub(in crate::record) fn record(n: u32) -> ConsentRecord {
        let granted = n % 2 == 1;
        ConsentRecord {
            id: format!("{n:032x}"),
            at: 29_000_000 + i64::from(n),
            site: "shop.example".into(),
            policy: "p1".into(),
            text: hash_of("text"),
            language: "nb".into(),
            regime: "opt-in".into(),
            method: if granted { Method::Custom } else { Method::RejectAll },
            purposes: if granted {
                PurposeSet::EMPTY.with(Purpose::Analytics)
            } else {
                PurposeSet::EMPTY
            },
            vendors: hash_of("[]"),
            receipt: granted.then(|| format!("r{n}")),
            software: "consentry 0".into(),
        }
    }

    #[test]
    fn every_field_is_in_the_hash() {
        let base = record(1);
        let changes: [fn(&mut ConsentRecord); 12] = [
            |r| r.id.push('x'),
            |r| r.at += 1,
            |r| r.site.push('x'),
            |r| r.policy.push('x'),
            |r| r.text.push('x'),
            |r| r.language.push('x'),
            |r| r.regime.push('x'),
            |r| r.method = Method::Withdraw,
            |r| r.purposes = PurposeSet::EMPTY,
            |r| r.vendors.push('x'),
            |r| r.receipt = None,
            |r| r.software.push('x'),
        ];
        for (n, change) in changes.iter().enumerate() {
            let mut changed = base.clone();
            change(&mut changed);
            assert_ne!(changed.hash_after(""), base.hash_after(""), "{n}");
        }
        assert_ne!(base.hash_after("a"), base.hash_after(""));
    }

    #[test]
    fn bytes_do_not_move_between_fields() {
        let (mut a, mut b) = (record(1), record(1));
        (a.site, a.policy) = ("ab".into(), "c".into());
        (b.site, b.policy) = ("a".into(), "bc".into());
        assert_ne!(a.hash_after(""), b.hash_after(""));
    }

    proptest! {
        #[test]
        fn entries_survive_json(n in 0_u32..1000, language in "\\PC{0,9}", body in "\\PC{0,40}") {
            let id = new_id();
            for entry in [
                Entry::Record(ConsentRecord { language: language.clone(), ..record(n) }),
                Entry::Text { hash: hash_of(&body), language: language.clone(), body: body.clone() },
                Entry::Vendors { hash: hash_of(&body), body: body.clone() },
                Entry::Refusal { id, day: 5, site: body.clone(), policy: language },
            ] {
                let json = serde_json::to_string(&entry).unwrap();
                prop_assert!(!json.contains('\n'));
                prop_assert_eq!(serde_json::from_str::<Entry>(&json).unwrap(), entry);
            }
        }
    }
}
