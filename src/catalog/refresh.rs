//! Turns the value of a `Refresh` header or of a `meta refresh` into the place of its URL.
//!
//! 1. The grammar is the HTML Standard's "shared declarative refresh steps", by which browsers read both.
//! 2. A value without a URL reloads the page itself and names nothing.

use std::ops::Range;

/// Where in `content` the URL is, in bytes; `None` when the value is malformed or only reloads the page.
#[must_use]
pub fn refresh_url(content: &str) -> Option<Range<usize>> {
    let rest = after_delay(content.trim_ascii_start())?.trim_ascii_start();
    let rest = rest.strip_prefix([';', ',']).unwrap_or(rest).trim_ascii_start();
    if rest.is_empty() {
        return None;
    }
    let (from, url) = match after_label(rest) {
        Label::Absent => unquoted(rest),
        Label::Partial => (rest, rest),
        Label::Whole(value) => unquoted(value),
    };
    let start = content.len() - from.len();
    Some(start..start + url.len())
}

/// The digits and dots, which must be followed by nothing, a separator or white space.
fn after_delay(content: &str) -> Option<&str> {
    let rest = content.trim_start_matches(|c: char| c.is_ascii_digit());
    if rest.len() == content.len() && !rest.starts_with('.') {
        return None;
    }
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let ends = |c: char| c == ';' || c == ',' || c.is_ascii_whitespace();
    (rest.is_empty() || rest.starts_with(ends)).then_some(rest)
}

/// What stands before the URL.
enum Label<'c> {
    /// Not even a `u`.
    Absent,
    /// A `u` that begins the URL itself.
    Partial,
    /// `url =`, and what follows it.
    Whole(&'c str),
}

fn after_label(rest: &str) -> Label<'_> {
    if !rest.starts_with(['u', 'U']) {
        return Label::Absent;
    }
    let value = rest
        .split_at_checked(3)
        .filter(|(label, _)| label.eq_ignore_ascii_case("url"))
        .and_then(|(_, after)| after.trim_ascii_start().strip_prefix('='));
    value.map_or(Label::Partial, |value| Label::Whole(value.trim_ascii_start()))
}

/// `value` from behind its opening quote, if it has one, and the URL at the start of that.
fn unquoted(value: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote) {
            return (inner, inner.split(quote).next().unwrap_or(inner));
        }
    }
    (value, value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_url_is_where_browsers_find_it() {
        for (content, url) in [
            ("0;url=https://a.test/", Some("https://a.test/")),
            ("5, URL = 'https://a.test/' x", Some("https://a.test/")),
            (" 0.5\t;\tuRl\t=\t\"//a.test/;x", Some("//a.test/;x")),
            ("0 https://a.test/", Some("https://a.test/")),
            ("0;'https://a.test/'", Some("https://a.test/")),
            (".;url=a", Some("a")),
            ("0;url https://a.test/", Some("url https://a.test/")),
            ("0;upload", Some("upload")),
            ("0;ur", Some("ur")),
            ("0;url=", Some("")),
            ("0;ü", Some("ü")),
            ("5", None),
            ("5;", None),
            ("", None),
            ("x;url=a", None),
            ("5s;url=a", None),
            (";url=a", None),
        ] {
            let found = refresh_url(content).map(|range| &content[range]);
            assert_eq!(found, url, "{content:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_a_place_in_it(content in "\\PC*|[0-9.;, urlURL='\"]{0,20}") {
            if let Some(range) = refresh_url(&content) {
                prop_assert!(content.get(range).is_some());
            }
        }
    }
}
