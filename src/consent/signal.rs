//! What one source of consent says, purpose by purpose, as plain data.

use super::{Cmp, Iab, VendorLists, ac, tcf};
use crate::purpose::Purpose;
use std::borrow::Cow;

/// How sure a signal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Basis {
    /// The visitor's own act: a click on the banner, an opt-out header.
    Explicit,
    /// The site assumed it: a default for the region, scrolling, a banner that was closed.
    Implied,
    /// Nothing usable.
    None,
    /// Something is there that cannot be read on the server.
    Opaque,
}

impl Basis {
    /// The name in JSON and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Explicit => "explicit",
            Self::Implied => "implied",
            Self::None => "none",
            Self::Opaque => "opaque",
        }
    }

    /// Orders the bases: the visitor's act is the strongest.
    pub(super) const fn strength(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Opaque => 1,
            Self::Implied => 2,
            Self::Explicit => 3,
        }
    }
}

/// What a source says of one purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Vote {
    /// Yes.
    Grant,
    /// No.
    Deny,
    /// Nothing.
    #[default]
    Silent,
}

impl Vote {
    /// Yes or no.
    #[must_use]
    pub const fn of(granted: bool) -> Self {
        if granted { Self::Grant } else { Self::Deny }
    }

    /// The more restrictive of two: no beats silence, silence beats yes.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Deny, _) | (_, Self::Deny) => Self::Deny,
            (Self::Grant, Self::Grant) => Self::Grant,
            (Self::Silent, _) | (_, Self::Silent) => Self::Silent,
        }
    }
}

/// A source's votes on the three purposes that need consent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Votes {
    /// On [`Purpose::Functional`].
    pub functional: Vote,
    /// On [`Purpose::Analytics`].
    pub analytics: Vote,
    /// On [`Purpose::Marketing`].
    pub marketing: Vote,
}

impl Votes {
    /// The votes that `vote` gives to each purpose that needs consent.
    pub fn from_fn(vote: impl Fn(Purpose) -> Vote) -> Self {
        Self {
            functional: vote(Purpose::Functional),
            analytics: vote(Purpose::Analytics),
            marketing: vote(Purpose::Marketing),
        }
    }

    /// One vote for all.
    #[must_use]
    pub fn all(vote: Vote) -> Self {
        Self::from_fn(|_| vote)
    }

    /// The most restrictive of the votes cast on each purpose; silent where none was cast.
    #[must_use]
    pub fn strictest(cast: &[(Purpose, Vote)]) -> Self {
        let on = |purpose| cast.iter().filter(move |(p, _)| *p == purpose).map(|(_, vote)| *vote);
        Self::from_fn(|purpose| on(purpose).reduce(Vote::and).unwrap_or_default())
    }

    /// The vote on `purpose`; `necessary` needs none and is always granted.
    #[must_use]
    pub const fn on(&self, purpose: Purpose) -> Vote {
        match purpose {
            Purpose::Necessary => Vote::Grant,
            Purpose::Functional => self.functional,
            Purpose::Analytics => self.analytics,
            Purpose::Marketing => self.marketing,
        }
    }

    /// Whether a purpose that needs consent got this vote.
    #[must_use]
    pub fn any(&self, vote: Vote) -> bool {
        Purpose::OPTIONAL.into_iter().any(|purpose| self.on(purpose) == vote)
    }
}

/// One source of consent that was present in the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// `own`, `gpc`, `dnt`, the consent manager's name, `rule:` and the cookie's name, the name of an [`Iab`](super::Iab) string,
    /// or `cookies` when the header as a whole could not be read.
    pub name: Cow<'static, str>,
    /// How sure it is.
    pub basis: Basis,
    /// What it says; silent on everything unless the basis is explicit or implied.
    pub votes: Votes,
    /// A few words for people: why it was read so.
    pub note: Cow<'static, str>,
}

/// Everything that the request says of the visitor's choice; empty when it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// The signals, in the order of the decoders.
    pub signals: Vec<Signal>,
    /// What the TC strings that count say of the vendors of the Global Vendor List; none without such a string.
    pub tcf: Option<tcf::Answer>,
    /// What the Additional Consent strings beside them say of Google's providers; none without such a string.
    pub ac: Option<ac::Answer>,
    /// The vendors that the visitor's choice on our own banner was about.
    pub told: VendorLists,
}

impl Signal {
    /// Whether it is the visitor's choice on our own banner.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.name == "own"
    }

    /// Whether its grants are to vendors of the Global Vendor List alone: the visitor of a TC string chose among those.
    #[must_use]
    pub fn is_of_listed_vendors(&self) -> bool {
        [Iab::Tcf, Iab::Gpp].iter().any(|kind| kind.name() == self.name)
    }
}

impl Signal {
    /// Whether it can tell what was chosen in the consent manager of `opaque`, whose own choice cannot be read: our own cookie
    /// and those of the operator's rules, which a script on the page can write for it, and TC strings of managers that write
    /// them beside.
    #[must_use]
    pub fn mirrors(&self, opaque: &Self) -> bool {
        let writes_strings =
            [Cmp::Didomi, Cmp::Sourcepoint].iter().any(|c| c.name() == opaque.name);
        self.is_own()
            || self.name.starts_with("rule:")
            || (writes_strings && self.is_of_listed_vendors())
    }
}

impl From<Vec<Signal>> for Consent {
    fn from(signals: Vec<Signal>) -> Self {
        Self { signals, ..Self::default() }
    }
}
