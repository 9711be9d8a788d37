//! Turns a request into its visitor's [`Location`]: from a header that a proxy in front writes, else from the address.
//!
//! 1. Only the header that the operator named counts. It must be there once and hold one region: a visitor may have
//!    sent a line of his own beside the proxy's.
//! 2. Without that header, the address is looked up in a database in MaxMind's format (MaxMind DB 2.0): the country's
//!    `iso_code`, and the first subdivision's.
//! 3. With neither configured, nobody asks; with one, what cannot be found out is unknown.

use crate::policy::{Location, Region, Regions};
use http::{HeaderMap, HeaderName};
use maxminddb::{Reader, path};
use std::{fmt, net::IpAddr, sync::Arc};

/// A database of places by address.
#[derive(Clone)]
pub struct Places(Arc<Reader<Vec<u8>>>);

/// Bytes that are no such database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is no database in MaxMind's format: {0}")]
pub struct NoPlaces(String);

/// How places are found out.
#[derive(Clone, Debug, Default)]
pub struct Locator {
    /// The header in which a proxy in front writes the region.
    pub header: Option<HeaderName>,
    /// The database of addresses.
    pub places: Option<Places>,
    /// The law by place; elsewhere it is each site's own.
    pub regions: Regions,
}

impl Locator {
    /// The place of a visitor who sent `headers` from `ip`.
    #[must_use]
    pub fn location(&self, headers: &HeaderMap, ip: Option<IpAddr>) -> Location {
        let asked = self.header.is_some() || self.places.is_some();
        let told = || self.header.as_ref().and_then(|name| told(headers, name));
        let found = || self.places.as_ref().zip(ip).and_then(|(places, ip)| places.find(ip));
        match told().or_else(found) {
            Some(region) => Location::Known(region),
            None if asked => Location::Unknown,
            None => Location::Everywhere,
        }
    }
}

fn told(headers: &HeaderMap, name: &HeaderName) -> Option<Region> {
    let mut lines = headers.get_all(name).iter();
    let line = lines.next().filter(|_| lines.next().is_none())?;
    line.to_str().ok()?.parse().ok()
}

impl Places {
    /// The database in `bytes`.
    ///
    /// # Errors
    /// When they are none, or a broken one.
    pub fn new(bytes: Vec<u8>) -> Result<Self, NoPlaces> {
        let reader = Reader::from_source(bytes).map_err(|error| NoPlaces(error.to_string()))?;
        reader.verify().map_err(|error| NoPlaces(error.to_string()))?;
        Ok(Self(Arc::new(reader)))
    }

    fn find(&self, ip: IpAddr) -> Option<Region> {
        let found = self.0.lookup(ip.to_canonical()).ok()?;
        let country: &str = found.decode_path(&path!["country", "iso_code"]).ok()??;
        let part: Option<&str> =
            found.decode_path(&path!["subdivisions", 0, "iso_code"]).ok().flatten();
        let whole = part.and_then(|part| format!("{country}-{part}").parse().ok());
        whole.or_else(|| country.parse().ok())
    }
}

impl fmt::Debug for Places {
    /// What it is and when it was made: a newer file makes another configuration.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let made = self.0.metadata();
        write!(f, "Places({} {})", made.database_type, made.build_epoch)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A database of one address and its place, written by the format's specification: a tree of one node for each bit.
    pub(crate) fn database(ip: [u8; 4], country: &str, part: &str) -> Vec<u8> {
        let text = |text: &str| {
            let mut bytes = vec![0x40 | u8::try_from(text.len()).unwrap()];
            bytes.extend(text.as_bytes());
            bytes
        };
        let map = |entries: &[(&str, Vec<u8>)]| {
            let mut bytes = vec![0xe0 | u8::try_from(entries.len()).unwrap()];
            for (key, value) in entries {
                bytes.extend(text(key));
                bytes.extend(value);
            }
            bytes
        };
        let array = |items: &[Vec<u8>]| {
            [vec![u8::try_from(items.len()).unwrap(), 4], items.concat()].concat()
        };
        let u16 = |n: u16| [&[0xa2][..], &n.to_be_bytes()].concat();
        let u32 = |n: u32| [&[0xc4][..], &n.to_be_bytes()].concat();
        let u64 = |n: u64| [&[8, 2][..], &n.to_be_bytes()].concat();
        let nodes = 32_u32;
        let mut tree = Vec::new();
        for bit in 0..nodes {
            let next = if bit + 1 == nodes { nodes + 16 } else { bit + 1 };
            let right = u32::from_be_bytes(ip) >> (31 - bit) & 1 == 1;
            let pair = if right { [nodes, next] } else { [next, nodes] };
            pair.iter().for_each(|n| tree.extend(n.to_be_bytes()));
        }
        let code = |code: &str| map(&[("iso_code", text(code))]);
        let data = map(&[("country", code(country)), ("subdivisions", array(&[code(part)]))]);
        let metadata = map(&[
            ("binary_format_major_version", u16(2)),
            ("binary_format_minor_version", u16(0)),
            ("build_epoch", u64(1_700_000_000)),
            ("database_type", text("Test-City")),
            ("description", map(&[("en", text("test"))])),
            ("ip_version", u16(4)),
            ("languages", array(&[text("en")])),
            ("node_count", u32(nodes)),
            ("record_size", u16(32)),
        ]);
        [&tree[..], &[0; 16], &data, b"\xab\xcd\xefMaxMind.com", &metadata].concat()
    }

    fn headers(lines: &[&'static str]) -> HeaderMap {
        let line = |value: &&'static str| ("cf-ipcountry".parse().unwrap(), value.parse().unwrap());
        lines.iter().map(line).collect()
    }

    #[test]
    fn the_header_goes_before_the_address() {
        let places = Some(Places::new(database([203, 0, 113, 7], "US", "CA")).unwrap());
        let header = Some(HeaderName::from_static("cf-ipcountry"));
        let known = |region: &str| Location::Known(region.parse().unwrap());
        let (here, there) = (Some([203, 0, 113, 7].into()), Some([203, 0, 113, 8].into()));
        let nobody = Locator::default();
        assert_eq!(nobody.location(&headers(&["US"]), here), Location::Everywhere);
        let regions = Regions::default();
        let told = Locator { header: header.clone(), places: None, regions: regions.clone() };
        for (lines, place) in [
            (&["NO"][..], known("NO")),
            (&["us-ca"], known("US-CA")),
            (&["XX"], Location::Unknown),
            (&["US", "US"], Location::Unknown),
            (&["US, NO"], Location::Unknown),
            (&[], Location::Unknown),
        ] {
            assert_eq!(told.location(&headers(lines), here), place, "{lines:?}");
        }
        let both = Locator { header, places, regions };
        assert_eq!(both.location(&headers(&["NO"]), here), known("NO"));
        assert_eq!(both.location(&headers(&[]), here), known("US-CA"));
        assert_eq!(both.location(&headers(&["XX"]), there), Location::Unknown);
        assert_eq!(
            both.location(&headers(&[]), Some("::ffff:203.0.113.7".parse().unwrap())),
            known("US-CA")
        );
        assert_eq!(
            both.location(&headers(&[]), Some("2001:db8::1".parse().unwrap())),
            Location::Unknown
        );
    }

    #[test]
    fn what_is_no_database_is_refused() {
        let good = database([10, 0, 0, 1], "DE", "BE");
        for end in 0..good.len() - 1 {
            assert!(Places::new(good[..end].to_vec()).is_err(), "{end}");
        }
    }
}
