//! Turns a [`Finding`] into the JSON and the words in which commands give it.

use crate::policy::{Finding, Place};
use serde_json::{Map, Value, json};

/// The fields of a finding; `served` only where the site serves the thing itself.
pub(super) fn json(finding: &Finding) -> Map<String, Value> {
    let Finding { judged, place: at_place, what, at, line } = finding;
    let (vendor, decision) = (&judged.vendor, &judged.decision);
    let fields = [
        ("vendor", json!(vendor.id)),
        ("purpose", json!(vendor.purpose.name())),
        ("verdict", json!(decision.verdict.name())),
        ("reason", json!(decision.reason())),
        ("source", json!(vendor.source.name())),
        ("place", json!(place(at_place))),
        ("what", json!(what)),
        ("line", json!(line)),
        ("at", json!(at)),
    ];
    let served = judged.served().map(|path| ("served", json!(path)));
    let fields = fields.into_iter().chain(served);
    fields.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Where it was, in words: `img src`, `script`, `style`, `header link`, `cookie _ga`.
pub(super) fn place(place: &Place) -> String {
    match place {
        Place::Attribute { element, attribute } => format!("{element} {attribute}"),
        Place::InlineScript => "script".to_owned(),
        Place::Stylesheet => "style".to_owned(),
        Place::Header(name) => format!("header {name}"),
        Place::Cookie(name) => format!("cookie {name}"),
    }
}
