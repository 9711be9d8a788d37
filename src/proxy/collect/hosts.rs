//! Turns how vendors' hosts behaved so far into whether one more request may go to one of them.
//!
//! 1. So many requests are with vendors at a time, and a quarter of them with one host: what is over that is refused, for a
//!    queue would make the site wait.
//! 2. A host that fails [`ENOUGH`] times in a row is left alone for [`PAUSE`]; then one request tries it, and decides.

use crate::collect::Refused;
use rustc_hash::FxHashMap;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How many failures in a row are enough.
const ENOUGH: u32 = 5;
/// How long a host is left alone.
const PAUSE: Duration = Duration::from_secs(10);
/// How many hosts are remembered; names below a vendor's domain are anybody's to make up.
const MOST: usize = 1024;

/// All hosts that were asked lately.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    busy: usize,
    hosts: FxHashMap<Box<str>, Host>,
}

#[derive(Debug, Default)]
struct Host {
    busy: usize,
    failures: u32,
    /// Until when it is left alone.
    until: Option<Instant>,
    is_tried: bool,
}

/// A request that is with a host.
#[derive(Debug)]
pub(super) struct Ticket<'h> {
    hosts: &'h Hosts,
    host: Box<str>,
    verdict: Option<bool>,
}

impl Hosts {
    /// Admits one more request to `host`.
    pub(super) fn admit(
        &self,
        host: &str,
        concurrency: usize,
        now: Instant,
    ) -> Result<Ticket<'_>, Refused> {
        let mut state = self.lock();
        if state.busy >= concurrency {
            return Err(Refused::Busy);
        }
        if state.hosts.len() >= MOST {
            state.hosts.retain(|_, host| host.busy > 0);
        }
        let entry = state.hosts.entry(host.into()).or_default();
        if entry.busy >= (concurrency / 4).max(1) {
            return Err(Refused::Busy);
        }
        if let Some(until) = entry.until {
            if now < until || entry.is_tried {
                return Err(Refused::Broken);
            }
            entry.is_tried = true;
        }
        entry.busy += 1;
        state.busy += 1;
        Ok(Ticket { hosts: self, host: host.into(), verdict: None })
    }

    /// How many hosts are left alone.
    pub(super) fn open(&self) -> usize {
        self.lock().hosts.values().filter(|host| host.until.is_some()).count()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket<'_> {
    /// The host did or did not what it should; without a verdict nothing is known, as when the visitor went away.
    pub(super) fn settle(mut self, well: bool) {
        self.verdict = Some(well);
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let mut state = self.hosts.lock();
        state.busy = state.busy.saturating_sub(1);
        let Some(host) = state.hosts.get_mut(&self.host) else { return };
        host.busy = host.busy.saturating_sub(1);
        let was_tried = std::mem::take(&mut host.is_tried);
        match self.verdict {
            Some(true) => (host.failures, host.until) = (0, None),
            Some(false) => {
                host.failures = host.failures.saturating_add(1);
                if host.failures >= ENOUGH || was_tried {
                    host.until = Some(Instant::now() + PAUSE);
                }
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_fails_is_left_alone_for_a_while() {
        let (hosts, now) = (Hosts::default(), Instant::now());
        for _ in 0..ENOUGH {
            hosts.admit("a.test", 8, now).unwrap().settle(false);
        }
        assert_eq!(hosts.admit("a.test", 8, now).unwrap_err(), Refused::Broken);
        assert_eq!(hosts.open(), 1);
        assert!(hosts.admit("b.test", 8, now).is_ok());
        let later = Instant::now() + PAUSE;
        let trial = hosts.admit("a.test", 8, later).unwrap();
        assert_eq!(hosts.admit("a.test", 8, later).unwrap_err(), Refused::Broken);
        trial.settle(false);
        assert_eq!(hosts.admit("a.test", 8, later).unwrap_err(), Refused::Broken);
        hosts.admit("a.test", 8, later + PAUSE).unwrap().settle(true);
        assert_eq!(hosts.open(), 0);
        assert!(hosts.admit("a.test", 8, now).is_ok());
    }

    #[test]
    fn a_success_starts_the_count_anew() {
        let (hosts, now) = (Hosts::default(), Instant::now());
        for _ in 0..3 * ENOUGH {
            hosts.admit("a.test", 8, now).unwrap().settle(false);
            hosts.admit("a.test", 8, now).unwrap().settle(true);
        }
        assert_eq!(hosts.open(), 0);
    }

    #[test]
    fn requests_are_bounded_in_all_and_by_host() {
        let (hosts, now) = (Hosts::default(), Instant::now());
        let one = hosts.admit("a.test", 8, now).unwrap();
        let _two = hosts.admit("a.test", 8, now).unwrap();
        assert_eq!(hosts.admit("a.test", 8, now).unwrap_err(), Refused::Busy);
        let rest: Vec<_> =
            (0..6).map(|i| hosts.admit(&format!("{i}.test"), 8, now).unwrap()).collect();
        assert_eq!(hosts.admit("z.test", 8, now).unwrap_err(), Refused::Busy);
        drop(rest);
        drop(one);
        assert!(hosts.admit("a.test", 8, now).is_ok());
    }

    #[test]
    fn made_up_names_take_bounded_memory() {
        let (hosts, now) = (Hosts::default(), Instant::now());
        for i in 0..3 * MOST {
            hosts.admit(&format!("{i}.test"), 8, now).unwrap().settle(false);
        }
        assert!(hosts.lock().hosts.len() <= MOST);
    }
}
