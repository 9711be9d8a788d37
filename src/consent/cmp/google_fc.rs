//! Turns the cookie of Google's consent manager (Funding Choices), `FCCDCF`, into what it says.
//!
//! 1. The value is a JSON list; its fourth item is a list that begins with a TC string (IAB TCF 2) once a choice was made.
//! 2. The choice is in the TC string alone, which is opaque here. `FCNEC`, which has no choice in it, is not read.

use crate::consent::{
    json::Json,
    source::{Said, Source},
};

/// The cookie that holds no choice.
pub(super) const OTHER: &str = "FCNEC";

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    source.each(decode)
}

fn decode(value: &str) -> Option<Said> {
    let json = Json::parse(value)?;
    json.list()?;
    let string = json.at("3.0").and_then(Json::text).filter(|string| !string.is_empty());
    Some(match string {
        Some(_) => Said::opaque("its choice is in a TC string, which this source does not read"),
        None => Said::nothing("no choice has been made yet"),
    })
}
