//! Turns what names under the site's own domain are aliases of into the vendors behind them.
//!
//! 1. A name whose chain of aliases (RFC 1034, 3.6.2) comes by a vendor's host is that vendor's; a name without one is the site's.
//! 2. An entry of the catalogue goes before the long tail. A rule with a path says nothing of a whole host.
//! 3. What is not known yet is the site's, is noted for whoever resolves names, and is never waited for.
//! 4. What is noted is bounded, and so is what is known.

use super::{Catalog, long_tail::Standing};
use crate::site::canonical;
use rustc_hash::FxHashMap;
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::{Mutex, PoisonError},
};

/// How many names are noted until somebody takes them.
const MOST_NOTED: usize = 64;
/// How many names are known at most.
const MOST_KNOWN: usize = 4096;
/// The longest name (RFC 1035, 2.3.4).
const LONGEST: usize = 253;

/// The chains of aliases of names: of each, from the first alias to the last; empty for a name that is none.
pub type Aliases = BTreeMap<Box<str>, Vec<String>>;

/// What is known of the names under the sites' own domains.
#[derive(Debug, Default)]
pub struct Cloaks {
    known: FxHashMap<Box<str>, Option<usize>>,
    stamp: Box<str>,
}

/// The names that pages named and nobody resolved yet.
#[derive(Debug, Default)]
pub(super) struct Noted(Mutex<BTreeSet<Box<str>>>);

impl Catalog {
    /// The vendors behind the names of `aliases`.
    #[must_use]
    pub fn cloaks(&self, aliases: &Aliases) -> Cloaks {
        let of = |chain: &Vec<String>| chain.iter().find_map(|alias| self.cloaked(alias));
        let known = aliases.iter().take(MOST_KNOWN);
        let known: FxHashMap<_, _> = known.map(|(name, chain)| (name.clone(), of(chain))).collect();
        let stamp = self.stamp(&known).into();
        Cloaks { known, stamp }
    }

    /// Whose a whole host is, by its index.
    fn cloaked(&self, host: &str) -> Option<usize> {
        let host = canonical(host);
        let tail = || match self.tail.find(&host, "/")?.standing {
            Standing::Tracker(index) => Some(index),
            Standing::Harmless | Standing::Mixed => None,
        };
        self.hosts.find(&host, "/").or_else(tail)
    }

    /// A short name of the names that are vendors', in lower case hexadecimal digits; empty without any.
    fn stamp(&self, known: &FxHashMap<Box<str>, Option<usize>>) -> String {
        let vendor = |index: &Option<usize>| Some(&*self.vendors.get((*index)?)?.id);
        let cloaked = known.iter().filter_map(|(name, index)| Some((&**name, vendor(index)?)));
        let cloaked: BTreeSet<(&str, &str)> = cloaked.collect();
        if cloaked.is_empty() {
            return String::new();
        }
        let digest = Sha256::digest(format!("{cloaked:?}"));
        digest.iter().take(4).fold(String::new(), |mut hex, byte| {
            // Writing to a `String` cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

impl Cloaks {
    /// A short name of the names that are vendors'; empty without any.
    #[must_use]
    pub fn stamp(&self) -> &str {
        &self.stamp
    }

    /// What is known of `host` (lower case): the index of a vendor, or that it is the site's own.
    pub(super) fn find(&self, host: &str) -> Option<Option<usize>> {
        self.known.get(host).copied()
    }

    /// The names behind which there is a vendor.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, usize)> {
        self.known.iter().filter_map(|(name, index)| Some((&**name, (*index)?)))
    }
}

impl Noted {
    /// Notes a name; nobody is waited for, and what is over the bound is noted by a later page.
    pub(super) fn note(&self, host: &str) {
        let Ok(mut noted) = self.0.try_lock() else { return };
        if noted.len() < MOST_NOTED && host.len() <= LONGEST && !noted.contains(host) {
            noted.insert(host.into());
        }
    }

    /// Takes what was noted.
    pub(super) fn take(&self) -> BTreeSet<Box<str>> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
