//! Turns Commanders Act's `TC_PRIVACY` into what it says.
//!
//! 1. The value is `status@version|banner|site@categories@..`; a status of 0 is a yes and of 1 a no to everything.
//! 2. `categories` lists what was accepted, by the site's own numbers, or is `ALL`; with a yes, a category of the site's
//!    map that is not in it is refused.
//! 3. Of the numbers after the categories, the latest that is not in the future is the time of the choice in milliseconds:
//!    the time at which the choice ends is among them, too.
//! 4. The cookie is written on a choice only.

use crate::consent::{
    date,
    signal::{Vote, Votes},
    source::{Said, Source},
};

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    source.each(|value| decode(value, source))
}

fn decode(value: &str, source: &Source<'_>) -> Option<Said> {
    let mut parts = value.split('@');
    let (status, site, categories) = (parts.next()?, parts.next()?, parts.next()?);
    if site.split('|').count() != 3 {
        return None;
    }
    let votes = match status {
        "0" => accepted(categories, source)?,
        "1" => Votes::all(Vote::Deny),
        _ => return None,
    };
    let times = parts.flat_map(|part| part.split(',')).filter_map(date::unix_millis);
    let outdated = source.outdated(times.filter(|at| !source.clock.is_ahead(*at)).max());
    outdated.or_else(|| Some(Said::by(true, votes)))
}

fn accepted(categories: &str, source: &Source<'_>) -> Option<Votes> {
    if categories == "ALL" {
        return Some(Votes::all(Vote::Grant));
    }
    let ids: Vec<&str> = categories.split(',').filter(|id| !id.is_empty()).collect();
    let plain = ids.iter().all(|id| id.bytes().all(|b| b.is_ascii_alphanumeric()));
    plain.then(|| source.listed(&ids, &[]))
}
