//! Names the company behind a tracker: plain data that decisions, findings and logs refer to.
//!
//! 1. A vendor has one purpose by default; the operator can change it in the catalogue.
//! 2. What no catalogue knows has a vendor too, whose [`Source`] says how it was recognised.

use crate::purpose::Purpose;

/// Where the knowledge that something is this vendor's comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The vendor catalogue: built in, or the operator's own entry.
    Catalog,
    /// The long tail of domains under the catalogue.
    LongTail,
    /// A filter list that the operator loaded.
    List,
    /// It announces itself by name or by shape.
    Heuristic,
    /// Any other site, where the operator gates all of them.
    ThirdParty,
    /// The operator's `deny` list of hosts, or a first-party copy that the operator named.
    Operator,
}

impl Source {
    /// The name in logs and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Catalog => "catalog",
            Self::LongTail => "long-tail",
            Self::List => "list",
            Self::Heuristic => "heuristic",
            Self::ThirdParty => "third-party",
            Self::Operator => "operator",
        }
    }
}

/// The company behind a tracker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vendor {
    /// Short, stable, lower case: `ga4`, `meta`; used in configuration, metrics and logs.
    pub id: Box<str>,
    /// For people: `Google Analytics 4`.
    pub name: Box<str>,
    /// What it uses data for.
    pub purpose: Purpose,
    /// Its id in IAB Europe's Global Vendor List, where it has one.
    pub gvl: Option<u16>,
    /// Its id in Google's list of ad technology providers, where it has one (Additional Consent).
    pub atp: Option<u32>,
    /// How it is known.
    pub source: Source,
}
