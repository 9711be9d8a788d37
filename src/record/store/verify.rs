//! Turns the rows of a store into whether they are what was written.
//!
//! 1. What other nodes write meanwhile is not looked at; what a retention removes meanwhile is no flaw.
//! 2. A name that is no hash, as that of a text that is not known, names nothing.

use super::{Filter, Store, StoreError};
use crate::record::{
    Flaw, Verified,
    chain::{Body, Walk},
    hash_of,
};

/// How many texts are read at once.
const PAGE: i64 = 50;
/// How often a walk is begun again because records were removed on the way.
const TRIES: usize = 3;

/// The ends of a chain: the last record's number and hash, and those of the one before the first.
type Ends = (i64, String, i64, String);

/// A kind of body, its table and the column that names it.
const BODIES: [(Body, &str, &str); 2] = [
    (Body::Text, "consentry_texts", "text_hash"),
    (Body::Vendors, "consentry_vendors", "vendors_hash"),
];

impl Store {
    /// Walks the whole chain, and looks at every text and list of vendors.
    ///
    /// # Errors
    /// When the store cannot be read; a chain that does not hold is the [`Flaw`] within.
    pub async fn verify(&self) -> Result<Result<Verified, Flaw>, StoreError> {
        let mut ends = self.ends().await?;
        for _ in 0..TRIES {
            let before = ends;
            let walked = self.walk(&before).await?;
            ends = self.ends().await?;
            // A flaw may be what was removed on the way: the chain then begins elsewhere.
            if walked.is_ok() || ends.2 == before.2 {
                return Ok(walked);
            }
        }
        self.walk(&ends).await
    }

    /// Whether the chain has, or begins after, a record with this hash: one that was noted before and is neither there nor purged
    /// was in another chain.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn has(&self, hash: &str) -> Result<bool, StoreError> {
        let found: i64 = on!(self, pool => {
            sqlx::query_scalar(
                "SELECT (SELECT COUNT(*) FROM consentry_records WHERE hash = $1) + \
                 (SELECT COUNT(*) FROM consentry_head WHERE hash = $1 OR start_hash = $1)",
            )
            .bind(hash).fetch_one(pool).await?
        });
        Ok(found > 0)
    }

    async fn ends(&self) -> Result<Ends, StoreError> {
        Ok(on!(self, pool => {
            sqlx::query_as("SELECT seq, hash, start_seq, start_hash FROM consentry_head WHERE id = 1").fetch_one(pool).await?
        }))
    }

    async fn walk(&self, ends: &Ends) -> Result<Result<Verified, Flaw>, StoreError> {
        let (seq, hash, start, start_hash) = ends;
        let mut walk = Walk::from(*start, start_hash.clone());
        let mut after = *start;
        let walked = loop {
            let page = match self.records(&Filter::default(), after).await {
                Err(StoreError::Row(seq)) => return Ok(Err(Flaw::Changed(seq))),
                page => page?,
            };
            let page: Vec<_> = page.into_iter().filter(|next| next.seq <= *seq).collect();
            let Some(last) = page.last() else { break walk.end(*seq, hash) };
            after = last.seq;
            if let Err(flaw) = page.iter().try_for_each(|next| walk.step(next)) {
                return Ok(Err(flaw));
            }
        };
        if walked.is_err() {
            return Ok(walked);
        }
        for body in BODIES {
            if let Some(flaw) = self.body_flaw(body, *seq).await? {
                return Ok(Err(flaw));
            }
        }
        Ok(walked)
    }

    /// What is wrong with the bodies in `table` that records up to number `head` name in `column`.
    async fn body_flaw(
        &self,
        (what, table, column): (Body, &str, &str),
        head: i64,
    ) -> Result<Option<Flaw>, StoreError> {
        let statement = format!(
            "SELECT {column}, MIN(seq) FROM consentry_records WHERE seq <= $1 AND length({column}) = 64 AND {column} NOT IN (SELECT hash FROM {table}) \
             GROUP BY {column} ORDER BY MIN(seq) LIMIT 1"
        );
        let missing: Option<(String, i64)> =
            on!(self, pool => sqlx::query_as(&statement).bind(head).fetch_optional(pool).await?);
        if let Some((hash, seq)) = missing {
            return Ok(Some(Flaw::Missing { what, hash, seq }));
        }
        let statement =
            format!("SELECT hash, body FROM {table} WHERE hash > $1 ORDER BY hash LIMIT $2");
        let mut after = String::new();
        loop {
            let page: Vec<(String, String)> = on!(self, pool => {
                sqlx::query_as(&statement).bind(&after).bind(PAGE).fetch_all(pool).await?
            });
            let other = page.iter().find(|(hash, body)| hash_of(body) != *hash);
            if let Some((hash, _)) = other {
                return Ok(Some(Flaw::Replaced { what, hash: hash.clone() }));
            }
            let Some((last, _)) = page.into_iter().next_back() else { return Ok(None) };
            after = last;
        }
    }
}
