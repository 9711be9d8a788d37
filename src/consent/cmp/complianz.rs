//! Turns Complianz's cookies into what they say.
//!
//! 1. Each category has a cookie, `cmplz_marketing` and the like, with `allow` or `deny`. They are written for every
//!    visitor, with the region's defaults: only `cmplz_banner-status=dismissed` makes them a choice. A site may have
//!    another prefix.
//! 2. The category `functional` is what a site needs to work and is always allowed: it is not our functional.
//! 3. Older versions have `cmplz_consent_status` in the place of the banner's: `deny` refuses everything, `allow` makes the
//!    categories a choice, or grants everything where there are none; a `dismiss` is no choice.
//! 4. A choice under another `cmplz_policy_id` than the site's current one says nothing.

use crate::{
    consent::{
        signal::{Vote, Votes},
        source::{Said, Source},
    },
    purpose::Purpose,
};

const CATEGORIES: [(&str, Purpose); 6] = [
    ("functional", Purpose::Necessary),
    ("preferences", Purpose::Functional),
    ("prefs", Purpose::Functional),
    ("statistics", Purpose::Analytics),
    ("stats", Purpose::Analytics),
    ("marketing", Purpose::Marketing),
];

/// What the names of its cookies begin with.
pub(super) const PREFIX: &str = "cmplz_";
/// The cookie that tells what became of the banner, after the prefix.
const BANNER: &str = "banner-status";

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    let cast = cast(source);
    let status = source.vote(&own(source, "consent_status"), status);
    if cast.is_empty() && status.is_none() && !source.has(&own(source, BANNER)) {
        return None;
    }
    if let Some(superseded) = superseded(source) {
        return Some(superseded);
    }
    let votes = source.votes(cast.iter().copied(), &CATEGORIES);
    Some(match status {
        Some(Vote::Deny) => Said::by(true, Votes::all(Vote::Deny)),
        Some(Vote::Grant) if cast.is_empty() => Said::by(true, Votes::all(Vote::Grant)),
        Some(Vote::Grant) => Said::by(true, votes),
        Some(Vote::Silent) | None => Said::by(is_dismissed(source), votes),
    })
}

/// What the cookies of the categories say.
pub(super) fn cast<'s>(source: &Source<'s>) -> Vec<(&'s str, Vote)> {
    let mapped = source.map.keys().map(String::as_str);
    let names = CATEGORIES.iter().map(|(name, _)| *name).chain(mapped);
    names.filter_map(|name| Some((name, source.vote(&own(source, name), vote)?))).collect()
}

/// Whether the visitor has answered Complianz's banner.
pub(super) fn is_dismissed(source: &Source<'_>) -> bool {
    source.is_always(&own(source, BANNER), "dismissed") == Some(true)
}

fn own(source: &Source<'_>, name: &str) -> String {
    format!("{}{name}", source.cookie)
}

fn superseded(source: &Source<'_>) -> Option<Said> {
    let current = source.revision?;
    let held = source.is_always(&own(source, "policy_id"), current);
    source.superseded((held == Some(true)).then_some(current))
}

fn vote(text: &str) -> Option<Vote> {
    match text {
        "allow" => Some(Vote::Grant),
        "deny" => Some(Vote::Deny),
        _ => None,
    }
}

fn status(text: &str) -> Option<Vote> {
    if text == "dismiss" { Some(Vote::Silent) } else { vote(text) }
}
