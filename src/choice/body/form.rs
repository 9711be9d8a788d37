//! Turns the body of a form into its fields (WHATWG URL 5.1).
//!
//! 1. What is percent-encoded must be UTF-8 when it is decoded; a parser that puts other characters in its place would guess.
//! 2. `purpose` may be there for each purpose, all others once; what no choice has is refused.

use super::Fields;
use crate::choice::Refused;
use percent_encoding::percent_decode_str;

const FIELDS: &str = "purpose, method, text, lang, policy, back";

pub(super) fn read(text: &str) -> Result<Fields, Refused> {
    let mut fields = Fields::default();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name)?, decoded(value)?);
        let (place, name) = match &*name {
            "purpose" => {
                fields.purposes.push(value);
                continue;
            }
            "method" => (&mut fields.method, "method"),
            "text" => (&mut fields.text, "text"),
            "lang" => (&mut fields.lang, "lang"),
            "policy" => (&mut fields.policy, "policy"),
            "back" => (&mut fields.back, "back"),
            _ => return Err(Refused::Field(FIELDS)),
        };
        if place.replace(value).is_some() {
            return Err(Refused::Twice(name));
        }
    }
    Ok(fields)
}

fn decoded(text: &str) -> Result<String, Refused> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().map_err(|_| Refused::Charset)?;
    Ok(decoded.into_owned())
}
