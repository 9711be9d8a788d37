//! Turns CookieHub's `cookiehub` into what it says.
//!
//! 1. The value is JSON in base64. Only with `answered:true` is it the visitor's choice; `implict` (so written by older
//!    versions) or `implicit` makes it an assumption.
//! 2. `categories` lists objects with a truth value. It is empty in newer versions, where `allAllowed:true` is a yes to
//!    everything, and everything else a no: what a partial answer looks like there is not known.
//! 3. `timestamp` is the ISO time of the choice.
//! 4. A choice under another `revision` than the site's current one says nothing.

use crate::{
    consent::{
        date,
        json::Json,
        signal::{Vote, Votes},
        source::{Said, Source},
    },
    purpose::Purpose,
};

const CATEGORIES: [(&str, Purpose); 8] = [
    ("necessary", Purpose::Necessary),
    ("preferences", Purpose::Functional),
    ("analytics", Purpose::Analytics),
    ("marketing", Purpose::Marketing),
    ("1", Purpose::Necessary),
    ("2", Purpose::Functional),
    ("3", Purpose::Analytics),
    ("4", Purpose::Marketing),
];

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    source.each(|value| decode(value, source))
}

fn decode(value: &str, source: &Source<'_>) -> Option<Said> {
    let json = Json::parse_base64(value)?;
    let members = json.object()?;
    let is = |name: &str| Json::truth(members.get(name));
    let (answered, all) = (is("answered")?, is("allAllowed")?);
    let assumed = is("implict")? || is("implicit")?;
    let votes = votes(members.get("categories")?.list()?, all, source)?;
    let revision = members.get("revision").map(ToString::to_string);
    let outdated = source.outdated(time(members.get("timestamp"))?);
    let superseded = outdated.or_else(|| source.superseded(revision.as_deref()));
    Some(match superseded {
        Some(said) => said,
        None if !answered && !assumed => Said::nothing("no choice has been made yet"),
        None => Said::by(answered && !assumed, votes),
    })
}

/// The time; there is none in an empty text.
fn time(member: Option<&Json>) -> Option<Option<i64>> {
    Json::time(member.filter(|time| time.text() != Some("")), date::iso)
}

fn votes(categories: &[Json], all: bool, source: &Source<'_>) -> Option<Votes> {
    if categories.is_empty() {
        return Some(Votes::all(Vote::of(all)));
    }
    let mut cast = Vec::new();
    for category in categories {
        let members = category.object()?;
        let name = members.get("id").or_else(|| members.get("cid"))?.to_string();
        cast.push((name, Vote::of(members.get("value")?.bool()?)));
    }
    Some(source.votes(cast.iter().map(|(name, vote)| (name.as_str(), *vote)), &CATEGORIES))
}
