//! Turns the cookie of Google's consent manager (Funding Choices), `FCCDCF`, into the strings that hold the choice.
//!
//! 1. The value is a JSON list; its fourth item is a list of a TC string (IAB TCF 2) and an Additional Consent string, once
//!    a choice was made.
//! 2. The choice is in these strings alone, which are read as those of cookies of their own: this source votes on nothing.
//! 3. Where the operator lets no TC strings be read, it is opaque.
//! 4. `FCNEC`, which has no choice in it, is not read.

use crate::consent::{
    Iab,
    json::Json,
    source::{Said, Source},
};

/// The cookie that holds no choice.
pub(super) const OTHER: &str = "FCNEC";

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    source.each(|value| decode(value, source.iab))
}

fn decode(value: &str, read: &[Iab]) -> Option<Said> {
    Json::parse(value)?.list()?;
    Some(match (string(Iab::Tcf, value), read.contains(&Iab::Tcf)) {
        (None, _) => Said::nothing("no choice has been made yet"),
        (Some(_), true) => Said::informs("its choice is the TC string in its cookie"),
        (Some(_), false) => Said::opaque("its choice is in a TC string, and these are not read"),
    })
}

/// The string of `kind` that `value` holds.
pub(in crate::consent) fn string(kind: Iab, value: &str) -> Option<String> {
    let path = match kind {
        Iab::Tcf => "3.0",
        Iab::Ac => "3.1",
        Iab::Gpp | Iab::UsPrivacy => return None,
    };
    let json = Json::parse(value)?;
    let text = json.at(path).and_then(Json::text)?;
    (!text.is_empty()).then(|| text.to_owned())
}
