//! Turns entries into rows, and old rows into none.
//!
//! 1. A segment of the spool is written whole or not at all, and once: its name is kept with it.
//! 2. The head's row is locked before a record is linked to it, so that several nodes make one chain.
//! 3. Retention removes records from the oldest on; the chain then begins after the last one that is gone. A text or a list goes
//!    with the last record that names it.

use super::{Store, StoreError, rows};
use crate::record::{ConsentRecord, Entry, Minute, entry::minute};
use sqlx::QueryBuilder;
use std::{
    collections::{BTreeMap, HashSet},
    time::SystemTime,
};

/// How many records are written with one statement; SQLite binds at most 32,766 values.
const ROWS: usize = 256;

/// A segment's entries, sorted by what becomes of them.
#[derive(Default)]
struct Sorted<'e> {
    records: Vec<&'e ConsentRecord>,
    texts: Vec<(&'e str, &'e str, &'e str)>,
    lists: Vec<(&'e str, &'e str)>,
    refusals: BTreeMap<(Minute, &'e str, &'e str), i64>,
}

impl Store {
    /// Writes the entries of the segment `name`, unless they are there already.
    ///
    /// # Errors
    /// When nothing of it was written.
    pub async fn append(&self, name: &str, entries: &[Entry]) -> Result<(), StoreError> {
        let now = minute(SystemTime::now());
        let sorted = Sorted::from(entries);
        on!(self, pool => {
            let mut tx = pool.begin().await?;
            let new = sqlx::query("INSERT INTO consentry_segments (name, stored_minute) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                .bind(name).bind(now).execute(&mut *tx).await?.rows_affected();
            if new == 0 {
                return Ok(());
            }
            // A write takes the lock on the head's row (PostgreSQL) or on the file (SQLite).
            sqlx::query("UPDATE consentry_head SET seq = seq WHERE id = 1").execute(&mut *tx).await?;
            for (hash, language, body) in sorted.texts {
                sqlx::query("INSERT INTO consentry_texts (hash, language, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
                    .bind(hash).bind(language).bind(body).execute(&mut *tx).await?;
            }
            for (hash, body) in sorted.lists {
                sqlx::query("INSERT INTO consentry_vendors (hash, body) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                    .bind(hash).bind(body).execute(&mut *tx).await?;
            }
            for ((day, site, policy), number) in sorted.refusals {
                sqlx::query(rows::COUNT).bind(day).bind(site).bind(policy).bind(number).execute(&mut *tx).await?;
            }
            let (mut seq, mut hash): (i64, String) =
                sqlx::query_as("SELECT seq, hash FROM consentry_head WHERE id = 1").fetch_one(&mut *tx).await?;
            for some in sorted.records.chunks(ROWS) {
                let mut known = QueryBuilder::new("SELECT id FROM consentry_records WHERE id IN (");
                let mut ids = known.separated(", ");
                for record in some {
                    ids.push_bind(&record.id);
                }
                known.push(")");
                let known: Vec<String> = known.build_query_scalar().fetch_all(&mut *tx).await?;
                let linked = link(some, known, &mut seq, &mut hash);
                if linked.is_empty() {
                    continue;
                }
                let mut insert = QueryBuilder::new(rows::INSERT);
                insert.push_values(linked, |mut row, (seq, hash, r)| {
                    row.push_bind(seq).push_bind(hash).push_bind(&r.id).push_bind(r.at).push_bind(&r.site)
                        .push_bind(&r.policy).push_bind(&r.text).push_bind(&r.language).push_bind(&r.regime)
                        .push_bind(r.method.name()).push_bind(rows::purposes(r.purposes)).push_bind(&r.vendors)
                        .push_bind(&r.receipt).push_bind(&r.software);
                });
                insert.build().execute(&mut *tx).await?;
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

impl<'e> From<&'e [Entry]> for Sorted<'e> {
    fn from(entries: &'e [Entry]) -> Self {
        let mut sorted = Self::default();
        for entry in entries {
            match entry {
                Entry::Record(record) => sorted.records.push(record),
                Entry::Text { hash, language, body } => sorted.texts.push((hash, language, body)),
                Entry::Vendors { hash, body } => sorted.lists.push((hash, body)),
                Entry::Refusal { id: _, day, site, policy } => {
                    *sorted.refusals.entry((*day, site, policy)).or_default() += 1;
                }
            }
        }
        sorted
    }
}

/// The records that are not among the `known` ids, each once, with their places after `seq` and `hash`.
fn link<'r>(
    records: &[&'r ConsentRecord],
    known: Vec<String>,
    seq: &mut i64,
    hash: &mut String,
) -> Vec<(i64, String, &'r ConsentRecord)> {
    let mut known: HashSet<String> = known.into_iter().collect();
    let mut linked = Vec::new();
    for record in records {
        if known.insert(record.id.clone()) {
            *seq += 1;
            *hash = record.hash_after(hash);
            linked.push((*seq, hash.clone(), *record));
        }
    }
    linked
}
