//! Turns the caching headers of a response that depends on consent into ones under which no cache shares it.
//!
//! 1. `Vary` names the request headers that decide (RFC 9110, 12.5.5), so the visitor's own cache tells states apart.
//! 2. `Cache-Control` says `private` and nothing that is for shared caches only (RFC 9111, 5.2.2); the rest stays.
//! 3. Headers that overrule `Cache-Control` in one kind of shared cache go (RFC 9213; makers' documentation).

use super::{
    edit::{self, Edit, removals},
    list,
};
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CACHE_CONTROL, VARY},
};

/// For shared caches only; those that end in `cdn-cache-control` aside.
const TARGETED: [HeaderName; 6] = [
    HeaderName::from_static("edge-control"),
    HeaderName::from_static("netlify-vary"),
    HeaderName::from_static("surrogate-control"),
    HeaderName::from_static("x-accel-expires"),
    HeaderName::from_static("x-cache-control"),
    HeaderName::from_static("x-litespeed-cache-control"),
];

/// Edits of a head that depends on consent, which is read from the request headers in `signals`.
pub(super) fn edits(headers: &HeaderMap, signals: &[&str]) -> Vec<Edit> {
    let mut edits: Vec<_> = vary(headers, signals).into_iter().chain(private(headers)).collect();
    let family = headers.keys().filter(|name| name.as_str().ends_with("cdn-cache-control"));
    edits.extend(removals(headers, TARGETED.into_iter().chain(family.cloned())));
    edits
}

fn vary(headers: &HeaderMap, signals: &[&str]) -> Option<Edit> {
    let lines: Vec<_> = headers.get_all(VARY).iter().map(edit::text).collect();
    let names: Vec<_> = lines.iter().flat_map(|line| list::elements(line)).collect();
    let has = |name: &str| names.iter().any(|n| *n == "*" || n.eq_ignore_ascii_case(name));
    let missing: Vec<_> = signals.iter().copied().filter(|name| !has(name)).collect();
    if missing.is_empty() {
        return None;
    }
    let all = [names, missing].concat().join(", ");
    Some(Edit::Set(VARY, edit::value(&all)?))
}

fn private(headers: &HeaderMap) -> Option<Edit> {
    let lines: Vec<_> = headers.get_all(CACHE_CONTROL).iter().map(edit::text).collect();
    let directives: Vec<_> = lines.iter().flat_map(|line| list::elements(line)).collect();
    let mut shared = directives.iter().copied().filter(|d| is_for_shared_caches(d)).peekable();
    if shared.peek().is_some() && shared.all(|d| d.eq_ignore_ascii_case("private")) {
        return None;
    }
    let own = directives.iter().copied().filter(|directive| !is_for_shared_caches(directive));
    let new: Vec<_> = std::iter::once("private").chain(own).collect();
    let value = edit::value(&new.join(", ")).unwrap_or(HeaderValue::from_static("private"));
    Some(Edit::Set(CACHE_CONTROL, value))
}

/// `private` itself counts: with field names it speaks of these alone.
fn is_for_shared_caches(directive: &str) -> bool {
    let name = directive.split('=').next().unwrap_or_default().trim_ascii();
    ["public", "private", "s-maxage", "proxy-revalidate"]
        .iter()
        .any(|shared| name.eq_ignore_ascii_case(shared))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::headers::apply;

    fn edited(name: &HeaderName, lines: &[&str]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, HeaderValue::from_str(line).unwrap());
        }
        apply(&edits(&headers, &["Cookie", "Sec-GPC"]), &mut headers);
        headers.get_all(name).iter().map(|v| v.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn vary_names_the_signals_once() {
        for (given, expected) in [
            (&[][..], "Cookie, Sec-GPC"),
            (&["Accept-Encoding"], "Accept-Encoding, Cookie, Sec-GPC"),
            (&["accept , COOKIE", "x"], "accept, COOKIE, x, Sec-GPC"),
            (&["sec-gpc,cookie"], "sec-gpc,cookie"),
            (&["*"], "*"),
        ] {
            assert_eq!(edited(&VARY, given), [expected], "{given:?}");
        }
    }

    #[test]
    fn pages_are_private() {
        for (given, expected) in [
            (&[][..], "private"),
            (&["public, max-age=60, S-MaxAge = 9"], "private, max-age=60"),
            (
                &["no-store", "proxy-revalidate,must-revalidate"],
                "private, no-store, must-revalidate",
            ),
            (&["private=\"set-cookie, x\", no-cache=\"a,b\""], "private, no-cache=\"a,b\""),
            (&["max-age=1,Private"], "max-age=1,Private"),
            (&[",,"], "private"),
        ] {
            assert_eq!(edited(&CACHE_CONTROL, given), [expected], "{given:?}");
        }
    }

    #[test]
    fn nothing_overrules_it() {
        for name in ["surrogate-control", "cdn-cache-control", "vercel-cdn-cache-control"] {
            assert_eq!(edited(&HeaderName::from_static(name), &["max-age=60"]), [""; 0]);
        }
        let expires = "Thu, 01 Jan 2099 00:00:00 GMT";
        assert_eq!(edited(&http::header::EXPIRES, &[expires]), [expires]);
    }
}
