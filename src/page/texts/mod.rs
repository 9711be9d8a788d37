//! Turns languages and the files of their texts into the words that visitors read.
//!
//! 1. A file for each language holds the banner's texts, one in `facts` the words for what vendors do; all have the keys of the
//!    English ones, and what is filled in there is filled in everywhere.
//! 2. Neither answer sounds better than the other in any language (EDPB 03/2022, CNIL 2020-092): no text says that one goes on
//!    without accepting, or that something is lost.
//! 3. Every country that a vendor can be said to sit in has a name in every language.

mod choose;
mod countries;
mod language;
mod phrases;
mod plural;
#[cfg(test)]
mod tests;

use self::phrases::Phrases;
pub use self::{choose::choose, countries::has_country, language::Language};
use std::{collections::BTreeMap, sync::LazyLock};

/// The words of one language.
#[derive(Debug, Default)]
struct Texts {
    banner: BTreeMap<String, String>,
    phrases: Phrases,
}

/// Read when the first of them is asked for.
static TEXTS: LazyLock<BTreeMap<Language, Texts>> =
    LazyLock::new(|| Language::ALL.into_iter().map(|l| (l, Texts::read(l))).collect());

static NONE: LazyLock<Texts> = LazyLock::new(Texts::default);

impl Texts {
    /// What the files of `language` hold; a test holds that they can be read.
    fn read(language: Language) -> Self {
        let [banner, phrases] = language.files();
        let (banner, phrases) = (toml::from_str(banner), toml::from_str(phrases));
        debug_assert!(banner.is_ok() && phrases.is_ok(), "{banner:?} {phrases:?}");
        Self { banner: banner.unwrap_or_default(), phrases: phrases.unwrap_or_default() }
    }
}

impl Language {
    /// The banner's texts, by their keys.
    #[must_use]
    pub fn texts(self) -> &'static BTreeMap<String, String> {
        &self.all().banner
    }

    fn phrases(self) -> &'static Phrases {
        &self.all().phrases
    }

    fn all(self) -> &'static Texts {
        TEXTS.get(&self).unwrap_or(&NONE)
    }
}
