//! Turns a page's URL and the prefix of the vendors' paths into where on the site these paths are.
//!
//! 1. A page on a host that is no plain name or address has none: its texts are put into scripts and policies as they are.

use crate::catalog::Prefix;
use url::Url;

/// Where on a page's own site the vendors are served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Front {
    secure: bool,
    authority: Box<str>,
    prefix: Prefix,
}

impl Front {
    /// The front of the site of the page at `url`; `None` on a host that cannot have one.
    #[must_use]
    pub fn new(url: &Url, prefix: &Prefix) -> Option<Self> {
        let secure = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let plain = |b: u8| {
            b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'[' | b']' | b':')
        };
        let host = url.host_str().filter(|host| host.bytes().all(plain))?;
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Some(Self { secure, authority: format!("{host}{port}").into(), prefix: prefix.clone() })
    }

    /// The prefix of the paths.
    #[must_use]
    pub const fn prefix(&self) -> &Prefix {
        &self.prefix
    }

    /// `https`, or `http` on a site without it.
    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }

    /// The site's host and prefix, as `shop.example/_consentry/v/`: what stands before a vendor's host in a literal without scheme.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}{}", self.authority, self.prefix.as_str())
    }

    /// The absolute URL of the prefix, as `https://shop.example/_consentry/v/`.
    #[must_use]
    pub fn base(&self) -> String {
        format!("{}://{}", self.scheme(), self.place())
    }

    /// The absolute URL of a path of the site.
    #[must_use]
    pub fn absolute(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme(), self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(url: &str) -> Option<String> {
        Some(Front::new(&Url::parse(url).unwrap(), &Prefix::default())?.base())
    }

    #[test]
    fn a_front_is_on_the_pages_own_origin() {
        for (url, found) in [
            ("https://shop.test/a?b", Some("https://shop.test/_consentry/v/")),
            ("http://127.0.0.1:8080/", Some("http://127.0.0.1:8080/_consentry/v/")),
            ("https://[::1]:8/", Some("https://[::1]:8/_consentry/v/")),
            ("https://a'b.test/", None),
            ("https://a;b.test/", None),
            ("https://a\"b.test/", None),
        ] {
            assert_eq!(base(url).as_deref(), found, "{url}");
        }
    }
}
