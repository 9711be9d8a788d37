//! Turns Axeptio's `axeptio_cookies` into what it says.
//!
//! 1. The value is JSON: members that begin with `$$` are Axeptio's own, the others are vendors and truth values.
//! 2. It is written before a choice too: only `$$completed:true` makes it one.
//! 3. `$$date` is the ISO time of the choice.
//! 4. Vendor names are the site's own; without a map conventional names count.

use super::conventional;
use crate::consent::{
    date,
    json::Json,
    signal::Vote,
    source::{Said, Source},
};

/// What the names of Axeptio's own members begin with.
const OWN: &str = "$$";

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    source.each(|value| decode(value, source))
}

fn decode(value: &str, source: &Source<'_>) -> Option<Said> {
    let json = Json::parse(value)?;
    let members = json.object()?;
    if !Json::truth(members.get("$$completed"))? {
        return Some(Said::nothing("no choice has been made yet"));
    }
    let mut cast = Vec::new();
    for (vendor, answer) in members.iter().filter(|(name, _)| !name.starts_with(OWN)) {
        cast.push((vendor.as_str(), Vote::of(answer.bool()?)));
    }
    let outdated = source.outdated(Json::time(members.get("$$date"), date::iso)?);
    let votes = conventional::votes(source, &cast, |_| None);
    outdated.or_else(|| Some(Said::by(true, votes)))
}
