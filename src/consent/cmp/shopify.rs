//! Turns Shopify's `_tracking_consent` into what it says.
//!
//! 1. The value is JSON. `con.CMP` has the visitor's answers, `1`, `0` or nothing: `a` analytics, `m` marketing,
//!    `p` preferences, `s` sale; a no to the sale refuses marketing, and a yes to it allows nothing.
//! 2. Where all of them are empty, `purposes` has what the region's rules assume.
//! 3. Without the cookie, `_cmp_a` has the same `purposes`, which are assumed, too.

use crate::{
    consent::{
        json::Json,
        signal::{Vote, Votes},
        source::{Said, Source},
    },
    purpose::Purpose,
};

const LETTERS: [(&str, Purpose); 3] =
    [("a", Purpose::Analytics), ("m", Purpose::Marketing), ("p", Purpose::Functional)];

/// The letter of the sale of data.
const SALE: &str = "s";
/// The cookie with assumptions only.
pub(super) const ASSUMED: &str = "_cmp_a";

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    let assumed = || {
        let assumed = Source { cookie: ASSUMED, ..*source };
        assumed.each(|value| assumption(&Json::parse(value)?))
    };
    source.each(decode).or_else(assumed)
}

fn decode(value: &str) -> Option<Said> {
    let json = Json::parse(value)?;
    let mut cast = Vec::new();
    for (letter, answer) in json.at("con.CMP")?.object()? {
        let vote = vote(&answer.to_string())?;
        let known = LETTERS.iter().find(|(known, _)| letter == known).map(|(_, purpose)| *purpose);
        match known {
            Some(purpose) => cast.push((purpose, vote)),
            None if letter == SALE && vote == Vote::Deny => cast.push((Purpose::Marketing, vote)),
            None => {}
        }
    }
    if cast.iter().all(|(_, vote)| *vote == Vote::Silent) {
        return assumption(&json);
    }
    Some(Said::by(true, Votes::strictest(&cast)))
}

fn assumption(json: &Json) -> Option<Said> {
    let Some(purposes) = json.object()?.get("purposes") else {
        return Some(Said::nothing("no choice has been made yet"));
    };
    let mut cast = Vec::new();
    for (letter, purpose) in LETTERS {
        if let Some(answer) = purposes.object()?.get(letter) {
            cast.push((purpose, Vote::of(answer.bool()?)));
        }
    }
    Some(Said::by(false, Votes::strictest(&cast)))
}

fn vote(answer: &str) -> Option<Vote> {
    match answer {
        "1" => Some(Vote::Grant),
        "0" => Some(Vote::Deny),
        "" => Some(Vote::Silent),
        _ => None,
    }
}
