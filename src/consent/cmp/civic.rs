//! Turns Civic Cookie Control's `CookieControl` into what it says.
//!
//! 1. The value is JSON, mostly raw; `optionalCookies` holds the site's categories as `accepted` or `revoked`.
//! 2. `legitimate interest` is neither: it never grants and is no refusal.
//! 3. Only with `interactedWith:true` is it the visitor's choice.
//! 4. `consentDate` is the time of the choice in milliseconds.
//! 5. Categories are the site's own; without a map conventional names count.

use super::conventional;
use crate::consent::{
    date,
    json::Json,
    signal::Vote,
    source::{Said, Source},
};

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    source.each(|value| decode(value, source))
}

fn decode(value: &str, source: &Source<'_>) -> Option<Said> {
    let json = Json::parse(value)?;
    let members = json.object()?;
    let acted = Json::truth(members.get("interactedWith"))?;
    let mut cast = Vec::new();
    for (category, answer) in members.get("optionalCookies")?.object()? {
        cast.push((category.as_str(), vote(answer.text()?)?));
    }
    if !acted && cast.is_empty() {
        return Some(Said::nothing("no choice has been made yet"));
    }
    let outdated = source.outdated(Json::time(members.get("consentDate"), date::unix_millis)?);
    let votes = conventional::votes(source, &cast, |_| None);
    outdated.or_else(|| Some(Said::by(acted, votes)))
}

fn vote(answer: &str) -> Option<Vote> {
    match answer {
        "accepted" => Some(Vote::Grant),
        "revoked" => Some(Vote::Deny),
        "legitimate interest" => Some(Vote::Silent),
        _ => None,
    }
}
