//! Turns what the operator says of the banner's look into the parts of [`Data`](super::Data) that do not depend on the visitor.

use super::{super::texts::Language, Corner, Link, Position, Theme};
use std::collections::BTreeMap;

/// How the banner of a site looks, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the first layer is; default [`Position::Bottom`].
    pub position: Position,
    /// Where the small button is; default [`Corner::Start`], `None` for nowhere.
    pub button: Option<Corner>,
    /// Colours.
    pub theme: Theme,
    /// The path of the operator's logo; default none.
    pub logo: String,
    /// The operator's links in their order: the name, and where it leads. `privacy` and `imprint` have words in every language;
    /// another name is the words itself.
    pub links: Vec<(String, String)>,
    /// The language for pages and browsers that ask for none of the banner's; default English.
    pub language: Option<Language>,
    /// Texts in the place of the built-in ones, by the tag of the language and by key.
    pub texts: BTreeMap<String, BTreeMap<String, String>>,
}

// === impl Config ===

impl Config {
    /// `built_in` texts of the language `lang`, with the operator's own in their place.
    #[must_use]
    pub fn texts(
        &self,
        lang: &str,
        built_in: BTreeMap<String, String>,
    ) -> BTreeMap<String, String> {
        let own = self.texts.get(lang).cloned().unwrap_or_default();
        built_in.into_iter().chain(own).collect()
    }

    /// The links, with the words that `texts` have for them.
    #[must_use]
    pub fn links(&self, texts: &BTreeMap<String, String>) -> Vec<Link> {
        let words = |name: &String| texts.get(&format!("link_{name}")).unwrap_or(name).clone();
        let link = |(name, href): &(String, String)| Link { text: words(name), href: href.clone() };
        self.links.iter().map(link).collect()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            position: Position::Bottom,
            button: Some(Corner::Start),
            theme: Theme::default(),
            logo: String::new(),
            links: Vec::new(),
            language: None,
            texts: BTreeMap::new(),
        }
    }
}
