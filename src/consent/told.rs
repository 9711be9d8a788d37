//! Turns the lists of vendors that a visitor was shown when he chose into whether a vendor was on them.
//!
//! 1. Consent is to those who were named (GDPR 4(11), 7(1)): a vendor that came later is not among them.
//! 2. Of several lists a vendor has to be on each: the values of one cookie combine to the most restrictive.

use super::PolicyVersion;
use crate::vendor::Vendor;
use std::{fmt, sync::Arc};

/// The vendors that a choice was about.
pub trait VendorList: fmt::Debug + Send + Sync {
    /// The version of the policy, which is another one where the vendors are others.
    fn version(&self) -> &PolicyVersion;

    /// Whether `vendor` is among them, for the purpose that it has now.
    fn has(&self, vendor: &Vendor) -> bool;
}

/// The lists that a visitor's choices were about; none where none is known.
#[derive(Clone, Debug, Default)]
pub struct VendorLists(Vec<Arc<dyn VendorList>>);

impl VendorLists {
    /// Whether none is known.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every one of them has `vendor`.
    #[must_use]
    pub fn have(&self, vendor: &Vendor) -> bool {
        self.0.iter().all(|list| list.has(vendor))
    }

    /// Their versions, one behind the other.
    #[must_use]
    pub fn stamp(&self) -> String {
        self.0.iter().map(|list| list.version().as_str()).collect()
    }
}

impl FromIterator<Arc<dyn VendorList>> for VendorLists {
    /// Each list once, whatever the order is.
    fn from_iter<I: IntoIterator<Item = Arc<dyn VendorList>>>(lists: I) -> Self {
        let mut lists: Vec<_> = lists.into_iter().collect();
        lists.sort_by(|a, b| a.version().cmp(b.version()));
        lists.dedup_by(|a, b| a.version() == b.version());
        Self(lists)
    }
}

impl PartialEq for VendorLists {
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().map(|list| list.version()).eq(other.0.iter().map(|list| list.version()))
    }
}

impl Eq for VendorLists {}
