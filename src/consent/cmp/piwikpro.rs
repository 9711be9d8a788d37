//! Turns Piwik PRO's `ppms_privacy_<app>` into what it says.
//!
//! 1. The value is JSON; `consents` has a `status` for each kind of use: 1 is yes, 0 is no, -1 is undecided.
//! 2. Every app's cookie counts.

use crate::{
    consent::{
        json::Json,
        signal::Vote,
        source::{Said, Source},
    },
    purpose::Purpose,
};

const USES: [(&str, Purpose); 3] = [
    ("analytics", Purpose::Analytics),
    ("remarketing", Purpose::Marketing),
    ("marketing_automation", Purpose::Marketing),
];

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    source.each_below(|app| !app.is_empty(), |value| decode(value, source))
}

fn decode(value: &str, source: &Source<'_>) -> Option<Said> {
    let json = Json::parse(value)?;
    let mut cast = Vec::new();
    for (name, answer) in json.object()?.get("consents")?.object()? {
        cast.push((name.as_str(), vote(&answer.at("status")?.to_string())?));
    }
    if cast.iter().all(|(_, vote)| *vote == Vote::Silent) {
        return Some(Said::nothing("no choice has been made yet"));
    }
    Some(Said::by(true, source.votes(cast, &USES)))
}

fn vote(status: &str) -> Option<Vote> {
    match status {
        "1" => Some(Vote::Grant),
        "0" => Some(Vote::Deny),
        "-1" => Some(Vote::Silent),
        _ => None,
    }
}
