//! Turns the cookies of CookieYes's older WordPress plugin (GDPR Cookie Consent) into what they say.
//!
//! 1. Each category has a cookie, `cookielawinfo-checkbox-analytics` and the like, with `yes` or `no`. They are written for
//!    every visitor: only `viewed_cookie_policy=yes` makes them a choice; `no` there refuses everything.
//! 2. The category `non-necessary` is about everything.
//! 3. `CookieLawInfoConsent` is JSON in base64 with the same categories; where both are there both must allow.

use crate::{
    consent::{
        json::Json,
        signal::{Vote, Votes},
        source::{Said, Source},
    },
    purpose::Purpose,
};

const CATEGORIES: [(&str, Purpose); 5] = [
    ("necessary", Purpose::Necessary),
    ("functional", Purpose::Functional),
    ("analytics", Purpose::Analytics),
    ("performance", Purpose::Analytics),
    ("advertisement", Purpose::Marketing),
];

/// The category that is about everything.
const ALL: &str = "non-necessary";
/// The cookie that tells what became of the banner.
pub(super) const VIEWED: &str = "viewed_cookie_policy";
/// The cookie with all categories.
pub(super) const WHOLE: &str = "CookieLawInfoConsent";

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    let cast = [by_cookie(source), in_one(source)].concat();
    let viewed = source.vote(VIEWED, vote);
    match viewed {
        Some(Vote::Deny) => Some(Said::by(true, Votes::all(Vote::Deny))),
        None if cast.is_empty() => None,
        viewed => Some(Said::by(viewed == Some(Vote::Grant), Votes::strictest(&cast))),
    }
}

/// What the cookies of the categories say.
fn by_cookie(source: &Source<'_>) -> Vec<(Purpose, Vote)> {
    let known = CATEGORIES.iter().map(|(name, _)| *name).chain([ALL]);
    let names = known.chain(source.map.keys().map(String::as_str));
    let vote = |name| Some((name, source.vote(&format!("{}{name}", source.cookie), vote)?));
    names.filter_map(vote).flat_map(|(name, vote)| on(name, vote, source)).collect()
}

/// What the cookie with all categories says; silence on everything where it is malformed.
fn in_one(source: &Source<'_>) -> Vec<(Purpose, Vote)> {
    let read = |text: &str| {
        let json = Json::parse_base64(text)?;
        let mut cast = Vec::new();
        for (name, answer) in json.object()?.iter().filter(|(name, _)| *name != "ver") {
            cast.extend(on(name, Vote::of(answer.bool()?), source));
        }
        Some(cast)
    };
    let silence = || Purpose::OPTIONAL.map(|purpose| (purpose, Vote::Silent)).to_vec();
    let values = source.cookies.values(WHOLE);
    values.iter().flat_map(|forms| forms.find(read).unwrap_or_else(silence)).collect()
}

fn on(name: &str, vote: Vote, source: &Source<'_>) -> Vec<(Purpose, Vote)> {
    match source.purpose(name, &CATEGORIES) {
        Some(purpose) => vec![(purpose, vote)],
        None if name == ALL => Purpose::OPTIONAL.map(|purpose| (purpose, vote)).to_vec(),
        None => Vec::new(),
    }
}

fn vote(text: &str) -> Option<Vote> {
    match text {
        "yes" => Some(Vote::Grant),
        "no" => Some(Vote::Deny),
        _ => None,
    }
}
