//! Turns entries into rows of a database, SQLite or PostgreSQL, and rows back into records.
//!
//! 1. Both run the same statements and the same migrations, in the order of their numbers; a database with newer ones is refused.
//! 2. SQLite writes ahead (`journal_mode = WAL`) and flushes each commit (`synchronous = FULL`).
//! 3. PostgreSQL's password is in the URL, in `PGPASSWORD`, or in the file that `PGPASSFILE` names or `~/.pgpass` (its manual, 32.15
//!    and 32.16). No message has it. The way there is encrypted as `sslmode` in the URL says.

/// Runs the same code on either pool.
macro_rules! on {
    ($store:expr, $pool:ident => $body:expr) => {
        match $store {
            Store::Sqlite($pool) => $body,
            Store::Postgres($pool) => $body,
        }
    };
}

mod found;
pub(super) mod postgres;
mod read;
mod rows;
mod verify;
mod write;

pub use self::read::Policy;
use super::{ConsentRecord, Minute, StoreUrl};
use log::LevelFilter;
use sqlx::{
    ConnectOptions as _, Database, PgPool, SqlitePool,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    pool::PoolOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    borrow::Cow, fs::OpenOptions, os::unix::fs::OpenOptionsExt as _, path::Path, time::Duration,
};

/// How long a connection may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the other node may take for its tables.
const AGAIN: Duration = Duration::from_millis(500);

/// A database of records.
#[derive(Clone, Debug)]
pub enum Store {
    /// A file.
    Sqlite(SqlitePool),
    /// A server.
    Postgres(PgPool),
}

/// A record in its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chained {
    /// Its number, from 1.
    pub seq: i64,
    /// The record.
    pub record: ConsentRecord,
    /// Its hash; 64 hexadecimal digits.
    pub hash: String,
}

/// Which records are wanted; all that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this site.
    pub site: Option<String>,
    /// With this receipt id.
    pub receipt: Option<String>,
    /// Not before.
    pub from: Option<Minute>,
    /// Before.
    pub until: Option<Minute>,
}

/// Why the store did not do it. No message has a password in it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, or refuses us.
    #[error("the store {store} cannot be opened: {why}")]
    Open {
        /// Which, without its password.
        store: String,
        /// Why.
        why: String,
    },
    /// Its tables are not those of this version.
    #[error(
        "the store {store} has other tables than this version of consentry: {why}; use the version that made them, or another database"
    )]
    Schema {
        /// Which, without its password.
        store: String,
        /// What differs.
        why: String,
    },
    /// A statement failed.
    #[error("the store failed: {0}")]
    Query(#[from] sqlx::Error),
    /// A row is none that this version wrote.
    #[error("record {0} cannot be read: it has a field of another version, or was changed")]
    Row(i64),
}

impl Store {
    /// Opens the store, and makes or updates its tables.
    ///
    /// # Errors
    /// When it cannot be reached, or its tables are of a newer version.
    pub async fn open(url: &StoreUrl) -> Result<Self, StoreError> {
        let store = Self::connect(url, true).await.map_err(|error| open_error(url, &error))?;
        let mut ran = store.migrate().await;
        // Of two nodes that begin with an empty SQLite file the second finds tables that were not there when it looked.
        if matches!(ran, Err(MigrateError::ExecuteMigration(..) | MigrateError::Execute(_))) {
            tokio::time::sleep(AGAIN).await;
            ran = store.migrate().await;
        }
        ran.map_err(|error| migrate_error(url, &error))?;
        Ok(store)
    }

    async fn migrate(&self) -> Result<(), MigrateError> {
        on!(self, pool => migrator().run(pool).await)
    }

    /// Opens a store that is there already, and changes nothing: reading is all that its user needs to be allowed.
    ///
    /// # Errors
    /// When it cannot be reached, or its tables are not those of this version.
    pub async fn look(url: &StoreUrl) -> Result<Self, StoreError> {
        let store = Self::connect(url, false).await.map_err(|error| open_error(url, &error))?;
        let version = on!(&store, pool => {
            sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations").fetch_one(pool).await
        });
        let version: Option<i64> = match version {
            Err(sqlx::Error::Database(_)) => None,
            version => version.map_err(|error| open_error(url, &error))?,
        };
        let newest = MIGRATIONS.iter().map(|(version, ..)| *version).max();
        let why = match version {
            version if version == newest => return Ok(store),
            None => "it has none of consentry's, or its user may not read them".to_owned(),
            Some(version) if Some(version) < newest => {
                format!("they are of version {version}, and `consentry serve` makes them newer")
            }
            Some(version) => format!("they are of version {version}, which is newer"),
        };
        Err(StoreError::Schema { store: url.to_string(), why })
    }

    async fn connect(url: &StoreUrl, create: bool) -> Result<Self, sqlx::Error> {
        match url {
            StoreUrl::Sqlite(path) => sqlite(path, create).await.map(Self::Sqlite),
            StoreUrl::Postgres(url) => postgres::connect(url).await.map(Self::Postgres),
        }
    }

    /// Ends the connections.
    pub async fn close(&self) {
        on!(self, pool => pool.close().await);
    }
}

async fn sqlite(path: &Path, create: bool) -> Result<SqlitePool, sqlx::Error> {
    if create {
        // For its owner alone; the files beside it get the same rights.
        OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    } else {
        // SQLite itself would not say why it cannot be opened.
        OpenOptions::new().read(true).open(path)?;
    }
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(PATIENCE);
    let options = options.disable_statement_logging();
    let options = match create {
        true => options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full),
        false => options,
    };
    pool(SqlitePoolOptions::new()).connect_with(options).await
}

/// What is slow is told by whoever waits for it, once.
fn pool<D: Database>(options: PoolOptions<D>) -> PoolOptions<D> {
    options.max_connections(4).acquire_timeout(PATIENCE).acquire_slow_level(LevelFilter::Debug)
}

/// Every version of the tables, the oldest first. One that was released is never edited.
const MIGRATIONS: [(i64, &str, &str); 2] = [
    (1, "records", include_str!("../migrations/1_records.sql")),
    (2, "found", include_str!("../migrations/2_found.sql")),
];

fn migrator() -> Migrator {
    let migrations = MIGRATIONS.map(|(version, name, sql)| {
        let kind = MigrationType::Simple;
        Migration::new(version, Cow::Borrowed(name), kind, Cow::Borrowed(sql), false)
    });
    Migrator { migrations: Cow::Owned(migrations.into()), ..Migrator::DEFAULT }
}

fn open_error(url: &StoreUrl, error: &sqlx::Error) -> StoreError {
    let why = if let Some(words) = postgres::tls_words(error) {
        words
    } else if let sqlx::Error::Io(error) = error {
        error.to_string()
    } else if let sqlx::Error::Database(error) = error {
        error.message().to_owned()
    } else if matches!(error, sqlx::Error::PoolTimedOut) {
        format!("it does not answer within {} s", PATIENCE.as_secs())
    } else {
        error.to_string()
    };
    StoreError::Open { store: url.to_string(), why }
}

fn migrate_error(url: &StoreUrl, error: &MigrateError) -> StoreError {
    let (store, why) = (url.to_string(), error.to_string());
    let other_tables = matches!(
        error,
        MigrateError::VersionMissing(_)
            | MigrateError::VersionMismatch(_)
            | MigrateError::ExecuteMigration(..)
    );
    if other_tables { StoreError::Schema { store, why } } else { StoreError::Open { store, why } }
}
