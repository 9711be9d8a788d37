//! Turns what became of requests and probes into whether a server is used.
//!
//! 1. Probes and requests judge apart: a server is used when no probe says that it is unwell, and it is not left alone
//!    because requests to it failed.
//! 2. Each time that a server is left alone is twice as long as the one before; an answer makes it short again. After the
//!    time one more failure is enough.

use crate::engine::{Discovery, Ejection, Origin};
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// One server that requests can go to.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) origin: Origin,
    pub(super) weight: u32,
    /// The place of its server in the configuration.
    pub(super) server: usize,
    /// What it is called among the others, in every process: its server, with the address where that tells them apart.
    pub(super) name: String,
    /// The ways to it; never empty.
    addresses: Vec<SocketAddr>,
    /// Which of them is taken.
    way: AtomicUsize,
    /// Requests that are on their way.
    busy: AtomicUsize,
    unwell: AtomicBool,
    marks: Mutex<Marks>,
}

/// What is remembered of requests and probes.
#[derive(Debug, Default)]
struct Marks {
    /// Failures in a row.
    failures: u32,
    /// How often it was left alone since the last answer.
    ejections: u32,
    until: Option<Instant>,
    /// Answers of probes in a row that say other than what holds.
    against: u32,
}

/// A request on its way to a server.
#[derive(Debug)]
pub(super) struct Held(Arc<Target>);

impl Target {
    /// A server of which nothing is known.
    pub(super) fn new(
        origin: Origin,
        weight: u32,
        server: usize,
        addresses: Vec<SocketAddr>,
        discovery: Discovery,
    ) -> Self {
        let (way, busy, unwell) = Default::default();
        let marks = Mutex::default();
        let name = match (discovery, addresses.first()) {
            (Discovery::Dns, Some(address)) => format!("{origin} at {address}"),
            (Discovery::Static | Discovery::Dns, _) => origin.to_string(),
        };
        let weight = weight.max(1);
        Self { origin, weight, server, name, addresses, way, busy, unwell, marks }
    }

    /// Whether it stands for the same addresses of the same server.
    pub(super) fn is(&self, server: usize, addresses: &[SocketAddr]) -> bool {
        self.server == server && self.addresses == addresses
    }

    /// The address that requests go to now.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        let way = self.way.load(Relaxed);
        self.addresses.get(way % self.addresses.len().max(1)).copied()
    }

    /// Has the next requests go another way, after `failed` did not lead anywhere.
    pub(super) fn turn(&self, failed: SocketAddr) {
        let way = self.way.load(Relaxed);
        if self.address() == Some(failed) {
            // Somebody else may have turned by now, which is as good.
            let _ = self.way.compare_exchange(way, way.wrapping_add(1), Relaxed, Relaxed);
        }
    }

    /// Counts a request to it until what comes back is dropped.
    pub(super) fn hold(self: &Arc<Self>) -> Held {
        self.busy.fetch_add(1, Relaxed);
        Held(self.clone())
    }

    /// How many requests are on their way.
    pub(super) fn busy(&self) -> usize {
        self.busy.load(Relaxed)
    }

    /// Whether no probe and no request speaks against it.
    pub(super) fn is_used(&self, now: Instant) -> bool {
        !self.unwell.load(Relaxed) && self.marks().until.is_none_or(|until| until <= now)
    }

    /// Whether probes say that it is unwell.
    #[cfg(test)]
    pub(super) fn is_unwell(&self) -> bool {
        self.unwell.load(Relaxed)
    }

    /// A request was answered.
    pub(super) fn answered(&self) {
        let mut marks = self.marks();
        (marks.failures, marks.ejections, marks.until) = (0, 0, None);
    }

    /// A request failed; gives for how long the server is left alone, when it is from now on.
    pub(super) fn failed(&self, rule: Option<&Ejection>, now: Instant) -> Option<Duration> {
        let rule = rule?;
        let mut marks = self.marks();
        // Those that were on their way before say nothing new.
        if marks.until.is_some_and(|until| until > now) {
            return None;
        }
        marks.failures = marks.failures.saturating_add(1);
        if marks.failures < rule.failures && marks.ejections == 0 {
            return None;
        }
        let factor = 1_u32.checked_shl(marks.ejections).unwrap_or(u32::MAX);
        let pause = rule.pause.saturating_mul(factor).min(rule.longest);
        marks.ejections = marks.ejections.saturating_add(1).min(31);
        (marks.failures, marks.until) = (0, now.checked_add(pause));
        Some(pause)
    }

    /// A probe was answered well, or not: `up` in a row make the server well, `down` unwell. Gives what it is when that is new.
    pub(super) fn probed(&self, well: bool, up: u32, down: u32) -> Option<bool> {
        let mut marks = self.marks();
        let was_well = !self.unwell.load(Relaxed);
        if well == was_well {
            marks.against = 0;
            return None;
        }
        marks.against = marks.against.saturating_add(1);
        if marks.against < if well { up } else { down } {
            return None;
        }
        marks.against = 0;
        self.unwell.store(!well, Relaxed);
        Some(well)
    }

    fn marks(&self) -> std::sync::MutexGuard<'_, Marks> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Arc<Target> {
        let address = "127.0.0.1:80".parse().unwrap();
        let origin = "http://127.0.0.1".parse().unwrap();
        Arc::new(Target::new(origin, 1, 0, vec![address], Discovery::Static))
    }

    const RULE: Ejection =
        Ejection { failures: 2, pause: Duration::from_secs(10), longest: Duration::from_secs(35) };

    #[test]
    fn each_time_alone_is_twice_as_long_until_an_answer() {
        let (target, mut now) = (target(), Instant::now());
        assert_eq!(target.failed(Some(&RULE), now), None);
        for seconds in [10, 20, 35, 35] {
            let pause = Duration::from_secs(seconds);
            assert_eq!(target.failed(Some(&RULE), now), Some(pause));
            assert_eq!(target.failed(Some(&RULE), now), None, "it is alone already");
            assert!(!target.is_used(now) && target.is_used(now + pause));
            now += pause;
        }
        target.answered();
        assert_eq!(target.failed(Some(&RULE), now), None);
        assert_eq!(target.failed(Some(&RULE), now), Some(RULE.pause));
        assert_eq!(target.failed(None, now + RULE.longest), None);
    }

    #[test]
    fn failures_have_to_be_in_a_row() {
        let (target, now) = (target(), Instant::now());
        for _ in 0..9 {
            assert_eq!(target.failed(Some(&RULE), now), None);
            target.answered();
        }
    }

    #[test]
    fn probes_have_to_agree_before_anything_changes() {
        let target = target();
        let told: Vec<_> = [false, false, true, false, false, false, true, false, true, true]
            .iter()
            .filter_map(|well| target.probed(*well, 2, 3))
            .collect();
        assert_eq!(told, [false, true]);
        assert!(!target.is_unwell());
    }

    #[test]
    fn requests_are_counted_while_they_last() {
        let target = target();
        let held = (target.hold(), target.hold());
        assert_eq!(target.busy(), 2);
        drop(held);
        assert_eq!(target.busy(), 0);
    }

    #[test]
    fn another_way_is_taken_once_for_all_who_failed() {
        let (one, two) = ("192.0.2.1:80".parse().unwrap(), "192.0.2.2:80".parse().unwrap());
        let origin = "http://a.test".parse().unwrap();
        let target = Target::new(origin, 1, 0, vec![one, two], Discovery::Static);
        for _ in 0..3 {
            target.turn(one);
            assert_eq!(target.address(), Some(two));
        }
    }
}
