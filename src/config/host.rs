//! Turns `shop.example` or `*.shop.example` into a [`HostPattern`] that a request's host is compared with.
//!
//! 1. Hosts compare in lower case, in their ASCII form and without one trailing dot (URL Standard 3.5; RFC 1034 3.1).
//! 2. `*.` stands for one or more whole labels; the name after it is not meant itself.
//! 3. An exact host is preferred to a pattern, and a longer pattern to a shorter one.

use super::meaning::{Wrong, some_text};
use std::fmt;
use toml::de::DeValue;
use url::Host;

/// The hosts that a site is served under.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostPattern {
    /// This host.
    Exact(String),
    /// All hosts under this one, without itself.
    Below(String),
}

impl HostPattern {
    /// Whether `host` (lower case, no port, no trailing dot) is meant.
    #[must_use]
    pub fn matches(&self, host: &str) -> bool {
        match self {
            Self::Exact(name) => host == name,
            Self::Below(name) => host.strip_suffix(name.as_str()).is_some_and(|rest| {
                rest.strip_suffix('.').is_some_and(|labels| !labels.is_empty())
            }),
        }
    }

    /// How exactly it says which host is meant: of two patterns that match, the greater one counts.
    #[must_use]
    pub const fn precision(&self) -> (bool, usize) {
        match self {
            Self::Exact(name) => (true, name.len()),
            Self::Below(name) => (false, name.len()),
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) => f.write_str(name),
            Self::Below(name) => write!(f, "*.{name}"),
        }
    }
}

/// A host pattern of a site.
pub(super) fn pattern(value: &DeValue<'_>) -> Result<HostPattern, Wrong> {
    let text = some_text(value)?;
    match text.strip_prefix("*.") {
        Some(rest) => name(rest, &text).map(HostPattern::Below),
        None => name(&text, &text).map(HostPattern::Exact),
    }
}

/// A host whose subdomains are meant too.
pub(super) fn domain(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = some_text(value)?;
    if let Some(rest) = text.strip_prefix("*.") {
        let instead = format!("write \"{rest}\": its subdomains are included");
        return Err(Wrong::text(&text, "", instead));
    }
    name(&text, &text)
}

/// `host` or `host/path`, as the catalogue writes them.
pub(super) fn place(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = some_text(value)?;
    let (host, path) = match text.find('/').and_then(|at| text.split_at_checked(at)) {
        Some((host, path)) if !host.is_empty() && !host.ends_with(':') => (host, path),
        Some(_) => return Err(whole_url(&text)),
        None => (text.as_str(), ""),
    };
    if path.contains(['?', '#', ' ']) {
        return Err(Wrong::text(&text, "", "write \"host\" or \"host/path\", without a query"));
    }
    let (star, bare) = host.strip_prefix("*.").map_or(("", host), |bare| ("*.", bare));
    Ok(format!("{star}{}{path}", name(bare, &text)?))
}

/// `host` in the form in which hosts are compared; `text` is what was written.
fn name(host: &str, text: &str) -> Result<String, Wrong> {
    if host.contains("//") || host.contains('/') {
        return Err(whole_url(text));
    }
    if host.contains('*') {
        let why = ", where `*` does not stand for a whole first label";
        return Err(Wrong::text(text, why, "write \"*.example.org\" or \"www.example.org\""));
    }
    let parsed = Host::parse(host.strip_suffix('.').unwrap_or(host)).map(|host| host.to_string());
    if let (Err(_), Some((before, port))) = (&parsed, host.rsplit_once(':'))
        && port.parse::<u16>().is_ok()
    {
        return Err(Wrong::text(text, ", with a port", format!("write \"{before}\"")));
    }
    // `a..` would be `a.` once one dot is off: an empty label.
    parsed.ok().filter(|name| !name.ends_with('.')).ok_or_else(|| {
        Wrong::text(text, ", which is no host name", "write a name such as \"www.example.org\"")
    })
}

fn whole_url(text: &str) -> Wrong {
    let host = url::Url::parse(text).ok().and_then(|url| url.host_str().map(str::to_owned));
    let host = host.unwrap_or_else(|| "www.example.org".to_owned());
    Wrong::text(text, ", which is not only a host", format!("write \"{host}\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<HostPattern, String> {
        pattern(&DeValue::String(text.into())).map_err(|wrong| wrong.to_string())
    }

    #[test]
    fn patterns_match_whole_labels() {
        let below = read("*.Shop.Example").unwrap();
        assert_eq!(below.to_string(), "*.shop.example");
        assert!(below.matches("www.shop.example") && below.matches("a.b.shop.example"));
        for host in ["shop.example", ".shop.example", "wwwshop.example", "shop.example.evil.test"] {
            assert!(!below.matches(host), "{host}");
        }
        let exact = read("bücher.example.").unwrap();
        assert_eq!(exact, HostPattern::Exact("xn--bcher-kva.example".to_owned()));
        assert!(
            exact.matches("xn--bcher-kva.example") && !exact.matches("www.xn--bcher-kva.example")
        );
        assert!(exact.precision() > below.precision());
    }

    #[test]
    fn what_is_no_host_is_told_apart() {
        assert!(read("ä..").is_err() && read("a..").is_err());
        for (text, message) in [
            ("", "is empty; write some text"),
            (
                "https://shop.example/x",
                "is `https://shop.example/x`, which is not only a host; write \"shop.example\"",
            ),
            ("shop.example:8080", "is `shop.example:8080`, with a port; write \"shop.example\""),
            (
                "shop.*",
                "is `shop.*`, where `*` does not stand for a whole first label; write \"*.example.org\" or \"www.example.org\"",
            ),
            ("a b", "is `a b`, which is no host name; write a name such as \"www.example.org\""),
        ] {
            assert_eq!(read(text), Err(message.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn a_pattern_reads_as_it_was_shown(text in "(\\*\\.)?[a-z0-9äß.:/*\\[\\]-]{0,24}") {
            if let Ok(pattern) = read(&text) {
                prop_assert_eq!(read(&pattern.to_string()), Ok(pattern));
            }
        }
    }
}
