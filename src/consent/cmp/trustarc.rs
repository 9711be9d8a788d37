//! Turns TrustArc's cookies into what they say.
//!
//! 1. `notice_preferences` holds the highest level that was accepted (`2:`), `notice_gdpr_prefs` each of them (`0,1,2:`),
//!    `cmapi_cookie_privacy` each plus one (`permit 1,2,3`); what follows the colon is no level. Where there are several,
//!    each must allow.
//! 2. Level 0 is necessary, 1 functional and analytics, 2 marketing; a site's map gives levels other purposes.
//! 3. `notice_behavior` says by what law the visitor was asked: only `expressed` makes the levels a choice, and only where
//!    one of the two `notice_` cookies shows that the notice was answered. `implied` may also stand after the levels.

use crate::{
    consent::{
        signal::{Vote, Votes},
        source::{Said, Source},
    },
    purpose::Purpose,
};

/// The cookies with levels.
pub(super) const LEVELS: &str = "notice_gdpr_prefs";
pub(super) const PERMIT: &str = "cmapi_cookie_privacy";
/// The cookie with the law.
pub(super) const BEHAVIOR: &str = "notice_behavior";

/// The highest level.
const HIGHEST: u8 = 9;

const PURPOSES: [(u8, &str, Purpose); 4] = [
    (0, "0", Purpose::Necessary),
    (1, "1", Purpose::Functional),
    (1, "1", Purpose::Analytics),
    (2, "2", Purpose::Marketing),
];

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    let highest = source.each(|value| said(&up_to(before_colon(value))?, value, source));
    let each = named(source, LEVELS, |value| said(&levels(before_colon(value))?, value, source));
    let permitted = named(source, PERMIT, |value| said(&permitted(value)?, value, source));
    let answered = highest.is_some() || each.is_some();
    let all = [highest, each, permitted].into_iter().flatten();
    all.reduce(Said::and).map(|said| if answered { said } else { said.assumed() })
}

fn named(source: &Source<'_>, cookie: &str, decode: impl Fn(&str) -> Option<Said>) -> Option<Said> {
    Source { cookie, ..*source }.each(decode)
}

fn said(levels: &[u8], value: &str, source: &Source<'_>) -> Option<Said> {
    let rest = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b',');
    let after = value.split_once(':').map_or("", |(_, after)| after);
    let implied = after.split(':').any(|part| asked(part) == Some(Vote::Deny));
    let acted = source.vote(BEHAVIOR, asked) == Some(Vote::Grant) && !implied;
    after.bytes().all(rest).then(|| Said::by(acted, votes(levels, source)))
}

/// Whether the law wants an answer.
fn asked(law: &str) -> Option<Vote> {
    match law.split([',', '|']).next()? {
        "expressed" => Some(Vote::Grant),
        "implied" | "none" => Some(Vote::Deny),
        _ => None,
    }
}

fn votes(levels: &[u8], source: &Source<'_>) -> Votes {
    let vote = |level: u8| Vote::of(levels.contains(&level));
    let mapped =
        source.map.iter().filter_map(|(name, purpose)| Some((*purpose, vote(name.parse().ok()?))));
    let given = PURPOSES.iter().filter(|(_, name, _)| !source.map.contains_key(*name));
    let given = given.map(|(level, _, purpose)| (*purpose, vote(*level)));
    Votes::strictest(&mapped.chain(given).collect::<Vec<_>>())
}

fn before_colon(value: &str) -> &str {
    value.split_once(':').map_or(value, |(levels, _)| levels)
}

fn up_to(highest: &str) -> Option<Vec<u8>> {
    level(highest).map(|highest| (0..=highest).collect())
}

fn levels(text: &str) -> Option<Vec<u8>> {
    text.split([',', '|']).map(level).collect()
}

/// The levels of `permit 1,2,3`, `permit_1|2|3` and `permit 1 required`.
fn permitted(value: &str) -> Option<Vec<u8>> {
    let permitted = value.strip_prefix("permit")?.strip_prefix([' ', '_', '+'])?;
    let numbers = permitted.split([' ', '+']).next()?;
    levels(numbers)?.iter().map(|level| level.checked_sub(1)).collect()
}

fn level(text: &str) -> Option<u8> {
    text.parse().ok().filter(|level| *level <= HIGHEST)
}
