//! Turns the text of an inline script into its [`Fate`].
//!
//! 1. A script in which no gated vendor has a part stays as it is.
//! 2. A script with a gated vendor's own loader snippet is gated whole up to [`SNIPPET`] bytes; one that only names a
//!    gated vendor's host, or a URL that is gated, up to [`SMALL`] bytes, unless it looks like the site's own state.
//! 3. A script that also defines globals of its own, which other scripts may count on, is not gated whole; nor is one in
//!    which every URL was only guessed to be a tracker's.
//! 4. A script that hides the page until a gated script arrives is gated whole in any case: that script will not come.
//! 5. A small script that spells a gated host in escapes (`\u002d`, `\x2d`, `%2D`) is gated whole.
//! 6. In every other one the names of the gated hosts are replaced by [`NOWHERE`], which never resolves (RFC 6761, 6.4).
//!    The name alone is replaced, as scheme, port and path often stand in other literals: what the script puts together stays
//!    a URL, and nothing throws. It may cost a DNS question, which says nothing but this name; `about:` and `data:` would need
//!    the scheme, and addresses such as `0.0.0.0` are the visitor's own machine. Elsewhere no such name is used: attributes
//!    go, and CSS gets `about:invalid`.
//! 7. In what is kept, the literals of what the site itself serves are pointed there ([`served`]).

mod globals;
mod google;
mod literals;
mod served;

pub(super) use self::{
    google::{GOOGLE, consent_default, may_be_google},
    literals::LONGEST,
    served::{Named, edited, served},
};
use super::lens::Lens;
use crate::{catalog::HitKind, policy::Judged};
use std::ops::Range;

/// The longest script that is gated whole for a snippet that is known; bytes.
const SNIPPET: usize = 16 << 10;
/// The longest script that is gated whole for a host in it; bytes.
const SMALL: usize = 4 << 10;
/// The host that gated hosts are replaced by.
pub(super) const NOWHERE: &[u8] = b"consentry.invalid";
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

/// What is gated in a script.
#[derive(Default)]
struct Parts {
    held: Vec<HeldHost>,
    /// A vendor's own loader snippet is among it.
    known: bool,
    /// It hides the page.
    hides: bool,
}

/// Decides on a whole script.
pub(super) fn fate(text: &[u8], lens: &Lens) -> Fate {
    let parts = parts(text, lens);
    if parts.held.is_empty() {
        return escaped_fate(text, lens);
    }
    let only_whole = parts.hides || parts.held.iter().all(|h| h.known);
    let by_name = parts.held.iter().any(|h| literals::is_known(&h.judged));
    let short = if parts.known { text.len() <= SNIPPET } else { by_name && is_small(text) };
    if short && (only_whole || !has_own_globals(text, &parts.held, lens)) {
        return Fate::Whole(each_vendor_once(parts.held));
    }
    Fate::Hosts(hosts_only(parts.held))
}

/// Decides on a script that shows nothing as it is written: a small one may spell a host in escapes.
fn escaped_fate(text: &[u8], lens: &Lens) -> Fate {
    let read = literals::without_escapes(text).filter(|_| is_small(text));
    let held = read.map(|text| parts(&text, lens).held).unwrap_or_default();
    if held.is_empty() { Fate::Keep } else { Fate::Whole(each_vendor_once(held)) }
}

/// Decides on a part of a script, or of data that is not run, of which only hosts are replaced.
pub(super) fn hosts(text: &[u8], lens: &Lens) -> Vec<HeldHost> {
    hosts_only(parts(text, lens).held)
}

/// The first thing in `text` that is gated.
pub(super) fn first_held(text: &[u8], lens: &Lens) -> Option<Judged> {
    parts(text, lens).held.into_iter().map(|h| h.judged).next()
}

/// The first thing gated in code that runs when the visitor does something; what only takes the visitor elsewhere
/// is navigation.
pub(super) fn first_held_of_handler(text: &[u8], lens: &Lens) -> Option<Judged> {
    let acts = |h: &HeldHost| {
        h.known || !literals::navigates(text.get(..h.range.start).unwrap_or_default())
    };
    parts(text, lens).held.into_iter().find(acts).map(|h| h.judged)
}

fn parts(text: &[u8], lens: &Lens) -> Parts {
    let mut parts = Parts::default();
    for (snippet, judged) in lens.gate.snippets(text).filter(|(_, judged)| judged.is_held()) {
        let known = snippet.kind != HitKind::Host;
        parts.known |= known;
        parts.hides |= snippet.kind == HitKind::Hides;
        parts.held.push(HeldHost { range: snippet.range, judged, known });
    }
    parts.held.extend(literals::held(text, lens));
    parts
}

fn is_small(text: &[u8]) -> bool {
    text.len() <= SMALL && !is_state(text)
}

/// Whether a script defines globals that no stub of the gated vendors stands in for.
fn has_own_globals(text: &[u8], held: &[HeldHost], lens: &Lens) -> bool {
    let stubs: Vec<&str> =
        held.iter().filter_map(|h| lens.gate.catalog().surrogate(&h.judged.vendor.id)).collect();
    let stands_in = |name: &str| stubs.iter().any(|stub| globals::mentions(stub, name));
    globals::defined(text).iter().chain(&globals::renamed(text)).any(|name| !stands_in(name))
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

/// Whether a script of this type is one that a consent tool gives its type back after the visitor's choice.
pub(super) fn waits(type_: &str) -> bool {
    let type_ = type_.trim().to_ascii_lowercase();
    type_ == "text/plain" || type_.starts_with("javascript/")
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
