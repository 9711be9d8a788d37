//! Turns how often a visitor asked into whether he may ask once more: a token bucket for each address.
//!
//! 1. A bucket holds ten seconds' worth of requests, and begins full: a page asks for its files in a burst.
//! 2. An IPv6 visitor has his /64 for himself (RFC 6177), so that is what counts.
//! 3. Memory is bounded: full buckets are forgotten first, and then all.

use super::crowd::block;
use rustc_hash::FxHashMap;
use std::{
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// How many visitors are remembered; 3 MiB.
const MOST: usize = 1 << 16;
/// How many seconds' worth a bucket holds.
const BURST: f32 = 10.0;

/// The buckets of all visitors.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Visitors {
    buckets: Mutex<FxHashMap<IpAddr, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f32,
    at: Instant,
}

impl Visitors {
    /// Takes a token of the visitor at `ip`, who gets `rate` a second; `false` when there is none.
    pub(in crate::proxy) fn may_ask(&self, ip: IpAddr, rate: u32, now: Instant) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "rates are small")]
        let rate = rate as f32;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST {
            buckets.retain(|_, bucket| bucket.filled(rate, now).left < rate * BURST);
            if buckets.len() >= MOST {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(block(ip)).or_insert(Bucket { left: rate * BURST, at: now });
        *bucket = bucket.filled(rate, now);
        let may = bucket.left >= 1.0;
        if may {
            bucket.left -= 1.0;
        }
        may
    }
}

impl Bucket {
    fn filled(self, rate: f32, now: Instant) -> Self {
        let passed = now.saturating_duration_since(self.at).as_secs_f32();
        Self { left: (self.left + passed * rate).min(rate * BURST), at: now }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_burst_is_fine_and_a_flood_is_not() {
        let (visitors, now) = (Visitors::default(), Instant::now());
        let asked = |ip, now| (0..100).filter(|_| visitors.may_ask(ip, 3, now)).count();
        assert_eq!(asked(ip("192.0.2.1"), now), 30);
        assert_eq!(asked(ip("::ffff:192.0.2.1"), now), 0);
        assert_eq!(asked(ip("192.0.2.1"), now + Duration::from_secs(2)), 6);
        assert_eq!(asked(ip("2001:db8::1"), now), 30);
        assert_eq!(asked(ip("2001:db8::2"), now), 0);
        assert_eq!(asked(ip("2001:db8:0:1::2"), now), 30);
    }

    #[test]
    fn memory_is_bounded() {
        let (visitors, now) = (Visitors::default(), Instant::now());
        for i in 0..(MOST as u32 + 10) {
            visitors.may_ask(IpAddr::V4(i.into()), 1, now);
        }
        assert!(visitors.buckets.lock().unwrap().len() <= MOST);
    }
}
