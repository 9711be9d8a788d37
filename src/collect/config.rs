//! What the operator says of what leaves one site, as plain data.

use super::hash::Secret;
use crate::catalog::Prefix;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

/// Whether anything is shared with vendors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Share {
    /// What the visitor allows.
    #[default]
    Consent,
    /// Nothing, whatever the visitor allows.
    None,
}

/// What becomes of a field that a vendor's entry does not list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Unlisted {
    /// It does not leave.
    #[default]
    Drop,
    /// It leaves, past the detectors.
    Keep,
}

/// How much of `User-Agent` vendors get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum UserAgent {
    /// All of it.
    Pass,
    /// The browser's name, its major version and the kind of system.
    #[default]
    Coarse,
    /// Nothing.
    Drop,
}

/// How much of the visitor's address vendors get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ClientIp {
    /// Nothing.
    #[default]
    Drop,
    /// The first 24 bits of IPv4 and 48 of IPv6, in the vendor's own field, where it has one.
    Truncate,
}

/// Bounds on collection that hold for all sites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest body of a request; bytes, default 256 KiB.
    pub max_body: usize,
    /// How long a vendor may take from the first byte to the last; default 3 s.
    pub timeout: Duration,
    /// How many requests may be with vendors at a time, a quarter of them with one host; default 256.
    pub concurrency: usize,
    /// How many requests a second one visitor may make over a while, ten times that at once; default 30.
    pub per_client: u32,
    /// How much memory vendors' scripts may take; bytes, default 32 MiB.
    pub script_cache: usize,
}

/// Where the ledger is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerFile {
    /// The file; older ones have `.1`, `.2` and so on after its name.
    pub path: PathBuf,
    /// When another file is begun; bytes, default 64 MiB.
    pub max_size: u64,
    /// How many older files are kept; default 8.
    pub keep: u32,
}

/// What leaves one site, and how.
#[derive(Clone, Debug)]
pub struct Config {
    /// Whether vendors are served on the site's own paths; default true.
    pub enabled: bool,
    /// Where these paths begin; default `/_consentry/v/`.
    pub prefix: Prefix,
    /// Ids of the vendors that are served; default none, which stands for all that have endpoints.
    pub vendors: BTreeSet<String>,
    /// By the id of a vendor, the accounts with it that are the site's own: requests for others are refused; default any.
    pub accounts: BTreeMap<String, BTreeSet<String>>,
    /// Whether anything is shared; default what the visitor allows.
    pub share: Share,
    /// Paths of pages that share nothing; `*` stands for any characters.
    pub sensitive: Vec<String>,
    /// What becomes of unlisted fields; default dropped.
    pub unlisted: Unlisted,
    /// Names of query parameters that stay in URLs; `*` stands for any characters; default none but campaign names.
    pub url_query: Vec<String>,
    /// Paths that leave as `/redacted` in URLs; `*` stands for any characters; default none.
    pub url_paths: Vec<String>,
    /// More patterns of personal data.
    pub patterns: Vec<regex::Regex>,
    /// How much of `User-Agent` leaves; default coarse.
    pub user_agent: UserAgent,
    /// Names of client hint headers that leave; default none.
    pub client_hints: Vec<String>,
    /// How much of the visitor's address leaves; default nothing.
    pub client_ip: ClientIp,
    /// How long a hash of a value stays the same; default a day.
    pub rotate: Duration,
    /// What these hashes are keyed with, the same on all nodes; default random, made when the process starts.
    pub secret: Option<Secret>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body: 256 << 10,
            timeout: Duration::from_secs(3),
            concurrency: 256,
            per_client: 30,
            script_cache: 32 << 20,
        }
    }
}

impl LedgerFile {
    /// The file at `path`, with default bounds.
    #[must_use]
    pub const fn at(path: PathBuf) -> Self {
        Self { path, max_size: 64 << 20, keep: 8 }
    }
}

impl Default for Config {
    fn default() -> Self {
        let campaign = ["utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"];
        Self {
            enabled: true,
            prefix: Prefix::default(),
            vendors: BTreeSet::new(),
            accounts: BTreeMap::new(),
            share: Share::default(),
            sensitive: Vec::new(),
            unlisted: Unlisted::default(),
            url_query: campaign.map(str::to_owned).to_vec(),
            url_paths: Vec::new(),
            patterns: Vec::new(),
            user_agent: UserAgent::default(),
            client_hints: Vec::new(),
            client_ip: ClientIp::default(),
            rotate: Duration::from_secs(86_400),
            secret: None,
        }
    }
}
