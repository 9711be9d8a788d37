//! Turns texts, purposes, vendors and the operator's options into the JSON object that the banner's code takes.
//!
//! 1. All of it is in one language; what a visitor may see is in it, so its hash names what was shown (GDPR 7(1)).
//! 2. What only the page without JavaScript shows is not sent to others.

use super::{super::file::digits, theme::Theme};
use crate::purpose::{Purpose, PurposeSet};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// Everything that a banner in one language is made from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Data {
    /// The language (BCP 47).
    pub lang: String,
    /// Whether it is written from right to left.
    pub is_rtl: bool,
    /// The version of the policy.
    pub policy: String,
    /// The texts by their keys, which are those of `texts/en.toml`.
    pub texts: BTreeMap<String, String>,
    /// What the visitor is asked about, in the order in which it is shown: only purposes that the site has vendors for.
    pub purposes: Vec<Shown>,
    /// The operator's links.
    pub links: Vec<Link>,
    /// What the banner does.
    pub options: Options,
    /// How it looks.
    pub theme: Theme,
}

/// A purpose that the visitor is asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// Which; never [`Purpose::Necessary`].
    pub id: Purpose,
    /// Its name.
    pub name: String,
    /// What it is, in plain words.
    pub description: String,
    /// Who takes part.
    pub vendors: Vec<Vendor>,
}

/// A vendor, in the visitor's language; what is empty is not shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Vendor {
    /// Its id in the catalogue.
    pub id: String,
    /// The name of the service.
    pub name: String,
    /// The company behind it.
    pub company: String,
    /// What it receives.
    pub receives: String,
    /// How long it keeps that.
    pub keeps: String,
    /// Where the company is.
    pub country: String,
    /// The address of its privacy policy.
    pub policy: String,
}

/// A link of the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// Its words.
    pub text: String,
    /// Where it leads.
    pub href: String,
}

/// What the banner does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Options {
    /// Where the first layer is; default [`Position::Bottom`].
    pub position: Position,
    /// Where the small button is that stays in the page; default [`Corner::Start`], `None` for nowhere.
    #[serde(serialize_with = "corner")]
    pub button: Option<Corner>,
    /// The path of the operator's logo; empty for none.
    pub logo: String,
    /// What becomes of what was held back, once it is allowed; default [`After::Revive`].
    pub after: After,
    /// Whether the cookies of the WP Consent API are written; default no.
    pub wp_consent: bool,
    /// Whether `gtag` and the data layer are told; default yes.
    pub data_layer: bool,
    /// Whether pages of the site may hold things back that carry no mark; default no.
    pub gated: bool,
    /// What Global Privacy Control refuses.
    #[serde(serialize_with = "letters")]
    pub gpc: PurposeSet,
    /// What Do Not Track refuses.
    #[serde(serialize_with = "letters")]
    pub dnt: PurposeSet,
}

/// Where the first layer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Position {
    /// Along the lower edge.
    #[default]
    Bottom,
    /// In the lower corner where lines start.
    Start,
    /// In the lower corner where lines end.
    End,
}

/// A lower corner of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Corner {
    /// Where lines start.
    #[default]
    Start,
    /// Where lines end.
    End,
}

/// What becomes of what was held back, once it is allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum After {
    /// It is brought to life in the page.
    #[default]
    Revive,
    /// The page is loaded again.
    Reload,
}

/// Parts of keys whose texts are in [`Data::purposes`] and [`Data::links`], or on the page without JavaScript only.
const NOT_SENT: [&str; 5] = ["functional_", "analytics_", "marketing_", "form_", "link_"];

// === impl Data ===

impl Data {
    /// The text of a key; empty where there is none.
    #[must_use]
    pub fn text(&self, key: &str) -> &str {
        self.texts.get(key).map_or("", String::as_str)
    }

    /// What visitors are shown, as JSON: what a record of a choice keeps once for each [`Data::shown_hash`].
    #[must_use]
    pub fn shown(&self) -> String {
        let Self { lang, policy, texts, purposes, links, .. } = self;
        let shown = serde_json::json!({
            "lang": lang, "policy": policy, "texts": texts, "purposes": purposes, "links": links,
        });
        shown.to_string()
    }

    /// The SHA-256 of [`Data::shown`], 64 hexadecimal digits.
    #[must_use]
    pub fn shown_hash(&self) -> String {
        digits(self.shown().as_bytes())
    }

    /// The object that the banner's code takes.
    pub(super) fn json(&self) -> String {
        let Self { lang, is_rtl, policy, texts, purposes, links, options, theme: _ } = self;
        let is_sent = |key: &str| !NOT_SENT.iter().any(|part| key.starts_with(part));
        let texts: BTreeMap<_, _> = texts.iter().filter(|(key, _)| is_sent(key)).collect();
        let data = serde_json::json!({
            "lang": lang, "dir": direction(*is_rtl), "policy": policy, "shown": self.shown_hash(),
            "texts": texts, "purposes": purposes, "links": links, "options": options,
        });
        data.to_string()
    }
}

/// The value of `dir`.
pub(super) const fn direction(is_rtl: bool) -> &'static str {
    if is_rtl { "rtl" } else { "ltr" }
}

// === impl Options ===

impl Default for Options {
    fn default() -> Self {
        Self {
            position: Position::Bottom,
            button: Some(Corner::Start),
            logo: String::new(),
            after: After::Revive,
            wp_consent: false,
            data_layer: true,
            gated: false,
            gpc: PurposeSet::EMPTY.with(Purpose::Marketing),
            dnt: PurposeSet::EMPTY,
        }
    }
}

fn corner<S: Serializer>(corner: &Option<Corner>, to: S) -> Result<S::Ok, S::Error> {
    match corner {
        Some(corner) => corner.serialize(to),
        None => to.serialize_str(""),
    }
}

/// The first letters of the purposes that need consent.
fn letters<S: Serializer>(purposes: &PurposeSet, to: S) -> Result<S::Ok, S::Error> {
    let optional = Purpose::OPTIONAL.into_iter().filter(|purpose| purposes.contains(*purpose));
    to.collect_str(&optional.filter_map(|p| p.name().chars().next()).collect::<String>())
}
