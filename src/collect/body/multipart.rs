//! Turns a multipart body (RFC 7578) into its parts, and writes them back.
//!
//! 1. The first line is the boundary: the header that names it is not asked.
//! 2. A part's name, and whether it is a file, are read; nothing else of its head leaves, nor do the names of files and the boundary, which
//!    the client made up.

use super::Budget;
use memchr::memmem;
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// One field.
#[derive(Debug)]
pub(in crate::collect) struct Part<'a> {
    pub(in crate::collect) name: Cow<'a, str>,
    /// Whether it has a file's name.
    file: bool,
    /// A media type of a known kind.
    content_type: Option<&'static str>,
    pub(in crate::collect) value: Cow<'a, [u8]>,
}

/// The parts of `body`.
pub(in crate::collect) fn parts<'a>(body: &'a [u8], budget: &mut Budget) -> Option<Vec<Part<'a>>> {
    let line = memmem::find(body, b"\r\n")?;
    // RFC 2046, 5.1.1: up to 70 characters.
    let delimiter = body.get(..line).filter(|line| (3..=72).contains(&line.len()))?;
    let separator = [b"\r\n", delimiter].concat();
    let mut rest = body.get(line..)?;
    let mut parts = Vec::new();
    loop {
        let head_and_value = rest.strip_prefix(b"\r\n")?;
        let end = memmem::find(rest, &separator)?;
        budget.take_field()?;
        parts.push(part(head_and_value.get(..end.checked_sub(2)?)?)?);
        rest = rest.get(end + separator.len()..)?;
        if let Some(after) = rest.strip_prefix(b"--") {
            return after.trim_ascii().is_empty().then_some(parts);
        }
    }
}

fn part(text: &[u8]) -> Option<Part<'_>> {
    let blank = memmem::find(text, b"\r\n\r\n")?;
    let head = std::str::from_utf8(text.get(..blank)?).ok()?;
    let value = Cow::Borrowed(text.get(blank + 4..)?);
    let header = |name: &str| {
        head.split("\r\n").find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
        })
    };
    let disposition = header("content-disposition")?;
    let name = parameter(disposition, "name")?;
    let file = parameter(disposition, "filename").is_some();
    let content_type = header("content-type").map(known_type);
    Some(Part { name: Cow::Borrowed(name), file, content_type, value })
}

/// The quoted value of a parameter; clients escape quotation marks in it as `%22` (HTML, 4.10.22.8).
fn parameter<'a>(disposition: &'a str, wanted: &str) -> Option<&'a str> {
    let mut rest = disposition;
    loop {
        let (_, after) = rest.split_once(';')?;
        let (name, value) = after.split_once("=\"")?;
        let (value, after) = value.split_once('"')?;
        if name.trim_ascii().eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = after;
    }
}

fn known_type(value: &str) -> &'static str {
    let essence = value.split(';').next().unwrap_or_default().trim_ascii();
    ["application/json", "text/plain"]
        .into_iter()
        .find(|known| essence.eq_ignore_ascii_case(known))
        .unwrap_or("application/octet-stream")
}

/// The parts as a body, with its boundary.
pub(in crate::collect) fn write_parts(parts: &[Part<'_>]) -> (Vec<u8>, String) {
    let boundary = boundary(parts);
    let mut out = Vec::new();
    for Part { name, file, content_type, value } in parts {
        let name = name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
        let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"");
        out.extend_from_slice(head.as_bytes());
        if *file {
            out.extend_from_slice(b"; filename=\"blob\"");
        }
        if let Some(content_type) = content_type {
            out.extend_from_slice(b"\r\nContent-Type: ");
            out.extend_from_slice(content_type.as_bytes());
        }
        out.extend_from_slice(b"\r\n\r\n");
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (out, boundary)
}

/// A line that no part holds, since it is a hash of all of them.
fn boundary(parts: &[Part<'_>]) -> String {
    let hash = parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(&part.value));
    let text: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("----consentry{text}")
}
