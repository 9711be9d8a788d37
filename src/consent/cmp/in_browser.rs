//! What is said by consent managers that keep the choice in the browser, where no server sees it.
//!
//! 1. Their cookies, if they have any, are identifiers or sealed: a trace of them is opaque.
//!    What a mirror tells of them goes before ([`crate::consent::mirror`]).
//! 2. Without a trace they say nothing, and do say so: the site has a choice that was not read, and nothing may be assumed.

use crate::consent::source::{Said, Source};

/// Why nothing can be read, for people.
const WHY: &str = "this consent manager keeps its choice in the browser";

pub(super) const USERCENTRICS: &[&str] = &[
    "uc_settings",
    "uc_user_interaction",
    "uc_services",
    "uc_tcf",
    "uc_gcm",
    "ucData",
    "ucString",
];
pub(super) const SOURCEPOINT: &[&str] = &["consentUUID", "consentDate", "_sp_user_consent_*"];
pub(super) const OSANO: &[&str] = &["osano_consentmanager", "osano_consentmanager_uuid"];

pub(super) const TERMLY: &[&str] = &["TERMLY_API_CACHE"];

pub(super) fn termly(source: &Source<'_>) -> Option<Said> {
    Some(said(source, TERMLY))
}

pub(super) fn usercentrics(source: &Source<'_>) -> Option<Said> {
    Some(said(source, USERCENTRICS))
}

pub(super) fn sourcepoint(source: &Source<'_>) -> Option<Said> {
    Some(said(source, SOURCEPOINT))
}

pub(super) fn osano(source: &Source<'_>) -> Option<Said> {
    Some(said(source, OSANO))
}

fn said(source: &Source<'_>, traces: &[&str]) -> Said {
    let is_there = |trace: &&str| match trace.strip_suffix('*') {
        Some(prefix) => !source.cookies.below(prefix).is_empty(),
        None => source.has(trace),
    };
    if source.has(source.cookie) || traces.iter().any(is_there) {
        return Said::opaque(WHY);
    }
    Said::nothing(WHY)
}
