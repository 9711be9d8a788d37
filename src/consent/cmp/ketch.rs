//! Turns Ketch's cookie into what it says.
//!
//! 1. The value is JSON in base64: purposes, each with a `status` and its `canonicalPurposes`.
//! 2. It is written for visitors who have chosen nothing, too, and nothing in it tells: it is an assumption, always.
//! 3. A purpose of the site's map counts by its own name, others by each of their canonical purposes.

use super::conventional;
use crate::{
    consent::{
        json::Json,
        signal::{Vote, Votes},
        source::{Said, Source},
    },
    purpose::Purpose,
};

const PURPOSES: [(&str, Purpose); 4] = [
    ("essential_services", Purpose::Necessary),
    ("personalization product_enhancement", Purpose::Functional),
    ("analytics", Purpose::Analytics),
    ("behavioral_advertising email_marketing data_broking", Purpose::Marketing),
];

/// The cookies of older versions.
const OLDER: [&str; 2] = ["_swb_consent_", "_swb"];
/// All cookies with a choice in them.
pub(super) const COOKIES: &[&str] = &["_ketch_consent_v1_", "_swb_consent_", "_swb"];

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    let older = || OLDER.iter().find_map(|cookie| each(&Source { cookie, ..*source }));
    each(source).or_else(older)
}

fn each(source: &Source<'_>) -> Option<Said> {
    source.each(|value| decode(value, source))
}

fn decode(value: &str, source: &Source<'_>) -> Option<Said> {
    let json = Json::parse_base64(value)?;
    let mut cast = Vec::new();
    for (name, purpose) in json.object()? {
        let vote = vote(purpose.at("status")?.text()?)?;
        match source.map.get(name) {
            Some(purpose) => cast.push((*purpose, vote)),
            None => cast.extend(canonical(purpose).into_iter().map(|purpose| (purpose, vote))),
        }
    }
    Some(Said::by(false, Votes::strictest(&cast)))
}

fn canonical(purpose: &Json) -> Vec<Purpose> {
    let names = purpose.at("canonicalPurposes").and_then(Json::list).into_iter().flatten();
    let known = |name| conventional::among(name, &PURPOSES).or_else(|| conventional::purpose(name));
    names.filter_map(Json::text).filter_map(known).collect()
}

fn vote(status: &str) -> Option<Vote> {
    match status {
        "granted" => Some(Vote::Grant),
        "denied" => Some(Vote::Deny),
        _ => None,
    }
}
