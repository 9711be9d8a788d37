//! Turns a ruling that allows a vendor into the [`Permit`] that forwarding to it demands.

use super::{Ruling, Verdict};
use crate::{
    purpose::{Purpose, PurposeSet},
    vendor::Vendor,
};

/// Proof that a request to one vendor may be forwarded; only a [`Ruling`] can make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    vendor: Box<str>,
    purposes: PurposeSet,
}

impl Permit {
    /// The id of the vendor that it is for.
    #[must_use]
    pub fn vendor(&self) -> &str {
        &self.vendor
    }

    /// All that the visitor allows the vendor, `necessary` included: a vendor of one purpose may have to be told that
    /// another is refused.
    #[must_use]
    pub const fn purposes(&self) -> PurposeSet {
        self.purposes
    }
}

impl Ruling {
    /// The permit to forward to `vendor`; `None` while it is not allowed.
    #[must_use]
    pub fn permit(&self, vendor: &Vendor) -> Option<Permit> {
        let allowed = self.decide(vendor).verdict == Verdict::Allow;
        let purposes = || Purpose::ALL.into_iter().filter(|p| self.allows(vendor, *p)).collect();
        allowed.then(|| Permit { vendor: vendor.id.clone(), purposes: purposes() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        consent::{Basis, Consent, Signal, Vote, Votes},
        policy::{Policy, Regime},
        vendor::{Facts, Source},
    };

    fn vendor(purpose: Purpose) -> Vendor {
        let (id, name) = ("ga4".into(), "Google Analytics 4".into());
        Vendor {
            id,
            name,
            purpose,
            gvl: None,
            atp: None,
            source: Source::Catalog,
            facts: Facts::default(),
        }
    }

    #[test]
    fn only_what_is_allowed_gets_a_permit() {
        let votes = Votes { analytics: Vote::Grant, marketing: Vote::Deny, ..Votes::default() };
        let signal = Signal { name: "own".into(), basis: Basis::Explicit, votes, note: "".into() };
        let ruling = Policy::default().rule(&Consent::from(vec![signal]), Regime::OptIn);
        let permit = ruling.permit(&vendor(Purpose::Analytics)).unwrap();
        let allowed = [Purpose::Necessary, Purpose::Analytics];
        assert_eq!((permit.vendor(), permit.purposes()), ("ga4", allowed.into_iter().collect()));
        assert!(ruling.permit(&vendor(Purpose::Necessary)).is_some());
        assert_eq!(ruling.permit(&vendor(Purpose::Marketing)), None);
        assert_eq!(ruling.permit(&vendor(Purpose::Functional)), None);
    }
}
