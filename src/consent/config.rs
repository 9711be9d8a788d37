//! What the operator says of the signals of one site, as plain data.

use super::{Cmp, Day, Iab, PolicyVersion, tcf};
use crate::purpose::{Purpose, PurposeSet};
use std::collections::BTreeMap;

/// What an operator's rule looks for in a cookie's value, after percent-decoding.
#[derive(Clone, Debug)]
pub enum Find {
    /// The value at a path of a JSON value, as `consents.analytics`; empty for the whole cookie value as text.
    Path(String),
    /// The first group, or else the whole match, of a regular expression.
    Regex(regex::Regex),
    /// Whether the text to equal is among the items that this separates.
    List(String),
    /// The value after `key` and `=` or `:`, in pairs that `separator` separates.
    Pairs {
        /// What is between two pairs.
        separator: String,
        /// What is before the value.
        key: String,
    },
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
    /// The domain whose hosts share that cookie: one that cookies can have ([`crate::site::takes_cookies`]). A host outside it keeps
    /// its own. Unset: each host does.
    pub cookie_domain: Option<String>,
    /// The version of the policy that visitors choose under; what a choice of our own under another
    /// version allows does not count. Unset: any.
    pub policy: Option<PolicyVersion>,
    /// Choices older than this say nothing; days, default 180.
    pub max_age_days: u32,
    /// The consent managers to read; by default all whose cookies can be read without a map of the site's own names.
    pub cmps: Vec<Cmp>,
    /// The consent managers of `cmps` whose choice a script of ours reads in the browser; by default those that keep it nowhere else.
    pub mirrors: Vec<Cmp>,
    /// Site-defined category or service names, per consent manager.
    pub maps: BTreeMap<Cmp, BTreeMap<String, Purpose>>,
    /// The cookie's name, per consent manager, where the site has renamed it; what the names begin with
    /// for those that write several.
    pub cookies: BTreeMap<Cmp, String>,
    /// The current revision, per consent manager whose cookie holds one; a choice under another
    /// says nothing.
    pub revisions: BTreeMap<Cmp, String>,
    /// Rules for in-house cookies.
    pub rules: Vec<Rule>,
    /// The strings of the IAB's frameworks that are read; default all: they need no map, and what they grant is the visitor's
    /// own choice of vendors.
    pub iab: Vec<Iab>,
    /// The purposes of the TCF that our purposes take.
    pub tcf_purposes: tcf::Uses,
    /// What `Sec-GPC: 1` refuses; default marketing.
    pub gpc: PurposeSet,
    /// What `DNT: 1` refuses; default nothing.
    pub dnt: PurposeSet,
    /// When the site last changed how it treats Global Privacy Control, for `/.well-known/gpc.json`; unset: that is the
    /// origin's.
    pub gpc_json: Option<Day>,
}

impl Config {
    /// The consent managers of the site whose choice is read in the browser, each once.
    pub fn mirrored(&self) -> impl Iterator<Item = Cmp> {
        Cmp::all().filter(|cmp| self.cmps.contains(cmp) && self.mirrors.contains(cmp))
    }

    /// Whether the operator has said that the site has a consent manager, or an in-house cookie that stands for one.
    #[must_use]
    pub fn names_a_manager(&self) -> bool {
        let usual = self.cmps.is_empty() || self.cmps == Self::default().cmps;
        !usual || !self.rules.is_empty() || !self.maps.is_empty() || !self.cookies.is_empty()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            cookie: "consentry".to_owned(),
            cookie_domain: None,
            policy: None,
            max_age_days: 180,
            cmps: Cmp::all().filter(|cmp| cmp.is_usual()).collect(),
            mirrors: Cmp::all().filter(|cmp| cmp.is_in_browser()).collect(),
            maps: BTreeMap::new(),
            cookies: BTreeMap::new(),
            revisions: BTreeMap::new(),
            rules: Vec::new(),
            iab: Iab::ALL.to_vec(),
            tcf_purposes: tcf::Uses::default(),
            gpc: PurposeSet::EMPTY.with(Purpose::Marketing),
            dnt: PurposeSet::EMPTY,
            gpc_json: None,
        }
    }
}
