//! Turns the language of a page, and those that a browser accepts, into one that the banner speaks.
//!
//! 1. The page's own language is first: the visitor reads it. Then come those of `Accept-Language`, the preferred ones first
//!    (RFC 9110 12.5.4), then English.
//! 2. A language is found under its whole tag, else under its first part (RFC 4647 3.4): `pt-BR` is served `pt`. Both of the written
//!    forms of Norwegian are served Bokmål where there is no better.

/// The last resort.
const ENGLISH: &str = "en";
/// How many languages of a header are looked at.
const MOST: usize = 20;

/// The language of `spoken` for a page in `page` and a browser that accepts `accepted`.
pub(super) fn language<'s>(
    spoken: &[&'s str],
    page: Option<&str>,
    accepted: Option<&str>,
) -> Option<&'s str> {
    let find = |tag: &str| find(spoken, tag);
    let accepted = || accepted.and_then(|accepted| wanted(accepted).into_iter().find_map(find));
    page.and_then(find).or_else(accepted).or_else(|| find(ENGLISH))
}

fn find<'s>(spoken: &[&'s str], tag: &str) -> Option<&'s str> {
    let named =
        |name: &str| spoken.iter().find(|spoken| spoken.eq_ignore_ascii_case(name)).copied();
    let tag = tag.trim();
    let first = tag.split(['-', '_']).next().unwrap_or_default();
    let norwegian = ["no", "nn", "nb"].iter().any(|name| first.eq_ignore_ascii_case(name));
    let bokmal = || norwegian.then(|| named("nb")).flatten();
    named(tag).or_else(|| named(first)).or_else(bokmal)
}

/// The languages of a header, the preferred ones first.
fn wanted(header: &str) -> Vec<&str> {
    let weighed = header.split(',').take(MOST).filter_map(|item| {
        let (tag, parameter) = item.split_once(';').unwrap_or((item, ""));
        let weight =
            parameter.trim().strip_prefix("q=").map_or(Some(1.0), |q| q.trim().parse().ok());
        Some((tag.trim(), weight.filter(|weight: &f32| *weight > 0.0)?))
    });
    let mut weighed: Vec<_> = weighed.collect();
    weighed.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    weighed.into_iter().map(|(tag, _)| tag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_comes_first_and_then_the_browser() {
        let spoken = ["en", "nb", "pt", "de"];
        for (page, accepted, language) in [
            (Some("de-AT"), Some("nb"), "de"),
            (Some("nn"), None, "nb"),
            (Some("no"), None, "nb"),
            (Some("zh"), Some("fr, pt-BR;q=0.5, de;q=0.9"), "de"),
            (None, Some("de;q=0, pt"), "pt"),
            (None, Some("fr;q=x, *, \u{e9}"), "en"),
            (Some(""), None, "en"),
            (None, None, "en"),
        ] {
            assert_eq!(
                super::language(&spoken, page, accepted),
                Some(language),
                "{page:?} {accepted:?}"
            );
        }
        assert_eq!(super::language(&["nb"], None, Some("fr")), None);
    }
}
