//! Turns a query or a body as it is sent into what people read: escapes, base64 and content codings undone, JSON as JSON.

use crate::collect::plain_text;
use base64::{Engine as _, engine::general_purpose};
use serde_json::{Value, json};
use url::form_urlencoded;

/// A name and what stands there: text, or the JSON that it holds.
pub(super) type Pair = (String, Value);

/// What people read in a body.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Body {
    /// Nothing.
    Empty,
    /// One document of JSON, or one a line.
    Documents(Vec<Value>),
    /// Query strings, one a line.
    Queries(Vec<Vec<Pair>>),
    /// Any other text.
    Text(String),
    /// So many bytes of something else.
    Bytes(usize),
}

/// The parameters of a query string.
pub(super) fn pairs(query: &str) -> Vec<Pair> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    pairs.map(|(name, text)| (name.into_owned(), value(&text))).collect()
}

/// A text, or the JSON that it holds, plain or as base64.
fn value(text: &str) -> Value {
    let decoders = [&general_purpose::STANDARD, &general_purpose::URL_SAFE_NO_PAD];
    let decoded = || {
        let bytes = decoders.into_iter().find_map(|decoder| decoder.decode(text).ok())?;
        String::from_utf8(bytes).ok()
    };
    let document = |text: &str| {
        let json: Option<Value> = serde_json::from_str(text).ok();
        json.filter(|json| json.is_object() || json.is_array())
    };
    let held = document(text).or_else(|| document(&decoded()?));
    held.map_or_else(|| Value::String(text.to_owned()), opened)
}

/// `json` with the texts in it that hold JSON opened.
fn opened(json: Value) -> Value {
    match json {
        Value::String(text) => value(&text),
        Value::Array(items) => Value::Array(items.into_iter().map(opened).collect()),
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(name, json)| (name, opened(json))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => json,
    }
}

impl Body {
    /// What people read in `body`.
    pub(super) fn of(body: &[u8], content_encoding: Option<&str>) -> Self {
        if body.is_empty() {
            return Self::Empty;
        }
        let Some(text) = plain_text(body, content_encoding) else { return Self::Bytes(body.len()) };
        let lines = || text.lines().filter(|line| !line.trim().is_empty());
        let documents = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
        if let Ok(documents) = documents.collect::<Result<Vec<_>, _>>() {
            return Self::Documents(documents.into_iter().map(opened).collect());
        }
        let is_query = |line: &str| line.contains('=') && !line.contains(char::is_whitespace);
        if lines().all(is_query) {
            return Self::Queries(lines().map(pairs).collect());
        }
        Self::Text(text)
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        match self {
            Self::Empty => Value::Null,
            Self::Documents(documents) => match documents.as_slice() {
                [document] => document.clone(),
                documents => json!(documents),
            },
            Self::Queries(lines) => match lines.as_slice() {
                [pairs] => json!(pairs),
                lines => json!(lines),
            },
            Self::Text(text) => json!(text),
            Self::Bytes(count) => json!(format!("{count} bytes")),
        }
    }

    /// For people: lines.
    pub(super) fn lines(&self) -> Vec<String> {
        match self {
            Self::Empty => Vec::new(),
            Self::Documents(documents) => {
                documents.iter().flat_map(|json| lines(&format!("{json:#}"))).collect()
            }
            Self::Queries(lines) => lines.iter().flat_map(|pairs| pair_lines(pairs)).collect(),
            Self::Text(text) => lines(text),
            Self::Bytes(count) => vec![format!("{count} bytes that are no text")],
        }
    }
}

/// One line for each pair.
pub(super) fn pair_lines(pairs: &[Pair]) -> Vec<String> {
    let line = |(name, value): &Pair| match value.as_str() {
        Some(text) => format!("{name} = {text}"),
        None => format!("{name} = {value}"),
    };
    pairs.iter().map(line).collect()
}

/// The lines of a text.
fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}
