//! What the operator says of vendors and of one site's gate, as plain data.

use crate::{purpose::Purpose, vendor::Facts};
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
    /// Its id in Google's list of ad technology providers.
    pub atp: Option<u32>,
    /// What visitors are told of it.
    pub facts: Facts,
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
    /// File names of the scripts of its service workers, which sites keep in their own folders: `OneSignalSDKWorker.js`.
    pub workers: Vec<String>,
    /// Script text that defines the globals that pages call, doing nothing; empty for none.
    pub surrogate: String,
    /// Script text that a page gets before the vendor's first script where that is served on the site's own paths; `{base}` in it
    /// stands for the absolute URL of the paths' prefix. Empty for none.
    pub setup: String,
    /// Why the vendor cannot be served on the site's own paths; empty where it can.
    pub gated_only: String,
    /// What of it is served on the site's own paths.
    pub endpoints: Vec<Endpoint>,
}

/// A script or a collection endpoint of a vendor that is served on the site's own paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// `host/path` rules, as in [`VendorEntry::hosts`]; the longest host wins, then the longest path. In an entry `*/path` stands
    /// for that path on each of its hosts.
    pub paths: Vec<String>,
    /// What browsers do with it.
    pub kind: Kind,
    /// The methods that are forwarded; `GET` also stands for `HEAD`.
    pub methods: Vec<Verb>,
    /// What becomes of the fields of query and body, in the order in which they are looked at: the first that matches decides.
    pub fields: Vec<Field>,
    /// The fields, by path, that leave only while marketing is granted.
    pub marketing: Vec<String>,
    /// The field of the query that the vendor reads a client's address from.
    pub ip: Option<String>,
    /// What says for which of the vendor's customers a request is: fields by path, or `/2` for the second segment of the URL's path,
    /// which counts without what follows a dot; none where nothing says it.
    pub account: Vec<String>,
    /// How consent is told to the vendor.
    pub dialect: Dialect,
}

/// What a browser does with what an endpoint answers; it decides what a refusal looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Runs it: an empty script.
    Script,
    /// Ignores it, or reads it with a script: 204.
    #[default]
    Beacon,
    /// Shows it: a transparent GIF of 1x1.
    Image,
    /// Shows it as a nested page: an empty one.
    Frame,
}

/// A method that may be forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// `GET` and `HEAD`.
    Get,
    /// `POST`.
    Post,
}

/// What becomes of the fields that a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Names from the outside to the inside, parted by `/`; `*` stands for any characters within a name, `**` as the last name for
    /// everything below. Elements of arrays have no names. A field that holds JSON is gone into: `data/properties/$ip`.
    pub path: String,
    /// What becomes of its value.
    pub action: Action,
}

/// What becomes of a value; whatever is left of it passes the detectors of personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// It leaves.
    Keep,
    /// It does not leave.
    Drop,
    /// It leaves as a keyed hash, whose key rotates.
    Hash,
    /// Its first characters leave; how many.
    Truncate(u16),
    /// It is a URL that leaves without user, fragment and all of the query but what the operator allows.
    Url,
}

/// How a vendor is told what the visitor allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// It is not.
    #[default]
    None,
    /// Google Consent Mode: `gcs`, `gcd`, `npa`.
    Google,
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
    /// Whether names under the site's own domain are looked behind: one that is an alias of a vendor's host is the vendor's; default
    /// true.
    pub cname: bool,
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
            cname: true,
            lists: Vec::new(),
        }
    }
}
