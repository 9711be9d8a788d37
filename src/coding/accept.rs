//! Turns a client's `Accept-Encoding` into the coding for its response, and into the header for the origin.
//!
//! 1. RFC 9110, 12.5.3: names without regard to case, `q=0` refuses, `*` stands for what is not named, no header and an
//!    empty header get identity here.
//! 2. A member whose weight is malformed is left out, as if it was not there; of two members with one name the first counts.
//! 3. Order: zstd, gzip, br by name, then what only `*` allows (gzip first: every client that says `*` reads it), then deflate, whose
//!    two readings clients disagree on. Encoding is the proxy's largest cost: at their default levels (see
//!    [`Levels`](super::Levels)) zstd runs at 303, gzip at 173 and br at 101 MB/s.

use super::Coding;

const BY_NAME: [Coding; 3] = [Coding::Zstd, Coding::Gzip, Coding::Brotli];
const BY_WILDCARD: [Coding; 3] = [Coding::Gzip, Coding::Zstd, Coding::Brotli];
const WILDCARD: &str = "*";

/// The coding, cheapest for us, in which a client with this `Accept-Encoding` (lines joined with commas) takes a response.
///
/// What the origin sent plain stays plain if the client takes it plain; to encode it all the same, pass another
/// coding than identity as `origin`. If nothing is acceptable the answer is identity, as RFC 9110 asks.
#[must_use]
pub fn cheapest(accept_encoding: Option<&str>, origin: Coding) -> Coding {
    let Some(accept) = accept_encoding.map(Accept) else { return Coding::Identity };
    if origin == Coding::Identity && accept.takes_identity() {
        return Coding::Identity;
    }
    let named = |coding: &Coding| accept.named(*coding) == Some(true);
    BY_NAME
        .into_iter()
        .find(named)
        .or_else(|| BY_WILDCARD.into_iter().find(|coding| accept.takes(*coding)))
        .or_else(|| accept.takes(Coding::Deflate).then_some(Coding::Deflate))
        .unwrap_or(Coding::Identity)
}

/// The coding in which a text that is coded once is smallest, among those that every browser reads.
#[must_use]
pub fn smallest(accept_encoding: Option<&str>) -> Coding {
    let Some(accept) = accept_encoding.map(Accept) else { return Coding::Identity };
    let named = |coding: &Coding| accept.named(*coding) == Some(true);
    [Coding::Brotli, Coding::Gzip].into_iter().find(named).unwrap_or(Coding::Identity)
}

/// The `Accept-Encoding` for the origin: the client's, with what cannot be read left out and weights as they were.
///
/// Nothing is added, since the client may get the origin's body as it is. `None`: send `identity`, because a request
/// without the header accepts any coding.
#[must_use]
pub fn readable(accept_encoding: Option<&str>) -> Option<String> {
    let accept = Accept(accept_encoding?);
    let members: Vec<_> = accept.readable().collect();
    if !members.iter().any(|member| member.coding != Coding::Identity && member.takes) {
        return None;
    }
    Some(members.iter().map(Readable::to_string).collect::<Vec<_>>().join(", "))
}

#[derive(Clone, Copy)]
struct Accept<'a>(&'a str);

struct Member<'a> {
    name: &'a str,
    weight: Option<&'a str>,
    takes: bool,
}

struct Readable<'a> {
    coding: Coding,
    weight: Option<&'a str>,
    takes: bool,
}

// === impl Accept ===

impl<'a> Accept<'a> {
    fn members(self) -> impl Iterator<Item = Member<'a>> {
        self.0.split(',').filter_map(Member::parse)
    }

    fn readable(self) -> impl Iterator<Item = Readable<'a>> {
        self.members().filter_map(|Member { name, weight, takes }| {
            Some(Readable { coding: Coding::named(name)?, weight, takes })
        })
    }

    /// What the client says about `coding` by its name.
    fn named(self, coding: Coding) -> Option<bool> {
        self.readable().find(|member| member.coding == coding).map(|member| member.takes)
    }

    fn wildcard(self) -> Option<bool> {
        self.members().find(|member| member.name == WILDCARD).map(|member| member.takes)
    }

    fn takes(self, coding: Coding) -> bool {
        self.named(coding).or_else(|| self.wildcard()).unwrap_or(false)
    }

    /// Identity needs no mention (RFC 9110, 12.5.3, rule 2).
    fn takes_identity(self) -> bool {
        self.named(Coding::Identity).or_else(|| self.wildcard()).unwrap_or(true)
    }
}

// === impl Member ===

impl<'a> Member<'a> {
    fn parse(member: &'a str) -> Option<Self> {
        let (name, parameters) = member.split_once(';').unwrap_or((member, ""));
        let name = name.trim();
        if name.is_empty() {
            return None;
        }
        if parameters.trim().is_empty() {
            return Some(Self { name, weight: None, takes: true });
        }
        let (key, weight) = parameters.split_once('=')?;
        let weight = weight.trim();
        let known = key.trim().eq_ignore_ascii_case("q");
        Some(Self { name, weight: Some(weight), takes: nonzero(weight).filter(|_| known)? })
    }
}

impl std::fmt::Display for Readable<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.coding.name())?;
        self.weight.map_or(Ok(()), |weight| write!(f, ";q={weight}"))
    }
}

/// Whether a weight (RFC 9110, 12.4.2) is above zero; `None` if it is not a weight.
fn nonzero(weight: &str) -> Option<bool> {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    let any = decimals.bytes().any(|b| b != b'0');
    if decimals.len() > 3 || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match whole {
        "0" => Some(any),
        "1" if !any => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_gets_the_cheapest_coding_it_takes() {
        let table = [
            ("gzip, deflate, br, zstd", Coding::Zstd),
            ("gzip, deflate, br", Coding::Gzip),
            ("br;q=1.0, gzip;q=0.8, *;q=0.1", Coding::Gzip),
            ("BR ; Q=0.5", Coding::Brotli),
            ("X-GZIP", Coding::Gzip),
            ("zstd;q=0, gzip;q=0.000, br;q=0.001", Coding::Brotli),
            ("deflate", Coding::Deflate),
            ("deflate, identity", Coding::Deflate),
            ("*", Coding::Gzip),
            ("*, gzip;q=0", Coding::Zstd),
            ("*;q=0.5, gzip;q=0, zstd;q=0, br;q=0", Coding::Deflate),
            ("*;q=0", Coding::Identity),
            ("gzip, *;q=0", Coding::Gzip),
            ("gzip;q=0, gzip", Coding::Identity),
            ("identity", Coding::Identity),
            ("identity;q=0", Coding::Identity),
            ("", Coding::Identity),
            (" , ,", Coding::Identity),
            ("dcb, dcz, sdch", Coding::Identity),
            ("gzip;q=2", Coding::Identity),
            ("gzip;q=-1, br;q=inf, zstd;q=NaN, deflate;q=", Coding::Identity),
            ("gzip;level=1", Coding::Identity),
            ("gzip;q=0.1234", Coding::Identity),
            ("\tgzip\t;\tq=1.", Coding::Gzip),
            ("gzipped", Coding::Identity),
        ];
        for (accept, coding) in table {
            assert_eq!(cheapest(Some(accept), Coding::Gzip), coding, "{accept}");
        }
        assert_eq!(cheapest(None, Coding::Gzip), Coding::Identity);
    }

    #[test]
    fn what_came_plain_stays_plain_unless_that_is_refused() {
        assert_eq!(cheapest(Some("gzip, zstd"), Coding::Identity), Coding::Identity);
        assert_eq!(cheapest(Some("gzip, identity;q=0"), Coding::Identity), Coding::Gzip);
        assert_eq!(cheapest(Some("gzip, *;q=0"), Coding::Identity), Coding::Gzip);
    }

    #[test]
    fn the_origin_is_asked_for_what_can_be_read() {
        let table = [
            ("gzip, deflate, br, zstd", Some("gzip, deflate, br, zstd")),
            ("gzip, deflate, br, zstd, dcb, dcz", Some("gzip, deflate, br, zstd")),
            ("GZip;q=0.50,br ; q=1, *;q=0.1", Some("gzip;q=0.50, br;q=1")),
            ("x-gzip, identity;q=0", Some("gzip, identity;q=0")),
            ("gzip;q=0, br", Some("gzip;q=0, br")),
            ("gzip;q=9, br", Some("br")),
            ("gzip;q=0", None),
            ("dcb, identity;q=0", None),
            ("identity", None),
            ("*", None),
            ("", None),
        ];
        for (accept, origin) in table {
            assert_eq!(readable(Some(accept)).as_deref(), origin, "{accept}");
        }
        assert_eq!(readable(None), None);
    }
}
