//! Turns the requests that reach the vendors into counts for the shop's start page.
//!
//! 1. Each vendor has a count; of single requests the newest 200 are kept, their lines cut at 200 characters.
//! 2. A request is "without a yes" when the shop's last page came with no choice or one that does not grant the
//!    vendor's purpose.

use super::stubs::{STUBS, Stub};
use crate::purpose::PurposeSet;
use serde::Serialize;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

const MAX_ENTRIES: usize = 200;
const MAX_LINE: usize = 200;

/// What all vendors received.
#[derive(Debug, Default)]
pub(super) struct Received(Mutex<Log>);

#[derive(Debug, Default)]
struct Log {
    granted: Option<PurposeSet>,
    counts: [Count; STUBS.len()],
    entries: VecDeque<Entry>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    requests: u64,
    without_yes: u64,
}

/// One request to a vendor.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Entry {
    /// UTC, `hh:mm:ss`.
    at: String,
    vendor: &'static str,
    host: String,
    /// Method, path and query.
    pub(super) line: String,
    cookie: bool,
    referer: bool,
    without_yes: bool,
}

/// What a vendor was sent: the parts of a request that matter here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'r> {
    /// The `Host`, without its port.
    pub(super) host: &'r str,
    /// Method, path and query.
    pub(super) line: &'r str,
    /// Whether cookies came with it.
    pub(super) cookie: bool,
    /// Whether it said which page it came from.
    pub(super) referer: bool,
}

/// The counts at one moment, as `/stubs.json` gives them.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    /// What the last page's visitor allowed; `null` before a choice.
    pub(super) choice: Option<Vec<&'static str>>,
    /// All requests.
    pub(super) requests: u64,
    /// Those that the visitor had not allowed.
    pub(super) without_yes: u64,
    /// One per vendor, in the order of [`STUBS`].
    pub(super) vendors: Vec<VendorSummary>,
    /// The newest requests first, at most 20.
    recent: Vec<Entry>,
}

/// The counts of one vendor.
#[derive(Debug, Serialize)]
pub(super) struct VendorSummary {
    /// The catalogue's id.
    pub(super) id: &'static str,
    /// What the stub stands for.
    pub(super) stands_for: &'static str,
    /// Where it lives here.
    pub(super) host: &'static str,
    /// What it uses data for.
    pub(super) purpose: &'static str,
    /// All requests.
    pub(super) requests: u64,
    /// Those that the visitor had not allowed.
    pub(super) without_yes: u64,
    /// The newest one.
    pub(super) last: Option<Entry>,
}

// === impl Received ===

impl Received {
    /// The shop sends a page to a visitor who allowed `granted`; `None` before a choice.
    pub(super) fn page(&self, granted: Option<PurposeSet>) {
        self.log().granted = granted;
    }

    /// A vendor was sent a request.
    pub(super) fn record(&self, stub: &Stub, seen: Seen<'_>) {
        let mut log = self.log();
        let without_yes = !log.granted.is_some_and(|granted| granted.contains(stub.purpose));
        let counts = STUBS.iter().zip(&mut log.counts);
        if let Some((_, count)) = counts.into_iter().find(|(s, _)| s.id == stub.id) {
            count.requests += 1;
            count.without_yes += u64::from(without_yes);
        }
        log.entries.push_front(Entry {
            at: clock(SystemTime::now()),
            vendor: stub.id,
            host: seen.host.to_owned(),
            line: seen.line.chars().take(MAX_LINE).collect(),
            cookie: seen.cookie,
            referer: seen.referer,
            without_yes,
        });
        log.entries.truncate(MAX_ENTRIES);
    }

    /// Forgets every request.
    pub(super) fn reset(&self) {
        let mut log = self.log();
        *log = Log { granted: log.granted, ..Log::default() };
    }

    /// The counts now.
    pub(super) fn summary(&self) -> Summary {
        let log = self.log();
        let vendor = |(stub, count): (&Stub, &Count)| VendorSummary {
            id: stub.id,
            stands_for: stub.stands_for,
            host: stub.home(),
            purpose: stub.purpose.name(),
            requests: count.requests,
            without_yes: count.without_yes,
            last: log.entries.iter().find(|entry| entry.vendor == stub.id).cloned(),
        };
        Summary {
            choice: log.granted.map(|granted| granted.iter().map(|p| p.name()).collect()),
            requests: log.counts.iter().map(|c| c.requests).sum(),
            without_yes: log.counts.iter().map(|c| c.without_yes).sum(),
            vendors: STUBS.iter().zip(&log.counts).map(vendor).collect(),
            recent: log.entries.iter().take(20).cloned().collect(),
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Entry ===

impl Entry {
    /// What came with the request, for people.
    pub(super) fn describe(&self) -> String {
        let sent = match (self.cookie, self.referer) {
            (true, true) => "with cookies and referrer",
            (true, false) => "with cookies",
            (false, true) => "with referrer",
            (false, false) => "bare",
        };
        format!("{} UTC, {sent}", self.at)
    }
}

fn clock(now: SystemTime) -> String {
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs());
    format!("{:02}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::purpose::Purpose;

    fn seen(line: &str) -> Seen<'_> {
        Seen { host: "social.localhost", line, cookie: false, referer: true }
    }

    fn meta() -> &'static Stub {
        STUBS.iter().find(|s| s.id == "meta").unwrap()
    }

    #[test]
    fn counts_go_on_where_entries_end() {
        let received = Received::default();
        let long = format!("GET /{}", "x".repeat(10_000));
        for _ in 0..1000 {
            received.record(meta(), seen(&long));
        }
        let log = received.log();
        assert_eq!(log.entries.len(), MAX_ENTRIES);
        assert!(log.entries.iter().all(|e| e.line.len() == MAX_LINE));
        drop(log);
        assert_eq!((received.summary().requests, received.summary().recent.len()), (1000, 20));
        received.reset();
        assert_eq!(received.summary().requests, 0);
    }

    #[test]
    fn only_a_yes_to_the_vendors_purpose_is_a_yes() {
        let received = Received::default();
        let analytics = PurposeSet::EMPTY.with(Purpose::Analytics);
        let states = [
            None,
            Some(PurposeSet::EMPTY),
            Some(analytics),
            Some(analytics.with(Purpose::Marketing)),
        ];
        for granted in states {
            received.page(granted);
            received.record(meta(), seen("GET /tr/"));
        }
        assert_eq!((received.summary().requests, received.summary().without_yes), (4, 3));
    }
}
