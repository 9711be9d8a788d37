//! Turns JSON text of one or several values into these, and writes them back with the lengths that they state.
//!
//! 1. Values stand on lines of their own (`application/x-ndjson`); whether the last one ends its line is kept.
//! 2. An object with a `type` whose `length` is the number of bytes of what follows its line is the header of a Sentry envelope's item.
//!    What it counts is read by that count, since it may hold line breaks, and counted anew when it is written.
//! 3. Only lists and objects: a bare word or number has no name that a rule could list.

use super::{
    Budget,
    json::{Json, Reader},
};
use std::borrow::Cow;

/// One value of a body.
#[derive(Debug)]
pub(in crate::collect) struct Document<'a> {
    pub(in crate::collect) json: Json<'a>,
    /// Whether its `length` is the number of bytes of the next value.
    counts: bool,
    /// Whether a line break follows.
    ended: bool,
}

/// The values that `text` holds.
pub(in crate::collect) fn documents<'a>(
    text: &'a str,
    budget: &mut Budget,
) -> Option<Vec<Document<'a>>> {
    let mut reader = Reader::new(text, budget);
    let mut documents = Vec::new();
    while !reader.rest().trim_ascii_start().is_empty() {
        let json = reader.value(0)?;
        let counted = end_line(&mut reader)?.then(|| counted(&json, &mut reader)).flatten();
        let ended =
            reader.rest().len() < text.len() && text_before(text, reader.rest()).ends_with('\n');
        let Some(payload) = counted else {
            documents.push(Document { json, counts: false, ended });
            continue;
        };
        documents.push(Document { json, counts: true, ended: true });
        let ended = end_line(&mut reader)?;
        documents.push(Document { json: payload, counts: false, ended });
    }
    let named = |document: &Document<'_>| matches!(document.json, Json::List(_) | Json::Object(_));
    documents.iter().all(named).then_some(documents)
}

fn text_before<'a>(text: &'a str, rest: &str) -> &'a str {
    text.len().checked_sub(rest.len()).and_then(|at| text.get(..at)).unwrap_or_default()
}

/// Goes past the end of the line, where nothing but the end of the text may be instead; whether there was one.
fn end_line(reader: &mut Reader<'_, '_>) -> Option<bool> {
    reader.skip(&[' ', '\t', '\r']);
    match reader.rest().strip_prefix('\n') {
        Some(rest) => {
            reader.resume(rest);
            Some(true)
        }
        None => reader.rest().is_empty().then_some(false),
    }
}

/// The value after `header`, if the header counts its bytes.
fn counted<'a>(header: &Json<'_>, reader: &mut Reader<'a, '_>) -> Option<Json<'a>> {
    let (Json::Text(_), Json::Number(length)) = (header.member("type")?, header.member("length")?)
    else {
        return None;
    };
    let (payload, rest) = reader.rest().split_at_checked(length.parse().ok()?)?;
    if !rest.is_empty() && !rest.starts_with('\n') {
        return None;
    }
    let json = Json::parse(payload, 0, reader.budget())?;
    reader.resume(rest);
    Some(json)
}

/// The values as text.
pub(in crate::collect) fn write_documents(documents: Vec<Document<'_>>) -> String {
    let mut written: Vec<(String, bool)> = Vec::with_capacity(documents.len());
    let mut next = 0;
    // From the last to the first, since a header needs the length of what follows it.
    for Document { mut json, counts, ended } in documents.into_iter().rev() {
        if let (true, Json::Object(members)) = (counts, &mut json) {
            for (_, value) in members.iter_mut().filter(|(name, _)| name == "length") {
                *value = Json::Number(Cow::Owned(next.to_string()));
            }
        }
        let mut text = String::new();
        json.write(&mut text);
        next = text.len();
        written.push((text, ended));
    }
    let mut out = String::new();
    for (text, ended) in written.iter().rev() {
        out.push_str(text);
        if *ended {
            out.push('\n');
        }
    }
    out
}
