//! Turns a [`Consent`] into a [`Ruling`], once per request: which purposes are granted, and why.

use crate::{
    consent::{Basis, Consent, Vote},
    purpose::Purpose,
    vendor::Vendor,
};
use std::borrow::Cow;

/// The law in force for a visitor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Regime {
    /// Nothing without an explicit yes (EU, EEA, UK, Switzerland, and wherever it is unknown).
    #[default]
    OptIn,
    /// Allowed until the visitor says no.
    OptOut,
    /// No rule applies.
    None,
}

/// What the gate does with what it decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Edits the pages.
    #[default]
    Enforce,
    /// Decides and counts, and leaves the pages as they are.
    Report,
    /// Passes everything through.
    Off,
}

/// The outcome for one vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Consent is there, or none is needed.
    Allow,
    /// Until consent.
    Gate,
    /// Always.
    Block,
}

impl Verdict {
    /// The name in JSON and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Gate => "gate",
            Self::Block => "block",
        }
    }
}

/// What was decided for one vendor, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The outcome.
    pub verdict: Verdict,
    /// One sentence for people.
    pub reason: Cow<'static, str>,
}

/// Whether one purpose is granted, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Whether vendors of the purpose may run.
    pub granted: bool,
    /// How sure the deciding signal is.
    pub basis: Basis,
    /// The name of the deciding signal, if one decided.
    pub signal: Option<Cow<'static, str>>,
    /// One sentence for people.
    pub reason: Cow<'static, str>,
}

/// The grants of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// For [`Purpose::Functional`].
    pub functional: Grant,
    /// For [`Purpose::Analytics`].
    pub analytics: Grant,
    /// For [`Purpose::Marketing`].
    pub marketing: Grant,
}

/// The operator's rules over the law's.
#[derive(Clone, Debug, Default)]
pub struct Policy {}

impl Policy {
    /// What `consent` grants under `regime`.
    #[must_use]
    pub fn rule(&self, consent: &Consent, _regime: Regime) -> Ruling {
        let grant = |purpose| {
            let votes = || consent.signals.iter().filter(|s| s.basis == Basis::Explicit);
            let deny = votes().find(|s| s.votes.on(purpose) == Vote::Deny);
            let yes = votes().find(|s| s.votes.on(purpose) == Vote::Grant);
            let decider = deny.or(yes);
            Grant {
                granted: deny.is_none() && yes.is_some(),
                basis: decider.map_or(Basis::None, |s| s.basis),
                signal: decider.map(|s| s.name.clone()),
                reason: "".into(),
            }
        };
        Ruling {
            functional: grant(Purpose::Functional),
            analytics: grant(Purpose::Analytics),
            marketing: grant(Purpose::Marketing),
        }
    }
}

impl Ruling {
    /// The grant of `purpose`; none for `necessary`, which needs no consent.
    #[must_use]
    pub const fn grant(&self, purpose: Purpose) -> Option<&Grant> {
        match purpose {
            Purpose::Necessary => None,
            Purpose::Functional => Some(&self.functional),
            Purpose::Analytics => Some(&self.analytics),
            Purpose::Marketing => Some(&self.marketing),
        }
    }

    /// Whether vendors of `purpose` may run.
    #[must_use]
    pub fn grants(&self, purpose: Purpose) -> bool {
        self.grant(purpose).is_none_or(|g| g.granted)
    }

    /// The outcome for `vendor`.
    #[must_use]
    pub fn decide(&self, vendor: &Vendor) -> Decision {
        match self.grant(vendor.purpose) {
            None => Decision { verdict: Verdict::Allow, reason: "necessary".into() },
            Some(grant) if grant.granted => {
                Decision { verdict: Verdict::Allow, reason: grant.reason.clone() }
            }
            Some(grant) => Decision { verdict: Verdict::Gate, reason: grant.reason.clone() },
        }
    }

    /// The consent class: `none`, or the letters of what is granted (`f`, `a`, `m`); it names a page's variant.
    #[must_use]
    pub fn class(&self) -> String {
        let letters: String = [
            (self.functional.granted, 'f'),
            (self.analytics.granted, 'a'),
            (self.marketing.granted, 'm'),
        ]
        .into_iter()
        .filter_map(|(granted, letter)| granted.then_some(letter))
        .collect();
        if letters.is_empty() { "none".to_owned() } else { letters }
    }
}
