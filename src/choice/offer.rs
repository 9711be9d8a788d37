//! Turns the vendors of a site into what its visitors are asked about, and that into the version of the policy.
//!
//! 1. The version is the first 8 hexadecimal digits of the SHA-256 of the list as JSON: the operator's name for the policy, and under
//!    each purpose that needs consent the ids of its vendors, in order. Nodes that know the same vendors have the same version.
//! 2. A purpose without vendors is not asked about.
//! 3. The list is small: at most 500 vendors a purpose, those that come first in the alphabet.

use crate::{
    consent::{PolicyVersion, VendorList},
    purpose::{Purpose, PurposeSet},
    record::{Entry, hash_of},
    vendor::Vendor,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How many vendors a site is taken to have at most, for each purpose.
const MOST: usize = 500;

/// What the visitors of a site are asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    list: List,
    body: String,
    hash: String,
    version: PolicyVersion,
}

/// Text that is no list of vendors of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no list of vendors by purpose")]
pub struct BadOffer;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    /// The operator's name for the policy; empty for none.
    policy: String,
    vendors: BTreeMap<Purpose, BTreeSet<Box<str>>>,
}

impl Offer {
    /// The offer of a site with these vendors, whose operator calls the policy this; vendors that need no consent are left out.
    #[must_use]
    pub fn new<'v>(
        policy: Option<&PolicyVersion>,
        vendors: impl IntoIterator<Item = (Purpose, &'v str)>,
    ) -> Self {
        let policy = policy.map(PolicyVersion::to_string).unwrap_or_default();
        let mut list = List { policy, vendors: BTreeMap::new() };
        for (purpose, id) in vendors {
            if Purpose::OPTIONAL.contains(&purpose) {
                list.vendors.entry(purpose).or_default().insert(id.into());
            }
        }
        for ids in list.vendors.values_mut() {
            while ids.len() > MOST {
                ids.pop_last();
            }
        }
        Self::of(list)
    }

    /// The offer that `body` was made of.
    ///
    /// # Errors
    /// When it is not exactly what [`Offer::body`] gives.
    pub fn parse(body: &str) -> Result<Self, BadOffer> {
        let offer = serde_json::from_str(body).map(Self::of).map_err(|_| BadOffer)?;
        if offer.body == body { Ok(offer) } else { Err(BadOffer) }
    }

    fn of(list: List) -> Self {
        // A map with names for keys can always be written.
        let body = serde_json::to_string(&list).unwrap_or_default();
        let hash = hash_of(&body);
        let version = PolicyVersion::of_hash(&hash);
        Self { list, body, hash, version }
    }

    /// The version of the policy: 8 hexadecimal digits.
    #[must_use]
    pub const fn version(&self) -> &PolicyVersion {
        &self.version
    }

    /// The list as JSON.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The SHA-256 of the list; 64 hexadecimal digits.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The list as it is kept.
    #[must_use]
    pub fn entry(&self) -> Entry {
        Entry::Vendors { hash: self.hash.clone(), body: self.body.clone() }
    }

    /// The purposes that have vendors.
    #[must_use]
    pub fn purposes(&self) -> PurposeSet {
        self.list.vendors.keys().copied().collect()
    }

    /// The ids of the vendors of `purpose`, in order.
    pub fn vendors(&self, purpose: Purpose) -> impl Iterator<Item = &str> {
        self.list.vendors.get(&purpose).into_iter().flatten().map(|id| &**id)
    }

    /// Whether there is nothing to ask about.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.vendors.is_empty()
    }

    /// Whether who was offered this was told of all vendors of `purpose` that `other` has, under the same policy.
    #[must_use]
    pub fn covers(&self, other: &Self, purpose: Purpose) -> bool {
        let told = self.list.vendors.get(&purpose);
        let all = |ids: &BTreeSet<_>| told.is_some_and(|told| ids.is_subset(told));
        self.list.policy == other.list.policy && other.list.vendors.get(&purpose).is_none_or(all)
    }
}

impl VendorList for Offer {
    fn version(&self) -> &PolicyVersion {
        &self.version
    }

    fn has(&self, vendor: &Vendor) -> bool {
        self.list.vendors.get(&vendor.purpose).is_some_and(|ids| ids.contains(&vendor.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const A: Purpose = Purpose::Analytics;
    const M: Purpose = Purpose::Marketing;

    #[test]
    fn the_version_follows_vendors_purposes_and_the_operator() {
        let base = Offer::new(None, [(A, "ga4"), (M, "meta")]);
        assert_eq!(
            base,
            Offer::new(None, [(M, "meta"), (A, "ga4"), (Purpose::Necessary, "x"), (A, "ga4")])
        );
        assert_eq!(
            base.body(),
            r#"{"policy":"","vendors":{"analytics":["ga4"],"marketing":["meta"]}}"#
        );
        assert_eq!(base.version().as_str(), &hash_of(base.body())[..8]);
        let p2 = "p2".parse().unwrap();
        for other in [
            Offer::new(None, [(A, "ga4")]),
            Offer::new(None, [(A, "meta"), (M, "ga4")]),
            Offer::new(Some(&p2), [(A, "ga4"), (M, "meta")]),
        ] {
            assert_ne!(base.version(), other.version());
        }
        assert_eq!(base.purposes(), [A, M].into_iter().collect());
        assert!(Offer::new(None, []).is_empty());
    }

    #[test]
    fn an_offer_covers_what_it_told_of() {
        let base = Offer::new(None, [(A, "ga4"), (M, "meta")]);
        let more = Offer::new(None, [(A, "ga4"), (A, "matomo"), (M, "meta")]);
        let p2 = "p2".parse().unwrap();
        assert!(more.covers(&base, A) && more.covers(&base, M) && !base.covers(&more, A));
        assert!(base.covers(&more, M) && base.covers(&more, Purpose::Functional));
        assert!(!Offer::new(Some(&p2), [(A, "ga4")]).covers(&base, A));
    }

    #[test]
    fn lists_are_bounded() {
        let ids: Vec<String> = (0..2000).map(|n| format!("v{n:04}")).collect();
        let offer = Offer::new(None, ids.iter().map(|id| (A, id.as_str())));
        assert_eq!(offer.vendors(A).count(), MOST);
    }

    proptest! {
        #[test]
        fn what_is_kept_is_read_again(ids in proptest::collection::vec((0_usize..4, "\\PC{0,6}"), 0..9)) {
            let offer = Offer::new(None, ids.iter().map(|(p, id)| (Purpose::ALL[*p], id.as_str())));
            prop_assert_eq!(Offer::parse(offer.body()), Ok(offer));
        }

        #[test]
        fn nothing_else_is_read(text in "\\PC{0,60}") {
            let _ = Offer::parse(&text);
        }
    }
}
