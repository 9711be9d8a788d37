//! Turns a choice that has a receipt into its signature, and a signature into whether it is ours.
//!
//! 1. The signature is the HMAC-SHA-256 (RFC 2104) of the site's name and the whole choice, cut to 16 bytes, as hexadecimal digits.
//! 2. The text that is signed names the site and not the host: a choice on `www.` holds without it too.
//! 3. It proves that a receipt was given here. Where our own banner asks, nothing is allowed without it: what a script of the page,
//!    or another site below the same domain, writes into the cookie was chosen by nobody.

use crate::{
    consent::{OwnCookie, Signature},
    record::new_id,
};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::fmt;

/// How many bytes of the hash are kept: as many as a receipt has.
const KEPT: usize = 16;

/// What choices are signed with.
#[derive(Clone)]
pub struct Key(Hmac<Sha256>);

/// Who has the key of choices, which may be made when it is asked for first.
pub trait Keys: fmt::Debug + Send + Sync {
    /// It.
    fn key(&self) -> &Key;
}

impl Keys for Key {
    fn key(&self) -> &Key {
        self
    }
}

impl Key {
    /// The key that all nodes of a site share, of any length; who knows it can sign.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        // A key of any length is taken.
        Self(Hmac::new_from_slice(secret).unwrap_or_else(|_| Hmac::new(&Default::default())))
    }

    /// A key that nobody knows, of 256 random bits.
    #[must_use]
    pub fn random() -> Self {
        Self::new([new_id(), new_id()].concat().as_bytes())
    }

    /// The signature of `cookie`, given on `site`; none without a receipt.
    #[must_use]
    pub fn sign(&self, cookie: &OwnCookie, site: &str) -> Option<Signature> {
        let hash = self.mac(cookie, site)?.finalize().into_bytes();
        let digits: String = hash.iter().take(KEPT).map(|byte| format!("{byte:02x}")).collect();
        digits.parse().ok()
    }

    /// Whether the signature in `cookie` was given here on `site`; takes as long for a wrong one as for a right one.
    #[must_use]
    pub fn verifies(&self, cookie: &OwnCookie, site: &str) -> bool {
        let given = cookie.signature.as_ref().map(|signature| bytes(signature.as_str()));
        match (self.mac(cookie, site), given) {
            (Some(mac), Some(given)) if given.len() == KEPT => {
                mac.verify_truncated_left(&given).is_ok()
            }
            (Some(_) | None, Some(_) | None) => false,
        }
    }

    fn mac(&self, cookie: &OwnCookie, site: &str) -> Option<Hmac<Sha256>> {
        let receipt = cookie.receipt.as_ref()?;
        // Neither a choice nor a receipt has a line's end in it.
        let text = format!("consentry\n{}\n{receipt}\n{site}", cookie.choice);
        Some(self.0.clone().chain_update(text))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

fn bytes(digits: &str) -> Vec<u8> {
    let digit =
        |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut digits = digits.bytes().filter_map(digit);
    let mut bytes = Vec::with_capacity(KEPT);
    while let (Some(high), Some(low)) = (digits.next(), digits.next()) {
        bytes.push(high << 4 | low);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookie() -> OwnCookie {
        let value = "v1.a1b2c3d4.20261123.f0a1m0.0123456789abcdef0123456789abcdef";
        value.parse().unwrap()
    }

    fn signed(key: &Key) -> OwnCookie {
        OwnCookie { signature: key.sign(&cookie(), "shop.example"), ..cookie() }
    }

    #[test]
    fn a_signature_is_of_one_key_site_and_choice() {
        let key = Key::new(b"secret");
        let signed = signed(&key);
        assert!(key.verifies(&signed, "shop.example"));
        assert!(Key::new(b"secret").verifies(&signed, "shop.example"));
        assert!(!Key::new(b"other").verifies(&signed, "shop.example"));
        assert!(!key.verifies(&signed, "other.example"));
        assert!(!key.verifies(&cookie(), "shop.example"));
        let value = signed.to_string();
        for (from, to) in
            [("f0a1m0", "f0a1m1"), ("20261123", "20261124"), ("a1b2", "a1b3"), (".0123", ".1123")]
        {
            let forged: OwnCookie = value.replacen(from, to, 1).parse().unwrap();
            assert!(forged.signature.is_some() && !key.verifies(&forged, "shop.example"), "{to}");
        }
    }

    #[test]
    fn a_refusal_has_none() {
        let refusal: OwnCookie = "v1.a1b2c3d4.20261123.f0a0m0".parse().unwrap();
        assert_eq!(Key::new(b"secret").sign(&refusal, "shop.example"), None);
    }

    #[test]
    fn a_key_is_not_shown() {
        assert_eq!(format!("{:?}", Key::new(b"secret")), "Key(..)");
    }
}
