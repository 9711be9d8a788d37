//! Turns a [`Consent`] into a [`Ruling`], once per request: which purposes are granted, and why.
//!
//! For each purpose that needs consent, the first that holds decides:
//!
//! 1. An explicit denial, an opt-out header among them, denies (GDPR 7(3); CCPA regulations 7025(c)(3)).
//! 2. Under [`Regime::None`] everything else is granted.
//! 3. An implied denial denies: what the site itself does not assume, nobody may.
//! 4. Under [`Regime::OptOut`] a US Privacy string that cannot be read denies marketing: it may have been an opt-out. Elsewhere it
//!    says nothing, for it is no signal of the law there.
//! 5. A source that is there and cannot be read on the server denies: it may hold a refusal, and a refusal counts (GDPR 7(3)).
//!    The yes of another consent manager does not help. That of a mirror does ([`Signal::mirrors`]): our own banner's cookie
//!    and an operator's rule are the ways in which such a manager's choice gets into the request.
//! 6. An explicit grant grants; by then every explicit source that speaks of the purpose grants it (GDPR 4(11)). The grant of
//!    a TC string is to the vendors of the Global Vendor List alone, and to the providers of rule 13: the visitor was asked
//!    about no others.
//! 7. Under [`Regime::OptOut`], where the operator allows assumptions, it is granted, unless a source that is present
//!    says nothing usable: a refusal may be what could not be read.
//! 8. It is denied (ePrivacy Directive 5(3)).
//!
//! For each vendor, with its purpose decided, the first that holds decides:
//!
//! 9. A vendor whose purpose is `necessary` is allowed.
//! 10. A vendor whose purpose is denied is gated.
//! 11. A vendor with an id in the Global Vendor List needs the consent of the TC string, where the request has one that
//!     counts ([`Answer::unlock`]), unless the operator says [`Tcf::Off`].
//! 12. Such a vendor is gated under [`Regime::OptIn`] without a TC string, where the operator says [`Tcf::Require`].
//! 13. A vendor without such an id that is one of Google's ad technology providers needs the consent of the Additional Consent
//!     string, where one stands beside the TC string, and that of the TC string to what it does. Alone it allows nothing.
//! 14. Where nothing but a choice on our own banner grants the purpose, a vendor that was not in the list that the visitor chose
//!     under is gated: he was not told of it (GDPR 4(11)).
//! 15. It is allowed.
//!
//! A source votes when what it holds is of its grammar, not too old and of the site's revision. What is none of these is no
//! source: other scripts use the same names, so it neither grants nor, but for rules 4 and 7, stands in the way of one that votes.
//!
//! On a page where the operator shares nothing none of this counts, and nothing that needs consent is granted
//! ([`Ruling::nothing`]): consent to a vendor does not reach a page about health.
//!
//! Adding a signal that does not grant a purpose never turns its denial into a grant.

use super::Reason;
use crate::{
    consent::{
        Basis, Consent, Iab, Signal, VendorLists, Vote, ac,
        tcf::{Answer, Withheld},
    },
    purpose::Purpose,
    vendor::Vendor,
};
use std::{
    borrow::Cow,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

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

impl Regime {
    /// The name in configuration and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OptIn => "opt-in",
            Self::OptOut => "opt-out",
            Self::None => "none",
        }
    }
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

impl Mode {
    /// The name in configuration, logs and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Report => "report",
            Self::Off => "off",
        }
    }
}

/// Whether vendors of the Global Vendor List are asked for in the request's TC strings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tcf {
    /// Where the request has a TC string that counts.
    #[default]
    IfPresent,
    /// Always where the law is [`Regime::OptIn`]: without such a string, they are gated.
    Require,
    /// Never.
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
    /// Whether, where not all may, those of the Global Vendor List may to which the TC string consents.
    pub listed: bool,
    /// Whether, where it is granted, only those may run that were in the list that the visitor was shown.
    pub told: bool,
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
    tcf: Listed,
    /// The lists that the visitor was shown, where a grant goes by them.
    told: VendorLists,
}

/// What the rules for vendors of the Global Vendor List go by.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Listed {
    /// Rules 11 and 13.
    Asked(Answer, Option<ac::Answer>),
    /// Rule 12.
    Missing,
    /// Neither.
    Unasked,
}

/// Rule 14.
const UNTOLD: &str = "own: the vendor was not in the list that was shown to the visitor";

/// What the rules for vendors come to.
struct Outcome<'r> {
    is_allowed: bool,
    why: Why<'r>,
}

enum Why<'r> {
    Grant(&'r Reason),
    Fixed(&'static str),
}

/// The operator's rules over the law's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Whether what nobody refused is granted under [`Regime::OptOut`]; default no.
    pub allow_implied: bool,
    /// Whether vendors of the Global Vendor List need a TC string's consent; default where there is one.
    pub tcf: Tcf,
}

/// What a rule of the list above decided.
struct Because<'c> {
    granted: bool,
    listed: bool,
    told: bool,
    signal: Option<&'c Signal>,
    reason: Reason,
}

// === impl Policy ===

impl Policy {
    /// What `consent` grants under `regime`.
    #[must_use]
    pub fn rule(&self, consent: &Consent, regime: Regime) -> Ruling {
        let [functional, analytics, marketing] =
            Purpose::OPTIONAL.map(|purpose| Grant::from(self.decide(consent, regime, purpose)));
        let told = [&functional, &analytics, &marketing].iter().any(|grant| grant.told);
        Ruling {
            functional,
            analytics,
            marketing,
            told: if told { consent.told.clone() } else { VendorLists::default() },
            tcf: match (self.tcf, &consent.tcf) {
                (Tcf::Off, _) => Listed::Unasked,
                (Tcf::IfPresent | Tcf::Require, Some(answer)) => {
                    Listed::Asked(answer.clone(), consent.ac.clone())
                }
                (Tcf::Require, None) if regime == Regime::OptIn => Listed::Missing,
                (Tcf::IfPresent | Tcf::Require, None) => Listed::Unasked,
            },
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
        if let Some(signal) = unread_opt_out(consent, regime, purpose) {
            let why = "cannot be read, which counts as opted out where the law is opt-out";
            return Because::denied(signal, format!("{}: {why}", signal.name));
        }
        let opaque = || consent.signals.iter().filter(|s| s.basis == Basis::Opaque);
        let allowed = |listed| {
            let by = move |s: &&Signal| {
                s.basis == Basis::Explicit
                    && s.votes.on(purpose) == Vote::Grant
                    && s.is_of_listed_vendors() == listed
                    && opaque().all(|opaque| s.mirrors(opaque))
            };
            consent.signals.iter().filter(by)
        };
        let rest = self.without_act(consent, regime, voted(Basis::Implied, Vote::Grant));
        if let Some(signal) = allowed(false).next() {
            let reason = format!("{}: the visitor allowed {purpose}", signal.name);
            let told =
                !consent.told.is_empty() && allowed(false).all(Signal::is_own) && !rest.granted;
            return Because { told, ..Because::granted(Some(signal), reason) };
        }
        match allowed(true).next() {
            Some(signal) if !rest.granted => Because::listed(signal, purpose),
            Some(_) | None => rest,
        }
    }

    /// Rules 5, 7 and 8, where something in `assumed` may have been assumed.
    fn without_act<'c>(
        &self,
        consent: &'c Consent,
        regime: Regime,
        assumed: Option<&'c Signal>,
    ) -> Because<'c> {
        if let Some(signal) = first(consent, Basis::Opaque) {
            return Because::denied(signal, noted(signal));
        }
        if self.assumes(consent, regime) {
            return Because::granted(assumed, "nobody refused, and the law is opt-out");
        }
        assumed.or_else(|| first(consent, Basis::None)).map_or_else(
            || Because {
                granted: false,
                listed: false,
                told: false,
                signal: None,
                reason: "no consent signal".into(),
            },
            |signal| Because::denied(signal, noted(signal)),
        )
    }

    fn assumes(&self, consent: &Consent, regime: Regime) -> bool {
        self.allow_implied && regime == Regime::OptOut && first(consent, Basis::None).is_none()
    }
}

/// Rule 4.
fn unread_opt_out(consent: &Consent, regime: Regime, purpose: Purpose) -> Option<&Signal> {
    let applies = regime == Regime::OptOut && purpose == Purpose::Marketing;
    let is_one = |s: &&Signal| s.basis == Basis::None && s.name == Iab::UsPrivacy.name();
    consent.signals.iter().find(is_one).filter(|_| applies)
}

fn first(consent: &Consent, basis: Basis) -> Option<&Signal> {
    consent.signals.iter().find(|s| s.basis == basis)
}

/// Rule 13: why the provider with the id `id` is not allowed.
fn unlock_provider(
    answer: &Answer,
    ac: &ac::Answer,
    id: u32,
    purpose: Purpose,
) -> Result<(), &'static str> {
    if !answer.serves(purpose) {
        return Err(Withheld::Purpose.reason());
    }
    let consented = ac.allows(id).then_some(());
    consented.ok_or("ac: the visitor did not consent to this vendor")
}

fn refused(signal: &Signal, purpose: Purpose) -> String {
    match &*signal.name {
        "gpc" => format!("GPC refuses {purpose}"),
        "dnt" => format!("Do Not Track refuses {purpose}"),
        name => format!("{name}: the visitor refused {purpose}"),
    }
}

fn noted(signal: &Signal) -> String {
    format!("{}: {}", signal.name, signal.note)
}

// === impl Because ===

impl<'c> Because<'c> {
    fn denied(signal: &'c Signal, reason: impl Into<Reason>) -> Self {
        Self {
            granted: false,
            listed: false,
            told: false,
            signal: Some(signal),
            reason: reason.into(),
        }
    }

    fn listed(signal: &'c Signal, purpose: Purpose) -> Self {
        let name = &signal.name;
        let reason =
            format!("{name}: {purpose} is allowed to vendors of the Global Vendor List alone");
        Self { listed: true, ..Self::denied(signal, reason) }
    }

    fn granted(signal: Option<&'c Signal>, reason: impl Into<Reason>) -> Self {
        Self { granted: true, listed: true, told: false, signal, reason: reason.into() }
    }
}

impl From<Because<'_>> for Grant {
    fn from(because: Because<'_>) -> Self {
        Self {
            granted: because.granted,
            listed: because.listed,
            told: because.told,
            basis: because.signal.map_or(Basis::None, |s| s.basis),
            signal: because.signal.map(|s| s.name.clone()),
            reason: because.reason,
        }
    }
}

impl Outcome<'_> {
    const fn fixed(is_allowed: bool, text: &'static str) -> Self {
        Self { is_allowed, why: Why::Fixed(text) }
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
        let (basis, signal) = (Basis::None, None);
        let denied = Grant { granted: false, listed: false, told: false, basis, signal, reason };
        let (functional, analytics) = (denied.clone(), denied.clone());
        let (tcf, told) = (Listed::Unasked, VendorLists::default());
        Self { functional, analytics, marketing: denied, tcf, told }
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

    /// Whether the visitor refused `purpose` in so many words, or by an opt-out header; silence is no refusal.
    #[must_use]
    pub fn refuses(&self, purpose: Purpose) -> bool {
        self.grant(purpose).is_some_and(|g| !g.granted && g.basis == Basis::Explicit)
    }

    /// Whether `vendor` is held although its purpose is granted, by a TC string.
    #[must_use]
    pub fn withholds(&self, vendor: &Vendor) -> bool {
        let held = |why: &Why<'_>| matches!(why, Why::Fixed(text) if *text != UNTOLD);
        let Outcome { is_allowed, why } = self.outcome(vendor, vendor.purpose);
        !is_allowed && self.grants(vendor.purpose) && held(&why)
    }

    /// The outcome for `vendor`.
    #[must_use]
    pub fn decide(&self, vendor: &Vendor) -> Decision {
        let Outcome { is_allowed, why } = self.outcome(vendor, vendor.purpose);
        let verdict = if is_allowed { Verdict::Allow } else { Verdict::Gate };
        let reason = match why {
            Why::Grant(reason) => reason.clone(),
            Why::Fixed(text) => text.into(),
        };
        Decision { verdict, reason }
    }

    /// Whether `vendor` may run, for `purpose`, which is its own or another one.
    #[must_use]
    pub fn allows(&self, vendor: &Vendor, purpose: Purpose) -> bool {
        self.outcome(vendor, purpose).is_allowed
    }

    fn outcome(&self, vendor: &Vendor, purpose: Purpose) -> Outcome<'_> {
        let Some(grant) = self.grant(purpose) else {
            return Outcome::fixed(true, "necessary: no consent is needed");
        };
        let by_grant = |is_allowed| Outcome { is_allowed, why: Why::Grant(&grant.reason) };
        let by_choice = || {
            if grant.granted && grant.told && !self.told.have(vendor) {
                return Outcome::fixed(false, UNTOLD);
            }
            by_grant(grant.granted)
        };
        match (vendor.gvl, &self.tcf) {
            (_, Listed::Unasked) | (None, Listed::Missing) => by_choice(),
            _ if !grant.granted && !grant.listed => by_grant(false),
            (None, Listed::Asked(answer, ac)) => match vendor.atp.zip(ac.as_ref()) {
                None => by_choice(),
                Some((id, ac)) => match unlock_provider(answer, ac, id, purpose) {
                    Ok(()) if grant.granted => by_grant(true),
                    Ok(()) => Outcome::fixed(true, "ac: the visitor consented to this vendor"),
                    Err(withheld) => Outcome::fixed(false, withheld),
                },
            },
            (Some(id), Listed::Asked(answer, _)) => match answer.unlock(id, purpose) {
                Ok(()) if grant.granted => by_grant(true),
                Ok(()) => Outcome::fixed(true, "tcf: the visitor consented to this vendor"),
                Err(withheld) => Outcome::fixed(false, withheld.reason()),
            },
            (Some(_), Listed::Missing) => Outcome::fixed(
                false,
                "tcf: the operator requires a TC string, and none here counts",
            ),
        }
    }

    /// Whether vendors of `purpose` may run only where the visitor was told of them.
    #[must_use]
    pub fn goes_by_list(&self, purpose: Purpose) -> bool {
        self.grant(purpose).is_some_and(|grant| grant.granted && grant.told)
    }

    /// The lists of vendors that some purpose is granted under alone; none where it is granted to all.
    #[must_use]
    pub const fn lists(&self) -> &VendorLists {
        &self.told
    }

    /// Whether nothing is gated, whatever the vendor. Where TC strings are asked, or a list that was shown, a vendor may be.
    #[must_use]
    pub fn allows_everything(&self) -> bool {
        let all = |purpose| self.grants(purpose) && !self.goes_by_list(purpose);
        Purpose::OPTIONAL.into_iter().all(all)
            && match &self.tcf {
                Listed::Unasked => true,
                Listed::Asked(answer, ac) => {
                    let serves_all = || Purpose::OPTIONAL.into_iter().all(|p| answer.serves(p));
                    let all_providers =
                        |ac: &ac::Answer| ac.is_empty() || ac.allows_all() && serves_all();
                    answer.unlocks_all() && ac.as_ref().is_none_or(all_providers)
                }
                Listed::Missing => false,
            }
    }

    /// Lower case hexadecimal digits that differ when TC strings, or lists that were shown, allow other vendors; empty where none is
    /// asked.
    #[must_use]
    pub fn stamp(&self) -> String {
        self.tcf_stamp() + &self.told.stamp()
    }

    /// The same of TC strings alone.
    #[must_use]
    pub fn tcf_stamp(&self) -> String {
        match &self.tcf {
            Listed::Asked(answer, ac) => {
                let mut hasher = DefaultHasher::new();
                (answer, ac).hash(&mut hasher);
                format!("{:016x}", hasher.finish())
            }
            Listed::Missing | Listed::Unasked => String::new(),
        }
    }

    /// The consent class: `none`, or the letters of what is granted (`f`, `a`, `m`) and a `t` where TC strings decide on
    /// vendors; with [`Ruling::stamp`] it names a page's variant.
    #[must_use]
    pub fn class(&self) -> String {
        let letters: String = [
            (self.functional.granted, 'f'),
            (self.analytics.granted, 'a'),
            (self.marketing.granted, 'm'),
            (self.tcf != Listed::Unasked, 't'),
        ]
        .into_iter()
        .filter_map(|(granted, letter)| granted.then_some(letter))
        .collect();
        if letters.is_empty() { "none".to_owned() } else { letters }
    }
}
