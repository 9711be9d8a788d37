//! Turns what would become of a request into JSON, and into lines for people.

use super::{
    forward::{Refusal, Sent, Told},
    readable::pair_lines,
};
use crate::catalog::{Endpoint, Kind};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

impl Told {
    /// For programs: `outcome` is `sent` or `refused`; the rest is there where it is known.
    pub(super) fn json(&self) -> Value {
        let Self { vendor, endpoint, asked, outcome } = self;
        let mut fields = Map::new();
        let mut set = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
        set("outcome", json!(if outcome.is_ok() { "sent" } else { "refused" }));
        set("vendor", json!(vendor.as_ref().map(|vendor| &vendor.id)));
        set("kind", json!(endpoint.as_ref().map(|endpoint| kind(endpoint.kind))));
        set("match", json!(endpoint.as_ref().map(|endpoint| &endpoint.paths)));
        match outcome {
            Ok(sent) => fields.extend(sent.json()),
            Err(Refusal { reason, answer }) => {
                set("asked", json!(asked.as_str()));
                set("reason", json!(reason));
                set("answer", json!(answer));
            }
        }
        Value::Object(fields)
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let Self { vendor, endpoint, asked, outcome } = self;
        let mut lines = vec!["\nForward".to_owned()];
        lines.extend(
            vendor
                .as_ref()
                .map(|vendor| format!("  {} ({}), {}", vendor.name, vendor.id, vendor.purpose)),
        );
        lines.extend(endpoint.as_ref().map(|endpoint| format!("  {}", served(endpoint))));
        match outcome {
            Ok(sent) => lines.extend(sent.lines()),
            Err(Refusal { reason, answer }) => {
                lines.push(format!("  {asked}"));
                lines.push(format!("  nothing is sent: {reason}"));
                lines.push(format!("  the browser gets {answer}"));
            }
        }
        lines.join("\n")
    }
}

impl Sent {
    fn json(&self) -> Map<String, Value> {
        let Self { method, url, headers, query, body, report, hashed } = self;
        let headers: Map<String, Value> =
            headers.iter().map(|(name, value)| (name.to_string(), json!(value))).collect();
        let found: Map<String, Value> = report
            .redacted
            .iter()
            .map(|(kind, count)| (kind.name().to_owned(), json!(count)))
            .collect();
        let all = json!({
            "method": method.as_str(),
            "url": url.as_str(),
            "headers": headers,
            "query": query,
            "body": body.json(),
            "kept": report.kept.difference(hashed).collect::<Vec<_>>(),
            "hashed": hashed,
            "dropped": report.dropped,
            "redacted": report.redacted_fields,
            "found": found,
            "consent_mismatch": report.consent_mismatch,
        });
        if let Value::Object(fields) = all { fields } else { Map::new() }
    }

    fn lines(&self) -> Vec<String> {
        let Self { method, url, headers, query, body, report, hashed } = self;
        let mut place = url.clone();
        place.set_query(None);
        let mut lines = vec![format!("  sent: {method} {place}")];
        let mut block = |title: &str, entries: Vec<String>| {
            if !entries.is_empty() {
                lines.push(format!("\n{title}"));
                lines.extend(entries.into_iter().map(|entry| format!("  {}", plain(&entry))));
            }
        };
        let header = |(name, value): &(http::HeaderName, String)| format!("{name}: {value}");
        block("Headers", headers.iter().map(header).collect());
        block("Query", pair_lines(query));
        block("Body", body.lines());
        let kept: BTreeSet<String> = report.kept.difference(hashed).cloned().collect();
        let names = [
            ("kept", &kept),
            ("hashed", hashed),
            ("dropped", &report.dropped),
            ("redacted", &report.redacted_fields),
        ];
        let named = names.into_iter().filter(|(_, names)| !names.is_empty());
        let line = |(what, names): (&str, &BTreeSet<String>)| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            format!("{what:<9} {}", names.join(", "))
        };
        let found = report.redacted.iter().map(|(kind, count)| format!("{} {count}", kind.name()));
        let found = found.collect::<Vec<_>>().join(", ");
        let found = (!found.is_empty()).then(|| format!("{:<9} {found}", "found"));
        block("Fields", named.map(line).chain(found).collect());
        if report.consent_mismatch {
            lines.push("  The request claimed more consent than the visitor gave.".to_owned());
        }
        lines
    }
}

/// A text without what a terminal would obey.
fn plain(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c.is_control() { c.escape_debug().collect() } else { vec![c] })
        .collect()
}

fn served(endpoint: &Endpoint) -> String {
    format!("{} at {}", kind(endpoint.kind), endpoint.paths.join(", "))
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Script => "script",
        Kind::Beacon => "beacon",
        Kind::Image => "image",
        Kind::Frame => "frame",
    }
}
