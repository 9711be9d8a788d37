//! Turns the text of an inline script into its [`Fate`].
//!
//! 1. A script in which no gated vendor has a part stays as it is.
//! 2. A script with a gated vendor's own loader snippet, or that hides the page for it, is gated whole up to [`SNIPPET`] bytes.
//! 3. A script that only names a gated vendor's host, or a URL that is gated, is gated whole up to [`SMALL`] bytes,
//!    unless it looks like the site's own state.
//! 4. In every other one the names of the gated hosts are replaced by [`NOWHERE`], which never resolves (RFC 6761, 6.4).

use super::lens::Lens;
use crate::{
    catalog::{Destination, HitKind, Shape},
    policy::Judged,
    vendor::Source,
};
use std::ops::Range;

/// The longest script that is gated whole for a snippet that is known; bytes.
const SNIPPET: usize = 16 << 10;
/// The longest script that is gated whole for a host in it; bytes.
const SMALL: usize = 4 << 10;
/// The host that gated hosts are replaced by.
pub(super) const NOWHERE: &[u8] = b"consentry.invalid";
/// The longest URL that is looked at in a script; bytes.
pub(super) const LONGEST: usize = 512;

/// What becomes of an inline script.
#[derive(Debug)]
pub(super) enum Fate {
    Keep,
    /// The whole element is gated, for these vendors.
    Whole(Vec<Judged>),
    /// The hosts at these places are replaced.
    Hosts(Vec<HeldHost>),
}

/// A gated host in a script.
#[derive(Debug)]
pub(super) struct HeldHost {
    pub(super) range: Range<usize>,
    pub(super) judged: Judged,
    pub(super) known: bool,
}

/// Decides on a whole script.
pub(super) fn fate(text: &[u8], lens: &Lens) -> Fate {
    let (held, known) = held(text, lens);
    if held.is_empty() {
        return Fate::Keep;
    }
    let whole = if known { text.len() <= SNIPPET } else { text.len() <= SMALL && !is_state(text) };
    if whole {
        return Fate::Whole(each_vendor_once(held));
    }
    Fate::Hosts(hosts_only(held))
}

/// Decides on a part of a script, or of data that is not run, of which only hosts are replaced.
pub(super) fn hosts(text: &[u8], lens: &Lens) -> Vec<HeldHost> {
    hosts_only(held(text, lens).0)
}

/// The first thing in `text` that is gated.
pub(super) fn first_held(text: &[u8], lens: &Lens) -> Option<Judged> {
    held(text, lens).0.into_iter().map(|h| h.judged).next()
}

/// The first thing gated in code that runs when the visitor does something; what only takes the visitor elsewhere
/// is navigation.
pub(super) fn first_held_of_handler(text: &[u8], lens: &Lens) -> Option<Judged> {
    let acts = |h: &HeldHost| h.known || !navigates(text.get(..h.range.start).unwrap_or_default());
    held(text, lens).0.into_iter().find(acts).map(|h| h.judged)
}

/// Whether code ends where the URL to go to begins: `window.open('https://`, `location.href='https://`.
fn navigates(before: &[u8]) -> bool {
    let before = before.trim_ascii_end();
    let quoted =
        ["https://", "http://", "//", "https:\\/\\/", "http:\\/\\/"].iter().find_map(|start| {
            let rest = before.strip_suffix(start.as_bytes())?;
            rest.strip_suffix(b"'").or_else(|| rest.strip_suffix(b"\""))
        });
    let Some(code) = quoted else { return false };
    let code: Vec<u8> =
        code.iter().rev().filter(|b| !b.is_ascii_whitespace()).take(20).copied().collect();
    let goes = ["open(", "location=", "location.href=", "location.assign(", "location.replace("];
    goes.iter().any(|goes| {
        code.iter().zip(goes.bytes().rev()).filter(|(a, b)| *a == b).count() == goes.len()
    })
}

/// Everything gated in `text` by its place, and whether a known snippet is among it.
fn held(text: &[u8], lens: &Lens) -> (Vec<HeldHost>, bool) {
    let mut found: Vec<HeldHost> = Vec::new();
    let mut known = false;
    for (snippet, judged) in lens.gate.snippets(text).filter(|(_, judged)| judged.is_held()) {
        let is_host = snippet.kind == HitKind::Host;
        known |= !is_host;
        found.push(HeldHost { range: snippet.range, judged, known: !is_host });
    }
    found.extend(urls(text, lens));
    found.extend(bare_hosts(text, lens));
    (found, known)
}

/// Gated URLs that are written out, `//host/path`, also of hosts that no snippet names. What a URL itself holds
/// behind its host is passed over: it is not contacted.
fn urls<'t>(text: &'t [u8], lens: &'t Lens) -> impl Iterator<Item = HeldHost> + 't {
    let mut done = 0;
    memchr::memchr3_iter(b'/', b'%', b'\\', text).filter_map(move |at| {
        let rest = slash(slash(text.get(at.max(done)..).filter(|_| at >= done)?)?)?;
        let host_start = text.len() - rest.len();
        // Behind an escape or the end of a statement anything may begin.
        let url = literal(rest)?;
        let open = url.iter().position(|b| matches!(b, b'%' | b'\\' | b'&' | b';'));
        done = host_start + open.unwrap_or(url.len());
        held_at(text, host_start, lens)
    })
}

/// Known hosts that a string begins with, without a scheme: `p + 'b.host.tld/beacon.js'`.
fn bare_hosts<'t>(text: &'t [u8], lens: &'t Lens) -> impl Iterator<Item = HeldHost> + 't {
    memchr::memchr2_iter(b'"', b'\'', text).filter_map(move |at| {
        let host_start = match text.get(at + 1..)? {
            [b'.', next, ..] if next.is_ascii_alphanumeric() => at + 2,
            [first, ..] if first.is_ascii_alphanumeric() => at + 1,
            _ => return None,
        };
        let after = text.get(host_start..)?;
        let length = after.iter().take(254).take_while(|b| is_host_byte(**b)).count();
        let has_path = slash(after.get(length..)?).is_some();
        let has_dot = memchr::memchr(b'.', after.get(..length)?).is_some();
        let held = (has_path && has_dot).then(|| held_at(text, host_start, lens))??;
        // By its looks alone a string is no URL; only a vendor that is known makes it one.
        let known = !matches!(held.judged.vendor.source, Source::Heuristic | Source::ThirdParty);
        let path = unescaped(literal(after)?)?;
        (known && destination(&path) != Destination::Other).then_some(held)
    })
}

fn held_at(text: &[u8], host_start: usize, lens: &Lens) -> Option<HeldHost> {
    let url = literal(text.get(host_start..)?)?;
    let host_end = host_start + url.iter().take_while(|b| is_host_byte(**b)).count();
    let url = format!("//{}", unescaped(url)?);
    let judged = lens.url(&url, destination(&url), Shape::Plain).filter(Judged::is_held)?;
    Some(HeldHost { range: host_start..host_end, judged, known: false })
}

/// What follows a slash, however a script may write it.
fn slash(text: &[u8]) -> Option<&[u8]> {
    match text {
        [b'/', rest @ ..] | [b'\\', b'/', rest @ ..] => Some(rest),
        [b'%', b'2', b'f' | b'F', rest @ ..] => Some(rest),
        [b'\\', b'x', b'2', b'f' | b'F', rest @ ..] => Some(rest),
        [b'\\', b'u', b'0', b'0', b'2', b'f' | b'F', rest @ ..] => Some(rest),
        _ => None,
    }
}

/// The URL that `text` begins with, up to what ends it in a script; `None` when no host with a dot begins there.
fn literal(text: &[u8]) -> Option<&[u8]> {
    let host = text.iter().take(254).take_while(|b| is_host_byte(**b)).count();
    let host = text.get(..host)?;
    if !host.first()?.is_ascii_alphanumeric() || !host.contains(&b'.') {
        return None;
    }
    let text = text.get(..LONGEST).unwrap_or(text);
    let end = text.iter().position(|b| {
        b.is_ascii_whitespace()
            || matches!(b, b'"' | b'\'' | b'`' | b'<' | b'>' | b')' | b'(' | b',')
    });
    text.get(..end.unwrap_or(text.len()))
}

fn unescaped(url: &[u8]) -> Option<String> {
    let is_plain = memchr::memchr2(b'\\', b'%', url).is_none();
    let mut url = String::from_utf8_lossy(url).into_owned();
    if is_plain {
        return Some(url);
    }
    for (escape, character) in [
        ("\\/", "/"),
        ("\\u002F", "/"),
        ("\\u002f", "/"),
        ("\\x2F", "/"),
        ("\\x2f", "/"),
        ("%2F", "/"),
        ("%2f", "/"),
        ("\\u0026", "&"),
    ] {
        if url.contains(escape) {
            url = url.replace(escape, character);
        }
    }
    Some(url)
}

/// What a script will do with a URL, by the looks of its path.
fn destination(url: &str) -> Destination {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    match name.rsplit_once('.').map(|(_, extension)| extension) {
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

/// Whether a script is data that the site's own code reads: one assignment of an object, an array or `JSON.parse`.
fn is_state(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    if text.starts_with(b"{") || text.starts_with(b"[") {
        return true;
    }
    let head = text.get(..120).unwrap_or(text);
    let Some(equals) = memchr::memchr(b'=', head) else {
        return text.starts_with(b"self.__next_f");
    };
    let value = head.get(equals + 1..).unwrap_or_default().trim_ascii_start();
    let target = head.get(..equals).unwrap_or_default();
    let assigns = memchr::memchr3(b'(', b'{', b';', target).is_none();
    assigns
        && (value.starts_with(b"{\"")
            || value.starts_with(b"[{\"")
            || value.starts_with(b"JSON.parse"))
}

pub(super) fn each_vendor_once(held: Vec<HeldHost>) -> Vec<Judged> {
    let mut vendors: Vec<Judged> = Vec::new();
    for HeldHost { judged, .. } in held {
        if !vendors.iter().any(|v| v.vendor.id == judged.vendor.id) {
            vendors.push(judged);
        }
    }
    vendors
}

/// Hosts in order, none inside another.
fn hosts_only(mut held: Vec<HeldHost>) -> Vec<HeldHost> {
    held.retain(|h| !h.known);
    held.sort_by_key(|h| (h.range.start, std::cmp::Reverse(h.range.end)));
    let mut end = 0;
    held.retain(|h| {
        let free = h.range.start >= end;
        if free {
            end = h.range.end;
        }
        free
    });
    held
}

/// `text` with the hosts in `held` replaced, appended to `out`.
pub(super) fn neutralise(text: &[u8], held: &[HeldHost], out: &mut Vec<u8>) {
    let mut at = 0;
    for HeldHost { range, .. } in held {
        out.extend_from_slice(text.get(at..range.start).unwrap_or_default());
        if text.get(range.start) == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(NOWHERE);
        at = range.end;
    }
    out.extend_from_slice(text.get(at..).unwrap_or_default());
}

/// What the `type` of a script makes of it (HTML Standard, 4.12.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScriptKind {
    /// It is run.
    Code,
    /// A lazy loader runs it later; in the place of `src` it may have another attribute.
    Delayed,
    /// An import map or speculation rules: data whose URLs the browser loads.
    Loads,
    /// Data, or made inert already.
    Data,
}

/// The kind of a script by its `type` and `language` attributes, decoded.
pub(super) fn kind(type_: Option<&str>, language: Option<&str>) -> ScriptKind {
    let type_ = match (type_, language) {
        (Some(type_), _) if !type_.is_empty() => type_.trim().to_ascii_lowercase(),
        (Some(_), _) | (None, None | Some("")) => return ScriptKind::Code,
        (None, Some(language)) => format!("text/{}", language.trim().to_ascii_lowercase()),
    };
    match type_.as_str() {
        "importmap" | "speculationrules" => ScriptKind::Loads,
        "rocketlazyloadscript"
        | "pmdelayedscript"
        | "litespeed/javascript"
        | "text/partytown"
        | "text/psajs"
        | "text/phast"
        | "text/rocketscript"
        | "text/lazyload"
        | "lazyload"
        | "nitropack/inlinescript"
        | "nitropack/script"
        | "text/flying-press-lazy" => ScriptKind::Delayed,
        other if is_javascript(other) => ScriptKind::Code,
        // Cloudflare's Rocket Loader writes `…-text/javascript` with a token in front.
        other if other.ends_with("-text/javascript") || other.ends_with("-module") => {
            ScriptKind::Delayed
        }
        _ => ScriptKind::Data,
    }
}

/// JavaScript MIME type essence match (MIME Sniffing Standard, 4.6), and modules.
fn is_javascript(type_: &str) -> bool {
    matches!(
        type_,
        "module"
            | "application/ecmascript"
            | "application/javascript"
            | "application/x-ecmascript"
            | "application/x-javascript"
            | "text/ecmascript"
            | "text/javascript"
            | "text/javascript1.0"
            | "text/javascript1.1"
            | "text/javascript1.2"
            | "text/javascript1.3"
            | "text/javascript1.4"
            | "text/javascript1.5"
            | "text/jscript"
            | "text/livescript"
            | "text/x-ecmascript"
            | "text/x-javascript"
    )
}
