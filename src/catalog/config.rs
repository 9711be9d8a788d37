//! What the operator says of vendors and of one site's gate, as plain data.

use crate::purpose::Purpose;
use std::{path::PathBuf, time::Duration};

/// One vendor as it is written in the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VendorEntry {
    /// Short, stable, lower case: `ga4`.
    pub id: String,
    /// For people.
    pub name: String,
    /// What it uses data for; required for a new vendor.
    pub purpose: Option<Purpose>,
    /// Its id in the Global Vendor List.
    pub gvl: Option<u16>,
    /// `host` or `host/path`: contacting it is contacting the vendor.
    pub hosts: Vec<String>,
    /// `host` or `host/path` whose mention in an inline script counts; `hosts` when empty.
    pub literals: Vec<String>,
    /// Texts that only this vendor's inline loader snippet holds.
    pub inline: Vec<String>,
    /// Texts of a script or a style that hides the page until the vendor's script arrives.
    pub hides: Vec<String>,
    /// Cookie names; `*` stands for any characters.
    pub cookies: Vec<String>,
    /// Script text that defines the globals that pages call, doing nothing; empty for none.
    pub surrogate: String,
}

/// Where a filter list comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ListSource {
    /// A file of the operator's.
    File(PathBuf),
    /// Fetched by the operator's machine, cached on disk.
    Url(String),
}

/// A filter list in Adblock syntax.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct List {
    /// Where it comes from.
    pub source: ListSource,
    /// The purpose of what it matches.
    pub purpose: Purpose,
    /// How often it is fetched or read again; default a day.
    pub refresh: Duration,
}

/// Which other sites are gated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ThirdParty {
    /// Those that are known or announce themselves.
    #[default]
    Known,
    /// All that are not in `allow`.
    All,
}

/// A copy of a vendor's script that the site serves itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstParty {
    /// The path on the site, as `/matomo.js`; `*` at its end stands for anything.
    pub path: String,
    /// The vendor's id.
    pub vendor: String,
}

/// How one site is gated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Also gate what announces itself as a tracker; default true.
    pub heuristics: bool,
    /// Which other sites are gated; default [`ThirdParty::Known`].
    pub third_party: ThirdParty,
    /// Hosts, with their subdomains, that are never gated.
    pub allow: Vec<String>,
    /// Hosts, with their subdomains, that are always gated until marketing is granted.
    pub deny: Vec<String>,
    /// First-party copies of vendors' scripts.
    pub first_party: Vec<FirstParty>,
    /// Filter lists.
    pub lists: Vec<List>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            heuristics: true,
            third_party: ThirdParty::Known,
            allow: Vec::new(),
            deny: Vec::new(),
            first_party: Vec::new(),
            lists: Vec::new(),
        }
    }
}
