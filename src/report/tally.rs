//! Turns contacts into counts by site, page, domain and directive, in memory that hostile reports cannot make grow.
//!
//! 1. Names beyond the [`Bounds`] are counted as `other`: what a flood of made-up names costs is their names, and no memory.
//! 2. The domains of known vendors have places of their own, so that made-up ones cannot take those.
//! 3. A domain of nobody's is told of once, when it gets its place.

use rustc_hash::FxHashMap;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// What stands for all further names.
const OTHER: &str = "other";
/// The longest name; bytes.
const NAME: usize = 256;

/// How many names there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Sites, by their hosts; default 64.
    pub sites: usize,
    /// Paths of pages; default 512.
    pub paths: usize,
    /// Domains of nobody's; default 256.
    pub unknown: usize,
    /// Domains of vendors; default 512.
    pub vendors: usize,
    /// Rows; default 4096.
    pub rows: usize,
}

/// Whose a domain is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Whose {
    /// Nobody's that is known.
    Nobody,
    /// A vendor's, by its id, and whether the visitor allows it.
    Vendor(Box<str>, bool),
}

/// Somebody was contacted, or would have been.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Contact {
    /// The site's host.
    pub site: Box<str>,
    /// The page's path, redacted.
    pub path: Box<str>,
    /// The registrable domain that was contacted.
    pub domain: Box<str>,
    /// Whose it is.
    pub whose: Whose,
    /// The directive.
    pub directive: &'static str,
    /// Whether the policy held.
    pub held: bool,
}

/// What came of a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// A domain of nobody's is seen for the first time.
    New,
    /// It is counted.
    Counted,
}

/// Counts of contacts.
#[derive(Debug, Default)]
pub struct Tally {
    bounds: Bounds,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    sites: Names,
    paths: Names,
    unknown: Names,
    vendors: Names,
    rows: FxHashMap<Contact, u64>,
    /// Contacts without a row.
    more: u64,
}

#[derive(Debug, Default)]
struct Names(FxHashMap<Box<str>, ()>);

impl Default for Bounds {
    fn default() -> Self {
        Self { sites: 64, paths: 512, unknown: 256, vendors: 512, rows: 4096 }
    }
}

impl Names {
    /// `name`, or what stands for it, and whether it is new.
    fn place(&mut self, name: &str, most: usize) -> (Box<str>, bool) {
        if self.0.contains_key(name) {
            return (name.into(), false);
        }
        if self.0.len() >= most || name.len() > NAME {
            return (OTHER.into(), false);
        }
        self.0.insert(name.into(), ());
        (name.into(), true)
    }
}

impl Tally {
    /// Counts, within `bounds`.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, inner: Mutex::default() }
    }

    /// Counts one contact.
    pub fn note(&self, contact: Contact) -> Noted {
        let bounds = self.bounds;
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let (domain, is_new) = match contact.whose {
            Whose::Nobody => inner.unknown.place(&contact.domain, bounds.unknown),
            Whose::Vendor(..) => inner.vendors.place(&contact.domain, bounds.vendors),
        };
        let (site, _) = inner.sites.place(&contact.site, bounds.sites);
        let (path, _) = inner.paths.place(&contact.path, bounds.paths);
        let is_new = is_new && contact.whose == Whose::Nobody;
        inner.count(Contact { site, path, domain, ..contact }, bounds.rows);
        if is_new { Noted::New } else { Noted::Counted }
    }

    /// How many domains of nobody's have a place.
    #[must_use]
    pub fn unknown(&self) -> usize {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).unknown.0.len()
    }

    /// All counts: `{"contacts": [{"site", "path", "domain", "vendor", "allowed", "directive", "held", "count"}], "more"}`, the most
    /// frequent first.
    #[must_use]
    pub fn json(&self) -> Value {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let rows: BTreeMap<&Contact, u64> = inner.rows.iter().map(|(row, n)| (row, *n)).collect();
        let mut rows: Vec<_> = rows.into_iter().collect();
        rows.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let rows: Vec<Value> = rows.into_iter().map(|(row, count)| row.json(count)).collect();
        json!({ "contacts": rows, "more": inner.more })
    }
}

impl Inner {
    fn count(&mut self, row: Contact, most: usize) {
        if self.rows.len() >= most && !self.rows.contains_key(&row) {
            self.more = self.more.saturating_add(1);
            return;
        }
        let count = self.rows.entry(row).or_default();
        *count = count.saturating_add(1);
    }
}

impl Contact {
    fn json(&self, count: u64) -> Value {
        let (vendor, allowed) = match &self.whose {
            Whose::Nobody => (Value::Null, Value::Null),
            Whose::Vendor(id, allowed) => (json!(id), json!(allowed)),
        };
        let Self { site, path, domain, whose: _, directive, held } = self;
        json!({
            "site": site, "path": path, "domain": domain, "vendor": vendor, "allowed": allowed, "directive": directive,
            "held": held, "count": count,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(domain: &str, path: &str, whose: Whose) -> Contact {
        Contact {
            site: "s.test".into(),
            path: path.into(),
            domain: domain.into(),
            whose,
            directive: "img-src",
            held: true,
        }
    }

    #[test]
    fn a_domain_is_new_once() {
        let tally = Tally::default();
        let unknown = || contact("x.test", "/", Whose::Nobody);
        assert_eq!(tally.note(unknown()), Noted::New);
        assert_eq!(tally.note(unknown()), Noted::Counted);
        assert_eq!(
            tally.note(contact("v.test", "/", Whose::Vendor("v".into(), false))),
            Noted::Counted
        );
        let json = tally.json();
        assert_eq!(
            (json["contacts"][0]["domain"].as_str(), json["contacts"][0]["count"].as_u64()),
            (Some("x.test"), Some(2))
        );
        assert_eq!(
            (json["contacts"][1]["vendor"].as_str(), json["more"].as_u64()),
            (Some("v"), Some(0))
        );
    }

    #[test]
    fn every_host_in_the_world_takes_bounded_memory() {
        let tally = Tally::default();
        for i in 0..20_000 {
            let site = format!("s{i}.test").into();
            tally.note(Contact {
                site,
                ..contact(&format!("h{i}.test"), &format!("/{i}"), Whose::Nobody)
            });
        }
        let long = "x".repeat(10_000);
        tally.note(contact(&long, &long, Whose::Nobody));
        tally.note(contact("v.test", "/new", Whose::Vendor("v".into(), false)));
        let json = tally.json();
        let rows = json["contacts"].as_array().unwrap();
        let bounds = Bounds::default();
        assert!(rows.len() <= bounds.rows);
        let distinct = |key: &str| {
            rows.iter()
                .filter_map(|row| row[key].as_str())
                .collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(distinct("domain").len(), bounds.unknown + 2);
        assert_eq!(
            (distinct("path").len(), distinct("site").len()),
            (bounds.paths + 1, bounds.sites + 1)
        );
        assert!(distinct("domain").contains("v.test") && distinct("domain").contains("other"));
        let total: u64 = rows.iter().filter_map(|row| row["count"].as_u64()).sum();
        assert_eq!(total + json["more"].as_u64().unwrap(), 20_002);
    }
}
