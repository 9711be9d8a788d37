//! Turns a vendor's URL into its first-party path, and such a path back into the vendor's URL.
//!
//! 1. The path is `{prefix}{vendor host}{path}?{query}`: readable, and the same for everybody.
//! 2. A path is read back only if it is written as this module would write it: a lower case host name without port, user,
//!    escapes or trailing dot, and a path without dot segments, backslashes or empty hosts in it. Anything else is nobody's.
//! 3. Reading a path never widens what the catalogue allows: host and path are looked up in it afterwards.

use crate::site::canonical;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use url::{Host, Url};

/// Where the first-party paths begin, unless the operator says otherwise.
pub const DEFAULT_PREFIX: &str = "/_consentry/v/";

/// How often escapes are undone to look for dot segments.
const UNDONE: usize = 5;

/// The path under which vendors are served on the site itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Prefix(Box<str>);

/// Text that cannot be such a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot hold the vendors' paths; write a path like /_consentry/v/ with `/` at both ends"
)]
pub struct BadPrefix(pub String);

impl Default for Prefix {
    fn default() -> Self {
        Self(DEFAULT_PREFIX.into())
    }
}

impl Prefix {
    /// A prefix: a path of plain segments with `/` at both ends, and not the root.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn new(path: &str) -> Result<Self, BadPrefix> {
        let plain = |segment: &str| !segment.is_empty() && segment.bytes().all(is_plain);
        let inner = path.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
        match inner {
            Some(inner) if inner.split('/').all(plain) && !has_dots(path) => Ok(Self(path.into())),
            Some(_) | None => Err(BadPrefix(path.to_owned())),
        }
    }

    /// The prefix as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a request's path lies under it.
    #[must_use]
    pub fn covers(&self, path: &str) -> bool {
        path.starts_with(&*self.0)
    }

    /// The path and query that stand for `url` on the site; `None` for a URL that no such path can stand for: another
    /// scheme than `http`, `https`, `ws` and `wss`, a port, a user, an address instead of a name.
    #[must_use]
    pub fn path_of(&self, url: &Url) -> Option<String> {
        let web = matches!(url.scheme(), "http" | "https" | "ws" | "wss");
        let bare = url.username().is_empty() && url.password().is_none() && url.port().is_none();
        let Some(Host::Domain(host)) = url.host().filter(|_| web && bare) else { return None };
        let host = canonical(host);
        let query = url.query().map_or_else(String::new, |query| format!("?{query}"));
        let path = format!("{}{host}{}{query}", self.0, url.path());
        self.url_of(&path).is_some().then_some(path)
    }

    /// The vendor's URL, always `https`, for which the path and query of a request stand.
    #[must_use]
    pub fn url_of(&self, target: &str) -> Option<Url> {
        let rest = target.strip_prefix(&*self.0)?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (host, tail) = rest.split_at_checked(end)?;
        let tail = if tail.starts_with('/') { tail.to_owned() } else { format!("/{tail}") };
        let path = tail.split('?').next().unwrap_or_default();
        if !is_name(host) || has_dots(path) || path.contains('\\') {
            return None;
        }
        let url = Url::parse(&format!("https://{host}{tail}")).ok()?;
        (url.host_str() == Some(host) && url.port().is_none() && url.path() == path).then_some(url)
    }
}

/// A lower case host name of at least two labels.
fn is_name(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
    };
    let named = matches!(Host::parse(host), Ok(Host::Domain(_)));
    host.len() <= 253 && host.contains('.') && host.split('.').all(label) && named
}

/// Whether a segment of `path` is `.` or `..`, however it is escaped; servers undo escapes more than once.
fn has_dots(path: &str) -> bool {
    let dots = |path: &str| path.split(['/', '\\']).any(|segment| matches!(segment, "." | ".."));
    let mut plain = Cow::Borrowed(path);
    for _ in 0..UNDONE {
        let next = percent_decode_str(&plain).decode_utf8_lossy().into_owned();
        if dots(&plain) || next == *plain {
            break;
        }
        plain = Cow::Owned(next);
    }
    dots(&plain)
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_path_stands_for_one_url() {
        let prefix = Prefix::default();
        for (url, path) in [
            (
                "https://www.google-analytics.com/g/collect?v=2",
                "/_consentry/v/www.google-analytics.com/g/collect?v=2",
            ),
            ("http://WWW.Facebook.com./tr/", "/_consentry/v/www.facebook.com/tr/"),
            (
                "//ad.doubleclick.net/activity;src=1;ord=2?",
                "/_consentry/v/ad.doubleclick.net/activity;src=1;ord=2?",
            ),
        ] {
            let url = Url::parse("https://shop.test").unwrap().join(url).unwrap();
            assert_eq!(prefix.path_of(&url).as_deref(), Some(path));
            assert_eq!(prefix.path_of(&prefix.url_of(path).unwrap()).as_deref(), Some(path));
        }
        for url in [
            "https://a.test:8080/",
            "https://u@a.test/",
            "https://127.0.0.1/",
            "data:,",
            "https://localhost/",
        ] {
            assert_eq!(prefix.path_of(&Url::parse(url).unwrap()), None, "{url}");
        }
    }

    #[test]
    fn nothing_but_the_written_form_is_read_back() {
        let prefix = Prefix::default();
        for tail in [
            "",
            "/",
            "/x.test",
            "a",
            "A.test/",
            "a.test:80/",
            "u@a.test/",
            "a.test./",
            "a..test/",
            "a%2etest/",
            "[::1]/",
            "127.0.0.1/",
            "0x7f.1/",
            "a.test/../b",
            "a.test/%2e%2E/b",
            "a.test/.%2e",
            "a.test\\b.test/",
            "a.test/x\\..\\y",
            "a.test/a b",
            "a.test#x",
            "a\u{e4}.test/",
            "a.test/x%2f..%2fy",
            "a.test/x/%252e%252e/y",
            "a.test/x%25252f.%252E%2fy",
            "a.test/x/%25%32e./y",
            "a.test/\t",
        ] {
            assert_eq!(prefix.url_of(&format!("/_consentry/v/{tail}")), None, "{tail}");
        }
        assert!(prefix.url_of("/_consentry/va.test/").is_none() && prefix.url_of("/x").is_none());
    }

    #[test]
    fn a_prefix_is_a_plain_path() {
        assert_eq!(Prefix::new("/m/").unwrap().as_str(), "/m/");
        for bad in ["", "/", "//", "/m", "m/", "/a//b/", "/../", "/./", "/a b/", "/a?/", "/%2e/"] {
            assert!(Prefix::new(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_back_stays_on_the_named_host(tail in "[a-zA-Z0-9.:@/\\\\%?#;&=-]{0,40}") {
            let prefix = Prefix::default();
            let target = format!("{}{tail}", prefix.as_str());
            if let Some(url) = prefix.url_of(&target) {
                let host = url.host_str().unwrap();
                prop_assert!(tail.starts_with(host));
                prop_assert_eq!(prefix.path_of(&url).is_some(), true);
            }
        }
    }
}
