//! Turns what TC strings say of the vendors of the catalogue into one [`Answer`]: all of them must allow.
//!
//! A vendor may use data for a purpose when all of these hold (TCF "Implementation Guidelines"; consent alone counts):
//!
//! 1. The visitor was shown the vendor.
//! 2. The visitor consented to the vendor.
//! 3. The visitor consented to the purposes that the use takes ([`Uses`]).
//! 4. The publisher forbids none of them to the vendor, and does not want legitimate interest for one.

use super::{Purposes, Uses};
use crate::purpose::Purpose;

/// What the TC strings of one request say of the vendors that were asked about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Answer {
    purposes: Purposes,
    uses: Uses,
    /// In the order of their ids.
    vendors: Box<[Listed]>,
}

/// What a TC string says of one vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Listed {
    pub(super) id: u16,
    pub(super) consent: bool,
    pub(super) disclosed: bool,
    /// The purposes that the publisher restricts so that consent does not allow them.
    pub(super) forbidden: Purposes,
}

/// Why a vendor is not allowed: the rule of the list above that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// Rule 1.
    Undisclosed,
    /// Rule 2.
    Vendor,
    /// Rule 3.
    Purpose,
    /// Rule 4.
    Restricted,
}

impl Withheld {
    /// One sentence for people.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Undisclosed => "tcf: the visitor was not shown this vendor",
            Self::Vendor => "tcf: the visitor did not consent to this vendor",
            Self::Purpose => "tcf: the visitor did not consent to what this vendor does",
            Self::Restricted => {
                "tcf: the site lets this vendor do less than it does (publisher restriction)"
            }
        }
    }
}

// === impl Listed ===

impl Listed {
    pub(super) fn unknown(id: u16) -> Self {
        Self { id, consent: false, disclosed: false, forbidden: Purposes::default() }
    }

    /// Of the `consented` purposes those that the vendor may use data for.
    pub(super) fn allowed(self, consented: Purposes) -> Purposes {
        let vendor = self.consent && self.disclosed;
        if vendor { consented.without(self.forbidden) } else { Purposes::default() }
    }

    fn and(self, other: Self) -> Self {
        Self {
            id: self.id,
            consent: self.consent && other.consent,
            disclosed: self.disclosed && other.disclosed,
            forbidden: self.forbidden.or(other.forbidden),
        }
    }
}

// === impl Answer ===

impl Answer {
    pub(super) fn new(purposes: Purposes, uses: Uses, vendors: Box<[Listed]>) -> Self {
        Self { purposes, uses, vendors }
    }

    /// The answer that allows only what both do; both were asked about the same vendors.
    pub(in crate::consent) fn and(mut self, other: &Self) -> Self {
        self.purposes = self.purposes.and(other.purposes);
        for vendor in &mut self.vendors {
            *vendor = other.find(vendor.id).map_or(Listed::unknown(vendor.id), |o| vendor.and(o));
        }
        self
    }

    /// The answer that allows nothing: a string beside this one could not be read, and may have been a refusal.
    pub(in crate::consent) fn silenced(mut self) -> Self {
        self.purposes = Purposes::default();
        self
    }

    /// Whether the vendor with the id `vendor` in the Global Vendor List may use data for `purpose`, by consent.
    ///
    /// # Errors
    /// The first rule of the module's list that does not hold; for a vendor that was not asked about, rule 1.
    pub fn unlock(&self, vendor: u16, purpose: Purpose) -> Result<(), Withheld> {
        let vendor = self.find(vendor).filter(|v| v.disclosed).ok_or(Withheld::Undisclosed)?;
        if !vendor.consent {
            return Err(Withheld::Vendor);
        }
        if !self.serves(purpose) {
            return Err(Withheld::Purpose);
        }
        let allowed = vendor.allowed(self.purposes);
        self.uses.are_met_by(allowed, purpose).then_some(()).ok_or(Withheld::Restricted)
    }

    /// Whether the visitor consented to the purposes that a use of data for `purpose` takes, whoever uses it.
    #[must_use]
    pub fn serves(&self, purpose: Purpose) -> bool {
        self.uses.are_met_by(self.purposes, purpose)
    }

    /// Whether all vendors that were asked about may use data for any purpose.
    #[must_use]
    pub fn unlocks_all(&self) -> bool {
        let all = |vendor: &Listed| {
            Purpose::OPTIONAL.into_iter().all(|purpose| self.unlock(vendor.id, purpose).is_ok())
        };
        self.vendors.iter().all(all)
    }

    /// The purposes that the visitor consented to.
    #[must_use]
    pub const fn purposes(&self) -> Purposes {
        self.purposes
    }

    /// The vendors that were asked about, and what each may use data for.
    pub fn vendors(&self) -> impl Iterator<Item = (u16, Purposes)> {
        self.vendors.iter().map(|vendor| (vendor.id, vendor.allowed(self.purposes)))
    }

    fn find(&self, id: u16) -> Option<Listed> {
        let at = self.vendors.binary_search_by_key(&id, |vendor| vendor.id).ok()?;
        self.vendors.get(at).copied()
    }
}
