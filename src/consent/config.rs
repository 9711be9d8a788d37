//! What the operator says of the signals of one site, as plain data.

use crate::purpose::{Purpose, PurposeSet};
use std::collections::BTreeMap;

/// A consent manager whose cookie can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cmp {
    /// Cookiebot, `CookieConsent`.
    Cookiebot,
    /// OneTrust and CookiePro, `OptanonConsent`.
    OneTrust,
    /// CookieYes, `cookieyes-consent`.
    CookieYes,
    /// vanilla-cookieconsent 3, `cc_cookie`.
    VanillaCookieConsent,
    /// Klaro, `klaro`.
    Klaro,
}

/// What an operator's rule looks for in a cookie's value, after percent-decoding.
#[derive(Clone, Debug)]
pub enum Find {
    /// The value at a path of a JSON value, as `consents.analytics`; empty for the whole cookie value as text.
    Path(String),
    /// The first group, or else the whole match, of a regular expression.
    Regex(regex::Regex),
}

/// An operator's rule for an in-house consent cookie.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The cookie's name.
    pub cookie: String,
    /// Where in its value to look.
    pub find: Find,
    /// What must be there, as text, for a grant; anything else found is a denial.
    pub equals: String,
    /// The purpose that it is about.
    pub purpose: Purpose,
}

/// How one site's consent is read.
#[derive(Clone, Debug)]
pub struct Config {
    /// The cookie of our own choice; default `consentry`.
    pub cookie: String,
    /// Choices older than this say nothing; days, default 180.
    pub max_age_days: u32,
    /// The consent managers to read; by default each that needs no site-specific map.
    pub cmps: Vec<Cmp>,
    /// Site-defined category or service names, per consent manager.
    pub maps: BTreeMap<Cmp, BTreeMap<String, Purpose>>,
    /// Rules for in-house cookies.
    pub rules: Vec<Rule>,
    /// What `Sec-GPC: 1` refuses; default marketing.
    pub gpc: PurposeSet,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            cookie: "consentry".to_owned(),
            max_age_days: 180,
            cmps: vec![Cmp::Cookiebot, Cmp::OneTrust, Cmp::CookieYes],
            maps: BTreeMap::new(),
            rules: Vec::new(),
            gpc: PurposeSet::EMPTY.with(Purpose::Marketing),
        }
    }
}
