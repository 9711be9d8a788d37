//! Turns entries into rows of a database, SQLite or PostgreSQL, and rows back into records.
//!
//! 1. Both run the same statements and the same migrations, in the order of their numbers; a database with newer ones is refused.
//! 2. A segment of the spool is written whole or not at all, and once: its name is kept with it.
//! 3. The head's row is locked before a record is linked to it, so that several nodes make one chain.
//! 4. SQLite writes ahead (`journal_mode = WAL`) and flushes each commit (`synchronous = FULL`).
//! 5. Retention removes records from the oldest on; the chain then begins after the last one that is gone.

mod rows;

use self::rows::{RECORD, Row, chained};
use super::{ConsentRecord, Entry, Flaw, Minute, StoreUrl, Verified, chain::Walk, entry::minute};
use sqlx::{
    Connection as _, PgConnection, PgPool, SqlitePool,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{borrow::Cow, str::FromStr as _, time::Duration, time::SystemTime};

/// How many records are read at once.
const PAGE: i64 = 1000;
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

/// Runs the same code on either pool.
macro_rules! on {
    ($store:expr, $pool:ident => $body:expr) => {
        match $store {
            Store::Sqlite($pool) => $body,
            Store::Postgres($pool) => $body,
        }
    };
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

    /// Writes the entries of the segment `name`, unless they are there already.
    ///
    /// # Errors
    /// When nothing of it was written.
    pub async fn append(&self, name: &str, entries: &[Entry]) -> Result<(), StoreError> {
        let now = minute(SystemTime::now());
        on!(self, pool => {
            let mut tx = pool.begin().await?;
            let new = sqlx::query("INSERT INTO consentry_segments (name, stored_minute) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                .bind(name).bind(now).execute(&mut *tx).await?.rows_affected();
            if new == 0 {
                return Ok(());
            }
            // A write takes the lock on the head's row (PostgreSQL) or on the file (SQLite).
            sqlx::query("UPDATE consentry_head SET seq = seq WHERE id = 1").execute(&mut *tx).await?;
            let (mut seq, mut hash): (i64, String) =
                sqlx::query_as("SELECT seq, hash FROM consentry_head WHERE id = 1").fetch_one(&mut *tx).await?;
            for entry in entries {
                match entry {
                    Entry::Record(r) => {
                        let next = r.hash_after(&hash);
                        let written = sqlx::query(rows::INSERT)
                            .bind(seq + 1).bind(&next).bind(&r.id).bind(r.at).bind(&r.site).bind(&r.policy).bind(&r.text)
                            .bind(&r.language).bind(&r.regime).bind(r.method.name()).bind(rows::purposes(r.purposes))
                            .bind(&r.vendors).bind(&r.receipt).bind(&r.software)
                            .execute(&mut *tx).await?.rows_affected();
                        if written == 1 {
                            (seq, hash) = (seq + 1, next);
                        }
                    }
                    Entry::Text { hash, language, body } => {
                        sqlx::query("INSERT INTO consentry_texts (hash, language, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
                            .bind(hash).bind(language).bind(body).execute(&mut *tx).await?;
                    }
                    Entry::Vendors { hash, body } => {
                        sqlx::query("INSERT INTO consentry_vendors (hash, body) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                            .bind(hash).bind(body).execute(&mut *tx).await?;
                    }
                    Entry::Refusal { id: _, day, site, policy } => {
                        sqlx::query(rows::COUNT).bind(day).bind(site).bind(policy).execute(&mut *tx).await?;
                    }
                }
            }
            sqlx::query("UPDATE consentry_head SET seq = $1, hash = $2 WHERE id = 1")
                .bind(seq).bind(&hash).execute(&mut *tx).await?;
            tx.commit().await?;
        });
        Ok(())
    }

    /// The next records after number `after` that the filter wants, at most 1,000, in order; none at the end.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn records(&self, filter: &Filter, after: i64) -> Result<Vec<Chained>, StoreError> {
        let Filter { site, receipt, from, until } = filter;
        let statement = format!(
            "{RECORD} WHERE seq > $1 AND (CAST($2 AS TEXT) IS NULL OR site = $2) AND (CAST($3 AS TEXT) IS NULL OR receipt = $3) \
             AND at_minute >= $4 AND at_minute < $5 ORDER BY seq LIMIT $6"
        );
        let (from, until) = (from.unwrap_or(i64::MIN), until.unwrap_or(i64::MAX));
        let rows: Vec<Row> = on!(self, pool => {
            sqlx::query_as(&statement).bind(after).bind(site).bind(receipt).bind(from).bind(until).bind(PAGE).fetch_all(pool).await?
        });
        rows.into_iter().map(|row| chained(row).map_err(StoreError::Row)).collect()
    }

    /// The text that was shown under `hash`, and its language.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn text(&self, hash: &str) -> Result<Option<(String, String)>, StoreError> {
        Ok(on!(self, pool => {
            sqlx::query_as("SELECT language, body FROM consentry_texts WHERE hash = $1").bind(hash).fetch_optional(pool).await?
        }))
    }

    /// The list of vendors under `hash`, as JSON.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn vendors(&self, hash: &str) -> Result<Option<String>, StoreError> {
        Ok(on!(self, pool => {
            sqlx::query_scalar("SELECT body FROM consentry_vendors WHERE hash = $1").bind(hash).fetch_optional(pool).await?
        }))
    }

    /// The numbers of refusals of which no records are kept: day, site, policy, number.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn refusals(&self) -> Result<Vec<(Minute, String, String, i64)>, StoreError> {
        Ok(on!(self, pool => {
            sqlx::query_as("SELECT day_minute, site, policy, number FROM consentry_refusals ORDER BY day_minute, site, policy")
                .fetch_all(pool).await?
        }))
    }

    /// Walks the whole chain.
    ///
    /// # Errors
    /// When the store cannot be read; a chain that does not hold is the [`Flaw`] within.
    pub async fn verify(&self) -> Result<Result<Verified, Flaw>, StoreError> {
        let (seq, hash, start, start_hash): (i64, String, i64, String) = on!(self, pool => {
            sqlx::query_as("SELECT seq, hash, start_seq, start_hash FROM consentry_head WHERE id = 1").fetch_one(pool).await?
        });
        let mut walk = Walk::from(start, start_hash);
        let mut after = start;
        loop {
            let page = match self.records(&Filter::default(), after).await {
                Err(StoreError::Row(seq)) => return Ok(Err(Flaw::Changed(seq))),
                page => page?,
            };
            // What other nodes wrote since the head was read is not looked at.
            let page: Vec<_> = page.into_iter().filter(|next| next.seq <= seq).collect();
            let Some(last) = page.last() else { return Ok(walk.end(seq, &hash)) };
            after = last.seq;
            if let Err(flaw) = page.iter().try_for_each(|next| walk.step(next)) {
                return Ok(Err(flaw));
            }
        }
    }

    /// Removes what is older than `before`, from the oldest record on; says how many records went.
    ///
    /// # Errors
    /// When nothing was removed.
    pub async fn purge(&self, before: Minute) -> Result<u64, StoreError> {
        Ok(on!(self, pool => {
            let mut tx = pool.begin().await?;
            sqlx::query("UPDATE consentry_head SET seq = seq WHERE id = 1").execute(&mut *tx).await?;
            let kept: Option<i64> = sqlx::query_scalar("SELECT MIN(seq) FROM consentry_records WHERE at_minute >= $1")
                .bind(before).fetch_one(&mut *tx).await?;
            let last: Option<(i64, String)> =
                sqlx::query_as("SELECT seq, hash FROM consentry_records WHERE seq < $1 ORDER BY seq DESC LIMIT 1")
                    .bind(kept.unwrap_or(i64::MAX)).fetch_optional(&mut *tx).await?;
            let mut gone = 0;
            if let Some((seq, hash)) = last {
                gone = sqlx::query("DELETE FROM consentry_records WHERE seq <= $1").bind(seq).execute(&mut *tx).await?.rows_affected();
                sqlx::query("UPDATE consentry_head SET start_seq = $1, start_hash = $2 WHERE id = 1")
                    .bind(seq).bind(&hash).execute(&mut *tx).await?;
            }
            for statement in rows::SWEEP {
                sqlx::query(statement).execute(&mut *tx).await?;
            }
            sqlx::query("DELETE FROM consentry_refusals WHERE day_minute < $1").bind(before).execute(&mut *tx).await?;
            sqlx::query("DELETE FROM consentry_segments WHERE stored_minute < $1").bind(before).execute(&mut *tx).await?;
            tx.commit().await?;
            gone
        }))
    }

    /// Ends the connections.
    pub async fn close(&self) {
        on!(self, pool => pool.close().await);
    }
}

fn migrator() -> Migrator {
    let records = Migration::new(
        1,
        Cow::Borrowed("records"),
        MigrationType::Simple,
        Cow::Borrowed(include_str!("../migrations/1_records.sql")),
        false,
    );
    Migrator { migrations: Cow::Owned(vec![records]), ..Migrator::DEFAULT }
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
