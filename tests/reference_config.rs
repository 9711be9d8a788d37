//! The reference configuration says what the program does, and leaves nothing out.

use consentry::config::{Config, Overrides, TABLES};
use std::path::Path;
use toml::{Table, Value};

const REFERENCE: &str = include_str!("../conf/consentry.toml");

fn parse(text: &str) -> Config {
    parse_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("conf"), text)
}

fn parse_in(folder: &Path, text: &str) -> Config {
    let parsed = Config::parse(text, "consentry.toml", folder, &Overrides::default());
    parsed.unwrap_or_else(|problems| unreachable!("{problems}"))
}

/// The key of a setting or the heading of a table, also of an example.
fn subject(line: &str) -> Option<&str> {
    let line = line.strip_prefix('#').unwrap_or(line);
    let key = line.split_once(" = ").map(|(key, _)| key);
    key.filter(|key| key.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '_' | '.')))
        .or_else(|| line.starts_with('[').then_some(line))
}

/// The file with every example in use, in the place of the defaults.
fn with_examples() -> String {
    let mut kept: Vec<&str> = Vec::new();
    for line in REFERENCE.lines() {
        let Some(example) = line.strip_prefix('#').filter(|l| !l.is_empty()) else {
            kept.push(line);
            continue;
        };
        if example.starts_with(' ') && !example.starts_with("  {") {
            continue;
        }
        // The default that it replaces may take several lines.
        let last = kept.iter().rposition(|line| subject(line).is_some());
        if let Some(at) =
            last.filter(|at| kept.get(*at).copied().and_then(subject) == subject(line))
        {
            kept.truncate(at);
        }
        kept.push(example);
    }
    kept.join("\n")
}

#[test]
fn its_values_are_the_defaults() {
    // In no folder, where relative paths stay as they are written.
    let (reference, default) = (parse_in(Path::new(""), REFERENCE), Config::default());
    assert_eq!(format!("{reference:#?}"), format!("{default:#?}"));
    // The file does say these values, rather than leave them to the defaults.
    let written: Table = REFERENCE.parse().unwrap();
    for schema in TABLES.iter().filter(|s| !s.table.contains('.')) {
        let table = match schema.table {
            "" => Some(&written),
            "vendor" | "site" | "listener" => continue,
            name => written.get(name).and_then(Value::as_table),
        };
        for key in schema.keys.iter().filter(|key| !matches!(**key, "vendor" | "site" | "listener"))
        {
            assert!(table.unwrap().contains_key(*key), "[{}] {key} has no default", schema.table);
        }
    }
}

#[test]
fn its_examples_are_right() {
    let config = parse(&with_examples());
    assert_eq!(config.sites.len(), 1);
    assert_eq!(config.listen.listeners.len(), 4);
    assert_eq!(config.default.consent.rules.len(), 4);
    assert_eq!(config.default.gate.lists.len(), 2);
    assert!(config.vendors.iter().any(|vendor| vendor.id == "acme"));
    assert_ne!(format!("{config:?}"), format!("{:?}", Config::default()));
}

#[test]
fn every_key_is_in_it() {
    let examples: Table = with_examples().parse().unwrap();
    for schema in TABLES {
        let path = schema.table.split('.').filter(|name| !name.is_empty());
        let tables = path.fold(vec![&examples], |tables, name| {
            tables.into_iter().filter_map(|table| table.get(name)).flat_map(members).collect()
        });
        for key in schema.keys {
            let found = tables.iter().any(|table| table.contains_key(*key));
            assert!(found, "`{key}` of [{}] is not in conf/consentry.toml", schema.table);
        }
    }
}

fn members(value: &Value) -> Vec<&Table> {
    let list = value.as_array().into_iter().flatten().filter_map(Value::as_table);
    value.as_table().into_iter().chain(list).collect()
}

#[test]
fn every_key_is_explained() {
    let mut explained = false;
    for line in REFERENCE.lines() {
        let example = line.starts_with('#') && !line.starts_with("# ");
        let in_site = line.starts_with("#[[site]]");
        if line.starts_with("# ") {
            explained = true;
        } else if !example && line.contains(" = ") {
            assert!(explained, "not explained: {line}");
            explained = false;
        } else if in_site {
            break;
        }
    }
}
