//! What the operator says of the records, as plain data.

use super::Store;
use std::{
    fmt, fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

/// Where the records are.
#[derive(Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// A SQLite file; it is made where there is none.
    Sqlite(PathBuf),
    /// A PostgreSQL database: `postgres://user:password@host/database`.
    Postgres(String),
}

/// Text that is no store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is no store; write sqlite:consentry.db or postgres://user@host/database")]
pub struct BadStore;

/// What is kept of refusals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Refusals {
    /// A record each, without an id of the visitor's.
    #[default]
    Records,
    /// Their number for each day, site and policy.
    Counts,
}

/// How choices are recorded.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the records are; default the SQLite file `consentry.db`.
    pub store: Option<StoreUrl>,
    /// The folder of what is not in the store yet; default `consentry-spool`.
    pub spool: PathBuf,
    /// How long a choice may wait for the disk; default 1 s.
    pub timeout: Duration,
    /// How many choices may wait; default 1024.
    pub queue: usize,
    /// How long records are kept; default 3 years.
    pub keep: Duration,
    /// What is kept of refusals; default a record each.
    pub refusals: Refusals,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            store: Some(StoreUrl::Sqlite("consentry.db".into())),
            spool: "consentry-spool".into(),
            timeout: Duration::from_secs(1),
            queue: 1024,
            keep: Duration::from_secs(3 * 365 * 86_400),
            refusals: Refusals::default(),
        }
    }
}

impl FromStr for StoreUrl {
    type Err = BadStore;
    fn from_str(text: &str) -> Result<Self, BadStore> {
        let path = text.strip_prefix("sqlite:").map(|rest| rest.strip_prefix("//").unwrap_or(rest));
        let postgres =
            ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
        match path {
            Some(path) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            None if postgres && Store::is_postgres(text) => Ok(Self::Postgres(text.to_owned())),
            Some(_) | None => Err(BadStore),
        }
    }
}

impl StoreUrl {
    /// Whether it is a file that is not there yet and can be made.
    pub(super) fn is_new(&self) -> bool {
        match self {
            Self::Sqlite(path) => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                !path.exists() && folder.is_none_or(Path::is_dir)
            }
            Self::Postgres(_) => false,
        }
    }

    /// Which file it is; another one after it was replaced. Nothing for a server.
    pub(super) fn file(&self) -> Option<(u64, u64)> {
        match self {
            Self::Sqlite(path) => fs::metadata(path).ok().map(|file| (file.dev(), file.ino())),
            Self::Postgres(_) => None,
        }
    }

    /// With a relative path beginning at `base`.
    #[must_use]
    pub fn below(self, base: &Path) -> Self {
        match self {
            Self::Sqlite(path) => Self::Sqlite(base.join(path)),
            Self::Postgres(_) => self,
        }
    }
}

impl fmt::Display for StoreUrl {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => {
                let Some((scheme, rest)) = url.split_once("://") else {
                    return f.write_str("postgres");
                };
                let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
                write!(f, "{scheme}://{}", place.split('?').next().unwrap_or_default())
            }
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_shown_without_its_password() {
        for (text, shown) in [
            ("sqlite:/var/lib/c.db", "sqlite:/var/lib/c.db"),
            ("sqlite://c.db", "sqlite:c.db"),
            ("postgres://u:se@cret@db:5432/c?password=secret", "postgres://db:5432/c"),
        ] {
            let store: StoreUrl = text.parse().unwrap();
            assert_eq!((store.to_string(), format!("{store:?}")), (shown.into(), shown.into()));
        }
        for bad in [
            "",
            "sqlite:",
            "mysql://a",
            "c.db",
            "postgres://a:b:c:d/x",
            "postgres://h/d?sslmode=some",
        ] {
            assert_eq!(bad.parse::<StoreUrl>(), Err(BadStore), "{bad}");
        }
    }
}
