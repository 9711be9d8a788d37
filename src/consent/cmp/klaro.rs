//! Turns Klaro's cookie into what it says.
//!
//! 1. The value is JSON, service name to truth value; it is written on a choice only (Klaro, `consent-manager.js`).
//! 2. Service names are the site's own; without a map conventional names count.
//! 3. Every mapped service of a purpose that is in the cookie must be true; with none in it the purpose is not spoken of.

use super::conventional;
use crate::consent::{
    json::Json,
    signal::Vote,
    source::{Said, Source},
};

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    source.each(|value| decode(value, source))
}

fn decode(value: &str, source: &Source<'_>) -> Option<Said> {
    let json = Json::parse(value)?;
    let mut cast = Vec::new();
    for (service, answer) in json.object()? {
        cast.push((service.as_str(), Vote::of(answer.bool()?)));
    }
    Some(Said::by(true, conventional::votes(source, &cast, |_| None)))
}
