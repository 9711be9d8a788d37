//! Turns the text of a script into the gated URLs and hosts that are written out in it.
//!
//! 1. A URL is found behind a double slash, plain or escaped, of whatever host.
//! 2. A host that stands right behind a quote, as in `p + 'stats.example/x.js'`, counts when it is known by name; a guess does not.
//! 3. What a script will do with a URL is told by the looks of its path.

use super::Held;
use crate::{
    catalog::{Destination, Shape},
    policy::Judged,
    rewrite::lens::Lens,
    vendor::Source,
};

/// The longest URL that is looked at in a script; bytes.
pub(in crate::rewrite) const LONGEST: usize = 2048;
/// Endings of file names that look like top level domains.
const FILES: &[&[u8]] = &[
    b"js",
    b"css",
    b"html",
    b"htm",
    b"php",
    b"png",
    b"gif",
    b"jpg",
    b"jpeg",
    b"svg",
    b"json",
    b"xml",
    b"min",
    b"woff",
    b"webp",
    b"length",
    b"push",
    b"call",
    b"apply",
    b"prototype",
    b"com_",
];

/// Every gated URL or host that is written out in `text`, in order.
pub(super) fn held<'t>(text: &'t [u8], lens: &'t Lens) -> impl Iterator<Item = Held> + 't {
    memchr::memchr3_iter(b'/', b'"', b'\'', text).filter_map(move |at| {
        let (start, by_name) = match text.get(at) {
            Some(b'/') => (double_slash(text, at)?, false),
            _ => (at + 1, true),
        };
        let rest = text.get(start..)?;
        let host = host(rest)?;
        if by_name && !stands_alone(rest, host) {
            return None;
        }
        let url = format!("//{}", unescaped(url(rest))?);
        let url = url.replacen("//.", "//", 1);
        let judged = lens.url(&url, destination(&url), Shape::Mention).filter(Judged::is_held)?;
        let range = start..start + host.len();
        (!by_name || is_known(&judged)).then_some(Held { range, judged, known: false })
    })
}

/// Where the host begins if a double slash, plain or escaped, has its first slash at `at`.
fn double_slash(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at + 1..)? {
        [b'/', next, ..] if next.is_ascii_alphanumeric() => Some(at + 2),
        [b'\\', b'/', next, ..] if next.is_ascii_alphanumeric() => Some(at + 3),
        _ => None,
    }
}

/// The host name that `text` begins with: at least two labels.
fn host(text: &[u8]) -> Option<&[u8]> {
    let first = *text.first()?;
    if !first.is_ascii_alphanumeric() && first != b'.' {
        return None;
    }
    let length = text.iter().take(253).take_while(|b| is_host_byte(**b)).count();
    let host = text.get(..length)?;
    memchr::memchr(b'.', host.get(1..)?)?;
    Some(host)
}

/// Whether a host behind a quote is a host by itself and not a file name, a property or a part of a sentence.
fn stands_alone(text: &[u8], host: &[u8]) -> bool {
    let ends = match text.get(host.len()) {
        None | Some(b'"' | b'\'' | b'/' | b'\\' | b':' | b'?') => true,
        Some(_) => false,
    };
    let last = host.rsplit(|b| *b == b'.').next().unwrap_or_default();
    let is_domain = last.len() > 1 && last.iter().all(u8::is_ascii_alphabetic);
    ends && is_domain && !FILES.contains(&last)
}

/// The URL that `text` begins with, up to what ends it in a script.
fn url(text: &[u8]) -> &[u8] {
    let text = text.get(..LONGEST).unwrap_or(text);
    let end = text.iter().position(|b| {
        b.is_ascii_whitespace()
            || matches!(b, b'"' | b'\'' | b'`' | b'<' | b'>' | b')' | b'(' | b',')
    });
    text.get(..end.unwrap_or(text.len())).unwrap_or_default()
}

fn unescaped(url: &[u8]) -> Option<String> {
    Some(str::from_utf8(url).ok()?.replace("\\/", "/").replace("\\u0026", "&"))
}

fn is_known(judged: &Judged) -> bool {
    match judged.vendor.source {
        Source::Catalog | Source::LongTail | Source::List | Source::Operator => true,
        Source::Heuristic | Source::ThirdParty => false,
    }
}

fn destination(url: &str) -> Destination {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let host_only = path.matches('/').count() < 3;
    match name.rsplit_once('.').map(|(_, extension)| extension).filter(|_| !host_only) {
        Some("js" | "mjs" | "cgi" | "php" | "asp" | "aspx" | "jsp") => Destination::Script,
        Some("gif" | "png" | "jpg" | "jpeg" | "webp" | "svg" | "avif" | "ico") => {
            Destination::Image
        }
        Some("css") => Destination::Style,
        Some("html" | "htm") => Destination::Iframe,
        _ => Destination::Other,
    }
}

const fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')
}
