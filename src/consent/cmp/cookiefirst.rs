//! Turns CookieFirst's `cookiefirst-consent` into what it says.
//!
//! 1. The value is JSON, category to truth value. It is written on a choice only.
//! 2. `timestamp` is the time of the choice in seconds.
//! 3. A choice under another `version` than the site's current one says nothing.

use crate::{
    consent::{
        date,
        json::Json,
        signal::Vote,
        source::{Said, Source},
    },
    purpose::Purpose,
};

const CATEGORIES: [(&str, Purpose); 4] = [
    ("necessary", Purpose::Necessary),
    ("functional", Purpose::Functional),
    ("performance", Purpose::Analytics),
    ("advertising", Purpose::Marketing),
];

/// Members that are no categories.
const OTHERS: [&str; 3] = ["timestamp", "type", "version"];

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    source.each(|value| decode(value, source))
}

fn decode(value: &str, source: &Source<'_>) -> Option<Said> {
    let json = Json::parse(value)?;
    let members = json.object()?;
    let mut cast = Vec::new();
    for (name, answer) in members.iter().filter(|(name, _)| !OTHERS.contains(&name.as_str())) {
        if source.purpose(name, &CATEGORIES).is_some() {
            cast.push((name.as_str(), Vote::of(answer.bool()?)));
        }
    }
    let version = members.get("version").map(ToString::to_string);
    let outdated = source.outdated(Json::time(members.get("timestamp"), date::unix)?);
    let superseded = outdated.or_else(|| source.superseded(version.as_deref()));
    superseded.or_else(|| Some(Said::by(true, source.votes(cast, &CATEGORIES))))
}
