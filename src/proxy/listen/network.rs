//! Turns networks in CIDR notation (RFC 4632 3.1) into an answer to whether an address is in one of them.
//!
//! 1. An IPv4 address that is mapped into IPv6 (RFC 4291 2.5.5.2) is that IPv4 address.
//! 2. A network is written with the bits after its prefix at zero, so that a slip of the pen is seen.

use std::{fmt, net::IpAddr, str::FromStr};

/// One network, as `10.0.0.0/8`; an address alone is the network of that address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// Networks whose proxies are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trusted(Vec<Network>);

/// Why a text is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// No address, or no prefix that an address of its kind can have.
    #[error("is no network")]
    Syntax,
    /// Bits after the prefix are set; this network was perhaps meant.
    #[error("has bits after its prefix")]
    Bits(Network),
}

/// Loopback, private, link-local and unique local addresses: RFC 1122 3.2.1.3, 1918 3, 3927 2.1, 4193 3.1, 4291 2.4.
const NEAR: [&str; 8] = [
    "127.0.0.0/8",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
];

impl Network {
    /// Whether `address` is in it.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        masked(address.to_canonical(), self.prefix) == Some(self.address)
    }
}

impl Trusted {
    /// Nobody.
    #[must_use]
    pub const fn nobody() -> Self {
        Self(Vec::new())
    }

    /// Whether `address` is in one of the networks.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.holds(address))
    }
}

/// This machine and this network, where balancers are.
impl Default for Trusted {
    fn default() -> Self {
        NEAR.iter().filter_map(|network| network.parse().ok()).collect()
    }
}

impl FromIterator<Network> for Trusted {
    fn from_iter<I: IntoIterator<Item = Network>>(networks: I) -> Self {
        Self(networks.into_iter().collect())
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError::Syntax)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let prefix = match prefix {
            Some(prefix) if digits(prefix) => prefix.parse().map_err(|_| NetworkError::Syntax)?,
            Some(_) => return Err(NetworkError::Syntax),
            None => most,
        };
        let bare = masked(address, prefix).ok_or(NetworkError::Syntax)?;
        let network = Self { address: bare, prefix };
        if bare == address { Ok(network) } else { Err(NetworkError::Bits(network)) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// `address` with all bits after `prefix` at zero; none when it has not so many.
fn masked(address: IpAddr, prefix: u8) -> Option<IpAddr> {
    let prefix = u32::from(prefix);
    match address {
        IpAddr::V4(address) => {
            let rest = 32_u32.checked_sub(prefix)?;
            let mask = u32::MAX.checked_shl(rest).unwrap_or(0);
            Some(IpAddr::V4((address.to_bits() & mask).into()))
        }
        IpAddr::V6(address) => {
            let rest = 128_u32.checked_sub(prefix)?;
            let mask = u128::MAX.checked_shl(rest).unwrap_or(0);
            Some(IpAddr::V6((address.to_bits() & mask).into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn near_addresses_are_trusted_by_default() {
        let trusted = Trusted::default();
        for near in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.1",
            "172.16.0.1",
            "::1",
            "fd00::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(trusted.holds(near.parse().unwrap()), "{near}");
        }
        for far in ["203.0.113.7", "172.32.0.1", "2001:db8::1", "::ffff:8.8.8.8"] {
            assert!(!trusted.holds(far.parse().unwrap()), "{far}");
        }
        assert!(!Trusted::nobody().holds("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn what_is_no_network_is_said() {
        for text in
            ["", "10", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/+8", "a/8", "10.0.0.0/8/8"]
        {
            assert_eq!(text.parse::<Network>(), Err(NetworkError::Syntax), "{text}");
        }
        let meant = "10.0.0.0/8".parse().unwrap();
        assert_eq!("10.0.0.1/8".parse::<Network>(), Err(NetworkError::Bits(meant)));
        assert_eq!("192.0.2.1".parse::<Network>().unwrap().to_string(), "192.0.2.1/32");
        assert!("0.0.0.0/0".parse::<Network>().unwrap().holds("8.8.8.8".parse().unwrap()));
        assert!("::/0".parse::<Network>().unwrap().holds("2001:db8::1".parse().unwrap()));
    }

    proptest! {
        #[test]
        fn a_network_holds_what_shares_its_prefix(bits: u128, other: u128, prefix in 0_u8..=128) {
            let network = Network { address: masked(IpAddr::V6(bits.into()), prefix).unwrap(), prefix };
            let shared = (bits ^ other).leading_zeros() >= u32::from(prefix);
            let address = std::net::Ipv6Addr::from(other);
            prop_assume!(address.to_ipv4_mapped().is_none());
            prop_assert_eq!(network.holds(IpAddr::V6(address)), shared);
        }
    }
}
