//! Turns CookieScript's `CookieScriptConsent` into what it says.
//!
//! 1. The value is JSON; `action` is `accept` or `reject`, and without it nothing was chosen.
//! 2. `categories` is a list, or JSON text of one; a category that is not in it is refused. A reject refuses everything.
//! 3. An accept without categories says nothing: what it was about is not known.
//! 4. `consenttime` is the time of the choice in seconds.

use crate::{
    consent::{
        date,
        json::Json,
        signal::{Vote, Votes},
        source::{Said, Source},
    },
    purpose::Purpose,
};
use std::borrow::Cow;

const CATEGORIES: [(&str, Purpose); 4] = [
    ("strict", Purpose::Necessary),
    ("functionality", Purpose::Functional),
    ("performance", Purpose::Analytics),
    ("targeting", Purpose::Marketing),
];

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    source.each(|value| decode(value, source))
}

fn decode(value: &str, source: &Source<'_>) -> Option<Said> {
    let json = Json::parse(value)?;
    let members = json.object()?;
    let Some(action) = members.get("action") else {
        return Some(Said::nothing("no choice has been made yet"));
    };
    if let Some(outdated) = source.outdated(Json::time(members.get("consenttime"), date::unix)?) {
        return Some(outdated);
    }
    let listed = list(members.get("categories"))?;
    let categories: Vec<&str> = listed.list()?.iter().map(Json::text).collect::<Option<_>>()?;
    Some(match action.text()? {
        "reject" => Said::by(true, Votes::all(Vote::Deny)),
        "accept" if categories.is_empty() => Said::nothing("it accepts, and does not say what"),
        "accept" => Said::by(true, source.listed(&categories, &CATEGORIES)),
        _ => return None,
    })
}

fn list(categories: Option<&Json>) -> Option<Cow<'_, Json>> {
    match categories {
        None => Some(Cow::Owned(Json::List(Vec::new()))),
        Some(Json::Text(text)) => Json::parse(text).map(Cow::Owned),
        Some(list) => Some(Cow::Borrowed(list)),
    }
}
