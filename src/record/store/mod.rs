//! Turns entries into rows of a database, SQLite or PostgreSQL, and rows back into records.
//!
//! 1. Both run the same statements and the same migrations, in the order of their numbers; a database with newer ones is refused.
//! 2. A segment of the spool is written whole or not at all, and once: its name is kept with it.
//! 3. The head's row is locked before a record is linked to it, so that several nodes make one chain.
//! 4. SQLite writes ahead (`journal_mode = WAL`) and flushes each commit (`synchronous = FULL`).
//! 5. Retention removes records from the oldest on; the chain then begins after the last one that is gone.

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
mod read;
mod rows;
mod verify;
mod write;

pub use self::read::Policy;
use super::{ConsentRecord, Minute, StoreUrl};
use sqlx::{
    Connection as _, PgConnection, PgPool, SqlitePool,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{borrow::Cow, str::FromStr as _, time::Duration};

/// How long a connection may take.
const PATIENCE: Duration = Duration::from_secs(5);

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
        let store = Self::connect(url).await.map_err(|error| open_error(url, &error))?;
        let ran = on!(&store, pool => migrator().run(pool).await);
        ran.map_err(|error| migrate_error(url, &error))?;
        Ok(store)
    }

    async fn connect(url: &StoreUrl) -> Result<Self, sqlx::Error> {
        match url {
            StoreUrl::Sqlite(path) => {
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .busy_timeout(PATIENCE);
                let pool = SqlitePoolOptions::new().max_connections(4).acquire_timeout(PATIENCE);
                pool.connect_with(options).await.map(Self::Sqlite)
            }
            StoreUrl::Postgres(url) => {
                let options = PgConnectOptions::from_str(url)?.application_name("consentry");
                // A pool tries again until its time is over, and says no more than that it is.
                let first = PgConnection::connect_with(&options);
                let first = tokio::time::timeout(PATIENCE, first).await;
                first.map_err(|_| sqlx::Error::PoolTimedOut)??.close().await?;
                let pool = PgPoolOptions::new().max_connections(4).acquire_timeout(PATIENCE);
                pool.connect_with(options).await.map(Self::Postgres)
            }
        }
    }

    /// Ends the connections.
    pub async fn close(&self) {
        on!(self, pool => pool.close().await);
    }
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
    StoreError::Open { store: url.to_string(), why: error.to_string() }
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
