//! What the operator says of the records, as plain data.

use super::store::postgres;
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

/// Text that is no store; no message repeats a value from it, which may be a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadStore {
    /// It begins or goes on like none.
    #[error("it is no store; write sqlite:consentry.db or postgres://user@host/database")]
    Other,
    /// It is a URL with a parameter that is not known.
    #[error("its parameter `{0}` is not known; write sslmode, sslrootcert, or leave it out")]
    Parameter(String),
}

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
        let is_server =
            ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
        match path {
            Some(path) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            None if is_server => postgres::check(text).map(|()| Self::Postgres(text.to_owned())),
            Some(_) | None => Err(BadStore::Other),
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

    /// With relative paths beginning at `base`.
    #[must_use]
    pub fn below(self, base: &Path) -> Self {
        match self {
            Self::Sqlite(path) => Self::Sqlite(base.join(path)),
            Self::Postgres(url) => Self::Postgres(postgres::below(&url, base)),
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
            assert_eq!(bad.parse::<StoreUrl>(), Err(BadStore::Other), "{bad}");
        }
    }

    #[test]
    fn parameters_are_known_and_their_files_begin_at_the_base() {
        let below = |text: &str| text.parse::<StoreUrl>().map(|store| store.below(Path::new("/b")));
        let full = |text: &str| Ok(StoreUrl::Postgres(text.into()));
        assert_eq!(
            below("postgres://u:p%40@h/d?sslmode=verify-full&sslrootcert=a%20b.pem"),
            full("postgres://u:p%40@h/d?sslmode=verify-full&sslrootcert=%2Fb%2Fa+b.pem")
        );
        for same in [
            "postgres://u:a%2Fb@h/d?sslmode=require",
            "postgresql://u@%2Fvar%2Frun%2Fpostgresql/d",
            "postgres://u@[::1]:5433/d",
        ] {
            assert_eq!(below(same), full(same));
        }
        let misspelt = below("postgres://u:se@h/d?sslmod=require&passwrod=secret");
        assert_eq!(misspelt, Err(BadStore::Parameter("sslmod".into())));
        assert!(!misspelt.unwrap_err().to_string().contains("secret"));
    }
}
