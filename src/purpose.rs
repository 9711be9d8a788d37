//! Turns the name of a use of data into a [`Purpose`], and several of them into a [`PurposeSet`].
//!
//! 1. There are four purposes; every consent manager's categories are mapped to them.
//! 2. `necessary` needs no consent (ePrivacy Directive 5(3)); the other three do.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A use of data that a visitor can be asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// What the visitor asked for cannot be had without it; needs no consent.
    Necessary,
    /// Comfort: maps, video, fonts, chat, comments.
    Functional,
    /// Audience measurement, session replay, performance monitoring.
    Analytics,
    /// Advertising, remarketing, social plug-ins, tag managers.
    Marketing,
}

impl Purpose {
    /// Every purpose, least intrusive first.
    pub const ALL: [Self; 4] =
        [Self::Necessary, Self::Functional, Self::Analytics, Self::Marketing];
    /// The purposes that need consent, in the order in which they are shown.
    pub const OPTIONAL: [Self; 3] = [Self::Functional, Self::Analytics, Self::Marketing];

    /// The name in configuration, logs and JSON: lower case English.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Necessary => "necessary",
            Self::Functional => "functional",
            Self::Analytics => "analytics",
            Self::Marketing => "marketing",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Purpose {
    type Err = UnknownPurpose;
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|p| p.name() == name)
            .ok_or_else(|| UnknownPurpose(name.to_owned()))
    }
}

/// A name that is none of the four purposes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown purpose `{0}`; write one of necessary, functional, analytics, marketing")]
pub struct UnknownPurpose(pub String);

/// A set of purposes, as a bit set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PurposeSet(u8);

impl PurposeSet {
    /// The empty set.
    pub const EMPTY: Self = Self(0);

    /// The set with `purpose` in it too.
    #[must_use]
    pub const fn with(self, purpose: Purpose) -> Self {
        Self(self.0 | 1 << purpose as u8)
    }

    /// Whether `purpose` is in the set.
    #[must_use]
    pub const fn contains(self, purpose: Purpose) -> bool {
        self.0 & (1 << purpose as u8) != 0
    }

    /// The set without what is in `others`.
    #[must_use]
    pub const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Whether the set holds nothing.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The members, least intrusive first.
    pub fn iter(self) -> impl Iterator<Item = Purpose> {
        Purpose::ALL.into_iter().filter(move |p| self.contains(*p))
    }
}

impl FromIterator<Purpose> for PurposeSet {
    fn from_iter<I: IntoIterator<Item = Purpose>>(purposes: I) -> Self {
        purposes.into_iter().fold(Self::EMPTY, Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for purpose in Purpose::ALL {
            assert_eq!(purpose.name().parse(), Ok(purpose));
        }
        assert!("Marketing ".parse::<Purpose>().is_err());
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set: PurposeSet = [Purpose::Marketing, Purpose::Functional].into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), [Purpose::Functional, Purpose::Marketing]);
        assert!(PurposeSet::EMPTY.is_empty() && !set.contains(Purpose::Analytics));
    }
}
