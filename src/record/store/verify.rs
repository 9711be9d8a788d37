//! Turns the rows of a store into whether they are what was written.

use super::{Filter, Store, StoreError};
use crate::record::{Flaw, Verified, chain::Walk};

impl Store {
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
}
