//! Turns the first bytes of a connection into what a balancer says of the visitor: the PROXY protocol, versions 1 and 2.
//!
//! Source: "The PROXY protocol", versions 1 and 2, of HAProxy (`doc/proxy-protocol.txt`, 2020/03/05).
//!
//! 1. Where a preamble is expected there is one: nothing is guessed (2, "must not try to guess").
//! 2. Version 1 is a line of at most 107 bytes with its end (2.1); `UNKNOWN` says nothing, and what follows it is skipped.
//! 3. Version 2 is 16 bytes and as many as they say (2.2), [`MOST`] at most; `LOCAL` says nothing, and neither do families
//!    that have no IP address.
//! 4. Of the values of version 2 only `PP2_TYPE_SSL` (2.2.6) counts: whether the visitor came over TLS.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The longest preamble of version 2 that is read; bytes. Values are a few hundred, but for certificates.
const MOST: usize = 4096;

/// The longest line of version 1, with its end.
const LINE: usize = 107;
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// `PP2_TYPE_SSL`, and `PP2_CLIENT_SSL` in it.
const SSL: u8 = 0x20;
const CLIENT_SSL: u8 = 0x01;

/// What a balancer says of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::proxy) struct Preamble {
    /// Where the visitor comes from; none for the balancer's own connections.
    pub(in crate::proxy) source: Option<SocketAddr>,
    /// Whether the visitor came over TLS.
    pub(in crate::proxy) secure: bool,
}

/// What the bytes are so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum Read {
    /// This, in so many bytes.
    Whole(Preamble, usize),
    /// The beginning of a preamble, of which nothing after these bytes may be needed: how many more there are at least.
    Part(usize),
}

/// The bytes are no preamble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no PROXY preamble")]
pub(in crate::proxy) struct Malformed;

/// Reads what there is of a preamble.
pub(in crate::proxy) fn read(bytes: &[u8]) -> Result<Read, Malformed> {
    if bytes.starts_with(SIGNATURE) {
        return second(bytes);
    }
    if SIGNATURE.starts_with(bytes) {
        return Ok(Read::Part(1));
    }
    first(bytes)
}

// === version 1 ===

fn first(bytes: &[u8]) -> Result<Read, Malformed> {
    const START: &[u8] = b"PROXY ";
    if !(bytes.starts_with(START) || START.starts_with(bytes)) {
        return Err(Malformed);
    }
    let line = bytes.get(..bytes.len().min(LINE)).unwrap_or_default();
    let Some(end) = memchr::memmem::find(line, b"\r\n") else {
        let is_open = bytes.len() < LINE && memchr::memchr(b'\n', line).is_none();
        return if is_open { Ok(Read::Part(1)) } else { Err(Malformed) };
    };
    let text = line.get(..end).and_then(|line| str::from_utf8(line).ok()).ok_or(Malformed)?;
    let source = line_source(text.strip_prefix("PROXY ").ok_or(Malformed)?)?;
    Ok(Read::Whole(Preamble { source, secure: false }, end + 2))
}

/// The source in `TCP4 192.0.2.1 198.51.100.1 4711 443`.
fn line_source(rest: &str) -> Result<Option<SocketAddr>, Malformed> {
    if rest == "UNKNOWN" || rest.starts_with("UNKNOWN ") {
        return Ok(None);
    }
    let parts: Vec<&str> = rest.split(' ').collect();
    let [family, source, destination, source_port, destination_port] = *parts.as_slice() else {
        return Err(Malformed);
    };
    let address = |text: &str| -> Option<IpAddr> {
        match family {
            "TCP4" => text.parse().ok().map(IpAddr::V4),
            "TCP6" => text.parse().ok().map(IpAddr::V6),
            _ => None,
        }
    };
    let (source, _) = address(source).zip(address(destination)).ok_or(Malformed)?;
    let (port, _) = port(source_port).zip(port(destination_port)).ok_or(Malformed)?;
    Ok(Some(SocketAddr::new(source, port)))
}

/// A port without leading zeros or sign.
fn port(text: &str) -> Option<u16> {
    let port: u16 = text.parse().ok()?;
    (port.to_string() == text).then_some(port)
}

// === version 2 ===

fn second(bytes: &[u8]) -> Result<Read, Malformed> {
    let Some((head, rest)) = bytes.split_first_chunk::<16>() else {
        return Ok(Read::Part(16 - bytes.len()));
    };
    let [.., command, family, high, low] = *head;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if head.len() + length > MOST || command >> 4 != 2 {
        return Err(Malformed);
    }
    let Some(body) = rest.get(..length) else {
        return Ok(Read::Part(length - rest.len()));
    };
    let said = match command & 0x0f {
        0 => Preamble::default(), // LOCAL
        1 => proxied(family, body)?,
        _ => return Err(Malformed),
    };
    Ok(Read::Whole(said, head.len() + length))
}

fn proxied(family: u8, body: &[u8]) -> Result<Preamble, Malformed> {
    let (source, values) = match family >> 4 {
        1 => {
            let (ips, ports, values) = addresses::<8>(body)?;
            let [a, b, c, d, ..] = ips;
            (Some(SocketAddr::new(Ipv4Addr::new(a, b, c, d).into(), ports)), values)
        }
        2 => {
            let (ips, ports, values) = addresses::<32>(body)?;
            let (ip, _) = ips.split_first_chunk::<16>().ok_or(Malformed)?;
            (Some(SocketAddr::new(Ipv6Addr::from(*ip).into(), ports)), values)
        }
        0 => return Ok(Preamble::default()),
        3 => (None, body.get(216..).ok_or(Malformed)?),
        _ => return Err(Malformed),
    };
    Ok(Preamble { source, secure: is_secure(values)? })
}

/// Both addresses, the source's port, and what follows.
fn addresses<const N: usize>(body: &[u8]) -> Result<([u8; N], u16, &[u8]), Malformed> {
    let (ips, rest) = body.split_first_chunk::<N>().ok_or(Malformed)?;
    let ([high, low, _, _], values) = rest.split_first_chunk::<4>().ok_or(Malformed)?;
    Ok((*ips, u16::from_be_bytes([*high, *low]), values))
}

/// Whether the values say that the visitor came over TLS.
fn is_secure(mut values: &[u8]) -> Result<bool, Malformed> {
    let mut secure = false;
    while let Some(([kind, high, low], rest)) = values.split_first_chunk::<3>() {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let (value, rest) = rest.split_at_checked(length).ok_or(Malformed)?;
        secure |= *kind == SSL && value.first().is_some_and(|client| client & CLIENT_SSL != 0);
        values = rest;
    }
    if values.is_empty() { Ok(secure) } else { Err(Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(bytes: &[u8]) -> Preamble {
        match read(bytes) {
            Ok(Read::Whole(preamble, length)) if length == bytes.len() => preamble,
            other => panic!("{other:?}"),
        }
    }

    fn second_version(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[command, family], &length, body].concat()
    }

    #[test]
    fn lines_of_version_1_are_read() {
        for (line, source) in [
            ("PROXY TCP4 192.0.2.1 198.51.100.1 4711 443\r\n", Some("192.0.2.1:4711")),
            ("PROXY TCP6 2001:db8::1 2001:db8::2 4711 443\r\n", Some("[2001:db8::1]:4711")),
            ("PROXY UNKNOWN\r\n", None),
            ("PROXY UNKNOWN ffff:f...f:ffff 1 2\r\n", None),
        ] {
            let source = source.map(|text| text.parse().unwrap());
            assert_eq!(whole(line.as_bytes()), Preamble { source, secure: false }, "{line}");
        }
        let longest = "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n";
        assert_eq!(whole(longest.as_bytes()).source.unwrap().port(), 65535);
    }

    #[test]
    fn other_lines_are_refused() {
        let long = format!("PROXY UNKNOWN {}\r\n", "x".repeat(LINE));
        for line in [
            "GET / HTTP/1.1\r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.1 4711\r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.1 4711 443 1\r\n",
            "PROXY TCP4 192.0.2.1 2001:db8::1 4711 443\r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.1 04711 443\r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.1 +4711 443\r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.1 65536 443\r\n",
            "PROXY TCP4  192.0.2.1 198.51.100.1 4711 443\r\n",
            "PROXY UDP4 192.0.2.1 198.51.100.1 4711 443\r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.1 4711 443\n",
            "PROXY UNKNOWNX\r\n",
            "proxy UNKNOWN\r\n",
            &long,
        ] {
            assert_eq!(read(line.as_bytes()), Err(Malformed), "{line}");
        }
    }

    #[test]
    fn heads_of_version_2_are_read() {
        let four = [192, 0, 2, 1, 198, 51, 100, 1, 0x12, 0x67, 1, 187];
        let tls = [&four[..], &[0x04, 0, 1, 9, SSL, 0, 5, 1, 0, 0, 0, 0]].concat();
        let plain = [&four[..], &[SSL, 0, 5, 6, 0, 0, 0, 0]].concat();
        let source = Some("192.0.2.1:4711".parse().unwrap());
        assert_eq!(whole(&second_version(0x21, 0x11, &four)), Preamble { source, secure: false });
        assert_eq!(whole(&second_version(0x21, 0x11, &tls)), Preamble { source, secure: true });
        assert_eq!(whole(&second_version(0x21, 0x11, &plain)), Preamble { source, secure: false });
        assert_eq!(whole(&second_version(0x20, 0x00, &four)), Preamble::default());
        assert_eq!(whole(&second_version(0x21, 0x00, &[])), Preamble::default());
        assert_eq!(whole(&second_version(0x21, 0x31, &[0; 216])), Preamble::default());
        let mut six = [0; 36];
        six[15] = 1;
        six[33] = 80;
        let source = Some("[::1]:80".parse().unwrap());
        assert_eq!(whole(&second_version(0x21, 0x21, &six)), Preamble { source, secure: false });
    }

    #[test]
    fn other_heads_are_refused() {
        for (command, family, body) in [
            (0x11, 0x11, &[0; 12][..]),
            (0x22, 0x11, &[0; 12]),
            (0x21, 0x11, &[0; 11]),
            (0x21, 0x21, &[0; 35]),
            (0x21, 0x41, &[0; 12]),
            (0x21, 0x11, &[0; 14]),
            (0x21, 0x11, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, SSL, 0, 9]),
            (0x20, 0x00, &[0; MOST]),
        ] {
            let bytes = second_version(command, family, body);
            assert_eq!(read(&bytes), Err(Malformed), "{command:x} {family:x}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics_and_everything_ends(bytes in proptest::collection::vec(any::<u8>(), 0..300), signed: bool) {
            let bytes = if signed { [&SIGNATURE[..], &[0x21], &bytes].concat() } else { bytes };
            if let Ok(Read::Whole(_, length)) = read(&bytes) {
                prop_assert!(length <= bytes.len());
            }
        }

        /// What is read does not depend on the pieces that it comes in, and no piece is asked for that is not needed.
        #[test]
        fn pieces_change_nothing(port: u16, address: u32, version: bool, follows in "[A-Z]{0,20}") {
            let source = SocketAddr::new(Ipv4Addr::from(address).into(), port);
            let preamble = match version {
                false => format!("PROXY TCP4 {} 192.0.2.1 {port} 80\r\n", source.ip()).into_bytes(),
                true => {
                    let body = [&address.to_be_bytes()[..], &[192, 0, 2, 1], &port.to_be_bytes(), &[0, 80]].concat();
                    second_version(0x21, 0x11, &body)
                }
            };
            let all = [&preamble[..], follows.as_bytes()].concat();
            let whole = Read::Whole(Preamble { source: Some(source), secure: false }, preamble.len());
            prop_assert_eq!(read(&all), Ok(whole));
            for end in 0..preamble.len() {
                match read(&all[..end]) {
                    Ok(Read::Part(more)) => prop_assert!(more > 0 && end + more <= preamble.len()),
                    other => prop_assert!(false, "{:?} at {}", other, end),
                }
            }
        }
    }
}
