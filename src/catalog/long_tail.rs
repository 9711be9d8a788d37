//! Turns the lines of the long tail (domain, category, entity) into vendors and known harmless hosts.
//!
//! 1. A line is `domain`, `category` and `entity` with tabs between; `#` begins a comment line.
//! 2. A category is a purpose's, or harmless (hosting, CDN, utility, consent providers), or says nothing: [`Category`].

use super::hosts::Hosts;
use crate::{
    purpose::Purpose,
    vendor::{Facts, Source, Vendor},
};
use rustc_hash::FxHashMap;

/// What the long tail says of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    /// The company, by its place among the companies.
    pub(super) entity: u32,
    pub(super) standing: Standing,
    /// People go there too: a script that names it need not load from it.
    pub(super) visited: bool,
}

/// What a company's host is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// A vendor, by its index.
    Tracker(usize),
    /// Serves files for others; heuristics do not apply.
    Harmless,
    /// Of a publisher, a shop, a cloud: it says nothing by itself.
    Mixed,
}

/// What a category of the long tail means here.
enum Category {
    Tracker(Purpose),
    Harmless,
    Mixed,
}

impl Category {
    fn new(name: &str) -> Self {
        match name {
            "ad" | "marketing" | "social" | "tag-manager" => Self::Tracker(Purpose::Marketing),
            "analytics" => Self::Tracker(Purpose::Analytics),
            "customer-success" | "video" => Self::Tracker(Purpose::Functional),
            "consent-provider" | "hosting" | "cdn" | "utility" => Self::Harmless,
            _ => Self::Mixed,
        }
    }
}

/// Adds the lines of `text` to `hosts`, and their entities to `vendors`.
pub(super) fn read(text: &str, vendors: &mut Vec<Vendor>, hosts: &mut Hosts<Known>) {
    let (mut ids, mut entities) = (FxHashMap::default(), FxHashMap::default());
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        let mut fields = line.split('\t');
        let (Some(domain), Some(category), Some(entity)) =
            (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let standing = match Category::new(category) {
            Category::Mixed => Standing::Mixed,
            Category::Harmless => Standing::Harmless,
            Category::Tracker(purpose) => {
                let key = (entity.to_owned(), purpose);
                Standing::Tracker(*ids.entry(key).or_insert_with(|| {
                    vendors.push(vendor(entity, purpose));
                    vendors.len().saturating_sub(1)
                }))
            }
        };
        let next = u32::try_from(entities.len()).unwrap_or(u32::MAX);
        let entity = *entities.entry(entity.to_owned()).or_insert(next);
        let visited = matches!(category, "social" | "video" | "customer-success");
        hosts.insert(domain, Known { entity, standing, visited });
    }
}

fn vendor(entity: &str, purpose: Purpose) -> Vendor {
    let id = entity
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-")
        .to_ascii_lowercase();
    Vendor {
        id: id.into(),
        name: entity.into(),
        purpose,
        gvl: None,
        atp: None,
        source: Source::LongTail,
        facts: Facts::default(),
    }
}
