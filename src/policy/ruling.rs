//! Turns a [`Consent`] into a [`Ruling`], once per request: which purposes are granted, and why.
//!
//! For each purpose that needs consent, the first that holds decides:
//!
//! 1. An explicit denial, an opt-out header among them, denies (GDPR 7(3); CCPA regulations 7025(c)(3)).
//! 2. Under [`Regime::None`] everything else is granted.
//! 3. An implied denial denies: what the site itself does not assume, nobody may.
//! 4. An explicit grant grants; by then every explicit source that speaks of the purpose grants it (GDPR 4(11)).
//! 5. A source that cannot be read on the server denies.
//! 6. Under [`Regime::OptOut`], where the operator allows assumptions, it is granted, unless a source that is present
//!    says nothing usable: a refusal may be what could not be read.
//! 7. It is denied (ePrivacy Directive 5(3)).
//!
//! On a page where the operator shares nothing none of this counts, and nothing that needs consent is granted
//! ([`Ruling::nothing`]): consent to a vendor does not reach a page about health.
//!
//! Adding a signal that does not grant a purpose never turns its denial into a grant.

use super::Reason;
use crate::{
    consent::{Basis, Consent, Signal, Vote},
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
    pub reason: Reason,
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
    pub reason: Reason,
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Whether what nobody refused is granted under [`Regime::OptOut`]; default no.
    pub allow_implied: bool,
}

/// What a rule of the list above decided.
struct Because<'c> {
    granted: bool,
    signal: Option<&'c Signal>,
    reason: Reason,
}

// === impl Policy ===

impl Policy {
    /// What `consent` grants under `regime`.
    #[must_use]
    pub fn rule(&self, consent: &Consent, regime: Regime) -> Ruling {
        let grant = |purpose| Grant::from(self.decide(consent, regime, purpose));
        Ruling {
            functional: grant(Purpose::Functional),
            analytics: grant(Purpose::Analytics),
            marketing: grant(Purpose::Marketing),
        }
    }

    fn decide<'c>(&self, consent: &'c Consent, regime: Regime, purpose: Purpose) -> Because<'c> {
        let voted = |basis, vote| {
            let by = |s: &&Signal| s.basis == basis && s.votes.on(purpose) == vote;
            consent.signals.iter().find(by)
        };
        if let Some(signal) = voted(Basis::Explicit, Vote::Deny) {
            return Because::denied(signal, refused(signal, purpose));
        }
        if regime == Regime::None {
            return Because::granted(None, "no consent rule applies to the visitor");
        }
        if let Some(signal) = voted(Basis::Implied, Vote::Deny) {
            return Because::denied(
                signal,
                format!("{}: {purpose} is off by default", signal.name),
            );
        }
        if let Some(signal) = voted(Basis::Explicit, Vote::Grant) {
            let reason = format!("{}: the visitor allowed {purpose}", signal.name);
            return Because::granted(Some(signal), reason);
        }
        if let Some(signal) = first(consent, Basis::Opaque) {
            return Because::denied(signal, noted(signal));
        }
        let assumed = voted(Basis::Implied, Vote::Grant);
        if self.assumes(consent, regime) {
            return Because::granted(assumed, "nobody refused, and the law is opt-out");
        }
        assumed.or_else(|| first(consent, Basis::None)).map_or_else(
            || Because { granted: false, signal: None, reason: "no consent signal".into() },
            |signal| Because::denied(signal, noted(signal)),
        )
    }

    fn assumes(&self, consent: &Consent, regime: Regime) -> bool {
        self.allow_implied && regime == Regime::OptOut && first(consent, Basis::None).is_none()
    }
}

fn first(consent: &Consent, basis: Basis) -> Option<&Signal> {
    consent.signals.iter().find(|s| s.basis == basis)
}

fn refused(signal: &Signal, purpose: Purpose) -> String {
    match &*signal.name {
        "gpc" => format!("GPC refuses {purpose}"),
        name => format!("{name}: the visitor refused {purpose}"),
    }
}

fn noted(signal: &Signal) -> String {
    format!("{}: {}", signal.name, signal.note)
}

// === impl Because ===

impl<'c> Because<'c> {
    fn denied(signal: &'c Signal, reason: impl Into<Reason>) -> Self {
        Self { granted: false, signal: Some(signal), reason: reason.into() }
    }

    fn granted(signal: Option<&'c Signal>, reason: impl Into<Reason>) -> Self {
        Self { granted: true, signal, reason: reason.into() }
    }
}

impl From<Because<'_>> for Grant {
    fn from(because: Because<'_>) -> Self {
        Self {
            granted: because.granted,
            basis: because.signal.map_or(Basis::None, |s| s.basis),
            signal: because.signal.map(|s| s.name.clone()),
            reason: because.reason,
        }
    }
}

// === impl Decision ===

impl Decision {
    /// Why, in one sentence for people.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

// === impl Ruling ===

impl Ruling {
    /// Nothing that needs consent, for `reason`, one sentence for people.
    #[must_use]
    pub fn nothing(reason: impl Into<Reason>) -> Self {
        let reason = reason.into();
        let denied = Grant { granted: false, basis: Basis::None, signal: None, reason };
        Self { functional: denied.clone(), analytics: denied.clone(), marketing: denied }
    }

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
            None => Decision {
                verdict: Verdict::Allow,
                reason: "necessary: no consent is needed".into(),
            },
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
