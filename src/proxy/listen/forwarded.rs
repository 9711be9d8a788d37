//! Turns what the proxies before us say of a request into who asked, and over what.
//!
//! 1. Only a proxy that is trusted is believed, and what it says of the one before it only as long as that is trusted
//!    too: the visitor is the right-most address that is not.
//! 2. One family of headers is believed, the one that these proxies write; the other they may pass on as the visitor
//!    wrote it.
//! 3. Elements of `Forwarded` are read as RFC 7239 4 and 6 write them; an element that cannot be read ends the chain.

use super::network::Trusted;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::net::{IpAddr, SocketAddr};

/// The headers that trusted proxies write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Forwarding {
    /// `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`, as most do.
    #[default]
    XForwarded,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// How many proxies there may be before us.
const LONGEST: usize = 32;

const FORWARDED: HeaderName = HeaderName::from_static("forwarded");
const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What trusted proxies say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::proxy) struct Told {
    /// The visitor's address.
    pub(in crate::proxy) visitor: Option<IpAddr>,
    /// Whether the visitor asked over TLS.
    pub(in crate::proxy) secure: Option<bool>,
}

/// What the headers of a request say that came from a trusted proxy.
pub(in crate::proxy) fn told(headers: &HeaderMap, of: Forwarding, trusted: &Trusted) -> Told {
    match of {
        Forwarding::XForwarded => told_by_x(headers, trusted),
        Forwarding::Forwarded => told_by_standard(headers, trusted),
    }
}

fn told_by_x(headers: &HeaderMap, trusted: &Trusted) -> Told {
    let chain = reversed(headers, FOR, |line| line.rsplit(','));
    let visitor = visitor(chain.map_while(told_address), trusted);
    // Proxies that TLS did not end at leave it as it is, so the first one knows.
    let first = headers.get(PROTO).and_then(text).and_then(|line| line.split(',').next());
    Told { visitor, secure: first.and_then(is_https) }
}

fn told_by_standard(headers: &HeaderMap, trusted: &Trusted) -> Told {
    let mut told = Told::default();
    let elements = reversed(headers, FORWARDED, |line| split(line, ',').into_iter().rev());
    for element in elements.take(LONGEST) {
        let Some(address) = parameter(element, "for").and_then(told_address) else { break };
        told.visitor = Some(address);
        told.secure = parameter(element, "proto").and_then(is_https).or(told.secure);
        if !trusted.holds(address) {
            break;
        }
    }
    told
}

/// The first of `chain`, which begins with the nearest, that is not trusted; or else the last.
fn visitor(chain: impl Iterator<Item = IpAddr>, trusted: &Trusted) -> Option<IpAddr> {
    let mut last = None;
    for address in chain.take(LONGEST) {
        last = Some(address);
        if !trusted.holds(address) {
            break;
        }
    }
    last
}

/// The parts of all lines of a header, the last one first.
fn reversed<'h, I: Iterator<Item = &'h str>>(
    headers: &'h HeaderMap,
    name: HeaderName,
    parts: impl Fn(&'h str) -> I,
) -> impl Iterator<Item = &'h str> {
    // A line that is no text may hide an address: it ends the chain as one that is not an address.
    let lines: Vec<_> =
        headers.get_all(name).iter().map(|line| text(line).unwrap_or("?")).collect();
    lines.into_iter().rev().flat_map(parts).map(str::trim)
}

fn text(line: &HeaderValue) -> Option<&str> {
    line.to_str().ok()
}

fn is_https(scheme: &str) -> Option<bool> {
    let scheme = scheme.trim().trim_matches('"');
    let is = |name| scheme.eq_ignore_ascii_case(name);
    if is("https") { Some(true) } else { is("http").then_some(false) }
}

/// `text` in its parts, between which `separator` stands outside of quotes (RFC 9110 5.6.4). A quote that is left open
/// is none, or a visitor could hide in it what a proxy adds.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    let parts = text.split(|c| {
        if escaped {
            escaped = false;
        } else if quoted && c == '\\' {
            escaped = true;
        } else if c == '"' {
            quoted = !quoted;
        } else {
            return c == separator && !quoted;
        }
        false
    });
    let parts = parts.collect();
    if quoted { text.split(separator).collect() } else { parts }
}

/// The value of a parameter of one element, in quotes or not; none when it is not there or there twice.
fn parameter<'e>(element: &'e str, name: &str) -> Option<&'e str> {
    let pairs = split(element, ';').into_iter().filter_map(|pair| pair.split_once('='));
    let mut values =
        pairs.filter(|(n, _)| n.trim().eq_ignore_ascii_case(name)).map(|(_, v)| v.trim());
    let first = values.next();
    first.filter(|_| values.next().is_none())
}

/// An address as proxies write it: alone, in brackets, or with a port.
fn told_address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    text.parse().ok().or_else(with_port).or_else(bare).map(|ip: IpAddr| ip.to_canonical())
}

/// How an address stands in `Forwarded` (RFC 7239 6).
pub(in crate::proxy) fn node(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("\"[{ip}]\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn headers(name: &'static str, lines: &[&str]) -> HeaderMap {
        let line =
            |text: &&str| (HeaderName::from_static(name), HeaderValue::from_str(text).unwrap());
        lines.iter().map(line).collect()
    }

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn the_visitor_is_the_right_most_address_that_is_not_trusted() {
        let trusted = Trusted::default();
        for (lines, visitor) in [
            (&["203.0.113.7"][..], ip("203.0.113.7")),
            (&["6.6.6.6, 203.0.113.7"], ip("203.0.113.7")),
            (&["6.6.6.6, 203.0.113.7, 10.0.0.1"], ip("203.0.113.7")),
            (&["6.6.6.6", "203.0.113.7, 10.0.0.1", "10.0.0.2"], ip("203.0.113.7")),
            (&["6.6.6.6, unknown, 10.0.0.1"], ip("10.0.0.1")),
            (&["10.0.0.3, 10.0.0.1"], ip("10.0.0.3")),
            (&["6.6.6.6, "], None),
            (&["6.6.6.6,203.0.113.7:4711"], ip("203.0.113.7")),
            (&["[2001:db8::1]:4711"], ip("2001:db8::1")),
            (&[], None),
        ] {
            let told = told(&headers("x-forwarded-for", lines), Forwarding::XForwarded, &trusted);
            assert_eq!(told.visitor, visitor, "{lines:?}");
        }
    }

    #[test]
    fn forwarded_is_read_as_it_is_written() {
        let trusted = Trusted::default();
        for (lines, visitor, secure) in [
            (&["for=203.0.113.7;proto=https"][..], ip("203.0.113.7"), Some(true)),
            (&["For=\"[2001:db8::1]:47\"; Proto=HTTP"], ip("2001:db8::1"), Some(false)),
            (
                &["for=6.6.6.6;proto=https, for=203.0.113.7;proto=http"],
                ip("203.0.113.7"),
                Some(false),
            ),
            (
                &["for=6.6.6.6", "for=203.0.113.7;proto=https, for=10.0.0.1;proto=http"],
                ip("203.0.113.7"),
                Some(true),
            ),
            (&["for=\"6.6.6.6, for=7.7.7.7\", for=203.0.113.7"], ip("203.0.113.7"), None),
            (&["for=6.6.6.6, for=_hidden, for=10.0.0.1"], ip("10.0.0.1"), None),
            (&["for=6.6.6.6;for=7.7.7.7"], None, None),
            (&["by=10.0.0.1;host=a"], None, None),
        ] {
            let told = told(&headers("forwarded", lines), Forwarding::Forwarded, &trusted);
            assert_eq!((told.visitor, told.secure), (visitor, secure), "{lines:?}");
        }
    }

    #[test]
    fn the_other_family_is_not_believed() {
        let trusted = Trusted::default();
        let both = headers("forwarded", &["for=6.6.6.6;proto=https"]);
        assert_eq!(told(&both, Forwarding::XForwarded, &trusted), Told::default());
        let both = headers("x-forwarded-for", &["6.6.6.6"]);
        assert_eq!(told(&both, Forwarding::Forwarded, &trusted), Told::default());
    }

    #[test]
    fn balancers_write_addresses_in_their_ways() {
        for (text, address) in [
            ("203.0.113.7", Some("203.0.113.7")),
            (" 203.0.113.7:4711 ", Some("203.0.113.7")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("[2001:db8::1]:4711", Some("2001:db8::1")),
            ("::ffff:203.0.113.7", Some("203.0.113.7")),
            ("unknown", None),
            ("203.0.113.7:x", None),
            ("", None),
        ] {
            assert_eq!(told_address(text), address.map(|a| a.parse().unwrap()), "{text}");
        }
    }

    proptest! {
        /// Whatever a visitor writes, the trusted proxy's own last word counts.
        #[test]
        fn nothing_that_a_visitor_writes_counts(claim in "[ -~]{0,60}", standard: bool) {
            let (name, of, own) = match standard {
                true => ("forwarded", Forwarding::Forwarded, "for=203.0.113.7"),
                false => ("x-forwarded-for", Forwarding::XForwarded, "203.0.113.7"),
            };
            for lines in [&[&*claim, own][..], &[&format!("{claim}, {own}")]] {
                let told = told(&headers(name, lines), of, &Trusted::default());
                prop_assert_eq!(told.visitor, ip("203.0.113.7"));
            }
        }
    }
}
