//! Turns the headers of a choice into whether a page of the site itself sent it.
//!
//! 1. Where the browser says `Sec-Fetch-Site` (Fetch Metadata, 2.3), `same-origin` is taken and nothing else: not a subdomain, which
//!    may be somebody else's, and not `none`, for nobody types a choice.
//! 2. Else `Origin` (RFC 6454 7), else `Referer`, must have the page's own host and port. Its scheme may differ where TLS ends before
//!    us and nobody tells; it is never less than the page's own.
//! 3. Each of them is there once: two lines are no browser's.
//! 4. Where all are missing a choice that allows nothing is taken from a form: browsers from before 2020 send none of them where a
//!    page says `Referrer-Policy: no-referrer`, and a refusal that somebody forges hands nothing over. Everything else is refused.

use super::{Format, Refused};
use crate::purpose::PurposeSet;
use http::{
    HeaderMap, HeaderName,
    header::{ORIGIN, REFERER},
};
use url::Url;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Who sent a choice, as far as its headers tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poster {
    /// A page of the site.
    Page,
    /// Nothing says who.
    Unknown,
    /// Somebody else, and how that is known.
    Other(&'static str),
}

impl Poster {
    /// Who sent a request with these `headers` to `page`, which is the URL as we see it, with the host that was asked for.
    #[must_use]
    pub fn of(headers: &HeaderMap, page: &Url) -> Self {
        let line = |name| single(headers, name);
        match line(SEC_FETCH_SITE) {
            Ok(None) => {}
            Ok(Some("same-origin")) => return Self::Page,
            Ok(Some(_)) => return Self::Other("the browser says that another site sent it"),
            Err(why) => return Self::Other(why),
        }
        for (name, why) in
            [(ORIGIN, "its Origin is another one"), (REFERER, "its Referer is of another site")]
        {
            match line(name) {
                Ok(None) => {}
                Ok(Some(url)) if is_own(url, page) => return Self::Page,
                Ok(Some(_)) => return Self::Other(why),
                Err(why) => return Self::Other(why),
            }
        }
        Self::Unknown
    }

    /// Whether the choice counts.
    ///
    /// # Errors
    /// When it does not.
    pub const fn may_choose(self, format: Format, allowed: PurposeSet) -> Result<(), Refused> {
        match (self, format) {
            (Self::Page, Format::Form | Format::Json) => Ok(()),
            (Self::Other(why), Format::Form | Format::Json) => Err(Refused::CrossSite(why)),
            (Self::Unknown, Format::Form) if allowed.is_empty() => Ok(()),
            (Self::Unknown, Format::Form | Format::Json) => {
                Err(Refused::CrossSite("the browser does not say which page sent it"))
            }
        }
    }
}

/// The one line of a header; the error is that there are several, or that it is no text.
fn single(headers: &HeaderMap, name: HeaderName) -> Result<Option<&str>, &'static str> {
    let mut lines = headers.get_all(name).iter();
    match (lines.next(), lines.next()) {
        (None, _) => Ok(None),
        (Some(line), None) => line.to_str().map(Some).map_err(|_| "a header is no text"),
        (Some(_), Some(_)) => Err("a header that a browser sends once is there twice"),
    }
}

/// Rule 2.
fn is_own(text: &str, page: &Url) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let scheme = match url.scheme() {
        "https" => true,
        "http" => page.scheme() == "http",
        _ => false,
    };
    // The port that is not written is the default one of the browser's scheme, which we may not know.
    let port =
        page.port().or_else(|| url.port_or_known_default().filter(|port| [80, 443].contains(port)));
    scheme && url.host() == page.host() && url.port_or_known_default() == port
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::purpose::Purpose;

    fn of(page: &str, headers: &[(&'static str, &str)]) -> Poster {
        let map = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        let mut headers = HeaderMap::new();
        map.for_each(|(name, value)| {
            headers.append(name, value);
        });
        Poster::of(&headers, &Url::parse(page).unwrap())
    }

    #[test]
    fn pages_of_the_site_are_known() {
        let https = "https://shop.example/_consentry/choice";
        let http = "http://shop.example/_consentry/choice";
        let ported = "http://shop.example:8080/";
        for (page, name, value) in [
            (https, "sec-fetch-site", "same-origin"),
            (https, "origin", "https://shop.example"),
            (https, "origin", "https://shop.example:443"),
            (http, "origin", "http://shop.example"),
            // TLS ended before us.
            (http, "origin", "https://shop.example"),
            (http, "referer", "https://shop.example/page?a=b"),
            (ported, "origin", "http://shop.example:8080"),
            (ported, "origin", "https://shop.example:8080"),
        ] {
            assert_eq!(of(page, &[(name, value)]), Poster::Page, "{page} {value}");
        }
    }

    #[test]
    fn others_are_told_apart() {
        let https = "https://shop.example/";
        for (page, name, value) in [
            (https, "sec-fetch-site", "same-site"),
            (https, "sec-fetch-site", "cross-site"),
            (https, "sec-fetch-site", "none"),
            (https, "sec-fetch-site", ""),
            (https, "sec-fetch-site", "same-origin, same-origin"),
            (https, "origin", "null"),
            (https, "origin", "https://evil.example"),
            (https, "origin", "https://www.shop.example"),
            (https, "origin", "https://shop.example.evil.test"),
            (https, "origin", "https://shop.example:8443"),
            (https, "origin", "http://shop.example"),
            (https, "origin", "ftp://shop.example"),
            (https, "origin", ""),
            (https, "referer", "https://evil.test/https://shop.example/"),
            ("http://shop.example:8080/", "origin", "http://shop.example"),
            ("http://shop.example:8080/", "origin", "https://shop.example"),
            ("http://shop.example/", "origin", "http://shop.example:8080"),
        ] {
            let poster = of(page, &[(name, value)]);
            assert!(matches!(poster, Poster::Other(_)), "{page} {name} {value}: {poster:?}");
        }
    }

    #[test]
    fn what_says_most_counts_alone() {
        let page = "https://shop.example/";
        let (own, other) = (("origin", "https://shop.example"), ("origin", "https://evil.test"));
        let same = ("sec-fetch-site", "same-origin");
        assert_eq!(of(page, &[same, other]), Poster::Page);
        assert!(matches!(of(page, &[("sec-fetch-site", "cross-site"), own]), Poster::Other(_)));
        assert!(matches!(
            of(page, &[other, ("referer", "https://shop.example/")]),
            Poster::Other(_)
        ));
        assert!(matches!(of(page, &[own, own]), Poster::Other(_)));
        assert!(matches!(of(page, &[same, same]), Poster::Other(_)));
    }

    #[test]
    fn who_says_nothing_may_refuse_with_a_form() {
        assert_eq!(of("https://shop.example/", &[]), Poster::Unknown);
        let some = PurposeSet::EMPTY.with(Purpose::Analytics);
        assert!(Poster::Unknown.may_choose(Format::Form, PurposeSet::EMPTY).is_ok());
        assert!(Poster::Unknown.may_choose(Format::Form, some).is_err());
        assert!(Poster::Unknown.may_choose(Format::Json, PurposeSet::EMPTY).is_err());
        assert!(Poster::Page.may_choose(Format::Json, some).is_ok());
        assert!(Poster::Other("").may_choose(Format::Form, PurposeSet::EMPTY).is_err());
    }
}
