//! Turns the body that a script sends into its fields (RFC 8259).
//!
//! 1. It is one object; `purposes` is a list of names, all else are texts. What no choice has, what is there twice and what is of
//!    another type is refused: of two readings of one body neither would be the visitor's choice for sure.

use super::Fields;
use crate::choice::Refused;
use serde::Deserialize;

const SHAPE: &str = "a JSON object with `purposes`, a list of names, and at most `method`, `text`, `lang` and `policy`, each once";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    purposes: Vec<String>,
    #[serde(default, deserialize_with = "some")]
    method: Option<String>,
    #[serde(default, deserialize_with = "some")]
    text: Option<String>,
    #[serde(default, deserialize_with = "some")]
    lang: Option<String>,
    #[serde(default, deserialize_with = "some")]
    policy: Option<String>,
}

pub(super) fn read(text: &str) -> Result<Fields, Refused> {
    // A list in the place of an object would be read by the order of the fields.
    if !text.trim_start().starts_with('{') {
        return Err(Refused::Syntax(SHAPE));
    }
    let body: Body = serde_json::from_str(text).map_err(|_| Refused::Syntax(SHAPE))?;
    let Body { purposes, method, text, lang, policy } = body;
    Ok(Fields { purposes, method, text, lang, policy, back: None })
}

/// A text, and not `null`.
fn some<'d, D: serde::Deserializer<'d>>(from: D) -> Result<Option<String>, D::Error> {
    String::deserialize(from).map(Some)
}
