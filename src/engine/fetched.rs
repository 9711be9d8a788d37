//! Turns what a browser says a request is for into whether the answer can be a page, and so get anything of ours.
//!
//! 1. A piece of HTML that a script asks for (`Sec-Fetch-Dest: empty`) is put into a page that has ours already, whatever it begins
//!    with: what is gated in it is gated, and nothing is added. So is every other destination that is no page (Fetch Metadata, 2.1).
//! 2. A service worker that passes a navigation on asks with its mode, which no script can claim (Fetch Metadata, 2.2; Fetch,
//!    5.4: "If request's mode is `navigate`, throw"), and the page that it gets is one.
//! 3. Consent managers do not ask in frames.
//! 4. Who says nothing may get a page, as far as it looks like one.

use http::{HeaderMap, HeaderName};

const DESTINATION: HeaderName = HeaderName::from_static("sec-fetch-dest");
const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

const NESTED: [&str; 5] = ["iframe", "frame", "fencedframe", "object", "embed"];

/// What the answer to a request is to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FetchedAs {
    /// A page, or nobody knows.
    Page,
    /// A page in another.
    Framed,
    /// No page.
    Piece,
}

impl FetchedAs {
    /// What a request with these headers is for.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let says = |name: &HeaderName| headers.get(name).map(|v| v.as_bytes().trim_ascii());
        let Some(to) = says(&DESTINATION) else { return Self::Page };
        let is = |name: &str| to.eq_ignore_ascii_case(name.as_bytes());
        let navigates = says(&MODE).is_some_and(|mode| mode.eq_ignore_ascii_case(b"navigate"));
        if NESTED.into_iter().any(is) {
            Self::Framed
        } else if is("document") || navigates {
            Self::Page
        } else {
            Self::Piece
        }
    }

    /// Whether the answer can be a page.
    pub(super) const fn is_page(self) -> bool {
        matches!(self, Self::Page | Self::Framed)
    }

    /// Whether consent managers ask in it.
    pub(super) const fn asks(self) -> bool {
        matches!(self, Self::Page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_say_what_they_fetch_for() {
        let of = |pairs: &[(&HeaderName, &str)]| {
            let pairs = pairs.iter().map(|(name, value)| ((*name).clone(), value.parse().unwrap()));
            FetchedAs::of(&pairs.collect())
        };
        assert_eq!(of(&[]), FetchedAs::Page);
        assert_eq!(of(&[(&MODE, "cors")]), FetchedAs::Page);
        for (to, page) in [
            ("document", FetchedAs::Page),
            (" Document", FetchedAs::Page),
            ("iframe", FetchedAs::Framed),
            ("embed", FetchedAs::Framed),
            ("empty", FetchedAs::Piece),
            ("script", FetchedAs::Piece),
            ("", FetchedAs::Piece),
            ("document, document", FetchedAs::Piece),
        ] {
            assert_eq!(of(&[(&DESTINATION, to)]), page, "{to}");
        }
        let passed = |mode| of(&[(&DESTINATION, "empty"), (&MODE, mode)]);
        assert_eq!(passed("navigate"), FetchedAs::Page);
        assert_eq!(passed("same-origin"), FetchedAs::Piece);
    }
}
