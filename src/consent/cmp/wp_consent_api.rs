//! Turns the cookies of the WP Consent API into what they say.
//!
//! 1. Each category has a cookie, `wp_consent_marketing` and the like, with `allow` or `deny`; a site may have another prefix.
//! 2. The plugin that asks the visitor writes them, also with the region's defaults before a click, and nothing in them
//!    tells: they are an assumption, unless Complianz's own cookies beside them show that its banner was answered; what
//!    those refuse is refused.
//! 3. `statistics-anonymous` is allowed on a refusal, too: it is not read.

use super::complianz;
use crate::{
    consent::{
        signal::Vote,
        source::{Said, Source},
    },
    purpose::Purpose,
};

const CATEGORIES: [(&str, Purpose); 4] = [
    ("functional", Purpose::Necessary),
    ("preferences", Purpose::Functional),
    ("statistics", Purpose::Analytics),
    ("marketing", Purpose::Marketing),
];

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    let names =
        CATEGORIES.iter().map(|(name, _)| *name).chain(source.map.keys().map(String::as_str));
    let own = |name: &str| format!("{}{name}", source.cookie);
    let cast: Vec<_> =
        names.filter_map(|name| Some((name, source.vote(&own(name), vote)?))).collect();
    if cast.is_empty() {
        return None;
    }
    let complianz = Source { cookie: complianz::PREFIX, ..*source };
    let answered = complianz::is_dismissed(&complianz);
    let cast = [cast, complianz::cast(&complianz)].concat();
    Some(Said::by(answered, source.votes(cast, &CATEGORIES)))
}

fn vote(text: &str) -> Option<Vote> {
    match text {
        "allow" => Some(Vote::Grant),
        "deny" => Some(Vote::Deny),
        _ => None,
    }
}
