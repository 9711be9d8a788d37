//! Turns `cookieconsent_status`, of the open source Cookie Consent by Osano (Insites), into what it says.
//!
//! 1. `allow` and `deny` are about everything, on a click.
//! 2. `dismiss` closed a banner that asked nothing: it is no choice.

use crate::consent::{
    signal::{Vote, Votes},
    source::{Said, Source},
};

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    source.each(decode)
}

fn decode(value: &str) -> Option<Said> {
    match value {
        "allow" => Some(Said::by(true, Votes::all(Vote::Grant))),
        "deny" => Some(Said::by(true, Votes::all(Vote::Deny))),
        "dismiss" => Some(Said::nothing("the banner was closed, which is no choice")),
        _ => None,
    }
}
