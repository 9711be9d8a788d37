//! Turns the path that a form wants to go back to into one that is surely of this site.
//!
//! 1. It begins with one `/` and is at most 2048 bytes of visible ASCII; browsers read `\` as `/`, so it has none
//!    (WHATWG URL 4.4, "path start state").
//! 2. What counts is what a browser makes of it: dots are resolved first, and what then begins with `//` would be another host.
//! 3. It is none of our own paths but the page with the form: those of vendors, above all, are not pages.

use super::Refused;
use url::Url;

/// The longest path; bytes.
const LONGEST: usize = 2048;

/// The path and query that `text` stands for on the site of `page`; `own` says which paths are ours.
///
/// # Errors
/// When it may be anything else than a page of the site.
pub fn back(text: &str, page: &Url, own: impl Fn(&str) -> bool) -> Result<String, Refused> {
    let visible = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if !visible || text.len() > LONGEST || !is_rooted(text) {
        return Err(Refused::Back);
    }
    let url = page.join(text).map_err(|_| Refused::Back)?;
    let path = url.path();
    if url.origin() != page.origin() || !is_rooted(path) || own(path) {
        return Err(Refused::Back);
    }
    Ok(url.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}")))
}

/// Whether `path` begins with one `/`.
fn is_rooted(path: &str) -> bool {
    path.starts_with('/') && !path.starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> Result<String, Refused> {
        let page = Url::parse("https://shop.example/_consentry/choice").unwrap();
        back(text, &page, |path| path.starts_with("/_consentry/v/"))
    }

    #[test]
    fn paths_of_the_site_are_kept() {
        for (text, path) in [
            ("/", "/"),
            ("/a/b?c=d&e", "/a/b?c=d&e"),
            ("/a/../b", "/b"),
            ("/a%20b#c", "/a%20b"),
            ("/x?next=//evil.test", "/x?next=//evil.test"),
        ] {
            assert_eq!(of(text).as_deref(), Ok(path));
        }
    }

    #[test]
    fn nothing_else_is() {
        for text in [
            "",
            "a",
            "//evil.test",
            "///evil.test",
            "/\\evil.test",
            "\\/evil.test",
            "/.//evil.test",
            "/a/..//evil.test",
            "/%2e//evil.test",
            "https://evil.test/",
            "javascript:alert(1)",
            "/a\r\nSet-Cookie: a=b",
            "/a\tb",
            "/a b",
            "/\u{e9}",
            "/_consentry/v/www.google-analytics.com/g/collect",
            "/a/../_consentry/v/x",
            "/%2e%2e/_consentry/v/x",
            &format!("/{}", "a".repeat(LONGEST)),
        ] {
            assert_eq!(of(text), Err(Refused::Back), "{text}");
        }
    }

    proptest! {
        /// What a browser makes of the header is a page of the same site.
        #[test]
        fn it_never_leaves_the_site(text in "[/\\\\.a-z%2e:@?#]{0,12}|\\PC{0,12}") {
            let page = Url::parse("https://shop.example/_consentry/choice").unwrap();
            if let Ok(path) = of(&text) {
                prop_assert!(path.bytes().all(|b| b.is_ascii_graphic()));
                prop_assert_eq!(page.join(&path).unwrap().origin(), page.origin());
            }
        }
    }
}
