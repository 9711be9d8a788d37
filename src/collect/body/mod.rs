//! Turns the bytes of a request's body into what they say, told by the bytes and not by the header.
//!
//! 1. JSON, one or several values on lines of their own; with item headers whose `length` counts the bytes of the next value (Sentry
//!    envelopes). The header `Content-Type` is not asked: clients send all of it as `text/plain` to be spared a preflight request.
//! 2. Multipart (RFC 7578), by its first line.
//! 3. Query strings, one or several on lines of their own: forms, and batches of Google Analytics 4.
//! 4. Around each of them, gzip, zlib or base64, with and without `Content-Encoding`.
//! 5. What is none of these is [`Malformed`]: binary formats, text. Nothing leaves that was not read.

mod json;
mod layers;
mod lines;
mod multipart;
mod query;

pub(super) use self::{
    json::{Json, MAX_DEPTH},
    layers::{Base64, declared, decode, encode, strip, wrap},
    lines::{Document, documents, write_documents},
    multipart::{Part, parts, write_parts},
    query::{decode as decode_query, decode_path, encode as encode_query},
};

use super::Malformed;

/// What one request may cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    /// The bytes that may still be decoded.
    pub(super) bytes: usize,
    /// The values that may still be read.
    pub(super) fields: usize,
}

/// A body without the codings around it.
#[derive(Debug)]
pub(super) enum Format<'a> {
    Empty,
    Documents(Vec<Document<'a>>),
    Multipart(Vec<Part<'a>>),
    /// Lines of query strings.
    Queries(&'a str),
}

// === impl Budget ===

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: 4 << 20, fields: 50_000 }
    }
}

impl Budget {
    pub(super) fn take_bytes(&mut self, bytes: usize) -> Option<()> {
        self.bytes = self.bytes.checked_sub(bytes)?;
        Some(())
    }

    pub(super) fn take_field(&mut self) -> Option<()> {
        self.fields = self.fields.checked_sub(1)?;
        Some(())
    }
}

// === impl Format ===

impl<'a> Format<'a> {
    /// What `bytes` are.
    pub(super) fn of(bytes: &'a [u8], budget: &mut Budget) -> Result<Self, Malformed> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        match bytes.trim_ascii_start() {
            [] => Ok(Self::Empty),
            [b'{' | b'[', ..] => {
                let text = std::str::from_utf8(bytes).map_err(|_| Malformed::Json)?;
                documents(text, budget).map(Self::Documents).ok_or(Malformed::Json)
            }
            [b'-', b'-', ..] => {
                parts(bytes, budget).map(Self::Multipart).ok_or(Malformed::Multipart)
            }
            _ => queries(bytes).map(Self::Queries).ok_or(Malformed::Unknown),
        }
    }
}

/// Text whose every line has a name and a value: without this rule, any text would be the name of a field.
fn queries(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let printable = |c: char| !c.is_control() || c == '\r' || c == '\n';
    let named = |line: &str| {
        let line = line.trim_end_matches('\r');
        line.is_empty() || (line.contains('=') && !line.contains('\r'))
    };
    (text.chars().all(printable) && text.split('\n').all(named)).then_some(text)
}
