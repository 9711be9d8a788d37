//! Turns vendors that were found on sites into rows that all nodes share.

use super::{Store, StoreError};
use crate::record::entry::minute;
use std::time::SystemTime;

impl Store {
    /// The vendors that were found: site and vendor's id, in order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn found(&self) -> Result<Vec<(String, String)>, StoreError> {
        Ok(on!(self, pool => {
            sqlx::query_as("SELECT site, vendor FROM consentry_found ORDER BY site, vendor").fetch_all(pool).await?
        }))
    }

    /// Adds vendors that were found, each with its site; what is there stays as it is.
    ///
    /// # Errors
    /// When nothing was added.
    pub async fn add_found(&self, found: &[(String, String)]) -> Result<(), StoreError> {
        // In one order, so that two nodes do not wait for each other.
        let mut found: Vec<_> = found.iter().collect();
        found.sort();
        let now = minute(SystemTime::now());
        on!(self, pool => {
            let mut tx = pool.begin().await?;
            for (site, vendor) in found {
                sqlx::query("INSERT INTO consentry_found (site, vendor, first_minute) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
                    .bind(site).bind(vendor).bind(now).execute(&mut *tx).await?;
            }
            tx.commit().await?;
        });
        Ok(())
    }
}
