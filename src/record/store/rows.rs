//! Turns rows into records, and says the longer statements.

use super::{Chained, ConsentRecord};
use crate::purpose::{Purpose, PurposeSet};

/// A record's columns, in the order of [`RECORD`].
pub(super) type Row = (
    i64,
    String,
    String,
    i64,
    String,
    String,
    String,
    String,
    String,
    String,
    String,
    String,
    Option<String>,
    String,
);

pub(super) const RECORD: &str = "SELECT seq, hash, id, at_minute, site, policy, text_hash, language, regime, method, purposes, \
     vendors_hash, receipt, software FROM consentry_records";

pub(super) const INSERT: &str = "INSERT INTO consentry_records (seq, hash, id, at_minute, site, policy, text_hash, language, \
     regime, method, purposes, vendors_hash, receipt, software) ";

pub(super) const COUNT: &str = "INSERT INTO consentry_refusals (day_minute, site, policy, number) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (day_minute, site, policy) DO UPDATE SET number = consentry_refusals.number + excluded.number";

/// What no record names any more.
pub(super) const SWEEP: [&str; 2] = [
    "DELETE FROM consentry_texts WHERE hash NOT IN (SELECT text_hash FROM consentry_records)",
    "DELETE FROM consentry_vendors WHERE hash NOT IN (SELECT vendors_hash FROM consentry_records)",
];

/// The record of a row, or the row's number.
pub(super) fn chained(row: Row) -> Result<Chained, i64> {
    let (
        seq,
        hash,
        id,
        at,
        site,
        policy,
        text,
        language,
        regime,
        method,
        set,
        vendors,
        receipt,
        software,
    ) = row;
    let names = set.split(',').filter(|name| !name.is_empty());
    let purposes = names.map(str::parse).collect::<Result<PurposeSet, _>>().map_err(|_| seq)?;
    let method = method.parse().map_err(|()| seq)?;
    let record = ConsentRecord {
        id,
        at,
        site,
        policy,
        text,
        language,
        regime,
        method,
        purposes,
        vendors,
        receipt,
        software,
    };
    Ok(Chained { seq, record, hash })
}

/// The purposes as their column has them.
pub(super) fn purposes(set: PurposeSet) -> String {
    set.iter().map(Purpose::name).collect::<Vec<_>>().join(",")
}
