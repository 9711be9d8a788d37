//! Turns `[records]` into where the proof of visitors' choices is kept, and how.
//!
//! 1. Relative paths begin at the file's folder, those of the defaults too.
//! 2. No message repeats a store's URL, which may hold a password.

use super::{
    meaning::{Wrong, duration, kind, one_of, some_text, text, whole},
    names::REFUSALS,
    reader::{Reader, Table},
    schema::RECORDS,
};
use crate::{
    choice::Key,
    record::{BadStore, Config, StoreUrl},
};
use std::path::PathBuf;
use toml::de::DeValue;

/// The seconds of a day and of a year.
const DAY: u64 = 86_400;
const YEAR: u64 = 365 * DAY;

pub(super) fn records<'t>(reader: &mut Reader<'t>, top: &Table<'t>) -> (Config, Option<Key>) {
    let (mut config, mut key) = (Config::default(), None);
    if let Some(table) = reader.table(top, "records", &RECORDS) {
        reader.set(&mut config.store, &table, "store", store);
        reader.set(&mut config.spool, &table, "spool", |value| some_text(value).map(PathBuf::from));
        reader.set(&mut config.timeout, &table, "timeout", duration(0..=60));
        reader.set(&mut config.queue, &table, "queue", whole(1..=65_536));
        reader.set(&mut config.keep, &table, "keep", duration(DAY..=100 * YEAR));
        reader.set(&mut config.refusals, &table, "refusals", one_of(REFUSALS));
        reader.set(&mut key, &table, "secret", secret);
    }
    config.store = config.store.map(|store| store.below(reader.base()));
    config.spool = reader.base().join(config.spool);
    (config, key)
}

/// The secret; empty for a key that is made and kept.
fn secret(value: &DeValue<'_>) -> Result<Option<Key>, Wrong> {
    match text(value)?.as_str() {
        "" => Ok(None),
        short if short.len() < 16 => {
            Err(Wrong::new("has fewer than 16 characters", "write a longer one, made by a machine"))
        }
        secret => Ok(Some(Key::new(secret.as_bytes()))),
    }
}

/// A store; empty for none.
fn store(value: &DeValue<'_>) -> Result<Option<StoreUrl>, Wrong> {
    let instead =
        "write \"sqlite:consentry.db\", \"postgres://user@host/database\", or \"\" for none";
    match value.as_str() {
        None => Err(Wrong::new(format!("is {}", kind(value)), instead)),
        Some("") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|bad| match bad {
            BadStore::Other => Wrong::new("is no store", instead),
            BadStore::Parameter(name) => Wrong::new(
                format!("has the parameter `{}`, which is not known", name.escape_debug()),
                "write sslmode, sslrootcert and the like, or leave it out",
            ),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{Config, Overrides},
        record::Refusals,
    };
    use std::{path::Path, time::Duration};

    fn parse(text: &str) -> Result<super::Config, String> {
        let overrides = Overrides::default();
        let config = Config::parse(text, "c.toml", Path::new("/base"), &overrides);
        config.map(|config| config.records).map_err(|problems| problems.to_string())
    }

    #[test]
    fn places_begin_at_the_files_folder() {
        let place = |text: &str| {
            let config = parse(text).unwrap();
            (config.store.map(|store| store.to_string()), config.spool)
        };
        let default = (Some("sqlite:/base/consentry.db".into()), "/base/consentry-spool".into());
        assert_eq!(place(""), default);
        assert_eq!(
            place("[records]\nstore = \"sqlite:/a/b.db\"\nspool = \"/s\""),
            (Some("sqlite:/a/b.db".into()), "/s".into())
        );
        assert_eq!(place("[records]\nstore = \"\"").0, None);
        let postgres = "[records]\nstore = \"postgres://u:pass@db/c\"";
        assert_eq!(place(postgres).0.unwrap(), "postgres://db/c");
    }

    #[test]
    fn the_rest_is_read() {
        let text =
            "[records]\nkeep = \"13y\"\ntimeout = \"200ms\"\nqueue = 9\nrefusals = \"counts\"";
        let config = parse(text).unwrap();
        assert_eq!(config.keep, Duration::from_secs(13 * YEAR));
        assert_eq!((config.timeout, config.queue), (Duration::from_millis(200), 9));
        assert_eq!(config.refusals, Refusals::Counts);
    }

    #[test]
    fn a_wrong_store_is_said_without_its_password() {
        let instead =
            "write \"sqlite:consentry.db\", \"postgres://user@host/database\", or \"\" for none";
        for wrong in ["mysql://u:s3cret@db/c", "postgres://u:s3cret:@[db/c", "consentry.db"] {
            let error = parse(&format!("[records]\nstore = \"{wrong}\"")).unwrap_err();
            assert_eq!(error, format!("c.toml:2:9: `store` is no store; {instead}"));
        }
        let misspelt = "[records]\nstore = \"postgres://u:s3cret@db/c?sslmod=require\"";
        let instead = "write sslmode, sslrootcert and the like, or leave it out";
        assert_eq!(
            parse(misspelt).unwrap_err(),
            format!(
                "c.toml:2:9: `store` has the parameter `sslmod`, which is not known; {instead}"
            )
        );
        let error = parse("[records]\nkeep = \"1h\"").unwrap_err();
        assert_eq!(error, "c.toml:2:8: `keep` is `1h`; write from \"1d\" to \"100y\"");
        assert!(parse("[records]\nstore = 1").unwrap_err().contains("`store` is a number; write"));
    }

    #[test]
    fn no_password_is_shown() {
        let config = parse("[records]\nstore = \"postgres://u:s3cret@db/c?password=s3cret\"");
        assert!(!format!("{config:?}").contains("s3cret"));
    }
}
