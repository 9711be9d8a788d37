//! Turns Matomo's own consent cookies into what they say of analytics.
//!
//! 1. `mtm_consent` is the time of a yes in milliseconds; `mtm_consent_removed`, whatever is in it, is a no, and wins.
//! 2. `mtm_cookie_consent` only says that Matomo may set cookies: it is no answer about analytics.

use crate::{
    consent::{
        date,
        signal::{Vote, Votes},
        source::{Said, Source},
    },
    purpose::Purpose,
};

/// The cookie of a no.
pub(super) const REMOVED: &str = "mtm_consent_removed";

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    if source.has(REMOVED) {
        return Some(Said::by(true, analytics(Vote::Deny)));
    }
    source.each(|value| {
        let outdated = source.outdated(Some(date::unix_millis(value)?));
        outdated.or_else(|| Some(Said::by(true, analytics(Vote::Grant))))
    })
}

fn analytics(vote: Vote) -> Votes {
    Votes::strictest(&[(Purpose::Analytics, vote)])
}
