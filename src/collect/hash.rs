//! Turns a value into 16 hexadecimal characters that stand for it until the key changes.
//!
//! 1. HMAC-SHA-256 (RFC 2104) of the value, cut to 8 bytes: enough to tell visitors apart, with no way back for who has not the key.
//! 2. The key is the HMAC of the number of the period under a secret, so it changes with each period, and nobody keeps the old one.
//! 3. The secret is random and dies with the process, unless the operator gives one for several nodes.

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::OnceLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// What hashes are keyed with.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<[u8]>);

/// Hashes of one site.
#[derive(Clone, Debug)]
pub(super) struct Hasher {
    secret: Secret,
    rotate: u64,
}

// === impl Secret ===

impl Secret {
    /// The secret that all nodes of a site share; what its length is does not matter, that nobody can guess it does.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self(secret.into())
    }

    /// That of this process: the keys that the standard library takes from the operating system, 128 bits of them.
    fn of_process() -> Self {
        static SECRET: OnceLock<Secret> = OnceLock::new();
        let make = || {
            let random = RandomState::new();
            let hash = (0_u8..4).fold(Sha256::new(), |hash, part| {
                hash.chain_update(random.hash_one(part).to_le_bytes())
            });
            Self::new(&hash.finalize())
        };
        SECRET.get_or_init(make).clone()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

// === impl Hasher ===

impl Hasher {
    pub(super) fn new(secret: Option<&Secret>, rotate: Duration) -> Self {
        let secret = secret.cloned().unwrap_or_else(Secret::of_process);
        Self { secret, rotate: rotate.as_secs().max(1) }
    }

    /// What stands for `value` in the period of `now`.
    pub(super) fn hash(&self, value: &str, now: SystemTime) -> String {
        let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let key = mac(&self.secret.0, &(seconds / self.rotate).to_be_bytes());
        let hash = mac(&key, value.as_bytes());
        hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// RFC 2104.
fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    // A key of any length is taken.
    Hmac::<Sha256>::new_from_slice(key)
        .map(|mac| mac.chain_update(text).finalize().into_bytes().into())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_hold_for_one_period() {
        let day = Duration::from_secs(86_400);
        let hasher = Hasher::new(Some(&Secret::new(b"s")), day);
        let at = |seconds| hasher.hash("u", UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), at(86_399));
        assert_ne!(at(0), at(86_400));
        assert_eq!(at(0).len(), 16);
        assert_ne!(at(0), hasher.hash("v", UNIX_EPOCH));
        assert_eq!(at(0), Hasher::new(Some(&Secret::new(b"s")), day).hash("u", UNIX_EPOCH));
        assert_ne!(at(0), Hasher::new(Some(&Secret::new(b"t")), day).hash("u", UNIX_EPOCH));
        assert_eq!(
            Hasher::new(None, day).hash("u", UNIX_EPOCH),
            Hasher::new(None, day).hash("u", UNIX_EPOCH)
        );
    }

    /// RFC 4231, 4.3.
    #[test]
    fn the_mac_is_that_of_the_standard() {
        let hash = mac(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(&hash[..4], [0x5b, 0xdc, 0xc1, 0x46]);
    }
}
