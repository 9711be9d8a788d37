//! Turns CookieYes's `cookieyes-consent` into what it says.
//!
//! 1. The value is `consentid:..,consent:yes,action:yes,necessary:yes,functional:yes,analytics:no,..`.
//! 2. `action:yes` is the click; with `action:no` the fields are the region's defaults. Before a choice they are blank.
//! 3. `consent:no` is a refusal of everything, whatever the fields say.
//! 4. Both `analytics` and `performance` must be yes for analytics.

use crate::consent::{
    signal::{Vote, Votes},
    source::{Said, Source},
};
use crate::purpose::Purpose;
use std::collections::BTreeMap;

const CATEGORIES: [(&str, Purpose); 5] = [
    ("necessary", Purpose::Necessary),
    ("functional", Purpose::Functional),
    ("analytics", Purpose::Analytics),
    ("performance", Purpose::Analytics),
    ("advertisement", Purpose::Marketing),
];

const MAX_FIELDS: usize = 64;

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    source.each(|value| decode(value, source))
}

fn decode(value: &str, source: &Source<'_>) -> Option<Said> {
    let fields = fields(value)?;
    let consent = vote(fields.get("consent")?)?;
    let action = vote(fields.get("action")?)?;
    let votes = votes(&fields, consent, source)?;
    Some(match (action, consent) {
        (Vote::Silent, _) | (_, Vote::Silent) => Said::nothing("no choice has been made yet"),
        (Vote::Grant, Vote::Grant | Vote::Deny) => Said::explicit(votes, "chosen on the banner"),
        (Vote::Deny, Vote::Grant | Vote::Deny) => {
            Said::implied(votes, "its cookie was written without a click")
        }
    })
}

fn votes(fields: &BTreeMap<&str, &str>, consent: Vote, source: &Source<'_>) -> Option<Votes> {
    let mut cast = Vec::new();
    for (name, value) in fields {
        if let Some(purpose) = source.purpose(name, &CATEGORIES) {
            cast.push((purpose, vote(value)?.and(consent)));
        }
    }
    Some(Votes::strictest(&cast))
}

fn vote(value: &str) -> Option<Vote> {
    match value {
        "yes" => Some(Vote::Grant),
        "no" => Some(Vote::Deny),
        "" => Some(Vote::Silent),
        _ => None,
    }
}

/// The fields; `None` for a part that is none, and for a name twice.
fn fields(text: &str) -> Option<BTreeMap<&str, &str>> {
    let mut fields = BTreeMap::new();
    for part in text.split(',') {
        let (name, value) = part.split_once(':')?;
        let twice = fields.insert(name.trim(), value.trim()).is_some();
        if twice || fields.len() > MAX_FIELDS {
            return None;
        }
    }
    Some(fields)
}
