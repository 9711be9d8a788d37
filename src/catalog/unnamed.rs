//! Turns what no entry names into a vendor: what the operator denies, what looks like a tracker, what is on a filter list.

use crate::{
    purpose::Purpose,
    vendor::{Facts, Source, Vendor},
};
use std::sync::Arc;

/// The vendors of what has no name.
#[derive(Debug)]
pub(super) struct Unnamed {
    pub(super) denied: Arc<Vendor>,
    pub(super) heuristic: Arc<Vendor>,
    pub(super) third_party: Arc<Vendor>,
    pub(super) listed: [Arc<Vendor>; 4],
}

impl Unnamed {
    pub(super) fn new() -> Self {
        let vendor = |id: &str, name: &str, purpose, source| {
            Arc::new(Vendor {
                id: id.into(),
                name: name.into(),
                purpose,
                gvl: None,
                atp: None,
                source,
                facts: Facts::default(),
            })
        };
        let marketing = Purpose::Marketing;
        Self {
            denied: vendor("denied", "Denied by the operator", marketing, Source::Operator),
            heuristic: vendor("unknown-tracker", "Unknown tracker", marketing, Source::Heuristic),
            third_party: vendor("third-party", "Another site", marketing, Source::ThirdParty),
            listed: Purpose::ALL
                .map(|purpose| vendor("listed", "On a filter list", purpose, Source::List)),
        }
    }

    pub(super) fn listed(&self, purpose: Purpose) -> Option<&Arc<Vendor>> {
        self.listed.iter().find(|vendor| vendor.purpose == purpose)
    }
}
