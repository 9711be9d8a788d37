//! Turns one source expression of a policy into what it lets through.
//!
//! 1. The kinds are those of CSP 3, 2.3.1: keywords, nonces and hashes in quotes, a scheme, and a host with what may stand around it.
//! 2. `*` and the schemes of the web let every host through: they are broad.
//! 3. What is none of these kinds matches nothing in a browser.

/// One source expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source<'s> {
    /// `'self'`, `'unsafe-inline'` and whatever else is in quotes, without the quotes.
    Quoted(&'s str),
    /// `data:`, `blob:` and other schemes that reach no host, without the colon.
    Scheme(&'s str),
    /// `*`, `https:` and their like.
    Broad,
    /// A host, or all below one.
    Host(HostSource<'s>),
    /// Anything else.
    Nothing,
}

/// A source expression with a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostSource<'s> {
    /// As written, without `*.`.
    pub host: &'s str,
    /// Whether it is what stands below the host, and not the host.
    pub below: bool,
    /// From its slash on; empty for any path.
    pub path: &'s str,
}

impl<'s> Source<'s> {
    /// What `text`, without blanks, is.
    #[must_use]
    pub fn new(text: &'s str) -> Self {
        if let Some(inner) = text.strip_prefix('\'') {
            return inner.strip_suffix('\'').map_or(Self::Nothing, Self::Quoted);
        }
        let rest = match text.split_once("://") {
            Some((scheme, rest)) if is_scheme(scheme) => rest,
            Some(_) => return Self::Nothing,
            None => text,
        };
        if let Some(scheme) = text.strip_suffix(':').filter(|scheme| is_scheme(scheme)) {
            return if is_web(scheme) { Self::Broad } else { Self::Scheme(scheme) };
        }
        host(rest)
    }

    /// Whether every host is let through.
    #[must_use]
    pub fn is_broad(&self) -> bool {
        *self == Self::Broad
    }
}

fn host(rest: &str) -> Source<'_> {
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let (name, port) = authority.split_once(':').unwrap_or((authority, "*"));
    let is_port = port == "*" || !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    if name == "*" && is_port {
        return Source::Broad;
    }
    let (name, below) = name.strip_prefix("*.").map_or((name, false), |parent| (parent, true));
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if name.is_empty() || !name.bytes().all(plain) || !is_port {
        return Source::Nothing;
    }
    Source::Host(HostSource { host: name, below, path })
}

/// RFC 3986, 3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

/// The schemes whose URLs have hosts.
fn is_web(scheme: &str) -> bool {
    ["http", "https", "ws", "wss", "ftp"].iter().any(|web| scheme.eq_ignore_ascii_case(web))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_told_apart() {
        let host = |host, below, path| Source::Host(HostSource { host, below, path });
        for (text, source) in [
            ("'self'", Source::Quoted("self")),
            ("'nonce-a'", Source::Quoted("nonce-a")),
            ("'self", Source::Nothing),
            ("*", Source::Broad),
            ("*:8080", Source::Broad),
            ("https://*", Source::Broad),
            ("HTTPS:", Source::Broad),
            ("wss:", Source::Broad),
            ("data:", Source::Scheme("data")),
            ("a.test", host("a.test", false, "")),
            ("a.test:443", host("a.test", false, "")),
            ("a.test:*/x/", host("a.test", false, "/x/")),
            ("https://*.A.test/x", host("A.test", true, "/x")),
            ("localhost", host("localhost", false, "")),
            ("a.test:x", Source::Nothing),
            ("*.", Source::Nothing),
            ("a.*.test", Source::Nothing),
            ("1://a.test", Source::Nothing),
            ("[::1]", Source::Nothing),
            ("", Source::Nothing),
        ] {
            assert_eq!(Source::new(text), source, "{text}");
        }
    }
}
