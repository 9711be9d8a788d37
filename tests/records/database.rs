//! The two kinds of database, for tests that run through both.

use crate::postgres::Postgres;
use consentry::purpose::{Purpose, PurposeSet};
use consentry::record::{Config, ConsentRecord, Entry, Method, StoreUrl, hash_of, new_id};
use std::{path::Path, time::Duration};
use tempfile::TempDir;

/// A database that goes with this value.
pub(crate) struct Database {
    pub(crate) url: StoreUrl,
    pub(crate) postgres: Option<Postgres>,
    _folder: TempDir,
}

/// One of each kind that is installed.
pub(crate) fn databases() -> Vec<Database> {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("records.db").display()).parse().unwrap();
    let sqlite = Database { url, postgres: None, _folder: folder };
    let server = Postgres::start().map(|server| Database {
        url: server.url().parse().unwrap(),
        postgres: Some(server),
        _folder: tempfile::tempdir().unwrap(),
    });
    std::iter::once(sqlite).chain(server).collect()
}

/// What the tests' visitors are shown.
pub(crate) const TEXT: &str = "We ask you.";
/// The vendors that they are asked about.
pub(crate) const VENDORS: &str = r#"{"policy":"","vendors":{"analytics":["ga4"]}}"#;

/// Records from a spool in `folder` to `url`, on a machine that may be slow.
pub(crate) fn config(url: &StoreUrl, folder: &Path) -> Config {
    Config {
        store: Some(url.clone()),
        spool: folder.to_owned(),
        timeout: Duration::from_secs(20),
        keep: Duration::from_secs(200 * 365 * 86_400),
        ..Config::default()
    }
}

/// A record with what it names.
pub(crate) fn shown(record: ConsentRecord) -> [Entry; 3] {
    [Entry::text("en", TEXT), Entry::vendors(VENDORS), Entry::Record(record)]
}

/// A record of `minute`; granted with a receipt, or refused without one.
pub(crate) fn record(minute: i64, granted: bool) -> ConsentRecord {
    ConsentRecord {
        id: new_id(),
        at: minute,
        site: if minute % 3 == 0 { "other.example".into() } else { "shop.example".into() },
        policy: "p1".into(),
        text: hash_of(TEXT),
        language: "en".into(),
        regime: "opt-in".into(),
        method: if granted { Method::AcceptAll } else { Method::RejectAll },
        purposes: if granted {
            PurposeSet::EMPTY.with(Purpose::Analytics)
        } else {
            PurposeSet::EMPTY
        },
        vendors: hash_of(VENDORS),
        receipt: granted.then(new_id),
        software: "consentry tests".into(),
    }
}

pub(crate) fn entry(minute: i64, granted: bool) -> Entry {
    Entry::Record(record(minute, granted))
}
