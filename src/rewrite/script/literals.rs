//! Turns the text of a script into the gated URLs and hosts that are written out in it.
//!
//! 1. A URL is found behind a double slash, of whatever host; a slash may be written `/`, `\/`, `%2F`, `\x2F` or `\u002F`.
//! 2. A host that stands right behind a quote, as in `p + 'stats.example/x.js'`, counts when it is known by name; a guess does not,
//!    unless every other site is gated and the name can be nothing else.
//! 3. The URL of `window.open` and `location = …` is navigation where the visitor starts it.
//! 4. What a script will do with a URL is told by the looks of its path.

use super::HeldHost;
use crate::{
    catalog::{Destination, Shape, after_slash, is_host_byte},
    policy::Judged,
    rewrite::lens::Lens,
    site::is_public,
    vendor::Source,
};

/// The longest URL that is looked at in a script; bytes.
pub(in crate::rewrite) const LONGEST: usize = 512;
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

/// Every gated URL or host that is written out in `text`.
pub(super) fn held<'t>(text: &'t [u8], lens: &'t Lens) -> impl Iterator<Item = HeldHost> + 't {
    urls(text, lens).chain(bare_hosts(text, lens))
}

/// What a URL itself holds behind its host is passed over: it is not contacted.
fn urls<'t>(text: &'t [u8], lens: &'t Lens) -> impl Iterator<Item = HeldHost> + 't {
    let mut done = 0;
    memchr::memchr3_iter(b'/', b'%', b'\\', text).filter_map(move |at| {
        let rest = after_slash(after_slash(text.get(at..).filter(|_| at >= done)?)?)?;
        rest.first().filter(|b| b.is_ascii_alphanumeric())?;
        host(rest)?;
        let start = text.len() - rest.len();
        // Behind an escape or the end of a statement anything may begin.
        let url = url(rest);
        let open = url.iter().position(|b| matches!(b, b'%' | b'\\' | b'&' | b';'));
        done = start + open.unwrap_or(url.len());
        held_at(text, start, lens)
    })
}

fn bare_hosts<'t>(text: &'t [u8], lens: &'t Lens) -> impl Iterator<Item = HeldHost> + 't {
    memchr::memchr2_iter(b'"', b'\'', text).filter_map(move |at| {
        let rest = text.get(at + 1..)?;
        let host = host(rest)?;
        if !stands_alone(rest, host) {
            return None;
        }
        held_at(text, at + 1, lens).filter(|held| is_known(&held.judged) || is_sure(host, held))
    })
}

/// Where every other site is gated, a name of three labels under a public suffix is taken for a host.
fn is_sure(host: &[u8], held: &HeldHost) -> bool {
    let is_host =
        || str::from_utf8(host).is_ok_and(|host| host.matches('.').count() > 1 && is_public(host));
    held.judged.vendor.source == Source::ThirdParty && is_host()
}

/// What is gated of the URL or host that begins at `start`.
fn held_at(text: &[u8], start: usize, lens: &Lens) -> Option<HeldHost> {
    let rest = text.get(start..)?;
    let range = start..start + host(rest)?.len();
    let url = unescaped(url(rest));
    let url = format!("//{}", url.strip_prefix('.').unwrap_or(&url));
    let judged = lens.url(&url, destination(&url), Shape::Mention).filter(Judged::is_held)?;
    Some(HeldHost { range, judged, known: false })
}

/// `text` with its escapes of one byte read: `\xHH`, `\u00HH`, `%HH`, and a backslash at the end of a line; `None` without any.
pub(super) fn without_escapes(text: &[u8]) -> Option<Vec<u8>> {
    memchr::memchr2(b'\\', b'%', text)?;
    let (mut read, mut rest) = (Vec::with_capacity(text.len()), text);
    while let Some((first, after)) = rest.split_first() {
        let (byte, behind) = match rest {
            [b'\\', b'x', a, b, behind @ ..] | [b'%', a, b, behind @ ..] => (hex(*a, *b), behind),
            [b'\\', b'u', b'0', b'0', a, b, behind @ ..] => (hex(*a, *b), behind),
            [b'\\', b'\n', behind @ ..] => {
                rest = behind;
                continue;
            }
            _ => (None, after),
        };
        read.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { behind } else { after };
    }
    Some(read)
}

fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

/// Whether code ends where the URL to go to begins: `window.open('https://`, `location.href='https://`.
pub(super) fn navigates(before: &[u8]) -> bool {
    let before = before.trim_ascii_end();
    let schemes = ["https://", "http://", "//", "https:\\/\\/", "http:\\/\\/"];
    let quoted = schemes.iter().find_map(|start| {
        let rest = before.strip_suffix(start.as_bytes())?;
        rest.strip_suffix(b"'").or_else(|| rest.strip_suffix(b"\""))
    });
    let Some(code) = quoted else { return false };
    let mut code: Vec<u8> =
        code.iter().rev().filter(|b| !b.is_ascii_whitespace()).take(20).copied().collect();
    code.reverse();
    ["open(", "location=", "location.href=", "location.assign(", "location.replace("]
        .iter()
        .any(|goes| code.ends_with(goes.as_bytes()))
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

fn unescaped(url: &[u8]) -> String {
    let is_plain = memchr::memchr2(b'\\', b'%', url).is_none();
    let url = String::from_utf8_lossy(url).into_owned();
    if is_plain {
        return url;
    }
    let slashes = ["\\/", "\\u002F", "\\u002f", "\\x2F", "\\x2f", "%2F", "%2f"];
    slashes.iter().fold(url, |url, escape| url.replace(escape, "/")).replace("\\u0026", "&")
}

pub(super) fn is_known(judged: &Judged) -> bool {
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
