//! Turns Cookie Information's `CookieInformationConsent` into what it says.
//!
//! 1. The value is JSON; `consents_approved` and `consents_denied` list categories. It is written on a choice only.
//! 2. A category in both lists is refused; one in neither is not spoken of.
//! 3. `timestamp` is the ISO time of the choice.

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
    ("cookie_cat_necessary", Purpose::Necessary),
    ("cookie_cat_functional", Purpose::Functional),
    ("cookie_cat_statistic", Purpose::Analytics),
    ("cookie_cat_marketing", Purpose::Marketing),
];

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    source.each(|value| decode(value, source))
}

fn decode(value: &str, source: &Source<'_>) -> Option<Said> {
    let json = Json::parse(value)?;
    let members = json.object()?;
    let mut cast = Vec::new();
    for (list, vote) in [("consents_approved", Vote::Grant), ("consents_denied", Vote::Deny)] {
        for category in
            members.get(list).map_or(Some(&[][..]), |list| list.list().map(Vec::as_slice))?
        {
            cast.push((category.text()?, vote));
        }
    }
    if cast.is_empty() {
        return Some(Said::nothing("no choice has been made yet"));
    }
    let outdated = source.outdated(Json::time(members.get("timestamp"), date::iso)?);
    outdated.or_else(|| Some(Said::by(true, source.votes(cast, &CATEGORIES))))
}
