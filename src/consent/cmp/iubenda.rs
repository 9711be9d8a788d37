//! Turns iubenda's `_iub_cs-<id>` into what it says.
//!
//! 1. The name ends in the number of the policy, or in `s` and that of the site; each such cookie counts.
//! 2. The value is JSON, written on a choice only: `purposes` has the answers by number, and a number that is not in it is
//!    refused; without it `consent` answers for everything.
//! 3. `timestamp` is the ISO time of the choice.

use crate::{
    consent::{
        date,
        json::Json,
        signal::{Vote, Votes},
        source::{Said, Source},
    },
    purpose::Purpose,
};

const PURPOSES: [(&str, Purpose); 5] = [
    ("1", Purpose::Necessary),
    ("2", Purpose::Functional),
    ("3", Purpose::Functional),
    ("4", Purpose::Analytics),
    ("5", Purpose::Marketing),
];

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    source.each_below(is_own, |value| decode(value, source))
}

fn is_own(rest: &str) -> bool {
    let number = rest.strip_prefix('s').unwrap_or(rest);
    !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

fn decode(value: &str, source: &Source<'_>) -> Option<Said> {
    let json = Json::parse(value)?;
    let members = json.object()?;
    let consent = members.get("consent").map_or(Some(None), |consent| consent.bool().map(Some))?;
    let votes = match (members.get("purposes"), consent) {
        (Some(purposes), consent) => {
            let mut accepted = Vec::new();
            for (number, answer) in purposes.object()? {
                if answer.bool()? && consent != Some(false) {
                    accepted.push(number.as_str());
                }
            }
            source.listed(&accepted, &PURPOSES)
        }
        (None, Some(consent)) => Votes::all(Vote::of(consent)),
        (None, None) => return Some(Said::nothing("no choice has been made yet")),
    };
    let outdated = source.outdated(Json::time(members.get("timestamp"), date::iso)?);
    outdated.or_else(|| Some(Said::by(true, votes)))
}
