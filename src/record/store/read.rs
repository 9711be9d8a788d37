//! Turns rows into records, and what records name into its text.

use super::{
    Chained, Filter, Store, StoreError,
    rows::{RECORD, Row, chained},
};
use crate::record::Minute;

/// How many records are read at once.
const PAGE: i64 = 1000;

/// One policy of a site, as its records name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its version.
    pub policy: String,
    /// The hash of the list of vendors that it was about.
    pub vendors: String,
    /// The first record of it.
    pub first: Minute,
    /// The last one.
    pub last: Minute,
    /// How many records it has.
    pub records: i64,
}

impl Store {
    /// The next records after number `after` that the filter wants, at most 1,000, in order; none at the end.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn records(&self, filter: &Filter, after: i64) -> Result<Vec<Chained>, StoreError> {
        self.page(filter, "seq > $1", "seq", (after, PAGE)).await
    }

    /// The last records before number `before` that the filter wants, at most `count`, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn latest(
        &self,
        filter: &Filter,
        before: i64,
        count: u32,
    ) -> Result<Vec<Chained>, StoreError> {
        self.page(filter, "seq < $1", "seq DESC", (before, count.into())).await
    }

    async fn page(
        &self,
        Filter { site, receipt, from, until }: &Filter,
        place: &str,
        order: &str,
        (at, count): (i64, i64),
    ) -> Result<Vec<Chained>, StoreError> {
        let statement = format!(
            "{RECORD} WHERE {place} AND (CAST($2 AS TEXT) IS NULL OR site = $2) AND (CAST($3 AS TEXT) IS NULL OR receipt = $3) \
             AND at_minute >= $4 AND at_minute < $5 ORDER BY {order} LIMIT $6"
        );
        let (from, until) = (from.unwrap_or(i64::MIN), until.unwrap_or(i64::MAX));
        let rows: Vec<Row> = on!(self, pool => {
            sqlx::query_as(&statement).bind(at).bind(site).bind(receipt).bind(from).bind(until).bind(count).fetch_all(pool).await?
        });
        rows.into_iter().map(|row| chained(row).map_err(StoreError::Row)).collect()
    }

    /// How many records the filter wants.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn count(
        &self,
        Filter { site, receipt, from, until }: &Filter,
    ) -> Result<i64, StoreError> {
        let statement = "SELECT COUNT(*) FROM consentry_records WHERE (CAST($1 AS TEXT) IS NULL OR site = $1) \
             AND (CAST($2 AS TEXT) IS NULL OR receipt = $2) AND at_minute >= $3 AND at_minute < $4";
        let (from, until) = (from.unwrap_or(i64::MIN), until.unwrap_or(i64::MAX));
        Ok(on!(self, pool => {
            sqlx::query_scalar(statement).bind(site).bind(receipt).bind(from).bind(until).fetch_one(pool).await?
        }))
    }

    /// The sites that records are of, in order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn sites(&self) -> Result<Vec<String>, StoreError> {
        Ok(on!(self, pool => {
            sqlx::query_scalar("SELECT DISTINCT site FROM consentry_records ORDER BY site").fetch_all(pool).await?
        }))
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

    /// The list of vendors whose hash begins with `digits`, and the whole hash; none where several do, or no record named one yet.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn vendors_beginning(
        &self,
        digits: &str,
    ) -> Result<Option<(String, String)>, StoreError> {
        let mut found: Vec<(String, String)> = on!(self, pool => {
            sqlx::query_as("SELECT hash, body FROM consentry_vendors WHERE substr(hash, 1, length($1)) = $1 LIMIT 2")
                .bind(digits).fetch_all(pool).await?
        });
        Ok(found.pop().filter(|_| found.is_empty()))
    }

    /// The policies that records of `site` were made under, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn policies(&self, site: &str) -> Result<Vec<Policy>, StoreError> {
        let rows: Vec<(String, String, Minute, Minute, i64)> = on!(self, pool => {
            sqlx::query_as(
                "SELECT policy, vendors_hash, MIN(at_minute), MAX(at_minute), COUNT(*) FROM consentry_records WHERE site = $1 \
                 GROUP BY policy, vendors_hash ORDER BY MAX(seq) DESC",
            )
            .bind(site).fetch_all(pool).await?
        });
        let policy = |(policy, vendors, first, last, records)| Policy {
            policy,
            vendors,
            first,
            last,
            records,
        };
        Ok(rows.into_iter().map(policy).collect())
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
}
