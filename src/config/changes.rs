//! Turns two texts of one configuration file into what is written in one and not in the other, key by key.
//!
//! 1. Values that are secret are not shown: that they have changed is.
//! 2. What takes effect only when the program starts is marked.

use std::{collections::BTreeMap, fmt};
use toml::{Table, Value};

/// The longest value that is shown, in characters.
const SHOWN: usize = 120;

/// What takes effect only when the program starts: whole tables, or single keys.
const AT_START: &[&str] = &[
    "listen",
    "listener",
    "records",
    "shutdown",
    "collect.limits",
    "collect.ledger",
    "limits.connections",
    "limits.connections_per_client",
    "limits.requests_per_client",
    "limits.max_head",
    "limits.handshake_timeout",
    "limits.head_timeout",
    "limits.body_timeout",
    "limits.send_timeout",
    "limits.idle_timeout",
    "limits.streams",
    "limits.resets",
];

/// Keys whose values nobody sees; the store's has a password in it.
const SECRET: &[&str] = &["secret", "store"];

/// A key that is written otherwise, or in one text alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its path, as `origin.url` or `site[2].mode`.
    pub key: String,
    /// What it was, where it was written; for people.
    pub was: Option<String>,
    /// What it is, where it is written.
    pub is: Option<String>,
    /// Whether it takes effect only when the program starts.
    pub at_start: bool,
}

/// What is different in `new`, by key. Texts that are no TOML have no keys.
#[must_use]
pub fn changes(old: &str, new: &str) -> Vec<Change> {
    let (old, new) = (keys(old), keys(new));
    let all = old.keys().chain(new.keys().filter(|key| !old.contains_key(*key)));
    let mut changes: Vec<Change> = all
        .filter(|key| old.get(*key) != new.get(*key))
        .map(|key| {
            let shown = |keys: &BTreeMap<String, Value>| keys.get(key).map(|v| shown(key, v));
            let (was, is) = (shown(&old), shown(&new));
            Change { key: key.clone(), was, is, at_start: is_at_start(key) }
        })
        .collect();
    changes.sort_by(|a, b| a.key.cmp(&b.key));
    changes
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, was, is, at_start } = self;
        let written = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
        write!(f, "{key}: {} -> {}", written(was), written(is))?;
        if *at_start { write!(f, " (only after a restart)") } else { Ok(()) }
    }
}

/// Every value that is no table, by its path.
fn keys(text: &str) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let table = text.trim_start_matches('\u{feff}').parse::<Table>().unwrap_or_default();
    walk(String::new(), Value::Table(table), &mut found);
    found
}

fn walk(path: String, value: Value, found: &mut BTreeMap<String, Value>) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                let path = if path.is_empty() { key } else { format!("{path}.{key}") };
                walk(path, value, found);
            }
        }
        Value::Array(list) if list.iter().any(Value::is_table) => {
            for (place, value) in list.into_iter().enumerate() {
                walk(format!("{path}[{}]", place + 1), value, found);
            }
        }
        value @ (Value::Array(_)
        | Value::String(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_)) => drop(found.insert(path, value)),
    }
}

fn shown(key: &str, value: &Value) -> String {
    let last = key.rsplit('.').next().unwrap_or(key);
    if SECRET.contains(&last) {
        return "(hidden)".to_owned();
    }
    let text = value.to_string();
    let short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

fn is_at_start(key: &str) -> bool {
    // Certificates of a listener are served from the next handshake on.
    let certificate = key.starts_with("listener[") && key.contains("].certificate[");
    let below = |start: &&str| {
        let rest = key.strip_prefix(*start);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    !certificate && AT_START.iter().any(below)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(old: &str, new: &str) -> Vec<String> {
        changes(old, new).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_key_is_told_once_with_both_values() {
        let old = "mode = \"report\"\n[origin]\nurl = \"http://a.test\"\n[[site]]\nhosts = [\"a.test\"]\ngate.allow = []\n";
        let new = "[origin]\nurl = \"http://b.test\"\n[[site]]\nhosts = [\"a.test\", \"b.test\"]\ngate.allow = []\n";
        assert_eq!(
            told(old, new),
            [
                "mode: \"report\" -> (none)",
                "origin.url: \"http://a.test\" -> \"http://b.test\"",
                "site[1].hosts: [\"a.test\"] -> [\"a.test\", \"b.test\"]",
            ]
        );
        assert!(told(old, old).is_empty());
    }

    #[test]
    fn secrets_are_hidden() {
        let text = |secret| {
            format!(
                "[collect]\nsecret = \"{secret}\"\n[records]\nstore = \"postgres://u:{secret}@h/d\""
            )
        };
        let told = told(&text("one"), &text("two"));
        assert_eq!(
            told,
            [
                "collect.secret: (hidden) -> (hidden)",
                "records.store: (hidden) -> (hidden) (only after a restart)"
            ]
        );
    }

    #[test]
    fn what_needs_a_restart_is_marked() {
        for (key, at_start) in [
            ("listen.address", true),
            ("listener[1].redirect", true),
            ("listener[1].certificate[2].chain", false),
            ("limits.max_head", true),
            ("limits.max_tag", false),
            ("collect.limits.timeout", true),
            ("collect.share", false),
            ("site[1].origin.url", false),
            ("records.keep", true),
            ("recordsx", false),
        ] {
            assert_eq!(is_at_start(key), at_start, "{key}");
        }
    }

    #[test]
    fn keys_that_are_at_start_are_keys() {
        let known = |path: &str| {
            let tables = crate::config::TABLES;
            let (table, key) = path.rsplit_once('.').unwrap_or(("", path));
            tables.iter().any(|schema| schema.table == table && schema.keys.contains(&key))
        };
        for key in AT_START {
            assert!(known(key), "{key}");
        }
    }
}
