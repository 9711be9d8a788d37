//! Turns a host name into its [`Site`]: the registrable domain, by which first and third party are told apart.
//!
//! 1. The registrable domain is the public suffix and one label more (HTML Standard, "site"; Public Suffix List).
//! 2. An IP address, a public suffix itself and a single label are sites of their own.
//! 3. Host names compare without case and without one trailing dot (RFC 1034 3.1).

use std::net::IpAddr;

/// A registrable domain, in lower case, without a trailing dot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Site(Box<str>);

impl Site {
    /// The site of `host`, a host name or an IP address without a port.
    #[must_use]
    pub fn of_host(host: &str) -> Self {
        Self(registrable(&canonical(host)).into())
    }

    /// Whether `host` (lower case, no trailing dot) belongs to this site.
    #[must_use]
    pub fn contains(&self, host: &str) -> bool {
        ends_at_label(host, &self.0) && registrable(host) == &*self.0
    }

    /// The registrable domain.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `host` in lower case, without one trailing dot.
#[must_use]
pub fn canonical(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

/// Whether `domain` is `host` or one of its parents.
#[must_use]
pub fn ends_at_label(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Whether `host` ends in a suffix under which names are registered, by the Public Suffix List.
#[must_use]
pub fn is_public(host: &str) -> bool {
    psl::suffix(host.as_bytes()).is_some_and(|suffix| suffix.is_known())
}

/// Whether browsers take cookies for all hosts of `domain` (lower case, no trailing dot): it is no address and no public suffix
/// (RFC 6265, 5.3, step 5).
#[must_use]
pub fn takes_cookies(domain: &str) -> bool {
    let is_name = !domain.starts_with('[') && domain.parse::<IpAddr>().is_err();
    is_name && psl::domain_str(domain).is_some()
}

fn registrable(host: &str) -> &str {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    if address.parse::<IpAddr>().is_ok() {
        return host;
    }
    psl::domain_str(host).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_the_registrable_domain() {
        for (host, site) in [
            ("www.shop.example.co.uk", "example.co.uk"),
            ("EXAMPLE.com.", "example.com"),
            ("localhost", "localhost"),
            ("127.0.0.1", "127.0.0.1"),
            ("[::1]", "[::1]"),
            ("co.uk", "co.uk"),
            ("a.github.io", "a.github.io"),
        ] {
            assert_eq!(Site::of_host(host).as_str(), site, "{host}");
        }
    }

    #[test]
    fn cookies_are_for_registered_domains() {
        for domain in ["example.com", "www.example.co.uk", "a.github.io", "shop.test"] {
            assert!(takes_cookies(domain), "{domain}");
        }
        for domain in ["com", "co.uk", "github.io", "localhost", "127.0.0.1", "[::1]", ""] {
            assert!(!takes_cookies(domain), "{domain}");
        }
    }

    #[test]
    fn only_whole_labels_belong() {
        let site = Site::of_host("www.example.com");
        assert!(site.contains("example.com") && site.contains("cdn.example.com"));
        assert!(!site.contains("evilexample.com") && !site.contains("example.com.evil.test"));
        assert!(!Site::of_host("127.0.0.1").contains("1.127.0.0.1"));
    }
}
