//! Turns what became of one request into one line of the ledger: JSON with names, and no value that a visitor or a page gave.
//!
//! 1. The time is cut to the minute, and nothing tells two visitors apart.
//! 2. The endpoint is the catalogue's own host and path: paths of vendors may hold values too.
//! 3. Names of fields are the page's: those that could be a value are left out, and counted with the others.

use super::{About, Refused, Report};
use crate::consent::Day;
use http::StatusCode;
use serde_json::{Map, Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// The most names that one line holds of each kind, and the longest.
const MOST: usize = 100;
const LONGEST: usize = 64;

/// The line, without its end.
#[must_use]
pub fn line(
    time: SystemTime,
    about: &About,
    outcome: Result<StatusCode, Refused>,
    report: Option<&Report>,
) -> String {
    let About { site, vendor, purpose, endpoint, kind: _, signal } = about;
    let mut line = Map::new();
    let mut put = |key: &str, value: Value| drop(line.insert(key.to_owned(), value));
    put("time", minute(time).into());
    put("site", (**site).into());
    put("vendor", (**vendor).into());
    put("purpose", purpose.name().into());
    put("endpoint", (**endpoint).into());
    let reached = !outcome.is_err_and(|why| !why.is_the_vendors());
    put("decision", if reached { "forwarded" } else { "refused" }.into());
    put("signal", signal.as_deref().into());
    match outcome {
        Ok(status) => put("status", status.as_u16().into()),
        Err(why) => put("reason", why.name().into()),
    }
    if let Some(report) = report {
        let Report { kept, dropped, redacted_fields, redacted, consent_mismatch } = report;
        put("kept", names(kept.iter()));
        put("dropped", names(dropped.iter()));
        put("redacted_fields", names(redacted_fields.iter()));
        if *consent_mismatch {
            put("consent_mismatch", true.into());
        }
        let redacted: Map<String, Value> =
            redacted.iter().map(|(what, count)| (what.name().to_owned(), json!(count))).collect();
        put("redacted", Value::Object(redacted));
    }
    Value::Object(line).to_string()
}

/// How many there are, and those that are surely names.
fn names<'n>(names: impl Iterator<Item = &'n String>) -> Value {
    let all: Vec<&String> = names.collect();
    let plain: Vec<&str> =
        all.iter().map(|name| name.as_str()).filter(|name| is_name(name)).take(MOST).collect();
    json!({ "count": all.len(), "names": plain })
}

/// Whether a field's path looks like what programs call their fields, and not like a mail address, a number or a token.
fn is_name(path: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-.$/[]:".contains(&b);
    let digits = path.bytes().filter(u8::is_ascii_digit).count();
    path.len() <= LONGEST && digits <= 4 && path.bytes().all(plain)
}

/// `2026-01-31T23:59Z`.
fn minute(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let minutes = seconds / 60 % 1440;
    let day = Day::of(time).to_string();
    let part = |range| day.get(range).unwrap_or_default();
    let (hour, minute) = (minutes / 60, minutes % 60);
    format!("{}-{}-{}T{hour:02}:{minute:02}Z", part(0..4), part(4..6), part(6..8))
}
