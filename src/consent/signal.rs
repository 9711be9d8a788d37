//! What one source of consent says, purpose by purpose, as plain data.

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
}

/// One source of consent that was present in the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// `own`, `gpc`, the consent manager's name, or `rule:` and the cookie's name.
    pub name: Cow<'static, str>,
    /// How sure it is.
    pub basis: Basis,
    /// What it says.
    pub votes: Votes,
    /// One sentence for people: why it was read so.
    pub note: Cow<'static, str>,
}

/// Everything that the request says of the visitor's choice; empty when it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// The signals, in the order of the decoders.
    pub signals: Vec<Signal>,
}
