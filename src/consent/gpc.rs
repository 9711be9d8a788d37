//! Turns the opt-out headers of a browser into refusals: `Sec-GPC` (Global Privacy Control, W3C) and `DNT`
//! (Tracking Preference Expression, W3C).
//!
//! 1. The value is `1`; any other is as if the header were not there (GPC 3.2). `DNT: 0` is no consent.
//! 2. Each refuses the purposes that the operator listed for it, and never grants one.

use super::{
    signal::{Signal, Vote, Votes},
    source::Said,
};
use crate::purpose::PurposeSet;
use http::HeaderMap;

pub(super) fn read(headers: &HeaderMap, refuses: PurposeSet) -> Option<Signal> {
    refusal(headers, "sec-gpc", refuses, "the browser sends Sec-GPC: 1")
        .map(|said| said.named("gpc"))
}

/// As [`read`], of `DNT`.
pub(super) fn read_dnt(headers: &HeaderMap, refuses: PurposeSet) -> Option<Signal> {
    refusal(headers, "dnt", refuses, "the browser sends DNT: 1").map(|said| said.named("dnt"))
}

fn refusal(
    headers: &HeaderMap,
    name: &str,
    refuses: PurposeSet,
    note: &'static str,
) -> Option<Said> {
    let sent = headers.get_all(name).iter().any(|v| v.as_bytes().trim_ascii() == b"1");
    let vote = |purpose| if refuses.contains(purpose) { Vote::Deny } else { Vote::Silent };
    let votes = Votes::from_fn(vote);
    let refused = sent && votes.any(Vote::Deny);
    refused.then(|| Said::explicit(votes, note))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{consent::Basis, purpose::Purpose};
    use http::HeaderValue;

    fn headers(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([("sec-gpc".parse().unwrap(), HeaderValue::from_static(value))])
    }

    #[test]
    fn only_one_refuses_and_only_what_is_listed() {
        let refuses = PurposeSet::EMPTY.with(Purpose::Marketing);
        let signal = read(&headers(" 1 "), refuses).unwrap();
        assert_eq!((&*signal.name, signal.basis), ("gpc", Basis::Explicit));
        let votes = Votes { marketing: Vote::Deny, ..Votes::default() };
        assert_eq!(signal.votes, votes);
        for other in ["0", "", "true", "11", "1, 1", "\"1\""] {
            assert_eq!(read(&headers(other), refuses), None, "{other}");
        }
        assert_eq!(read(&headers("1"), PurposeSet::EMPTY), None);
        assert_eq!(read(&HeaderMap::new(), refuses), None);
        let dnt = HeaderMap::from_iter([("dnt".parse().unwrap(), HeaderValue::from_static("1"))]);
        assert_eq!(read(&dnt, refuses), None);
        assert_eq!(
            read_dnt(&dnt, refuses).map(|signal| (signal.name, signal.votes)),
            Some(("dnt".into(), votes))
        );
        assert_eq!(read_dnt(&headers("1"), refuses), None);
    }
}
