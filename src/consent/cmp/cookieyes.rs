//! Turns CookieYes's `cookieyes-consent` into what it says.
//!
//! 1. The value is `consentid:..,consent:yes,action:yes,necessary:yes,functional:yes,analytics:no,..`.
//! 2. `action:yes` is the click; with `action:no` the fields are the region's defaults. Before a choice they are blank.
//! 3. `consent:no` is a refusal of everything, whatever the fields say.
//! 4. Both `analytics` and `performance` must be yes for analytics.

use crate::consent::{
    signal::{Vote, Votes},
    source::{Said, Source},
};
use crate::purpose::Purpose;

const CATEGORIES: [(&str, Purpose); 5] = [
    ("necessary", Purpose::Necessary),
    ("functional", Purpose::Functional),
    ("analytics", Purpose::Analytics),
    ("performance", Purpose::Analytics),
    ("advertisement", Purpose::Marketing),
];

const MAX_FIELDS: usize = 64;

/// The fields, in their order.
type Fields<'v> = Vec<(&'v str, &'v str)>;

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    source.each(|value| decode(value, source))
}

fn decode(value: &str, source: &Source<'_>) -> Option<Said> {
    let fields = fields(value)?;
    let consent = vote(field(&fields, "consent")?)?;
    let action = vote(field(&fields, "action")?)?;
    let votes = votes(&fields, consent, source)?;
    Some(match (action, consent) {
        (Vote::Silent, _) | (_, Vote::Silent) => Said::nothing("no choice has been made yet"),
        (Vote::Grant, Vote::Grant | Vote::Deny) => Said::explicit(votes, "chosen on the banner"),
        (Vote::Deny, Vote::Grant | Vote::Deny) => {
            Said::implied(votes, "its cookie was written without a click")
        }
    })
}

fn votes(fields: &Fields<'_>, consent: Vote, source: &Source<'_>) -> Option<Votes> {
    let mut cast = Vec::new();
    for (name, value) in fields {
        if let Some(purpose) = source.purpose(name, &CATEGORIES) {
            cast.push((purpose, vote(value)?.and(consent)));
        }
    }
    Some(Votes::strictest(&cast))
}

fn field<'v>(fields: &Fields<'v>, name: &str) -> Option<&'v str> {
    fields.iter().find(|(n, _)| *n == name).map(|(_, value)| *value)
}

fn vote(value: &str) -> Option<Vote> {
    match value {
        "yes" => Some(Vote::Grant),
        "no" => Some(Vote::Deny),
        "" => Some(Vote::Silent),
        _ => None,
    }
}

/// The fields; `None` for a part that is none, and for a name twice.
fn fields(text: &str) -> Option<Fields<'_>> {
    let mut fields = Fields::with_capacity(16);
    for part in text.split(',') {
        let (name, value) = part.split_once(':')?;
        let name = name.trim();
        if fields.len() == MAX_FIELDS || field(&fields, name).is_some() {
            return None;
        }
        fields.push((name, value.trim()));
    }
    Some(fields)
}
