//! Finds IP addresses in their usual spellings (RFC 3986, 3.2.2; RFC 4291, 2.2), and makes the network of one.
//!
//! Not: loopback and unspecified addresses, which are nobody's; versions (`v1.2.3.4`, `120.0.0.0`); times (`10:30:00`); hardware
//! addresses; paths of names (`std::fmt`).

use super::{Classes, Detector, Hit, before};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The first 24 bits of an IPv4 address, 48 of an IPv6 address.
pub(in crate::collect) fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            Ipv4Addr::new(a, b, c, 0).into()
        }
        IpAddr::V6(ip) => {
            let [a, b, c, ..] = ip.segments();
            Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).into()
        }
    }
}

pub(super) fn find(text: &str, classes: &Classes, hits: &mut Vec<Hit>) {
    if classes.dot() && classes.digits >= 4 {
        runs(text, |b| b.is_ascii_digit() || b == b'.', |start, run| v4(text, start, run, hits));
    }
    if classes.colon() {
        let hex = |b: u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'.');
        runs(text, hex, |start, run| v6(text, start, run, hits));
    }
}

/// Calls `found` with each longest run of bytes that fit.
fn runs<'t>(text: &'t str, fits: impl Fn(u8) -> bool, mut found: impl FnMut(usize, &'t str)) {
    let mut start = None;
    for (at, byte) in text.bytes().chain([b'\n']).enumerate() {
        match (fits(byte), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                found(from, text.get(from..at).unwrap_or_default());
                start = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
    }
}

fn v4(text: &str, start: usize, run: &str, hits: &mut Vec<Hit>) {
    let trimmed = run.trim_matches('.');
    let start = start + run.len() - run.trim_start_matches('.').len();
    let version = before(text.as_bytes(), start).is_some_and(|b| matches!(b, b'v' | b'V'));
    let octets: Vec<&str> = trimmed.split('.').collect();
    let address =
        || octets.iter().map(|octet| octet.parse::<u8>().ok()).collect::<Option<Vec<_>>>();
    let [_, _, _, _] = octets.as_slice() else { return };
    let Some([a, b, c, d]) = address().and_then(|octets| <[u8; 4]>::try_from(octets).ok()) else {
        return;
    };
    let nobody = a == 0 || a == 127 || [b, c, d] == [0, 0, 0];
    if !nobody && !version {
        hits.push(Hit { at: start..start + trimmed.len(), what: Detector::Ip });
    }
}

fn v6(text: &str, start: usize, run: &str, hits: &mut Vec<Hit>) {
    if run.len() < 5 || run.bytes().filter(|b| *b == b':').count() < 2 {
        return;
    }
    let bytes = text.as_bytes();
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let left = before(bytes, start).is_some_and(word);
    let right = bytes.get(start + run.len()).copied().is_some_and(word);
    for (from, to) in spans(run) {
        let inner = run.get(from..to).unwrap_or_default();
        let cut_off = (from == 0 && left) || (to == run.len() && right);
        if !cut_off && inner.parse::<Ipv6Addr>().is_ok_and(|ip| somebody(ip, inner)) {
            hits.push(Hit { at: start + from..start + to, what: Detector::Ip });
            return;
        }
    }
}

/// The run, and the run without what may stand before and after an address: a name and a colon, a port, a full stop.
fn spans(run: &str) -> impl Iterator<Item = (usize, usize)> {
    let end = run.trim_end_matches('.').len();
    let inner = move |text: &str| text.get(..end).unwrap_or_default().to_owned();
    let text = inner(run);
    let starts = [0].into_iter().chain(text.match_indices(':').map(|(at, _)| at + 1).take(3));
    let ends = [end].into_iter().chain(text.rmatch_indices(':').map(|(at, _)| at).take(2));
    let (starts, ends): (Vec<_>, Vec<_>) = (starts.collect(), ends.collect());
    starts.into_iter().flat_map(move |from| ends.clone().into_iter().map(move |to| (from, to)))
}

/// Whether it is somebody's address, and not `a::b` in a program's text.
fn somebody(ip: Ipv6Addr, text: &str) -> bool {
    let groups = text.split(':').filter(|group| !group.is_empty()).count();
    let digits = text.bytes().any(|b| b.is_ascii_digit());
    !ip.is_loopback() && !ip.is_unspecified() && (groups > 3 || (groups > 1 && digits))
}
