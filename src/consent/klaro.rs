//! Turns Klaro's cookie into what it says.
//!
//! 1. The value is JSON, service name to truth value; it is written on a choice only (Klaro, `consent-manager.js`).
//! 2. Service names are the site's own: without its map the cookie says nothing.
//! 3. Every mapped service of a purpose that is in the cookie must be true; with none in it the purpose is not spoken of.

use super::{
    json::Json,
    signal::{Vote, Votes},
    source::{Said, Source},
};

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    source.each(|value| decode(value, source))
}

fn decode(value: &str, source: &Source<'_>) -> Option<Said> {
    let json = Json::parse(value)?;
    let mut cast = Vec::new();
    for (service, answer) in json.object()? {
        if let Some(purpose) = source.purpose(service, &[]) {
            cast.push((purpose, Vote::of(answer.bool()?)));
        }
    }
    Some(Said::explicit(Votes::strictest(&cast), "chosen on the banner"))
}
