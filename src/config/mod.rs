//! Turns the operator's files into a [`Config`]: the only place where files are read.
//!
//! 1. Everything that is wrong is found in one go, each [`Problem`] with its place and what to write instead.
//! 2. What is not written is at its default; a site begins with what the top of the file says.
//! 3. Relative paths are relative to the file's folder.
//! 4. What the command line says counts for more than the file.

mod address;
mod asking;
mod banner;
mod changes;
mod collect;
mod cookie_domain;
mod endpoints;
mod engine;
mod facts;
mod host;
mod listen;
mod lists;
mod meaning;
mod names;
mod nearest;
mod origin;
mod problem;
mod reader;
mod records;
mod region;
mod schema;
mod sections;
mod shutdown;
mod site;
mod sites;
mod syntax;
#[cfg(test)]
mod tests;
mod vendors;

pub use self::address::{listen_address, origin_url};
pub use self::changes::{Change, changes};
pub use self::engine::EngineError;
pub use self::host::HostPattern;
pub use self::listen::Listen;
pub use self::lists::{KeptCopy, LONGEST as LONGEST_LIST, keep_copy, kept_copy, read_list};
pub use self::meaning::Wrong;
pub use self::problem::{Problem, Problems};
pub use self::schema::{Schema, TABLES};
pub use self::shutdown::Shutdown;
pub use self::site::{Limits, Origin, Server, SiteConfig};
pub use self::vendors::{built_in, vendors};
pub use crate::engine::{Capacity, OnOverload, OnUnreadable, PathMode};
use crate::{
    catalog::VendorEntry,
    choice::Key,
    engine::{Collection, Locator},
    policy::Mode,
    record,
};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};
use url::Url;

/// Everything that the operator says.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the program listens.
    pub listen: Listen,
    /// What the top of the file says: the site that is served under any host when `sites` is empty.
    pub default: SiteConfig,
    /// The sites; each has all settings, those of the top included.
    pub sites: Vec<SiteConfig>,
    /// The catalogue, with the operator's own vendors.
    pub vendors: Vec<VendorEntry>,
    /// The folder in which fetched lists are kept over restarts; default none.
    pub list_cache: Option<PathBuf>,
    /// The server that resolves names under the sites' own domains; default the system's.
    pub dns: Option<SocketAddr>,
    /// Bounds that hold for all sites.
    pub limits: Limits,
    /// Where visitors are, and the law there.
    pub locator: Locator,
    /// What of collection holds for all sites.
    pub collection: Collection,
    /// How the proof of visitors' choices is kept.
    pub records: record::Config,
    /// How the program ends.
    pub shutdown: Shutdown,
    /// What choices are signed with; by default a key that is made and kept with the records.
    pub secret: Option<Key>,
}

/// What the command line says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// In the place of `[origin] url`; a site's own origin stays.
    pub origin: Option<Url>,
    /// In the place of `[listen] address`.
    pub address: Option<SocketAddr>,
    /// In the place of `mode`, of the sites too.
    pub mode: Option<Mode>,
    /// Nothing is served: no site needs an origin.
    pub offline: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: Listen::default(),
            default: SiteConfig::default(),
            sites: Vec::new(),
            vendors: built_in(),
            list_cache: None,
            dns: None,
            limits: Limits::default(),
            locator: Locator::default(),
            collection: Collection::default(),
            records: record::Config::default(),
            shutdown: Shutdown::default(),
            secret: None,
        }
    }
}

impl Config {
    /// What the file at `path` says.
    ///
    /// # Errors
    /// Everything that is wrong in it and in the files that it names.
    pub fn load(path: &Path, overrides: &Overrides) -> Result<Self, Problems> {
        let text = Self::read(path)?;
        let base = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, &path.display().to_string(), base, overrides)
    }

    /// The text of the file at `path`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(path: &Path) -> Result<String, Problems> {
        let name = path.display().to_string();
        syntax::file(path, &name).map_err(|problem| Problems(vec![problem]))
    }

    /// What `text` says, which is called `file` in messages and whose relative paths begin at `base`.
    /// The empty text gives the defaults.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(
        text: &str,
        file: &str,
        base: &Path,
        overrides: &Overrides,
    ) -> Result<Self, Problems> {
        let (config, problems) = syntax::read(text, file, base, |reader, entries| {
            Some(sites::config(reader, entries, overrides))
        });
        problems.or(config.unwrap_or_default(), file)
    }
}
