//! Turns entries into rows, and old rows into none.
//!
//! 1. A segment of the spool is written whole or not at all, and once: its name is kept with it.
//! 2. The head's row is locked before a record is linked to it, so that several nodes make one chain.
//! 3. Retention removes records from the oldest on; the chain then begins after the last one that is gone. A text or a list goes
//!    with the last record that names it.

use super::{Store, StoreError, rows};
use crate::record::{Entry, Minute, entry::minute};
use std::time::SystemTime;

impl Store {
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
}
