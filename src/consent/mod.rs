//! Turns a request head into a [`Consent`]: what each signal says of each purpose, and how sure it is.
//!
//! 1. A source that is malformed, oversized or unknown says nothing; it never fails the request.
//! 2. Only the visitor's own act makes a vote [`Basis::Explicit`].
//! 3. Two values of one source combine to the most restrictive.

mod config;
mod signal;

pub use self::config::{Cmp, Config, Find, Rule};
pub use self::signal::{Basis, Consent, Signal, Vote, Votes};

/// PLACEHOLDER for the reader of signals; the real one replaces it.
#[derive(Debug)]
pub struct Reader {}

impl Reader {
    /// New.
    #[must_use]
    pub fn new(_: &Config) -> Self {
        Self {}
    }

    /// Reads.
    #[must_use]
    pub fn read(&self, headers: &http::HeaderMap, _: std::time::SystemTime) -> Consent {
        let cookie = headers.get("cookie").and_then(|c| c.to_str().ok()).unwrap_or_default();
        let vote = |text| if cookie.contains(text) { Vote::Grant } else { Vote::Silent };
        if !cookie.contains("consentry=v1.") {
            return Consent::default();
        }
        let all = vote("f1a1m1");
        let votes = Votes { functional: all, analytics: all, marketing: all };
        let signal = Signal { name: "own".into(), basis: Basis::Explicit, votes, note: "".into() };
        Consent { signals: vec![signal] }
    }
}
