//! Turns the vendors that the gate finds on a site into what its visitors are asked about.
//!
//! 1. It is read without a lock, and written only when there is something new.
//! 2. A vendor gets into it by a finding in a page of the origin's, or by the operator's word (`vendors` in [banner],
//!    `vendors` and `accounts` in [collect]).
//!    Requests to vendors add none: anybody can send these, and each new vendor asks visitors again.
//! 3. It is bounded: every vendor is one of the catalogue's, and of those that no entry names at most 300 get in.
//! 4. What visitors were asked about before is kept in memory, at most 256 lists; the ones with the fewest vendors go first.
//! 5. It outlives its engine: the next one takes it over, and what a store or a file kept is added to it.
//! 6. Nodes with the same vendors ask about the same, whatever the order was in which they found them.

use crate::{
    catalog::Catalog,
    choice::{Missing, Offer, SiteTerms},
    consent::PolicyVersion,
    purpose::Purpose,
    vendor::{Source, Vendor},
};
use arc_swap::{ArcSwap, Guard};
use rustc_hash::FxHashMap;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

/// How many vendors without an entry in the catalogue a site has at most.
const MOST_UNNAMED: usize = 300;
/// How many lists of vendors that visitors were asked about are remembered.
const MOST_KNOWN: usize = 256;

type Found = BTreeMap<Purpose, BTreeMap<Box<str>, Arc<Vendor>>>;

/// The vendors of one site.
#[derive(Debug)]
pub struct Inventory {
    now: ArcSwap<Snapshot>,
    writing: Mutex<()>,
}

/// The vendors of one site at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    found: Found,
    terms: SiteTerms,
}

impl Inventory {
    /// That of a site whose operator calls the policy this, and names these vendors.
    #[must_use]
    pub(super) fn new<'v>(
        policy: Option<&PolicyVersion>,
        named: impl IntoIterator<Item = &'v Arc<Vendor>>,
    ) -> Self {
        let now = Arc::new(Offer::new(policy, []));
        let (known, missing) = <(Arc<FxHashMap<_, _>>, Arc<Missing>)>::default();
        let terms = SiteTerms { policy: policy.cloned(), now, known, missing };
        let now = ArcSwap::from_pointee(Snapshot { found: Found::new(), terms });
        let inventory = Self { now, writing: Mutex::default() };
        inventory.add(named);
        inventory
    }

    /// What it holds now.
    pub fn now(&self) -> Guard<Arc<Snapshot>> {
        self.now.load()
    }

    /// Adds vendors; those that need no consent, and those that are there, make no difference.
    pub fn add<'v>(&self, vendors: impl IntoIterator<Item = &'v Arc<Vendor>>) {
        let now = self.now();
        let new: Vec<_> = vendors.into_iter().filter(|vendor| now.lacks(vendor)).collect();
        if !new.is_empty() {
            self.change(|snapshot| snapshot.add(&new));
        }
    }

    /// Adds lists that visitors were asked about, as they were kept; what is none is left out.
    pub fn learn<'b>(&self, bodies: impl IntoIterator<Item = &'b str>) {
        let offers: Vec<_> =
            bodies.into_iter().filter_map(|body| Offer::parse(body).ok()).collect();
        let now = self.now();
        if offers.iter().any(|offer| !now.knows(offer)) {
            self.change(|snapshot| snapshot.learn(offers));
        }
    }

    /// Adds all that `old` holds, of which the catalogue still knows the vendors.
    pub(super) fn take_over(&self, old: &Self, catalog: &Catalog) {
        let old_now = old.now();
        self.add(old_now.vendors().filter_map(|old| catalog.kept(old.purpose, &old.id)));
        self.learn(old_now.bodies());
    }

    fn change(&self, change: impl FnOnce(&mut Snapshot)) {
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut snapshot = Snapshot::clone(&self.now());
        change(&mut snapshot);
        self.now.store(Arc::new(snapshot));
    }
}

// === impl Snapshot ===

impl Snapshot {
    /// What a choice counts under.
    #[must_use]
    pub const fn terms(&self) -> &SiteTerms {
        &self.terms
    }

    /// What visitors are asked about.
    #[must_use]
    pub const fn offer(&self) -> &Arc<Offer> {
        &self.terms.now
    }

    /// The vendors, by purpose and then by id.
    pub fn vendors(&self) -> impl Iterator<Item = &Arc<Vendor>> {
        self.found.values().flat_map(BTreeMap::values)
    }

    /// Every list that is known, that of now too, as it is kept.
    pub fn bodies(&self) -> impl Iterator<Item = &str> {
        let now = (!self.offer().is_empty()).then(|| self.offer().body());
        self.terms.known.values().map(|offer| offer.body()).chain(now)
    }

    fn lacks(&self, vendor: &Vendor) -> bool {
        let has = self.found.get(&vendor.purpose).is_some_and(|ids| ids.contains_key(&vendor.id));
        let unnamed = || self.vendors().filter(|v| v.source != Source::Catalog).count();
        vendor.purpose != Purpose::Necessary
            && !has
            && (vendor.source == Source::Catalog || unnamed() < MOST_UNNAMED)
    }

    fn knows(&self, offer: &Offer) -> bool {
        let version = offer.version();
        self.offer().version() == version || self.terms.known.contains_key(version)
    }

    fn add(&mut self, vendors: &[&Arc<Vendor>]) {
        for vendor in vendors {
            if self.lacks(vendor) {
                let ids = self.found.entry(vendor.purpose).or_default();
                ids.insert(vendor.id.clone(), (*vendor).clone());
            }
        }
        let ids = self.found.values().flat_map(BTreeMap::values).map(|v| (v.purpose, &*v.id));
        let offer = Arc::new(Offer::new(self.terms.policy.as_ref(), ids));
        let before = std::mem::replace(&mut self.terms.now, offer);
        self.know([before]);
    }

    fn learn(&mut self, offers: Vec<Offer>) {
        self.know(offers.into_iter().map(Arc::new));
    }

    fn know(&mut self, offers: impl IntoIterator<Item = Arc<Offer>>) {
        let mut known = FxHashMap::clone(&self.terms.known);
        let new = offers.into_iter().filter(|offer| !offer.is_empty());
        known.extend(new.map(|offer| (offer.version().clone(), offer)));
        if known.len() > MOST_KNOWN {
            let size = |offer: &Offer| offer.body().len();
            let sizes: BTreeSet<_> =
                known.iter().map(|(v, offer)| (size(offer), v.clone())).collect();
            for (_, version) in sizes.into_iter().take(known.len() - MOST_KNOWN) {
                known.remove(&version);
            }
        }
        self.terms.known = Arc::new(known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        catalog::VendorEntry,
        consent::{OwnCookie, Terms as _},
        vendor::Facts,
    };

    fn catalog() -> Catalog {
        let entry = |n: usize| VendorEntry {
            id: format!("v{n}"),
            purpose: Some(Purpose::ALL[n % 4]),
            ..VendorEntry::default()
        };
        Catalog::new(&(0..40).map(entry).collect::<Vec<_>>(), &[]).unwrap()
    }

    fn tail(n: usize) -> Arc<Vendor> {
        let id = format!("tail-{n:04}").into();
        Arc::new(Vendor {
            name: Box::clone(&id),
            id,
            purpose: Purpose::Marketing,
            gvl: None,
            atp: None,
            source: Source::LongTail,
            facts: Facts::default(),
        })
    }

    #[test]
    fn nodes_agree_whatever_they_found_first() {
        let catalog = catalog();
        let [a, b, c] = ["v1", "v2", "v3"].map(|id| catalog.vendor(id).unwrap());
        let (one, two) = (Inventory::new(None, []), Inventory::new(None, [b]));
        one.add([a, c]);
        one.add([b]);
        two.add([c]);
        two.add([a]);
        assert_eq!(one.now().offer(), two.now().offer());
        let version = one.now().offer().version().clone();
        one.add([a, b]);
        assert_eq!(*one.now().offer().version(), version);
        assert_eq!(one.now().vendors().count(), 3);
    }

    #[test]
    fn a_choice_outlives_a_vendor_and_an_engine() {
        let catalog = catalog();
        let (a, b) = (catalog.vendor("v2").unwrap(), catalog.vendor("v6").unwrap());
        let old = Inventory::new(None, [a, b]);
        let choice = format!("v1.{}.20261123.f0a1m0", old.now().offer().version());
        let choice: OwnCookie = choice.parse().unwrap();
        let upheld = |inventory: &Inventory| inventory.now().terms().upheld(&choice);
        let new = Inventory::new(None, []);
        assert!(upheld(&new).is_empty());
        assert_eq!(new.now().terms().missing.take().len(), 1);
        new.take_over(&old, &catalog);
        assert!(!upheld(&new).is_empty() && new.now().terms().missing.take().is_empty());
        new.add([catalog.vendor("v10").unwrap()]);
        assert!(upheld(&new).is_empty());
        let told = Inventory::new(None, [a]);
        told.learn(old.now().bodies().chain(["{}", "garbage"]));
        assert!(!upheld(&told).is_empty());
    }

    #[test]
    fn memory_is_bounded() {
        let inventory = Inventory::new(None, []);
        (0..MOST_UNNAMED + 50).for_each(|n| inventory.add([&tail(n)]));
        assert_eq!(inventory.now().vendors().count(), MOST_UNNAMED);
        assert_eq!(inventory.now().terms().known.len(), MOST_KNOWN);
        let catalog = catalog();
        inventory.add(catalog.vendors());
        assert!(inventory.now().vendors().count() > MOST_UNNAMED);
        assert!(inventory.now().vendors().all(|vendor| vendor.purpose != Purpose::Necessary));
    }
}
