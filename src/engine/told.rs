//! Turns what a visitor is granted under lists of vendors into the text by which the guard goes, once for all who stand the same.
//!
//! 1. A purpose that is granted to all, by the law or by another consent manager, is for no list.
//! 2. Visitors can only name lists that are known here.

use super::guard::optional;
use crate::{
    catalog::{Catalog, Scope},
    consent::VendorLists,
    page::guard,
    policy::Ruling,
};
use rustc_hash::FxHashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How many texts are kept; all go when there are more.
const MOST: usize = 64;

/// The texts of one site.
#[derive(Debug)]
pub(super) struct ToldTexts {
    catalog: Arc<Catalog>,
    scope: Arc<Scope>,
    made: Mutex<FxHashMap<String, Arc<str>>>,
}

impl ToldTexts {
    pub(super) fn new(catalog: Arc<Catalog>, scope: Arc<Scope>) -> Self {
        Self { catalog, scope, made: Mutex::default() }
    }

    /// The text for a visitor who allows what `ruling` grants; none where no list holds anybody back.
    pub(super) fn of(&self, ruling: &Ruling) -> Option<Arc<str>> {
        (!ruling.lists().is_empty()).then(|| self.text(ruling, ruling.lists()))
    }

    /// The text for one who allows more under `lists` than `ruling` grants.
    pub(super) fn text(&self, ruling: &Ruling, lists: &VendorLists) -> Arc<str> {
        let by_list = |purpose| !ruling.grants(purpose) || ruling.goes_by_list(purpose);
        let letters = optional(by_list);
        let key = format!("{letters}{}", lists.stamp());
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.len() >= MOST && !made.contains_key(&key) {
            made.clear();
        }
        let make = || guard::told(&self.catalog, &self.scope, letters, lists).into();
        made.entry(key).or_insert_with(make).clone()
    }
}
