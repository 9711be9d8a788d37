//! Turns Borlabs Cookie's `borlabs-cookie` into what it says.
//!
//! 1. The value is JSON; `consents` holds the groups that were accepted, with their services. It is written on a choice.
//! 2. A group that is not in it is refused. Without a map `marketing` and `external-media` must both be accepted for
//!    marketing, and `external-media` (videos, maps) for functional; with one, the groups of the map count.
//! 3. A choice under another `version` than the site's current one says nothing.

use crate::{
    consent::{
        json::Json,
        source::{Said, Source},
    },
    purpose::Purpose,
};

const GROUPS: [(&str, Purpose); 5] = [
    ("essential", Purpose::Necessary),
    ("statistics", Purpose::Analytics),
    ("marketing", Purpose::Marketing),
    ("external-media", Purpose::Marketing),
    ("external-media", Purpose::Functional),
];

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    source.each(|value| decode(value, source))
}

fn decode(value: &str, source: &Source<'_>) -> Option<Said> {
    let json = Json::parse(value)?;
    let members = json.object()?;
    let mut accepted = Vec::new();
    for (group, services) in members.get("consents")?.object()? {
        if !services.list()?.is_empty() {
            accepted.push(group.as_str());
        }
    }
    let version = members.get("version").map(ToString::to_string);
    let superseded = source.superseded(version.as_deref());
    superseded.or_else(|| Some(Said::by(true, source.listed(&accepted, &GROUPS))))
}
