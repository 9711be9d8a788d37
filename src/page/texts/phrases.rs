//! Turns a vendor's facts into words of one language.
//!
//! 1. What is not known is not said; where a vendor's facts are known but for how long it keeps data, its policy is pointed to.
//! 2. A vendor that stands for several services says so, and has a name in each language unless the operator gave it another one.

use super::{Language, countries, plural::Forms};
use crate::vendor::{Facts, Period, Received, Vendor};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The words for facts, as `facts/en.toml` explains them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Phrases {
    pub(super) comma: String,
    pub(super) session: String,
    pub(super) unknown: String,
    pub(super) several: String,
    pub(super) unnamed: String,
    /// By the names of what is received.
    pub(super) receives: BTreeMap<String, String>,
    pub(super) day: Forms,
    pub(super) month: Forms,
    pub(super) year: Forms,
    /// Names, by the ids of vendors.
    pub(super) groups: BTreeMap<String, String>,
}

impl Language {
    /// What `vendor` is called: translated where it is called as `facts/en.toml` has it.
    #[must_use]
    pub fn name_of(self, vendor: &Vendor) -> &str {
        let name = |language: Self| language.phrases().groups.get(&*vendor.id);
        let is_group = name(Self::English).is_some_and(|name| **name == *vendor.name);
        name(self).filter(|_| is_group).map_or(&vendor.name, String::as_str)
    }

    /// What services without a name are called.
    #[must_use]
    pub fn unnamed(self) -> &'static str {
        &self.phrases().unnamed
    }

    /// Who is behind a vendor.
    #[must_use]
    pub fn company(self, facts: &Facts) -> String {
        let phrases = self.phrases();
        let all = facts.company.join(&phrases.comma);
        if facts.company.len() < 2 { all } else { phrases.several.replace("{companies}", &all) }
    }

    /// Where it is and where data goes; a country without a name by its letters.
    #[must_use]
    pub fn countries(self, facts: &Facts) -> String {
        let name = |country| countries::name(country, self.tag());
        let names = facts.country.iter().map(|country| name(*country).unwrap_or(country.code()));
        names.collect::<Vec<_>>().join(&self.phrases().comma)
    }

    /// What it receives, in the order of [`Received::ALL`].
    #[must_use]
    pub fn receives(self, facts: &Facts) -> String {
        let phrases = self.phrases();
        let received: BTreeSet<Received> = facts.receives.iter().copied().collect();
        let words = received.iter().filter_map(|one| phrases.receives.get(one.name()));
        words.map(String::as_str).collect::<Vec<_>>().join(&phrases.comma)
    }

    /// How long it keeps that; empty where nothing is known of the vendor.
    #[must_use]
    pub fn keeps(self, facts: &Facts) -> String {
        let phrases = self.phrases();
        let said = match facts.keeps {
            Some(Period::Session) => Some(phrases.session.clone()),
            Some(Period::Days(n)) => phrases.day.with(self, n),
            Some(Period::Months(n)) => phrases.month.with(self, n),
            Some(Period::Years(n)) => phrases.year.with(self, n),
            None if *facts == Facts::default() => Some(String::new()),
            None => None,
        };
        said.unwrap_or_else(|| phrases.unknown.clone())
    }
}
