//! Turns the type and the bytes of a choice into what the visitor [`Wanted`].
//!
//! 1. It is a form (`application/x-www-form-urlencoded`, WHATWG URL 5.1) or JSON (RFC 8259), in UTF-8 and in no content coding. Other
//!    types are refused, `text/plain` above all, which any page may send anywhere.
//! 2. It has at most [`LONGEST`] bytes.
//! 3. `necessary` needs no consent: it may be named, and is left out.
//! 4. How the browser says that the choice was made is read and not believed.

mod form;
mod json;
#[cfg(test)]
mod tests;

use super::Refused;
use crate::{
    consent::PolicyVersion,
    purpose::{Purpose, PurposeSet},
    record::Method,
};
use http::{
    HeaderMap,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};

/// The longest body of a choice; bytes.
pub const LONGEST: usize = 8 << 10;

/// How a choice is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// By a page without JavaScript; it is answered with a redirect.
    Form,
    /// By a script; it is answered with JSON.
    Json,
}

/// What a visitor sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// What is allowed; all else is refused.
    pub purposes: PurposeSet,
    /// The hash of what was shown, as the browser has it; at most 64 hexadecimal digits.
    pub text: Option<String>,
    /// The language of it, as the browser has it.
    pub lang: Option<String>,
    /// The version of the policy that was shown; none says that it is the present one.
    pub policy: Option<PolicyVersion>,
    /// The path to go back to, as it was sent.
    pub back: Option<String>,
}

/// What stands in the fields of a body; all are texts from outside.
#[derive(Debug, Default)]
struct Fields {
    purposes: Vec<String>,
    method: Option<String>,
    text: Option<String>,
    lang: Option<String>,
    policy: Option<String>,
    back: Option<String>,
}

impl Format {
    /// The format that the headers say.
    ///
    /// # Errors
    /// When it is another one.
    pub fn of(headers: &HeaderMap) -> Result<Self, Refused> {
        let plain = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
        let mut types = headers.get_all(CONTENT_TYPE).iter();
        let (Some(value), None) = (types.next(), types.next()) else { return Err(Refused::Type) };
        if !headers.get_all(CONTENT_ENCODING).iter().all(plain) {
            return Err(Refused::Type);
        }
        let mut parts = value.to_str().map_err(|_| Refused::Type)?.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default();
        if !parts.all(is_utf8) {
            return Err(Refused::Type);
        }
        match media_type {
            _ if media_type.eq_ignore_ascii_case("application/json") => Ok(Self::Json),
            _ if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") => {
                Ok(Self::Form)
            }
            _ => Err(Refused::Type),
        }
    }

    /// What `body` says.
    ///
    /// # Errors
    /// When any part of it cannot be read.
    pub fn read(self, body: &[u8]) -> Result<Wanted, Refused> {
        if body.len() > LONGEST {
            return Err(Refused::TooLarge);
        }
        let text = str::from_utf8(body).map_err(|_| Refused::Charset)?;
        let fields = match self {
            Self::Form => form::read(text)?,
            Self::Json => json::read(text)?,
        };
        fields.try_into()
    }
}

/// Whether a parameter of a media type leaves UTF-8.
fn is_utf8(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    let value = value.trim_matches('"');
    !name.eq_ignore_ascii_case("charset")
        || ["utf-8", "utf8"].iter().any(|u| value.eq_ignore_ascii_case(u))
}

impl TryFrom<Fields> for Wanted {
    type Error = Refused;
    fn try_from(fields: Fields) -> Result<Self, Refused> {
        let Fields { purposes, method, text, lang, policy, back } = fields;
        if method.is_some_and(|name| name.parse::<Method>().is_err()) {
            return Err(Refused::Value("method", "accept-all, reject-all, custom or withdraw"));
        }
        if !text.iter().all(|text| is_hash(text)) {
            return Err(Refused::Value("text", "a hash in hexadecimal digits"));
        }
        if !lang.iter().all(|lang| is_language(lang)) {
            return Err(Refused::Value("lang", "a language, as en or pt-BR"));
        }
        let policy = policy.map(|name| name.parse()).transpose();
        let policy = policy.map_err(|_| Refused::Value("policy", "the version that was shown"))?;
        Ok(Self { purposes: set(&purposes)?, text, lang, policy, back })
    }
}

fn set(names: &[String]) -> Result<PurposeSet, Refused> {
    let mut seen = PurposeSet::EMPTY;
    for name in names {
        let purpose: Purpose = name.parse()?;
        if seen.contains(purpose) {
            return Err(Refused::Twice("purpose"));
        }
        seen = seen.with(purpose);
    }
    Ok(Purpose::OPTIONAL.into_iter().filter(|purpose| seen.contains(*purpose)).collect())
}

fn is_hash(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// The form of a language tag (RFC 5646 2.1), roughly.
fn is_language(text: &str) -> bool {
    (1..=35).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}
