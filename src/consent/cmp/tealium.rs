//! Turns Tealium's `CONSENTMGR` into what it says.
//!
//! 1. The value is `ts:1780000000000|consent:true|c1:1|c3:0`; `ts` is the time of the choice in milliseconds. It is written
//!    on a choice only.
//! 2. `consent:false` refuses everything. With `consent:true` the categories count, or where there are none, everything is
//!    allowed.
//! 3. Categories are Tealium's: 1 analytics; 2 affiliates, 3 display ads, 4 search, 5 email, 7 social and 10 cookie matching
//!    for marketing; 6 personalization for functional. Others are left to the site's map.
//! 4. A name twice is malformed.

use crate::{
    consent::{
        date,
        signal::{Vote, Votes},
        source::{Said, Source},
    },
    purpose::Purpose,
};
use std::collections::BTreeMap;

const CATEGORIES: [(&str, Purpose); 8] = [
    ("c1", Purpose::Analytics),
    ("c2", Purpose::Marketing),
    ("c3", Purpose::Marketing),
    ("c4", Purpose::Marketing),
    ("c5", Purpose::Marketing),
    ("c6", Purpose::Functional),
    ("c7", Purpose::Marketing),
    ("c10", Purpose::Marketing),
];

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    source.each(|value| decode(value, source))
}

fn decode(value: &str, source: &Source<'_>) -> Option<Said> {
    let mut fields = BTreeMap::new();
    for part in value.split('|') {
        let (name, value) = part.split_once(':')?;
        // A value that is still encoded is for the next form.
        let plain = value.bytes().all(|b| b.is_ascii_alphanumeric());
        if !plain || fields.insert(name, value).is_some() {
            return None;
        }
    }
    let Some(consent) = fields.get("consent") else {
        return Some(Said::nothing("no choice has been made yet"));
    };
    let at = fields.get("ts").map_or(Some(None), |ts| date::unix_millis(ts).map(Some))?;
    let votes = match *consent {
        "true" => accepted(&fields, source)?,
        "false" => Votes::all(Vote::Deny),
        _ => return None,
    };
    source.outdated(at).or_else(|| Some(Said::by(true, votes)))
}

fn accepted(fields: &BTreeMap<&str, &str>, source: &Source<'_>) -> Option<Votes> {
    let mut cast = Vec::new();
    for (name, answer) in fields.iter().filter(|(name, _)| is_category(name)) {
        cast.push((*name, vote(answer)?));
    }
    if cast.is_empty() {
        return Some(Votes::all(Vote::Grant));
    }
    Some(source.votes(cast, &CATEGORIES))
}

fn is_category(name: &str) -> bool {
    let number = name.strip_prefix('c').filter(|number| !number.is_empty());
    number.is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit()))
}

fn vote(answer: &str) -> Option<Vote> {
    match answer {
        "1" => Some(Vote::Grant),
        "0" => Some(Vote::Deny),
        _ => None,
    }
}
