//! Compares what a TC string is decoded to with what somebody else says it is.

use consentry::consent::tcf::{Purposes, TcString};
use serde_json::Value;
use std::collections::BTreeSet;

/// What somebody else decoded; ids are in order.
pub(crate) struct Truth {
    pub(crate) text: String,
    pub(crate) cmp: u64,
    pub(crate) policy: u64,
    pub(crate) is_service_specific: bool,
    pub(crate) created: i64,
    pub(crate) features: Vec<u16>,
    pub(crate) purposes: Vec<u16>,
    pub(crate) interests: Vec<u16>,
    pub(crate) vendors: Vec<u16>,
    pub(crate) vendor_interests: Vec<u16>,
    pub(crate) disclosed: Vec<u16>,
    pub(crate) publisher: Vec<u16>,
    /// Purpose, type, vendors.
    pub(crate) restrictions: Vec<(u8, u8, Vec<u16>)>,
}

/// The numbers of an array, in order.
pub(crate) fn ids(value: &Value) -> Vec<u16> {
    let number = |value: &Value| u16::try_from(value.as_u64().unwrap()).unwrap();
    let all: BTreeSet<u16> = value.as_array().unwrap().iter().map(number).collect();
    all.into_iter().collect()
}

fn has(vendors: &[u16], vendor: u16) -> bool {
    vendors.binary_search(&vendor).is_ok()
}

impl Truth {
    /// Panics where the string is decoded to anything else.
    pub(crate) fn check(&self) {
        let text = &self.text;
        let string = TcString::parse(text).unwrap_or_else(|why| unreachable!("{why}: {text}"));
        assert_eq!(u64::from(string.cmp()), self.cmp, "{text}");
        assert_eq!(u64::from(string.policy()), self.policy, "{text}");
        assert_eq!(string.is_service_specific(), self.is_service_specific, "{text}");
        assert_eq!(string.created(), self.created, "{text}");
        let list = |set: Purposes| set.iter().map(u16::from).collect::<Vec<_>>();
        let features = (1..=12).filter(|number| string.has_feature(*number));
        assert_eq!(features.map(u16::from).collect::<Vec<_>>(), self.features, "{text}");
        assert_eq!(list(string.purposes()), self.purposes, "{text}");
        assert_eq!(list(string.interests()), self.interests, "{text}");
        assert_eq!(list(string.publisher().unwrap_or_default()), self.publisher, "{text}");
        self.check_vendors(&string);
        self.check_restrictions(&string);
        self.check_unlocked(&string);
    }

    fn last(&self) -> u16 {
        let restricted = self.restrictions.iter().flat_map(|(_, _, vendors)| vendors);
        let lists = [&self.vendors, &self.vendor_interests, &self.disclosed];
        restricted.chain(lists.into_iter().flatten()).max().map_or(20, |last| last + 20)
    }

    /// Vendors from 0 on; of many, every seventh.
    fn sample(&self) -> impl Iterator<Item = u16> {
        (0..=self.last()).step_by(if self.last() > 500 { 7 } else { 1 })
    }

    fn check_vendors(&self, string: &TcString<'_>) {
        let all = |has: &dyn Fn(u16) -> bool| -> Vec<u16> {
            (0..=self.last()).chain([65_535]).filter(|id| has(*id)).collect()
        };
        let text = &self.text;
        assert_eq!(all(&|id| string.has_vendor(id)), self.vendors, "{text}");
        assert_eq!(all(&|id| string.has_interest(id)), self.vendor_interests, "{text}");
        if string.has_disclosed() {
            assert_eq!(all(&|id| string.discloses(id)), self.disclosed, "{text}");
        } else {
            assert!(self.disclosed.is_empty(), "{text}");
        }
    }

    fn check_restrictions(&self, string: &TcString<'_>) {
        for purpose in 1..=12 {
            for vendor in self.sample() {
                let ours: BTreeSet<u8> = string.restrictions(vendor, purpose).collect();
                let theirs = self
                    .restrictions
                    .iter()
                    .filter(|(p, _, vendors)| *p == purpose && has(vendors, vendor));
                let theirs: BTreeSet<u8> = theirs.map(|(_, kind, _)| *kind).collect();
                assert_eq!(ours, theirs, "purpose {purpose}, vendor {vendor}: {}", self.text);
            }
        }
    }

    /// `unlock`, worked out from the lists by the rule of the TCF.
    fn check_unlocked(&self, string: &TcString<'_>) {
        for vendor in self.sample() {
            let shown = !string.has_disclosed() || has(&self.disclosed, vendor);
            let consent = shown && has(&self.vendors, vendor);
            for purpose in 1..=12_u8 {
                let forbidden = self
                    .restrictions
                    .iter()
                    .any(|(p, kind, vendors)| *p == purpose && *kind != 1 && has(vendors, vendor));
                let allowed = consent && self.purposes.contains(&u16::from(purpose)) && !forbidden;
                let unlocked = string.unlock(vendor, Purposes::of(&[purpose]));
                assert_eq!(unlocked, allowed, "{purpose} for {vendor}: {}", self.text);
            }
        }
    }
}
